"""Which images belong together: whatever shows the same patient, the same lesion or the same file.

Each of the three links two images, and links chain: a lesion named on two rows ties them even if
only one of the rows names the patient, and two copies of one file tie their lesions together.
"""

from __future__ import annotations

from collections.abc import Sequence

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


def _links(image: LesionImage, digest: str) -> list[str]:
    links = [f"file:{digest}"]
    if image.lesion_id:
        links.append(f"lesion:{image.lesion_id}")
    if image.patient_id:
        links.append(f"patient:{image.patient_id}")
    return links
