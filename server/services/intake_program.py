"""Reading images and archives that strangers made happens in a process of its own.

A hostile file can end that process, and nothing else. It limits its own memory; its time is limited
here. What is expected of it:

    python -m server.intake FOLDER --max-file-bytes=N --max-bytes=N --max-files=N
        unpack every archive in FOLDER, remove it, then understand what is there
    python -m server.intake FOLDER --as-it-is
        understand FOLDER, change nothing in it

    exit code 0  stdout {"manifest": Manifest.as_dict()}
    exit code 2  stdout {"error": {"code": …, "message": …, "where": {…}}} of a ``DermaScanError``
    any other    it died; stderr says how
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psutil
import structlog

from server.domain import errors
from server.domain.errors import Conflict, DermaScanError, InvalidInput, TooLarge
from server.domain.events import EXIT_FINISHED, EXIT_REFUSED
from server.intake.looks_file import looks_file
from server.intake.manifest import Manifest
from server.intake.own_limits import DEFAULT_MEMORY
from server.services.import_watch import PROGRESS_FILE, ImportWatch
from server.services.incoming import UploadLimits, in_words
from server.services.memory_watch import memory_watched
from server.store.dataset_folders import note_program

log = structlog.get_logger(__name__)

REPOSITORY = Path(__file__).resolve().parents[2]
_BY_CODE: dict[str, type[DermaScanError]] = {
    kind.code: kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, DermaScanError)
}


class IntakeProgram:
    """Starts the program, waits for it, and turns what it prints into a manifest or a refusal.

    Args:
        limits: of what may be unpacked.
        seconds: how long one folder may take (``DERMASCAN_IMPORT_SECONDS``).
        memory: bytes that it may use (``DERMASCAN_IMPORT_MEMORY_BYTES``).
    """

    def __init__(
        self, limits: UploadLimits, seconds: float = 3600, memory: int = DEFAULT_MEMORY
    ) -> None:
        self.seconds = seconds
        self._memory = memory
        self._limits = limits
        self._running: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def unpack_and_understand(
        self, folder: Path, notes: Path, watch: ImportWatch | None = None
    ) -> Manifest:
        """Unpack every archive in ``folder``, then say what is there.

        Args:
            notes: where to note which process works here, so that none outlives its server.
            watch: may end it, and is told how far it is.

        Raises:
            UnsafeArchive, TooLarge, UnusableDataset, StorageFull: as the program says.
            InvalidInput: it took too long, or died.
            Stopped: the watch ended it.
        """
        limits = [
            f"--looks={looks_on_the_way(notes)}",
            f"--max-file-bytes={self._limits.file_bytes}",
            f"--max-bytes={self._limits.upload_bytes}",
            f"--max-files={self._limits.files}",
        ]
        return _manifest(self._run([*self._reading(folder), *limits], notes, watch))

    def understand(
        self, folder: Path, notes: Path | None = None, watch: ImportWatch | None = None
    ) -> Manifest:
        """Say what is in ``folder`` without changing any file of it; what was measured of its
        pictures is kept in it (``intake.looks_file``).

        Raises:
            UnusableDataset: nothing that can be used.
            InvalidInput: it took too long, or died.
        """
        looks = f"--looks={looks_file(folder)}"
        return _manifest(self._run([*self._reading(folder), "--as-it-is", looks], notes, watch))

    def draw_sample(self, folder: Path, notes: Path) -> None:
        """Draw the sample set into the empty ``folder``."""
        self._run(["server.intake.sample_set", str(folder)], notes)

    def stop(self) -> None:
        """End every program that runs, and start no more: the server is going down."""
        with self._lock:
            self._stopped = True
            running = list(self._running)
        for program in running:
            _end(program)

    def _reading(self, folder: Path) -> list[str]:
        return ["server.intake", str(folder), f"--max-memory={self._memory}", "--end-with-parent"]

    def _run(self, words: list[str], notes: Path | None, watch: ImportWatch | None = None) -> str:
        """Run ``python -m words…``; returns what it printed."""
        if notes is not None and watch is not None:
            words = [*words, f"--progress={notes / PROGRESS_FILE}"]
        with (
            self._started(words) as program,
            memory_watched(program.pid, self._memory, partial(_end, program)) as memory,
        ):
            try:
                if notes is not None:
                    note_program(notes, program.pid)
                    if watch is not None:
                        watch.follow(notes / PROGRESS_FILE, partial(_end, program))
                printed, said = program.communicate(timeout=self.seconds)
            except subprocess.TimeoutExpired as late:
                raise InvalidInput(
                    f"Reading the files took longer than {self.seconds:.0f} seconds and was "
                    "stopped; send them in smaller parts, or raise the setting "
                    "DERMASCAN_IMPORT_SECONDS."
                ) from late
            finally:
                _end(program)
                if watch is not None:
                    watch.leave()
                with self._lock:
                    self._running.discard(program)
        if program.returncode == EXIT_FINISHED:
            return printed
        if watch is not None:
            watch.check()
        if self._stopped:
            raise _going_down()
        if memory.exceeded:
            raise _too_much_memory(self._memory)
        raise _refusal(printed, said, program.returncode)

    @contextmanager
    def _started(self, words: list[str]) -> Iterator[subprocess.Popen[str]]:
        theirs, ours = os.pipe()  # closed by the system when this server dies: then it ends too
        try:
            with self._begun(words, theirs) as program:
                yield program
        finally:
            os.close(ours)

    def _begun(self, words: list[str], stdin: int) -> subprocess.Popen[str]:
        try:
            return self._popen(words, stdin)
        finally:
            os.close(stdin)

    def _popen(self, words: list[str], stdin: int) -> subprocess.Popen[str]:
        with self._lock:
            if self._stopped:
                raise _going_down()
            program = subprocess.Popen(
                [sys.executable, "-m", *words],
                cwd=REPOSITORY,
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
                env={**os.environ, "PYTHONIOENCODING": "utf-8"},
            )
            self._running.add(program)
            return program


def looks_on_the_way(notes: Path) -> Path:
    """Where what was measured of an upload waits until its dataset is put in place."""
    return notes / "facts" / "looks.json"


def _manifest(printed: str) -> Manifest:
    return Manifest.from_dict(json.loads(printed)["manifest"])


def _refusal(printed: str, said: str, exit_code: int) -> DermaScanError:
    if exit_code == EXIT_REFUSED:
        try:
            error = json.loads(printed)["error"]
            return refusal_of(error["code"], error["message"], error["where"])
        except (ValueError, KeyError, TypeError):
            said = said or printed
    log.error("the intake program died", exit_code=exit_code, said=said[-4000:])
    return InvalidInput(
        "The files could not be read: the program that reads them ended without an answer, "
        "perhaps because they need more memory than it may use. Send them in smaller parts; "
        "the server's log says more."
    )


def refusal_of(code: str, message: str, where: Mapping[str, str | int]) -> DermaScanError:
    """The error that was written down so.

    Raises:
        KeyError: there is no error of that code.
    """
    return _BY_CODE[code](message, **where)


def _too_much_memory(most: int) -> TooLarge:
    return TooLarge(
        f"Reading the files needs more than {in_words(most)} of memory; send them in smaller "
        "parts, or raise the setting DERMASCAN_IMPORT_MEMORY_BYTES."
    )


def _going_down() -> Conflict:
    return Conflict("The server is going down; try again in a minute.")


def _end(program: subprocess.Popen[str]) -> None:
    """End a program and what it started."""
    try:
        family = psutil.Process(program.pid)
        for member in [*family.children(recursive=True), family]:
            member.kill()
    except psutil.NoSuchProcess:
        pass
