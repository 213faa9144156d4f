"""What the events of one run mean for the row of its job."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from server.domain.events import Event, Failed, Finished

_UNTIL_COMPLETED = 99


class RunNews:
    """Collects events; hands over what changed since the last time it was asked.

    Attributes:
        last: the final event, once there is one.
    """

    def __init__(self) -> None:
        self.last: Finished | Failed | None = None
        self._changed: dict[str, Any] = {}
        self._said: str | None = None
        self._waiting = ""

    def take(self, events: Iterable[Event]) -> None:
        for event in events:
            self._take(event)

    def changed(self) -> dict[str, Any]:
        """Columns of the job with their new values."""
        changed, self._changed = self._changed, {}
        return changed

    def not_written(self, news: dict[str, Any]) -> None:
        """What ``changed`` handed over could not be written; newer news win."""
        self._changed = news | self._changed

    def hear_pulse(self, waiting_for: str) -> None:
        """The program waits for something, or (empty) does not any more."""
        if waiting_for == self._waiting:
            return
        self._waiting = waiting_for
        message = waiting_for or self._said
        if message is not None:
            self._changed["message"] = message

    def _say(self, message: str) -> None:
        self._said = message
        if not self._waiting:
            self._changed["message"] = message

    def _take(self, event: Event) -> None:
        match event["event"]:
            case "started":
                self._changed["stopped_after"] = None
                self._changed["weights_sentence"] = event["weights"]["sentence"]
                self._changed["epoch"] = event["resumed_from_epoch"] or 0
            case "stage":
                self._say(event["message"])
            case "progress":
                self._say(event["message"])
                self._changed["seconds_left"] = event["seconds_left"]
                self._changed["progress"] = _percent(event["steps_done"], event["steps_total"])
            case "epoch":
                self._changed["epoch"] = event["epoch"]
            case "stopped_early":
                self._changed["stopped_after"] = event["epoch"]
            case "finished" | "failed":
                self.last = event


def _percent(done: int, total: int) -> int:
    """Rounded, and below 100 until the job is completed."""
    return max(0, min(_UNTIL_COMPLETED, round(100 * done / total))) if total > 0 else 0
