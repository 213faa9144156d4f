"""The near-duplicates of a run, kept with it, so that going on it has the very same split."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from server.training.audit.search import NearDuplicate

NAME = "near_duplicates.json"
_FORMAT = 1


def remember(folder: Path, data_hash: str, near: Sequence[NearDuplicate], looked_with: str) -> None:
    """Write them down; the file appears whole or not at all."""
    content = {
        "format": _FORMAT,
        "data": data_hash,
        "looked_with": looked_with,
        "pairs": [[pair.first, pair.second, pair.agreement] for pair in near],
    }
    partial = folder / f"{NAME}.{os.getpid()}.partial"
    partial.write_text(json.dumps(content), encoding="utf-8")
    partial.replace(folder / NAME)


def recall(folders: Iterable[Path], data_hash: str) -> tuple[tuple[NearDuplicate, ...], str] | None:
    """What was found in these very images, and how; None when it is not written down."""
    for folder in folders:
        try:
            content = json.loads((folder / NAME).read_text(encoding="utf-8"))
            if (content["format"], content["data"]) != (_FORMAT, data_hash):
                continue
            near = tuple(NearDuplicate(int(a), int(b), float(c)) for a, b, c in content["pairs"])
            return near, str(content["looked_with"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return None
