"""What a run says of itself, told to everyone who listens: the event file, the terminal, the log.

The shapes are those of ``domain.events``. The run tells an ``Announcer``; listeners only render.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from server.domain.events import (
    CheckpointWritten,
    EpochEnded,
    Event,
    Failed,
    Finished,
    Stage,
    StageEntered,
    Started,
    StoppedEarly,
    Warned,
    WeightsUsed,
)
from server.training.engine.progress import WorkMeter
from server.training.engine.room import write_all

PROGRESS_EVERY_SECONDS = 0.5

Listener = Callable[[Event], None]
NoteListener = Callable[[str], None]


class EventFile:
    """Appends each event as one JSON line, whole; on a full disk it waits for room.

    Raises:
        OSError: when the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._file = path.open("ab", buffering=0)

    def __call__(self, event: Event) -> None:
        line = (json.dumps(event, ensure_ascii=False) + "\n").encode()
        write_all(self._file, line, self._path)

    def close(self) -> None:
        """Make sure that the last line is on the disk."""
        self._file.close()


class Announcer:
    """Builds events, stamps them, and passes them on.

    Args:
        listeners: called with every event, in order.
        notes: called with remarks for people that are not part of the event contract.
    """

    def __init__(
        self, listeners: Iterable[Listener] = (), notes: Iterable[NoteListener] = ()
    ) -> None:
        self._listeners = tuple(listeners)
        self._notes = tuple(notes)
        self._progress_due = 0.0

    def note(self, message: str) -> None:
        """A remark for people."""
        for listener in self._notes:
            listener(message)

    def started(
        self,
        *,
        epochs: int,
        fine_tune_epochs: int,
        steps_total: int,
        device: str,
        weights: WeightsUsed,
        resumed_from_epoch: int | None,
    ) -> None:
        """The first event."""
        self._tell(
            Started(
                event="started",
                time=time.time(),
                epochs=epochs,
                fine_tune_epochs=fine_tune_epochs,
                steps_total=steps_total,
                device=device,
                weights=weights,
                resumed_from_epoch=resumed_from_epoch,
            )
        )

    def stage(self, stage: Stage, message: str) -> None:
        """The run enters another stage."""
        self._tell(StageEntered(event="stage", time=time.time(), stage=stage, message=message))

    def progress(self, meter: WorkMeter, epoch: int, epochs: int, message: str) -> None:
        """How far the run is; passed on at most twice a second."""
        now = time.monotonic()
        if now < self._progress_due:
            return
        self._progress_due = now + PROGRESS_EVERY_SECONDS
        event: dict[str, Any] = {
            "event": "progress",
            "time": time.time(),
            "steps_done": meter.steps_done,
            "steps_total": meter.steps_total,
            "epoch": epoch,
            "epochs": epochs,
            "message": message,
            "seconds_left": meter.seconds_left,
        }
        if meter.images_per_second is not None:
            event["images_per_second"] = meter.images_per_second
        self._tell(event)  # type: ignore[arg-type]

    def epoch(self, event: EpochEnded) -> None:
        """An epoch is over, and its checkpoint written."""
        self._tell({**event, "time": time.time()})

    def checkpoint(self, epoch: int, path: Path, files: list[str]) -> None:
        """A checkpoint is safely on the disk; ``files`` are all that belong to it."""
        self._tell(
            CheckpointWritten(
                event="checkpoint", time=time.time(), epoch=epoch, path=str(path), files=files
            )
        )

    def stopped_early(self, epoch: int, epochs: int) -> None:
        """The run was asked to stop and does; ``epoch`` is the last that counts."""
        message = f"Stopping early after epoch {epoch} of {epochs}; the best epoch so far is kept"
        self._tell(
            StoppedEarly(
                event="stopped_early",
                time=time.time(),
                epoch=epoch,
                epochs=epochs,
                message=message,
            )
        )

    def warning(self, message: str) -> None:
        """Something that whoever reads the result must know."""
        self._tell(Warned(event="warning", time=time.time(), message=message))

    def finished(self, model_name: str, files: dict[str, str], headline: dict[str, float]) -> None:
        """The last event of a run that went well."""
        self._tell(
            Finished(
                event="finished",
                time=time.time(),
                model_name=model_name,
                files=files,
                headline=headline,
            )
        )

    def failed(self, code: str, message: str) -> None:
        """The last event of a run that did not."""
        self._tell(Failed(event="failed", time=time.time(), code=code, message=message))

    def _tell(self, event: Event) -> None:
        for listener in self._listeners:
            listener(event)
