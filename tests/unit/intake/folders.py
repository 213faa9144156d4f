"""Datasets that tests build: small real images, tables, and folders in the known layouts."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from PIL import Image

from server.intake.manifest import Manifest, Problem, ProblemKind


def picture(shade: int = 0, size: tuple[int, int] = (12, 9), form: str = "JPEG") -> bytes:
    """The bytes of a small image; another ``shade`` gives other bytes."""
    buffer = io.BytesIO()
    colour = (shade % 256, (shade * 7) % 256, (shade // 256) % 256)
    Image.new("RGB", size, colour).save(buffer, form)
    return buffer.getvalue()


def put(folder: Path, path: str, content: bytes | str) -> Path:
    """Write a file below ``folder``; text is written in UTF-8."""
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content.encode() if isinstance(content, str) else content)
    return target


def put_pictures(folder: Path, paths: Iterable[str]) -> None:
    """Different pictures at ``paths``, in the format that the ending says."""
    for shade, path in enumerate(paths):
        put(folder, path, picture(shade, form="PNG" if path.lower().endswith("png") else "JPEG"))


def table(*rows: Sequence[str], header: str = "image_id,image_path,label") -> str:
    """A comma-separated table."""
    return "\n".join([header, *(",".join(row) for row in rows)]) + "\n"


def labels(manifest: Manifest) -> dict[str, str]:
    """Path → label."""
    return {image.path: image.label for image in manifest.images}


def of_kind(manifest: Manifest, kind: ProblemKind) -> list[Problem]:
    return [problem for problem in manifest.problems if problem.kind is kind]


def the_one(manifest: Manifest, kind: ProblemKind) -> Problem:
    """The only problem of that kind."""
    found = of_kind(manifest, kind)
    assert len(found) == 1, found
    return found[0]


def files_in(folder: Path) -> set[str]:
    """All files below ``folder``, relative, with forward slashes."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
