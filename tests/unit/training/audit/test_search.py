"""Near-duplicates are found among many pictures, in blocks, with and without features."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from server.intake import alike_rows
from server.intake.alike_rows import alike_across
from server.intake.fingerprints import indifferent, likeness
from server.training.audit.fingerprints import fingerprints
from server.training.audit.neighbours import cosines, sketches
from server.training.audit.search import Vectors, near_duplicates
from tests.unit.training.audit.pictures import SIZE, recompressed, record_file, skin, square

MANY = 30


@pytest.fixture(scope="module")
def pictures() -> list[Image.Image]:
    """Thirty of different skin; 30 is the third recompressed, 31 the fifth mirrored."""
    own = [skin(seed) for seed in range(MANY)]
    return [*own, recompressed(own[3], 70), own[5].transpose(Image.Transpose.FLIP_LEFT_RIGHT)]


@pytest.mark.parametrize("with_features", [False, True])
def test_the_copies_are_found_and_nothing_else(
    tmp_path: Path, pictures: list[Image.Image], with_features: bool
) -> None:
    pixels = record_file(tmp_path / "pixels.bin", [square(each) for each in pictures])
    noise = np.random.default_rng(0)
    rows = noise.normal(size=(len(pictures), 40)).astype(np.float16)
    rows[30], rows[31] = rows[3], rows[5]
    features = record_file(tmp_path / "features.bin", list(rows))
    vectors = Vectors(features, 40) if with_features else None
    groups = [f"lesion {n}" for n in range(len(pictures))]
    found = near_duplicates(pixels, SIZE, range(len(pictures)), groups, vectors)
    assert [(pair.first, pair.second) for pair in found] == [(3, 30), (5, 31)]
    pixels.close()
    features.close()


def test_near_duplicates_inside_a_lesion_are_found_too(
    tmp_path: Path, pictures: list[Image.Image]
) -> None:
    pixels = record_file(tmp_path / "pixels.bin", [square(each) for each in pictures])
    groups = [f"lesion {n}" for n in range(MANY)] + ["lesion 3", "lesion 5"]
    found = near_duplicates(pixels, SIZE, range(len(pictures)), groups, None)
    assert {(pair.first, pair.second) for pair in found} == {(3, 30), (5, 31)}
    pixels.close()


def test_fingerprints_are_alike_however_a_picture_is_turned(tmp_path: Path) -> None:
    turns = [skin(0), *(skin(0).transpose(turn) for turn in Image.Transpose), skin(1), skin(2)]
    pixels = record_file(tmp_path / "pixels.bin", [square(each) for each in turns])
    prints = fingerprints(pixels, range(len(turns)), SIZE)
    pixels.close()
    of_first = np.repeat(prints[:1], len(prints), axis=0)
    assert likeness(of_first, prints)[:8].min() > 0.98
    assert likeness(of_first, prints)[8:].max() < 0.95
    same = indifferent(prints)
    assert (same[:1] @ same[:8].T).min() > 0.9


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 60), st.integers(0, 10_000), st.sampled_from([0.3, 0.6]))
def test_blocks_find_the_pairs_that_a_whole_table_would(
    count: int, seed: int, threshold: float
) -> None:
    noise = np.random.default_rng(seed)
    rows = noise.normal(size=(count, 5)).astype(np.float32)
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True).astype(np.float32)
    groups = noise.integers(0, 10, count)
    first, second = alike_across(rows, groups, threshold, most_each=count)
    product = rows @ rows.T
    expected = {
        (a, b)
        for a in range(count)
        for b in range(a + 1, count)
        if groups[a] != groups[b] and product[a, b] > threshold + 1e-5
    }
    found = set(zip(first.tolist(), second.tolist(), strict=True))
    assert expected <= found
    assert all(product[a, b] > threshold - 1e-5 and groups[a] != groups[b] for a, b in found)


def test_many_equal_rows_do_not_name_all_their_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alike_rows, "_CELLS", 5000)
    rows = np.full((400, 4), 0.5, dtype=np.float32)
    first, _ = alike_across(rows, np.arange(400), 0.5, most_each=3)
    assert np.bincount(first).max() <= 3


def test_sketches_keep_the_angles_and_cosines_are_exact(tmp_path: Path) -> None:
    noise = np.random.default_rng(0)
    rows = (noise.normal(size=(600, 300)) + 2).astype(np.float16)
    rows[1] = rows[0] * np.float16(0.9) + noise.normal(0, 0.3, 300).astype(np.float16)
    features = record_file(tmp_path / "features.bin", list(rows))
    numbers = np.arange(600)
    sketch, centre = sketches(features, numbers, 300)
    exact = rows.astype(np.float32) - rows.astype(np.float32).mean(axis=0)
    exact /= np.linalg.norm(exact, axis=1, keepdims=True)
    first, second = np.arange(599), np.arange(1, 600)
    found = cosines(features, centre, first, second)
    features.close()
    wanted = (exact[:-1] * exact[1:]).sum(axis=1)
    assert np.abs(found - wanted).max() < 1e-4
    assert np.abs((sketch[:-1] * sketch[1:]).sum(axis=1) - wanted).mean() < 0.08
