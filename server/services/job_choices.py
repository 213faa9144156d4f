"""What can be asked of a job now, each with one sentence of what it does or why it cannot be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from server.domain.job import Job, JobStatus

ChoiceName = Literal["stop", "cancel", "resume", "retry"]


@dataclass(frozen=True, slots=True)
class JobChoice:
    """One of the four.

    Attributes:
        sentence: what it does; when it is not possible, why not.
    """

    name: ChoiceName
    possible: bool
    sentence: str


def choices(job: Job, checkpoint_epoch: int | None) -> tuple[JobChoice, ...]:
    """All four, in the order in which they are of use.

    Args:
        job: as it is now.
        checkpoint_epoch: the last that its newest checkpoint finished; None = there is none.
    """
    return (_stop(job), _cancel(job), resume(job, checkpoint_epoch), retry(job))


def resume(job: Job, checkpoint_epoch: int | None) -> JobChoice:
    """Whether it can go on from its last checkpoint."""
    refusal = _not_taken_up(job, "resumed")
    if refusal:
        return JobChoice("resume", False, refusal)
    if checkpoint_epoch is None:
        return JobChoice(
            "resume",
            False,
            f"Job {job.id} cannot be resumed: it has no checkpoint, either because it ended too "
            "early or because the checkpoint was too old; retry begins anew.",
        )
    where = f"after epoch {checkpoint_epoch}" if checkpoint_epoch else "inside its first epoch"
    return JobChoice(
        "resume", True, f"It goes on from its last checkpoint, {where}, when its turn comes."
    )


def retry(job: Job) -> JobChoice:
    """Whether it can begin anew."""
    refusal = _not_taken_up(job, "started again")
    return JobChoice(
        "retry",
        not refusal,
        refusal
        or "It starts again from the beginning when its turn comes; what it learnt before "
        "is discarded.",
    )


def _stop(job: Job) -> JobChoice:
    if job.status is JobStatus.QUEUED:
        why = "It does not run, so there is nothing to keep yet."
    elif job.status is not JobStatus.RUNNING:
        why = f"It is {job.status.value} already."
    elif job.cancel_requested:
        why = "It is being cancelled."
    elif job.stop_requested:
        why = "It was asked to stop already and does so after its present step."
    elif job.epoch:
        return JobChoice(
            "stop",
            True,
            "Training ends after the present step; the best epoch so far is tested and saved.",
        )
    else:
        return JobChoice(
            "stop",
            True,
            "Training ends when its first epoch is finished, which is then tested and saved.",
        )
    return JobChoice("stop", False, why)


def _cancel(job: Job) -> JobChoice:
    if job.is_final:
        return JobChoice("cancel", False, f"It is {job.status.value} already.")
    if job.cancel_requested:
        return JobChoice("cancel", False, "It is being cancelled.")
    if job.status is JobStatus.QUEUED:
        return JobChoice("cancel", True, "It leaves the queue.")
    return JobChoice("cancel", True, "Training ends within seconds, and no model is kept.")


def _not_taken_up(job: Job, what: str) -> str:
    """Why a job cannot be taken up again; empty when it can."""
    if job.status in (JobStatus.FAILED, JobStatus.CANCELLED):
        return ""
    if job.status is JobStatus.COMPLETED:
        return f"Job {job.id} is completed and has its model; it cannot be {what}."
    return f"Job {job.id} is {job.status.value}; only a failed or cancelled job can be {what}."
