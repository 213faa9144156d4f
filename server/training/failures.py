"""From an exception to one sentence and an exit code."""

from __future__ import annotations

import errno
import sys

from server.domain.errors import DermaScanError, OutOfMemory, StorageFull
from server.domain.events import EXIT_CRASHED, EXIT_OUT_OF_MEMORY, EXIT_REFUSED

OUT_OF_MEMORY = (
    "Out of memory. Use a smaller batch size (such as 16 or 8), a smaller model (MobileNetV2 "
    "instead of DenseNet169) or a smaller image size, and make sure that nothing else is using "
    "the GPU or the memory."
)
_ALLOCATOR_WORDS = (
    "DefaultCPUAllocator",
    "not enough memory",
    "out of memory",
    "bad_alloc",
    "ALLOC_FAILED",  # cuBLAS and cuDNN
)


def known(error: BaseException) -> DermaScanError | None:
    """The refusal behind ``error``; None when it is a crash."""
    if isinstance(error, DermaScanError):
        return error
    if is_out_of_memory(error):
        return OutOfMemory(OUT_OF_MEMORY)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFull(f"The disk is full ({error.filename or 'while writing'}). Free space.")
    return None


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, of the GPU or of the machine."""
    torch = sys.modules.get("torch")
    if isinstance(error, MemoryError) or (torch and isinstance(error, torch.OutOfMemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(w in str(error) for w in _ALLOCATOR_WORDS)


def exit_code(error: BaseException) -> tuple[int, str]:
    """The exit code, and the name of the rule for the ``failed`` event."""
    refusal = known(error)
    if refusal is None:
        return EXIT_CRASHED, "crashed"
    return (EXIT_OUT_OF_MEMORY if isinstance(refusal, OutOfMemory) else EXIT_REFUSED), refusal.code


def in_one_sentence(error: BaseException) -> str:
    """What a person reads."""
    refusal = known(error)
    if refusal is not None:
        return refusal.message
    return f"Something unexpected went wrong ({type(error).__name__}: {_first_line(error)})."


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else "no message"
