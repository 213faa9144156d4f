"""The sample set: pictures drawn by the program, for trying it out before real data is at hand.

    python -m server.intake.sample_set FOLDER [--seed 0] [--lesions 150] [--size 144]

The same seed draws the same set. It shows no patient and carries no licence; what is learnt from
it says nothing about real lesions, and every label says that it is drawn.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from server.domain.errors import Conflict, DermaScanError, InvalidInput
from server.intake.drawing import lesions as kinds
from server.intake.drawing.lesions import Painter
from server.intake.drawing.picture import Patch
from server.intake.sample_marker import FIRST_LINE, MARKER_FILE

# share of the lesions; uneven, as every real set is
_CLASSES: dict[str, tuple[Callable[[np.random.Generator], Painter], float]] = {
    "drawn nevus": (kinds.nevus, 0.28),
    "drawn melanoma": (kinds.melanoma, 0.20),
    "drawn keratosis": (kinds.keratosis, 0.19),
    "drawn angioma": (kinds.angioma, 0.17),
    "drawn dermatofibroma": (kinds.dermatofibroma, 0.16),
}
MIN_LESIONS = 20
_README = f"""{FIRST_LINE}.

Every picture here was drawn by DermaScan's own code (server/intake/sample_set.py). There are no
photographs and no patients behind it, and no licence is attached: do with it what you like.

It is for trying the program and for its tests only. The five kinds of lesion caricature textbook
signs, so a network learns them within minutes. A model trained on them knows nothing about real
skin, and its figures mean nothing outside this set.

metadata.csv  image_id, image_path, label, lesion_id; images with one lesion_id show one lesion,
              turned, zoomed and lit differently.
images/       the pictures.
"""


def draw(folder: Path, seed: int = 0, lesions: int = 150, size: int = 144) -> int:
    """Draw the set into ``folder``, which is made if need be, and return the number of images.

    Each lesion gets two to four pictures of ``size`` × ``size`` pixels.

    Raises:
        Conflict: when the folder holds something already.
        InvalidInput: for fewer than 20 lesions, a size outside 32–1024 or a negative seed.
    """
    _check(seed, lesions, size)
    if folder.exists() and any(folder.iterdir()):
        raise Conflict(f"The folder {str(folder)!r} is not empty; name a new one.")
    (folder / "images").mkdir(parents=True, exist_ok=True)
    rows: list[tuple[str, str, str, str]] = []
    for number, label in enumerate(_labels(seed, lesions), start=1):
        rng = np.random.default_rng((seed, number))
        patch = Patch(rng, _CLASSES[label][0](rng))
        for picture in range(1, int(rng.integers(2, 5)) + 1):
            image_id = f"drawn_{number:04d}_{picture}"
            path = f"images/{image_id}.jpg"
            patch.view(rng, size).save(folder / path, quality=90)
            rows.append((image_id, path, label, f"lesion_{number:04d}"))
    with (folder / "metadata.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("image_id", "image_path", "label", "lesion_id"), *rows])
    (folder / MARKER_FILE).write_text(_README, encoding="utf-8", newline="\n")
    return len(rows)


def _labels(seed: int, lesions: int) -> list[str]:
    """The class of each lesion, in the wanted shares, shuffled."""
    names = list(_CLASSES)
    counts = [int(lesions * share) for _, share in _CLASSES.values()]
    counts[0] += lesions - sum(counts)
    labels = [name for name, count in zip(names, counts, strict=True) for _ in range(count)]
    np.random.default_rng(seed).shuffle(labels)
    return labels


def _check(seed: int, lesions: int, size: int) -> None:
    if lesions < MIN_LESIONS:
        raise InvalidInput(
            f"The sample set needs at least {MIN_LESIONS} lesions, not {lesions}.", field="lesions"
        )
    if not 32 <= size <= 1024:
        raise InvalidInput(f"size must be from 32 to 1024 pixels, not {size}.", field="size")
    if seed < 0:
        raise InvalidInput(f"seed must not be negative, but is {seed}.", field="seed")


def main(arguments: list[str] | None = None) -> int:
    """The command; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m server.intake.sample_set",
        description="Draw a sample set: lesion-like pictures, no patients, for trying the program.",
    )
    parser.add_argument("folder", type=Path, help="where to; a new or empty folder")
    parser.add_argument("--seed", type=int, default=0, help="another number draws another set")
    parser.add_argument("--lesions", type=int, default=150)
    parser.add_argument("--size", type=int, default=144, help="side of the pictures in pixels")
    chosen = parser.parse_args(arguments)
    try:
        count = draw(chosen.folder, chosen.seed, chosen.lesions, chosen.size)
    except DermaScanError as error:
        sys.stderr.write(f"{error.message}\n")
        return 2
    sys.stdout.write(f"Drew {count} pictures of {chosen.lesions} lesions in {chosen.folder}.\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
