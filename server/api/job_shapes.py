"""Jobs as the wire shows them."""

from __future__ import annotations

from collections.abc import Iterable

from server.api.schemas.jobs import (
    EpochPoint,
    JobChangeShown,
    JobChoiceShown,
    JobDetail,
    JobHistory,
    PriorityName,
)
from server.domain.events import EpochEnded
from server.domain.job import Priority
from server.domain.job_history import JobChange
from server.services.jobs import JobView

_PRIORITIES: dict[Priority, PriorityName] = {
    Priority.LOW: "low",
    Priority.NORMAL: "normal",
    Priority.HIGH: "high",
}


def job_detail(
    view: JobView, history: Iterable[EpochEnded] = (), warnings: Iterable[str] = ()
) -> JobDetail:
    """One job, with its curve and its warnings where they are wanted."""
    job = view.job
    return JobDetail(
        job_id=job.id,
        status=job.status,
        progress=job.progress,
        message=job.message,
        seconds_left=job.seconds_left,
        epoch=job.epoch,
        attempt=job.attempt,
        cancel_requested=job.cancel_requested,
        stop_requested=job.stop_requested,
        stopped_after=job.stopped_after,
        priority=_PRIORITIES[job.priority],
        device=job.device,
        queue_position=view.queue_position,
        weights_sentence=job.weights_sentence,
        model_name=view.model_name,
        model_path=view.model_path,
        request=job.request.as_dict(),
        dataset_name=job.request.dataset_name,
        architecture=job.request.architecture,
        epochs=job.request.epochs,
        created_at=job.created_at,
        started_at=job.started_at,
        completed_at=job.completed_at,
        warnings=list(warnings),
        history=[epoch_point(point) for point in history],
        choices=[
            JobChoiceShown(name=each.name, possible=each.possible, sentence=each.sentence)
            for each in view.choices
        ],
    )


def job_history(changes: Iterable[JobChange]) -> JobHistory:
    """Its history, oldest first."""
    return JobHistory(
        changes=[
            JobChangeShown(
                at=each.at,
                who=each.who,
                before=each.before,
                after=each.after,
                why=each.why,
                token=each.token,
            )
            for each in changes
        ]
    )


def epoch_point(event: EpochEnded) -> EpochPoint:
    """One point of the curve."""
    return EpochPoint.model_validate({name: event.get(name) for name in EpochPoint.model_fields})
