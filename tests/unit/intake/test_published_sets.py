"""Every published set is recognised as people download it, with the labels its authors mean."""

from __future__ import annotations

import io
import shutil
from collections import Counter
from pathlib import Path

import h5py
import numpy as np
import pytest

from server.domain.errors import TooLarge
from server.intake.bundles import extract_bundles
from server.intake.file_kinds import IMAGE_ENDINGS
from server.intake.manifest import Layout, Manifest, ProblemKind
from server.intake.understand import understand
from server.intake.unpack_folder import unpack_folder
from server.intake.unpack_limits import UnpackLimits
from tests.unit.intake import published_sets as published
from tests.unit.intake.archives import zip_of
from tests.unit.intake.folders import files_in, picture, put, the_one
from tests.unit.intake.published_sets import csv_text


def _read(folder: Path) -> Manifest:
    """As the import program does."""
    _, problems = unpack_folder(folder)
    assert problems == []
    assert extract_bundles(folder) == []
    return understand(folder)


def _splits(manifest: Manifest) -> Counter[str]:
    return Counter(image.attributes.get("official_split", "") for image in manifest.images)


def _zipped(folder: Path, name: str, content: Path) -> None:
    """``content`` as a zip in ``folder``, which holds what it holds and nothing around it."""
    files = [(path, (content / path).read_bytes()) for path in sorted(files_in(content))]
    zip_of(folder / name, files)
    shutil.rmtree(content)


def test_ham10000_as_two_zips_and_a_table_without_an_ending(tmp_path: Path) -> None:
    for part in (1, 2):
        names = published.ids(12, 12 * (part - 1))
        files = [(f"{name}.jpg", picture(at + 20 * part)) for at, name in enumerate(names)]
        zip_of(tmp_path / f"HAM10000_images_part_{part}.zip", files)
    rows = published.ham10000_rows(24)
    put(tmp_path, "HAM10000_metadata", csv_text(published.HAM_HEADER, rows))
    manifest = _read(tmp_path)
    assert manifest.layout is Layout.HAM10000
    assert manifest.classes == {"bkl": 8, "mel": 8, "nv": 8}
    assert manifest.problems == ()
    assert manifest.leaking_columns == ("dx_type",)
    assert "HAM10000" in manifest.reason
    assert "'dx'" in manifest.reason


def test_kaggles_small_pixels_are_passed_over_on_purpose(tmp_path: Path) -> None:
    """Kaggle's HAM10000 has every image twice more, as 28 × 28 numbers in a table."""
    published.put_images(
        tmp_path / "HAM10000_images_part_1", [f"{n}.jpg" for n in published.ids(6)]
    )
    rows = published.ham10000_rows(6)
    put(tmp_path, "HAM10000_metadata.csv", csv_text(published.HAM_HEADER, rows))
    pixels = csv_text([*(f"pixel{n:04d}" for n in range(2352)), "label"], [["1"] * 2353] * 3)
    put(tmp_path, "hmnist_28_28_RGB.csv", pixels)
    manifest = _read(tmp_path)
    assert len(manifest.images) == 6
    assert not [each for each in manifest.problems if each.file == "hmnist_28_28_RGB.csv"]


def test_isic_2018_three_parts_with_lesion_groupings(tmp_path: Path) -> None:
    published.isic_2018(tmp_path)
    manifest = _read(tmp_path)
    assert manifest.layout is Layout.ISIC_2018
    assert manifest.classes == {"BCC": 10, "MEL": 10, "NV": 10}
    assert manifest.problems == ()
    assert _splits(manifest) == {"training": 18, "validation": 6, "test": 6}
    assert [image.lesion_id for image in manifest.images[:3]] == [
        "HAM_0000000",
        "HAM_0000000",
        "HAM_0000001",
    ]
    assert manifest.leaking_columns == ("diagnosis_confirm_type",)
    assert "one column a class (MEL, NV" in manifest.reason
    assert "official split (test 6, training 18, validation 6)" in manifest.notes[0]


