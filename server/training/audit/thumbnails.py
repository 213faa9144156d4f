"""Small pictures that a report carries inside itself."""

from __future__ import annotations

import base64
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps

from server.domain.errors import InvalidInput
from server.domain.pixels import DAMAGED, open_image

SIDE = 96


def thumbnail(file: Path) -> str | None:
    """The image as a JPEG data URI, upright, its longer side 96 pixels; None if it cannot be read.

    Metadata of the photograph, such as a place or a name, is not in it.
    """
    try:
        image = open_image(file.read_bytes())
        image.draft("RGB", (4 * SIDE, 4 * SIDE))
        small = ImageOps.exif_transpose(image).convert("RGB")
        small.thumbnail((SIDE, SIDE), Image.Resampling.BILINEAR)
    except (InvalidInput, *DAMAGED):
        return None
    clean = Image.new("RGB", small.size)
    clean.paste(small)
    held = BytesIO()
    clean.save(held, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(held.getvalue()).decode('ascii')}"
