"""What is remembered of a dataset's folder, inside it: when it came, and what it looked like then.

    data/<name>/.dermascan/dataset.json    this record
                           current.json, versions/   what intake understood, see intake.versions
                           thumbnails/

A folder whose files no longer look like the record (somebody copied more into it by hand) is read
again.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from server.domain.sent_name import OWN_FOLDER
from server.intake.manifest import Manifest
from server.intake.versions import Decisions, read_current, read_version
from server.services.version_records import publish
from server.store.files import write_json_atomically
from server.store.trees import files_below

VERSION = 2
"""1 knew fewer layouts and kept nothing of the tables; what it wrote is read again, by and by."""
_OLDER = (1,)


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a walk over a folder sees without opening a file.

    Attributes:
        files: how many.
        size: of all of them, in bytes.
        digest: over path, size and time of change of each.
    """

    files: int
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class DatasetRecord:
    """The content of ``dataset.json``.

    Attributes:
        refusal: why the folder could not be understood; None when its manifest is there.
    """

    created_at: datetime
    updated_at: datetime
    footprint: Footprint
    refusal: str | None

    def changed(self, footprint: Footprint, refusal: str | None, now: datetime) -> DatasetRecord:
        """The same dataset after a change."""
        return replace(self, updated_at=now, footprint=footprint, refusal=refusal)


def footprint(folder: Path) -> Footprint:
    """Walk over ``folder``; our own notes in it do not count."""
    size = 0
    lines = []
    for path, status in files_below(folder):
        if path.startswith(f"{OWN_FOLDER}/"):
            continue
        size += status.st_size
        lines.append(f"{path}\0{status.st_size}\0{status.st_mtime_ns}")
    digest = hashlib.sha256("\n".join(sorted(lines)).encode("utf-8", "surrogateescape"))
    return Footprint(len(lines), size, digest.hexdigest())


def record_file(folder: Path) -> Path:
    """Where the record of a dataset lies."""
    return folder / OWN_FOLDER / "dataset.json"


def read_record(folder: Path) -> DatasetRecord | None:
    """The record in ``folder``; None when there is none that can be read."""
    try:
        found = json.loads(record_file(folder).read_text("utf-8"))
        if found["version"] not in (VERSION, *_OLDER):
            return None
        if found["version"] in _OLDER:
            found["footprint"]["digest"] = ""  # looks changed, and so is read again
        return DatasetRecord(
            created_at=_moment(found["created_at"]),
            updated_at=_moment(found["updated_at"]),
            footprint=Footprint(**found["footprint"]),
            refusal=found["refusal"],
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_record(folder: Path, record: DatasetRecord) -> None:
    """Write the record into ``folder``."""
    file = record_file(folder)
    file.parent.mkdir(exist_ok=True)
    content = {
        "version": VERSION,
        "created_at": record.created_at.isoformat(),
        "updated_at": record.updated_at.isoformat(),
        "footprint": asdict(record.footprint),
        "refusal": record.refusal,
    }
    write_json_atomically(file, content)


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of the current version in ``folder``; None when none can be read."""
    current = read_current(folder)
    if current is not None:
        version = read_version(folder, current.number)
        return version.manifest if version else None
    try:  # the notes of a server that kept no versions
        return Manifest.from_dict(json.loads(_manifest_file(folder).read_text("utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def as_decided(folder: Path, manifest: Manifest) -> Manifest:
    """What was understood anew of ``folder``, with the decisions that are in force there."""
    current = read_current(folder)
    return current.decisions.applied(manifest) if current else manifest


def write_manifest(folder: Path, manifest: Manifest, reason: str) -> None:
    """Make ``manifest`` the current version of ``folder``, with the decisions that are in force."""
    (folder / OWN_FOLDER).mkdir(exist_ok=True)
    current = read_current(folder)
    publish(folder, manifest, current.decisions if current else Decisions(), reason)
    _manifest_file(folder).unlink(missing_ok=True)


def _manifest_file(folder: Path) -> Path:
    return folder / OWN_FOLDER / "manifest.json"


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
