"""Record files and the pixel cache: what goes in comes out, and damage is noticed."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from server.domain.errors import UnusableDataset
from server.intake.manifest import LesionImage
from server.training.engine.batches import cut, read_batches
from server.training.engine.cache import auto_image_size, hash_files, open_pixels
from server.training.engine.records import DamagedRecords, RecordFile, RecordWriter

KEY = bytes(range(32))


def written(path: Path, count: int = 20, width: int = 8) -> np.ndarray:
    """A record file of random bytes, and what is in it."""
    rows = np.random.default_rng(0).integers(0, 256, (count, width), dtype=np.uint8)
    with RecordWriter(path, KEY, width) as writer:
        for row in rows:
            writer.append(row)
    return rows


def test_records_come_back_in_any_order(tmp_path: Path) -> None:
    rows = written(tmp_path / "a.bin")
    records = RecordFile(tmp_path / "a.bin", KEY, 8)
    numbers = [7, 0, 19, 7]
    buffer = np.zeros((5, 8), dtype=np.uint8)
    records.read_into(numbers, buffer)
    records.close()
    assert np.array_equal(buffer[:4], rows[numbers])
    assert len(records) == 20


@pytest.mark.parametrize("place", [0, 10, 45, 60, 100, 200, -1])
def test_one_changed_byte_is_noticed(tmp_path: Path, place: int) -> None:
    path = tmp_path / "a.bin"
    written(path)
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    with pytest.raises(DamagedRecords):
        RecordFile(path, KEY, 8)


def test_a_file_that_was_cut_off_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    written(path)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DamagedRecords):
        RecordFile(path, KEY, 8)


def test_a_file_of_other_content_is_not_taken_for_ours(tmp_path: Path) -> None:
    written(tmp_path / "a.bin")
    with pytest.raises(DamagedRecords):
        RecordFile(tmp_path / "a.bin", bytes(32), 8)


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    def fail_halfway() -> None:
        with RecordWriter(tmp_path / "a.bin", KEY, 8) as writer:
            writer.append(np.zeros(8, dtype=np.uint8))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_halfway()
    assert list(tmp_path.iterdir()) == []


@given(st.integers(1, 200), st.integers(1, 40))
def test_batches_are_nearly_equal_and_leave_nothing_out(items: int, batch_size: int) -> None:
    batches = cut(np.arange(items), batch_size)
    assert list(np.concatenate(batches)) == list(range(items))
    sizes = [len(batch) for batch in batches]
    assert max(sizes) <= batch_size
    assert max(sizes) - min(sizes) <= 1


def test_batches_read_ahead_are_those_that_were_asked_for(tmp_path: Path) -> None:
    rows = written(tmp_path / "a.bin", count=50)
    records = RecordFile(tmp_path / "a.bin", KEY, 8)
    batches = cut(np.random.default_rng(0).permutation(50), 7)
    found = [batch.numpy().copy() for batch in read_batches(records, batches, (8,), torch.uint8)]
    records.close()
    assert np.array_equal(np.concatenate(found), rows[np.concatenate(batches)])


def test_leaving_batches_early_ends_the_reading_thread(tmp_path: Path) -> None:
    written(tmp_path / "a.bin", count=50)
    records = RecordFile(tmp_path / "a.bin", KEY, 8)
    reading = read_batches(records, cut(np.arange(50), 4), (8,), torch.uint8)
    next(reading)
    reading.close()  # type: ignore[attr-defined]
    records.close()
    assert all(thread.name != "read ahead" for thread in threading.enumerate())


def a_few_images(folder: Path) -> list[LesionImage]:
    """Three images of different sizes."""
    images = []
    for number, size in enumerate([(40, 30), (64, 64), (30, 50)]):
        name = f"image {number}.png"
        Image.new("RGB", size, (60 * number, 100, 200)).save(folder / name)
        images.append(LesionImage(name, name, "nv", None, None, *size))
    return images


def test_images_are_decoded_once_and_found_again(tmp_path: Path) -> None:
    images = a_few_images(tmp_path)
    hashes = hash_files(tmp_path, images)
    decoded: list[int] = []
    for was_there in (False, True):
        records, found = open_pixels(
            tmp_path, images, hashes, 32, spare_folder=tmp_path / "run", decoded=decoded.append
        )
        buffer = np.zeros((3, 32, 32, 3), dtype=np.uint8)
        records.read_into([0, 1, 2], buffer)
        records.close()
        assert found is was_there
        assert buffer[:, 5, 5].tolist() == [[0, 100, 200], [60, 100, 200], [120, 100, 200]]
    assert sum(decoded) == 3
    assert [path.parent.name for path in tmp_path.rglob("pixels_*")] == [".dermascan"]


def test_a_damaged_cache_is_made_anew(tmp_path: Path) -> None:
    images = a_few_images(tmp_path)
    hashes = hash_files(tmp_path, images)
    for _ in range(2):
        records, found = open_pixels(
            tmp_path, images, hashes, 32, spare_folder=tmp_path, decoded=lambda _: None
        )
        records.close()
        assert not found
        cache = next((tmp_path / ".dermascan").iterdir())
        content = bytearray(cache.read_bytes())
        content[500] ^= 255
        cache.write_bytes(content)


def test_changed_images_get_a_new_cache_and_the_old_one_goes(tmp_path: Path) -> None:
    images = a_few_images(tmp_path)
    for colour in ("red", "blue"):
        Image.new("RGB", (40, 30), colour).save(tmp_path / images[0].path)
        records, found = open_pixels(
            tmp_path,
            images,
            hash_files(tmp_path, images),
            32,
            spare_folder=tmp_path,
            decoded=lambda _: None,
        )
        records.close()
        assert not found
    assert len(list((tmp_path / ".dermascan").iterdir())) == 1


def test_an_image_that_broke_since_is_named(tmp_path: Path) -> None:
    images = a_few_images(tmp_path)
    (tmp_path / images[1].path).write_bytes(b"not an image")
    with pytest.raises(UnusableDataset, match=r"image 1\.png"):
        open_pixels(
            tmp_path, images, ["a", "b", "c"], 32, spare_folder=tmp_path, decoded=lambda _: None
        )


@pytest.mark.parametrize(
    ("shorter_side", "native", "expected"),
    [(150, 224, 160), (450, 224, 224), (450, 300, 300), (20, 224, 64), (96, 224, 96)],
)
def test_the_input_size_follows_the_images(shorter_side: int, native: int, expected: int) -> None:
    image = LesionImage("a", "a.jpg", "nv", None, None, shorter_side * 2, shorter_side)
    assert auto_image_size([image], native) == expected
