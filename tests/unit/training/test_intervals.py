"""Every figure of the report has an interval from lesions, and its value is the plain figure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from server.training.evaluation.above_baseline import above_baseline
from server.training.evaluation.intervals import CLASS_FIGURES, HEADLINE, redraw
from server.training.evaluation.metrics import always, measure
from server.training.evaluation.ranking import areas
from server.training.evaluation.shares import Draws

LABELS = ("akiec", "mel", "nv")


def answers(seed: int, images: int = 120, ties: bool = False) -> tuple[np.ndarray, ...]:
    random = np.random.default_rng(seed)
    truth = np.r_[0, 1, 2, random.integers(0, 3, images - 3)]
    logits = random.normal(size=(images, 3)) + 1.5 * np.eye(3)[truth]
    if ties:
        logits = logits.round()
    raised = np.exp(logits)
    return (
        raised / raised.sum(axis=1, keepdims=True),
        truth,
        random.integers(0, images // 2, images),
    )


def with_intervals(
    probabilities: Any, truth: Any, lesions: Any, labels: tuple[str, ...], seed: int
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    found = redraw(probabilities, truth, Draws.among(truth, lesions, seed))
    return plain(found.figures()), found.classes(truth, lesions, labels)


def plain(figures: Any) -> dict[str, Any]:
    """Figures whose ends a test may compare without asking whether they are there."""
    return dict(figures)


@pytest.mark.parametrize("ties", [False, True])
def test_values_are_those_of_the_metadata_and_of_scikit_learn(ties: bool) -> None:
    probabilities, truth, lesions = answers(1, ties=ties)
    headline, classes = with_intervals(probabilities, truth, lesions, LABELS, 0)
    expected_figures = measure(probabilities, truth, LABELS)
    for name, value in expected_figures.headline.items():
        assert headline[name]["value"] == pytest.approx(value)
    for code, (row, expected) in enumerate(zip(classes, expected_figures.per_class, strict=True)):
        for name in ("sensitivity", "specificity", "precision", "f1", "auc"):
            assert row[name]["value"] == pytest.approx(getattr(expected, name))
        positive, scores = truth == code, probabilities[:, code]
        precision = average_precision_score(positive, scores)
        assert row["average_precision"]["value"] == pytest.approx(precision)
        assert row["auc"]["value"] == pytest.approx(roc_auc_score(positive, scores))
        false, true, _ = roc_curve(positive, scores, drop_intermediate=False)
        dense = np.linspace(0, 1, 400_001)
        height = np.interp(dense, false, true)  # vertical steps do not matter to an area
        partial = np.trapezoid(np.where(height >= 0.8, height, 0), dense)
        assert row["pauc_80"]["value"] == pytest.approx(partial, abs=1e-4)


def test_every_figure_has_an_interval_around_it() -> None:
    probabilities, truth, lesions = answers(2)
    headline, classes = with_intervals(probabilities, truth, lesions, LABELS, 0)
    assert set(headline) == set(HEADLINE)
    for figure in [*headline.values(), *(row[name] for row in classes for name in CLASS_FIGURES)]:
        assert 0 <= figure["low"] < figure["value"] < figure["high"] <= 1


def test_the_same_seed_gives_the_same_intervals_and_another_seed_others() -> None:
    probabilities, truth, lesions = answers(3)
    once = with_intervals(probabilities, truth, lesions, LABELS, 5)
    assert once == with_intervals(probabilities, truth, lesions, LABELS, 5)
    assert once != with_intervals(probabilities, truth, lesions, LABELS, 6)


def test_copies_of_a_lesion_add_no_certainty() -> None:
    """Ten photographs of each lesion, all answered alike, leave the interval as wide as one."""
    probabilities, truth, _ = answers(4, images=60)
    alone, _ = with_intervals(probabilities, truth, np.arange(60), LABELS, 0)
    copied, _ = with_intervals(
        probabilities.repeat(10, axis=0), truth.repeat(10), np.arange(60).repeat(10), LABELS, 0
    )
    for name in HEADLINE:
        for end in ("value", "low", "high"):
            assert copied[name][end] == pytest.approx(alone[name][end], abs=0.02)


def test_what_cannot_vary_has_no_interval() -> None:
    truth = np.array([0, 0, 1, 1])
    headline, classes = with_intervals(np.eye(2)[truth], truth, np.arange(4), ("a", "b"), 0)
    assert headline["accuracy"] == {"value": 1.0, "low": None, "high": None}
    assert classes[0]["lesions"] == classes[0]["support"] == 2


def test_a_difference_is_measured_on_the_same_draws() -> None:
    """Two sets of answers that err alike differ with less doubt than each alone is measured."""
    probabilities, truth, lesions = answers(6)
    draws = Draws.among(truth, lesions, 0)
    other = probabilities.copy()
    other[:4] = other[:4].mean(axis=0)
    one, two = redraw(probabilities, truth, draws), redraw(other, truth, draws)
    alone, apart = plain(one.figures())["macro_auc"], plain(one.minus(two))["macro_auc"]
    theirs = plain(two.figures())["macro_auc"]
    assert apart["value"] == pytest.approx(alone["value"] - theirs["value"])
    assert apart["low"] < apart["value"] < apart["high"]
    assert apart["high"] - apart["low"] < (alone["high"] - alone["low"]) / 2


def test_always_answering_one_class_varies_only_where_lesions_have_more_images() -> None:
    """Lesions are drawn within their class: its balanced accuracy is known, its accuracy is not."""
    _, truth, lesions = answers(7)
    draws = Draws.among(truth, lesions, 0)
    found = plain(redraw(always(2, len(truth), 3), truth, draws).figures())
    assert found["balanced_accuracy"] == {"value": pytest.approx(1 / 3), "low": None, "high": None}
    assert found["macro_auc"] == {"value": 0.5, "low": None, "high": None}
    assert found["accuracy"]["low"] < found["accuracy"]["value"] < found["accuracy"]["high"]


@pytest.mark.parametrize(
    ("figure", "said"),
    [
        ((0.3, 0.2, 0.4), "is 0.300 above that of the baseline (95 % interval +0.200 to +0.400)"),
        ((0.02, -0.03, 0.07), "No difference from the baseline is shown"),
        ((-0.1, -0.2, -0.05), "is 0.100 below that of the baseline (95 % interval −0.200 to −0.05"),
        ((0.1, None, None), "by +0.100; how sure that is cannot be told"),
        ((None, None, None), "cannot be compared"),
    ],
)
def test_the_sentence_claims_no_more_than_the_interval_shows(
    figure: tuple[float | None, float | None, float | None], said: str
) -> None:
    value, low, high = figure
    assert said in above_baseline("the baseline", {"value": value, "low": low, "high": high})


@given(st.integers(0, 1000), st.integers(1, 5))
@settings(max_examples=30, deadline=None)
def test_a_weight_counts_as_that_many_images(seed: int, classes: int) -> None:
    probabilities, truth, _ = answers(seed, images=30, ties=classes > 2)
    times = np.random.default_rng(seed).integers(0, 4, 30)
    weighted = areas(probabilities[:, 0], truth == 0, times[None, :].astype(float))
    rows = np.repeat(np.arange(30), times)
    if len(set((truth == 0)[rows])) < 2:
        assert np.isnan(weighted).all()
        return
    repeated = areas(probabilities[rows, 0], (truth == 0)[rows], np.ones((1, len(rows))))
    np.testing.assert_allclose(weighted, repeated, atol=1e-9)
