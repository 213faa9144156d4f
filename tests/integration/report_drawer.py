"""Reports of models that were never trained, with made-up answers to made-up lesions."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

LABELS = ("bkl", "mel", "nv")


def report(
    name: str,
    *,
    skill: float = 1.0,
    seed: int = 0,
    tested: Iterable[int] = range(40),
    trained: Iterable[int] = range(100, 130),
    **request: Any,
) -> dict[str, Any]:
    """What ``…_report.json`` holds, as far as comparing models and the model's page need it.

    Lesion ``n`` has two photographs and the class ``n % 3``; ``skill`` moves answers to the truth.
    """
    random = np.random.default_rng(seed)
    images = [
        (f"{lesion}_{view}", lesion, part)
        for part, lesions in (("test", tested), ("train", trained))
        for lesion in lesions
        for view in range(2)
    ]
    estimate = {"value": 0.7, "low": 0.6, "high": 0.8}
    return {
        "format": 1,
        "model_name": name,
        "created_at": "2026-01-02T03:04:05+00:00",
        "first_line": "Tested once, at the end.",
        "notice": "Research software.",
        "headline": dict.fromkeys(
            ("accuracy", "balanced_accuracy", "macro_f1", "macro_auc"), estimate
        ),
        "per_class": [_class(label, estimate) for label in LABELS],
        "baselines": {"metadata": {"balanced_accuracy": 0.4, "accuracy": 0.5}},
        "operating_point": {
            "malignant_classes": ["mel"],
            "wanted_sensitivity": 0.9,
            "threshold": 0.21,
            "test": {"sensitivity": estimate, "specificity": estimate},
        },
        "calibration": {"temperature": 1.4, "ece_before": 0.11, "ece_after": 0.03},
        "subgroups": [
            {"column": "sex", "value": value, "images": 40, "lesions": 20, "small": small}
            | {"balanced_accuracy": estimate, "accuracy": estimate}
            for value, small in (("female", False), ("male", False), ("unknown", True))
        ],
        "test_answers": [
            {
                "image_id": image,
                "group": f"lesion:{lesion}",
                "truth": LABELS[lesion % 3],
                "probabilities": _answer(random, lesion % 3, skill),
            }
            for image, lesion, part in images
            if part == "test"
        ],
        "recipe": {
            "format": 1,
            "request": {"dataset_name": "HAM10000", "epochs": 30, "seed": 0} | request,
            "weights": {"used": "imagenet", "file": "weights.h5", "sha256": "ab" * 32},
            "data_hash": "cd" * 32,
            "images": {
                "id": [image for image, _, _ in images],
                "sha256": [f"sha256 of {image}" for image, _, _ in images],
                "label": [LABELS[lesion % 3] for _, lesion, _ in images],
                "group": [f"lesion:{lesion}" for _, lesion, _ in images],
                "part": [part for _, _, part in images],
            },
            "is_sample": False,
            "device": "CPU, 2 threads",
            "bfloat16": False,
            "versions": {"dermascan": "0.1.0", "python": "3.11.0"},
        },
    }


def _class(label: str, estimate: dict[str, float]) -> dict[str, Any]:
    figures = ("sensitivity", "specificity", "precision", "f1", "auc")
    return {"label": label, "support": 26, "lesions": 13} | dict.fromkeys(figures, estimate)


def put_report(models: Path, name: str, **content: Any) -> Path:
    """Write the report of the model ``name`` beside its other files."""
    path = models / f"{name}_report.json"
    path.write_text(json.dumps(report(name, **content)), "utf-8")
    return path


def _answer(random: np.random.Generator, truth: int, skill: float) -> list[float]:
    scores = random.normal(0, 1, len(LABELS))
    scores[truth] += skill
    shares = np.exp(scores) / np.exp(scores).sum()
    return [float(share) for share in shares]
