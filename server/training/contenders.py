"""From a model's report to what a comparison needs of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from server.domain.errors import InvalidInput
from server.training.evaluation.common_ground import Answer, ScoredModel
from server.training.recipe import Recipe, read_report, recipe_of


def read_contender(path: Path) -> ScoredModel:
    """The model whose ``…_report.json`` lies at ``path``.

    Raises:
        InvalidInput: when it is no report, or none that a comparison can use.
    """
    report = read_report(path)
    recipe = recipe_of(report, path)
    try:
        return _contender(report, recipe)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidInput(
            f"The report {path} does not hold the test answers that a comparison needs; train the "
            "model again to get one that does."
        ) from error


def _contender(report: Mapping[str, Any], recipe: Recipe) -> ScoredModel:
    labels = tuple(str(each["label"]) for each in report["per_class"])
    table = recipe["images"]
    file_of = dict(zip(table["id"], table["sha256"], strict=True))
    tested = {file_of[answer["image_id"]]: answer for answer in report["test_answers"]}
    return ScoredModel(
        name=str(report["model_name"]),
        labels=labels,
        test={file: _answer(answer, labels) for file, answer in tested.items()},
        seen=frozenset(
            file
            for file, part in zip(table["sha256"], table["part"], strict=True)
            if part != "test"
        ),
        group_of=dict(zip(table["sha256"], table["group"], strict=True)),
        is_sample=bool(recipe["is_sample"]),
        made_with=_made_with(recipe),
    )


def _answer(answer: Mapping[str, Any], labels: tuple[str, ...]) -> Answer:
    probabilities = tuple(float(value) for value in answer["probabilities"])
    truth = str(answer["truth"])
    fits = len(probabilities) == len(labels) and all(map(math.isfinite, probabilities))
    if truth not in labels or not fits:
        raise ValueError(f"an answer that does not fit the classes: {answer['image_id']}")
    return Answer(truth, probabilities)


def _made_with(recipe: Recipe) -> dict[str, Any]:
    """What a reader wants to see side by side, by a name that people read."""
    weights = recipe["weights"]
    return {
        **recipe["request"],
        "weights": f"{weights['used']}{_short(weights['sha256'])}",
        "images": f"{len(recipe['images']['id'])}{_short(recipe['data_hash'])}",
        "device": recipe["device"],
        **{f"version of {name}": value for name, value in recipe["versions"].items()},
    }


def _short(digest: str | None) -> str:
    return f" ({digest[:8]})" if digest else ""
