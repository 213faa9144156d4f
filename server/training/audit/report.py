"""From pairs of pictures to groups, a split that keeps them together, and the findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from server.intake.manifest import LesionImage
from server.training.audit.findings import Findings, Pair, leak_at_random, sharing
from server.training.audit.search import NearDuplicate
from server.training.audit.thumbnails import thumbnail
from server.training.dataset import Dataset
from server.training.evaluation.groups import copies, tied_groups
from server.training.evaluation.split import (
    PARTS,
    LockedTestPart,
    Split,
    keep_together,
    split_by_group,
)

_PICTURED = 8
LARGEST_GROUP = 20
LARGEST_SHARE = 0.02
"""Near-duplicates tie no more images together than the larger of these, in images and as share."""


def with_findings(
    dataset: Dataset, near: Sequence[NearDuplicate], seed: int, looked_with: str
) -> Dataset:
    """``dataset``, split so that no near-duplicates lie in two parts, with what was found.

    Args:
        dataset: as ``prepare_dataset`` made it.
        near: positions in its images.
        looked_with: how they were looked for, in words.

    Raises:
        UnusableDataset: when the classes cannot be split any more.
    """
    ids = [image.image_id for image in dataset.images]
    surest = sorted(near, key=lambda pair: (-pair.agreement, pair.first, pair.second))
    pairs = [(ids[pair.first], ids[pair.second]) for pair in surest]
    before = {image_id: dataset.group_of[image_id] for image_id in ids}
    most = max(LARGEST_GROUP, int(LARGEST_SHARE * len(ids)))
    after, refused = tied_groups(before, pairs, most)
    split = _split(dataset, before, after, seed)
    left = {image.image_id for part in PARTS for image in split.part(part)}
    places = [place for place, image_id in enumerate(ids) if image_id in left]
    images = tuple(dataset.images[place] for place in places)
    hashes = tuple(dataset.hashes[place] for place in places)
    repeated, contradictions = copies(images, hashes)
    return replace(
        dataset,
        images=images,
        hashes=hashes,
        split=split,
        group_of={**dataset.group_of, **after},
        copies=repeated,
        contradictions=contradictions,
        test=LockedTestPart(split.test),
        audit=_findings(
            dataset,
            surest,
            before=before,
            after=after,
            refused=set(refused),
            split=split,
            looked_with=looked_with,
        ),
    )


def _split(
    dataset: Dataset, before: Mapping[str, str], after: Mapping[str, str], seed: int
) -> Split:
    kept = keep_together(dataset.split, before, after, seed)
    if kept is not None:
        return kept
    anew = split_by_group(dataset.images, seed, after)
    return replace(anew, left_out={**dataset.split.left_out, **anew.left_out})


def _findings(
    dataset: Dataset,
    surest: Sequence[NearDuplicate],
    *,
    before: Mapping[str, str],
    after: Mapping[str, str],
    refused: set[tuple[str, str]],
    split: Split,
    looked_with: str,
) -> Findings:
    part_of = {image.image_id: part for part in PARTS for image in split.part(part)}
    near = [_pair(dataset, found, refused) for found in surest]
    across = [pair for pair in near if before[pair.images[0]] != before[pair.images[1]]]
    exact = _copies(dataset)
    lesions, patients = sharing(dataset.images)
    apart = sum(
        len({part_of[image] for image in pair.images if image in part_of}) > 1
        for pair in (*near, *exact)
    )
    trained = {after[image.image_id] for image in split.train}
    leaking = sum(after[image.image_id] in trained for image in split.test)
    final = {image_id: after[image_id] for image_id in part_of}
    conflicts = [pair for pair in (*exact, *near) if pair.labels[0] != pair.labels[1]]
    return Findings(
        images=len(final),
        groups=len(set(final.values())),
        sharing_a_lesion=lesions,
        sharing_a_patient=patients,
        exact_copies=dataset.copies,
        within=len(near) - len(across),
        across=_pictured(dataset, across, _PICTURED),
        contradictions=_pictured(dataset, conflicts, 2 * _PICTURED),
        left_apart=len(refused),
        across_parts=apart,
        leak_at_random=leak_at_random(final, len(split.train)),
        leak_now=leaking / len(split.test),
        looked_with=looked_with,
    )


def _pair(dataset: Dataset, found: NearDuplicate, refused: set[tuple[str, str]]) -> Pair:
    one, other = dataset.images[found.first], dataset.images[found.second]
    ids = (one.image_id, other.image_id)
    tied = "left apart" if ids in refused else "kept in one part"
    return Pair(ids, (one.label, other.label), found.agreement, exact=False, done=tied)


def _copies(dataset: Dataset) -> list[Pair]:
    """Each file that repeats another, with the one before it."""
    alike: dict[str, list[LesionImage]] = {}
    for image, digest in zip(dataset.images, dataset.hashes, strict=True):
        alike.setdefault(digest, []).append(image)
    return [
        Pair(
            (one.image_id, other.image_id),
            (one.label, other.label),
            agreement=1.0,
            exact=True,
            done="kept in one part",
        )
        for images in alike.values()
        for one, other in pairwise(images)
    ]


def _pictured(dataset: Dataset, pairs: Sequence[Pair], most: int) -> tuple[Pair, ...]:
    """``pairs``, the first few of them with their pictures."""
    wanted = {image for pair in pairs[:most] for image in pair.images}
    path_of = {i.image_id: i.path for i in dataset.images if i.image_id in wanted}
    shown = {image: thumbnail(dataset.folder / path) for image, path in path_of.items()}

    def with_pictures(pair: Pair) -> Pair:
        pictures = [picture for image in pair.images if (picture := shown[image])]
        return replace(pair, thumbnails=tuple(pictures) if len(pictures) == 2 else ())

    return (*map(with_pictures, pairs[:most]), *pairs[most:])
