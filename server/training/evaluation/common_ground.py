"""On which lesions models can be compared fairly: those that all were tested on and none had seen.

Images are told apart by the hash of their file, so that the same photograph is known again in
another dataset, under another name. What any of the models' datasets ties together (a lesion, a
patient, copies of a file) counts as one lesion here, links chained: a photograph whose sibling one
of the models was trained on is no fair test of that model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from server.domain.errors import InvalidInput
from server.training.evaluation.paired_bootstrap import Round

MIN_LESIONS = 10
"""Fewer common lesions can show nothing: with five, not even five to none is unlikely enough."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model answered to one test image.

    Attributes:
        truth: the class that its dataset names.
        probabilities: in the order of ``ScoredModel.labels``.
    """

    truth: str
    probabilities: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ScoredModel:
    """One model's report, as far as a comparison needs it.

    Attributes:
        name: of the model.
        labels: the classes that it answers.
        test: image to what it answered; images are named by the hash of their file.
        seen: images that it was trained on or chosen by.
        group_of: image to the group that its split kept together, for all of its images.
        is_sample: trained on drawn pictures.
        made_with: what it was made with, name to value, for showing what differs.
    """

    name: str
    labels: tuple[str, ...]
    test: Mapping[str, Answer]
    seen: frozenset[str]
    group_of: Mapping[str, str]
    is_sample: bool = False
    made_with: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CommonGround:
    """The rounds of a fair comparison.

    Attributes:
        labels: the classes, in the order of all columns.
        rounds: at least one; several where a side has several seeds, each with its own test part.
        models: names of the models of each side that take part.
        lesions, images: that are compared on, over all rounds.
        left_out: what is not compared and why, one sentence each.
    """

    labels: tuple[str, ...]
    rounds: tuple[Round, ...]
    models: tuple[tuple[str, ...], tuple[str, ...]]
    lesions: int
    images: int
    left_out: tuple[str, ...]


def find_common_ground(a: Sequence[ScoredModel], b: Sequence[ScoredModel]) -> CommonGround:
    """The lesions that both sides were tested on and neither had seen.

    Raises:
        InvalidInput: when there are none or too few, or when the models answer other classes.
    """
    everyone = [*a, *b]
    labels = _same_labels(everyone)
    lesion_of = _lesions(everyone)
    pairs, left_out = _pair_up(a, b)
    found = [_fair_images(*pair, lesion_of) for pair in pairs]
    for sentences in (each.left_out for each in found):
        left_out += [sentence for sentence in sentences if sentence not in left_out]
    lesions = sorted({lesion_of[image] for each in found for image in each.images})
    if len(lesions) < MIN_LESIONS:
        raise InvalidInput(_too_few(len(lesions), left_out))
    number = {lesion: place for place, lesion in enumerate(lesions)}
    rounds = tuple(
        _round(*pair, each.images, labels, {i: number[lesion_of[i]] for i in each.images})
        for pair, each in zip(pairs, found, strict=True)
        if each.images
    )
    if len(np.unique(np.concatenate([each.truth for each in rounds]))) < 2:
        raise InvalidInput(
            "The lesions that both sides were tested on are all of one class; a comparison needs "
            "two. Compare models that were tested on the same split."
        )
    return CommonGround(
        labels=labels,
        rounds=rounds,
        models=tuple(  # type: ignore[arg-type]
            tuple(model.name for pair in pairs for model in pair[side]) for side in (0, 1)
        ),
        lesions=len(lesions),
        images=len({image for each in found for image in each.images}),
        left_out=tuple(left_out),
    )


@dataclass(frozen=True, slots=True)
class _Fair:
    images: list[str]
    left_out: list[str]


Side = Sequence[ScoredModel]


def _same_labels(models: Side) -> tuple[str, ...]:
    labels = tuple(sorted(models[0].labels))
    for model in models[1:]:
        if tuple(sorted(model.labels)) != labels:
            raise InvalidInput(
                f"{models[0].name} answers the classes {', '.join(labels)} and {model.name} the "
                f"classes {', '.join(sorted(model.labels))}; only models of the same classes can "
                "be compared."
            )
    return labels


def _lesions(models: Side) -> dict[str, str]:
    """Image to the name of its lesion: what any of the models' datasets ties together."""
    parent: dict[str, str] = {}

    def root(node: str) -> str:
        parent.setdefault(node, node)
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for place, model in enumerate(models):
        for image, group in model.group_of.items():
            low, high = sorted((root(f"image {image}"), root(f"{place} {group}")))
            parent[high] = low
    return {image: root(f"image {image}") for model in models for image in model.group_of}


