"""Pictures of skin-like texture for the audit's tests, and files of them."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from server.training.engine.records import RecordFile, RecordWriter

Picture = npt.NDArray[np.uint8]
SIZE = 64
KEY = bytes(32)


def skin(seed: int, size: int = 128) -> Image.Image:
    """A dark spot on texture; every seed another texture, all spots alike."""
    noise = np.random.default_rng(seed)
    coarse = Image.fromarray(noise.integers(0, 256, (size, size, 3), dtype=np.uint8))
    texture = np.asarray(coarse.filter(ImageFilter.GaussianBlur(1.2)), dtype=np.float32) - 128
    y, x = np.mgrid[:size, :size] / size - 0.5
    spot = np.exp(-((x / 0.2) ** 2 + (y / 0.15) ** 2))[..., None]
    colour = np.array([220, 170, 150]) - spot * np.array([150, 120, 90])
    return Image.fromarray(np.clip(colour + 1.5 * texture, 0, 255).astype(np.uint8))


def square(image: Image.Image) -> Picture:
    """As the pixel cache would keep it."""
    return np.asarray(image.resize((SIZE, SIZE), Image.Resampling.BILINEAR), dtype=np.uint8)


def recompressed(image: Image.Image, quality: int) -> Image.Image:
    """After a trip through a JPEG file."""
    held = BytesIO()
    image.save(held, "JPEG", quality=quality)
    return Image.open(held).convert("RGB")


def record_file(path: Path, rows: list[npt.NDArray[np.generic]]) -> RecordFile:
    """A file of ``rows``."""
    size = rows[0].nbytes
    with RecordWriter(path, KEY, size) as writer:
        for row in rows:
            writer.append(row)
    return RecordFile(path, KEY, size)
