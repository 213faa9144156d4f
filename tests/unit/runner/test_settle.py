"""What became of a run is judged by its last word first, then by how it ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.domain.events import Failed, Finished
from server.runner.settle import (
    Crashed,
    Interrupted,
    Outcome,
    Published,
    Refused,
    last_line,
    outcome,
)


def _failed(code: str) -> Failed:
    return Failed(event="failed", time=0.0, code=code, message="why")


FINISHED = Finished(
    event="finished", time=0.0, model_name="derma_x", files={"h5": "derma_x.h5"}, headline={}
)


@pytest.mark.parametrize(
    ("last", "exit_code", "was_watched", "expected"),
    [
        (FINISHED, 0, True, Published("derma_x", {"h5": "derma_x.h5"})),
        (FINISHED, None, False, Published("derma_x", {"h5": "derma_x.h5"})),
        (_failed("unusable_dataset"), 2, True, Refused("why")),
        (_failed("out_of_memory"), 3, True, Refused("why")),
        (_failed("crashed"), 1, True, Crashed("why")),
        (None, 2, True, Refused("said")),
        (None, 3, True, Refused("said")),
        (None, 4, False, Interrupted()),
        (None, 4, True, Crashed("The training process ended with exit code 4: said")),
        (None, None, False, Interrupted()),
        (None, 1, False, Crashed("The training process ended with exit code 1: said")),
        (None, 1, True, Crashed("The training process ended with exit code 1: said")),
        (None, None, True, Crashed("The training process ended: said")),
    ],
)
def test_the_outcome(
    last: Finished | Failed | None, exit_code: int | None, was_watched: bool, expected: Outcome
) -> None:
    assert outcome(last, exit_code, "said", was_watched=was_watched) == expected


def test_a_process_that_was_killed_is_said_to_be() -> None:
    end = outcome(None, -9, "", was_watched=True)
    assert isinstance(end, Crashed)
    assert "SIGKILL" in end.reason
    assert "memory" in end.reason


def test_the_last_line_is_one_of_this_attempt(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("of the attempt before\n", encoding="utf-8")
    since = log.stat().st_size
    assert last_line(log, since) == ""
    with log.open("a", encoding="utf-8") as file:
        file.write("first\nlast\n\n")
    assert last_line(log, since) == "last"
