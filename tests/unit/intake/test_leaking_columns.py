"""What gives the diagnosis away is known by name, whoever made the table."""

from __future__ import annotations

import pytest

from server.intake.columns import reduced
from server.intake.leaking_columns import leaks, said
from server.intake.person_columns import PERSON_COLUMNS
from server.training.evaluation.metadata_baseline import ROLES
from server.training.evaluation.patient_columns import NAMES


@pytest.mark.parametrize(
    "column",
    [
        "target", "benign_malignant", "Benign Malignant", "iddx_full", "iddx_3", "dx_type",
        "diagnosis_1", "diagnosis_confirm_type", "tbp_lv_dnn_lesion_confidence", "biopsed",
        "mel_thick_mm", "malignant", "three_partition_label", "management",
    ],
)  # fmt: skip
def test_columns_of_the_published_sets_that_leak_are_known(column: str) -> None:
    assert leaks(reduced(column))


@pytest.mark.parametrize(
    "column", ["age", "sex", "localization", "anatom_site_general", "fitspatrick", "image_type"]
)
def test_what_is_known_before_the_diagnosis_does_not_leak(column: str) -> None:
    assert not leaks(reduced(column))


def test_nothing_that_leaks_is_ever_learnt_from_as_metadata() -> None:
    """The baseline from metadata looks at these columns alone."""
    learnt_from = {name for role in ROLES for name in NAMES[role]}
    assert learnt_from <= PERSON_COLUMNS
    assert not [name for name in PERSON_COLUMNS if leaks(name)]


def test_the_sentence_names_them_all_or_says_how_many_more() -> None:
    assert said([]) == ""
    assert said(["dx_type"]).startswith("The column dx_type gives the diagnosis away")
    assert said(["a", "b"]).startswith("The columns a, b give")
    assert "and 3 more" in said([f"iddx_{n}" for n in range(15)])
