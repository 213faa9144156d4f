"""McNemar's exact test of two sides that answered the same images, with the lesion as its unit.

The test counts independent pairs. Photographs of one lesion are not independent, so the lesion is
the pair: it goes to the side that answers more of its photographs rightly, and to neither when both
answer equally many. For lesions of one photograph this is McNemar's test as it is written
(Psychometrika 12, 1947); the p-value is exact, from the binomial distribution, because often few
lesions decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from server.training.evaluation.metrics import Floats, Ints
from server.training.evaluation.paired_bootstrap import Round

_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class McNemar:
    """The lesions by which side did better on them.

    Attributes:
        for_a, for_b: lesions of which that side answered more photographs rightly.
        same: lesions of which both answered equally many rightly.
        p: chance of a split at least this uneven if both sides were equally good; two-sided.
    """

    for_a: int
    for_b: int
    same: int
    p: float


def mcnemar(rounds: Sequence[Round]) -> McNemar:
    """The test over all rounds together; a side of several models counts with their mean."""
    lesions = 1 + max(int(each.lesions.max()) for each in rounds)
    gain, seen = np.zeros(lesions), np.zeros(lesions, dtype=np.bool_)
    for each in rounds:
        right = _right(each.a, each.truth) - _right(each.b, each.truth)
        np.add.at(gain, each.lesions, right)
        seen[each.lesions] = True
    for_a, for_b = int((gain > _SAME).sum()), int((gain < -_SAME).sum())
    return McNemar(for_a, for_b, int(seen.sum()) - for_a - for_b, exact_p(for_a, for_b))


def exact_p(for_a: int, for_b: int) -> float:
    """Two-sided exact p-value of ``for_a`` against ``for_b`` when each is as likely as the other.

    In whole numbers until the last division, so it holds for any counts.
    """
    decided = for_a + for_b
    ways, tail = 1, 1
    for fewer in range(min(for_a, for_b)):
        ways = ways * (decided - fewer) // (fewer + 1)
        tail += ways
    return min(1.0, float(2 * tail / 2**decided))


def _right(answers: Sequence[Floats], truth: Ints) -> Floats:
    return np.asarray(np.mean([each.argmax(axis=1) == truth for each in answers], axis=0))
