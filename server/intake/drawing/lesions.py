"""Five kinds of drawn lesion, each with the marks that its namesake is known by.

Nevus: even brown, regular network. Melanoma: asymmetry, ragged border, several colours, a
blue-white veil. Keratosis: waxy tan with a sharp edge, dark and white dots, furrows. Angioma: red
lagoons between pale walls. Dermatofibroma: a white centre in a soft brown ring. They caricature
textbook signs and are no model of real disease.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from server.intake.drawing.fields import Cells, Noise, Picture, Plane, blend, step

Painter = Callable[[Picture, Plane, Plane], Picture]
"""Lays a lesion over skin: picture, then x and y of each pixel in the lesion's own coordinates."""


def nevus(rng: np.random.Generator) -> Painter:
    """Round, even, with a network that fades towards the rim."""
    noise, cells = Noise(rng), Cells(rng)
    outline = _outline(rng, radius=(0.42, 0.62), stretch=0.2, lobes=((2, 0.04), (3, 0.025)))
    body = _colour(rng, (0.53, 0.33, 0.2), 0.035)
    dark = body * rng.uniform(0.45, 0.6)
    mesh = rng.uniform(11.0, 15.0)

    def paint(skin: Picture, x: Plane, y: Plane) -> Picture:
        depth = outline(x, y) + 0.05 * noise.octaves(x, y, 5)
        inside = step(depth, 1.12, 0.82)
        tone = 0.72 + 0.2 * step(depth, 1.0, 0.2) + 0.1 * noise.at(x, y, 4)
        picture = blend(skin, _flat(body), inside * tone)
        wavy = 0.04 * noise.octaves(x, y, 7)
        nearest, second, _ = cells.at(x + wavy, y - wavy, mesh)
        lines = step(second - nearest, 0.42, 0.02)
        picture = blend(picture, _flat(dark), 0.5 * lines * step(depth, 1.08, 0.5))
        return blend(picture, _flat(dark), 0.4 * step(depth, 0.65, 0.0))

    return paint


def melanoma(rng: np.random.Generator) -> Painter:
    """Lopsided and ragged, in four colours, with dark streaks at the edge and a grey-blue veil."""
    noise, patches, cells = Noise(rng), Noise(rng), Cells(rng, jitter=1.0)
    lobes = ((2, 0.16), (3, 0.14), (4, 0.08), (5, 0.07), (7, 0.05))
    outline = _outline(rng, radius=(0.52, 0.7), stretch=0.3, lobes=lobes)
    body = _colour(rng, (0.38, 0.23, 0.16), 0.03)
    red, veil = _colour(rng, (0.62, 0.27, 0.22), 0.04), _colour(rng, (0.45, 0.48, 0.54), 0.03)
    black = _colour(rng, (0.09, 0.06, 0.07), 0.015)
    turn = rng.uniform(0, 2 * np.pi)
    lean_x, lean_y = np.float32(0.3 * np.cos(turn)), np.float32(0.3 * np.sin(turn))
    rays = int(rng.integers(16, 26))

    def paint(skin: Picture, x: Plane, y: Plane) -> Picture:
        depth = outline(x, y) + 0.16 * noise.octaves(x, y, 3.5, 4)
        inside = step(depth, 1.06, 0.92)
        picture = blend(skin, _flat(body), inside * (0.86 + 0.14 * noise.at(x, y, 5)))
        spots = patches.octaves(x, y, 2.4)
        picture = blend(picture, _flat(red), 0.7 * inside * step(spots, -0.02, 0.42))
        wavy = 0.06 * noise.octaves(y, x, 6)
        nearest, second, _ = cells.at(x + wavy, y - wavy, 9.5)
        lines = step(second - nearest, 0.4, 0.02) * step(noise.at(x, y, 2), -0.3, 0.5)
        picture = blend(picture, _flat(black), 0.45 * inside * lines)
        away = np.hypot(x + lean_x * 0.7, y + lean_y * 0.7) + 0.3 * patches.octaves(y, x, 3, 4)
        picture = blend(picture, _flat(veil), 0.72 * inside * step(away, 0.42, 0.05))
        off_centre = np.hypot(x - lean_x, y - lean_y) + 0.34 * noise.octaves(y, x, 3.5, 4)
        picture = blend(picture, _flat(black), 0.88 * inside * step(off_centre, 0.42, 0.1))
        angle = np.arctan2(y, x) * rays + 4 * noise.at(x, y, 3)
        streaks = step(np.cos(angle), 0.5, 0.95) * step(np.abs(depth - 0.98), 0.2, 0.06)
        return blend(picture, _flat(black), 0.4 * streaks * step(patches.at(x, y, 1.7), 0.0, 0.4))

    return paint


