"""The versions of a dataset, as they are read: by the server, and by a training at a shell.

    .dermascan/versions/00001.json   one version: its manifest with hashes, never changed
    .dermascan/current.json          which one counts, and what was decided about files in the
                                     folder: left out, labelled otherwise

Files are never removed from the folder when a version leaves them out, so that the older versions
stay as good as they were. Written by ``services.version_records``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from server.intake.file_kinds import FileKind
from server.intake.listing import Listing, list_files
from server.intake.manifest import LesionImage, Manifest
from server.intake.readiness import class_problems
from server.intake.understand import understand_listing, worst_first

OWN_FOLDER = ".dermascan"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Decisions:
    """What somebody decided about files that are in the folder.

    Attributes:
        left_out: paths of images that do not count.
        relabelled: path to the label that counts instead of the one in the data.
    """

    left_out: frozenset[str] = frozenset()
    relabelled: dict[str, str] = field(default_factory=dict)

    def applied(self, manifest: Manifest) -> Manifest:
        """``manifest`` as decided; what is said of its classes is said anew."""
        images = tuple(
            replace(image, label=self.relabelled.get(image.path, image.label))
            for image in manifest.images
            if image.path not in self.left_out
        )
        if images == manifest.images:
            return manifest
        return with_images(manifest, images)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values; ``from_dict`` reads them back."""
        return {"left_out": sorted(self.left_out), "relabelled": self.relabelled}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Decisions:
        return cls(frozenset(data["left_out"]), dict(data["relabelled"]))


@dataclass(frozen=True, slots=True)
class Version:
    """One immutable version.

    Attributes:
        number: 1, 2, 3 …
        reason: one sentence: how it came to be.
        by: name of the person who decided it; None = it came with files, or nobody was asked.
        parent: number of the version that it was made from.
        sha256: over its images, see ``hash_of``.
    """

    number: int
    created_at: datetime
    reason: str
    parent: int | None
    sha256: str
    decisions: Decisions
    manifest: Manifest
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Current:
    """Which version counts.

    Attributes:
        decisions: in force for all files that are in the folder now.
        files: ``files_digest`` of the folder as it was when this was written.
    """

    number: int
    decisions: Decisions
    files: str


def with_images(manifest: Manifest, images: tuple[LesionImage, ...]) -> Manifest:
    """The same dataset with other images; what is said of its classes is said anew."""
    outdated = class_problems(manifest.images)
    others = [each for each in manifest.problems if each not in outdated]
    problems = worst_first([*others, *class_problems(images)])
    return replace(manifest, images=images, problems=problems, version=None)


def hash_of(images: Iterable[LesionImage]) -> str:
    """SHA-256 over what makes a version: id, path, bytes, orientation, label, lesion, patient."""
    lines = [
        json.dumps(
            [
                image.image_id,
                image.path,
                image.sha256,
                image.orientation,
                image.label,
                image.lesion_id,
                image.patient_id,
            ],
            ensure_ascii=False,
        )
        for image in images
    ]
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def files_digest(listing: Listing) -> str:
    """SHA-256 over path and size of every image, and the bytes of every table.

    Another computer's copy of the folder has the same one. An image that was replaced by another
    of the same size is found by its own hash, before anything is learnt from it.
    """
    lines = []
    for file in listing.files:
        if file.kind is FileKind.IMAGE:
            lines.append(f"{file.path}\0{file.size}")
        elif file.kind is FileKind.TABLE:
            with listing.locate(file.path).open("rb") as table:
                lines.append(f"{file.path}\0{hashlib.file_digest(table, 'sha256').hexdigest()}")
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def version_numbers(folder: Path) -> list[int]:
    """Numbers of all versions, oldest first."""
    found = (folder / OWN_FOLDER / "versions").glob("*.json")
    return sorted(int(file.stem) for file in found if file.stem.isdigit())


def version_file(folder: Path, number: int) -> Path:
    """Where a version lies."""
    return folder / OWN_FOLDER / "versions" / f"{number:05}.json"


def current_file(folder: Path) -> Path:
    """Where it is written which version counts."""
    return folder / OWN_FOLDER / "current.json"


def read_version(folder: Path, number: int) -> Version | None:
    """One version; None when there is none that can be read and has the hash that it claims."""
    try:
        said = json.loads(version_file(folder, number).read_text("utf-8"))
        if said["format"] != FORMAT or said["number"] != number:
            return None
        manifest = replace(Manifest.from_dict(said["manifest"]), version=number)
        version = Version(
            number=number,
            created_at=datetime.fromisoformat(said["created_at"]),
            reason=said["reason"],
            parent=said["parent"],
            sha256=said["sha256"],
            decisions=Decisions.from_dict(said["decisions"]),
            manifest=manifest,
            by=said.get("by"),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return version if hash_of(manifest.images) == version.sha256 else None


def read_current(folder: Path) -> Current | None:
    """Which version counts; None when the folder has none."""
    try:
        said = json.loads(current_file(folder).read_text("utf-8"))
        if said["format"] != FORMAT:
            return None
        return Current(said["number"], Decisions.from_dict(said["decisions"]), said["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def manifest_to_train_on(folder: Path) -> Manifest:
    """The manifest of the current version; for a folder that has none, or whose files were changed
    by hand since, what is understood of it now, with all decisions in force.

    Raises:
        UnusableDataset: as ``understand``.
    """
    listing = list_files(folder)
    current = read_current(folder)
    if current is None:
        return understand_listing(listing)
    version = read_version(folder, current.number)
    if version is not None and current.files == files_digest(listing):
        there = set(listing.of_kind(FileKind.IMAGE))
        if all(image.path in there for image in version.manifest.images):
            return version.manifest
    return current.decisions.applied(understand_listing(listing))
