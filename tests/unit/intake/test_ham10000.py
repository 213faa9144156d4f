"""HAM10000 as people download it is recognised, with its litter, and loses nothing."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from server.intake.manifest import Layout
from server.intake.understand import understand
from server.intake.unpack_folder import unpack_folder
from tests.unit.intake.folders import picture, put, put_pictures

_HEADER = "lesion_id,image_id,dx,dx_type,age,sex,localization"
_DX = ("nv", "mel", "bkl")


def _rows(count: int) -> str:
    rows = (
        f"HAM_{n // 2:07d},ISIC_{n:07d},{_DX[n // 2 % 3]},histo,{40 + n}.0,male,back"
        for n in range(count)
    )
    return "\n".join([_HEADER, *rows]) + "\n"


def _ham(folder: Path, metadata: str, text: str, count: int = 24) -> None:
    put(folder, metadata, text)
    put_pictures(
        folder, [f"HAM10000_images_part_{1 + n % 2}/ISIC_{n:07d}.jpg" for n in range(count)]
    )


@pytest.mark.parametrize("wrapping", ["", "HAM10000/", "archive (1)/HAM10000/"])
@pytest.mark.parametrize(
    ("metadata", "delimiter"),
    [("HAM10000_metadata.csv", ","), ("HAM10000_metadata.tab", "\t"), ("HAM10000_metadata", ",")],
)
def test_every_way_it_is_downloaded(
    tmp_path: Path, wrapping: str, metadata: str, delimiter: str
) -> None:
    _ham(tmp_path / wrapping, metadata, _rows(24).replace(",", delimiter))
    manifest = understand(tmp_path)
    assert manifest.layout is Layout.HAM10000
    assert manifest.problems == ()
    assert manifest.classes == {"bkl": 8, "mel": 8, "nv": 8}
    assert manifest.lesions_by_class == {"bkl": 4, "mel": 4, "nv": 4}
    first = manifest.images[0]
    assert (first.image_id, first.label, first.lesion_id) == ("ISIC_0000000", "nv", "HAM_0000000")
    assert first.attributes == {
        "dx_type": "histo",
        "age": "40.0",
        "sex": "male",
        "localization": "back",
    }


def test_litter_is_ignored_in_silence(tmp_path: Path) -> None:
    _ham(tmp_path, "HAM10000_metadata.csv", _rows(24))
    for litter in (
        "__MACOSX/HAM10000_images_part_1/._ISIC_0000000.jpg",
        "HAM10000_images_part_1/Thumbs.db",
        "HAM10000_images_part_1/.DS_Store",
        "desktop.ini",
        "hmnist_28_28_RGB.csv",
        "hmnist_8_8_L.csv",
        "~$HAM10000_metadata.xlsx",
    ):
        put(tmp_path, litter, b"\0litter")
    manifest = understand(tmp_path)
    assert manifest.problems == ()
    assert len(manifest.images) == 24


def test_the_archives_of_dataverse_inside_one_archive(tmp_path: Path) -> None:
    """Part archives hold loose images; they may come one by one or inside one zip."""
    outer = tmp_path / "dataverse_files.zip"
    with zipfile.ZipFile(outer, "w") as archive:
        archive.writestr("HAM10000_metadata.tab", _rows(24).replace(",", "\t"))
        for part in (1, 2):
            inner = tmp_path / "part.zip"
            with zipfile.ZipFile(inner, "w") as images:
                for n in range(part - 1, 24, 2):
                    images.writestr(f"ISIC_{n:07d}.jpg", picture(n))
            archive.write(inner, f"HAM10000_images_part_{part}.zip")
            inner.unlink()
    assert unpack_folder(tmp_path) == (1, [])
    manifest = understand(tmp_path)
    assert (manifest.layout, len(manifest.images)) == (Layout.HAM10000, 24)
    assert manifest.problems == ()
    assert manifest.images[1].path == "HAM10000_images_part_2/ISIC_0000001.jpg"


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "images", "lesions"),
    [("HAM10000_small", 351, 252), ("HAM10000_200x150", 8548, 6389)],
)
def test_the_real_set(
    tmp_path: Path, real_data: Path, name: str, images: int, lesions: int
) -> None:
    archive = real_data / f"{name}.zip"
    if not archive.is_file():
        pytest.skip(f"there is no {archive}")
    (tmp_path / archive.name).write_bytes(archive.read_bytes())
    assert unpack_folder(tmp_path) == (1, [])
    manifest = understand(tmp_path)
    assert manifest.layout is Layout.HAM10000
    assert manifest.problems == ()
    assert len(manifest.images) == images
    assert len({image.lesion_id for image in manifest.images}) == lesions
    assert set(manifest.classes) == {"nv", "mel", "bkl", "bcc", "akiec", "vasc", "df"}
    assert {(image.width, image.height) for image in manifest.images} == {(200, 150)}
