"""What a training process leaves under ``jobs/<job_id>/``: one folder an attempt.

jobs/a1b2c3d4/run-1/events.jsonl    what it said (domain.events)
                    heartbeat       rewritten by whoever watches it
                    pulse           rewritten by the process itself (domain.pulse)
                    stop            there when it shall stop early
                    output/         the finished model's files, before they are published
                    …               its checkpoints
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
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
    def pulse(self) -> Path:
        return self.path / "pulse"

    @property
    def stop(self) -> Path:
        return self.path / "stop"

    def read_pulse(self) -> bytes:
        """What its process wrote last; empty while there is nothing."""
        try:
            return self.pulse.read_bytes()
        except OSError:
            return b""

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

    def newest_checkpoint(self, job_id: str, since_token: int = 0) -> tuple[int, Path] | None:
        """The last checkpoint that is still there: the epoch it finished, and its path.

        It is looked for beside its events, wherever the home was when it was written.

        Args:
            job_id: whose.
            since_token: attempts before it do not count.
        """
        for folder in reversed(self.of_job(job_id)):
            if folder.token < since_token:
                break
            for event in reversed(EventTail(folder.events).read_new()):
                if event["event"] == "checkpoint":
                    path = folder.path / _file_name(event["path"])
                    if path.is_file():
                        return event["epoch"], path
        return None

    def left_over(self) -> set[str]:
        """The jobs whose attempts have not been tidied."""
        return {path.parent.parent.name for path in self.jobs_dir.glob("*/run-*/heartbeat")}

    def keep_checkpoint(self, job_id: str, since_token: int, until_token: int) -> None:
        """Remove all but the events and what is needed to go on.

        Args:
            job_id: whose.
            since_token: earlier attempts do not count any more.
            until_token: later ones may be under way.
        """
        kept = self._files_to_go_on(job_id, since_token)
        for entry in self._entries(job_id, until_token):
            if entry not in kept:
                _remove(entry)

    def kept_checkpoints(self) -> dict[str, float]:
        """Jobs with files of use to nobody but a run that goes on: since when (seconds since
        1970) the newest of them lies there."""
        found: dict[str, float] = {}
        for path in self.jobs_dir.glob("*/run-*/*"):
            if path.name != EVENTS:
                with contextlib.suppress(FileNotFoundError):
                    job_id = path.parent.parent.name
                    found[job_id] = max(found.get(job_id, 0.0), path.stat().st_mtime)
        return found

    def _files_to_go_on(self, job_id: str, since_token: int) -> set[Path]:
        newest = self.newest_checkpoint(job_id, since_token)
        if newest is None:
            return set()
        folder = RunFolder(newest[1].parent)
        kept = {newest[1]}
        for event in EventTail(folder.events).read_new():
            if event["event"] == "checkpoint":
                beside = [each.name for each in folder.path.glob(f"*{newest[1].suffix}")]
                kept = {newest[1], *(folder.path / name for name in event.get("files", beside))}
        return kept

    def tidy(self, job_id: str, until_token: int | None = None) -> None:
        """Remove what an ended job no longer needs: everything but the events.

        Args:
            job_id: whose.
            until_token: later attempts may be under way; None = there are none.
        """
        for entry in self._entries(job_id, until_token):
            _remove(entry)

    def _entries(self, job_id: str, until_token: int | None) -> Iterator[Path]:
        """All files and folders of its attempts but the events."""
        for folder in self.of_job(job_id):
            if until_token is None or folder.token <= until_token:
                yield from (each for each in folder.path.iterdir() if each.name != EVENTS)


class RunHistory:
    """The curve of one job so far and its warnings, read a little further at every call."""

    def __init__(self, runs: JobRuns, job_id: str) -> None:
        self._runs = runs
        self._job_id = job_id
        self._tails: dict[int, EventTail] = {}
        self._newest = 0
        self._points: dict[int, tuple[int, EpochEnded]] = {}
        self._warnings: dict[str, None] = {}  # in the order in which they were said

    def read(self, since_token: int = 0) -> list[EpochEnded]:
        """One point an epoch, in order.

        An attempt that goes on from epoch 12 replaces what came after 12 before it.

        Args:
            since_token: attempts before it do not count.
        """
        self._read_on()
        points = [self._points[epoch] for epoch in sorted(self._points)]
        return [point for token, point in points if token >= since_token]

    def warnings(self) -> list[str]:
        """What was warned of, each sentence once however many attempts said it."""
        self._read_on()
        return list(self._warnings)

    def _read_on(self) -> None:
        for folder in self._runs.of_job(self._job_id):
            tail = self._tails.setdefault(folder.token, EventTail(folder.events))
            for event in tail.read_new():
                if folder.token >= self._newest:  # an attempt that was replaced has no say
                    self._take(event, folder.token)

    def _take(self, event: Event, token: int) -> None:
        if event["event"] == "started":
            self._newest = token
            kept = event["resumed_from_epoch"] or 0
            self._points = {n: point for n, point in self._points.items() if n <= kept}
        elif event["event"] == "epoch":
            self._points[event["epoch"]] = token, event
        elif event["event"] == "warning":
            self._warnings[event["message"]] = None


def _remove(entry: Path) -> None:
    if entry.is_dir():
        shutil.rmtree(entry, ignore_errors=True)
    else:
        entry.unlink(missing_ok=True)


def _file_name(path: str) -> str:
    """Of a path as any operating system writes it."""
    return path.replace("\\", "/").rsplit("/", 1)[-1]


def _event(line: bytes) -> Event | None:
    try:
        event = json.loads(line)
    except ValueError:  # a line torn by a power cut
        return None
    return cast(Event, event) if isinstance(event, dict) and "event" in event else None
