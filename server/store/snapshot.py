"""A home as it is at one moment, while a server works on it.

Files that are only ever replaced are linked, which takes no room and no time; files that grow are
copied. Checkpoints come first and the database after them, so that a job which the database calls
running has a checkpoint. Models come after the database, so that each one that a job names is
there. What can be computed again (decoded pixels, features) is left out, and so are uploads that
are not part of a dataset yet.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from server.domain.errors import Conflict
from server.store.archive import link_or_copy
from server.store.basket_folders import UNFINISHED
from server.store.database import Database
from server.store.dataset_folders import INCOMING
from server.store.runs import JobRuns

DATABASE_NAME = "dermascan.db"
_TRIES = 50
_PAUSE_SECONDS = 0.2
_COMPUTED_AGAIN = ("pixels_*", "features_*", "*.partial", ".probe-*")


class HomeSnapshot:
    """Takes the snapshot into a folder on the disk of the home.

    Args:
        database: of the home.
        data_dir, models_dir, logs_dir, jobs_dir: its folders.
        into: a new folder.
    """

    def __init__(
        self,
        database: Database,
        *,
        data_dir: Path,
        models_dir: Path,
        logs_dir: Path,
        jobs_dir: Path,
        into: Path,
    ) -> None:
        self._database = database
        self._data_dir = data_dir
        self._models_dir = models_dir
        self._logs_dir = logs_dir
        self._jobs_dir = jobs_dir
        self._into = into

    def take(self) -> None:
        """Fill the folder.

        Raises:
            Conflict: when something changed so often that no moment could be held fast.
            InvalidInput: when the database is missing, or of a kind that cannot be copied here.
        """
        for job in sorted(self._jobs_dir.iterdir()):
            if any(job.glob("run-*")):
                self._checkpoint(job.name)
        self._database.copy_to(self._into / DATABASE_NAME)
        self._steadily(self._models_dir, self._models)
        for dataset in sorted(self._data_dir.iterdir()):
            if dataset.is_dir() and dataset.name not in (INCOMING, UNFINISHED):
                self._steadily(dataset, partial(_files_of_dataset, dataset))
        self._texts()

    def _checkpoint(self, job_id: str) -> None:
        """The newest checkpoint with the weights beside it, and what was said until then."""
        runs = JobRuns(self._jobs_dir)
        newest = runs.newest_checkpoint(job_id)
        if newest is not None:
            folder, alike = newest[1].parent, f"*{newest[1].suffix}"
            self._steadily(folder, lambda: folder.glob(alike))
        for run in runs.of_job(job_id):
            if run.events.is_file():
                self._copy(run.events)

    def _models(self) -> Iterator[Path]:
        return (path for path in self._models_dir.iterdir() if not path.name.startswith("."))

    def _texts(self) -> None:
        mirrors = self._jobs_dir.glob("*.json")
        logs = [self._logs_dir / "training.log", *(self._logs_dir / "jobs").glob("*.log")]
        for path in (*mirrors, *logs):
            if path.is_file():
                self._copy(path)

    def _steadily(self, folder: Path, files: Callable[[], Iterable[Path]]) -> None:
        """Link ``files()`` again and again until none of them changed meanwhile."""
        for _ in range(_TRIES):
            before = _identities(files())
            try:
                for path in before:
                    link_or_copy(path, self._place(path))
            except FileNotFoundError:
                pass  # replaced by another just now
            else:
                if _identities(files()) == before:
                    return
            for path in before:
                self._place(path).unlink(missing_ok=True)
            time.sleep(_PAUSE_SECONDS)
        raise Conflict(f"{folder} changes all the time; try again when it is quiet there.")

    def _copy(self, path: Path) -> None:
        target = self._place(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)

    def _place(self, path: Path) -> Path:
        named = {
            "data": self._data_dir,
            "models": self._models_dir,
            "logs": self._logs_dir,
            "jobs": self._jobs_dir,
        }
        for name, folder in named.items():
            if path.is_relative_to(folder):
                return self._into / name / path.relative_to(folder)
        raise ValueError(f"{path} is not in the home")


def _files_of_dataset(dataset: Path) -> Iterator[Path]:
    for path in dataset.rglob("*"):
        if path.is_file() and not path.is_symlink() and not any(map(path.match, _COMPUTED_AGAIN)):
            yield path


def _identities(files: Iterable[Path]) -> dict[Path, tuple[int, int, int]]:
    """Which content stands behind each name."""
    found = {}
    for path in files:
        with suppress(FileNotFoundError):
            status = path.stat()
            found[path] = status.st_ino, status.st_mtime_ns, status.st_size
    return found
