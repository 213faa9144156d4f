"""What a training process leaves under ``jobs/<job_id>/``: one folder an attempt.

jobs/a1b2c3d4/run-1/events.jsonl    what it said (domain.events)
                    heartbeat       rewritten by whoever watches it
                    output/         the finished model's files, before they are published
                    …               its checkpoints
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from server.domain.events import EpochEnded, Event

EVENTS = "events.jsonl"


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of one attempt."""

    path: Path

    @property
    def events(self) -> Path:
        return self.path / EVENTS

    @property
    def heartbeat(self) -> Path:
        return self.path / "heartbeat"

    @property
    def output(self) -> Path:
        return self.path / "output"

    @property
    def token(self) -> int:
        return int(self.path.name.removeprefix("run-"))


class EventTail:
    """Reads an event file from where it stopped; half a line is left for the next time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def read_new(self) -> list[Event]:
        """The events since the last call; none while there is no file."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                text = file.read()
        except FileNotFoundError:
            return []
        whole = text[: text.rfind(b"\n") + 1]
        self._offset += len(whole)
        return [event for line in whole.splitlines() if (event := _event(line)) is not None]


class JobRuns:
    """All attempts of all jobs.

    Args:
        jobs_dir: the folder ``jobs/``.
    """

    def __init__(self, jobs_dir: Path) -> None:
        self.jobs_dir = jobs_dir

    def folder(self, run_dir: str) -> RunFolder:
        """The folder that a job's row names (``a1b2c3d4/run-1``)."""
        return RunFolder(self.jobs_dir / run_dir)

    def of_job(self, job_id: str) -> list[RunFolder]:
        """Oldest attempt first."""
        found = [RunFolder(path) for path in (self.jobs_dir / job_id).glob("run-*")]
        return sorted(found, key=lambda folder: folder.token)

    def newest_checkpoint(self, job_id: str) -> tuple[int, Path] | None:
        """The last checkpoint that is still there: the epoch it finished, and its path."""
        for folder in reversed(self.of_job(job_id)):
            for event in reversed(EventTail(folder.events).read_new()):
                if event["event"] == "checkpoint" and Path(event["path"]).is_file():
                    return event["epoch"], Path(event["path"])
        return None

    def left_over(self) -> set[str]:
        """The jobs whose attempts have not been tidied."""
        return {path.parent.parent.name for path in self.jobs_dir.glob("*/run-*/heartbeat")}

    def tidy(self, job_id: str) -> None:
        """Remove what an ended job no longer needs: everything but the events."""
        for folder in self.of_job(job_id):
            for entry in folder.path.iterdir():
                if entry.is_dir():
                    shutil.rmtree(entry, ignore_errors=True)
                elif entry.name != EVENTS:
                    entry.unlink(missing_ok=True)


class RunHistory:
    """The curve of one job so far and its warnings, read a little further at every call."""

    def __init__(self, runs: JobRuns, job_id: str) -> None:
        self._runs = runs
        self._job_id = job_id
        self._tails: dict[int, EventTail] = {}
        self._points: dict[int, EpochEnded] = {}
        self._warnings: dict[str, None] = {}  # in the order in which they were said

    def read(self) -> list[EpochEnded]:
        """One point an epoch, in order.

        An attempt that goes on from epoch 12 replaces what came after 12 before it.
        """
        self._read_on()
        return [self._points[epoch] for epoch in sorted(self._points)]

    def warnings(self) -> list[str]:
        """What was warned of, each sentence once however many attempts said it."""
        self._read_on()
        return list(self._warnings)

    def _read_on(self) -> None:
        for folder in self._runs.of_job(self._job_id):
            tail = self._tails.setdefault(folder.token, EventTail(folder.events))
            for event in tail.read_new():
                self._take(event)

    def _take(self, event: Event) -> None:
        if event["event"] == "started":
            kept = event["resumed_from_epoch"] or 0
            self._points = {n: point for n, point in self._points.items() if n <= kept}
        elif event["event"] == "epoch":
            self._points[event["epoch"]] = event
        elif event["event"] == "warning":
            self._warnings[event["message"]] = None


def _event(line: bytes) -> Event | None:
    try:
        event = json.loads(line)
    except ValueError:  # a line torn by a power cut
        return None
    return cast(Event, event) if isinstance(event, dict) and "event" in event else None
