"""The datasets on disk: ``data/<name>/``, and ``data/.incoming/`` for what is half done.

A dataset is there whole or not at all. A new one arrives by one rename. An addition is built next
to the old tree and then swapped in by two renames; what a crash left between them is completed at
the next start, since the journal that is written first says what was meant.

    .incoming/<id>/owner.json   who works here: process number and its start
                   upload/      files as they arrive
                   new/<name>/  the same once they have arrived: what is new
                   tree/<name>/ an addition: the old files and the new ones
                   swap.json    {"dataset": name}: the tree is whole and is meant to replace it
                   old/<name>/  the tree that was replaced

The same picture in two datasets is one file with two names, see ``store.content``.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psutil
import structlog

from server.domain.errors import NotFound
from server.store.content import ContentStore
from server.store.files import sync_folder, write_json_atomically
from server.store.trees import full_disk_is_said, remove_tree, rename_folder

log = structlog.get_logger(__name__)

INCOMING = ".incoming"


@dataclass(frozen=True, slots=True)
class Staging:
    """One folder under ``.incoming``, for one import."""

    root: Path

    @property
    def upload(self) -> Path:
        return self.root / "upload"

    @property
    def journal(self) -> Path:
        return self.root / "swap.json"

    def arrived(self, name: str) -> Path:
        """What was uploaded, in a folder that is called as the dataset will be."""
        new = self.root / "new" / name
        new.parent.mkdir()
        self.upload.rename(new)
        return new

    def tree(self, name: str) -> Path:
        return self.root / "tree" / name

    def old(self, name: str) -> Path:
        return self.root / "old" / name

    def discard(self) -> None:
        """Leave nothing behind; does no harm when called twice."""
        remove_tree(self.root)


class DatasetFolders:
    """All datasets of one server.

    Args:
        data_dir: the folder ``data/``.
    """

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self._incoming = data_dir / INCOMING
        self._renaming = threading.RLock()
        self.content = ContentStore(data_dir)

    @contextmanager
    def steady(self) -> Iterator[None]:
        """Inside this block no dataset is swapped for another tree."""
        with self._renaming:
            yield

    def names(self) -> list[str]:
        """Every dataset, by name."""
        with self._renaming, os.scandir(self.data_dir) as entries:
            found = [each.name for each in entries if each.is_dir() and each.name[0] != "."]
        return sorted(found, key=str.casefold)

    def find(self, name: str) -> Path | None:
        """The folder of that dataset, spelt exactly so; None when there is none."""
        return self.data_dir / name if name in self.names() else None

    def require(self, name: str) -> Path:
        """The folder of that dataset.

        Raises:
            NotFound: the sentence lists what there is.
        """
        found = self.find(name)
        if found is None:
            names = self.names()
            known = ", ".join(names[:10]) + (" …" if len(names) > 10 else "")
            there_is = f"there is: {known}" if names else "there is none yet, upload one first"
            raise NotFound(f"There is no dataset {name!r}; {there_is}.", dataset=name)
        return found

    def alike(self, name: str) -> str | None:
        """A dataset whose name differs in letter case only: on many disks the same folder."""
        key = name.casefold()
        return next(
            (each for each in self.names() if each != name and each.casefold() == key), None
        )

    def stage(self) -> Staging:
        """A new empty place for an import.

        Raises:
            StorageFull: not even that fits.
        """
        staging = Staging(self._incoming / uuid4().hex)
        with full_disk_is_said("beginning the upload"):
            staging.upload.mkdir(parents=True)
            write_json_atomically(staging.root / "owner.json", _this_process())
        return staging

    def put_in_place(self, tree: Path, name: str) -> None:
        """A new dataset: ``tree`` becomes its folder in one step."""
        with self._renaming:
            rename_folder(tree, self.data_dir / name)
        sync_folder(self.data_dir)

    def swap_in(self, staging: Staging, name: str) -> None:
        """The tree of ``staging`` becomes the dataset's folder, the old one goes where it was."""
        old = staging.old(name)
        old.parent.mkdir()
        write_json_atomically(staging.journal, {"dataset": name})
        with self._renaming:
            rename_folder(self.data_dir / name, old)
            try:
                rename_folder(staging.tree(name), self.data_dir / name)
            except OSError:
                rename_folder(old, self.data_dir / name)
                raise
        sync_folder(self.data_dir)

    def remove(self, name: str) -> None:
        """Take the dataset away in one step, then free its room."""
        trash = self._incoming / f"trash-{uuid4().hex}"
        self._incoming.mkdir(exist_ok=True)
        with self._renaming:
            rename_folder(self.require(name), trash)
        remove_tree(trash)
        self.content.sweep()

    def recover(self) -> None:
        """After a start: complete a swap that was cut in two, remove all else that is half done.

        What a living process still works on is left alone.
        """
        for root in sorted(self._incoming.iterdir()) if self._incoming.is_dir() else ():
            if not _is_at_work(root):
                _end_programs(root)
                self._complete(Staging(root))
                remove_tree(root)
        self.content.sweep()

    def _complete(self, staging: Staging) -> None:
        if not staging.journal.is_file():
            return
        name = json.loads(staging.journal.read_text("utf-8"))["dataset"]
        old, tree = staging.old(name), staging.tree(name)
        if not old.is_dir() or (self.data_dir / name).exists():
            return
        tree = tree if tree.is_dir() else old
        rename_folder(tree, self.data_dir / name)
        sync_folder(self.data_dir)
        log.warning("completed an addition that was cut short", dataset=name)


def note_program(staging_root: Path, pid: int) -> None:
    """Remember a program that works in a staging folder, so that none outlives its server."""
    try:
        noted = {"pid": pid, "started_at": psutil.Process(pid).create_time()}
    except psutil.NoSuchProcess:  # it was quick
        return
    write_json_atomically(staging_root / f"program-{pid}.json", noted)


def _this_process() -> dict[str, float]:
    return {"pid": os.getpid(), "started_at": psutil.Process().create_time()}


def _is_at_work(root: Path) -> bool:
    owner = _process_of(root / "owner.json")
    return owner is not None and owner.pid != os.getpid()


def _end_programs(root: Path) -> None:
    for note in root.glob("program-*.json"):
        program = _process_of(note)
        if program is not None:
            program.kill()


def _process_of(note: Path) -> psutil.Process | None:
    """The living process that a note names, unless its number went to another one since."""
    try:
        noted = json.loads(note.read_text("utf-8"))
        process = psutil.Process(noted["pid"])
        same = abs(process.create_time() - noted["started_at"]) < 1
        dead = process.status() == psutil.STATUS_ZOMBIE
    except (OSError, ValueError, KeyError, TypeError, psutil.Error):
        return None
    return process if same and not dead else None
