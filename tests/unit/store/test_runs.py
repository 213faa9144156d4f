"""Events and logs are read whole, in order and once, whatever the writer is in the middle of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.store.log_files import new_lines, tail_lines
from server.store.runs import EventTail, JobRuns, RunHistory


def _line(**event: Any) -> bytes:
    return json.dumps(event).encode() + b"\n"


@settings(max_examples=50)
@given(
    texts=st.lists(st.text(max_size=20), max_size=8), cuts=st.lists(st.integers(0, 400), max_size=6)
)
def test_events_arrive_once_and_in_order_wherever_the_file_is_cut(
    tmp_path_factory: Any, texts: list[str], cuts: list[int]
) -> None:
    path = tmp_path_factory.mktemp("tail") / "events.jsonl"
    whole = b"".join(_line(event="warning", message=text) for text in texts)
    tail, seen = EventTail(path), []
    with path.open("wb", buffering=0) as file:
        for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(whole)], strict=True):
            file.write(whole[start:end])
            seen += [event["message"] for event in tail.read_new()]  # type: ignore[typeddict-item]
    assert seen == texts


def test_a_torn_line_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"event": "warn\n\x00\x00\n[1]\n' + _line(event="warning", message="x"))
    assert [event["event"] for event in EventTail(path).read_new()] == ["warning"]


def _attempt(jobs_dir: Path, token: int, *events: bytes) -> Path:
    folder = jobs_dir / "a1b2c3d4" / f"run-{token}"
    folder.mkdir(parents=True)
    (folder / "events.jsonl").write_bytes(b"".join(events))
    return folder


def test_a_later_attempt_replaces_what_it_does_again(tmp_path: Path) -> None:
    def epochs(*numbers: int, loss: float) -> list[bytes]:
        return [_line(event="epoch", epoch=number, loss=loss) for number in numbers]

    started = _line(event="started", resumed_from_epoch=None)
    resumed = _line(event="started", resumed_from_epoch=2)
    _attempt(tmp_path, 1, started, *epochs(1, 2, 3, 4, loss=1.0))
    _attempt(tmp_path, 10, resumed, *epochs(3, loss=0.5))
    history = RunHistory(JobRuns(tmp_path), "a1b2c3d4").read()
    assert [(point["epoch"], point["loss"]) for point in history] == [(1, 1.0), (2, 1.0), (3, 0.5)]


def test_a_warning_that_every_attempt_says_again_is_kept_once(tmp_path: Path) -> None:
    _attempt(tmp_path, 1, _line(event="warning", message="near-copies"))
    history = RunHistory(JobRuns(tmp_path), "a1b2c3d4")
    assert history.warnings() == ["near-copies"]
    again = _line(event="warning", message="near-copies")
    _attempt(tmp_path, 2, again, _line(event="warning", message="memory ran out"))
    assert history.warnings() == ["near-copies", "memory ran out"]
    assert history.read() == []


def test_the_newest_checkpoint_is_the_last_one_that_is_still_there(tmp_path: Path) -> None:
    runs = JobRuns(tmp_path)
    assert runs.newest_checkpoint("a1b2c3d4") is None
    kept = tmp_path / "a1b2c3d4" / "run-2" / "kept.pt"
    gone = _line(event="checkpoint", epoch=9, path=str(kept.with_name("gone.pt")))
    _attempt(tmp_path, 2, _line(event="checkpoint", epoch=5, path=str(kept)), gone)
    kept.touch()
    _attempt(tmp_path, 10)
    assert runs.newest_checkpoint("a1b2c3d4") == (5, kept)
    assert runs.newest_checkpoint("a1b2c3d4", since_token=3) is None


@pytest.mark.parametrize("home", ["/another/home/jobs/a1b2c3d4/run-1", r"D:\derma\jobs\x\run-1"])
def test_a_checkpoint_is_found_wherever_the_home_was_when_it_was_written(
    tmp_path: Path, home: str
) -> None:
    separator = "\\" if "\\" in home else "/"
    _attempt(tmp_path, 1, _line(event="checkpoint", epoch=5, path=f"{home}{separator}c.pt"))
    checkpoint = tmp_path / "a1b2c3d4" / "run-1" / "c.pt"
    checkpoint.touch()
    assert JobRuns(tmp_path).newest_checkpoint("a1b2c3d4") == (5, checkpoint)


def test_an_ended_job_keeps_its_events_and_what_its_newest_checkpoint_needs(
    tmp_path: Path,
) -> None:
    files = ["c.pt", "best_epoch_0002.pt"]
    old = _line(event="checkpoint", epoch=1, path="c.pt", files=["c.pt", "best_epoch_0001.pt"])
    _attempt(tmp_path, 1, old)
    new = _line(event="checkpoint", epoch=2, path="c.pt", files=files)
    _attempt(tmp_path, 2, old, new)
    _attempt(tmp_path, 3)  # under way again already
    for run in (1, 2, 3):
        for name in (*files, "best_epoch_0001.pt", "features.bin", "heartbeat"):
            (tmp_path / "a1b2c3d4" / f"run-{run}" / name).touch()
    JobRuns(tmp_path).keep_checkpoint("a1b2c3d4", since_token=0, until_token=2)
    left = {
        run: sorted(path.name for path in (tmp_path / "a1b2c3d4" / f"run-{run}").iterdir())
        for run in (1, 2, 3)
    }
    assert left[1] == ["events.jsonl"]
    assert left[2] == sorted([*files, "events.jsonl"])
    assert len(left[3]) == 6


def test_an_attempt_that_was_replaced_has_no_say_in_the_curve(tmp_path: Path) -> None:
    started = _line(event="started", resumed_from_epoch=1)
    _attempt(tmp_path, 1, _line(event="epoch", epoch=1, loss=1.0))
    _attempt(tmp_path, 2, started, _line(event="epoch", epoch=2, loss=0.5))
    history = RunHistory(JobRuns(tmp_path), "a1b2c3d4")
    assert [point["epoch"] for point in history.read()] == [1, 2]
    with (tmp_path / "a1b2c3d4" / "run-1" / "events.jsonl").open("ab") as file:
        file.write(_line(event="epoch", epoch=2, loss=9.0))  # frozen until now
    assert [point["loss"] for point in history.read()] == [1.0, 0.5]


@settings(max_examples=50)
@given(lines=st.lists(st.text("aß\u2028 ", max_size=9), max_size=12), count=st.integers(0, 15))
def test_the_tail_of_a_log_is_its_last_lines(
    tmp_path_factory: Any, lines: list[str], count: int
) -> None:
    path = tmp_path_factory.mktemp("log") / "a.log"
    path.write_bytes("".join(f"{line}\n" for line in lines).encode())
    expected = "".join(f"{line}\n" for line in lines[len(lines) - min(count, len(lines)) :])
    assert tail_lines(path, count) == expected


def test_the_tail_of_a_large_log_needs_only_its_end(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"".join(b"line %d\n" % number for number in range(100_000)))
    assert tail_lines(path, 2) == "line 99998\nline 99999\n"
    assert tail_lines(tmp_path / "none.log", 2) == ""


def test_new_lines_leave_half_a_line_for_the_next_time(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes("eins\nzwö".encode())
    text, offset = new_lines(path, 0)
    assert text == "eins\n"
    with path.open("ab") as file:
        file.write(b"lf\n")
    assert new_lines(path, offset)[0] == "zwölf\n"
