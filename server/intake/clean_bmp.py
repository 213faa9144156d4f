"""A BMP without what may hide in it: gaps, linked profiles, and bytes behind the picture.

The format has no place for metadata. Its newest header can name a colour profile on the disk of
the computer where it was made; that goes, and nothing here reads it.
"""

from __future__ import annotations

import struct

from server.intake.clean_jpeg import NotThisFormat

START = b"BM"
_FILE_HEADER = 14
_OLD_HEADER = 12
_PLAIN, _MASKS, _MASKS_AND_ALPHA = 0, 3, 6
_PLAIN_HEADER = 40
_PROFILED_HEADER = 124
_SRGB = b"BGRs"


def clean_bmp(data: bytes) -> bytes:
    """``data`` up to the picture's end, with nothing in its gaps.

    Raises:
        NotThisFormat: it is no BMP.
    """
    try:
        return _cleaned(bytearray(data))
    except struct.error as error:
        raise NotThisFormat("its header is cut short") from error


def _cleaned(data: bytearray) -> bytes:
    if data[:2] != START:
        raise NotThisFormat("it does not begin like a BMP")
    (pixels, header) = struct.unpack_from("<II", data, 10)
    if header == _OLD_HEADER:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
        packing, size, palette = _PLAIN, 0, 3 << bits if bits <= 8 else 0
    elif header >= _PLAIN_HEADER:
        width, height, _, bits, packing, size = struct.unpack_from("<iiHHII", data, 18)
        (colours,) = struct.unpack_from("<I", data, 46)
        palette = 4 * (colours or (1 << bits if bits <= 8 else 0))
    else:
        raise NotThisFormat("its header is of an unknown kind")
    if packing in (_PLAIN, _MASKS, _MASKS_AND_ALPHA):
        size = (abs(width) * bits + 31) // 32 * 4 * abs(height)
    masks = {_MASKS: 12, _MASKS_AND_ALPHA: 16}.get(packing, 0) if header == _PLAIN_HEADER else 0
    told = _FILE_HEADER + header + masks + palette
    if told < pixels <= len(data):
        data[told:pixels] = bytes(pixels - told)
    if header >= _PROFILED_HEADER:
        data[70:74] = _SRGB
        data[126:138] = bytes(12)
    data[6:10] = bytes(4)
    end = pixels + size if size else len(data)
    data[2:6] = struct.pack("<I", min(end, len(data)))
    return bytes(data[:end])
