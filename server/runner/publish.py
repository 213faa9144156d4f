"""Moves a finished model's files into ``models/``, the metadata last.

Nobody lists a model before its metadata is there, and nobody counts it before the job's row names
it; so whatever dies in between leaves nothing false behind. Publishing again does no harm.
"""

from __future__ import annotations

import errno
import filecmp
import json
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import structlog

from server.store.files import sync_file, sync_folder
from server.store.runs import RunFolder

log = structlog.get_logger(__name__)

METADATA_ENDING = "_metadata.json"


def publish(folder: RunFolder, files: Mapping[str, str], models_dir: Path) -> None:
    """Move the files of a ``finished`` event from the run's output folder into ``models_dir``.

    Raises:
        FileExistsError: when another model has the name.
        OSError: when a file is missing or cannot be moved.
    """
    in_order = sorted(_plain_names(files), key=lambda name: name.endswith(METADATA_ENDING))
    for name in in_order:
        _move(folder.output / name, models_dir / name)
    sync_folder(models_dir)


def withdraw(folder: RunFolder, files: Mapping[str, str], models_dir: Path) -> None:
    """Remove published files again, the metadata first.

    Only what came out of the run's output folder goes: a file that still lies there was never
    published, so the one of that name in ``models_dir`` is another model's and stays.
    """
    names = _plain_names(files)
    for name in sorted(names, key=lambda name: not name.endswith(METADATA_ENDING)):
        source, target = folder.output / name, models_dir / name
        _draft(target).unlink(missing_ok=True)
        if target.exists() and (not source.exists() or _same(source, target)):
            target.unlink(missing_ok=True)


def models_with_a_job(models_dir: Path) -> dict[str, str]:
    """Each model that says which job it comes from: its name, and the job."""
    found = {}
    for metadata in models_dir.glob(f"*{METADATA_ENDING}"):
        job_id = _job_id(metadata)
        if job_id is not None:
            found[metadata.name.removesuffix(METADATA_ENDING)] = job_id
    return found


def sweep(
    models_dir: Path,
    models: Mapping[str, str],
    stands_behind: Callable[[str, str], bool],
    busy: set[str],
) -> None:
    """Remove models that a crash or a cancel left behind.

    Args:
        models_dir: where they lie.
        models: from ``models_with_a_job``, listed before ``busy``.
        stands_behind: whether a job (first) owns up to a model (second).
        busy: jobs that are not over yet; theirs stay.
    """
    for stem, job_id in models.items():
        if job_id in busy or stands_behind(job_id, stem):
            continue
        log.warning("removing a model that no job names", model=stem, job=job_id)
        metadata = models_dir / f"{stem}{METADATA_ENDING}"
        for file in (metadata, *models_dir.glob(f"{stem}[._]*")):
            file.unlink(missing_ok=True)


def _job_id(metadata: Path) -> str | None:
    try:
        job_id = json.loads(metadata.read_text(encoding="utf-8")).get("job_id")
    except (OSError, ValueError, AttributeError):
        return None
    return job_id if isinstance(job_id, str) else None


def _plain_names(files: Mapping[str, str]) -> Iterable[str]:
    for name in files.values():
        if Path(name).name != name:
            raise OSError(
                errno.EINVAL, "The training program named a file outside its folder", name
            )
    return files.values()


def _move(source: Path, target: Path) -> None:
    if not source.exists():
        if target.exists():  # moved before, by who died then
            return
        raise FileNotFoundError(errno.ENOENT, "The training program left no such file", str(source))
    if target.exists():
        if not _same(source, target):
            raise FileExistsError(
                errno.EEXIST, "There is a model of that name already", target.name
            )
        source.unlink()  # copied before, by who died then
        return
    sync_file(source)
    try:
        source.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy(source, target)
        source.unlink()


def _copy(source: Path, target: Path) -> None:
    """To another disk: whole or not there."""
    draft = _draft(target)
    shutil.copyfile(source, draft)
    sync_file(draft)
    draft.rename(target)


def _draft(target: Path) -> Path:
    return target.with_name(f".{target.name}.tmp")


def _same(source: Path, target: Path) -> bool:
    return filecmp.cmp(source, target, shallow=False)
