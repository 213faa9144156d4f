"""The models on disk: a model is there when its ``…_metadata.json`` is there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import structlog

from server.domain.errors import NotFound

log = structlog.get_logger(__name__)

ENDINGS = {
    "h5": ".h5",
    "onnx": ".onnx",
    "metadata": "_metadata.json",
    "history": "_history.json",
    "report": "_report.json",
    "report_html": "_report.html",
    "card": "_card.md",
    "card_json": "_card.json",
    "test_predictions": "_test_predictions.csv",
    "test_truth": "_test_truth.csv",
}
"""Kind of a model's file to the ending after the model's name."""

_NAME = re.compile(r"[A-Za-z0-9_.-]+")


class ModelFiles:
    """The folder ``models/``.

    Args:
        models_dir: where models lie.
    """

    def __init__(self, models_dir: Path) -> None:
        self.models_dir = models_dir

    def names(self) -> list[str]:
        """Every model that has its metadata, in no order."""
        ending = ENDINGS["metadata"]
        found = (path.name.removesuffix(ending) for path in self.models_dir.glob(f"*{ending}"))
        return [name for name in found if _NAME.fullmatch(name) and not name.startswith(".")]

    def find(self, name: str, kind: str) -> Path | None:
        """One file of a model; None when it is not there.

        ``name`` is used only when the folder itself lists it, so that no name leads elsewhere.
        """
        if kind not in ENDINGS or name not in self.names():
            return None
        path = self.models_dir / f"{name}{ENDINGS[kind]}"
        return path if path.is_file() else None

    def files(self, name: str) -> dict[str, Path]:
        """Kind to file, of the files that are there."""
        found = {kind: self.find(name, kind) for kind in ENDINGS}
        return {kind: path for kind, path in found.items() if path is not None}

    def report(self, name: str) -> dict[str, Any] | None:
        """The whole ``…_report.json``; None when there is none, or none that can be read."""
        path = self.find(name, "report")
        return None if path is None else _read_json_object(path)

    def metadata(self, name: str) -> dict[str, Any] | None:
        """What the training program wrote of the model; None when that cannot be read (logged)."""
        return _read_json_object(self.models_dir / f"{name}{ENDINGS['metadata']}")

    def history(self, name: str) -> list[dict[str, Any]]:
        """One object an epoch; empty when there is none."""
        path = self.find(name, "history")
        try:
            found = _json(path) if path else []
        except (OSError, ValueError, RecursionError) as error:
            log.warning("a model's history cannot be read", model=name, error=str(error))
            return []
        epochs = found.get("epochs") if isinstance(found, dict) else None
        return [each for each in epochs or [] if isinstance(each, dict)]

    def remove(self, name: str) -> None:
        """Remove every file of the model, the metadata first: then it is no model any more.

        Raises:
            NotFound: somebody else removed it.
        """
        metadata = self.find(name, "metadata")
        if metadata is None:
            raise NotFound(f"There is no model {name!r}.", model=name)
        others = [path for kind, path in self.files(name).items() if kind != "metadata"]
        metadata.unlink(missing_ok=True)
        for path in others:
            path.unlink(missing_ok=True)


def _read_json_object(path: Path) -> dict[str, Any] | None:
    try:
        found = _json(path)
    except (OSError, ValueError, RecursionError) as error:
        log.warning("a model's file cannot be read", file=path.name, error=str(error))
        return None
    if not isinstance(found, dict):
        log.warning("a model's file is not a JSON object", file=path.name)
        return None
    return found


def _json(path: Path) -> Any:
    # NaN and Infinity are no JSON: a figure that is not a number is None
    return json.loads(path.read_text("utf-8"), parse_constant=lambda _: None)
