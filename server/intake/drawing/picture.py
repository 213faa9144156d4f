"""One picture of a lesion: the skin under it, the hairs over it, the lens and the light.

A ``Patch`` of skin with its lesion is fixed; each ``view`` of it is another visit: turned, nearer
or further, lit differently.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from server.intake.drawing.fields import Cells, Noise, Picture, Plane, blend, step
from server.intake.drawing.lesions import Painter

_SKIN = (
    (0.93, 0.77, 0.70),
    (0.90, 0.74, 0.64),
    (0.88, 0.70, 0.57),
    (0.80, 0.61, 0.48),
    (0.68, 0.49, 0.37),
)
_HAIR = np.array((0.2, 0.14, 0.1), np.float32).reshape(1, 1, 3)
_FINER = 3  # hairs are drawn this many times larger and shrunk, which smooths them


@dataclass(frozen=True, slots=True)
class Camera:
    """How one view is taken: turn in radians, zoom, shift, brightness and warmth around 1."""

    turn: float
    zoom: float
    shift_x: float
    shift_y: float
    brightness: float
    warmth: float
    light_from: float

    @classmethod
    def random(cls, rng: np.random.Generator) -> Camera:
        return cls(
            turn=rng.uniform(0, 2 * np.pi),
            zoom=rng.uniform(0.85, 1.2),
            shift_x=rng.uniform(-0.12, 0.12),
            shift_y=rng.uniform(-0.12, 0.12),
            brightness=rng.uniform(0.88, 1.08),
            warmth=rng.uniform(0.96, 1.04),
            light_from=rng.uniform(0, 2 * np.pi),
        )


class Patch:
    """A patch of skin with one lesion and, often, some hairs."""

    def __init__(self, rng: np.random.Generator, paint: Painter) -> None:
        self._paint = paint
        self._tone = np.array(_SKIN[rng.choice(len(_SKIN), p=(0.28, 0.27, 0.22, 0.14, 0.09))])
        self._mottle, self._creases = Noise(rng), Cells(rng, jitter=1.0)
        count = int(rng.choice((0, 0, 0, 2, 4, 7)))
        self._hairs = [_hair(rng) for _ in range(count)]

    def view(self, rng: np.random.Generator, size: int) -> Image.Image:
        """The patch through a random camera, ``size`` × ``size`` pixels."""
        camera = Camera.random(rng)
        x, y = _plane(size)
        u, v = _through(camera, x, y)
        picture = self._paint(self._skin(u, v), u, v)
        picture = self._with_hairs(picture, camera, size)
        picture = _lit(picture, camera, x, y)
        grain = rng.normal(0, 0.012, picture.shape)
        pixels = (np.clip(picture + grain, 0, 1) * 255 + 0.5).astype(np.uint8)
        return Image.fromarray(pixels)

    def _skin(self, u: Plane, v: Plane) -> Picture:
        tone = self._tone.astype(np.float32).reshape(1, 1, 3)
        blotches = 0.035 * self._mottle.octaves(u, v, 1.8, 4)
        nearest, second, _ = self._creases.at(u, v, 11)
        creases = -0.022 * step(second - nearest, 0.3, 0.0)
        skin = tone + (blotches + creases)[..., None]
        flush = np.array((0.05, -0.03, -0.03), np.float32).reshape(1, 1, 3)
        skin = skin + flush * self._mottle.at(u, v, 1.1)[..., None]
        return skin.astype(np.float32)

    def _with_hairs(self, picture: Picture, camera: Camera, size: int) -> Picture:
        if not self._hairs:
            return picture
        canvas = Image.new("L", (size * _FINER, size * _FINER))
        pen = ImageDraw.Draw(canvas)
        for points, width in self._hairs:
            x, y = _onto(camera, points[:, 0], points[:, 1])
            spots = np.stack((x, y), axis=1) * (size * _FINER / 2) + size * _FINER / 2
            pen.line(
                [(float(a), float(b)) for a, b in spots],
                fill=230,
                width=max(1, round(width * camera.zoom * size * _FINER)),
                joint="curve",
            )
        canvas = canvas.filter(ImageFilter.GaussianBlur(1)).resize(
            (size, size), Image.Resampling.BOX
        )
        share = np.asarray(canvas, dtype=np.float32) * np.float32(0.85 / 255)
        return blend(picture, _HAIR, share)


def _hair(rng: np.random.Generator) -> tuple[Plane, float]:
    """Points along a bent hair, shape (24, 2), and its width as a share of the picture."""
    start = rng.uniform(-1.3, 1.3, 2)
    turn, length = rng.uniform(0, 2 * np.pi), rng.uniform(0.9, 2.0)
    end = start + length * np.array((np.cos(turn), np.sin(turn)))
    bend = (start + end) / 2 + rng.normal(0, 0.18, 2)
    t = np.linspace(0, 1, 24)[:, None]
    points = (1 - t) ** 2 * start + 2 * t * (1 - t) * bend + t**2 * end
    return points.astype(np.float32), float(rng.uniform(0.004, 0.009))


def _plane(size: int) -> tuple[Plane, Plane]:
    """Pixel centres from -1 to 1."""
    line = ((np.arange(size, dtype=np.float32) + 0.5) * 2 / size - 1).astype(np.float32)
    x, y = np.meshgrid(line, line)
    return x, y


def _through(camera: Camera, x: Plane, y: Plane) -> tuple[Plane, Plane]:
    """From the picture's coordinates to the patch's."""
    x, y = (x - camera.shift_x) / camera.zoom, (y - camera.shift_y) / camera.zoom
    cos, sin = np.float32(np.cos(camera.turn)), np.float32(np.sin(camera.turn))
    return (x * cos - y * sin).astype(np.float32), (x * sin + y * cos).astype(np.float32)


def _onto(camera: Camera, u: Plane, v: Plane) -> tuple[Plane, Plane]:
    """From the patch's coordinates to the picture's: the inverse of ``_through``."""
    cos, sin = np.float32(np.cos(camera.turn)), np.float32(np.sin(camera.turn))
    x, y = u * cos + v * sin, v * cos - u * sin
    zoom = np.float32(camera.zoom)
    return x * zoom + np.float32(camera.shift_x), y * zoom + np.float32(camera.shift_y)


def _lit(picture: Picture, camera: Camera, x: Plane, y: Plane) -> Picture:
    """Brightness, warmth, a side the light comes from, and the lens's dark corners."""
    side = 1 + 0.06 * (x * np.cos(camera.light_from) + y * np.sin(camera.light_from))
    corners = 1 - 0.42 * step(np.hypot(x, y), 0.85, 1.5)
    warmth = np.array((camera.warmth, 1, 2 - camera.warmth), np.float32).reshape(1, 1, 3)
    light = (camera.brightness * side * corners)[..., None]
    return np.asarray(picture * light * warmth, dtype=np.float32)
