"""Use cases of backups: a home into one file while its server runs, and back into an empty one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psutil

from server.domain.errors import Conflict, InvalidInput
from server.store.archive import Manifest, pack, read_manifest, unpacked
from server.store.database import Database
from server.store.files import sync_folder
from server.store.jobs import JobRepository
from server.store.migrations import knows
from server.store.snapshot import DATABASE_NAME, HomeSnapshot

_FOLDERS = ("data", "models", "jobs", "logs")


class BackupService:
    """The use cases.

    Args:
        home: where the four folders and the database lie.
        database: of the home.
        version: of this program.
    """

    def __init__(self, home: Path, database: Database, version: str) -> None:
        self._home = home
        self._database = database
        self._version = version

    def create(self, archive: Path) -> Manifest:
        """Write everything that cannot be computed again into ``archive``.

        Raises:
            InvalidInput: there is such a file already, or the database is not SQLite.
            Conflict: something changed so fast that no moment could be held fast.
            OSError: it cannot be written.
        """
        if archive.exists():
            raise InvalidInput(f"There is a file {archive} already; give another name.")
        with _scratch(self._home, ".backup") as tree:
            HomeSnapshot(
                self._database,
                data_dir=self._home / "data",
                models_dir=self._home / "models",
                logs_dir=self._home / "logs",
                jobs_dir=self._home / "jobs",
                into=tree,
            ).take()
            with _opened(tree / DATABASE_NAME) as copied:
                revision = copied.revision()
            return pack(
                tree,
                archive,
                created_at=datetime.now(UTC).isoformat(timespec="seconds"),
                version=self._version,
                revision=revision,
            )

    def restore(self, archive: Path) -> Manifest:
        """Put a backup into the home, which must be empty.

        Jobs that ran when it was made wait in the queue afterwards, and go on from their
        checkpoints when the server starts.

        Raises:
            InvalidInput: the file is no backup, is damaged, or comes from a newer version.
            Conflict: something lies in the home already.
            OSError: it cannot be written.
        """
        manifest = read_manifest(archive)
        self._require_empty()
        if not knows(manifest.revision):
            raise InvalidInput(
                f"The backup {archive} was made by DermaScan {manifest.version}, which is newer "
                f"than this one ({self._version}); update DermaScan and restore then."
            )
        _require_ours(manifest, archive)
        with _scratch(self._home, ".restore") as tree:
            for _ in unpacked(archive, tree):
                pass
            with _opened(tree / DATABASE_NAME) as database:
                database.migrate()
                JobRepository(database).put_back_running(
                    f"Put back into the queue: restored from a backup of {manifest.created_at}."
                )
            self._move_in(tree)
        return manifest

    def _require_empty(self) -> None:
        for place in (self._home / DATABASE_NAME, *(self._home / name for name in _FOLDERS)):
            found = place.exists() if place.suffix else _first_file(place) is not None
            if found:
                raise Conflict(
                    f"The home {self._home} is not empty ({place.name} holds something); a backup "
                    "is restored into an empty one. Name another with DERMASCAN_HOME."
                )

    def _move_in(self, tree: Path) -> None:
        """The database last: a home without one is no home yet."""
        for name in (*_FOLDERS, DATABASE_NAME):
            source, target = tree / name, self._home / name
            if not source.exists():
                continue
            if target.is_dir():
                shutil.rmtree(target)
            source.rename(target)
        sync_folder(self._home)


def _require_ours(manifest: Manifest, archive: Path) -> None:
    for name in manifest.files:
        if name != DATABASE_NAME and name.split("/")[0] not in _FOLDERS:
            raise InvalidInput(f"The backup {archive} holds {name}, which has no place in a home.")
    if DATABASE_NAME not in manifest.files:
        raise InvalidInput(f"The backup {archive} holds no database.")


def _first_file(folder: Path) -> Path | None:
    return next((path for path in folder.rglob("*") if path.is_file()), None)


@contextmanager
def _opened(path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{path.as_posix()}")
    try:
        yield database
    finally:
        database.close()
        for left in path.parent.glob(f"{path.name}-journal"):
            left.unlink()


@contextmanager
def _scratch(home: Path, name: str) -> Iterator[Path]:
    """A folder for the time being; those of processes that died are removed."""
    for old in home.glob(f"{name}-*"):
        process = old.name.rsplit("-", 1)[-1]
        if not (process.isdecimal() and psutil.pid_exists(int(process))):
            shutil.rmtree(old, ignore_errors=True)
    folder = home / f"{name}-{os.getpid()}"
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
