"""Small pictures that a report carries inside itself."""

from __future__ import annotations

import base64
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from server.domain.errors import InvalidInput
from server.domain.pixels import DAMAGED, open_image, upright_rgb

SIDE = 96
LARGE_SIDE = 160


def thumbnail(file: Path) -> str | None:
    """The image as a JPEG data URI, upright, its longer side 96 pixels; None if it cannot be read.

    Metadata of the photograph, such as a place or a name, is not in it.
    """
    try:
        image = open_image(file.read_bytes())
        image.draft("RGB", (4 * SIDE, 4 * SIDE))
        small = upright_rgb(image)
        small.thumbnail((SIDE, SIDE), Image.Resampling.BILINEAR)
    except (InvalidInput, *DAMAGED):
        return None
    return data_uri(small)


def picture_of_pixels(pixels: npt.NDArray[np.uint8], width: int, height: int) -> str:
    """The stored pixels [S, S, 3] of an image as a JPEG data URI, in its own proportions.

    Args:
        width, height: of the image itself; the longer side of the result is at most 160 pixels.
    """
    longer = min(LARGE_SIDE, pixels.shape[0])
    scale = longer / max(width, height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return data_uri(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))


def data_uri(small: Image.Image) -> str:
    """A picture as a JPEG data URI, without the metadata of the photograph."""
    clean = Image.new("RGB", small.size)
    clean.paste(small)
    held = BytesIO()
    clean.save(held, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(held.getvalue()).decode('ascii')}"
