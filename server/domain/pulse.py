"""The pulse of a training program: a few bytes that it rewrites in place every second.

They say that it lives, and what it waits for, if it waits. The file keeps its size, so that a full
disk, of all things, can still be spoken of.
"""

from __future__ import annotations

_BEAT_DIGITS = 20
_WORDS_BYTES = 300


def written(beat: int, waiting_for: str = "") -> bytes:
    """The content of the file.

    Args:
        beat: a number that changes every time.
        waiting_for: one sentence; what is too long is cut off.
    """
    words = " ".join(waiting_for.split()).encode()[:_WORDS_BYTES].decode(errors="ignore")
    return f"{beat:>{_BEAT_DIGITS}} ".encode() + words.encode().ljust(_WORDS_BYTES)


def waiting_for(content: bytes) -> str:
    """The sentence in the file; empty when the program does not wait, or never wrote it."""
    return content[_BEAT_DIGITS + 1 :].decode(errors="replace").strip()
