"""Training: what can be chosen, start, look, ask of a job, log, live stream."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import PlainTextResponse, Response, StreamingResponse

from server.api.deps import Services, ServicesDep
from server.api.door import PersonDep, ResearcherDep
from server.api.job_shapes import job_detail, job_history
from server.api.job_stream import job_events
from server.api.schemas.jobs import (
    ArchitectureOption,
    JobDetail,
    JobHistory,
    JobList,
    JobStatusAnswer,
    NumberLimit,
    PriorityForm,
    TrainingForm,
    TrainingOptions,
    TrainingStarted,
)
from server.domain.architectures import ARCHITECTURES
from server.domain.job import Priority
from server.domain.random_start import RANDOM_START_AS_ASKED
from server.domain.training_request import (
    MAX_BATCH_SIZE,
    MAX_EPOCHS,
    MAX_IMAGE_SIZE,
    MIN_IMAGE_SIZE,
    OPTIMIZERS,
)
from server.services.jobs import JobView

router = APIRouter(tags=["jobs"])

_MOST_LINES = 20_000
_LIMITS = {
    "epochs": NumberLimit(default=30, minimum=1, maximum=MAX_EPOCHS),
    "batch_size": NumberLimit(default=32, minimum=1, maximum=MAX_BATCH_SIZE),
    "learning_rate": NumberLimit(default=0.001, minimum=1e-7, maximum=1),
    "fine_tune_epochs": NumberLimit(default=7, minimum=0, maximum=MAX_EPOCHS),
    "image_size": NumberLimit(default=224, minimum=MIN_IMAGE_SIZE, maximum=MAX_IMAGE_SIZE),
    "seed": NumberLimit(default=0, minimum=0, maximum=2**31 - 1),
    "views": NumberLimit(default=4, minimum=1, maximum=4),
}


@router.get("/api/training-options")
def training_options(services: ServicesDep, _: PersonDep) -> TrainingOptions:
    """What the training form offers, and what each choice would start from."""
    auto = services.jobs.auto_weights()
    return TrainingOptions(
        architectures=[
            ArchitectureOption(
                name=each.name,
                summary=each.summary,
                parameters_millions=each.parameters_millions,
                native_size=each.native_size,
                auto_weights=auto[each.name].used,
                weights_sentence=auto[each.name].sentence,
            )
            for each in ARCHITECTURES.values()
        ],
        random_start_sentence=RANDOM_START_AS_ASKED,
        optimizers=list(OPTIMIZERS),
        defaults=TrainingForm(dataset_name=""),
        limits=_LIMITS,
        device=services.jobs.device(),
    )


@router.post("/api/start-training")
def start_training(
    form: TrainingForm, services: ServicesDep, person: ResearcherDep
) -> TrainingStarted:
    """Queue a training; it starts by itself when its turn comes."""
    priority = Priority.of(form.priority or "normal")
    view = services.jobs.start(form.request(), owner=person.name, priority=priority)
    return TrainingStarted(
        job_id=view.job.id,
        status="queued",
        message="Training job started",
        weights_sentence=view.job.weights_sentence or "",
        queue_position=view.queue_position or 1,
    )


@router.get("/api/jobs")
def list_jobs(services: ServicesDep, _: PersonDep) -> JobList:
    """All jobs, newest first, without their curves."""
    return JobList(jobs=[job_detail(view) for view in services.jobs.newest_first()])


@router.get("/api/job/{job_id}")
def read_job(job_id: str, services: ServicesDep, _: PersonDep) -> JobDetail:
    """One job with its curve so far."""
    return _whole(services, services.jobs.get(job_id))


@router.get("/api/job/{job_id}/status")
def read_job_status(job_id: str, services: ServicesDep, _: PersonDep) -> JobStatusAnswer:
    """How far it is."""
    return JobStatusAnswer(**services.jobs.status(job_id))


@router.post("/api/job/{job_id}/cancel")
def cancel_job(job_id: str, services: ServicesDep, person: ResearcherDep) -> JobDetail:
    """End it: at once while it waits, within seconds while it runs. No model is kept."""
    return _whole(services, services.jobs.cancel(job_id, person.name))


@router.post("/api/job/{job_id}/stop")
def stop_job_early(job_id: str, services: ServicesDep, person: ResearcherDep) -> JobDetail:
    """End its training after the present step, and test and save the best epoch so far."""
    return _whole(services, services.jobs.stop_early(job_id, person.name))


@router.post("/api/job/{job_id}/resume")
def resume_job(job_id: str, services: ServicesDep, person: ResearcherDep) -> JobDetail:
    """Put a failed or cancelled job into the queue again, to go on from its last checkpoint."""
    return _whole(services, services.jobs.resume(job_id, person.name))


@router.post("/api/job/{job_id}/retry")
def retry_job(job_id: str, services: ServicesDep, person: ResearcherDep) -> JobDetail:
    """Put a failed or cancelled job into the queue again, to begin anew."""
    return _whole(services, services.jobs.retry(job_id, person.name))


@router.post("/api/job/{job_id}/priority")
def change_job_priority(
    job_id: str, form: PriorityForm, services: ServicesDep, person: ResearcherDep
) -> JobDetail:
    """Let a waiting job go earlier or later: by priority first, then by age."""
    view = services.jobs.set_priority(job_id, Priority.of(form.priority), person.name)
    return _whole(services, view)


@router.get("/api/job/{job_id}/history")
def read_job_history(job_id: str, services: ServicesDep, _: PersonDep) -> JobHistory:
    """Every change of its state: when, by whom and why."""
    return job_history(services.jobs.changes(job_id))


@router.get(
    "/api/job/{job_id}/log",
    response_class=Response,  # names no media type: a refusal is JSON here too
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def read_job_log(
    job_id: str,
    services: ServicesDep,
    _: PersonDep,
    tail: Annotated[int, Query(ge=1, le=_MOST_LINES, description="Last lines")] = 500,
) -> PlainTextResponse:
    """The last lines that the training program printed."""
    return PlainTextResponse(services.jobs.log_tail(job_id, tail))


@router.get(
    "/api/job/{job_id}/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}}},
)
def stream_job_events(
    job_id: str,
    request: Request,
    services: ServicesDep,
    _: PersonDep,
    last_event_id: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> StreamingResponse:
    """Server-sent events: `job`, `epoch`, `log` (new lines), at last `end`."""
    services.jobs.get(job_id)
    return StreamingResponse(
        job_events(services.jobs, job_id, request.app.state.lifetime, last_event_id),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def _whole(services: Services, view: JobView) -> JobDetail:
    """One job with its curve and its warnings."""
    job_id = view.job.id
    return job_detail(view, services.jobs.history(job_id), services.jobs.warnings(job_id))
