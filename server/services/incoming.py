"""Files on their way in: written piece by piece into a staging folder, within limits."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from server.domain.errors import InvalidInput, StorageFull, TooLarge
from server.domain.sent_name import path_of
from server.services.import_watch import ImportWatch
from server.store.dataset_folders import Staging
from server.store.trees import full_disk_is_said, link_or_copy

_MIB = 1024**2


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """What one upload may hold, as sent and as unpacked. Each is a setting of the server.

    Attributes:
        file_bytes: one file (``DERMASCAN_MAX_FILE_BYTES``).
        upload_bytes: all files (``DERMASCAN_MAX_UPLOAD_BYTES``).
        files: how many (``DERMASCAN_MAX_UPLOAD_FILES``).
    """

    file_bytes: int
    upload_bytes: int
    files: int

    def check_announced(self, length: int) -> None:
        """Refuse an upload by the length that it says it has, before a byte of it is read.

        Raises:
            TooLarge: the sentence names the setting.
        """
        # boundaries and part headers are not part of any file: a little room for them
        if length > self.upload_bytes + _MIB + 1024 * self.files:
            raise self._upload_too_large()

    def check_file(self, sent: str, size: int) -> None:
        if size > self.file_bytes:
            raise TooLarge(
                f"The file {sent!r} is larger than {in_words(self.file_bytes)}, the most that one "
                "file may have here (setting DERMASCAN_MAX_FILE_BYTES).",
                file=sent,
            )

    def check_upload(self, size: int, files: int) -> None:
        if size > self.upload_bytes:
            raise self._upload_too_large()
        if files > self.files:
            raise TooLarge(
                f"The upload has more than {self.files} files, the most that are taken at once "
                "(setting DERMASCAN_MAX_UPLOAD_FILES)."
            )

    def _upload_too_large(self) -> TooLarge:
        return TooLarge(
            f"The upload is larger than {in_words(self.upload_bytes)}, the most that is taken at "
            "once (setting DERMASCAN_MAX_UPLOAD_BYTES)."
        )


class IncomingUpload:
    """One upload while it arrives. One thread at a time.

    Attributes:
        staging: where it is written.
        name: the dataset that it is for, reserved until ``discard``; None = not known yet.
        reservation: what ``discard`` lets go of at last.
        files_saved: names as sent, in order.
        origin: id of the basket that the files come from.
        watch: may end the import of it.
    """

    def __init__(self, staging: Staging, limits: UploadLimits) -> None:
        self.staging = staging
        self.name: str | None = None
        self.reservation = ExitStack()
        self.files_saved: list[str] = []
        self.origin: str | None = None
        self.watch = ImportWatch()
        self._limits = limits
        self._taken: dict[str, str] = {}
        self._folders: set[str] = set()
        self._file: BinaryIO | None = None
        self._sent = ""
        self._size = 0
        self._total = 0
        self._files = 0

    def check_announced(self, length: int) -> None:
        """Refuse by the length that the request says it has, before a byte of it is read."""
        self._limits.check_announced(length)
        free = shutil.disk_usage(self.staging.root).free
        if length > free:
            raise StorageFull(
                f"The upload of {in_words(length)} does not fit on the server's disk, which has "
                f"{in_words(free)} left; make room and try again."
            )

    def start_file(self, sent: str) -> None:
        """A file of that name begins.

        Raises:
            InvalidInput: the name cannot be used, or was sent twice.
            TooLarge: too many files.
        """
        target = self._place_of(sent)
        if target is None:
            return
        with full_disk_is_said(f"saving {sent!r}"):
            target.parent.mkdir(parents=True, exist_ok=True)
            self._file = target.open("xb")
        self.files_saved.append(sent)

    def take_whole(self, sent: str, file: Path) -> None:
        """A file of that name which is here already; ``file`` stays where it is.

        Raises:
            InvalidInput, TooLarge, StorageFull: as ``start_file`` and ``write``.
        """
        target = self._place_of(sent)
        self._count(file.stat().st_size)
        if target is None:
            return
        with full_disk_is_said(f"saving {sent!r}"):
            link_or_copy(file, target)
        self.files_saved.append(sent)

    def write(self, data: bytes) -> None:
        """The next piece of the file that was started last.

        Raises:
            TooLarge: the file, or all together, are over a limit.
            StorageFull: the disk has no room.
        """
        self._count(len(data))
        if self._file is not None:
            with full_disk_is_said(f"saving {self._sent!r}"):
                self._file.write(data)

    def end_file(self) -> None:
        """The file that was started last is whole."""
        if self._file is not None:
            with full_disk_is_said(f"saving {self._sent!r}"):
                file, self._file = self._file, None
                file.close()

    def discard(self) -> None:
        """Leave nothing behind; does no harm when called twice, or after all was put in place."""
        file, self._file = self._file, None
        try:
            if file is not None:
                file.close()
        except OSError:  # a full disk may show again here; the file goes away now anyway
            pass
        finally:
            self.staging.discard()
            self.reservation.close()

    def _place_of(self, sent: str) -> Path | None:
        """Where the next file belongs; None = it is not kept."""
        self._sent, self._size = sent, 0
        self._files += 1
        self._limits.check_upload(self._total, self._files)
        path = path_of(sent)
        if path is None:
            return None
        self._take(path, sent)
        return self.staging.upload / path

    def _count(self, size: int) -> None:
        self._size += size
        self._total += size
        self._limits.check_file(self._sent, self._size)
        self._limits.check_upload(self._total, self._files)

    def _take(self, path: PurePosixPath, sent: str) -> None:
        # letter case does not tell two files apart on Windows and macOS
        key = str(path).casefold()
        above = {str(parent).casefold() for parent in path.parents} - {"."}
        if key in self._taken:
            raise InvalidInput(
                f"Two files would be saved as {str(path)!r}: {self._taken[key]!r} and {sent!r}. "
                "Rename one of them, or upload the folders around them too.",
                file=sent,
            )
        if key in self._folders or not above.isdisjoint(self._taken):
            raise InvalidInput(
                f"{sent!r} cannot be saved: a file and a folder would have the same name. "
                "Rename one of them.",
                file=sent,
            )
        self._taken[key] = sent
        self._folders |= above


def in_words(size: int) -> str:
    """A number of bytes as people say it: ``32 GiB``."""
    for unit, name in ((1024**3, "GiB"), (1024**2, "MiB"), (1024, "KiB")):
        if size >= unit:
            return f"{size / unit:.4g} {name}"
    return f"{size} bytes"
