"""The live stream of one job, as server-sent events.

``job`` (the whole job without its history, when anything changed), ``epoch`` (one point of the
curve), ``log`` (new lines), and ``end`` after the last. A client that comes
again gets the job and the whole curve anew, so nothing is lost or counted twice by epoch; the log
goes on from the ``id`` that the client saw last.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from server.api.job_shapes import epoch_point, job_detail
from server.api.lifetime import Lifetime
from server.api.schemas.jobs import EpochPoint, JobDetail
from server.services.jobs import JobService

LOOK_EVERY_SECONDS = 0.5
KEEP_ALIVE_SECONDS = 15.0
RETRY_MS = 2000


@dataclass
class _Seen:
    """What this client has been sent."""

    log_offset: int
    job: str = ""
    epochs: dict[int, EpochPoint] = field(default_factory=dict)


async def job_events(
    jobs: JobService, job_id: str, lifetime: Lifetime, last_event_id: str | None
) -> AsyncIterator[str]:
    """The stream, until the job or the server ends.

    Args:
        jobs: where the news come from; asked in a thread, briefly.
        job_id: an existing job.
        lifetime: the stream ends without ``end`` when the server does; the client comes again.
        last_event_id: the ``id`` that a returning client saw last.
    """
    seen = _Seen(await asyncio.to_thread(_first_offset, jobs, job_id, last_event_id))
    yield f"retry: {RETRY_MS}\n\n"
    quiet_since = time.monotonic()
    while not lifetime.ending:
        events, is_final = await asyncio.to_thread(_news, jobs, job_id, seen)
        for event in events:
            yield event
            quiet_since = time.monotonic()
        if is_final:
            yield _event("end", "{}", seen)
            return
        if time.monotonic() - quiet_since > KEEP_ALIVE_SECONDS:
            yield ": still here\n\n"
            quiet_since = time.monotonic()
        await asyncio.sleep(LOOK_EVERY_SECONDS)


def _first_offset(jobs: JobService, job_id: str, last_event_id: str | None) -> int:
    size = jobs.log_size(job_id)
    if last_event_id is not None and last_event_id.isdecimal():
        return min(int(last_event_id), size)
    return size


def _news(jobs: JobService, job_id: str, seen: _Seen) -> tuple[list[str], bool]:
    """Everything new. The job is read first, so that nothing can follow once it is over."""
    view = jobs.get(job_id)
    is_final = view.job.is_final
    job = _job_event(job_detail(view, warnings=jobs.warnings(job_id)), seen)
    events = [] if is_final else job
    for point in map(epoch_point, jobs.history(job_id)):
        if seen.epochs.get(point.epoch) != point:
            seen.epochs[point.epoch] = point
            events.append(_event("epoch", point.model_dump_json(), seen))
    while True:
        lines, seen.log_offset = jobs.log_since(job_id, seen.log_offset)
        if not lines:
            break
        events.append(_event("log", lines, seen))
    return (events + job if is_final else events), is_final


def _job_event(detail: JobDetail, seen: _Seen) -> list[str]:
    text = detail.model_dump_json(exclude={"history"})
    if text == seen.job:
        return []
    seen.job = text
    return [_event("job", text, seen)]


def _event(name: str, data: str, seen: _Seen) -> str:
    lines = "".join(f"data: {line}\n" for line in data.splitlines())
    return f"id: {seen.log_offset}\nevent: {name}\n{lines}\n"
