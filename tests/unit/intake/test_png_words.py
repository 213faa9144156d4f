"""How a PNG was held is read as Pillow reads it, without a pixel being decoded."""

from __future__ import annotations

import io
import zlib

import pytest
from PIL import Image, PngImagePlugin

from server.intake.orientation import orientation_of, orientation_only
from server.intake.png_words import png_orientation

XMP = '<x:xmpmeta><rdf:Description tiff:Orientation="{}"/></x:xmpmeta>'


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content).to_bytes(4, "big")
    return len(content).to_bytes(4, "big") + kind + content + check


def _png(text: PngImagePlugin.PngInfo | None = None) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (9, 5)).save(made, "PNG", pnginfo=text)
    return made.getvalue()


def _exif(held: int, behind: bool) -> bytes:
    whole, said = _png(), _chunk(b"eXIf", orientation_only(held))
    place = whole.index(b"IEND" if behind else b"IDAT") - 4
    return whole[:place] + said + whole[place:]


def _hidden_in_text(held: int, packed: bool) -> bytes:
    said = b"Exif\0\0" + orientation_only(held)
    text = PngImagePlugin.PngInfo()
    text.add_text("Raw profile type exif", f"\nexif\n{len(said):8}\n{said.hex()}\n", zip=packed)
    return _png(text)


def _xmp(held: int) -> bytes:
    text = PngImagePlugin.PngInfo()
    text.add_itxt("XML:com.adobe.xmp", XMP.format(held))
    return _png(text)


@pytest.mark.parametrize("held", range(1, 9))
def test_every_place_where_programs_write_it_is_read(held: int) -> None:
    written = (
        _exif(held, behind=False),
        _exif(held, behind=True),
        _hidden_in_text(held, packed=False),
        _hidden_in_text(held, packed=True),
        _xmp(held),
    )
    for data in written:
        with Image.open(io.BytesIO(data)) as image:
            assert orientation_of(image) == held
        assert png_orientation(io.BytesIO(data)) == held


def test_what_says_nothing_or_nonsense_is_upright() -> None:
    whole = _png()
    endless = b"\x89PNG\r\n\x1a\n" + b"\xff\xff\xff\xffeXIfMM\0*"
    for data in (whole, whole[:20], b"", endless, _exif(9, behind=False)):
        assert png_orientation(io.BytesIO(data)) == 1
