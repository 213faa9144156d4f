"""A heart that changes, progress that is measured."""

from __future__ import annotations

import math
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from server.domain.events import Progress
from server.runner.heartbeat import Heart
from server.runner.news import RunNews


def test_every_beat_changes_the_file(tmp_path: Path) -> None:
    path = tmp_path / "heartbeat"
    heart = Heart(path, 0)
    seen = set()
    for _ in range(20):
        heart.beat()
        seen.add(path.read_bytes())
    heart.stop()
    assert len(seen) == 20


def test_a_beat_that_is_not_due_yet_writes_nothing(tmp_path: Path) -> None:
    heart = Heart(tmp_path / "heartbeat", 3600)
    heart.beat()
    first = (tmp_path / "heartbeat").read_bytes()
    heart.beat()
    heart.stop()
    assert (tmp_path / "heartbeat").read_bytes() == first


def test_a_heart_that_never_beat_was_silent_for_ever_and_one_that_beat_was_not(
    tmp_path: Path,
) -> None:
    heart = Heart(tmp_path / "heartbeat", 3600)
    assert heart.silent_seconds == math.inf
    heart.beat()
    assert 0 <= heart.silent_seconds < math.inf
    heart.stop()


@given(done=st.integers(0, 10**6), total=st.integers(0, 10**6))
def test_progress_is_a_percentage_below_100_until_the_job_is_completed(
    done: int, total: int
) -> None:
    news = RunNews()
    news.take(
        [
            Progress(
                event="progress",
                time=0.0,
                steps_done=done,
                steps_total=total,
                epoch=1,
                epochs=3,
                message="Epoch 1/3",
                seconds_left=None,
            )
        ]
    )
    changed = news.changed()
    assert 0 <= changed["progress"] <= 99
    assert changed["message"] == "Epoch 1/3"
    assert news.changed() == {}
