"""Models to compare, made up by a random generator: truth, lesions and answers, no training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from server.training.evaluation.common_ground import Answer, ScoredModel

LABELS = ("bkl", "mel", "nv")


def contender(
    name: str,
    *,
    skill: float = 1.0,
    seed: int = 0,
    tested: Sequence[int] = range(60),
    seen: Sequence[int] = (),
    photographs: int = 2,
    labels: Sequence[str] = LABELS,
    **more: object,
) -> ScoredModel:
    """A model tested on ``photographs`` pictures of each lesion in ``tested``.

    Lesion ``n`` is of the class ``n % 3``, whoever tests it; ``skill`` moves the answers towards
    the truth.
    """
    random = np.random.default_rng(seed)
    test: dict[str, Answer] = {}
    for lesion in tested:
        truth = LABELS[lesion % len(LABELS)]
        for picture in range(photographs):
            scores = random.normal(0, 1, len(labels))
            scores[list(labels).index(truth)] += skill
            shares = np.exp(scores) / np.exp(scores).sum()
            test[f"{lesion}/{picture}"] = Answer(truth, tuple(map(float, shares)))
    images = {*test, *(f"{lesion}/{p}" for lesion in seen for p in range(photographs))}
    return ScoredModel(
        name=name,
        labels=tuple(labels),
        test=test,
        seen=frozenset(images - set(test)),
        group_of={image: f"lesion:{image.split('/')[0]}" for image in images},
        **more,  # type: ignore[arg-type]
    )
