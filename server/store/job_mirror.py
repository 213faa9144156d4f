"""``jobs/<job_id>.json``: the row of a job as a file, for people and scripts that look there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any

import structlog

from server.domain.job import Job
from server.store.files import as_json, shown_path, write_atomically

log = structlog.get_logger(__name__)


class JobMirror:
    """Writes the mirror files; a failure is logged and never reaches the job."""

    def __init__(self, jobs_dir: Path, models_dir: Path) -> None:
        self._jobs_dir = jobs_dir
        self._models_dir = models_dir
        self._one_at_a_time = Lock()

    def __call__(self, newest: Callable[[], Job]) -> None:
        """Write what ``newest`` returns; it is read under the lock, so that the last write of two
        threads is never the older state."""
        with self._one_at_a_time:
            job, wanted = newest(), None
            path = self._jobs_dir / f"{job.id}.json"
            try:
                # Looked at again after writing: a server that froze in between wrote an old state.
                while (text := self._text(job)) != wanted:
                    if text != _read(path):
                        write_atomically(path, text)
                    wanted, job = text, newest()
            except OSError as error:
                log.warning("job mirror not written", job=job.id, error=str(error))

    def _text(self, job: Job) -> bytes:
        return as_json({**status_fields(job, self._models_dir), "request": job.request.as_dict()})


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def status_fields(job: Job, models_dir: Path) -> dict[str, Any]:
    """The status of a job with exactly the document's field names, then ours."""
    return {
        "job_id": job.id,
        "status": job.status.value,
        "progress": job.progress,
        "message": job.message,
        "created_at": _document_time(job.created_at),
        "started_at": _document_time(job.started_at),
        "completed_at": _document_time(job.completed_at),
        "model_path": model_path(job, models_dir),
        "seconds_left": job.seconds_left,
        "attempt": job.attempt,
        "dataset_name": job.request.dataset_name,
        "architecture": job.request.architecture,
    }


def model_path(job: Job, models_dir: Path) -> str | None:
    """The model's ``.h5`` as answers show it; None until the job has one, and when it is gone."""
    path = models_dir / f"{job.model_name}.h5"
    return shown_path(path) if job.model_name and path.is_file() else None


def _document_time(moment: datetime | None) -> str | None:
    """UTC without a zone, to the second: ``2025-12-03T18:00:00``."""
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%S")
