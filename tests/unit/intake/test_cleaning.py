"""A cleaned picture shows the same pixels the same way up, and tells nothing else."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageOps, PngImagePlugin, TiffImagePlugin

from server.intake.clean_jpeg import NotThisFormat
from server.intake.cleaning import clean_folder, cleaned

SECRET = b"Jane-Roe-52.2297N"
HIDDEN = SECRET[:13].decode().encode("utf-16-be")
FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP")
MODES = {
    "JPEG": ("RGB", "L", "CMYK"),
    "PNG": ("RGB", "L", "RGBA", "LA", "P", "1", "I;16"),
    "WEBP": ("RGB", "RGBA"),
    "TIFF": ("RGB", "L", "RGBA", "P", "1", "CMYK", "I;16", "F"),
    "BMP": ("RGB", "L", "P", "1", "RGBA"),
}
PACKINGS = ("raw", "tiff_lzw", "tiff_deflate", "packbits", "jpeg")


def _picture(mode: str, width: int, height: int, seed: int) -> Image.Image:
    random = np.random.default_rng(seed)
    if mode == "I;16":
        return Image.fromarray(random.integers(0, 65_536, (height, width), dtype=np.uint16))
    if mode == "F":
        return Image.fromarray(random.random((height, width), dtype=np.float32))
    colours = Image.fromarray(random.integers(0, 256, (height, width, 3), dtype=np.uint8))
    if mode in ("RGBA", "LA"):
        colours.putalpha(Image.fromarray(random.integers(0, 256, (height, width), dtype=np.uint8)))
    return colours.quantize(16) if mode == "P" else colours.convert(mode)


def _exif(orientation: int | None) -> Image.Exif:
    exif = Image.Exif()
    exif[0x010E] = exif[0x013B] = SECRET.decode()
    exif.get_ifd(0x8825)[29] = SECRET.decode()
    if orientation is not None:
        exif[0x0112] = orientation
    return exif


def _profile() -> bytes:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = profile[:24] + bytes(12) + profile[36:]  # not the time of day
    # the description of the profile, in UTF-16, is where a monitor's owner stands
    return profile.replace("sRGB built-in".encode("utf-16-be"), HIDDEN)


def _photograph(
    kind: str, image: Image.Image, orientation: int | None, *, packing: str, profile: bool
) -> bytes:
    """A file of that format that says the secret wherever it can."""
    options: dict[str, Any] = {"icc_profile": _profile()} if profile else {}
    written = BytesIO()
    if kind == "JPEG":
        options |= {"exif": _exif(orientation), "comment": SECRET, "progressive": image.width % 2}
        options["xmp"] = b"<x:xmpmeta>" + SECRET + b"</x:xmpmeta>"
    elif kind == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_text("Author", SECRET.decode())
        text.add_itxt("Title", SECRET.decode(), zip=True)
        text.add(b"prVt", SECRET)
        text.add(b"teSt", SECRET, after_idat=True)
        options |= {"exif": _exif(orientation), "pnginfo": text}
    elif kind == "WEBP":
        options |= {"exif": _exif(orientation), "xmp": SECRET, "lossless": True, "exact": True}
    elif kind == "TIFF":
        tags = TiffImagePlugin.ImageFileDirectory_v2()
        tags[270] = tags[315] = tags[305] = SECRET.decode()
        tags[700] = SECRET
        if orientation is not None:
            tags[274] = orientation
        options |= {"tiffinfo": tags, "compression": packing}
    image.save(written, kind, **options)
    return written.getvalue() + SECRET + written.getvalue()


def _shown(data: bytes) -> tuple[str, tuple[int, int], bytes]:
    """How the picture looks, upright, with its palette applied."""
    with Image.open(BytesIO(data)) as image:
        image.load()
        upright = ImageOps.exif_transpose(image.convert("RGB") if image.mode == "P" else image)
        return upright.mode, upright.size, upright.tobytes()


@settings(max_examples=250, deadline=None)
@given(
    kind_and_mode=st.sampled_from([(kind, mode) for kind in FORMATS for mode in MODES[kind]]),
    width=st.integers(1, 40),
    height=st.integers(1, 40),
    seed=st.integers(0, 2**32 - 1),
    said=st.tuples(
        st.one_of(st.none(), st.integers(1, 8)), st.sampled_from(PACKINGS), st.booleans()
    ),
)
def test_the_pixels_stay_and_the_secret_goes(
    kind_and_mode: tuple[str, str],
    width: int,
    height: int,
    seed: int,
    said: tuple[int | None, str, bool],
) -> None:
    """For every format, kind of pixel and orientation; and cleaning twice changes nothing more."""
    kind, mode = kind_and_mode
    orientation, packing, profile = said
    if packing == "jpeg" and mode not in ("RGB", "L"):
        packing = "tiff_lzw"
    if kind == "BMP" or mode in ("I;16", "F", "P", "1"):
        profile = False
    image = _picture(mode, width, height, seed)
    before = _photograph(kind, image, orientation, packing=packing, profile=profile)
    after = cleaned(before)
    assert SECRET in before
    for hidden in (SECRET, HIDDEN, zlib.compress(SECRET)):
        assert hidden not in after
    assert _shown(after) == _shown(before)
    assert cleaned(after) == after
    with Image.open(BytesIO(after)) as image:
        assert image.format == kind
        assert not set(image.getexif()) & {0x010E, 0x013B, 0x8825}
        assert (image.info.get("icc_profile") is not None) == profile


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(FORMATS), st.data())
def test_a_damaged_file_is_cleaned_or_refused_and_never_worse(
    kind: str, data: st.DataObject
) -> None:
    """Whatever was cut off or overwritten: one kind of refusal, no crash, no longer file."""
    whole = bytearray(
        _photograph(kind, _picture("RGB", 9, 7, 1), 6, packing="tiff_lzw", profile=kind != "BMP")
    )
    for place, byte in data.draw(
        st.lists(st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255)), max_size=8)
    ):
        whole[place] = byte
    damaged = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    try:
        after = cleaned(damaged)
    except NotThisFormat:
        return
    assert len(after) <= len(damaged) + 200


def test_a_colour_profile_keeps_its_colours_and_loses_its_names() -> None:
    image = _picture("RGB", 16, 16, 3)
    lab = ImageCms.createProfile("LAB")
    before = _photograph("JPEG", image, None, packing="raw", profile=True)
    after = cleaned(before)
    results = []
    for data in (before, after):
        with Image.open(BytesIO(data)) as opened:
            profile = ImageCms.ImageCmsProfile(BytesIO(opened.info["icc_profile"]))
            changed = ImageCms.profileToProfile(opened, profile, lab, outputMode="LAB")
            assert changed is not None
            results.append(changed.tobytes())
    assert results[0] == results[1]


def test_second_pictures_and_thumbnails_inside_a_jpeg_go() -> None:
    """A phone's file holds a small copy, which still shows what was cropped away."""
    small, large = BytesIO(), BytesIO()
    _picture("RGB", 8, 8, 1).save(small, "JPEG")
    _picture("RGB", 32, 32, 2).save(
        large, "MPO", save_all=True, append_images=[_picture("RGB", 32, 32, 3)]
    )
    data = large.getvalue()
    jfxx = b"JFXX\0\x10" + small.getvalue()
    data = data[:2] + b"\xff\xe0" + struct.pack(">H", len(jfxx) + 2) + jfxx + data[2:]
    after = cleaned(data)
    assert after.count(b"\xff\xd8\xff") == 1
    with Image.open(BytesIO(after)) as image:
        assert (image.format, getattr(image, "n_frames", 1)) == ("JPEG", 1)
    assert _shown(after) == _shown(data)


