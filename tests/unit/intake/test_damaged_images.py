"""Every good image is kept, every bad one named, and none can do harm."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from server.domain.pixels import MAX_PIXELS
from server.intake.image_check import check_image
from server.intake.manifest import ProblemKind
from server.intake.understand import understand
from tests.unit.intake.folders import picture, put, the_one

_GIF = b"GIF89a" + bytes(20)


def _noisy(form: str, size: tuple[int, int] = (160, 120)) -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise(size, 80).convert("RGB").save(buffer, form)
    return buffer.getvalue()


def _huge_png() -> bytes:
    """A header that announces 10,001 × 10,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", MAX_PIXELS // 10_000 + 1, 10_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (_noisy("JPEG")[:2000], "cut short"),
        (_noisy("PNG")[:2000], "cut short"),
        (b"<html>not found</html>", "not a JPEG, PNG, BMP, TIFF or WebP"),
        (_GIF, "not a JPEG, PNG, BMP, TIFF or WebP"),
        (b"\xff\xd8\xff\xe0" + bytes(100), "damaged"),
        (_huge_png(), "megapixels"),
    ],
)
def test_a_bad_image_is_named_and_the_good_one_kept(
    tmp_path: Path, content: bytes, says: str
) -> None:
    put(tmp_path, "mel/good.jpg", picture())
    put(tmp_path, "mel/bad.jpg", content)
    manifest = understand(tmp_path)
    problem = the_one(manifest, ProblemKind.UNREADABLE_IMAGE)
    assert problem.file == "mel/bad.jpg"
    assert says in problem.message
    assert [image.image_id for image in manifest.images] == ["good"]


@pytest.mark.parametrize(
    ("name", "form"), [("a.jpg", "PNG"), ("a.png", "JPEG"), ("a.JPEG", "JPEG")]
)
def test_a_wrong_ending_does_no_harm(tmp_path: Path, name: str, form: str) -> None:
    put(tmp_path, name, picture(form=form))
    assert check_image(tmp_path, name).fault is None


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK", "RGBA", "P", "I;16", "1", "LA"])
def test_every_colour_mode_of_the_two_formats_is_read(tmp_path: Path, mode: str) -> None:
    form = "JPEG" if mode == "CMYK" else "PNG"
    Image.new(mode, (10, 20)).save(tmp_path / "a.png", form)
    assert (check_image(tmp_path, "a.png").width, check_image(tmp_path, "a.png").height) == (10, 20)


def test_the_size_is_that_of_the_upright_picture(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    Image.new("RGB", (40, 30)).save(tmp_path / "a.jpg", exif=exif)
    checked = check_image(tmp_path, "a.jpg")
    assert (checked.width, checked.height) == (30, 40)


def test_a_link_to_nothing_is_named(tmp_path: Path) -> None:
    put(tmp_path, "mel/good.jpg", picture())
    try:
        (tmp_path / "mel" / "bad.jpg").symlink_to(tmp_path / "nowhere.jpg")
    except OSError:
        pytest.skip("this system lets only some accounts make links")
    assert the_one(understand(tmp_path), ProblemKind.UNREADABLE_IMAGE).file == "mel/bad.jpg"


@settings(max_examples=150, deadline=None)
@given(data=st.data(), form=st.sampled_from(["JPEG", "PNG"]))
def test_no_damage_makes_the_check_fail_itself(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, form: str
) -> None:
    """Whatever bytes are changed or cut, the answer is a size or a sentence."""
    whole = bytearray(picture(size=(24, 18), form=form))
    for _ in range(data.draw(st.integers(0, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    folder = tmp_path_factory.getbasetemp()
    put(folder, "fuzzed.jpg", bytes(whole[: data.draw(st.integers(0, len(whole)))]))
    checked = check_image(folder, "fuzzed.jpg")
    assert (checked.fault is None) == (checked.width > 0 and checked.height > 0)
