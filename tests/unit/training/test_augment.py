"""Augmentation: fair, repeatable, and nothing at all when its strength is zero."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from server.training.engine.augment import Strength, augment, draw

SAME_COLOURS = Strength(brightness=0, contrast=0, saturation=0, tint=0)
NOTHING = replace(SAME_COLOURS, turns=False, zoom=0, shift=0, flip=0)


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
    images, draws = pictures(2), np.full((2, 12), 0.5, dtype=np.float32)
    draws[:, [0, 4]] = 0.0  # no turn; left-right happens, top-bottom does not
    flipped = augment(images, draws, replace(SAME_COLOURS, flip=0.4), images.shape[-1])
    torch.testing.assert_close(flipped, images.flip(3), atol=1e-5, rtol=0)


@pytest.mark.parametrize("zoom", [0.3, -0.3])
def test_zoom_keeps_the_middle_where_it_is(zoom: float) -> None:
    images = torch.zeros(1, 3, 17, 17)
    images[:, :, 8, 8] = 1.0
    draws = np.full((1, 12), 0.5, dtype=np.float32)
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
    moved = augment(images, draw(0, 1, 64), replace(SAME_COLOURS, zoom=0, shift=0), 9)
    before, after = images.flatten(1).sort().values, moved.flatten(1).sort().values
    torch.testing.assert_close(before, after, atol=1e-5, rtol=0)
    assert len({int((one - images[0]).abs().sum() * 1000) for one in moved}) > 8


@pytest.mark.parametrize(
    ("drawn", "by_hand"),
    [
        ({6: 1.0}, [0.25, 0.5, 0.75]),  # a quarter brighter
        ({7: 1.0}, [0.16, 0.4, 0.64]),  # a fifth further from the mean, 0.4
        ({8: 0.0}, [0.24, 0.4, 0.56]),  # a fifth nearer to its own grey, 0.4
        ({9: 1.0, 11: 0.0}, [0.212, 0.4, 0.564]),  # more red, less blue
        ({6: 1.0, 7: 1.0}, [0.2, 0.5, 0.8]),
    ],
)
def test_colours_worked_by_hand(drawn: dict[int, float], by_hand: list[float]) -> None:
    images = torch.tensor([0.2, 0.4, 0.6])[None, :, None, None].expand(1, 3, 5, 5)
    draws = np.full((1, 12), 0.5, dtype=np.float32)
    for column, value in drawn.items():
        draws[0, column] = value
    changed = augment(images, draws, Strength(turns=False, flip=0), 5)
    torch.testing.assert_close(changed[0, :, 2, 2], torch.tensor(by_hand), atol=1e-5, rtol=0)
