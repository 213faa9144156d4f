"""How a dataset may be called: its name is the name of its folder, on every system."""

from __future__ import annotations

import unicodedata

from server.domain.errors import InvalidInput

MAX_LENGTH = 64
_MAX_BYTES = 200
_RESERVED = frozenset(
    {"con", "prn", "aux", "nul"} | {f"{port}{n}" for port in ("com", "lpt") for n in range(10)}
)
RULE = (
    f"a dataset's name has 1 to {MAX_LENGTH} letters, digits, spaces, dots, dashes and "
    "underscores, and starts with a letter, a digit or an underscore"
)


def check_dataset_name(name: str) -> str:
    """The name as it is kept: without spaces around it, in one Unicode form (NFC).

    Raises:
        InvalidInput: the sentence names the rule.
    """
    cleaned = unicodedata.normalize("NFC", name.strip())
    if not cleaned:
        raise InvalidInput(
            "The dataset needs a name: give it as ?datasetName=… or as the form field datasetName.",
            field="datasetName",
        )
    if not _follows_the_rule(cleaned):
        shown = cleaned if len(cleaned) <= MAX_LENGTH else cleaned[:MAX_LENGTH] + "…"
        raise InvalidInput(f"The name {shown!r} cannot be used: {RULE}.", field="datasetName")
    if is_reserved(cleaned):
        raise InvalidInput(
            f"The name {cleaned!r} cannot be used: Windows keeps it for itself. Choose another.",
            field="datasetName",
        )
    return cleaned


def is_reserved(name: str) -> bool:
    """Whether Windows keeps a file name for itself, whatever its ending."""
    return name.partition(".")[0].strip().casefold() in _RESERVED


def _follows_the_rule(name: str) -> bool:
    return (
        len(name) <= MAX_LENGTH
        and len(name.encode("utf-8")) <= _MAX_BYTES
        and all(letter.isalnum() or letter in " ._-" for letter in name)
        and (name[0].isalnum() or name[0] == "_")
        and not name.endswith(".")
    )
