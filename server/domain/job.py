"""The job as a frozen record, and the state machine it lives by.

    queued ──claim──▶ running ──finish──▶ completed
      ▲  │               │  │
      │  └──cancel──▶ cancelled ◀──cancel──┘
      └──lease expired, attempts left──┘└──fail, or attempts used up──▶ failed

A person may put a failed or cancelled job back into the queue, to go on or to begin anew; what is
completed stays so.

The row is the job. A claim is a compare-and-set that bumps ``token``; every later write carries the
token and is refused when the row has moved on (fencing, Kleppmann 2016), so a worker that froze and
came back cannot write.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from server.domain.training_request import TrainingRequest

MAX_ATTEMPTS = 3
"""A training process that crashed so many times has failed."""


class JobStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        return self in FINAL


FINAL = frozenset({JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED})

TRANSITIONS: dict[JobStatus, frozenset[JobStatus]] = {
    JobStatus.QUEUED: frozenset({JobStatus.RUNNING, JobStatus.CANCELLED}),
    JobStatus.RUNNING: frozenset(
        {JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.QUEUED}
    ),
    JobStatus.COMPLETED: frozenset(),
    JobStatus.FAILED: frozenset({JobStatus.QUEUED}),
    JobStatus.CANCELLED: frozenset({JobStatus.QUEUED}),
}


class Priority(IntEnum):
    """Who goes first among the jobs that wait; jobs of one priority go by age."""

    LOW = -1
    NORMAL = 0
    HIGH = 1

    @property
    def word(self) -> str:
        return self.name.lower()

    @classmethod
    def of(cls, word: str) -> Priority:
        """The priority called ``word``; KeyError for any other."""
        return cls[word.upper()]


@dataclass(frozen=True, slots=True)
class Job:
    """One training job, as its row says.

    Attributes:
        id: eight hexadecimal digits.
        request: what was asked for.
        weights_sentence: what the run starts from, in words; the run has the last word.
        progress: percent of the work done, 0–100.
        message: what is happening now, in words ("Epoch 15/30"), or why it ended.
        seconds_left: estimate, None when there is none.
        epoch: epochs finished so far.
        attempt: how many times a process was started for it.
        crashes: how many of them ended by themselves without saying why; the death of the server
            is not the job's fault and is not counted.
        token: fencing token; grows with every claim.
        lease_owner, lease_expires_at: who works on it, until when the claim holds.
        cancel_requested: somebody asked for its end.
        run_dir: folder of the current attempt's process, relative to ``jobs/``.
        pid, pid_started_at: the training process and its start time (seconds since 1970), which
            together name it even after the number was given to another process.
        model_name: stem of the model's files, once completed.
        stop_requested: somebody asked to stop early and keep the best.
        stopped_after: epochs finished when the run stopped early; None = it did not.
        priority: among the jobs that wait.
        device: what it runs on or ran on last: ``cpu``, ``cuda:0``, ….
        begins_at: what attempts of lower tokens learnt does not count any more.
        All times are UTC.
    """

    id: str
    request: TrainingRequest
    status: JobStatus
    weights_sentence: str | None
    progress: int
    message: str
    seconds_left: float | None
    epoch: int
    attempt: int
    token: int
    lease_owner: str | None
    lease_expires_at: datetime | None
    cancel_requested: bool
    run_dir: str | None
    pid: int | None
    pid_started_at: float | None
    model_name: str | None
    owner: str
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    crashes: int = 0
    stop_requested: bool = False
    stopped_after: int | None = None
    priority: Priority = Priority.NORMAL
    device: str | None = None
    begins_at: int = 0

    @property
    def is_final(self) -> bool:
        return self.status.is_final
