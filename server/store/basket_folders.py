"""The baskets on disk: ``data/.unfinished/<id>/``, beside the datasets so that files need no copy.

    basket.json          what was announced; its time of change is when something last arrived
    <file id>.log .part  one file (``arriving_file.py``)

A basket is there as long as its ``basket.json`` is.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from server.domain.basket import Basket, FileState, Imported
from server.store.arriving_file import ArrivingFile
from server.store.files import sync_folder, write_json_atomically
from server.store.trees import full_disk_is_said, remove_tree

UNFINISHED = ".unfinished"
_ID = re.compile(r"[0-9a-f]{32}")


class BasketFolders:
    """All baskets of one server.

    Args:
        data_dir: the folder ``data/``.
    """

    def __init__(self, data_dir: Path) -> None:
        self._root = data_dir / UNFINISHED

    @property
    def root(self) -> Path:
        """The folder of all baskets; made when missing."""
        if not self._root.is_dir():
            self._root.mkdir(parents=True, exist_ok=True)
            sync_folder(self._root.parent)
        return self._root

    def create(self, dataset: str, owner: str, files: int, size: int, now: datetime) -> Basket:
        """A new basket, on the disk when this returns.

        Raises:
            StorageFull: not even that fits.
        """
        basket = Basket(uuid4().hex, dataset, owner, files, size, now, now)
        with full_disk_is_said("beginning the upload"):
            (self.root / basket.id).mkdir()
            self._write_down(basket)
            sync_folder(self._root)
        return basket

    def find(self, basket_id: str) -> Basket | None:
        """The basket of that id; None when there is none."""
        if not _ID.fullmatch(basket_id):
            return None
        note = self._note(basket_id)
        try:
            written = json.loads(note.read_text("utf-8"))
            touched = datetime.fromtimestamp(note.stat().st_mtime, UTC)
        except FileNotFoundError:
            return None
        imported = written["imported"]
        return Basket(
            id=basket_id,
            dataset=written["dataset"],
            owner=written["owner"],
            files=written["files"],
            size=written["size"],
            created_at=datetime.fromisoformat(written["created_at"]),
            last_active=touched,
            imported=Imported(**imported) if imported else None,
        )

    def all(self) -> Iterator[Basket]:
        """Every basket, in no order."""
        if not self._root.is_dir():
            return
        for folder in sorted(self._root.iterdir()):
            found = self.find(folder.name)
            if found is not None:
                yield found

    def touch(self, basket_id: str, now: datetime) -> None:
        """Remember that something arrived just now."""
        try:
            os.utime(self._note(basket_id), (now.timestamp(), now.timestamp()))
        except FileNotFoundError:  # it was discarded meanwhile
            return

    def file(self, basket_id: str, file_id: str) -> ArrivingFile:
        """The place of one file; it need not exist. Both ids must have been checked."""
        return ArrivingFile(self._root / basket_id, file_id)

    def files(self, basket_id: str) -> Iterator[FileState]:
        """Every file of a basket, in no order."""
        for log in list((self._root / basket_id).glob("*.log")):
            state = self.file(basket_id, log.stem).read()
            if state is not None:
                yield state

    def close(self, basket: Basket, imported: Imported, now: datetime) -> None:
        """Remember what the import did, and free the room of the files."""
        self._write_down(basket, imported)
        self.touch(basket.id, now)
        for path in (self._root / basket.id).iterdir():
            if path.name != "basket.json":
                path.unlink(missing_ok=True)

    def remove(self, basket_id: str) -> None:
        """Discard a basket and free its room. From the first step on it is not there."""
        self._note(basket_id).unlink(missing_ok=True)
        remove_tree(self._root / basket_id)

    def remove_remains(self) -> None:
        """After a start: free what a removal that was cut short left behind."""
        if not self._root.is_dir():
            return
        for folder in self._root.iterdir():
            if not (folder / "basket.json").exists():
                remove_tree(folder)

    def _note(self, basket_id: str) -> Path:
        return self._root / basket_id / "basket.json"

    def _write_down(self, basket: Basket, imported: Imported | None = None) -> None:
        written = {
            "dataset": basket.dataset,
            "owner": basket.owner,
            "files": basket.files,
            "size": basket.size,
            "created_at": basket.created_at.isoformat(),
            "imported": asdict(imported) if imported else None,
        }
        note = self._note(basket.id)
        write_json_atomically(note, written)
        os.utime(note, (basket.last_active.timestamp(),) * 2)
