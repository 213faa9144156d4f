"""What the last import of a dataset did, kept inside the dataset's own folder.

It arrives by the same rename as the dataset, so it is there exactly when the files are. A server
that was killed between that rename and its own notes finds here that the work is done.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from server.domain.basket import Imported
from server.domain.sent_name import OWN_FOLDER
from server.store.files import write_json_atomically

_NOTE = "last-import.json"


def note_publication(folder: Path, origin: str | None, done: Imported) -> None:
    """Leave the note in a folder that is about to be put in place.

    Args:
        origin: id of the basket that the files come from; None = they came by a form.
    """
    if origin is not None:
        note = {"upload": origin, "imported": asdict(done)}
        write_json_atomically(folder / OWN_FOLDER / _NOTE, note)


def published_by(folder: Path, origin: str) -> Imported | None:
    """What the import of that basket did; None when the last import was another one."""
    try:
        note = json.loads((folder / OWN_FOLDER / _NOTE).read_text("utf-8"))
        return Imported(**note["imported"]) if note["upload"] == origin else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
