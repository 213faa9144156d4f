"""From an upload that has arrived to a dataset that is there: new, or added to an old one.

An addition never changes what is there: the same file again is passed over, another file of the
same name is refused, and so is a table that would take a label away from an image or change it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from filecmp import cmp
from pathlib import Path

import structlog

from server.domain.basket import Imported
from server.domain.dataset_name import check_dataset_name
from server.domain.errors import Conflict, InvalidInput
from server.domain.sent_name import OWN_FOLDER, path_of
from server.intake.file_kinds import FileKind, kind_of
from server.intake.looks_file import looks_file
from server.intake.manifest import Manifest, Problem
from server.intake.understand import worst_first
from server.services.catalogue import Catalogue, KnownDataset
from server.services.dataset_records import as_decided
from server.services.incoming import IncomingUpload, UploadLimits
from server.services.intake_program import IntakeProgram, looks_on_the_way
from server.services.publication import note_publication, published_by
from server.services.reservations import Reservations
from server.store.dataset_folders import DatasetFolders
from server.store.trees import files_below, full_disk_is_said, link_or_copy, remove_tree

log = structlog.get_logger(__name__)

SAMPLE_NAME = "Sample"

JobsUsing = Callable[[str], list[str]]
"""Ids of the queued and running jobs that read a dataset."""


class ImportService:
    """Takes uploads in.

    Args:
        folders, catalogue, reservations: the datasets.
        program: unpacks and understands in a process of its own.
        limits: of one upload.
        jobs_using: says whether a dataset is being trained on.
    """

    def __init__(
        self,
        folders: DatasetFolders,
        catalogue: Catalogue,
        reservations: Reservations,
        program: IntakeProgram,
        *,
        limits: UploadLimits,
        jobs_using: JobsUsing,
    ) -> None:
        self._folders = folders
        self._catalogue = catalogue
        self._reservations = reservations
        self._program = program
        self._limits = limits
        self._jobs_using = jobs_using

    def begin(self, name: str | None) -> IncomingUpload:
        """A place for an upload that is about to arrive; its ``discard`` must be called at last.

        Args:
            name: of the dataset, where it is known already; it is reserved at once.

        Raises:
            InvalidInput: the name breaks the rule for names.
            Conflict: somebody else is writing to it, a job reads it, or its name differs from
                another one's in letter case only.
            StorageFull: the disk has no room at all.
        """
        upload = IncomingUpload(self._folders.stage(), self._limits)
        try:
            if name is not None:
                self._reserve(upload, name)
        except BaseException:
            upload.discard()
            raise
        return upload

    def check_name(self, name: str) -> str:
        """The name as it is kept, if files may be uploaded under it.

        Raises:
            InvalidInput: the name breaks the rule for names.
            Conflict: it differs from another one's in letter case only.
        """
        cleaned = check_dataset_name(name)
        other = self._folders.alike(cleaned)
        if other is not None:
            raise Conflict(
                f"There is a dataset {other!r} already, whose name differs from {cleaned!r} in "
                "letter case only; use its name, or choose another one.",
                dataset=other,
            )
        return cleaned

    def take_in(self, upload: IncomingUpload, name_in_form: str | None) -> Imported:
        """Make the upload, which has arrived, part of its dataset.

        Raises:
            InvalidInput: no name or two names were given, no file was sent, an archive is unsafe,
                or nothing can be used.
            Conflict: as ``begin``; or it would change what is there.
            TooLarge, StorageFull: too much for a limit, or for the disk.
        """
        name = self._settle_name(upload, name_in_form)
        if not upload.files_saved:
            raise InvalidInput(
                "No file was sent: choose images, a CSV table or an archive to upload."
            )
        staging = upload.staging
        new = staging.arrived(name)
        manifest = self._program.unpack_and_understand(new, staging.root, upload.watch)
        remove_tree(new / OWN_FOLDER)
        if self._folders.find(name) is None:
            done = Imported(name, upload.files_saved, len(manifest.images), 0)
            self._put_new(new, manifest, done, upload)
        else:
            left_out = _left_in_archives(manifest, upload.files_saved)
            done = self._add(upload, new, name, left_out)
        log.info(
            "files were uploaded",
            dataset=name,
            images_added=done.images_added,
            unchanged=done.files_unchanged,
        )
        return done

    def published(self, name: str, origin: str) -> Imported | None:
        """What the import of the basket ``origin`` did, if the dataset shows it already."""
        folder = self._folders.find(name)
        return published_by(folder, origin) if folder is not None else None

    def is_busy(self, name: str) -> bool:
        """Whether something is written to that dataset at this moment."""
        return self._reservations.is_held(name)

    def draw_sample(self) -> Imported:
        """Draw the sample set and take it in as the dataset ``Sample``; once is enough.

        Raises:
            Conflict: there is a dataset of that name which is something else.
        """
        upload = self.begin(SAMPLE_NAME)
        try:
            if self._folders.find(SAMPLE_NAME) is not None:
                there = self._drawn_before()
                return Imported(SAMPLE_NAME, [], 0, there.record.footprint.files)
            self._program.draw_sample(upload.staging.upload, upload.staging.root)
            drawn = sorted(path for path, _ in files_below(upload.staging.upload))
            upload.files_saved.extend(drawn)
            return self.take_in(upload, None)
        finally:
            upload.discard()

    # --- whose turn it is --------------------------------------------------------------------

    def _settle_name(self, upload: IncomingUpload, in_form: str | None) -> str:
        if upload.name is None:
            return self._reserve(upload, in_form or "")
        if in_form is not None and check_dataset_name(in_form) != upload.name:
            raise InvalidInput(
                f"The dataset is called {upload.name!r} in the address and {in_form!r} in the "
                "form; give its name once.",
                field="datasetName",
            )
        return upload.name

    def _reserve(self, upload: IncomingUpload, name: str) -> str:
        cleaned = check_dataset_name(name)
        upload.reservation.enter_context(self._reservations.reserve(cleaned))
        self.check_name(cleaned)
        self._check_not_in_use(cleaned)
        upload.name = cleaned
        return cleaned

    def _drawn_before(self) -> KnownDataset:
        known = self._catalogue.examine(SAMPLE_NAME, self._program.seconds)
        if known is None or known.summary is None or not known.summary.is_sample:
            raise Conflict(
                f"There is a dataset {SAMPLE_NAME!r} already that was not drawn by this program; "
                "delete it first.",
                dataset=SAMPLE_NAME,
            )
        return known

    def _check_not_in_use(self, name: str) -> None:
        jobs = self._jobs_using(name)
        if jobs:
            raise Conflict(
                f"The dataset {name!r} is used by the training job {jobs[0]}, so nothing can be "
                "added to it now; wait until the job is over or cancel it.",
                dataset=name,
                job=jobs[0],
            )

    # --- putting it in place -----------------------------------------------------------------

    def _put_new(
        self, new: Path, manifest: Manifest, done: Imported, upload: IncomingUpload
    ) -> None:
        with full_disk_is_said("writing down what was uploaded"):
            _keep_looks(upload.staging.root, new)
            self._catalogue.write_down(new, manifest, None)
            note_publication(new, upload.origin, done)
            upload.watch.publish()
            self._folders.put_in_place(new, done.name)
        self._catalogue.forget(done.name)

    def _add(
        self, upload: IncomingUpload, new: Path, name: str, left_out: list[Problem]
    ) -> Imported:
        staging = upload.staging
        folder, tree = self._folders.require(name), staging.tree(name)
        known = self._catalogue.examine(name, self._program.seconds)
        before = self._catalogue.manifest(name)
        unchanged = _drop_unchanged(new, folder)
        if not any(files_below(new)):
            return Imported(name, upload.files_saved, 0, unchanged)
        _merge(folder, new, tree)
        understood = self._program.understand(tree, staging.root, upload.watch)
        after = as_decided(folder, understood)
        if before is not None:
            _check_labels(before, after)
        after = replace(after, problems=worst_first([*left_out, *after.problems]))
        added = len(after.images) - (len(before.images) if before else 0)
        done = Imported(name, upload.files_saved, added, unchanged)
        with full_disk_is_said("writing down what was uploaded"):
            self._catalogue.write_down(tree, after, known.record.created_at if known else None)
            note_publication(tree, upload.origin, done)
            self._check_not_in_use(name)
            upload.watch.publish()
            self._folders.swap_in(staging, name)
        self._catalogue.forget(name)
        return done


def _keep_looks(notes: Path, new: Path) -> None:
    """What was measured goes with the dataset; it was kept apart while strangers' files came."""
    measured = looks_on_the_way(notes)
    if measured.is_file():
        target = looks_file(new)
        target.parent.mkdir(parents=True, exist_ok=True)
        measured.replace(target)


