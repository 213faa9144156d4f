"""Augmentation: fair, repeatable, and nothing at all when its strength is zero."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from server.training.engine.augment import Strength, augment, draw

NOTHING = Strength(turns=False, zoom=0, shift=0, flip=0, brightness=0)


def pictures(count: int, size: int = 16) -> torch.Tensor:
    """Different smooth pictures in [0, 1]."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand((count, 3, 4, 4), generator=generator)
    return torch.nn.functional.interpolate(coarse, size=(size, size), mode="bilinear")


def test_zero_strength_changes_nothing() -> None:
    images = pictures(5)
    torch.testing.assert_close(
        augment(images, draw(0, 1, 5), NOTHING, images.shape[-1]), images, atol=1e-5, rtol=0
    )


def test_full_strength_changes_every_image_in_its_own_way() -> None:
    one = pictures(1).expand(6, -1, -1, -1)
    changed = augment(one, draw(0, 1, 6), Strength(), one.shape[-1])
    for first in range(6):
        for second in range(first):
            assert (changed[first] - changed[second]).abs().max() > 0.01


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31 - 1), st.integers(1, 1000))
def test_images_stay_images_of_the_same_shape(seed: int, epoch: int) -> None:
    images = pictures(4)
    changed = augment(images, draw(seed, epoch, 4), Strength(), images.shape[-1])
    assert changed.shape == images.shape
    assert 0 <= float(changed.min()) <= float(changed.max()) <= 1


@given(st.integers(0, 2**31 - 1), st.integers(1, 1000), st.integers(1, 30))
def test_seed_epoch_and_image_decide_what_happens(seed: int, epoch: int, images: int) -> None:
    draws = draw(seed, epoch, images)
    assert np.array_equal(draws, draw(seed, epoch, images))
    assert not np.array_equal(draws, draw(seed, epoch + 1, images))
    assert not np.array_equal(draws, draw(seed + 1, epoch, images))


def test_an_image_is_changed_alike_in_whatever_batch_it_comes() -> None:
    images, draws = pictures(6), draw(3, 2, 6)
    whole = augment(images, draws, Strength(), images.shape[-1])
    order = np.array([4, 1, 5])
    torch.testing.assert_close(
        augment(images[order], draws[order], Strength(), images.shape[-1]), whole[order]
    )


def test_a_flip_is_a_flip() -> None:
    images, draws = pictures(2), np.full((2, 7), 0.5, dtype=np.float32)
    draws[:, [0, 4]] = 0.0  # no turn; left-right happens, top-bottom does not
    flipped = augment(images, draws, Strength(flip=0.4, brightness=0), images.shape[-1])
    torch.testing.assert_close(flipped, images.flip(3), atol=1e-5, rtol=0)


@pytest.mark.parametrize("zoom", [0.3, -0.3])
def test_zoom_keeps_the_middle_where_it_is(zoom: float) -> None:
    images = torch.zeros(1, 3, 17, 17)
    images[:, :, 8, 8] = 1.0
    draws = np.full((1, 7), 0.5, dtype=np.float32)
    draws[0, 1] = 0.5 + zoom / 2
    changed = augment(images, draws, Strength(zoom=1.0, flip=0), images.shape[-1])
    assert int(changed[0, 0].flatten().argmax()) == 8 * 17 + 8


def test_a_smaller_result_shows_the_whole_picture() -> None:
    ramp = torch.linspace(0, 1, 40).expand(1, 3, 40, 40)
    small = augment(ramp, draw(0, 1, 1), NOTHING, 28)
    assert small.shape == (1, 3, 28, 28)
    torch.testing.assert_close(small[0, 0, 0], torch.linspace(0, 1, 28), atol=0.02, rtol=0)


def test_a_turned_and_flipped_picture_has_the_very_same_pixels() -> None:
    images = torch.rand(64, 3, 9, 9)
    moved = augment(images, draw(0, 1, 64), Strength(zoom=0, shift=0, brightness=0), 9)
    before, after = images.flatten(1).sort().values, moved.flatten(1).sort().values
    torch.testing.assert_close(before, after, atol=1e-5, rtol=0)
    assert len({int((one - images[0]).abs().sum() * 1000) for one in moved}) > 8
