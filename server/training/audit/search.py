"""Near-duplicates: pictures of the same skin, found by their looks as a whole, settled by detail.

Two ways name candidates: fingerprints of the pixels, and what the pretrained backbone makes of the
pictures where it looked at them. Both also name lesions that merely look alike, and many of them,
so each candidate is settled by ``registration.agreement``. ``docs/science.md`` says what was
measured.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from server.intake.alike_rows import Places, alike_across
from server.intake.fingerprints import Floats, indifferent, likeness
from server.training.audit.fingerprints import fingerprints
from server.training.audit.neighbours import cosines, sketches
from server.training.audit.registration import Registration
from server.training.engine.records import Readable, RecordFile
from server.training.engine.threads import map_in_threads

SAME_SKIN = 0.48
"""Agreement from which two pictures count as near-duplicates."""
_SAME_LOOK = 0.87
_SAME_LOOK_ALONE = 0.80
"""Likeness of fingerprints that makes a candidate: with the backbone's word, and without."""
_SAME_FEATURES = 0.77
_BOTH = (0.50, 0.70)
"""Likeness and cosine that make a candidate together."""
_LOOK_SHORTLIST = 0.75
_FEATURE_SHORTLIST = 0.62
_MOST_EACH = 6
_MOST_CANDIDATES = 20_000
_RELATIVES = 8
_PAIRS_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class NearDuplicate:
    """Two pictures that show the same skin.

    Attributes:
        first, second: positions of the images, the earlier first.
        agreement: of their detail, from 0.48 to 1.
    """

    first: int
    second: int
    agreement: float


@dataclass(frozen=True, slots=True)
class Vectors:
    """The features of the pretrained backbone of every image.

    Attributes:
        records: [width] float16 each, in the order of the images.
    """

    records: Readable
    width: int


def near_duplicates(
    pixels: RecordFile,
    size: int,
    chosen: Sequence[int],
    groups: Sequence[str],
    vectors: Vectors | None,
) -> tuple[NearDuplicate, ...]:
    """All near-duplicates among the images ``chosen``, in order.

    Args:
        pixels: [size, size, 3] uint8 each, in the order of the images.
        chosen: positions, ascending, one of each exact copy.
        groups: of each image chosen, what is known to belong together.
        vectors: None = the pixels alone are asked.
    """
    if len(chosen) < 2:
        return ()
    numbers = np.asarray(chosen, dtype=np.int64)
    _, codes = np.unique(np.asarray(groups), return_inverse=True)
    first, second, cropped = _candidates(
        pixels, size, numbers, np.asarray(codes, np.int64), vectors
    )
    registration = Registration(pixels, size)

    def settle(places: Places) -> list[float]:
        return [
            registration.agreement(
                int(numbers[first[place]]),
                int(numbers[second[place]]),
                enough=SAME_SKIN,
                cropped=bool(cropped[place]),
            )
            for place in places
        ]

    runs = np.array_split(np.arange(len(first)), max(1, -(-len(first) // _PAIRS_AT_ONCE)))
    agreed = [value for part in map_in_threads(settle, runs) for value in part]
    return tuple(
        NearDuplicate(int(numbers[one]), int(numbers[other]), round(value, 4))
        for one, other, value in zip(first, second, agreed, strict=True)
        if value >= SAME_SKIN
    )


def _candidates(
    pixels: RecordFile, size: int, numbers: Places, codes: Places, vectors: Vectors | None
) -> tuple[Places, Places, npt.NDArray[np.bool_]]:
    """Pairs that are worth a look at their detail, and which may be crops of each other.

    Only the backbone names a picture and its crop: their fingerprints differ.
    """
    prints = fingerprints(pixels, [int(number) for number in numbers], size)
    named = [
        _relatives(codes),
        alike_across(indifferent(prints), codes, _LOOK_SHORTLIST, _MOST_EACH),
    ]
    centre: Floats | None = None
    if vectors is not None:
        rows, centre = sketches(vectors.records, numbers, vectors.width)
        named.append(alike_across(rows, codes, _FEATURE_SHORTLIST, _MOST_EACH))
    first, second = _each_once(named, len(numbers))
    looks = _likeness(prints, first, second)
    if vectors is None or centre is None:
        promise, keep = looks, looks > _SAME_LOOK_ALONE
        cropped = np.zeros(len(looks), dtype=np.bool_)
    else:
        felt = cosines(vectors.records, centre, numbers[first], numbers[second])
        together = (looks > _BOTH[0]) & (felt > _BOTH[1])
        cropped = felt > _SAME_FEATURES
        promise, keep = looks + felt, (looks > _SAME_LOOK) | cropped | together
    places = np.flatnonzero(keep)
    strongest = places[np.argsort(-promise[places], kind="stable")[:_MOST_CANDIDATES]]
    places = np.sort(strongest)
    return first[places], second[places], cropped[places]


def _likeness(prints: Floats, first: Places, second: Places) -> Floats:
    """``fingerprints.likeness`` of many pairs, a few thousand at once."""
    found = np.empty(len(first), dtype=np.float32)
    for start in range(0, len(first), 4096):
        end = start + 4096
        found[start:end] = likeness(prints[first[start:end]], prints[second[start:end]])
    return found


def _relatives(codes: Places) -> tuple[Places, Places]:
    """Pairs inside each group: every image with the next few of its group."""
    members: dict[int, list[int]] = defaultdict(list)
    for place, code in enumerate(codes.tolist()):
        members[code].append(place)
    pairs = [
        (one, other)
        for each in members.values()
        if len(each) > 1
        for place, one in enumerate(each)
        for other in each[place + 1 : place + 1 + _RELATIVES]
    ]
    table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def _each_once(named: Sequence[tuple[Places, Places]], count: int) -> tuple[Places, Places]:
    """The union of several lists of pairs, in order."""
    cells = np.unique(np.concatenate([first * count + second for first, second in named]))
    return cells // count, cells % count