def test_isic_2018_as_its_seven_archives(tmp_path: Path) -> None:
    """Each part is a zip with a folder of the same name in it, and they come in one upload."""
    published.isic_2018(tmp_path / "made")
    for folder in sorted((tmp_path / "made").iterdir()):
        if folder.is_dir():
            inside = tmp_path / "inside"
            inside.mkdir()
            folder.rename(inside / folder.name)
            _zipped(tmp_path, f"{folder.name}.zip", inside)
        else:
            folder.rename(tmp_path / folder.name)
    (tmp_path / "made").rmdir()
    manifest = _read(tmp_path)
    assert (manifest.layout, len(manifest.images)) == (Layout.ISIC_2018, 30)
    assert manifest.problems == ()


def test_isic_2018_images_alone_are_not_three_classes(tmp_path: Path) -> None:
    published.isic_2018(tmp_path)
    for table in tmp_path.rglob("*.csv"):
        table.unlink()
    assert _read(tmp_path).layout is Layout.UNLABELLED


def test_isic_2019_labels_and_metadata_are_joined_by_image(tmp_path: Path) -> None:
    published.isic_2019(tmp_path)
    manifest = _read(tmp_path)
    assert manifest.layout is Layout.ISIC_2019
    assert manifest.classes == {"BCC": 8, "MEL": 8, "NV": 8}
    assert manifest.problems == ()
    first, last = manifest.images[0], manifest.images[-1]
    assert (first.lesion_id, last.lesion_id) == ("BCN_0", None)
    assert first.attributes["age_approx"] == "55.0"
    assert last.attributes["sex"] == "female"
    assert _splits(manifest) == {"training": 18, "test": 6}


@pytest.mark.parametrize("lesions", [True, False])
def test_isic_2020_is_benign_and_malignant_since_most_diagnoses_are_unknown(
    tmp_path: Path, lesions: bool
) -> None:
    published.isic_2020(tmp_path, known=4, lesions=lesions)
    manifest = _read(tmp_path)
    assert manifest.layout is Layout.ISIC_2020
    assert manifest.classes == {"benign": 6, "malignant": 6}
    assert manifest.problems == ()
    assert "'benign_malignant', since 'diagnosis' is not known" in manifest.reason
    assert set(manifest.leaking_columns) == {"diagnosis", "target"}
    assert manifest.images[0].patient_id == "IP_0000000"
    assert (manifest.images[0].lesion_id is not None) is lesions


def test_isic_2020_where_the_diagnosis_is_known_keeps_it(tmp_path: Path) -> None:
    """Images without a diagnosis are named, never mixed in as "benign"."""
    published.isic_2020(tmp_path, known=8, lesions=True)
    manifest = _read(tmp_path)
    assert manifest.classes == {"melanoma": 4, "nevus": 4}
    kinds = [problem.kind for problem in manifest.problems]
    assert kinds == [ProblemKind.ROW_WITHOUT_LABEL] * 4


def test_isic_2024_images_come_out_of_hdf5_byte_for_byte(tmp_path: Path) -> None:
    published.isic_2024(tmp_path)
    manifest = _read(tmp_path)
    assert manifest.layout is Layout.ISIC_2024
    assert manifest.classes == {"benign": 6, "malignant": 6}
    assert manifest.problems == ()
    assert not (tmp_path / "train-image.hdf5").exists()
    written = [(tmp_path / image.path).read_bytes() for image in manifest.images]
    assert written == [picture(shade) for shade in range(12)]
    assert {"iddx_full", "mel_thick_mm", "tbp_lv_dnn_lesion_confidence"} <= set(
        manifest.leaking_columns
    )
    carried = manifest.images[1].attributes
    assert carried["age_approx"] == "60.0"
    assert not [name for name in carried if name.startswith(("iddx", "tbp_lv"))]


def test_pad_ufes_20_twice_nested_and_in_an_archive_of_archives(tmp_path: Path) -> None:
    made = tmp_path / "made"
    published.pad_ufes_20(made)
    for part in (1, 2, 3):
        _zipped(made, f"imgs_part_{part}.zip", made / f"imgs_part_{part}")
    _zipped(tmp_path, "zr7vgbcyr2-1.zip", made)
    manifest = _read(tmp_path)
    assert manifest.layout is Layout.PAD_UFES_20
    assert manifest.classes == {"BCC": 6, "MEL": 6, "NEV": 6}
    assert manifest.problems == ()
    first = manifest.images[0]
    assert (first.image_id, first.patient_id, first.lesion_id) == ("PAT_0_100_0", "PAT_0", "100")
    assert first.attributes["fitspatrick"] == "3.0"
    assert manifest.leaking_columns == ("biopsed",)


