"""One line of a job's history: what changed, when, by whom and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from server.domain.job import JobStatus


@dataclass(frozen=True, slots=True)
class JobChange:
    """A change of a job's state, or something that was asked of it.

    Attributes:
        at: UTC.
        who: the person, or the server that works on it.
        before: None for the first line.
        after: the same as ``before`` when something was only asked for.
        why: one sentence.
        token: the fencing token that the job had afterwards.
    """

    at: datetime
    who: str
    before: JobStatus | None
    after: JobStatus
    why: str
    token: int


def server_in_words(owner: str | None) -> str:
    """The name of a lease's owner for people: ``lab:4711:1764784800:0af3c1`` is ``server lab,
    process 4711``."""
    host, _, rest = (owner or "").partition(":")
    process = rest.partition(":")[0]
    return f"server {host}, process {process}" if host and process else "the server"
