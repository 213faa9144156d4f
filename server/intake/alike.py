"""Pictures that look nearly the same as a whole: resized, saved again, lightened, turned, mirrored.

Their fingerprints are compared (``fingerprints``: low frequencies of the cosine transform in all
eight ways), not their detail, so a crop or another photograph of the same lesion is not found. The
leak audit before a training looks deeper.

All pairs are compared, in blocks: the time grows with the square of the number of pictures, the
memory with the number, by 1.2 KB each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from server.intake.alike_rows import Places, alike_across
from server.intake.fingerprints import (
    COEFFICIENTS,
    Floats,
    indifferent,
    likeness,
    make_comparable,
)
from server.intake.look import Alike, Seen

ALIKE = 0.94
"""Likeness from which two pictures count. Of all pairs of different lesions in 8,548 images of
HAM10000, none reaches it; two above 0.92 only look alike. 300 of the images saved again at quality
60, halved, mirrored or turned all reach 0.99."""
MOST_PICTURES = 150_000
"""More are not compared, so that no import waits for it for longer than a few minutes."""
_SHORTLIST = 0.75
_MOST_EACH = 6
_MOST_PAIRS = 20_000
_FEW = 300
_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was found; ``made`` is False where there were too many pictures to compare."""

    pairs: tuple[Alike, ...]
    made: bool


def find_alike(seen: Sequence[Seen]) -> Comparison:
    """Every pair that is alike and not the same file, in order; at most the 20,000 most alike."""
    places = [place for place, each in enumerate(seen) if each.look and each.look.coefficients]
    if len(places) > MOST_PICTURES:
        return Comparison((), made=False)
    if len(places) < 2:
        return Comparison((), made=True)
    prints = np.empty((len(places), COEFFICIENTS), dtype=np.float32)
    for row, place in enumerate(places):
        look = seen[place].look
        assert look is not None
        prints[row] = np.frombuffer(look.coefficients, dtype=np.float16)
    make_comparable(prints)
    files = np.unique([seen[place].sha256 for place in places], return_inverse=True)[1]
    first, second = _candidates(prints, np.asarray(files, dtype=np.int64))
    found = _likeness(prints, first, second)
    enough = np.flatnonzero(found >= ALIKE)
    strongest = np.sort(enough[np.argsort(-found[enough], kind="stable")[:_MOST_PAIRS]])
    pairs = tuple(
        Alike(places[first[pair]], places[second[pair]], round(float(found[pair]), 4))
        for pair in strongest
    )
    return Comparison(pairs, made=True)


def _candidates(prints: Floats, files: Places) -> tuple[Places, Places]:
    if len(prints) > _FEW:
        return alike_across(indifferent(prints), files, _SHORTLIST, _MOST_EACH)
    # of few pictures the shortlist knows too little of what is usual: all pairs are looked at
    first, second = np.triu_indices(len(prints), k=1)
    apart = files[first] != files[second]
    return first[apart], second[apart]


def _likeness(prints: Floats, first: Places, second: Places) -> Floats:
    found = np.empty(len(first), dtype=np.float32)
    for start in range(0, len(first), _AT_ONCE):
        end = start + _AT_ONCE
        found[start:end] = likeness(prints[first[start:end]], prints[second[start:end]])
    return found
