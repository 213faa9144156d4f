"""Any bytes as a table beside two good images: a refusal, or a manifest of those two images."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path

from server.domain.errors import DermaScanError
from server.intake.understand import understand
from tests.integration.test_uploads import jpeg

_IMAGES = ("a.jpg", "b.jpg")


def read(content: bytes, work: Path) -> None:
    """One input."""
    folder = work / "tables"
    if not folder.is_dir():
        folder.mkdir()
        for name in _IMAGES:
            (folder / name).write_bytes(jpeg((80, 70, 60)))
    (folder / "labels.csv").write_bytes(content)
    with contextlib.suppress(DermaScanError):
        manifest = understand(folder)
        assert {image.path for image in manifest.images} <= set(_IMAGES)


def seeds() -> Mapping[str, bytes]:
    """Tables as people have them."""
    ham = "lesion_id,image_id,dx,dx_type,age,sex,localization\nl1,a,nv,histo,40,male,back\n"
    one_hot = "image,MEL,NV\na,1.0,0.0\nb,0.0,1.0\n"
    excel = 'sep=;\r\nimage_id;label\r\n"a.jpg";"ä ""b"""\r\nb;nv\r\n'
    return {
        "ham": ham.encode(),
        "one-hot": one_hot.encode(),
        "excel": excel.encode("cp1252"),
        "utf-16": ham.encode("utf-16"),
        "utf-16-be": ham.encode("utf-16-be"),
        "bom": one_hot.replace(",", "\t").encode("utf-8-sig"),
        "quotes": b'image_id,dx\na,"n\nv"\n"b',
    }
