"""How much may come out of archives, and the count of what has come out already."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from server.domain.errors import TooLarge, UnsafeArchive

_MIB = 1024**2
_GIB = 1024**3


@dataclass(frozen=True, slots=True)
class UnpackLimits:
    """Attributes:
    file_bytes: one unpacked file.
    total_bytes: all of them together.
    files: entries of all archives together, also those that are not kept.
    nesting: how deep archives may lie inside archives; 0 = not at all.
    ratio: how many times its own size an archive may grow to, once past ``ratio_from`` bytes.
    """

    file_bytes: int = 8 * _GIB
    total_bytes: int = 32 * _GIB
    files: int = 500_000
    nesting: int = 2
    ratio: int = 200
    ratio_from: int = 64 * _MIB


class Budget:
    """Counts real bytes and entries; what an archive says of its own sizes is never trusted."""

    def __init__(self, limits: UnpackLimits, on_entry: Callable[[], None] = lambda: None) -> None:
        self.limits = limits
        self._on_entry = on_entry
        self._entries = 0
        self._bytes = 0
        self._of_archive = 0
        self._archive = ""
        self._may_grow_to = 0

    def begin(self, archive: str, size: int) -> None:
        """The next outermost archive, of ``size`` bytes."""
        self._archive = archive
        self._of_archive = 0
        self._may_grow_to = max(self.limits.ratio_from, self.limits.ratio * size)

    def entry(self) -> None:
        """One more entry.

        Raises:
            TooLarge: too many.
        """
        self._entries += 1
        if self._entries > self.limits.files:
            raise self.too_many()
        self._on_entry()

    def spend(self, amount: int, file_size: int) -> None:
        """``amount`` more bytes are written, and the file now has ``file_size``.

        Raises:
            TooLarge: the file or the whole is over a limit.
            UnsafeArchive: the archive grows like a bomb.
        """
        self._bytes += amount
        if file_size > self.limits.file_bytes:
            raise TooLarge(
                f"A file in {self._archive!r} is larger than {in_words(self.limits.file_bytes)}, "
                "the most that one file may have here (setting DERMASCAN_MAX_FILE_BYTES).",
                file=self._archive,
            )
        if self._bytes > self.limits.total_bytes:
            raise TooLarge(
                f"Unpacked, {self._archive!r} has more than {in_words(self.limits.total_bytes)}, "
                "the most that is taken at once (setting DERMASCAN_MAX_UPLOAD_BYTES).",
                file=self._archive,
            )
        self.pass_over(amount)

    def pass_over(self, amount: int) -> None:
        """``amount`` more bytes come out of the archive, kept or not.

        Raises:
            UnsafeArchive: the archive grows like a bomb.
        """
        self._of_archive += amount
        if self._of_archive > self._may_grow_to:
            raise UnsafeArchive(
                f"The archive {self._archive!r} grows to more than {self.limits.ratio} times its "
                "size, as only harmful archives and empty pictures do. Unpack it yourself and "
                "upload the images.",
                file=self._archive,
            )

    def too_many(self) -> TooLarge:
        return TooLarge(
            f"The archive {self._archive!r} has too many files: at most {self.limits.files:,} are "
            "taken at once (setting DERMASCAN_MAX_UPLOAD_FILES).",
            file=self._archive,
        )


def in_words(size: int) -> str:
    """A number of bytes as people say it: ``32 GiB``."""
    for unit, name in ((_GIB, "GiB"), (_MIB, "MiB"), (1024, "KiB")):
        if size >= unit:
            return f"{size / unit:.4g} {name}"
    return f"{size} bytes"