def keratosis(rng: np.random.Generator) -> Painter:
    """A waxy tan plaque with a sharp edge, furrows, dark plugs and white dots."""
    noise, furrows = Noise(rng), Noise(rng)
    plugs, pearls = Cells(rng, jitter=1.0), Cells(rng, jitter=1.0)
    lobes = ((2, 0.05), (5, 0.035), (9, 0.03))
    outline = _outline(rng, radius=(0.5, 0.7), stretch=0.3, lobes=lobes)
    body = _colour(rng, (0.66, 0.53, 0.39), 0.035)
    deep = body * np.float32(0.62)
    plug, pearl = _colour(rng, (0.22, 0.14, 0.09), 0.02), _colour(rng, (0.95, 0.91, 0.78), 0.02)

    def paint(skin: Picture, x: Plane, y: Plane) -> Picture:
        depth = outline(x, y) + 0.05 * noise.octaves(x, y, 8)
        inside = step(depth, 1.02, 0.95)
        picture = blend(skin, _flat(body), inside * (0.88 + 0.1 * noise.at(x, y, 6)))
        ridges = step(np.abs(furrows.octaves(x, y, 4.5, 3)), 0.2, 0.0)
        picture = blend(picture, _flat(deep), 0.6 * inside * ridges)
        picture = blend(picture, _flat(deep), 0.5 * inside * step(depth, 0.86, 1.0))
        within = step(depth, 0.97, 0.85)
        dark, _, number = plugs.at(x, y, 5.2)
        share = within * step(dark - 0.16 * number, 0.2, 0.06) * step(number, 0.4, 0.42)
        picture = blend(picture, _flat(plug), 0.85 * share)
        white, _, number = pearls.at(x, y, 6)
        share = within * step(white - 0.12 * number, 0.19, 0.05) * step(number, 0.5, 0.52)
        return blend(picture, _flat(pearl), 0.8 * share)

    return paint


def angioma(rng: np.random.Generator) -> Painter:
    """Red to purple lagoons, close together, between pale walls."""
    noise, lagoons = Noise(rng), Cells(rng, jitter=0.7)
    outline = _outline(rng, radius=(0.4, 0.6), stretch=0.2, lobes=((3, 0.04), (5, 0.03)))
    wall = _colour(rng, (0.8, 0.42, 0.4), 0.03)
    red, purple = _colour(rng, (0.72, 0.1, 0.12), 0.035), _colour(rng, (0.42, 0.08, 0.22), 0.035)
    size = rng.uniform(4.6, 6.6)

    def paint(skin: Picture, x: Plane, y: Plane) -> Picture:
        depth = outline(x, y) + 0.04 * noise.octaves(x, y, 5)
        inside = step(depth, 1.1, 0.92)
        picture = blend(skin, _flat(wall), 0.85 * inside)
        wavy = 0.03 * noise.octaves(y, x, 6)
        nearest, second, number = lagoons.at(x + wavy, y - wavy, size)
        pool = step(second - nearest, 0.02, 0.34) * step(nearest, 0.62, 0.4)
        colour = blend(_flat(red) + np.zeros_like(skin), _flat(purple), number)
        lit = colour * (1.15 - 0.45 * nearest[..., None])
        return blend(picture, lit.astype(np.float32), 0.92 * pool * step(depth, 1.08, 0.88))

    return paint


def dermatofibroma(rng: np.random.Generator) -> Painter:
    """A white, star-like scar in the middle of a soft, pinkish brown ring."""
    noise, cells = Noise(rng), Cells(rng)
    outline = _outline(rng, radius=(0.42, 0.6), stretch=0.15, lobes=((2, 0.03), (3, 0.03)))
    ring = _colour(rng, (0.66, 0.4, 0.31), 0.03)
    dark, scar = ring * np.float32(0.72), _colour(rng, (0.96, 0.87, 0.83), 0.02)
    heart = rng.uniform(0.4, 0.52)

    def paint(skin: Picture, x: Plane, y: Plane) -> Picture:
        depth = outline(x, y) + 0.05 * noise.octaves(x, y, 4)
        picture = blend(skin, _flat(ring), 0.75 * step(depth, 1.25, 0.7))
        nearest, second, _ = cells.at(x, y, 12)
        lines = step(second - nearest, 0.34, 0.02)
        rim = step(depth, 1.1, 0.85) * step(depth, heart, heart + 0.2)
        picture = blend(picture, _flat(dark), 0.5 * lines * rim)
        starry = depth + 0.24 * noise.octaves(x, y, 6, 4)
        return blend(picture, _flat(scar), 0.9 * step(starry, heart + 0.2, heart - 0.2))

    return paint


def _outline(
    rng: np.random.Generator,
    radius: tuple[float, float],
    stretch: float,
    lobes: Sequence[tuple[int, float]],
) -> Callable[[Plane, Plane], Plane]:
    """How deep a point lies: 0 in the middle, 1 on the border, more outside.

    The border is an ellipse with waves: for each pair in ``lobes`` so many waves around, of about
    that share of the radius.
    """
    size, flat, turn = rng.uniform(*radius), 1 - rng.uniform(0, stretch), rng.uniform(0, np.pi)
    waves = [
        (count, height * rng.uniform(0.6, 1.4), rng.uniform(0, 2 * np.pi))
        for count, height in lobes
    ]

    def depth(x: Plane, y: Plane) -> Plane:
        along = x * np.cos(turn) + y * np.sin(turn)
        across = (y * np.cos(turn) - x * np.sin(turn)) / flat
        angle = np.arctan2(across, along)
        border = np.ones_like(x)
        for count, height, phase in waves:
            border += height * np.cos(count * angle + phase)
        return np.asarray(np.hypot(along, across) / (size * border), dtype=np.float32)

    return depth


def _colour(rng: np.random.Generator, rgb: tuple[float, float, float], spread: float) -> Picture:
    """A colour near ``rgb``: lighter or darker, and a little off in each channel."""
    light = rng.normal(0, spread)
    colour = np.clip(np.array(rgb) + light + rng.normal(0, spread / 3, 3), 0, 1)
    return np.asarray(colour, dtype=np.float32)


def _flat(colour: Picture) -> Picture:
    return colour.reshape(1, 1, 3)
