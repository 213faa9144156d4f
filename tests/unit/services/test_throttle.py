"""Guessing is stopped by counting failures in a window that slides."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.services.throttle import Throttle


class _Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_after_the_limit_one_waits_until_the_oldest_failure_is_old_enough() -> None:
    clock = _Clock()
    throttle = Throttle(2, 60, clock)
    assert throttle.take("ada") == 0
    clock.now += 10
    assert throttle.take("ada") == 0
    assert throttle.take("ada") == 50
    clock.now += 49
    assert throttle.take("ada") == 1
    clock.now += 1
    assert throttle.take("ada") == 0


def test_one_key_does_not_hold_up_another_and_success_does_not_count() -> None:
    throttle = Throttle(1, 60, _Clock())
    assert throttle.take("ada") == 0
    assert throttle.take("eve") == 0
    throttle.forgive("ada")
    assert throttle.take("ada") == 0
    assert throttle.take("eve") > 0


@given(st.lists(st.floats(0, 30), max_size=60), st.integers(1, 5))
def test_in_no_window_are_more_than_the_limit_allowed(steps: list[float], limit: int) -> None:
    clock = _Clock()
    throttle = Throttle(limit, 60, clock)
    allowed = []
    for step in steps:
        clock.now += step
        if throttle.take("key") == 0:
            allowed.append(clock.now)
    for first, last in zip(allowed, allowed[limit:], strict=False):
        assert last - first >= 60


def test_a_flood_of_keys_does_not_fill_the_memory() -> None:
    throttle = Throttle(5, 60, _Clock())
    for number in range(20_500):
        throttle.take(f"key {number}")
    assert len(throttle._tries) <= 10_000
