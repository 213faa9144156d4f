"""The division into parts that a published set brings along.

It is kept with each image and told to the researcher, and not trained by: several official splits
have images of one lesion on both sides, and the parts of two sets do not compare.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

OFFICIAL_SPLIT = "official_split"
_PART = re.compile(r"(?<![a-z])(train|val|test)(ing|id|idation)?(?![a-z])")


def part_in_name(table: str) -> str:
    """``training`` of ``ISIC2018_Task3_Training_GroundTruth.csv``; empty when it says none."""
    name = PurePosixPath(table).name.casefold()
    found = _PART.search(name)
    return found.group() if found else ""


def split_note(attributes: Iterable[Mapping[str, str]]) -> str:
    """One sentence on the official split of the images; empty when there is none."""
    parts = Counter(each[OFFICIAL_SPLIT] for each in attributes if each.get(OFFICIAL_SPLIT))
    if len(parts) < 2:
        return ""
    counts = ", ".join(f"{part} {count:,}" for part, count in sorted(parts.items()))
    return (
        f"The set has an official split ({counts}); it is kept with each image as "
        f"{OFFICIAL_SPLIT} and not used: training makes its own, so that no lesion is in two parts."
    )
