"""Use cases of a dataset's versions: list them, change a label or leave images out, go back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import file_digest
from pathlib import Path

import structlog

from server.domain.errors import Conflict, InvalidInput
from server.intake.manifest import LesionImage, Manifest
from server.intake.versions import Decisions, Version, read_current, with_images
from server.services.catalogue import Catalogue
from server.services.imports import JobsUsing
from server.services.reservations import Reservations, busy
from server.services.version_records import all_versions, publish, require_version, restore
from server.store.dataset_folders import DatasetFolders
from server.store.trees import full_disk_is_said

log = structlog.get_logger(__name__)

_READ_SECONDS = 60.0
MAX_LABEL = 100
MAX_REASON = 500


@dataclass(frozen=True, slots=True)
class History:
    """All versions of a dataset, newest first, and the number of the one that counts."""

    current: int
    versions: tuple[Version, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be different in the next version; images by id.

    Attributes:
        leave_out: images that no longer count.
        take_back: images that were left out and count again.
        relabel: id to new label.
        reason: one sentence; made up from the change where it is empty.
    """

    leave_out: Sequence[str] = ()
    take_back: Sequence[str] = ()
    relabel: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""


class VersionService:
    """The versions of every dataset of one server.

    Args:
        folders, catalogue, reservations: where they lie, what is known of them, who writes to them.
        jobs_using: says whether a dataset is being trained on.
    """

    def __init__(
        self,
        folders: DatasetFolders,
        catalogue: Catalogue,
        reservations: Reservations,
        *,
        jobs_using: JobsUsing,
    ) -> None:
        self._folders = folders
        self._catalogue = catalogue
        self._reservations = reservations
        self._jobs_using = jobs_using

    def history(self, name: str) -> History:
        """Every version.

        Raises:
            NotFound: there is no such dataset.
            Conflict: its files are still being read, or cannot be understood.
        """
        folder, manifest = self._known(name)
        assert manifest.version is not None
        return History(manifest.version, tuple(all_versions(folder)))

    def version(self, name: str, number: int) -> Version:
        """One version with all its images.

        Raises:
            NotFound: there is no such dataset or version.
            Conflict: as ``history``.
        """
        return require_version(self._known(name)[0], number)

    def change(self, name: str, change: Change, by: str | None = None) -> History:
        """Make a new version of the current one.

        Args:
            by: name of the person who decides it.

        Raises:
            InvalidInput: an image is not known, a label cannot be used, nothing would change, or
                no image would be left.
            NotFound, Conflict: as ``history``; or the dataset is in use.
        """
        with self._to_be_changed(name) as (folder, manifest):
            outside = {image.image_id: image for image in self._catalogue.left_out(name)}
            _check_known(name, change.take_back, outside, "left out of")
            back = [outside[key] for key in change.take_back]
            grown = _grown(manifest, back)
            images = {image.image_id: image for image in grown.images}
            _check_known(name, [*change.leave_out, *change.relabel], images)
            labels = {images[key].path: _label(key, new) for key, new in change.relabel.items()}
            out = {images[key].path for key in change.leave_out}
            current = read_current(folder)
            before = current.decisions if current else Decisions()
            left_out = (before.left_out - {image.path for image in back}) | out
            after = Decisions(left_out, before.relabelled | labels)
            changed = after.applied(grown)
            if changed.images == manifest.images:
                raise InvalidInput(
                    "This would change nothing: name images to leave out, or other labels."
                )
            if not changed.images:
                raise InvalidInput(
                    "This would leave out every image; delete the dataset instead, or keep some."
                )
            reason = change.reason.strip() or _in_words(len(out), len(back), len(labels))
            publish(folder, changed, after, reason, by=by)
            self._catalogue.note_change(name)
        log.info("a dataset has a new version", dataset=name, reason=reason)
        return self.history(name)

    def go_back(self, name: str, number: int) -> History:
        """Make another version current again.

        Raises:
            NotFound: there is no such dataset or version.
            Conflict: as ``change``; or files that it needs are gone.
        """
        with self._to_be_changed(name) as (folder, _):
            restore(folder, number)
            self._catalogue.note_change(name)
        log.info("an older version of a dataset counts again", dataset=name, version=number)
        return self.history(name)

    @contextmanager
    def _to_be_changed(self, name: str) -> Iterator[tuple[Path, Manifest]]:
        self._folders.require(name)
        if self._reservations.is_held(name):
            raise busy(name)
        with self._reservations.reserve(name):
            jobs = self._jobs_using(name)
            if jobs:
                raise Conflict(
                    f"The dataset {name!r} is used by the training job {jobs[0]}, so its version "
                    "cannot change now; wait until the job is over or cancel it.",
                    dataset=name,
                    job=jobs[0],
                )
            folder, manifest = self._known(name)
            with _writable(folder):
                yield folder, manifest

    def _known(self, name: str) -> tuple[Path, Manifest]:
        known = self._catalogue.examine(name, _READ_SECONDS)
        manifest = self._catalogue.manifest(name)
        if known is None or manifest is None:
            why = known.record.refusal if known else None
            raise Conflict(
                f"The dataset {name!r} has no versions: {why}"
                if why
                else f"The dataset {name!r} is still being read; try again in a minute.",
                dataset=name,
            )
        if manifest.version is None:
            manifest = self._first_version(known.folder, manifest)
        return known.folder, manifest

    def _first_version(self, folder: Path, manifest: Manifest) -> Manifest:
        """Of a dataset that was read by a server that kept none."""
        images = tuple(
            image if image.sha256 else replace(image, sha256=_sha256(folder / image.path))
            for image in manifest.images
        )
        first = replace(manifest, images=images)
        with _writable(folder):
            made = publish(folder, first, Decisions(), "It was there before versions were kept.")
            self._catalogue.note_change(folder.name)
        return made


