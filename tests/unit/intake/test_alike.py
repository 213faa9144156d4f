"""Pictures that look nearly the same are paired, and different ones are left in peace."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageEnhance

from server.intake import alike
from server.intake.alike import find_alike
from server.intake.image_check import check_image
from server.intake.look import Seen
from server.intake.measuring import measure

MANY = 12


def lesion(seed: int) -> Image.Image:
    """Soft spots on skin, different for every seed."""
    chance = random.Random(seed)
    small = Image.new("L", (9, 9))
    small.putdata([chance.randint(60, 220) for _ in range(81)])
    return small.resize((240, 180), Image.Resampling.BICUBIC).convert("RGB")


def saved_again(image: Image.Image) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=60)
    return Image.open(buffer)


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "saved again": saved_again,
    "resized": lambda image: image.resize((100, 75)),
    "lightened": lambda image: ImageEnhance.Brightness(image).enhance(1.1),
    "mirrored": lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "turned": lambda image: image.transpose(Image.Transpose.ROTATE_90),
}


def seen(folder: Path, images: dict[str, Image.Image]) -> list[Seen]:
    found = []
    for name, image in images.items():
        image.save(folder / f"{name}.png")
        checked = check_image(folder, f"{name}.png", measure)
        found.append(Seen(name, checked.sha256, checked.look))
    return found


def pairs(found: list[Seen]) -> set[frozenset[str]]:
    return {frozenset((found[a.first].path, found[a.second].path)) for a in find_alike(found).pairs}


@pytest.fixture
def different() -> dict[str, Image.Image]:
    return {str(seed): lesion(seed) for seed in range(MANY)}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("few", [0, 300])
def test_a_picture_is_found_again(
    change: str,
    few: int,
    different: dict[str, Image.Image],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With the shortlist that many pictures need, and without it."""
    monkeypatch.setattr(alike, "_FEW", few)
    found = seen(tmp_path, {**different, "again": CHANGES[change](different["3"])})
    assert pairs(found) == {frozenset(("3", "again"))}


def test_the_order_of_the_files_does_not_matter(
    different: dict[str, Image.Image], tmp_path: Path
) -> None:
    found = seen(tmp_path, {**different, "again": CHANGES["turned"](different["3"])})
    assert pairs(found[::-1]) == pairs(found) != set()


def test_copies_flat_pictures_and_pictures_not_measured_are_no_pairs(tmp_path: Path) -> None:
    grey = {f"grey {level}": Image.new("L", (50, 50), level) for level in (90, 120)}
    found = seen(tmp_path, {"one": lesion(1), "copy": lesion(1), **grey})
    assert find_alike([*found, Seen("huge", "", None)]).pairs == ()
    assert find_alike([]).pairs == find_alike(found[:1]).pairs == ()


def test_too_many_pictures_are_not_compared_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = seen(tmp_path, {"one": lesion(1), "two": lesion(2)})
    assert find_alike(found).made
    monkeypatch.setattr(alike, "MOST_PICTURES", 1)
    assert not find_alike(found).made
