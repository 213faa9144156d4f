"""The published sets of skin images, each known by the columns that its table always has.

What only says the usual thing (``image_id``, ``lesion_id``, ``diagnosis``) needs no word here:
``columns`` knows these names. A set is listed for what is its own: the column of its diagnosis, its
codes, its official split. One entry per set; the first whose columns are all there is the answer.

Column names are in the reduced form of ``columns.reduced``: no case, spaces, underscores or dots.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from server.intake.manifest import Layout

_BINARY = {"0": "benign", "0.0": "benign", "1": "malignant", "1.0": "malignant"}
_ISIC_2018 = ("mel", "nv", "bcc", "akiec", "bkl", "df", "vasc")
_ISIC_2019 = ("mel", "nv", "bcc", "ak", "bkl", "df", "vasc", "scc")

CLASS_CODES = frozenset({*_ISIC_2018, *_ISIC_2019, "unk"})
"""Names of columns that each stand for one class, with a 1 in the row of its images."""


@dataclass(frozen=True, slots=True)
class KnownSet:
    """One published set.

    Attributes:
        layout: its stable name.
        title: what people call it.
        needs: columns by which it is known.
        labels: columns that may give the label, the finest diagnosis first; empty = the usual
            names, or one column a class.
        words: column to what its codes mean.
        roles: role to column, where the column's name alone would not say so.
        split: the column with the official split, where there is one.
        split_in_name: the official split stands in the table's file name.
    """

    layout: Layout
    title: str
    needs: frozenset[str]
    labels: tuple[str, ...] = ()
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    split: str = ""
    split_in_name: bool = False


KNOWN_SETS: tuple[KnownSet, ...] = (
    KnownSet(
        Layout.DERMAMNIST,
        "DermaMNIST",
        frozenset({"imageid", "label", "officialsplit", "medmnistset"}),
        split="officialsplit",
    ),
    KnownSet(
        Layout.FITZPATRICK17K,
        "Fitzpatrick17k",
        frozenset({"md5hash", "label", "fitzpatrickscale"}),
    ),
    KnownSet(
        Layout.DDI,
        "DDI (Diverse Dermatology Images)",
        frozenset({"ddifile", "skintone", "disease"}),
        labels=("disease",),
    ),
    KnownSet(
        Layout.BCN20000,
        "BCN20000",
        frozenset({"bcnfilename", "diagnosis"}),
        split="split",
    ),
    KnownSet(
        Layout.PAD_UFES_20,
        "PAD-UFES-20",
        frozenset({"imgid", "diagnostic", "patientid"}),
    ),
    KnownSet(
        Layout.DERM7PT,
        "Derm7pt",
        frozenset({"derm", "clinic", "diagnosis", "casenum"}),
        roles={"image_path": "derm", "lesion_id": "casenum"},
    ),
    KnownSet(
        Layout.PH2,
        "PH2",
        frozenset({"name", "clinicaldiagnosis"}),
        labels=("clinicaldiagnosis",),
        words={
            "clinicaldiagnosis": {"0": "Common Nevus", "1": "Atypical Nevus", "2": "Melanoma"},
        },
        roles={"image_id": "name"},
    ),
    KnownSet(
        Layout.ISIC_2024,
        "ISIC 2024 (SLICE-3D)",
        frozenset({"isicid", "target", "patientid"}),
        labels=("target",),
        words={"target": _BINARY},
    ),
    KnownSet(
        Layout.ISIC_2020,
        "ISIC 2020",
        frozenset({"imagename", "patientid", "target"}),
        labels=("diagnosis", "benignmalignant", "target"),
        words={"target": _BINARY},
    ),
    KnownSet(
        Layout.ISIC_2019,
        "ISIC 2019",
        frozenset({"image", *_ISIC_2019}),
        split_in_name=True,
    ),
    KnownSet(
        Layout.ISIC_2018,
        "ISIC 2018, task 3",
        frozenset({"image", *_ISIC_2018}),
        split_in_name=True,
    ),
    KnownSet(Layout.HAM10000, "HAM10000", frozenset({"dx"}), labels=("dx",)),
    KnownSet(
        Layout.ISIC_ARCHIVE,
        "the ISIC Archive",
        frozenset({"isicid"}),
        labels=(
            "diagnosis",
            "diagnosis3",
            "diagnosis2",
            "diagnosis1",
            "benignmalignant",
        ),
    ),
)


def recognise(columns: Collection[str]) -> KnownSet | None:
    """The set whose table has these columns (in reduced form); None when it is none of them.

    A column ``label`` that the set itself does not have was added by the researcher, and counts.
    """
    there = frozenset(columns)
    known = next((each for each in KNOWN_SETS if each.needs <= there), None)
    if known is None or ("label" in there and "label" not in known.needs):
        return None
    return known
