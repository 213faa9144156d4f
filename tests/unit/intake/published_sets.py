"""Small copies of the published sets, each in exactly the layout and header that people download.

Every builder writes three lesions of each class, two images of each lesion where the set has lesion
ids, into a folder.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from PIL import Image

from tests.unit.intake.folders import picture, put

ISIC_2018_CODES = ("MEL", "NV", "BCC", "AKIEC", "BKL", "DF", "VASC")
ISIC_2019_CODES = ("MEL", "NV", "BCC", "AK", "BKL", "DF", "VASC", "SCC", "UNK")
HAM_HEADER = ("lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization")
PAD_HEADER = (
    "patient_id", "lesion_id", "smoke", "drink", "background_father", "background_mother", "age",
    "pesticide", "gender", "skin_cancer_history", "cancer_history", "has_piped_water",
    "has_sewage_system", "fitspatrick", "region", "diameter_1", "diameter_2", "diagnostic", "itch",
    "grew", "hurt", "changed", "bleed", "elevation", "img_id", "biopsed",
)  # fmt: skip
DERM7PT_HEADER = (
    "case_num", "diagnosis", "seven_point_score", "pigment_network", "streaks", "pigmentation",
    "regression_structures", "dots_and_globules", "blue_whitish_veil", "vascular_structures",
    "level_of_diagnostic_difficulty", "elevation", "location", "sex", "clinic", "derm", "case_id",
    "notes", "management",
)  # fmt: skip
ISIC_2024_HEADER = (
    "isic_id", "target", "patient_id", "age_approx", "sex", "anatom_site_general",
    "clin_size_long_diam_mm", "image_type", "tbp_tile_type", "tbp_lv_A", "tbp_lv_nevi_confidence",
    "attribution", "copyright_license", "lesion_id", "iddx_full", "iddx_1", "iddx_2", "iddx_3",
    "mel_mitotic_index", "mel_thick_mm", "tbp_lv_dnn_lesion_confidence",
)  # fmt: skip
Cells = Iterable[Sequence[object]]


def csv_text(header: Sequence[str], rows: Cells, delimiter: str = ",") -> str:
    """A table as Python's own writer makes it."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows([header, *rows])
    return text.getvalue()


def one_hot(codes: Sequence[str], images: Sequence[str], extra: Sequence[str] = ()) -> str:
    """The GroundTruth table of a challenge: image ``n`` is of class ``n // 2 % 3``."""
    rows = []
    for place, image in enumerate(images):
        marks = [f"{float(code == place // 2 % 3)}" for code in range(len(codes))]
        rows.append([image, *marks, *["1.0" for _ in extra]])
    return csv_text(("image", *codes, *extra), rows)


def ids(count: int, first: int = 0) -> list[str]:
    """ISIC's ids of images."""
    return [f"ISIC_{number:07d}" for number in range(first, first + count)]


def put_images(folder: Path, paths: Iterable[str], first: int = 0) -> None:
    for shade, path in enumerate(paths, first):
        form = {"png": "PNG", "bmp": "BMP"}.get(path.rsplit(".", 1)[-1].lower(), "JPEG")
        put(folder, path, picture(shade, form=form))


