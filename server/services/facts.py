"""Use cases of a dataset's facts: read them, see the images behind one, look at the pictures anew.

Looking is done by the import program, in a process of its own; here is only waited for it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum

import structlog

from server.domain.errors import Conflict, DermaScanError, InvalidInput
from server.intake.looks_file import looks_file, read_looks
from server.services.catalogue import Catalogue
from server.services.dataset_facts import (
    WITHOUT_LOOKING,
    FactKind,
    Facts,
    Group,
    facts_of,
    images_of_class,
    images_of_size,
    images_with,
)
from server.services.intake_program import IntakeProgram
from server.store.dataset_folders import DatasetFolders

log = structlog.get_logger(__name__)

_READ_SECONDS = 10.0
_KEPT = 2


class LookState(StrEnum):
    """How much is known of the pictures."""

    DONE = "done"
    LOOKING = "looking"
    NOT_YET = "not_yet"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Known:
    """Facts, and how it stands with looking.

    Attributes:
        why: one sentence, where looking failed.
    """

    facts: Facts
    state: LookState
    why: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the groups behind a number, and how many there are in all."""

    facts: Facts
    total: int
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose images are asked for: exactly one of these.

    Attributes:
        kind: of a fact.
        label: of a class.
        size: width and height in pixels.
        cell: name of a column, and a value in it.
    """

    kind: FactKind | None = None
    label: str | None = None
    size: tuple[int, int] | None = None
    cell: tuple[str, str] | None = None


class FactService:
    """The facts of every dataset of one server.

    Args:
        folders, catalogue: where the datasets lie, and what is known of them.
        program: looks at pictures.
    """

    def __init__(
        self, folders: DatasetFolders, catalogue: Catalogue, program: IntakeProgram
    ) -> None:
        self._folders = folders
        self._catalogue = catalogue
        self._program = program
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, Facts] = OrderedDict()
        self._looking: set[str] = set()
        self._failed: dict[str, str] = {}
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="facts")

    def stop(self) -> None:
        """Begin nothing more; what runs is ended with the program."""
        self._worker.shutdown(wait=False, cancel_futures=True)

    def facts(self, name: str) -> Known:
        """What is known of the current version.

        Raises:
            NotFound: there is no such dataset.
            Conflict: its files are still being read, or cannot be understood.
        """
        facts = self._facts(name)
        with self._lock:
            if name in self._looking:
                return Known(facts, LookState.LOOKING, None)
            why = self._failed.get(name)
        if facts.measured:
            return Known(facts, LookState.DONE, None)
        return Known(facts, LookState.FAILED if why else LookState.NOT_YET, why)

    def images(self, name: str, wanted: Wanted, offset: int, limit: int) -> Page:
        """The images behind a number, ``limit`` groups from ``offset`` on.

        Raises:
            NotFound, Conflict: as ``facts``; or the pictures were not looked at yet.
            InvalidInput: none or several of ``wanted`` are given.
        """
        facts = self._facts(name)
        groups = groups_behind(facts, wanted)
        return Page(facts, len(groups), groups[offset : offset + limit])

    def look(self, name: str) -> Known:
        """Begin to look at every picture, unless that is being done already.

        Raises:
            NotFound, Conflict: as ``facts``; or the server is going down.
        """
        self._facts(name)
        with self._lock:
            if name not in self._looking:
                try:
                    self._worker.submit(self._look, name)
                except RuntimeError as error:
                    raise Conflict("The server is going down; try again in a minute.") from error
                self._looking.add(name)
                self._failed.pop(name, None)
        return self.facts(name)

    def _look(self, name: str) -> None:
        why: str | None = "Looking at the images failed; the server's log says more."
        try:
            self._program.understand(self._folders.require(name))
            why = None
        except DermaScanError as refused:
            why = refused.message
        except Exception:  # nobody waits for the result: the log is the only place to say it
            log.exception("the pictures of a dataset could not be looked at", dataset=name)
        finally:
            with self._lock:
                self._looking.discard(name)
                if why is not None:
                    self._failed[name] = why

    def _facts(self, name: str) -> Facts:
        folder = self._folders.require(name)
        known = self._catalogue.look([name], _READ_SECONDS)[name]
        manifest = self._catalogue.manifest(name)
        if known is None or manifest is None:
            why = known.record.refusal if known else None
            raise Conflict(
                f"There are no facts of the dataset {name!r}: {why}"
                if why
                else f"The dataset {name!r} is still being read; try again in a minute.",
                dataset=name,
            )
        file = looks_file(folder)
        try:
            written = file.stat().st_mtime_ns
        except OSError:
            written = 0
        key = name, known.record, written
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        looks = read_looks(file) if written else None
        facts = facts_of(manifest, looks, self._catalogue.left_out(name))
        with self._lock:
            self._kept[key] = facts
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return facts


def groups_behind(facts: Facts, wanted: Wanted) -> tuple[Group, ...]:
    """The images that are wanted.

    Raises:
        InvalidInput: none or several of ``wanted`` are given.
        Conflict: the pictures were not looked at yet.
    """
    given = [wanted.kind, wanted.label, wanted.size, wanted.cell]
    if sum(each is not None for each in given) != 1:
        raise InvalidInput(
            "Say whose images are wanted by exactly one of: kind; label; width and height; column "
            "and value."
        )
    if wanted.label is not None:
        return images_of_class(facts.manifest, wanted.label)
    if wanted.size is not None:
        return images_of_size(facts.manifest, *wanted.size)
    if wanted.cell is not None:
        return images_with(facts.manifest, *wanted.cell)
    assert wanted.kind is not None
    if wanted.kind not in facts.groups and wanted.kind in WITHOUT_LOOKING:
        return ()
    if wanted.kind not in facts.groups:
        raise Conflict("The pictures of this dataset were not looked at yet; have them looked at.")
    return facts.groups[wanted.kind]
