"""Every format that is read gives the colours that were meant, in training and on the page."""

from __future__ import annotations

import importlib.util
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from server.domain.errors import UnusableDataset
from server.domain.pixels import read_square
from server.intake import dicom
from server.intake.cleaning import clean_folder, cleaned
from server.intake.manifest import ProblemKind
from server.intake.understand import understand
from server.services.thumbnails import thumbnail
from tests.unit.intake.folders import put, the_one

SIDE = 32
COLOUR = (200, 120, 40)
ENDINGS = {"JPEG": "jpg", "PNG": "png", "BMP": "bmp", "TIFF": "tif", "WEBP": "webp"}


def _file(image: Image.Image, form: str, **options: Any) -> bytes:
    written = BytesIO()
    image.save(written, form, **options)
    return written.getvalue()


def _grey_16(value: int) -> Image.Image:
    return Image.fromarray(np.full((SIDE, SIDE), value, dtype=np.uint16))


def _palette(transparent: bool) -> bytes:
    image = Image.new("P", (SIDE, SIDE), 0)
    image.putpalette([*COLOUR, 0, 0, 0])
    return _file(image, "PNG", **({"transparency": 0} if transparent else {}))


CASES = {
    "8-bit RGB": (_file(Image.new("RGB", (SIDE, SIDE), COLOUR), "TIFF"), COLOUR),
    "BMP": (_file(Image.new("RGB", (SIDE, SIDE), COLOUR), "BMP"), COLOUR),
    "WebP without loss": (
        _file(Image.new("RGB", (SIDE, SIDE), COLOUR), "WEBP", lossless=True),
        COLOUR,
    ),
    "grey": (_file(Image.new("L", (SIDE, SIDE), 77), "PNG"), (77, 77, 77)),
    "black and white": (_file(Image.new("1", (SIDE, SIDE), 1), "PNG"), (255, 255, 255)),
    "16-bit grey PNG": (_file(_grey_16(0x8080), "PNG"), (128, 128, 128)),
    "16-bit grey TIFF": (_file(_grey_16(0xFFFF), "TIFF"), (255, 255, 255)),
    "CMYK TIFF": (_file(Image.new("CMYK", (SIDE, SIDE), (0, 255, 255, 0)), "TIFF"), (255, 0, 0)),
    "CMYK JPEG": (
        _file(Image.new("CMYK", (SIDE, SIDE), (0, 0, 0, 128)), "JPEG", quality=100),
        (127, 127, 127),
    ),
    "palette": (_palette(transparent=False), COLOUR),
    "palette, clear": (_palette(transparent=True), (255, 255, 255)),
    "half clear": (
        _file(Image.new("RGBA", (SIDE, SIDE), (0, 0, 0, 128)), "PNG"),
        (127, 127, 127),
    ),
    "clear": (_file(Image.new("LA", (SIDE, SIDE), (0, 0)), "PNG"), (255, 255, 255)),
}


