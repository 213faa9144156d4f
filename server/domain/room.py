"""Whether something failed because a disk is full."""

from __future__ import annotations

import errno

_WORDS = ("No space left on device", "Disk quota exceeded", "database or disk is full")
_NUMBERS = {errno.ENOSPC, errno.EDQUOT}
_WINDOWS_DISK_FULL = {39, 112}


def is_disk_full(error: BaseException | None) -> bool:
    """Whether ``error``, or what caused it, is a full disk or a used-up quota.

    Some libraries raise an error of their own and keep only the words of the system's.
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, OSError) and error.errno in _NUMBERS:
            return True
        if getattr(error, "winerror", None) in _WINDOWS_DISK_FULL:
            return True
        if any(words in str(error) for words in _WORDS):
            return True
        error = error.__cause__ or error.__context__
    return False
