"""What every supervisor of an engine needs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from server.store.jobs import JobRepository
from server.store.log_files import JobLogs
from server.store.runs import JobRuns


@dataclass(frozen=True, slots=True)
class Watch:
    """What every supervisor of an engine needs.

    Attributes:
        owner: name of the engine, as written into leases.
        lease: how long a claim holds without a heartbeat; also how long a process may be without
            a sign of life.
        heartbeat_seconds: between two beats, and between two writes of the row.
        cancel_grace_seconds: from asking a process to end to making it.
    """

    repository: JobRepository
    runs: JobRuns
    logs: JobLogs
    models_dir: Path
    owner: str
    lease: timedelta
    heartbeat_seconds: float
    cancel_grace_seconds: float
