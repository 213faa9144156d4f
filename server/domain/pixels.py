"""From the bytes of one image to a square of RGB pixels: the same rule for training and prediction.

A model is only as good as the agreement between what it was trained on and what it is shown, so the
rule stands in one place. It needs Pillow alone and touches no disk.

The rule: the first frame; turned upright as EXIF says; transparency laid over white; 16-bit grey
scaled to 8 bits, not clipped; everything else as Pillow converts it to RGB; colour profiles are
ignored; then the whole image squeezed to a square, bilinear, antialiased, without a crop. Divided
by 255 it is what the network takes.
"""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

from PIL import Image, ImageOps

from server.domain.errors import InvalidInput

FORMATS = ("JPEG", "PNG", "BMP", "TIFF", "WEBP")
"""What is read, by Pillow's names; everything else is refused before it is decoded."""

MAX_PIXELS = 100_000_000
"""Width times height above which an image is refused before it is decoded."""

DAMAGED = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
"""What Pillow's decoders are known to raise on a damaged or hostile file."""

NO_COLOUR = ("F", "LAB")
"""Kinds of pixels, by Pillow's names, without an agreed meaning as a colour: refused."""

_GREY_16 = ("I", "I;16", "I;16B", "I;16L", "I;16N")


def read_square(data: bytes, size: int) -> Image.Image:
    """The image in ``data`` as ``size`` × ``size`` RGB pixels (mode ``RGB``, 0–255).

    Raises:
        InvalidInput: not an image of a known format, too large, or damaged.
    """
    return to_square_rgb(open_image(data), size)


def open_image(data: bytes) -> Image.Image:
    """The image in ``data``, format and size checked, pixels not decoded yet.

    Raises:
        InvalidInput: not an image of a known format, or more than ``MAX_PIXELS``.
    """
    try:
        image = Image.open(BytesIO(data), formats=FORMATS)
    except DAMAGED as error:
        raise InvalidInput(
            f"This is not an image that can be read; give one of {', '.join(FORMATS)}."
        ) from error
    if image.width * image.height > MAX_PIXELS:
        raise InvalidInput(
            f"The image has {image.width} × {image.height} pixels, more than the "
            f"{MAX_PIXELS // 1_000_000} million that are read; give a smaller one."
        )
    return image


def to_square_rgb(image: Image.Image, size: int) -> Image.Image:
    """An opened image as ``size`` × ``size`` RGB pixels (mode ``RGB``, 0–255).

    Raises:
        InvalidInput: the pixels are damaged, or of a kind without an agreed meaning as a colour.
    """
    try:
        colours = upright_rgb(image)
    except DAMAGED as error:
        raise InvalidInput(
            "The image is damaged: its pixels cannot be read; save it again or leave it out."
        ) from error
    return colours.resize((size, size), Image.Resampling.BILINEAR)


def upright_rgb(image: Image.Image) -> Image.Image:
    """An opened image at its own size by the same rule, for whoever shows it.

    Raises:
        InvalidInput: the pixels are of a kind without an agreed meaning as a colour.
        OSError and others of ``DAMAGED``: they cannot be decoded.
    """
    return _to_rgb(ImageOps.exif_transpose(image))


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    if image.mode in _GREY_16:
        # Pillow clips at 255 here, which turns a 16-bit photograph white.
        scaled = image.convert("F").point(lambda value: value * (1 / 257) + 0)
        return scaled.convert("L").convert("RGB")
    if image.mode in NO_COLOUR:
        raise InvalidInput(
            f"The image holds {image.mode} pixels, which have no agreed meaning as a colour; "
            "save it as an 8-bit RGB image."
        )
    if image.has_transparency_data:
        over = image.convert("RGBA")
        white = Image.new("RGBA", over.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, over).convert("RGB")
    return image.convert("RGB")
