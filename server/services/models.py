"""Use cases of trained models: list them, read one, hand out its files, delete it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from server.domain.errors import NotFound
from server.store.model_files import ENDINGS, ModelFiles

log = structlog.get_logger(__name__)

_REPORTS_KEPT = 16
_SHOWN = (
    "format",
    "first_line",
    "notice",
    "headline",
    "per_class",
    "baselines",
    "confusion_matrix",
    "calibration",
    "operating_point",
    "subgroups",
)
"""Sections of a report that its model's page needs; the others are large, and in the file."""

StandsBehind = Callable[[str, str], bool]
"""Whether a job (first) names a model (second), or is not known here at all."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Test metrics of a list line, each in [0, 1]."""

    accuracy: float
    balanced_accuracy: float
    macro_f1: float
    macro_auc: float | None


@dataclass(frozen=True, slots=True)
class Model:
    """One trained model, as its metadata says.

    Attributes:
        name: stem of its files.
        files: kind to file, of those that are there.
        metadata: the whole of it.
    """

    name: str
    files: dict[str, Path]
    metadata: dict[str, Any]
    architecture: str
    dataset_name: str
    dataset_version: int | None
    is_sample: bool
    classes: list[str]
    epochs: int
    weights_sentence: str
    first_line: str
    headline: Figures
    baseline: Figures
    test_images: int
    test_lesions: int
    created_at: datetime
    job_id: str | None

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(path.stat().st_size for path in self.files.values() if path.exists())


class ModelService:
    """The models of one server.

    Args:
        files: where they lie.
        stands_behind: what the jobs say; a model whose job does not name it is half done.
        tell_job: called with the job of a model that was deleted.
    """

    def __init__(
        self, files: ModelFiles, stands_behind: StandsBehind, tell_job: Callable[[str], None]
    ) -> None:
        self._files = files
        self._stands_behind = stands_behind
        self._tell_job = tell_job
        self._read: dict[str, tuple[tuple[int, int], Model | None]] = {}
        self._reports: dict[str, tuple[tuple[int, int], dict[str, Any] | None]] = {}

    def newest_first(self) -> list[Model]:
        """Every model; one whose metadata cannot be read is left out and logged."""
        found = [self._find(name) for name in self._files.names()]
        models = [model for model in found if model is not None]
        return sorted(models, key=lambda model: (model.created_at, model.name), reverse=True)

    def get(self, name: str) -> Model:
        """One model.

        Raises:
            NotFound: there is none of that name that can be read.
        """
        model = self._find(name) if name in self._files.names() else None
        if model is None:
            raise NotFound(
                f"There is no model {name!r}; GET /api/models lists what there is.", model=name
            )
        return model

    def history(self, name: str) -> list[dict[str, Any]]:
        """What was measured in each epoch."""
        return self._files.history(self.get(name).name)

    def report(self, name: str) -> dict[str, Any] | None:
        """What a page shows of the report: all but what each single image was answered.

        None for a model that was trained before there were reports.

        Raises:
            NotFound: no such model.
        """
        path = self.get(name).files.get("report")
        try:
            status = path.stat() if path else None
        except OSError:  # deleted meanwhile
            status = None
        if status is None:
            return None
        identity = (status.st_mtime_ns, status.st_size)
        known = self._reports.get(name)
        if known is None or known[0] != identity:
            found = self._files.report(name)
            known = identity, found and {key: found[key] for key in _SHOWN if key in found}
            self._reports[name] = known
            while len(self._reports) > _REPORTS_KEPT:
                self._reports.pop(next(iter(self._reports)), None)
        return known[1]

    def file(self, name: str, kind: str) -> Path:
        """One file of a model.

        Args:
            kind: one of ``store.model_files.ENDINGS``.

        Raises:
            NotFound: no such model, kind or file.
        """
        model = self.get(name)
        if kind not in ENDINGS:
            raise NotFound(
                f"A model has no file of the kind {kind!r}; choose one of {', '.join(ENDINGS)}.",
                model=name,
            )
        if kind not in model.files:
            raise NotFound(
                f"The file {name}{ENDINGS[kind]} is not there; it may have been removed by hand.",
                model=name,
            )
        return model.files[kind]

    def delete(self, name: str) -> None:
        """Remove every file of a model, the metadata first.

        Raises:
            NotFound: there is no such model.
        """
        model = self.get(name)
        self._files.remove(model.name)
        self._read.pop(name, None)
        if model.job_id:
            self._tell_job(model.job_id)
        log.info("a model was deleted", model=name)

    def _find(self, name: str) -> Model | None:
        path = self._files.find(name, "metadata")
        try:
            if path is None:
                return None
            status = path.stat()
        except OSError:  # deleted meanwhile
            return None
        identity = (status.st_mtime_ns, status.st_size)
        known = self._read.get(name)
        if known is None or known[0] != identity:
            known = identity, self._parse(name)
            self._read[name] = known
        model = known[1]
        if model is None or (model.job_id and not self._stands_behind(model.job_id, name)):
            return None
        return model

    def _parse(self, name: str) -> Model | None:
        metadata = self._files.metadata(name)
        if metadata is None:
            return None
        try:
            return _model(name, self._files.files(name), metadata)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            log.warning(
                "a model is left out: its metadata lacks what is needed",
                model=name,
                error=f"{type(error).__name__}: {error}",
            )
            return None


def _model(name: str, files: dict[str, Path], said: dict[str, Any]) -> Model:
    counts = said["split"]["counts"]["test"]
    return Model(
        name=name,
        files=files,
        metadata=said,
        architecture=str(said["architecture"]),
        dataset_name=str(said["dataset_name"]),
        dataset_version=_version(said),
        is_sample=bool(said["is_sample"]),
        classes=_labels(said["classes"]),
        epochs=int(said["epochs"]),
        weights_sentence=str(said["weights"]["sentence"]),
        first_line=str(said["first_line"]),
        headline=_figures(said["metrics"]["test"]),
        baseline=_figures(said["baseline"]),
        test_images=int(counts["images"]),
        test_lesions=int(counts["groups"]),
        created_at=_moment(str(said["created_at"])),
        job_id=None if said["job_id"] is None else str(said["job_id"]),
    )


def _version(said: dict[str, Any]) -> int | None:
    """Of the dataset; models of older programs do not say it."""
    number = said.get("data", {}).get("version")
    return None if number is None else int(number)


def _figures(said: dict[str, Any]) -> Figures:
    auc = said["macro_auc"]
    return Figures(
        accuracy=float(said["accuracy"]),
        balanced_accuracy=float(said["balanced_accuracy"]),
        macro_f1=float(said["macro_f1"]),
        macro_auc=None if auc is None else float(auc),
    )


def _labels(said: Any) -> list[str]:
    if not isinstance(said, list):
        raise TypeError("classes is not a list")
    return [str(label) for label in said]


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
