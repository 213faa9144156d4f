"""The dataset of one run: which images, split how, and the hashes that pin them down."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from server.domain.errors import UnusableDataset
from server.intake.manifest import LesionImage, Manifest
from server.intake.readiness import why_not_trainable
from server.training.audit.findings import Findings
from server.training.engine.cache import auto_image_size, hash_files
from server.training.engine.images import Examples
from server.training.evaluation.groups import copies, linked_groups
from server.training.evaluation.split import PARTS, LockedTestPart, Part, Split, split_by_group


@dataclass(frozen=True, slots=True)
class Dataset:
    """What a run trains on.

    Attributes:
        folder: where the files lie.
        manifest: what intake found there.
        images: those that take part; the position is the record number of the pixels.
        hashes: SHA-256 of the file of each image.
        split: the parts.
        image_size: side of the network's input, pixels.
        group_of: image id to the group that no split tears apart.
        copies: how many images are copies of another file.
        contradictions: how many files carry two labels.
        hash: one SHA-256 over ids, labels, files, and groups as the table and copies make them.
        test: the test part, behind its lock.
        audit: what the leak audit found; None until it was held.
    """

    folder: Path
    manifest: Manifest
    images: tuple[LesionImage, ...]
    hashes: tuple[str, ...]
    split: Split
    image_size: int
    group_of: dict[str, str]
    copies: int
    contradictions: int
    hash: str
    test: LockedTestPart
    audit: Findings | None = None

    def examples(self, images: tuple[LesionImage, ...]) -> Examples:
        """Record numbers and encoded labels of ``images``."""
        number = {image.image_id: place for place, image in enumerate(self.images)}
        code = {label: place for place, label in enumerate(self.split.labels)}
        return Examples(
            numbers=np.array([number[image.image_id] for image in images], dtype=np.int64),
            targets=np.array([code[image.label] for image in images], dtype=np.int64),
        )

    def images_of(self, examples: Examples) -> list[LesionImage]:
        """The images behind ``examples``, in their order."""
        return [self.images[number] for number in examples.numbers]

    def lesions_of(self, examples: Examples) -> npt.NDArray[np.int64]:
        """[images], a number for each group that the split keeps together."""
        groups = [self.group_of[image.image_id] for image in self.images_of(examples)]
        return np.asarray(np.unique(groups, return_inverse=True)[1], dtype=np.int64)

    def part_counts(self, part: Part) -> dict[str, object]:
        """Images, groups and images by class of one part."""
        images = self.split.part(part)
        by_class = dict.fromkeys(self.split.labels, 0)
        for image in images:
            by_class[image.label] += 1
        return {
            "images": len(images),
            "groups": len({self.group_of[image.image_id] for image in images}),
            "by_class": by_class,
        }

    @property
    def grouped_by(self) -> str:
        """What the split kept together: patient, lesion or image."""
        kinds = {image.group.split(":", 1)[0] for image in self.images}
        return next(kind for kind in ("patient", "lesion", "image") if kind in kinds)


def prepare_dataset(
    folder: Path, manifest: Manifest, seed: int, image_size: int | None, native_size: int
) -> Dataset:
    """Choose, split and hash the images of ``manifest``.

    Args:
        image_size: None = chosen from the images, see ``auto_image_size``.
        native_size: what the backbone was designed for.

    Raises:
        UnusableDataset: when it cannot be trained on; the sentence says why.
    """
    reason = why_not_trainable(manifest)
    if reason is not None:
        raise UnusableDataset(reason)
    digests = hash_files(folder, manifest.images)
    _check_hashes(manifest, digests)
    digest_of = {i.image_id: digest for i, digest in zip(manifest.images, digests, strict=True)}
    group_of = linked_groups(manifest.images, digests)
    split = split_by_group(manifest.images, seed, group_of)
    images = tuple(
        sorted((i for part in PARTS for i in split.part(part)), key=lambda image: image.image_id)
    )
    hashes = tuple(digest_of[image.image_id] for image in images)
    repeated, contradictions = copies(images, hashes)
    lines = [
        "\t".join((image.image_id, image.label, group_of[image.image_id], digest))
        for image, digest in zip(images, hashes, strict=True)
    ]
    return Dataset(
        folder=folder,
        manifest=manifest,
        images=images,
        hashes=hashes,
        split=split,
        image_size=image_size or auto_image_size(images, native_size),
        group_of=group_of,
        copies=repeated,
        contradictions=contradictions,
        hash=hashlib.sha256("\n".join(lines).encode()).hexdigest(),
        test=LockedTestPart(split.test),
    )


def _check_hashes(manifest: Manifest, digests: list[str]) -> None:
    """Refuse files that are not those of the manifest.

    Raises:
        UnusableDataset: naming the first of them.
    """
    for image, digest in zip(manifest.images, digests, strict=True):
        if image.sha256 and image.sha256 != digest:
            whose = f"of version {manifest.version}" if manifest.version else "that was checked"
            raise UnusableDataset(
                f"The file {image.path!r} is not the one {whose}: its bytes were changed. Put the "
                "old file back, or look at the dataset's page, which makes a new version of it.",
                file=image.path,
            )
