"""What stands apart from many numbers, whatever their order and unit."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.outliers import FEWEST, Spread, spread_of, spread_of_ratios

numbers = st.lists(st.integers(1, 100_000).map(float), min_size=FEWEST, max_size=60)


def apart(values: list[float], usual: Spread | None) -> list[bool]:
    """What is clearly outside; rounding decides of what lies on the edge itself."""
    if usual is None:
        return [False for _ in values]
    return [value < usual.low * (1 - 1e-9) or value > usual.high * (1 + 1e-9) for value in values]


def on_the_edge(values: list[float], usual: Spread | None) -> bool:
    edges = (usual.low, usual.high) if usual else ()
    return any(abs(value - edge) <= 1e-6 * abs(edge) for value in values for edge in edges)


@given(numbers, st.randoms(use_true_random=False))
def test_the_order_of_the_images_does_not_matter(values: list[float], order: random.Random) -> None:
    shuffled = values.copy()
    order.shuffle(shuffled)
    one, other = spread_of(values), spread_of(shuffled)
    assert (one is None) == (other is None)
    if one and other:
        assert (other.median, other.low) == pytest.approx((one.median, one.low), rel=1e-9)


@given(numbers, st.sampled_from([0.25, 3.0, 1000.0]))
def test_the_unit_of_a_number_does_not_decide_what_is_an_outlier(
    values: list[float], factor: float
) -> None:
    scaled = [value * factor for value in values]
    for rule in (spread_of, spread_of_ratios):
        usual = rule(values)
        if not on_the_edge(values, usual):
            assert apart(scaled, rule(scaled)) == apart(values, usual)


@given(numbers)
def test_never_more_than_half_of_the_images_are_outliers(values: list[float]) -> None:
    for rule in (spread_of, spread_of_ratios):
        assert sum(apart(values, rule(values))) <= len(values) / 2


def test_one_number_far_off_does_not_hide_another() -> None:
    usual = spread_of([100.0 + step for step in range(FEWEST)] + [1000.0, 1e9])
    assert usual is not None
    assert 119 < usual.high < 1000


def test_of_few_or_equal_numbers_nothing_is_said() -> None:
    assert spread_of([1.0, 2.0, 900.0]) is None
    assert spread_of([7.0] * 100) is None
    assert spread_of_ratios([0.0] * 100) is None


def test_a_few_others_among_equal_numbers_are_found() -> None:
    usual = spread_of([7.0] * 100 + [7.5, 60.0])
    assert usual is not None
    assert usual.high < 60
