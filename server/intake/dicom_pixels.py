"""The first frame of a DICOM file as a plain picture (DICOM PS3.3, C.7.6.3)."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydicom import dcmread
from pydicom.encaps import generate_frames
from pydicom.pixels import apply_color_lut, pixel_array

from server.domain.pixels import MAX_PIXELS
from server.intake.clean_jpeg import NotThisFormat, clean_jpeg

_JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
_AS_A_JPEG_SAYS = ("YBR_FULL_422", "YBR_FULL", "MONOCHROME2")


def picture_of(file: Path) -> tuple[bytes, str]:
    """The first frame as the bytes of a file, and the ending of its name.

    Raises:
        NotThisFormat: it cannot be read.
    """
    try:
        data = dcmread(file)
        if int(data.Rows) * int(data.Columns) > MAX_PIXELS:
            raise NotThisFormat("it is too large to be decoded")
        packed = data.file_meta.TransferSyntaxUID == _JPEG_BASELINE
        if packed and data.PhotometricInterpretation in _AS_A_JPEG_SAYS:
            frames = generate_frames(
                data.PixelData, number_of_frames=int(data.get("NumberOfFrames", 1))
            )
            return clean_jpeg(next(iter(frames))), ".jpg"
        written = BytesIO()
        Image.fromarray(_decoded(data)).save(written, "PNG")
    except NotThisFormat:
        raise
    except Exception as error:  # a hostile file makes decoders raise almost anything
        raise NotThisFormat("it cannot be decoded") from error
    return written.getvalue(), ".png"


def _decoded(data: Any) -> npt.NDArray[Any]:
    """[height, width] uint8 or uint16, or [height, width, 3] uint8."""
    pixels: npt.NDArray[Any] = pixel_array(data, index=0)
    bits = int(data.BitsStored)
    if data.PhotometricInterpretation == "PALETTE COLOR":
        pixels = apply_color_lut(pixels, data)
        bits = 8 * pixels.dtype.itemsize
    if pixels.ndim == 3:
        return (pixels >> max(0, bits - 8)).astype(np.uint8)
    if int(data.PixelRepresentation):
        pixels = pixels.astype(np.int64) + (1 << (bits - 1))
    if data.PhotometricInterpretation == "MONOCHROME1":
        pixels = (1 << bits) - 1 - pixels.astype(np.int64)
    if bits <= 8:
        return (pixels.astype(np.int64) * 255 // ((1 << bits) - 1)).astype(np.uint8)
    return (pixels.astype(np.int64) * 65_535 // ((1 << bits) - 1)).astype(np.uint16)
