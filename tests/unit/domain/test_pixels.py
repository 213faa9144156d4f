"""One rule from photograph to pixels, whatever the camera or the program wrote."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from server.domain import pixels
from server.domain.errors import InvalidInput
from server.domain.pixels import open_image, read_square, to_square_rgb


def _encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def _quadrants() -> Image.Image:
    """32 × 48: red and green above, blue and white below."""
    image = Image.new("RGB", (32, 48))
    image.paste((255, 0, 0), (0, 0, 16, 24))
    image.paste((0, 255, 0), (16, 0, 32, 24))
    image.paste((0, 0, 255), (0, 24, 16, 48))
    image.paste((255, 255, 255), (16, 24, 32, 48))
    return image


def _corners(image: Image.Image) -> list[Any]:
    last = image.width - 1
    return [image.getpixel(at) for at in ((0, 0), (last, 0), (0, last), (last, last))]


def test_the_whole_image_is_squeezed_to_the_square_without_a_crop() -> None:
    square = read_square(_encoded(_quadrants()), 16)
    assert (square.mode, square.size) == ("RGB", (16, 16))
    assert _corners(square) == [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)]


def test_shrinking_is_bilinear_and_antialiased() -> None:
    random = np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    image = Image.fromarray(random)
    expected = image.resize((30, 30), Image.Resampling.BILINEAR)
    assert read_square(_encoded(image), 30).tobytes() == expected.tobytes()
    assert np.asarray(expected).std() < 35, "fine noise is averaged away"


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_a_photograph_is_turned_upright_as_exif_says(kind: str, orientation: int) -> None:
    turns = {
        1: [],
        2: [Image.Transpose.FLIP_LEFT_RIGHT],
        3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.TRANSPOSE],
        6: [Image.Transpose.ROTATE_90],
        7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_270],
    }
    stored = _quadrants()
    for turn in turns[orientation]:
        stored = stored.transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 100, "subsampling": 0} if kind == "JPEG" else {}
    square = read_square(_encoded(stored, kind, exif=exif, **options), 16)
    found = np.asarray(_corners(square), dtype=int)
    expected = np.asarray([(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)])
    assert np.abs(found - expected).max() <= 3


def test_16_bit_grey_is_scaled_and_not_clipped() -> None:
    ramp = np.linspace(0, 65535, 32 * 32).astype(np.uint16).reshape(32, 32)
    for kind in ("PNG", "TIFF"):
        grey = np.asarray(read_square(_encoded(Image.fromarray(ramp), kind), 32)).astype(float)
        assert np.abs(grey - ramp[..., np.newaxis] / 257).max() <= 1


def test_transparency_is_laid_over_white() -> None:
    clear = Image.new("RGBA", (8, 8), (10, 20, 30, 0))
    assert read_square(_encoded(clear), 8).getpixel((4, 4)) == (255, 255, 255)
    half = Image.new("RGBA", (8, 8), (0, 0, 0, 128))
    assert read_square(_encoded(half), 8).getpixel((4, 4)) == (127, 127, 127)


def test_a_palette_with_a_transparent_colour_is_laid_over_white() -> None:
    image = Image.new("P", (8, 8), 1)
    image.putpalette([0, 0, 0, 200, 10, 10])
    data = _encoded(image, transparency=1)
    assert read_square(data, 8).getpixel((4, 4)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "HSV"])
def test_every_common_kind_of_pixel_keeps_its_colour(mode: str) -> None:
    white = Image.new("RGB", (8, 8), (255, 255, 255)).convert(mode)
    assert to_square_rgb(white, 8).getpixel((4, 4)) == (255, 255, 255)


def test_a_printers_jpeg_keeps_its_colour() -> None:
    red = Image.new("RGB", (16, 16), (200, 30, 30)).convert("CMYK")
    found = np.asarray(read_square(_encoded(red, "JPEG", quality=95), 16)).astype(int)
    assert np.abs(found - [200, 30, 30]).max() < 12


@pytest.mark.parametrize("mode", ["F", "LAB"])
def test_pixels_without_an_agreed_colour_are_refused(mode: str) -> None:
    with pytest.raises(InvalidInput, match="no agreed meaning"):
        to_square_rgb(Image.new(mode, (8, 8)), 8)


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"<svg/>", b"\x89PNG\r\n\x1a\n"])
def test_what_is_not_an_image_is_refused_in_one_sentence(data: bytes) -> None:
    with pytest.raises(InvalidInput, match="not an image that can be read"):
        read_square(data, 8)


def test_a_format_that_is_not_on_the_list_is_not_decoded() -> None:
    with pytest.raises(InvalidInput, match="JPEG, PNG"):
        open_image(_encoded(Image.new("P", (8, 8)), "GIF"))


def test_a_photograph_that_was_cut_off_is_refused_and_not_half_grey() -> None:
    whole = _encoded(Image.effect_noise((200, 200), 80).convert("RGB"), "JPEG")
    with pytest.raises(InvalidInput, match="damaged"):
        read_square(whole[: len(whole) // 2], 32)


def test_too_many_pixels_are_refused_before_they_are_decoded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pixels, "MAX_PIXELS", 99)
    with pytest.raises(InvalidInput, match="10 × 10 pixels"):
        open_image(_encoded(Image.new("RGB", (10, 10))))


@settings(max_examples=100, deadline=None)
@given(at=st.integers(0, 10_000), value=st.integers(0, 255), kind=st.sampled_from(["PNG", "JPEG"]))
def test_a_damaged_file_gives_pixels_or_a_refusal_but_never_another_error(
    at: int, value: int, kind: str
) -> None:
    data = bytearray(_encoded(_quadrants(), kind))
    data[at % len(data)] = value
    try:
        square = read_square(bytes(data), 16)
    except InvalidInput:
        return
    assert (square.mode, square.size) == ("RGB", (16, 16))