def test_fitzpatrick17k_by_its_hashes(tmp_path: Path) -> None:
    published.fitzpatrick17k(tmp_path)
    manifest = _read(tmp_path)
    assert manifest.layout is Layout.FITZPATRICK17K
    assert manifest.classes == {"melanoma": 3, "psoriasis": 3}
    assert manifest.problems == ()
    assert manifest.leaking_columns == ("nine_partition_label", "three_partition_label")


def test_ddi_has_its_diseases_as_classes(tmp_path: Path) -> None:
    published.ddi(tmp_path)
    manifest = _read(tmp_path)
    assert manifest.layout is Layout.DDI
    assert manifest.classes == {"melanocytic-nevi": 3, "melanoma-in-situ": 3}
    assert manifest.problems == ()
    assert manifest.images[0].image_id == "000001"
    assert manifest.leaking_columns == ("malignant",)


def test_bcn20000_keeps_its_official_split_as_a_fact(tmp_path: Path) -> None:
    published.bcn20000(tmp_path)
    manifest = _read(tmp_path)
    assert manifest.layout is Layout.BCN20000
    assert manifest.classes == {"MEL": 6, "NV": 6}
    assert manifest.problems == ()
    assert _splits(manifest) == {"train": 10, "test": 2}
    assert "not used: training makes its own" in manifest.notes[0]


@pytest.mark.parametrize("ending", [e for e in (".bmp", ".png") if e in IMAGE_ENDINGS])
def test_ph2_with_its_bars_codes_and_masks(tmp_path: Path, ending: str) -> None:
    """The numbers become diagnoses; neither the masks nor the legend below the table harm."""
    published.ph2(tmp_path / "PH2Dataset", ending)
    manifest = _read(tmp_path)
    assert manifest.layout is Layout.PH2
    assert manifest.classes == {"Atypical Nevus": 3, "Common Nevus": 3, "Melanoma": 3}
    assert manifest.problems == ()
    assert manifest.images[0].path.endswith(f"IMD002_Dermoscopic_Image/IMD002{ending}")
    assert "18 masks" in manifest.notes[0]
    assert manifest.images[0].attributes["Colors"] == "3  4"


def test_derm7pt_has_two_images_of_each_case_and_its_split_by_row_number(tmp_path: Path) -> None:
    published.derm7pt(tmp_path)
    manifest = _read(tmp_path)
    assert manifest.layout is Layout.DERM7PT
    assert manifest.classes == {"clark nevus": 10, "melanoma (in situ)": 8}
    assert manifest.lesions_by_class == {"clark nevus": 5, "melanoma (in situ)": 4}
    assert manifest.problems == ()
    kinds = Counter(image.attributes["image_type"] for image in manifest.images)
    assert kinds == {"dermoscopic": 9, "clinical": 9}
    assert _splits(manifest) == {"train": 10, "valid": 4, "test": 4}
    assert {"management", "seven_point_score"} <= set(manifest.leaking_columns)


def test_dermamnist_becomes_pictures_without_losing_a_pixel(tmp_path: Path) -> None:
    published.dermamnist(tmp_path)
    with np.load(tmp_path / "dermamnist.npz") as npz:
        first = npz["test_images"][0].tobytes()
    manifest = _read(tmp_path)
    assert manifest.layout is Layout.DERMAMNIST
    assert manifest.classes == {"mel": 10, "nv": 10}
    assert manifest.problems == ()
    assert _splits(manifest) == {"train": 12, "val": 4, "test": 4}
    assert published.pixels_of(tmp_path / "dermamnist/test_000000.png") == first
    assert not (tmp_path / "dermamnist.npz").exists()


def test_what_isic_cli_downloads_has_the_finest_diagnosis_that_is_mostly_known(
    tmp_path: Path,
) -> None:
    published.isic_archive(tmp_path)
    manifest = _read(tmp_path)
    assert manifest.layout is Layout.ISIC_ARCHIVE
    assert manifest.classes == {"Nevus": 6, "Melanoma, NOS": 4}
    assert {p.row for p in manifest.problems if p.row} == {12, 13}
    assert set(manifest.leaking_columns) == {
        "diagnosis_1",
        "diagnosis_2",
        "diagnosis_confirm_type",
        "melanocytic",
    }


