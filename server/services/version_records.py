"""Making versions of a dataset: a new one is written whole, then one file says that it counts.

A crash between the two leaves a version that is whole and not current, which does no harm.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from server.domain.errors import Conflict, NotFound
from server.intake.file_kinds import FileKind
from server.intake.listing import list_files
from server.intake.manifest import LesionImage, Manifest
from server.intake.versions import (
    FORMAT,
    Decisions,
    Version,
    current_file,
    files_digest,
    hash_of,
    read_current,
    read_version,
    version_file,
    version_numbers,
)
from server.store.files import write_atomically, write_json_atomically
from server.store.trees import link_or_copy


def publish(
    folder: Path,
    manifest: Manifest,
    decisions: Decisions,
    reason: str,
    *,
    by: str | None = None,
) -> Manifest:
    """Make ``manifest`` the current version; returns it with its number.

    What the current version says already makes no new one.

    Args:
        manifest: as decided.
        decisions: in force for the files in ``folder``.
        reason: one sentence.
        by: name of the person who decided it.

    Raises:
        OSError: nothing can be written there.
    """
    current = read_current(folder)
    before = read_version(folder, current.number) if current else None
    if before is None or replace(before.manifest, version=None) != replace(manifest, version=None):
        numbers = version_numbers(folder)
        number = numbers[-1] + 1 if numbers else 1
        version = Version(
            number=number,
            created_at=datetime.now(UTC),
            reason=reason,
            parent=current.number if current else None,
            sha256=hash_of(manifest.images),
            decisions=decisions,
            manifest=replace(manifest, version=number),
            by=by,
        )
        _write(folder, version)
    else:
        number = before.number
    make_current(folder, number, decisions)
    return replace(manifest, version=number)


def make_current(folder: Path, number: int, decisions: Decisions) -> None:
    """Say that version ``number`` counts from now on."""
    content = {
        "format": FORMAT,
        "number": number,
        "decisions": decisions.as_dict(),
        "files": files_digest(list_files(folder)),
    }
    write_json_atomically(current_file(folder), content)


def restore(folder: Path, number: int) -> Version:
    """Make an older version current again; images of other versions alone are left out.

    Raises:
        NotFound: there is no such version.
        Conflict: files that it needs are not in the folder any more.
    """
    version = require_version(folder, number)
    there = set(list_files(folder).of_kind(FileKind.IMAGE))
    wanted = {image.path for image in version.manifest.images}
    gone = sorted(wanted - there)
    if gone:
        more = f" and {len(gone) - 1} more" if len(gone) > 1 else ""
        raise Conflict(
            f"Version {number} needs {gone[0]!r}{more}, which is not in the dataset's folder any "
            "more; put it back, or go on with another version.",
            file=gone[0],
        )
    known = {image.path for each in all_versions(folder) for image in each.manifest.images}
    decisions = Decisions(frozenset(known - wanted), version.decisions.relabelled)
    make_current(folder, number, decisions)
    return version


def require_version(folder: Path, number: int) -> Version:
    """One version.

    Raises:
        NotFound: there is none of that number that can be read.
    """
    found = read_version(folder, number)
    if found is None:
        numbers = version_numbers(folder)
        there = f"there are 1 to {numbers[-1]}" if numbers else "there is none yet"
        raise NotFound(f"There is no version {number} of {folder.name!r}; {there}.")
    return found


def all_versions(folder: Path) -> list[Version]:
    """Every version that can be read, newest first."""
    found = (read_version(folder, number) for number in reversed(version_numbers(folder)))
    return [version for version in found if version is not None]


def left_out_images(folder: Path) -> tuple[LesionImage, ...]:
    """Images that are in the folder and left out of the current version, by id.

    Each as the newest version that has it knows it.
    """
    current = read_current(folder)
    wanted = set(current.decisions.left_out) if current else set()
    found: list[LesionImage] = []
    for number in reversed(version_numbers(folder)):
        if not wanted:
            break
        version = read_version(folder, number)
        for image in version.manifest.images if version else ():
            if image.path in wanted and (folder / image.path).is_file():
                wanted.discard(image.path)
                found.append(image)
    return tuple(sorted(found, key=lambda image: image.image_id))


def carry_over(old: Path, tree: Path) -> None:
    """Give a tree that is to replace ``old`` the versions and decisions of it."""
    for number in version_numbers(old):
        link_or_copy(version_file(old, number), version_file(tree, number))
    switch = current_file(old)
    if switch.is_file():
        # written anew, never linked: it is the one file of the two that changes
        write_atomically(current_file(tree), switch.read_bytes())


def _write(folder: Path, version: Version) -> None:
    file = version_file(folder, version.number)
    file.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "format": FORMAT,
        "number": version.number,
        "created_at": version.created_at.isoformat(),
        "reason": version.reason,
        "by": version.by,
        "parent": version.parent,
        "sha256": version.sha256,
        "decisions": version.decisions.as_dict(),
        "manifest": version.manifest.as_dict(),
    }
    # not indented: it has a line's worth for every image
    write_atomically(
        file, json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    )
