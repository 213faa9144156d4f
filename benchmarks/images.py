"""The folders of images that measurements work on: copies that a run may write beside."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import random
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from PIL import Image, ImageEnhance

TABLE = "HAM10000_metadata.csv"
_IMAGES = "images"


@contextlib.contextmanager
def work_folder() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="dermascan-benchmark-") as name:
        yield Path(name)


def unpacked(data: Path, work: Path) -> Path:
    """``data`` itself when it is a folder, else what is in the archive, under ``work``.

    Raises:
        SystemExit: when there is neither.
    """
    if data.is_dir():
        return data
    if not zipfile.is_zipfile(data):
        raise SystemExit(f"{data} is neither a folder nor a .zip archive; give the HAM10000 set.")
    folder = work / data.stem
    with zipfile.ZipFile(data) as archive:
        archive.extractall(folder)
    return folder


def fresh(data: Path, place: Path) -> Path:
    """``data`` once more, at ``place``, by hard links, without what earlier runs kept beside it.

    So every measured run decodes and caches for itself.
    """
    shutil.copytree(
        data,
        place,
        copy_function=_link_or_copy,
        ignore=shutil.ignore_patterns(".dermascan"),
    )
    return place


def multiplied(data: Path, place: Path, images: int, *, retouched: bool) -> Path:
    """A HAM10000 set of ``images`` images at ``place``, made from those of ``data``.

    Every round through the set gets new image ids and new lesion ids.

    Args:
        retouched: True = each copy is cut and lit differently, so it is another picture; False =
            byte for byte the same file.
    """
    with (data / TABLE).open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    files = {path.stem: path for path in data.rglob("*.jpg")}
    (place / _IMAGES).mkdir(parents=True)
    made, jobs = [], []
    for number in range(images):
        row, turn = rows[number % len(rows)], number // len(rows)
        name = f"{row['image_id']}_{turn}"
        made.append({**row, "image_id": name, "lesion_id": f"{row['lesion_id']}_{turn}"})
        target = place / _IMAGES / f"{name}.jpg"
        jobs.append((files[row["image_id"]], target, number if retouched and turn else None))
    with ProcessPoolExecutor() as pool:
        for _ in pool.map(_make, jobs, chunksize=256):
            pass
    with (place / TABLE).open("w", encoding="utf-8", newline="") as output:
        writer = csv.DictWriter(output, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(made)
    return place


def _make(job: tuple[Path, Path, int | None]) -> None:
    source, target, seed = job
    if seed is None:
        _link_or_copy(source, target)
    else:
        target.write_bytes(_retouched(source, seed))


def _retouched(source: Path, seed: int) -> bytes:
    """The picture turned or mirrored, cut to 80–95 % of its sides, a little lighter or darker."""
    chance = random.Random(seed)  # noqa: S311  (nothing here is secret)
    with Image.open(source) as image:
        width, height = image.size
        share = chance.uniform(0.80, 0.95)
        left = chance.uniform(0, (1 - share) * width)
        top = chance.uniform(0, (1 - share) * height)
        picture = image.convert("RGB").resize(
            image.size, box=(left, top, left + share * width, top + share * height)
        )
    for change in (Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.FLIP_TOP_BOTTOM):
        if chance.random() < 0.5:
            picture = picture.transpose(change)
    picture = ImageEnhance.Brightness(picture).enhance(chance.uniform(0.85, 1.15))
    written = io.BytesIO()
    picture.save(written, "JPEG", quality=90)
    return written.getvalue()


def _link_or_copy(source: str | Path, target: str | Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another disk, or a file system without links
        shutil.copyfile(source, target)