def test_a_label_that_the_researcher_added_comes_before_the_sets_own(tmp_path: Path) -> None:
    published.put_images(tmp_path, [f"{name}.jpg" for name in published.ids(6)])
    rows = [[name, "unknown", "ab"[at % 2]] for at, name in enumerate(published.ids(6))]
    put(tmp_path, "metadata.csv", csv_text(("isic_id", "diagnosis", "label"), rows))
    manifest = _read(tmp_path)
    assert manifest.layout is Layout.CSV
    assert manifest.classes == {"a": 3, "b": 3}
    assert manifest.leaking_columns == ("diagnosis",)


def test_one_column_a_class_needs_no_known_names(tmp_path: Path) -> None:
    published.put_images(tmp_path, [f"x{n}.jpg" for n in range(6)])
    rows = [[f"x{n}", n % 2, 1 - n % 2, 40 + n] for n in range(6)]
    put(tmp_path, "truth.csv", csv_text(("image", "Basaliom", "Spinaliom", "age"), rows))
    manifest = _read(tmp_path)
    assert manifest.layout is Layout.CSV
    assert manifest.classes == {"Basaliom": 3, "Spinaliom": 3}
    assert manifest.images[0].attributes == {"age": "40"}


def test_columns_of_0_and_1_beside_a_table_of_labels_are_no_classes(tmp_path: Path) -> None:
    published.put_images(tmp_path, [f"x{n}.jpg" for n in range(6)])
    rows = [[f"x{n}", n % 2, 1 - n % 2] for n in range(6)]
    put(tmp_path, "views.csv", csv_text(("image", "close", "far"), rows))
    put(
        tmp_path, "z.csv", csv_text(("image", "label"), [[f"x{n}", "ab"[n // 3]] for n in range(6)])
    )
    manifest = _read(tmp_path)
    assert manifest.classes == {"a": 3, "b": 3}
    assert manifest.images[0].attributes == {"close": "0", "far": "1"}


@pytest.mark.parametrize("more", [("male", "female"), ("close", "far", "camera")])
def test_columns_of_0_and_1_among_others_are_no_classes(
    tmp_path: Path, more: tuple[str, ...]
) -> None:
    """Class folders beside such a table keep their say."""
    published.put_images(tmp_path, [f"{'ab'[n % 2]}/x{n}.jpg" for n in range(6)])
    rows = [[f"x{n}", n // 3, 1 - n // 3, "Canon"] for n in range(6)]
    put(tmp_path, "m.csv", csv_text(("image", *more), [row[: 1 + len(more)] for row in rows]))
    manifest = _read(tmp_path)
    assert manifest.layout is Layout.CLASS_FOLDERS
    assert manifest.classes == {"a": 3, "b": 3}


def test_a_row_that_marks_two_classes_or_none_is_named_and_has_no_label(tmp_path: Path) -> None:
    published.put_images(tmp_path, [f"x{n}.jpg" for n in range(8)])
    rows = [[f"x{n}", n % 2, 1 - n % 2] for n in range(6)] + [["x6", 1, 1], ["x7", 0, 0]]
    put(tmp_path, "truth.csv", csv_text(("image", "MEL", "NV"), rows))
    manifest = _read(tmp_path)
    assert manifest.classes == {"MEL": 3, "NV": 3}
    several = the_one(manifest, ProblemKind.TABLE)
    assert several.row == 8
    assert "MEL, NV" in several.message
    unlabelled = [p.row for p in manifest.problems if p.kind is ProblemKind.ROW_WITHOUT_LABEL]
    assert unlabelled == [8, 9]


def test_a_table_of_predicted_chances_is_no_table_of_labels(tmp_path: Path) -> None:
    """A challenge's sample submission has the labels' columns with chances in them."""
    published.put_images(tmp_path, [f"{name}.jpg" for name in published.ids(12)])
    put(
        tmp_path, "GroundTruth.csv", published.one_hot(published.ISIC_2018_CODES, published.ids(12))
    )
    rows = [[name, *["0.1429"] * 7] for name in published.ids(12)]
    put(tmp_path, "sample_submission.csv", csv_text(("image", *published.ISIC_2018_CODES), rows))
    manifest = _read(tmp_path)
    assert manifest.classes == {"BCC": 4, "MEL": 4, "NV": 4}
    assert manifest.problems == ()


# --- bundles that are something else -------------------------------------------------------------


def _kept(folder: Path, name: str) -> str:
    (problem,) = extract_bundles(folder)
    assert (folder / name).exists()
    assert files_in(folder) == {name}
    return problem.message


@pytest.mark.parametrize("name", ["model.h5", "train-image.hdf5", "dermamnist.npz"])
@pytest.mark.parametrize("content", [b"", b"\x89HDF\r\n\x1a\n and no more", b"PK\x03\x04 no zip"])
def test_a_damaged_bundle_is_named_and_left(tmp_path: Path, name: str, content: bytes) -> None:
    put(tmp_path, name, content)
    assert name in _kept(tmp_path, name)


def test_an_hdf5_file_that_points_at_another_file_is_not_followed(tmp_path: Path) -> None:
    """Else an upload could read what lies elsewhere on the server."""
    secret = tmp_path / "elsewhere.hdf5"
    with h5py.File(secret, "w") as file:
        file.create_dataset("x", data=np.void(picture(1)))
    folder = tmp_path / "set"
    folder.mkdir()
    with h5py.File(folder / "a.hdf5", "w") as file:
        file["x"] = h5py.ExternalLink(str(secret), "/x")
    assert "points at another file" in _kept(folder, "a.hdf5")


def test_hdf5_with_storage_outside_itself_is_not_read(tmp_path: Path) -> None:
    put(tmp_path, "secret.bin", picture(1))
    folder = tmp_path / "set"
    folder.mkdir()
    with h5py.File(folder / "a.hdf5", "w") as file:
        where = [(str(tmp_path / "secret.bin"), 0, 100)]
        file.create_dataset("x", (100,), np.uint8, external=where)
    assert "not the bytes of an image" in _kept(folder, "a.hdf5")


def test_a_network_is_no_set_of_images(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "model.h5", "w") as file:
        file.create_group("layers").create_dataset("kernel", data=np.zeros((3, 3)))
    assert "not the bytes of an image" in _kept(tmp_path, "model.h5")


def test_an_npz_with_objects_is_never_unpickled(tmp_path: Path) -> None:
    images = np.array([{"a": 1}] * 4, dtype=object)
    np.savez(tmp_path / "a.npz", train_images=images, train_labels=np.zeros(4, np.uint8))
    assert "not pixels of 8 bits" in _kept(tmp_path, "a.npz")


def test_an_npz_of_arrays_that_do_not_go_together_is_left(tmp_path: Path) -> None:
    images = np.zeros((4, 8, 8, 3), np.uint8)
    np.savez(tmp_path / "a.npz", train_images=images, train_labels=np.zeros(3, np.uint8))
    assert "do not go together" in _kept(tmp_path, "a.npz")


@pytest.mark.parametrize(
    "header",
    [
        b"{'descr': '|u1', 'fortran_order': False, 'shape': (4, 8, 8, 3",
        b"{'descr': '|u1', 'fortran_order': False, 'shape': (4, -8, 8, 3), }",
        b"{'descr': '|O', 'fortran_order': False, 'shape': (4,), }",
        b"[" * 5000,
    ],
)
def test_an_array_whose_header_is_damaged_is_named(tmp_path: Path, header: bytes) -> None:
    """Found by changing bytes at random: NumPy's reader raises what its manual does not name."""
    array = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    numbers = io.BytesIO()
    np.save(numbers, np.zeros(4, np.uint8))
    content = [("train_images.npy", array), ("train_labels.npy", numbers.getvalue())]
    zip_of(tmp_path / "a.npz", content)
    assert "'a.npz' is left out" in _kept(tmp_path, "a.npz")


def test_a_bundle_that_cannot_be_written_down_stays_whole(tmp_path: Path) -> None:
    published.isic_2024(tmp_path)
    with pytest.raises(TooLarge):
        extract_bundles(tmp_path, UnpackLimits(files=5))
    assert files_in(tmp_path) == {"train-image.hdf5", "train-metadata.csv"}