def ham10000_rows(count: int) -> Iterator[list[object]]:
    for n in range(count):
        dx = ("nv", "mel", "bkl")[n // 2 % 3]
        yield [f"HAM_{n // 2:07d}", ids(1, n)[0], dx, "histo", 40 + n, "male", "back"]


def isic_2018(folder: Path) -> None:
    """The three parts, each with its own zip of images and of labels, as unpacked."""
    first = 0
    for part, count in (("Training", 18), ("Validation", 6), ("Test", 6)):
        names = ids(count, first)
        put_images(folder / f"ISIC2018_Task3_{part}_Input", [f"{n}.jpg" for n in names], first)
        put(folder / f"ISIC2018_Task3_{part}_Input", "LICENSE.txt", "CC-BY-NC")
        put(folder / f"ISIC2018_Task3_{part}_Input", "ATTRIBUTION.txt", "HAM10000")
        truth = f"ISIC2018_Task3_{part}_GroundTruth"
        put(folder, f"{truth}/{truth}.csv", one_hot(ISIC_2018_CODES, names))
        first += count
    rows = [[name, f"HAM_{place // 2:07d}", "histopathology"] for place, name in enumerate(ids(18))]
    header = ("image", "lesion_id", "diagnosis_confirm_type")
    put(folder, "ISIC2018_Task3_Training_LesionGroupings.csv", csv_text(header, rows))


def isic_2019(folder: Path) -> None:
    """Labels in one table and metadata in another; the test set has no lesion ids."""
    names, tested = ids(18), ids(6, 18)
    put_images(folder / "ISIC_2019_Training_Input", [f"{name}.jpg" for name in names])
    put_images(folder / "ISIC_2019_Test_Input", [f"{name}.jpg" for name in tested], 18)
    put(folder, "ISIC_2019_Training_GroundTruth.csv", one_hot(ISIC_2019_CODES, names))
    extra = ("score_weight", "validation_weight")
    put(folder, "ISIC_2019_Test_GroundTruth.csv", one_hot(ISIC_2019_CODES, tested, extra))
    header: tuple[str, ...] = ("image", "age_approx", "anatom_site_general", "lesion_id", "sex")
    rows = [[n, "55.0", "anterior torso", f"BCN_{at // 2}", "male"] for at, n in enumerate(names)]
    put(folder, "ISIC_2019_Training_Metadata.csv", csv_text(header, rows))
    bare = [[name, "60.0", "lower extremity", "female"] for name in tested]
    header = ("image", "age_approx", "anatom_site_general", "sex")
    put(folder, "ISIC_2019_Test_Metadata.csv", csv_text(header, bare))


def isic_2020(folder: Path, known: int, lesions: bool) -> None:
    """``known`` of the twelve images have a diagnosis, the others are "unknown" as most are."""
    names = ids(12)
    put_images(folder / "train", [f"{name}.jpg" for name in names])
    header = [
        "image_name", "patient_id", "lesion_id", "sex", "age_approx",
        "anatom_site_general_challenge", "diagnosis", "benign_malignant", "target",
    ]  # fmt: skip
    rows = [
        [name, f"IP_{at:07d}", f"IL_{at:07d}", "male", "45.0", "torso",
         ("melanoma" if at % 2 else "nevus") if at < known else "unknown",
         "malignant" if at % 2 else "benign", at % 2]
        for at, name in enumerate(names)
    ]  # fmt: skip
    if not lesions:
        header, rows = header[:2] + header[3:], [row[:2] + row[3:] for row in rows]
    put(folder, "train.csv", csv_text(header, rows))


def isic_2020_half_known(folder: Path) -> None:
    isic_2020(folder, known=8, lesions=True)


def isic_2024(folder: Path) -> None:
    """Kaggle's files: every image's JPEG bytes in one HDF5 file under its id."""
    names = ids(12)
    rows = [
        [name, at % 2, f"IP_{at}", "60.0", "male", "torso", "3.1", "TBP tile: close-up", "3D: XP",
         "22.8", "0.01", "MSKCC", "CC-BY", f"IL_{at}" if at % 2 else "",
         "Malignant::Melanoma" if at % 2 else "Benign", "Malignant" if at % 2 else "Benign",
         "", "", "", "1.2" if at % 2 else "", "97.5"]
        for at, name in enumerate(names)
    ]  # fmt: skip
    put(folder, "train-metadata.csv", csv_text(ISIC_2024_HEADER, rows))
    with h5py.File(folder / "train-image.hdf5", "w") as file:
        for shade, name in enumerate(names):
            file.create_dataset(name, data=np.void(picture(shade)))


def pad_ufes_20(folder: Path) -> None:
    """As it is downloaded: three part folders, each nested in itself."""
    rows = []
    for n in range(18):
        part, name = n % 3 + 1, f"PAT_{n // 2}_{n // 2 + 100}_{n}.png"
        put_images(folder / f"imgs_part_{part}/imgs_part_{part}", [name], n)
        cells = dict.fromkeys(PAD_HEADER, "False") | {
            "patient_id": f"PAT_{n // 2}", "lesion_id": f"{n // 2 + 100}", "age": "55",
            "gender": "FEMALE", "fitspatrick": "3.0", "region": "NECK",
            "diagnostic": ("NEV", "MEL", "BCC")[n // 2 % 3], "img_id": name,
        }  # fmt: skip
        rows.append([cells[column] for column in PAD_HEADER])
    put(folder, "metadata.csv", csv_text(PAD_HEADER, rows))


def fitzpatrick17k(folder: Path) -> None:
    """Files named by the MD5 of their address; the table's first column has no name."""
    header = (
        "", "md5hash", "fitzpatrick_scale", "fitzpatrick_centaur", "label", "nine_partition_label",
        "three_partition_label", "qc", "url", "url_alphanum",
    )  # fmt: skip
    rows = []
    for n in range(6):
        name = f"{n:032x}"
        put_images(folder / "images", [f"{name}.jpg"], n)
        label = ("psoriasis", "melanoma")[n % 2]
        rows.append([n, name, n + 1, n + 1, label, "inflammatory", "benign", "", "http://x/1", "x"])
    put(folder, "fitzpatrick17k.csv", csv_text(header, rows))


def ddi(folder: Path) -> None:
    header = ("", "DDI_ID", "DDI_file", "skin_tone", "malignant", "disease")
    rows = []
    for n in range(6):
        name = f"{n + 1:06d}.png"
        put_images(folder, [name], n)
        disease = ("melanocytic-nevi", "melanoma-in-situ")[n % 2]
        rows.append([n, n + 1, name, (12, 34, 56)[n % 3], bool(n % 2), disease])
    put(folder, "ddi_metadata.csv", csv_text(header, rows))


def bcn20000(folder: Path) -> None:
    header = (
        "bcn_filename", "age_approx", "anatom_site_general", "diagnosis", "lesion_id",
        "capture_date", "sex", "split",
    )  # fmt: skip
    rows = []
    for n in range(12):
        name = f"BCN_{n:010d}.jpg"
        put_images(folder / "BCN_20k_train" / "bcn_20k_train", [name], n)
        rows.append([name, "65.0", "head/neck", ("MEL", "NV")[n // 2 % 2], f"BCN_{n // 2:07d}",
                     "2012-05-01", "female", "test" if n > 9 else "train"])  # fmt: skip
    put(folder, "bcn_20k_train.csv", csv_text(header, rows))


def ph2(folder: Path, ending: str) -> None:
    """A folder for each image with the image, its mask and masks of its colours; a text table."""
    criteria = "Asymmetry | Pigment Network | Dots/Globules | Streaks | Regression Areas"
    names = "|| Name   ||  Histological Diagnosis  || Clinical Diagnosis ||"
    lines = [f"{names}  {criteria} | Blue-Whitish Veil ||  Colors ||"]
    for n in range(9):
        name = f"IMD{n + 2:03d}"
        where = f"PH2 Dataset images/{name}"
        put_images(
            folder,
            [
                f"{where}/{name}_Dermoscopic_Image/{name}{ending}",
                f"{where}/{name}_lesion/{name}_lesion{ending}",
                f"{where}/{name}_roi/{name}_R1_Label3{ending}",
            ],
            3 * n,
        )
        lines.append(
            f"|| {name} ||                          ||         {n % 3}          ||      0     |"
            "        T        |       A       |    A    |        A         |         A         ||"
            "   3  4   ||"
        )
    lines += ["", "Legends: ", "", "Clinical Diagnosis ", "0 - Common Nevus; 1 - Atypical Nevus",
              "Asymmetry", "Colors: 1 - White, 2 - Red", "| . |"]  # fmt: skip
    put(folder, "PH2_dataset.txt", "\r\n".join(lines) + "\r\n")


def ph2_png(folder: Path) -> None:
    """As people hand it on, saved anew."""
    ph2(folder, ".png")


def derm7pt(folder: Path) -> None:
    """Two pictures of each case; the official split lists row numbers from 0."""
    rows = []
    for n in range(9):
        derm, clinic = f"NEL/Nel{n:03d}.jpg", f"NEL/NEL{n + 500:03d}.JPG"
        put_images(folder / "release_v0/images", [derm, clinic], 2 * n)
        cells = dict.fromkeys(DERM7PT_HEADER, "absent") | {
            "case_num": f"{n + 1}", "diagnosis": ("clark nevus", "melanoma (in situ)")[n % 2],
            "location": "back", "sex": "female", "clinic": clinic, "derm": derm, "case_id": "",
            "notes": "", "management": "excision", "seven_point_score": "1",
        }  # fmt: skip
        rows.append([cells[column] for column in DERM7PT_HEADER])
    meta = folder / "release_v0/meta"
    put(meta, "meta.csv", csv_text(DERM7PT_HEADER, rows))
    for part, places in (("train", range(5)), ("valid", range(5, 7)), ("test", range(7, 9))):
        put(meta, f"{part}_indexes.csv", csv_text(("indexes",), [[place] for place in places]))


def dermamnist(folder: Path) -> None:
    """Pixels and class numbers of the three parts in one npz."""
    arrays: dict[str, Any] = {}
    chance = np.random.default_rng(0)
    for part, count in (("train", 12), ("val", 4), ("test", 4)):
        arrays[f"{part}_images"] = chance.integers(0, 256, (count, 28, 28, 3), dtype=np.uint8)
        arrays[f"{part}_labels"] = (np.arange(count, dtype=np.uint8) % 2 + 4).reshape(-1, 1)
    np.savez_compressed(folder / "dermamnist.npz", **arrays)


def isic_archive(folder: Path) -> None:
    """What ``isic image download`` leaves: flat images and a table of all columns there are."""
    header = (
        "isic_id", "attribution", "copyright_license", "age_approx", "anatom_site_general",
        "diagnosis_1", "diagnosis_2", "diagnosis_3", "diagnosis_confirm_type", "image_type",
        "lesion_id", "melanocytic", "patient_id", "sex",
    )  # fmt: skip
    rows = []
    for n, name in enumerate(ids(12)):
        put_images(folder, [f"{name}.jpg"], n)
        finest = ("Nevus", "Melanoma, NOS")[n // 2 % 2] if n < 10 else ""
        rows.append([name, "ViDIR", "CC-0", "50", "posterior torso", ("Benign", "Malignant")[n % 2],
                     "Benign melanocytic proliferations", finest, "histopathology", "dermoscopic",
                     f"IL_{n // 2}", "True", f"IP_{n // 2}", "male"])  # fmt: skip
    put(folder, "metadata.csv", csv_text(header, rows))


def pixels_of(path: Path) -> bytes:
    with Image.open(path) as image:
        return image.convert("RGB").tobytes()