def _pair_up(a: Side, b: Side) -> tuple[list[tuple[Side, Side]], list[str]]:
    """Models of both sides that were tested on the very same images, side by side.

    Returns:
        The pairs of sides, one a test part; and which models have no counterpart. Where no test
        parts are the same, all models stand in one pair.
    """
    parts = {frozenset(model.test): None for model in a}
    pairs = [
        ([m for m in a if frozenset(m.test) == part], [m for m in b if frozenset(m.test) == part])
        for part in parts
    ]
    matched: list[tuple[Side, Side]] = [pair for pair in pairs if pair[1]]
    if not matched:
        return [(a, b)], []
    taking_part = {id(model) for pair in matched for side in pair for model in side}
    return matched, [
        f"{model.name} is left out: no model of the other side was tested on the same images."
        for model in (*a, *b)
        if id(model) not in taking_part
    ]


def _fair_images(a: Side, b: Side, lesion_of: Mapping[str, str]) -> _Fair:
    everyone = [*a, *b]
    tested = [set(model.test) for model in everyone]
    common = set.intersection(*tested)
    seen_by = {
        model.name: {lesion_of[image] for image in model.seen if image in lesion_of}
        for model in everyone
    }
    seen = set().union(*seen_by.values())
    apart = {image for image in common if len({model.test[image].truth for model in everyone}) > 1}
    leaked = [_count(lesion_of, set().union(*tested), name, seen_by[name]) for name in seen_by]
    left_out = [sentence for sentence in leaked if sentence]
    others = _lesions_of(lesion_of, set().union(*tested)) - _lesions_of(lesion_of, common) - seen
    if others:
        left_out.append(
            f"Not every model was tested on {_lesion_count(others)}; they do not count."
        )
    if apart:
        left_out.append(
            f"Images that carry another label in the other model's dataset: {len(apart)}; they do "
            "not count."
        )
    fair = sorted(i for i in common - apart if lesion_of[i] not in seen)
    return _Fair(fair, left_out)


def _count(lesion_of: Mapping[str, str], tested: set[str], name: str, seen: set[str]) -> str:
    leaked = _lesions_of(lesion_of, tested) & seen
    if not leaked:
        return ""
    return (
        f"{name} was trained on or chosen by {_lesion_count(leaked)} that another model was "
        "tested on; they do not count."
    )


def _lesions_of(lesion_of: Mapping[str, str], images: Iterable[str]) -> set[str]:
    return {lesion_of[image] for image in images}


def _lesion_count(lesions: set[str]) -> str:
    return f"{len(lesions)} lesion{'' if len(lesions) == 1 else 's'}"


def _too_few(lesions: int, left_out: Sequence[str]) -> str:
    many = "no lesion" if lesions == 0 else f"only {lesions} lesion{'' if lesions == 1 else 's'}"
    because = f" ({' '.join(left_out).rstrip('.')})" if left_out else ""
    return (
        f"These models cannot be compared: there {'is' if lesions < 2 else 'are'} {many} that "
        f"both were tested on and neither had seen, and {MIN_LESIONS} are needed{because}. Train "
        "both on the same dataset with the same seed, which gives the same split."
    )


def _round(
    a: Side, b: Side, images: Sequence[str], labels: tuple[str, ...], number: Mapping[str, int]
) -> Round:
    code = {label: place for place, label in enumerate(labels)}

    def answers(model: ScoredModel) -> np.ndarray[Any, np.dtype[np.float64]]:
        order = [model.labels.index(label) for label in labels]
        return np.array([model.test[image].probabilities for image in images])[:, order]

    return Round(
        truth=np.array([code[a[0].test[image].truth] for image in images]),
        lesions=np.array([number[image] for image in images]),
        a=tuple(map(answers, a)),
        b=tuple(map(answers, b)),
    )
