"""Quarter turns, flips, zoom and shift of training images in one resampling, and their colours.

A lesion has no up and no left, so all eight symmetries of the square are fair. They move pixels
without blurring them, which other angles do: the backbone then sees textures that it will never
meet again, and unlearns what it knows (our figures are in ``docs/science.md``). All of it is one
affine map an image, and so one ``grid_sample`` a batch. Saturation, contrast, brightness and tint
are each linear in the three colours, and so together one small matrix an image. The numbers depend
on nothing but seed, epoch and place.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

Draws = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Strength:
    """How far an image may be changed; all zero changes nothing.

    Attributes:
        turns: whether to turn by nothing, one, two or three quarters, each equally often.
        zoom: largest factor either way, as its natural logarithm.
        shift: largest shift either way, share of the side.
        flip: chance of a left-right and, separately, a top-bottom flip.
        brightness, contrast, saturation: largest change either way, share.
        tint: the same of each single colour.
    """

    turns: bool = True
    zoom: float = 0.25
    shift: float = 0.1
    flip: float = 0.5
    brightness: float = 0.25
    contrast: float = 0.2
    saturation: float = 0.2
    tint: float = 0.06


def draw(seed: int, epoch: int, images: int) -> Draws:
    """[images, 12] uniform numbers in [0, 1): what happens to each image in this epoch."""
    generator = np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, epoch, 1]))
    return generator.random((images, 12), dtype=np.float32)


def augment(images: torch.Tensor, draws: Draws, strength: Strength, size: int) -> torch.Tensor:
    """Change a batch.

    Args:
        images: [n, 3, S, S], float, in [0, 1].
        draws: [n, 12], rows of ``draw``.
        size: side of the result; from about 0.6 S on, below that pixels are skipped.

    Returns:
        [n, 3, size, size], float, in [0, 1]; beyond the edge the image is mirrored.
    """
    theta = torch.from_numpy(_affine(draws, strength)).to(images.device, images.dtype)
    grid = functional.affine_grid(theta, [*images.shape[:2], size, size], align_corners=False)
    moved = functional.grid_sample(
        images, grid, mode="bilinear", padding_mode="reflection", align_corners=False
    )
    mixing, lift = (
        torch.from_numpy(each).to(images.device, images.dtype) for each in _colours(draws, strength)
    )
    lift = lift * moved.mean(dim=(1, 2, 3))[:, None, None]
    return torch.baddbmm(lift, mixing, moved.flatten(2)).clamp_(0, 1).view_as(moved)


def _colours(draws: Draws, strength: Strength) -> tuple[Draws, Draws]:
    """[n, 3, 3], by which the colours are multiplied, and [n, 3, 1], how much of the image's mean
    is added: contrast is around the mean, saturation around each pixel's grey."""
    either_way = 2 * draws - 1
    gain = 1 + strength.brightness * either_way[:, 6]
    contrast = 1 + strength.contrast * either_way[:, 7]
    saturation = (1 + strength.saturation * either_way[:, 8])[:, None, None]
    tint = 1 + strength.tint * either_way[:, 9:12]
    towards_grey = np.full((3, 3), 1 / 3, dtype=np.float32)
    mixed = saturation * np.eye(3, dtype=np.float32) + (1 - saturation) * towards_grey
    scale = (gain * contrast)[:, None] * tint
    lift = (gain * (1 - contrast))[:, None] * tint
    return scale[:, :, None] * mixed, lift[:, :, None]


def _affine(draws: Draws, strength: Strength) -> Draws:
    """[n, 2, 3] maps from the place in the result to the place in the image, both in [-1, 1]."""
    either_way = 2 * draws - 1
    angle = np.floor(4 * draws[:, 0]) * (math.pi / 2) * strength.turns
    scale = np.exp(either_way[:, 1] * strength.zoom)
    flip_x = np.where(draws[:, 4] < strength.flip, -1.0, 1.0)
    flip_y = np.where(draws[:, 5] < strength.flip, -1.0, 1.0)
    theta = np.empty((len(draws), 2, 3), dtype=np.float32)
    theta[:, 0, 0] = np.cos(angle) * scale * flip_x
    theta[:, 0, 1] = -np.sin(angle) * scale * flip_y
    theta[:, 1, 0] = np.sin(angle) * scale * flip_x
    theta[:, 1, 1] = np.cos(angle) * scale * flip_y
    theta[:, :, 2] = either_way[:, 2:4] * 2 * strength.shift
    return theta
