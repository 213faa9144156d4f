"""What the leak audit found and what was done about it, as the report shows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from server.intake.manifest import LesionImage

_LISTED = 100


@dataclass(frozen=True, slots=True)
class Pair:
    """Two images that show the same.

    Attributes:
        images: their ids.
        labels: of each.
        agreement: of their detail, 0.48 to 1; 1 for exact copies.
        exact: whether the files are the same byte for byte.
        done: what was done about it, in a few words.
        thumbnails: JPEG data URIs of both, or none.
    """

    images: tuple[str, str]
    labels: tuple[str, str]
    agreement: float
    exact: bool
    done: str
    thumbnails: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "images": list(self.images),
            "labels": list(self.labels),
            "agreement": self.agreement,
            "exact": self.exact,
            "done": self.done,
            "thumbnails": list(self.thumbnails),
        }


@dataclass(frozen=True, slots=True)
class Findings:
    """The leak audit of one run.

    Attributes:
        images, groups: how many, and how many groups they form in the end.
        sharing_a_lesion, sharing_a_patient: images that are not alone with theirs.
        exact_copies: files that repeat another byte for byte.
        within: near-duplicates inside one lesion or patient; the split never tore them apart.
        across: near-duplicates under different lesions.
        contradictions: the same picture under two labels.
        left_apart: pairs across lesions that were not joined, because the group would have grown
            beyond bounds.
        across_parts: pairs that lie in two parts of the split.
        leak_at_random, leak_now: share of the test images with a sibling in training, to be
            expected under a split of single images at random, and in this split.
        looked_with: how near-duplicates were looked for, in words.
    """

    images: int
    groups: int
    sharing_a_lesion: int
    sharing_a_patient: int
    exact_copies: int
    within: int
    across: tuple[Pair, ...]
    contradictions: tuple[Pair, ...]
    left_apart: int
    across_parts: int
    leak_at_random: float
    leak_now: float
    looked_with: str

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values; lists are cut at 100, the counts are of all."""
        return {
            "sentences": self.sentences(),
            "looked_with": self.looked_with,
            "images": self.images,
            "groups": self.groups,
            "images_sharing_a_lesion": self.sharing_a_lesion,
            "images_sharing_a_patient": self.sharing_a_patient,
            "exact_copies": self.exact_copies,
            "near_duplicates_within_lesions": self.within,
            "near_duplicates_across_lesions": len(self.across),
            "contradictory_labels": len(self.contradictions),
            "pairs_left_apart": self.left_apart,
            "pairs_across_parts": self.across_parts,
            "leak_at_random": round(self.leak_at_random, 4),
            "leak_now": round(self.leak_now, 4),
            "pairs_across_lesions": [pair.as_dict() for pair in self.across[:_LISTED]],
            "pairs_with_two_labels": [pair.as_dict() for pair in self.contradictions[:_LISTED]],
        }

    def sentences(self) -> list[str]:
        """What was found, one sentence each; nothing is said of what is not there."""
        return [
            *([self._siblings()] if self.leak_at_random > 0 else []),
            *([self._copies()] if self.exact_copies else []),
            *([self._near()] if self.within or self.across else []),
            *self.warnings(),
            self._result(),
        ]

    def warnings(self) -> list[str]:
        """What somebody should look at."""
        said = []
        if self.contradictions:
            first = self.contradictions[0]
            said.append(
                f"The same picture under two labels: {len(self.contradictions)}, such as "
                f"{first.images[0]} ({first.labels[0]}) and {first.images[1]} ({first.labels[1]}). "
                "They are used as they are; check them."
            )
        if self.left_apart:
            said.append(
                f"Near-duplicates that were left apart, because joining them would have tied too "
                f"many images together: {self.left_apart}. Check whether the dataset repeats "
                "itself."
            )
        return said

    def _siblings(self) -> str:
        return (
            f"A split of single images at random would have put a sibling of "
            f"{100 * self.leak_at_random:.0f} % of the test images into training; in this split "
            f"it is {100 * self.leak_now:.0f} %."
        )

    def _copies(self) -> str:
        return (
            f"Byte for byte copies of other images: {self.exact_copies}; copies stay in one part."
        )

    def _near(self) -> str:
        within = f"{self.within} {'pair' if self.within == 1 else 'pairs'} within lesions"
        across = (
            f"{len(self.across)} under different lesions, tied together before the split"
            if self.across
            else "none under different lesions"
        )
        return f"Near-duplicates ({self.looked_with}): {within}, {across}."

    def _result(self) -> str:
        if self.across_parts:
            return f"Pairs that lie in two parts of the split: {self.across_parts}."
        return "No pair that was found lies in two parts of the split."


def sharing(images: Sequence[LesionImage]) -> tuple[int, int]:
    """How many images share a lesion, and how many a patient, with another."""
    lesions = Counter(image.lesion_id for image in images if image.lesion_id)
    patients = Counter(image.patient_id for image in images if image.patient_id)
    return (
        sum(count for count in lesions.values() if count > 1),
        sum(count for count in patients.values() if count > 1),
    )


def leak_at_random(groups: Mapping[str, str], train: int) -> float:
    """Share of images with a sibling among ``train`` others, drawn at random; expected value.

    The chance that none of the g - 1 siblings is drawn is hypergeometric: the product over
    k = 0 … g - 2 of (n - 1 - train - k) / (n - 1 - k).
    """
    count = len(groups)
    expected = 0.0
    for size, times in Counter(Counter(groups.values()).values()).items():
        missed = 1.0
        for drawn in range(size - 1):
            missed *= max(0, count - 1 - train - drawn) / (count - 1 - drawn)
        expected += times * size * (1 - missed)
    return expected / count if count else 0.0
