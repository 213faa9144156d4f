"""Comparing models: only on fair ground, only with what the answers show, in one sentence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import balanced_accuracy_score, f1_score, roc_auc_score

from server.domain.errors import InvalidInput
from server.training.evaluation.comparison import compare
from server.training.evaluation.mcnemar import exact_p
from server.training.evaluation.metrics import measure
from server.training.evaluation.paired_bootstrap import Round, paired_bootstrap, weighted_figures
from tests.unit.training.contenders import LABELS, contender

FEW = 200
"""Replicates; enough for what these tests say."""
seeds = st.integers(0, 10_000)


def turned(value: float | None) -> float | None:
    return None if value is None else -value


@given(seeds, st.floats(0, 3))
@settings(max_examples=15, deadline=None)
def test_a_model_compared_with_itself_differs_by_exactly_nothing(seed: int, skill: float) -> None:
    model = contender("one", skill=skill, seed=seed)
    found = compare([model], [model], replicates=FEW)
    assert {(f.difference, f.low, f.high) for f in found.figures} == {(0.0, None, None)}
    assert (found.shown, found.better) == (False, None)
    assert found.sentence.startswith("No difference shown: on the 60 lesions")
    assert (found.mcnemar.for_a, found.mcnemar.for_b, found.mcnemar.p) == (0, 0, 1.0)


@given(seeds, st.floats(0, 3), st.integers(1, 3))
@settings(max_examples=15, deadline=None)
def test_exchanging_the_sides_turns_every_sign_round(seed: int, skill: float, models: int) -> None:
    a = [contender(f"a{n}", skill=skill, seed=seed + n) for n in range(models)]
    b = [contender("b", seed=seed + 10)]
    there, back = compare(a, b, replicates=FEW), compare(b, a, replicates=FEW)
    for one, other in zip(
        (*there.figures, *there.sensitivities), (*back.figures, *back.sensitivities), strict=True
    ):
        assert one.difference == pytest.approx(-(other.difference or 0))
        assert one.low == pytest.approx(turned(other.high))
        assert one.high == pytest.approx(turned(other.low))
        assert one.a == other.b
    assert there.mcnemar.p == back.mcnemar.p
    assert there.mcnemar.for_a == back.mcnemar.for_b
    assert there.shown == back.shown


@given(st.integers(0, 300), st.integers(0, 300))
@settings(max_examples=100, deadline=None)
def test_the_exact_p_is_that_of_the_binomial_test(for_a: int, for_b: int) -> None:
    expected = binomtest(for_a, for_a + for_b).pvalue if for_a + for_b else 1.0
    assert exact_p(for_a, for_b) == pytest.approx(expected, rel=1e-9, abs=1e-300)


def test_the_exact_p_holds_where_floats_would_end() -> None:
    assert 0 < exact_p(1_000, 1_300) < 1e-9
    assert exact_p(0, 5_000) == 0.0


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_figures_with_all_weights_one_are_those_of_the_report_and_of_scikit_learn(
    seed: int,
) -> None:
    random = np.random.default_rng(seed)
    truth = np.r_[0, 1, 2, random.integers(0, 3, 40)]
    answers = random.dirichlet(np.ones(3), 43).round(2) + 1e-9  # rounded, so that scores tie
    answers /= answers.sum(axis=1, keepdims=True)
    (row,) = weighted_figures(answers, truth, np.arange(43), np.ones((1, 43)))
    report = measure(answers, truth, LABELS)
    assert row[:4] == pytest.approx(
        [report.balanced_accuracy, report.macro_auc, report.accuracy, report.macro_f1]
    )
    assert row[4:] == pytest.approx([each.recall for each in report.per_class])
    chosen = answers.argmax(axis=1)
    assert row[0] == pytest.approx(balanced_accuracy_score(truth, chosen))
    assert row[1] == pytest.approx(roc_auc_score(truth, answers, multi_class="ovr"))
    assert row[3] == pytest.approx(f1_score(truth, chosen, average="macro"))


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_a_lesion_drawn_twice_counts_as_if_it_were_there_twice(seed: int) -> None:
    random = np.random.default_rng(seed)
    truth = np.r_[0, 1, 2, random.integers(0, 3, 27)]
    answers = random.dirichlet(np.ones(3), 30)
    lesions = np.arange(30) // 2
    times = random.integers(0, 3, 15)
    (weighted,) = weighted_figures(answers, truth, lesions, times[None].astype(float))
    rows = np.repeat(np.arange(30), times[lesions])
    if not len(rows):
        return
    (copied,) = weighted_figures(
        answers[rows], truth[rows], np.zeros(len(rows), int), np.ones((1, 1))
    )
    assert weighted == pytest.approx(copied, nan_ok=True)


def test_two_lesions_of_a_class_show_nothing_however_clear_they_look() -> None:
    """A found both and B neither: every draw says so, and still it is only two lesions."""
    truth, lesions = np.repeat([0, 1], [40, 2]), np.arange(42)
    right, wrong = np.eye(2)[truth], np.eye(2)[np.zeros(42, dtype=int)]
    found = paired_bootstrap([Round(truth, lesions, (right,), (wrong,))], replicates=FEW)
    sensitivity = found.difference[-1]
    assert sensitivity.value == 1.0
    assert not sensitivity.is_shown


def test_a_much_better_model_is_named_with_both_figures_and_the_interval() -> None:
    good, bad = contender("good", skill=4), contender("bad", skill=0, seed=1)
    found = compare([bad], [good], replicates=FEW)
    assert (found.shown, found.better) == (True, "b")
    assert found.sentence.startswith("good has the higher balanced accuracy on the 60 lesions")
    assert "95 % interval from 0." in found.sentence
    deciding = found.figures[0]
    assert deciding.low is not None
    assert deciding.low < (deciding.difference or 0) < (deciding.high or 0) < 0
    assert found.mcnemar.p < 0.001


def test_models_of_equal_skill_are_rarely_said_to_differ() -> None:
    shown = [
        compare(
            [contender("a", seed=2 * n)], [contender("b", seed=2 * n + 1)], replicates=FEW
        ).shown
        for n in range(100)
    ]
    assert 0 <= sum(shown) <= 12, "about 5 of 100 are expected"


def test_lesions_that_one_model_learnt_from_do_not_count_and_this_is_said() -> None:
    honest = contender("honest", tested=range(60))
    leaked = contender("leaked", tested=range(30, 90), seen=range(25), seed=1)
    found = compare([honest], [leaked], replicates=FEW)
    assert found.lesions == 30
    assert any(
        sentence.startswith("leaked was trained on or chosen by 25 lesions")
        for sentence in found.left_out
    )


def test_a_sibling_of_a_test_image_that_was_learnt_from_spoils_its_lesion_too() -> None:
    honest = contender("honest")
    careless = contender("careless", seed=1)
    moved = {image for image in careless.test if image.endswith("/1")}
    # a dataset that names no lesions, so that its split tore them apart
    torn = type(careless)(
        name="torn",
        labels=LABELS,
        test={image: answer for image, answer in careless.test.items() if image not in moved},
        seen=frozenset(moved),
        group_of={image: f"image:{image}" for image in careless.test},
    )
    with pytest.raises(InvalidInput, match="no lesion that both were tested on"):
        compare([honest], [torn])


def test_models_without_common_lesions_are_refused_with_the_way_out() -> None:
    with pytest.raises(InvalidInput, match=r"there is no lesion.*the same seed") as refusal:
        compare([contender("a", tested=range(30))], [contender("b", tested=range(30, 60))])
    assert "\n" not in refusal.value.message


def test_models_of_other_classes_are_refused() -> None:
    other = contender("b", labels=("bkl", "mel", "nv", "vasc"))
    with pytest.raises(InvalidInput, match="answers the classes bkl, mel, nv and b the classes"):
        compare([contender("a")], [other])


def test_the_order_of_the_classes_does_not_matter() -> None:
    model = contender("a", seed=3)
    turned = type(model)(
        name="turned",
        labels=LABELS[::-1],
        test={
            image: type(answer)(answer.truth, answer.probabilities[::-1])
            for image, answer in model.test.items()
        },
        seen=model.seen,
        group_of=model.group_of,
    )
    found = compare([model], [turned], replicates=FEW)
    assert {figure.difference for figure in found.figures} == {0.0}


def test_several_seeds_are_paired_by_their_test_part_and_shown_with_mean_and_spread() -> None:
    parts = [range(40), range(40, 80), range(80, 120)]
    a = [contender(f"a{n}", tested=part, skill=3, seed=n) for n, part in enumerate(parts)]
    b = [contender(f"b{n}", tested=part, skill=0, seed=9 + n) for n, part in enumerate(parts)]
    found = compare(a, b[::-1], replicates=FEW)
    assert (found.test_parts, found.lesions, found.better) == (3, 120, "a")
    assert found.models == {"a": ("a0", "a1", "a2"), "b": ("b0", "b1", "b2")}
    deciding = found.figures[0]
    values = [value or 0 for value in deciding.a.values]
    assert deciding.a.mean == pytest.approx(np.mean(values))
    assert deciding.a.spread == pytest.approx(np.std(values, ddof=1))
    assert "side B (mean of 3 models)" in found.sentence


def test_a_seed_without_counterpart_is_left_out_and_named() -> None:
    a = [contender("a0"), contender("a1", tested=range(60, 90))]
    found = compare(a, [contender("b0", seed=1)], replicates=FEW)
    assert found.models["a"] == ("a0",)
    assert any(sentence.startswith("a1 is left out") for sentence in found.left_out)


def test_what_the_sides_were_made_with_is_set_side_by_side_where_it_differs() -> None:
    a = contender("a", made_with={"epochs": 30, "optimizer": "Adam"})
    b = contender("b", seed=1, made_with={"epochs": 10, "optimizer": "Adam", "ema": True})
    rows = compare([a], [b], replicates=FEW).settings
    assert [(row.name, row.a, row.b) for row in rows] == [
        ("epochs", ("30",), ("10",)),
        ("ema", ("–",), ("True",)),
    ]


def test_the_same_seed_gives_the_same_intervals() -> None:
    a, b = contender("a"), contender("b", seed=1)
    assert compare([a], [b], replicates=FEW) == compare([a], [b], replicates=FEW)
