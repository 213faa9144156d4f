"""Use case: compare models by their reports.

The comparison is part of the training program, which the server never imports: it runs as a program
of its own, ``python -m server.training.compare … --json``, and what it printed is the answer. The
same reports give the same answer, so the last few are kept.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import structlog

from server.domain import errors
from server.domain.errors import Conflict, DermaScanError, InvalidInput, NotFound
from server.domain.events import EXIT_FINISHED, EXIT_REFUSED
from server.services.models import ModelService

log = structlog.get_logger(__name__)

REPOSITORY = Path(__file__).resolve().parents[2]
MOST_MODELS = 20
"""Models on one side; more are asked of the program itself."""

_SECONDS = 120
_AT_ONCE = 2
_KEPT = 32
_BY_CODE: dict[str, type[DermaScanError]] = {
    kind.code: kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, DermaScanError)
}

_Key = tuple[tuple[tuple[str, int, int], ...], ...]


class ComparisonService:
    """Compares models of one server.

    Args:
        models: where their reports are.
    """

    def __init__(self, models: ModelService) -> None:
        self._models = models
        self._known: OrderedDict[_Key, dict[str, Any]] = OrderedDict()
        self._lock = threading.Lock()
        self._room = threading.BoundedSemaphore(_AT_ONCE)

    def compare(self, a: Sequence[str], b: Sequence[str]) -> dict[str, Any]:
        """What ``server.training.evaluation.comparison.Comparison`` holds, as plain values.

        Args:
            a, b: names of the models of each side; several are one recipe with several seeds.

        Raises:
            NotFound: no such model, or one without a report.
            InvalidInput: the models cannot be compared; the sentence says why.
            Conflict: others are being compared, and it takes long.
        """
        if not a or not b or max(len(a), len(b)) > MOST_MODELS:
            raise InvalidInput(
                f"Name the models of both sides, from 1 to {MOST_MODELS} each, such as "
                "/api/compare-models?a=NAME&b=NAME.",
                field="a" if not a or len(a) > MOST_MODELS else "b",
            )
        sides = [[self._report(name) for name in dict.fromkeys(side)] for side in (a, b)]
        key = tuple(tuple(_identity(path) for path in side) for side in sides)
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        if not self._room.acquire(timeout=_SECONDS):
            raise Conflict("Other models are being compared; try again in a minute.")
        try:
            found = _run(*sides)
        finally:
            self._room.release()
        with self._lock:
            self._known[key] = found
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return found

    def _report(self, name: str) -> Path:
        report = self._models.get(name).files.get("report")
        if report is None:
            raise NotFound(
                f"The model {name} has no report, because an older version trained it; train it "
                "again to compare it.",
                model=name,
            )
        return report


def _identity(path: Path) -> tuple[str, int, int]:
    try:
        status = path.stat()
    except OSError as error:
        raise NotFound(f"The report {path.name} is not there any more.") from error
    return str(path), status.st_mtime_ns, status.st_size


def _run(a: Sequence[Path], b: Sequence[Path]) -> dict[str, Any]:
    words = ["server.training.compare", *map(str, a), "--json", "--with", *map(str, b)]
    try:
        done = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            encoding="utf-8",
            errors="replace",
            env={**os.environ, "PYTHONUTF8": "1"},
        )
    except subprocess.TimeoutExpired as late:
        raise Conflict(
            f"Comparing these models took longer than {_SECONDS} seconds; run "
            "python -m server.training.compare with their reports instead."
        ) from late
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
        if done.returncode == EXIT_FINISHED:
            return answer
        if done.returncode == EXIT_REFUSED:
            error = answer["error"]
            raise _BY_CODE[error["code"]](error["message"], **error["where"])
    except (ValueError, KeyError, TypeError):
        pass
    log.error("the comparison program died", exit_code=done.returncode, said=done.stderr[-4000:])
    raise InvalidInput(
        "The models could not be compared, because the program that does it ended without an "
        "answer; the server's log says more."
    )
