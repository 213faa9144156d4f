"""The figures: worked by hand, and against scikit-learn on anything."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn import metrics as reference

from server.training.evaluation.metrics import area_under_roc, majority_baseline, measure

LABELS = ("bcc", "mel", "nv")


def sure(answers: list[int]) -> npt.NDArray[np.float64]:
    """Probabilities of somebody who is certain."""
    return np.eye(len(LABELS))[answers]


def test_a_small_example_worked_by_hand() -> None:
    #                    bcc bcc mel mel mel nv nv nv nv nv
    truth = np.array([0, 0, 1, 1, 1, 2, 2, 2, 2, 2])
    answers = [0, 2, 1, 1, 2, 2, 2, 2, 2, 1]
    found = measure(sure(answers), truth, LABELS)

    assert found.confusion_matrix == {
        "labels": ["bcc", "mel", "nv"],
        "counts": [[1, 0, 1], [0, 2, 1], [0, 1, 4]],
    }
    assert found.accuracy == pytest.approx(7 / 10)
    assert found.balanced_accuracy == pytest.approx((1 / 2 + 2 / 3 + 4 / 5) / 3)
    assert found.macro_f1 == pytest.approx((2 / 3 + 4 / 6 + 8 / 11) / 3)
    melanoma = found.per_class[1]
    assert (melanoma.label, melanoma.support) == ("mel", 3)
    assert melanoma.precision == pytest.approx(2 / 3)
    assert melanoma.recall == melanoma.sensitivity == pytest.approx(2 / 3)
    assert melanoma.specificity == pytest.approx(6 / 7)
    # 3 x 7 pairs: 2 hits beat 6 rejections, tie with 1; 1 miss beats none, ties with 6.
    assert melanoma.auc == pytest.approx((2 * 6 + 2 * 0.5 + 6 * 0.5) / 21)


def test_ranking_is_worked_by_hand() -> None:
    scores = np.array([0.1, 0.4, 0.35, 0.8])
    assert area_under_roc(scores, np.array([False, False, True, True])) == pytest.approx(0.75)
    assert area_under_roc(np.ones(4), np.array([False, True, True, True])) == pytest.approx(0.5)
    assert area_under_roc(scores, np.zeros(4, dtype=bool)) is None


def test_a_class_that_does_not_occur_leaves_the_macro_auc_undefined() -> None:
    found = measure(sure([0, 1, 1]), np.array([0, 1, 0]), LABELS)
    assert found.macro_auc is None
    assert found.per_class[2].recall is None
    assert "macro_auc" not in found.headline
    assert found.balanced_accuracy == pytest.approx((1 / 2 + 1) / 2)


def test_always_answering_the_most_common_class_is_the_baseline() -> None:
    majority, baseline = majority_baseline(
        np.array([2, 2, 2, 1, 0]), np.array([0, 1, 2, 2]), LABELS
    )
    assert majority == "nv"
    assert baseline.accuracy == pytest.approx(0.5)
    assert baseline.balanced_accuracy == pytest.approx(1 / 3)
    assert baseline.macro_auc == pytest.approx(0.5)


@st.composite
def answered(draw: st.DrawFn) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    more = draw(st.lists(st.integers(0, 2), max_size=40))
    truth = np.array([0, 1, 2, *more])
    raw: npt.NDArray[np.float64] = draw(
        arrays.arrays(np.float64, (len(truth), 3), elements=st.integers(1, 6).map(float))
    )
    return truth, raw / raw.sum(axis=1, keepdims=True)


@given(answered())
def test_every_figure_is_that_of_scikit_learn(case: tuple[Any, Any]) -> None:
    truth, probabilities = case
    answers = probabilities.argmax(axis=1)
    found = measure(probabilities, truth, LABELS)

    assert found.accuracy == pytest.approx(reference.accuracy_score(truth, answers))
    assert found.balanced_accuracy == pytest.approx(
        reference.balanced_accuracy_score(truth, answers)
    )
    assert found.macro_f1 == pytest.approx(
        reference.f1_score(truth, answers, average="macro", zero_division=0)
    )
    assert found.macro_auc == pytest.approx(
        reference.roc_auc_score(truth, probabilities, multi_class="ovr", average="macro")
    )
    expected = reference.confusion_matrix(truth, answers, labels=[0, 1, 2])
    assert found.confusion_matrix["counts"] == expected.tolist()
    precisions = reference.precision_score(truth, answers, average=None, zero_division=0)
    assert [each.precision for each in found.per_class] == pytest.approx(precisions.tolist())
