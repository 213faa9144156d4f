"""The imports on disk: ``data/.imports/<id>.json``, one small file each, replaced in one step."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from server.domain.basket import Imported
from server.domain.dataset_import import DatasetImport, Fault, ImportState
from server.store.files import write_json_atomically
from server.store.trees import full_disk_is_said

log = structlog.get_logger(__name__)

IMPORTS = ".imports"


class ImportRecords:
    """All imports of one server.

    Args:
        data_dir: the folder ``data/``.
    """

    def __init__(self, data_dir: Path) -> None:
        self._root = data_dir / IMPORTS

    def save(self, record: DatasetImport) -> None:
        """Write it down; on the disk when this returns.

        Raises:
            StorageFull: not even that fits.
        """
        with full_disk_is_said("writing down the import"):
            self._root.mkdir(parents=True, exist_ok=True)
            write_json_atomically(self._file(record.id), asdict(record) | _moments(record))

    def all(self) -> Iterator[DatasetImport]:
        """Every import, in no order. A file that cannot be read is passed over and logged."""
        for path in sorted(self._root.glob("*.json")) if self._root.is_dir() else ():
            try:
                yield _read(json.loads(path.read_text("utf-8")))
            except (OSError, ValueError, KeyError, TypeError):
                log.exception("the note of an import cannot be read", file=path.name)

    def remove(self, import_id: str) -> None:
        self._file(import_id).unlink(missing_ok=True)

    def _file(self, import_id: str) -> Path:
        return self._root / f"{import_id}.json"


def _moments(record: DatasetImport) -> dict[str, str | None]:
    moments = {name: getattr(record, name) for name in ("created_at", "started_at", "ended_at")}
    return {name: moment.isoformat() if moment else None for name, moment in moments.items()}


def _read(written: dict[str, Any]) -> DatasetImport:
    for name in ("created_at", "started_at", "ended_at"):
        if written[name] is not None:
            written[name] = datetime.fromisoformat(written[name])
    written["state"] = ImportState(written["state"])
    if written["result"] is not None:
        written["result"] = Imported(**written["result"])
    if written["fault"] is not None:
        written["fault"] = Fault(**written["fault"])
    return DatasetImport(**written)