def _left_in_archives(manifest: Manifest, sent: list[str]) -> list[Problem]:
    """What was found wrong inside the archives of this upload: they are gone once unpacked."""
    paths = [path for path in map(path_of, sent) if path is not None]
    archives = tuple(f"{path.name}/" for path in paths if kind_of(path.name) is FileKind.ARCHIVE)
    return [each for each in manifest.problems if each.file and each.file.startswith(archives)]


def _drop_unchanged(new: Path, folder: Path) -> int:
    """Remove from ``new`` what ``folder`` has already, and count it.

    Raises:
        Conflict: ``folder`` has another file of the same name.
    """
    there = {path.casefold(): path for path, _ in files_below(folder)}
    dropped = 0
    for path, _ in list(files_below(new)):
        old = there.get(path.casefold())
        if old is None:
            continue
        if old != path or not cmp(folder / old, new / path, shallow=False):
            raise _another_file(path, old)
        (new / path).unlink()
        dropped += 1
    return dropped


def _merge(folder: Path, new: Path, tree: Path) -> None:
    """``tree`` = the files of both, as links to them where the disk knows links."""
    with full_disk_is_said("adding to the dataset"):
        for path, _ in files_below(folder):
            if path.split("/")[0] != OWN_FOLDER:
                link_or_copy(folder / path, tree / path)
        for path, _ in files_below(new):
            try:
                link_or_copy(new / path, tree / path)
            except (FileExistsError, NotADirectoryError) as error:
                raise Conflict(
                    f"{path!r} cannot be added: the dataset has a file where it needs a folder, or "
                    "the other way round. Rename it.",
                    file=path,
                ) from error


def _another_file(path: str, old: str) -> Conflict:
    return Conflict(
        f"The dataset has a file {old!r} already, and the one that was sent is different; nothing "
        "was changed. Rename it, upload it to a new dataset, or delete this dataset first.",
        file=path,
    )


def _check_labels(old: Manifest, new: Manifest) -> None:
    """Refuse an addition after which an image has another label, or none."""
    now = {image.path: image.label for image in new.images}
    harmed = [
        (image.path, image.label, now.get(image.path))
        for image in old.images
        if image.label and now.get(image.path) != image.label
    ]
    if not harmed:
        return
    path, before, after = harmed[0]
    what = f"change its label to {after!r}" if after else "leave it without a label"
    more = f" The same goes for {len(harmed) - 1} more images." if len(harmed) > 1 else ""
    raise Conflict(
        f"The image {path!r} is labelled {before!r}, and these files would {what}; nothing was "
        f"changed.{more} Upload them to a new dataset, or delete this one first.",
        file=path,
    )
