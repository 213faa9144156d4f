"""Masks: pictures that mark where the lesion of another picture lies. No photographs, no data."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from pathlib import PurePosixPath

_MASK = re.compile(
    r"(.+?)_(lesion|segmentation|mask|superpixels|gt|roi|r\d+_label\d+|attribute_[a-z_]+)"
)


def is_mask_of(path: str, stems: Collection[str]) -> bool:
    """Whether the file is named as the mask of one of the images with these stems (case-folded)."""
    found = _MASK.fullmatch(PurePosixPath(path).stem.casefold())
    return found is not None and found.group(1) in stems


def masks_note(masks: Sequence[str]) -> tuple[str, ...]:
    """A sentence on the masks that are left aside; none without masks."""
    if not masks:
        return ()
    one = len(masks) == 1
    count = f"{len(masks):,} {'mask' if one else 'masks'} of lesions, such as {masks[0]!r},"
    return (f"{count} {'is' if one else 'are'} left aside: no photograph of skin.",)
