"""Limits that the import program puts on itself before it opens a stranger's file."""

from __future__ import annotations

import contextlib
import sys

DEFAULT_MEMORY = 2 * 1024**3


def limit_memory(size: int) -> None:
    """Cap this process's address space at ``size`` bytes, where the system can (not on Windows)."""
    if sys.platform == "win32":
        return
    import resource

    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    wanted = size if hard == resource.RLIM_INFINITY else min(size, hard)
    with contextlib.suppress(OSError, ValueError):  # macOS has the call but may refuse it
        resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
