"""Results by what the metadata tell, and what the metadata alone can tell."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from server.intake.manifest import LesionImage
from server.training.evaluation.metadata_baseline import answer_from_metadata, fit
from server.training.evaluation.patient_columns import find_columns
from server.training.evaluation.shares import Draws
from server.training.evaluation.subgroups import age_band, describe_subgroups


def image(number: int, **attributes: str) -> LesionImage:
    return LesionImage(f"i{number}", f"i{number}.png", "nv", None, None, 50, 40, attributes)


def patients(count: int, seed: int) -> tuple[list[LesionImage], np.ndarray]:
    """Old men on the back have class 1, and the rest of the columns give the answer away."""
    random = np.random.default_rng(seed)
    images, truth = [], []
    for number in range(count):
        age, male = int(random.integers(2, 18)) * 5, random.random() < 0.5
        site = str(random.choice(["back", "face", "lower extremity"]))
        chance = 1 / (1 + np.exp(-(age - 60) / 10 - male - (site == "back") + 1))
        truth.append(int(random.random() < chance))
        images.append(
            image(
                number,
                age=f"{age}.0" if random.random() < 0.95 else "",
                sex="male" if male else "Female",
                localization=site,
                dx_type=f"type {truth[-1]}",
                diagnosis_1=str(truth[-1]),
                patient=f"p{truth[-1]}",
            )
        )
    return images, np.array(truth)


@pytest.mark.parametrize(
    ("written", "band"),
    [
        ("0.0", "under 30"),
        ("29", "under 30"),
        ("30", "30–44"),
        ("59.5", "45–59"),
        ("75", "75 and over"),
        ("85+", "75 and over"),
        ("40-44", "30–44"),
        ("unknown", "not known"),
        ("900", "not known"),
        (None, "not known"),
    ],
)
def test_an_age_falls_into_one_band(written: str | None, band: str) -> None:
    assert age_band(written) == band


def test_columns_are_known_by_the_names_of_ham10000_isic_and_pad_ufes() -> None:
    ham = find_columns([image(1, age="40.0", sex="male", localization="Back", dx_type="histo")])
    assert {role: column.name for role, column in ham.items()} == {
        "age": "age",
        "sex": "sex",
        "body_site": "localization",
        "dx_type": "dx_type",
    }
    isic = [image(1, age_approx="40", anatom_site_general="", anatom_site_special="palm")]
    assert find_columns(isic)["body_site"].name == "anatom_site_special"
    pad = find_columns([image(1, gender="FEMALE", fitspatrick="2.0"), image(2, gender="unknown")])
    assert pad["sex"].values == ("female", None)
    assert pad["skin_tone"].values == ("2", None)


def test_every_group_has_its_figures_worked_by_hand() -> None:
    images = [image(n, sex="male" if n < 4 else "", age=str(20 + n)) for n in range(6)]
    truth = np.array([0, 0, 1, 1, 0, 1])
    answers = np.array([0, 0, 1, 0, 1, 1])
    draws = Draws.among(truth, np.array([0, 0, 1, 2, 3, 4]))
    malignant = (np.array([False, True]), 0.5)
    rows = describe_subgroups(images, np.eye(2)[answers], truth, draws, malignant)
    assert [(row["column"], row["value"]) for row in rows] == [
        ("age", "under 30"),
        ("sex", "male"),
        ("sex", "not known"),
    ]
    men = rows[1]
    assert (men["images"], men["lesions"], men["small"]) == (4, 3, True)
    assert men["accuracy"]["value"] == 3 / 4
    assert men["balanced_accuracy"]["value"] == 3 / 4
    assert men["malignant_sensitivity"]["value"] == 1 / 2
    assert men["malignant_specificity"]["value"] == 1.0
    assert men["accuracy"]["low"] <= 3 / 4 <= men["accuracy"]["high"]


def test_a_table_that_tells_nothing_of_the_patient_gives_no_groups_and_no_baseline() -> None:
    images = [image(n, camera="x", sex="unknown", patient="7") for n in range(4)]
    truth = np.array([0, 1, 0, 1])
    draws = Draws.among(truth, np.arange(4))
    assert describe_subgroups(images, np.eye(2)[truth], truth, draws) == []
    assert answer_from_metadata(images, truth, images, 2, balanced=True) is None


@pytest.mark.parametrize("classes", [2, 4])
def test_the_regression_is_that_of_scikit_learn(classes: int) -> None:
    random = np.random.default_rng(2)
    rows = random.integers(-2, 3, (400, 3)).astype(np.float64)
    truth = (rows[:, 0] + random.normal(0, 1, 400) > 0).astype(np.int64) + 2 * (
        rows[:, 1] + random.normal(0, 2, 400) > 1
    ) * (classes == 4)
    ours = np.hstack([rows, np.ones((400, 1))]) @ fit(rows, truth, classes)
    chances = np.exp(ours) / np.exp(ours).sum(axis=1, keepdims=True)
    theirs = LogisticRegression(C=1.0 if classes > 2 else 2.0, tol=1e-10, max_iter=5000)
    # with two classes scikit-learn has one weight where we have two of half its size
    expected = theirs.fit(rows, truth).predict_proba(rows)
    np.testing.assert_allclose(chances, expected, atol=2e-4)


def test_the_baseline_learns_from_age_sex_and_site_and_from_nothing_else() -> None:
    train, test = patients(1500, 0), patients(400, 1)
    found = answer_from_metadata(*train, test[0], 2, balanced=True)
    assert found is not None
    assert found.columns == ("age", "sex", "localization")
    right = (found.probabilities.argmax(axis=1) == test[1]).mean()
    assert 0.65 < right < 0.9  # more would mean that it looked at the diagnosis


def test_balancing_answers_as_if_the_classes_were_equally_common() -> None:
    random = np.random.default_rng(0)
    images = [image(n, sex=str(random.choice(["male", "female"]))) for n in range(2000)]
    truth = (random.random(2000) < 0.1).astype(np.int64)  # sex tells nothing
    plain = answer_from_metadata(images, truth, images[:50], 2, balanced=False)
    balanced = answer_from_metadata(images, truth, images[:50], 2, balanced=True)
    assert plain is not None
    assert balanced is not None
    assert plain.probabilities[:, 1] == pytest.approx(0.1, abs=0.03)
    assert balanced.probabilities[:, 1] == pytest.approx(0.5, abs=0.08)


def test_a_value_that_training_never_showed_is_no_error() -> None:
    train = [image(n, localization="back" if n % 2 else "face") for n in range(10)]
    test = [image(0, localization="tongue"), image(1)]
    found = answer_from_metadata(train, np.arange(10) % 2, test, 2, balanced=False)
    assert found is not None
    assert found.probabilities == pytest.approx(0.5, abs=1e-3)
