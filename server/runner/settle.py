"""How a run ended, judged by its last event, its exit code and its log."""

from __future__ import annotations

import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path

from server.domain.errors import OutOfMemory
from server.domain.events import (
    EXIT_ABANDONED,
    EXIT_OUT_OF_MEMORY,
    EXIT_REFUSED,
    Failed,
    Finished,
)
from server.store.log_files import new_lines, size_of

_CRASHED = "crashed"
_LONGEST_REASON = 500
_LOOKED_AT_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class Published:
    """It made a model."""

    model_name: str
    files: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refused:
    """It said why it cannot be done; trying again cannot help."""

    reason: str


@dataclass(frozen=True, slots=True)
class Crashed:
    """It ended without a word of its own, or with an error nobody foresaw."""

    reason: str


@dataclass(frozen=True, slots=True)
class Interrupted:
    """It ended because nobody watched it: not its own fault."""


Outcome = Published | Refused | Crashed | Interrupted


def outcome(
    last: Finished | Failed | None, exit_code: int | None, said: str, *, was_watched: bool
) -> Outcome:
    """What became of a process that is gone.

    Args:
        last: its final event, if it wrote one.
        exit_code: None when it was started by a server before this one.
        said: the last line it printed.
        was_watched: False when it was found dead by a server that has just started, or may have
            ended because it saw no heartbeat.
    """
    if last is not None and last["event"] == "finished":
        return Published(last["model_name"], dict(last["files"]))
    if last is not None and last["event"] == "failed":
        reason = last["message"]
        return Crashed(reason) if last["code"] == _CRASHED else Refused(reason)
    if exit_code in (None, EXIT_ABANDONED) and not was_watched:
        return Interrupted()
    if exit_code == EXIT_REFUSED:
        return Refused(said or "The training program refused without a reason.")
    if exit_code == EXIT_OUT_OF_MEMORY:
        return Refused(said or OutOfMemory("The training ran out of memory.").message)
    return Crashed(_why(exit_code, said))


def _why(exit_code: int | None, said: str) -> str:
    if exit_code is not None and exit_code < 0:
        name = _signal_name(-exit_code)
        hint = " (often the system, when memory runs out)" if name == "SIGKILL" else ""
        return f"The training process was ended by {name}{hint}."
    ending = "ended" if exit_code is None else f"ended with exit code {exit_code}"
    return f"The training process {ending}: {said}" if said else f"The training process {ending}."


def _signal_name(number: int) -> str:
    known = {each.value: each.name for each in signal.Signals}
    return known.get(number, f"signal {number}") if sys.platform != "win32" else str(number)


def last_line(log: Path, since: int) -> str:
    """The last line printed after byte ``since`` of ``log``; empty when there is none."""
    start = max(since, size_of(log) - _LOOKED_AT_BYTES)
    text, _ = new_lines(log, start)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:_LONGEST_REASON] if lines else ""
