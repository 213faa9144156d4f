"""What is known of every dataset's folder, and reading again what is not known yet.

The folders are the truth: one that somebody placed in ``data/`` by hand is read in the background,
one that was changed by hand is read again.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from server.domain.errors import Conflict, DermaScanError, NotFound, UnusableDataset
from server.intake.manifest import LesionImage, Manifest
from server.intake.readiness import why_not_trainable
from server.services.dataset_records import (
    DatasetRecord,
    as_decided,
    footprint,
    read_manifest,
    read_record,
    record_file,
    write_manifest,
    write_record,
)
from server.services.dataset_summary import Summary, summarise
from server.services.intake_program import IntakeProgram
from server.services.version_records import carry_over, left_out_images
from server.store.dataset_folders import DatasetFolders

log = structlog.get_logger(__name__)

_MANIFESTS_KEPT = 4


@dataclass(frozen=True, slots=True)
class KnownDataset:
    """A dataset whose folder has been read.

    Attributes:
        summary: None when the folder could not be understood; then ``record.refusal`` says why.
        not_trainable_because: one sentence; None when training can start.
    """

    name: str
    folder: Path
    record: DatasetRecord
    summary: Summary | None
    not_trainable_because: str | None


class Catalogue:
    """Every dataset of one server.

    Args:
        folders: where they lie.
        program: reads a folder in a process of its own.
    """

    def __init__(self, folders: DatasetFolders, program: IntakeProgram) -> None:
        self._folders = folders
        self._program = program
        self._lock = threading.RLock()
        self._known: dict[str, KnownDataset] = {}
        self._manifests: OrderedDict[tuple[str, DatasetRecord], Manifest] = OrderedDict()
        self._left_out: dict[str, tuple[DatasetRecord, tuple[LesionImage, ...]]] = {}
        self._in_memory: dict[str, tuple[DatasetRecord, Manifest | None]] = {}
        self._reading: dict[str, Future[None]] = {}
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="datasets")

    def start(self) -> None:
        """Have every folder that is new, or was changed by hand, read in the background."""
        for name in self._folders.names():
            self._begin(name)

    def stop(self) -> None:
        """End what is being read, and begin no more."""
        self._reader.shutdown(wait=False, cancel_futures=True)

    def look(self, names: Iterable[str], seconds: float) -> dict[str, KnownDataset | None]:
        """What is known of those datasets; None for one that is still being read.

        Waits for folders that were never read, but no longer than ``seconds`` in all.
        """
        found = {name: self._recall(name) for name in names}
        unread = [name for name, known in found.items() if known is None]
        if unread:
            wait([self._begin(name) for name in unread], timeout=seconds)
            found |= {name: self._recall(name) for name in unread}
        return found

    def examine(self, name: str, seconds: float) -> KnownDataset | None:
        """As ``look`` for one dataset, but notices whether its files were changed by hand.

        Raises:
            NotFound: when there is no such dataset.
        """
        folder = self._folders.require(name)
        known = self._recall(name)
        if known is not None and known.record.footprint == footprint(folder):
            return known
        reading = self._begin(name)
        wait([reading], timeout=seconds)
        return self._recall(name) if reading.done() else None

    def manifest(self, name: str) -> Manifest | None:
        """What was understood of a dataset; None when nothing (yet)."""
        known = self._recall(name)
        if known is None or known.summary is None:
            return None
        with self._lock:
            return self._manifest(known.folder, name, known.record)

    def path_of_image(self, name: str, image_id: str) -> str | None:
        """Where an image lies, relative to the dataset's folder; None when it is not known."""
        manifest = self.manifest(name)
        if manifest is None:
            return None
        found = _image_of(manifest.images, image_id) or _image_of(self.left_out(name), image_id)
        return found.path if found else None

    def left_out(self, name: str) -> tuple[LesionImage, ...]:
        """Images of a dataset that are left out of its current version, by id."""
        known = self._recall(name)
        if known is None or known.summary is None:
            return ()
        with self._lock:
            record, images = self._left_out.get(name, (None, ()))
            if record != known.record:
                images = left_out_images(known.folder)
                self._left_out[name] = known.record, images
            return images

    def write_down(self, folder: Path, manifest: Manifest, created_at: datetime | None) -> None:
        """Make the folder of an import, which is about to be put in place, ready: share its files,
        write its notes.
        """
        now = datetime.now(UTC)
        self._folders.content.share(folder, ((each.path, each.sha256) for each in manifest.images))
        old = self._folders.find(folder.name)
        if old is not None:
            carry_over(old, folder)
        write_manifest(folder, manifest, "Files were added." if old else "Files were uploaded.")
        write_record(folder, DatasetRecord(created_at or now, now, footprint(folder), None))

    def note_change(self, name: str) -> None:
        """Another version of the dataset counts now."""
        with self._folders.steady():
            folder = self._folders.require(name)
            record = read_record(folder)
            if record is not None:
                now = datetime.now(UTC)
                write_record(folder, record.changed(record.footprint, None, now))

    def created_at(self, name: str) -> datetime | None:
        """When the dataset came."""
        known = self._recall(name)
        return known.record.created_at if known else None

    def forget(self, name: str) -> None:
        """The folder was removed or replaced."""
        with self._lock:
            self._known.pop(name, None)
            self._in_memory.pop(name, None)
            self._left_out.pop(name, None)

    # --- remembering -------------------------------------------------------------------------

    def _recall(self, name: str) -> KnownDataset | None:
        """From memory, or from the notes in the folder; None when there is neither."""
        with self._folders.steady(), self._lock:
            folder = self._folders.find(name)
            if folder is None:
                return None
            record = read_record(folder)
            if record is None and name in self._in_memory:
                record = self._in_memory[name][0]
            known = self._known.get(name)
            if record is None or (known is not None and known.record == record):
                return known if record is not None else None
            manifest = self._manifest(folder, name, record)
            if manifest is None and record.refusal is None:
                return None
            known = KnownDataset(
                name,
                folder,
                record,
                summary=None if manifest is None else summarise(manifest),
                not_trainable_because=(
                    record.refusal if manifest is None else why_not_trainable(manifest)
                ),
            )
            self._known[name] = known
            return known

    def _manifest(self, folder: Path, name: str, record: DatasetRecord) -> Manifest | None:
        key = name, record
        if key in self._manifests:
            self._manifests.move_to_end(key)
            return self._manifests[key]
        if record.refusal is not None:
            return None
        manifest = self._in_memory.get(name, (record, None))[1] or read_manifest(folder)
        if manifest is not None:
            self._manifests[key] = manifest
            while len(self._manifests) > _MANIFESTS_KEPT:
                self._manifests.popitem(last=False)
        return manifest

    # --- reading -----------------------------------------------------------------------------

    def _begin(self, name: str) -> Future[None]:
        with self._lock:
            reading = self._reading.get(name)
            if reading is None:
                try:
                    reading = self._reader.submit(self._read, name)
                except RuntimeError as error:
                    raise Conflict("The server is going down; try again in a minute.") from error
                self._reading[name] = reading
            return reading

    def _read(self, name: str) -> None:
        try:
            self._read_if_changed(name)
        except (NotFound, Conflict):
            pass
        except Exception:  # nobody waits for the result: the log is the only place to say it
            log.exception("a dataset could not be read", dataset=name)
        finally:
            with self._lock:
                self._reading.pop(name, None)

    def _read_if_changed(self, name: str) -> None:
        folder = self._folders.require(name)
        seen = footprint(folder)
        known = self._recall(name)
        if known is not None and known.record.footprint == seen:
            return
        manifest: Manifest | None = None
        refusal: str | None = None
        lasting = True
        try:
            manifest = as_decided(folder, self._program.understand(folder))
        except (NotFound, Conflict):  # deleted meanwhile, or the server is going down
            raise
        except DermaScanError as refused:
            refusal = refused.message
            # a program that died or took too long says nothing of the files: tried at next start
            lasting = isinstance(refused, UnusableDataset)
        now = datetime.now(UTC)
        record = DatasetRecord(known.record.created_at if known else now, now, seen, refusal)
        with self._folders.steady():
            if footprint(self._folders.require(name)) == seen:
                self._keep(folder, name, record, manifest, lasting=lasting)

    def _keep(
        self,
        folder: Path,
        name: str,
        record: DatasetRecord,
        manifest: Manifest | None,
        *,
        lasting: bool,
    ) -> None:
        with self._lock:
            self._in_memory.pop(name, None)
        try:
            if not lasting:
                record_file(folder).unlink(missing_ok=True)
            elif manifest is not None:
                write_manifest(folder, manifest, "The folder was found, or changed by hand.")
            if lasting:
                write_record(folder, record)
                return
        except OSError as error:  # a folder that is read only is remembered in memory
            log.warning("notes cannot be written", dataset=name, error=str(error))
        with self._lock:
            self._in_memory[name] = record, manifest


def _image_of(images: tuple[LesionImage, ...], image_id: str) -> LesionImage | None:
    """The image of that id among those ordered by id."""
    place = bisect_left(images, image_id, key=lambda image: image.image_id)
    found = images[place : place + 1]
    return found[0] if found and found[0].image_id == image_id else None