@pytest.mark.parametrize("name", CASES)
def test_a_kind_of_pixel_means_the_same_colour_in_training_and_on_the_page(
    tmp_path: Path, name: str
) -> None:
    data, colour = CASES[name]
    ending = ENDINGS[Image.open(BytesIO(data)).format or ""]
    put(tmp_path, f"nevus/a.{ending}", cleaned(data))
    (image,) = understand(tmp_path).images
    square = read_square((tmp_path / image.path).read_bytes(), SIDE)
    shown = Image.open(BytesIO(thumbnail(tmp_path, image.path).jpeg))
    for pixels in (square, shown):
        # JPEG may round a shade
        found = np.asarray(pixels.convert("RGB"), dtype=int)[SIDE // 2, SIDE // 2]
        assert np.abs(found - colour).max() <= 1


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_the_size_is_that_of_the_upright_picture_in_every_format(
    tmp_path: Path, form: str, orientation: int
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = _file(Image.new("RGB", (30, 20), COLOUR), form, exif=exif)
    for name, content in (("raw", data), ("cleaned", cleaned(data))):
        put(tmp_path, f"nevus/{name}.{ENDINGS[form]}", content)
    expected = (20, 30) if orientation in (6, 8) else (30, 20)
    assert {(each.width, each.height) for each in understand(tmp_path).images} == {expected}


def test_pixels_without_an_agreed_colour_are_named(tmp_path: Path) -> None:
    floats = Image.fromarray(np.zeros((4, 4), dtype=np.float32))
    put(tmp_path, "nevus/a.tif", _file(floats, "TIFF"))
    put(tmp_path, "nevus/b.png", _file(Image.new("RGB", (4, 4)), "PNG"))
    problem = the_one(understand(tmp_path), ProblemKind.UNREADABLE_IMAGE)
    assert problem.file == "nevus/a.tif"
    assert "floating-point" in problem.message


def test_dicom_files_without_the_extra_are_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    put(tmp_path, "nevus/a.dcm", b"\0" * 128 + b"DICM")
    with pytest.raises(UnusableDataset, match=r"pip install 'pydicom>=3,<4'.*Nothing was kept"):
        clean_folder(tmp_path)


def test_a_dicom_file_becomes_a_picture_and_its_patient_is_forgotten(tmp_path: Path) -> None:
    pytest.importorskip("pydicom")
    pixels = np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    put(tmp_path, "nevus/a.dcm", _dicom(pixels, "RGB", bits=8))
    put(tmp_path, "nevus/a.png", _file(Image.new("RGB", (4, 4)), "PNG"))
    grey = np.array([[0, 4095]], dtype=np.uint16)
    put(tmp_path, "nevus/b.dcm", _dicom(grey, "MONOCHROME1", bits=12))
    held = put(tmp_path, "nevus/c.dcm", b"Jane Roe, damaged")
    uploaded = tmp_path.with_name("uploaded")
    uploaded.hardlink_to(held)
    clean_folder(tmp_path)
    assert uploaded.read_bytes() == b"Jane Roe, damaged", "the upload itself may be tried again"
    assert (np.asarray(Image.open(tmp_path / "nevus" / "a.dcm.png")) == pixels).all()
    assert np.asarray(Image.open(tmp_path / "nevus" / "b.png")).tolist() == [[65535, 0]]
    assert not any(b"Roe" in file.read_bytes() for file in tmp_path.rglob("*.*"))
    problem = the_one(understand(tmp_path), ProblemKind.UNREADABLE_IMAGE)
    assert problem.file == "nevus/c.dcm"
    assert "could not be read" in problem.message


def test_a_jpeg_inside_a_dicom_file_is_taken_out_as_it_is(tmp_path: Path) -> None:
    pytest.importorskip("pydicom")
    jpeg = _file(Image.new("RGB", (16, 16), COLOUR), "JPEG", comment=b"Jane Roe")
    put(tmp_path, "a.dcm", _dicom_with_jpeg(jpeg, 16))
    dicom.convert_dicom(tmp_path, ["a.dcm"])
    assert (tmp_path / "a.jpg").read_bytes() == cleaned(jpeg)


def _dicom(pixels: np.ndarray[Any, Any], meaning: str, *, bits: int) -> bytes:
    from pydicom.uid import ExplicitVRLittleEndian

    data = _described(pixels.shape, meaning, bits)
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.PixelData = pixels.tobytes()
    return _saved(data)


def _dicom_with_jpeg(jpeg: bytes, side: int) -> bytes:
    from pydicom.encaps import encapsulate
    from pydicom.uid import JPEGBaseline8Bit

    data = _described((side, side, 3), "YBR_FULL_422", 8)
    data.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    data.PixelData = encapsulate([jpeg])
    return _saved(data)


def _described(shape: tuple[int, ...], meaning: str, bits: int) -> Any:
    from pydicom.dataset import FileDataset, FileMetaDataset

    data = FileDataset("a.dcm", {}, file_meta=FileMetaDataset(), preamble=b"\0" * 128)
    data.PatientName = "Jane^Roe"
    data.Rows, data.Columns = shape[:2]
    data.SamplesPerPixel = 3 if len(shape) == 3 else 1
    data.PhotometricInterpretation = meaning
    data.PlanarConfiguration = 0
    data.BitsAllocated = 8 if bits <= 8 else 16
    data.BitsStored, data.HighBit, data.PixelRepresentation = bits, bits - 1, 0
    return data


def _saved(data: Any) -> bytes:
    written = BytesIO()
    data.save_as(written)
    return written.getvalue()
