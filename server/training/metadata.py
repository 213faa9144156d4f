"""The ``_metadata.json`` of a model: all that is needed to judge it, use it and make it again.

``docs/science.md`` explains the figures. Every value is plain JSON.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from server.domain.architectures import architecture
from server.training.context import Context
from server.training.dataset import Dataset
from server.training.engine.loop import Course
from server.training.engine.preprocessing import describe
from server.training.evaluation.report import NOTICE
from server.training.evaluation.split import FRACTIONS, PARTS
from server.training.stopping import stopped_sentence
from server.training.testing import Scores
from server.training.versions import installed_versions

FORMAT = 1


def describe_model(
    context: Context, course: Course, scores: Scores, seconds: float
) -> dict[str, Any]:
    """Everything but the files.

    Args:
        seconds: since the start of this attempt.
    """
    request, dataset, plan = context.spec.request, context.dataset, context.plan
    labels = dataset.split.labels
    assert course.best is not None
    return {
        "format": FORMAT,
        "first_line": scores.opening,
        "notice": NOTICE,
        "model_name": context.spec.model_name,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "job_id": context.spec.job_id,
        "architecture": request.architecture,
        "dataset_name": request.dataset_name,
        "is_sample": dataset.manifest.is_sample,
        "classes": list(labels),
        "label_map": {label: code for code, label in enumerate(labels)},
        "input": {
            "size": dataset.image_size,
            "shape": [dataset.image_size, dataset.image_size, 3],
            "colour": "RGB",
            "range": [0.0, 1.0],
        },
        "preprocessing": describe(architecture(request.architecture), dataset.image_size),
        "settings": request.as_dict()
        | {
            "image_size": dataset.image_size,
            "fine_tune_epochs": plan.fine_tune_epochs,
            "head_epochs": plan.head_epochs,
            "views": context.network.module.views,
        },
        "asked_for": request.as_dict(),
        "seed": request.seed,
        "weights": _weights(context),
        "data": _data(dataset),
        "split": _split(dataset, request.seed),
        "metrics": {"test": scores.test.as_dict(), "validation": scores.validation.as_dict()},
        "baseline": {"answer": scores.majority} | scores.baseline.as_dict(),
        "best_epoch": course.best.epoch,
        "epochs": plan.epochs,
        "stopped_early": _stopped_early(course, plan.epochs),
        "device": context.device.description,
        "timings": {
            "this_attempt_seconds": round(seconds, 1),
            "epochs_seconds": round(course.seconds, 1),
            "waiting_share": round(course.waiting_share, 4),
        },
        "versions": installed_versions(),
    }


def _stopped_early(course: Course, planned: int) -> dict[str, Any] | None:
    if not course.stopped:
        return None
    assert course.best is not None
    return {
        "after_epoch": course.epoch,
        "planned_epochs": planned,
        "best_epoch": course.best.epoch,
        "sentence": stopped_sentence(course.epoch, planned, course.best.epoch),
    }


def _weights(context: Context) -> dict[str, Any]:
    weights = context.network.weights
    return {
        "requested": weights.requested,
        "used": weights.used,
        "sentence": weights.sentence,
        "file": weights.path.name if weights.path else None,
        "sha256": weights.sha256,
    }


def _data(dataset: Dataset) -> dict[str, Any]:
    return {
        "layout": dataset.manifest.layout.value,
        "is_sample": dataset.manifest.is_sample,
        "version": dataset.manifest.version,
        "hash": dataset.hash,
        "images": len(dataset.images),
        "left_out_classes": dataset.split.left_out,
        "files": {
            image.image_id: {"path": image.path, "sha256": digest}
            for image, digest in zip(dataset.images, dataset.hashes, strict=True)
        },
    }


def _split(dataset: Dataset, seed: int) -> dict[str, Any]:
    return {
        "fractions": dict(FRACTIONS),
        "grouped_by": dataset.grouped_by,
        "seed": seed,
        "counts": {part: dataset.part_counts(part) for part in PARTS},
        "images": {part: [image.image_id for image in dataset.split.part(part)] for part in PARTS},
    }