@contextmanager
def _writable(folder: Path) -> Iterator[None]:
    """Say it where the notes of a dataset cannot be written."""
    try:
        with full_disk_is_said("writing down a version"):
            yield
    except OSError as error:
        raise Conflict(
            f"No version can be written down in the folder of {folder.name!r} "
            f"({error.strerror}); make it writable for the server.",
            dataset=folder.name,
        ) from error


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return file_digest(opened, "sha256").hexdigest()


def _grown(manifest: Manifest, back: list[LesionImage]) -> Manifest:
    """With images that were left out before, in order."""
    there = {image.image_id for image in manifest.images}
    returning = {image.image_id: image for image in back if image.image_id not in there}
    if not returning:
        return manifest
    images = sorted([*manifest.images, *returning.values()], key=lambda image: image.image_id)
    return with_images(manifest, tuple(images))


def _check_known(
    name: str,
    wanted: Sequence[str],
    images: Mapping[str, LesionImage],
    where: str = "in",
) -> None:
    unknown = [each for each in wanted if each not in images]
    if unknown:
        shown = unknown[0] if len(unknown[0]) <= 80 else unknown[0][:80] + "…"
        more = f", nor {len(unknown) - 1} more of these" if len(unknown) > 1 else ""
        raise InvalidInput(
            f"There is no image {shown!r} {where} the current version of {name!r}{more}; nothing "
            "was changed.",
            dataset=name,
        )


def _label(image_id: str, label: str) -> str:
    cleaned = " ".join(label.split())
    if not cleaned or len(cleaned) > MAX_LABEL or not cleaned.isprintable():
        raise InvalidInput(
            f"The label for {image_id!r} cannot be used: give 1 to {MAX_LABEL} printable "
            "characters.",
            field="relabel",
        )
    return cleaned


def _in_words(left_out: int, taken_back: int, relabelled: int) -> str:
    parts = [
        f"{count} image{'' if count == 1 else 's'} {what}"
        for count, what in (
            (left_out, "left out"),
            (taken_back, "taken back in"),
            (relabelled, "labelled otherwise"),
        )
        if count
    ]
    return f"{' and '.join(parts)}."
