"""The events of a run as calm lines for a person."""

from __future__ import annotations

from collections.abc import Callable

from server.domain.events import EpochEnded, Event, Started


class Console:
    """Listener that turns events into lines.

    Args:
        say: takes one line, or several with line ends between them.
        progress: whether stages also say how long the run will take.
    """

    def __init__(self, say: Callable[[str], None], progress: bool = True) -> None:
        self._say = say
        self._progress = progress
        self._seconds_left: float | None = None

    def __call__(self, event: Event) -> None:
        match event["event"]:
            case "started":
                self._started(event)
            case "stage" | "stopped_early":
                self._say(event["message"])
            case "progress":
                self._seconds_left = event["seconds_left"]
            case "epoch":
                self._epoch(event)
            case "warning":
                self._say(f"Note: {event['message']}")
            case "failed":
                self._say(f"Failed: {event['message']}")
            case "checkpoint" | "finished":
                pass

    def _started(self, event: Started) -> None:
        fine_tuned = event["fine_tune_epochs"]
        phases = f"{event['epochs'] - fine_tuned} on the head, {fine_tuned} on the whole network"
        if event["weights"]["used"] != "random":  # a random start is a warning of its own
            self._say(f"Weights: {event['weights']['sentence']}")
        self._say(f"Device: {event['device']}")
        self._say(f"Epochs: {event['epochs']} ({phases})")
        if event["resumed_from_epoch"] is not None:
            self._say(f"Going on after epoch {event['resumed_from_epoch']}.")

    def _epoch(self, event: EpochEnded) -> None:
        width = len(str(event["epochs"]))
        line = (
            f"Epoch {event['epoch']:>{width}}/{event['epochs']}  loss {event['loss']:.3f}  "
            f"accuracy {event['accuracy']:.3f}  "
            f"validation balanced accuracy {event['val_balanced_accuracy']:.3f}"
            f"{' *' if event['best'] else '  '}"
        )
        waiting = event.get("waiting_share")
        if waiting is not None:
            line += f"  waited for images {waiting:.1%}"
        if self._progress and self._seconds_left is not None:
            line += f"  {in_words(self._seconds_left)} left"
        self._say(line.rstrip())


def in_words(seconds: float) -> str:
    """A length of time as a person says it: "40 s", "12 min", "3 h 5 min"."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"