def test_the_first_picture_of_an_animation_stays() -> None:
    for kind in ("PNG", "WEBP", "TIFF"):
        written = BytesIO()
        frames = [_picture("RGB", 12, 12, seed) for seed in (1, 2)]
        options: dict[str, Any] = {"lossless": True} if kind == "WEBP" else {}
        frames[0].save(written, kind, save_all=True, append_images=frames[1:], **options)
        after = cleaned(written.getvalue())
        with Image.open(BytesIO(after)) as image:
            assert image.convert("RGB").tobytes() == frames[0].tobytes()


def test_a_tiff_of_another_dialect_is_packed_again_without_loss() -> None:
    """Byte counts of nought are wrong and common; readers pass over them."""
    written = BytesIO()
    _picture("RGB", 10, 6, 5).save(written, "TIFF")
    data = bytearray(written.getvalue())
    with Image.open(BytesIO(data)) as image:
        directory = image.tag_v2._offset  # type: ignore[attr-defined]
    (count,) = struct.unpack_from("<H", data, directory)
    for number in range(count):
        at = directory + 2 + 12 * number
        if struct.unpack_from("<H", data, at)[0] == 279:
            data[at + 8 : at + 12] = bytes(4)
    before = bytes(data)
    assert _shown(cleaned(before)) == _shown(before)


def test_an_upload_that_shares_a_file_with_its_import_stays_as_it_was(tmp_path: Path) -> None:
    """A refused import can be tried again, so nothing is written through the link."""
    photograph = _photograph("JPEG", _picture("RGB", 9, 9, 1), 6, packing="raw", profile=False)
    uploaded, folder = tmp_path / "uploaded", tmp_path / "new"
    folder.mkdir()
    uploaded.write_bytes(photograph)
    (folder / "a.jpg").hardlink_to(uploaded)
    assert clean_folder(folder) == 1
    assert (folder / "a.jpg").read_bytes() == cleaned(photograph)
    assert uploaded.read_bytes() == photograph


def test_a_folder_is_cleaned_whole_and_what_is_no_picture_stays_as_it_is(tmp_path: Path) -> None:
    photograph = _photograph("JPEG", _picture("RGB", 9, 9, 1), 6, packing="raw", profile=False)
    (tmp_path / "nevus").mkdir()
    (tmp_path / "nevus" / "a.jpg").write_bytes(photograph)
    (tmp_path / "nevus" / "b.jpg").write_bytes(b"not a picture")
    (tmp_path / "table.csv").write_bytes(SECRET)
    assert clean_folder(tmp_path) == 1
    assert (tmp_path / "nevus" / "a.jpg").read_bytes() == cleaned(photograph)
    assert (tmp_path / "nevus" / "b.jpg").read_bytes() == b"not a picture"
    assert (tmp_path / "table.csv").read_bytes() == SECRET
    assert clean_folder(tmp_path) == 0
    assert len(list(tmp_path.rglob("*"))) == 4


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a", b"\xff\xd8", b"BM", b"II*\0", b"RIFF\0\0\0\0WEBP"]
)
def test_what_keeps_no_rules_is_refused(data: bytes) -> None:
    with pytest.raises(NotThisFormat):
        cleaned(data)
