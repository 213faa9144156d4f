"""What an epoch shows: every image, or rare classes more often, and the same for the same seed."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from server.training.engine.sampling import by_square_root, every_image_once

labels = st.lists(st.integers(0, 3), min_size=4, max_size=300).map(
    lambda drawn: np.array([0, 1, 2, 3, *drawn], dtype=np.int64)
)


@given(labels, st.integers(0, 5))
def test_every_image_once_is_a_permutation_that_differs_from_epoch_to_epoch(
    targets: np.ndarray, epoch: int
) -> None:
    order = every_image_once(targets, 4).order(0, epoch)
    assert sorted(order) == list(range(len(targets)))
    assert np.array_equal(order, every_image_once(targets, 4).order(0, epoch))


@given(labels, st.integers(0, 5))
def test_by_square_root_shows_as_many_images_as_there_are_and_none_of_a_class_twice_as_often(
    targets: np.ndarray, epoch: int
) -> None:
    sampling = by_square_root(targets, 4)
    order = sampling.order(7, epoch)
    assert len(order) == len(targets) == sampling.shown.sum()
    assert np.array_equal(np.bincount(targets[order], minlength=4), sampling.shown)
    for label in range(4):
        times = np.bincount(order, minlength=len(targets))[targets == label]
        assert times.max() - times.min() <= 1


@given(labels)
def test_by_square_root_follows_the_square_roots_of_the_class_sizes(targets: np.ndarray) -> None:
    counts = np.bincount(targets, minlength=4)
    wanted = np.sqrt(counts) / np.sqrt(counts).sum() * len(targets)
    assert np.abs(by_square_root(targets, 4).shown - wanted).max() <= 1


def test_epochs_differ() -> None:
    sampling = every_image_once(np.zeros(50, np.int64), 1)
    assert not np.array_equal(sampling.order(0, 1), sampling.order(0, 2))
