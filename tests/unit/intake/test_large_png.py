"""A large PNG is judged as a decoder judges it, in a fraction of the memory."""

from __future__ import annotations

import io
import random
from pathlib import Path

import pytest
from PIL import Image

from server.intake.png_stream import DamagedPng, check_png

MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")


def _png(mode: str, size: tuple[int, int] = (37, 23)) -> bytes:
    drawn = io.BytesIO()
    picture = Image.effect_noise(size, 60)
    (Image.new("I;16", size, 900) if mode == "I;16" else picture.convert(mode)).save(drawn, "PNG")
    return drawn.getvalue()


@pytest.mark.parametrize("mode", MODES)
def test_every_whole_picture_passes(tmp_path: Path, mode: str) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(_png(mode))
    check_png(file)


def test_what_a_decoder_refuses_is_refused(tmp_path: Path) -> None:
    whole, chance = _png("RGB"), random.Random(1)
    file = tmp_path / "a.png"
    refused = 0
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[chance.randrange(8, len(whole))] ^= 1 << chance.randrange(8)
        file.write_bytes(bytes(damaged))
        try:
            with Image.open(file) as image:
                image.load()
        except Exception:
            refused += 1
            with pytest.raises(DamagedPng):
                check_png(file)
    assert refused > 200


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_missing_end_is_said(tmp_path: Path, share: float) -> None:
    whole, file = _png("RGBA"), tmp_path / "a.png"
    file.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(DamagedPng, match="truncated"):
        check_png(file)
