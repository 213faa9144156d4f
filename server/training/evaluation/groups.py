"""Which images belong together: whatever shows the same patient, the same lesion or the same file.

Each of the three links two images, and links chain: a lesion named on two rows ties them even if
only one of the rows names the patient, and two copies of one file tie their lesions together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from server.intake.manifest import LesionImage


def linked_groups(images: Sequence[LesionImage], hashes: Sequence[str]) -> dict[str, str]:
    """The group of every image, by image id: the connected components of the links.

    Args:
        images: in any order; the names of the groups do not depend on it.
        hashes: SHA-256 of each image's file, in the same order.

    Returns:
        Image id to the name of its group, the smallest link in it.
    """
    parent: dict[str, str] = {}

    def root(link: str) -> str:
        parent.setdefault(link, link)
        while parent[link] != link:
            parent[link] = parent[parent[link]]
            link = parent[link]
        return link

    links = {i.image_id: _links(i, digest) for i, digest in zip(images, hashes, strict=True)}
    for tied in links.values():
        for link in tied[1:]:
            low, high = sorted((root(tied[0]), root(link)))
            parent[high] = low
    return {image_id: root(tied[0]) for image_id, tied in links.items()}


def copies(images: Sequence[LesionImage], hashes: Sequence[str]) -> tuple[int, int]:
    """How many images are copies of another file, and how many files carry two labels."""
    labels: dict[str, list[str]] = {}
    for image, digest in zip(images, hashes, strict=True):
        labels.setdefault(digest, []).append(image.label)
    repeated = sum(len(each) - 1 for each in labels.values())
    return repeated, sum(len(set(each)) > 1 for each in labels.values())


def tied_groups(
    group_of: Mapping[str, str], pairs: Sequence[tuple[str, str]], most: int
) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Groups joined wherever a pair of images ties two of them, so long as none grows too large.

    A chain of pairs, each a little off, could swallow half a dataset. So the pairs are taken in
    order, and one that would join two groups into one of more than ``most`` images is refused.

    Args:
        group_of: image id to group.
        pairs: image ids, the surest first.

    Returns:
        Image id to group, and the pairs that were refused.
    """
    joined: dict[str, str] = {}
    size = Counter(group_of.values())

    def root(group: str) -> str:
        while group in joined:
            group = joined[group]
        return group

    refused = []
    for one, other in pairs:
        low, high = sorted((root(group_of[one]), root(group_of[other])))
        if low == high:
            continue
        if size[low] + size[high] > most:
            refused.append((one, other))
            continue
        joined[high] = low
        size[low] += size[high]
    return {image_id: root(group) for image_id, group in group_of.items()}, refused


def _links(image: LesionImage, digest: str) -> list[str]:
    links = [f"file:{digest}"]
    if image.lesion_id:
        links.append(f"lesion:{image.lesion_id}")
    if image.patient_id:
        links.append(f"patient:{image.patient_id}")
    return links
