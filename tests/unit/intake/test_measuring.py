"""How sharp and how bright pictures are is measured while they are checked, and kept."""

from __future__ import annotations

import random
from pathlib import Path

from PIL import Image, ImageFilter

from server.intake.image_check import check_image
from server.intake.look import Alike, Look, Looking, Seen
from server.intake.looks_file import Looks, looks_file, read_looks, write_looks
from server.intake.measuring import measure
from server.intake.understand import understand


def skin(side: int = 300, seed: int = 1) -> Image.Image:
    """A drawn patch of skin with fine texture."""
    grain = random.Random(seed)
    image = Image.new("RGB", (side // 3, side // 3))
    image.putdata([(c := grain.randint(150, 220), c - 30, c - 50) for _ in range((side // 3) ** 2)])
    return image.resize((side, side), Image.Resampling.BICUBIC)


def look(folder: Path, image: Image.Image, name: str = "a.jpg", quality: int = 90) -> Look:
    image.save(folder / name, quality=quality)
    found = check_image(folder, name, measure).look
    assert found is not None
    return found


def test_blur_lowers_sharpness_by_far_and_brightness_not_at_all(tmp_path: Path) -> None:
    sharp = look(tmp_path, skin(), quality=92)
    blurred = look(tmp_path, skin().filter(ImageFilter.GaussianBlur(4)), quality=92)
    assert blurred.sharpness < sharp.sharpness / 5
    assert abs(blurred.brightness - sharp.brightness) < 0.01


def test_the_same_picture_is_as_sharp_at_another_size_and_in_another_format(
    tmp_path: Path,
) -> None:
    large = skin(1200)
    there = look(tmp_path, large, "large.png")
    smaller = look(tmp_path, large.resize((600, 600), Image.Resampling.LANCZOS), "small.png")
    as_jpeg = look(tmp_path, large, "large.jpg", quality=95)
    assert 0.8 < smaller.sharpness / there.sharpness < 1.25
    # a JPEG is decoded at a fraction of its size, which softens the finest grain a little
    assert 0.65 < as_jpeg.sharpness / there.sharpness < 1.25


def test_turning_a_picture_changes_nothing_that_is_measured(tmp_path: Path) -> None:
    upright = look(tmp_path, skin(), "up.png")
    turned = look(tmp_path, skin().transpose(Image.Transpose.ROTATE_90), "turned.png")
    assert abs(turned.sharpness / upright.sharpness - 1) < 0.01
    assert abs(turned.brightness - upright.brightness) < 0.001


def test_black_is_dark_white_is_bright_and_both_are_clipped(tmp_path: Path) -> None:
    black = look(tmp_path, Image.new("RGB", (50, 40)), "black.png")
    white = look(tmp_path, Image.new("L", (50, 40), 255), "white.png")
    grey_16 = look(tmp_path, Image.new("I;16", (50, 40), 128 * 257), "grey.png")
    assert (black.sharpness, black.brightness, black.clipped) == (0, 0, 1)
    assert (white.brightness, white.clipped) == (1, 1)
    assert (round(grey_16.brightness * 255), grey_16.clipped) == (128, 0)


def test_a_large_png_is_measured_and_one_too_large_is_checked_only(tmp_path: Path) -> None:
    assert look(tmp_path, Image.new("L", (2500, 2000), 128), "large.png").brightness > 0.5
    Image.new("1", (5000, 4000)).save(tmp_path / "huge.png")
    checked = check_image(tmp_path, "huge.png", measure)
    assert (checked.fault, checked.look) == (None, None)


def test_measuring_changes_nothing_of_what_is_understood(tmp_path: Path) -> None:
    for place in range(3):
        for label in ("one", "two"):
            (tmp_path / label).mkdir(exist_ok=True)
            skin(60, place).save(tmp_path / label / f"{place}.png")
    (tmp_path / "one" / "broken.jpg").write_bytes(b"\xff\xd8 no picture")
    looking = Looking(measure)
    assert understand(tmp_path, looking=looking) == understand(tmp_path)
    assert len(looking.seen) == 6
    assert all(each.look and len(each.sha256) == 64 for each in looking.seen)


def test_what_was_seen_is_read_back_and_what_is_no_such_file_is_nothing(tmp_path: Path) -> None:
    file = looks_file(tmp_path)
    assert read_looks(file) is None
    seen = [Seen("ä/a.jpg", "ab" * 32, Look(12.5, 0.5, 0.25)), Seen("b.png", "cd" * 32, None)]
    write_looks(file, seen, [Alike(0, 1, 0.97)])
    found = read_looks(file)
    assert found is not None
    assert list(found.seen.values()) == seen
    assert found.alike == (("ä/a.jpg", "b.png", 0.97),)
    write_looks(file, seen, None)
    assert read_looks(file) == Looks(found.seen, None)
    for damaged in ("{", "[]", '{"format": 99, "images": []}', '{"format": 1, "images": [[1]]}'):
        file.write_text(damaged, "utf-8")
        assert read_looks(file) is None
