"""The sample set: drawn, marked as drawn, the same for the same seed, and fit for training."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from server.domain.errors import Conflict, InvalidInput
from server.intake.manifest import Layout, Manifest
from server.intake.readiness import trainable_classes
from server.intake.sample_set import draw, main
from server.intake.understand import understand
from tests.unit.intake.folders import files_in, put


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample") / "set"
    draw(folder, seed=3, lesions=30, size=48)
    return folder


@pytest.fixture(scope="module")
def manifest(drawn: Path) -> Manifest:
    return understand(drawn)


def test_it_is_a_dataset_without_problems_that_is_known_as_drawn(manifest: Manifest) -> None:
    assert manifest.is_sample
    assert manifest.layout is Layout.CSV
    assert manifest.problems == ()
    assert len(manifest.classes) == 5
    assert all(label.startswith("drawn ") for label in manifest.classes)
    assert sum(manifest.lesions_by_class.values()) == 30
    assert set(trainable_classes(manifest)) == set(manifest.classes)


def test_every_lesion_has_several_different_pictures(drawn: Path, manifest: Manifest) -> None:
    by_lesion: dict[str | None, list[bytes]] = {}
    for image in manifest.images:
        by_lesion.setdefault(image.lesion_id, []).append((drawn / image.path).read_bytes())
    for pictures in by_lesion.values():
        assert 2 <= len(pictures) <= 4
        assert len(set(pictures)) == len(pictures)


def test_the_same_seed_draws_the_same_set_and_another_one_another(
    tmp_path: Path, drawn: Path
) -> None:
    draw(tmp_path / "again", seed=3, lesions=30, size=48)
    assert files_in(tmp_path / "again") == files_in(drawn)
    for path in files_in(drawn):
        assert (tmp_path / "again" / path).read_bytes() == (drawn / path).read_bytes()
    draw(tmp_path / "other", seed=4, lesions=30, size=48)
    table = "metadata.csv"
    assert (tmp_path / "other" / table).read_bytes() != (drawn / table).read_bytes()


def test_the_classes_differ_more_than_chance(drawn: Path, manifest: Manifest) -> None:
    """Nearest class by mean colour of the middle, which no single lesion decides."""
    colours = {
        image.image_id: np.asarray(Image.open(drawn / image.path))[12:36, 12:36].mean((0, 1))
        for image in manifest.images
    }
    right = 0
    for image in manifest.images:
        means = {
            label: np.mean(
                [
                    colours[other.image_id]
                    for other in manifest.images
                    if other.label == label and other.lesion_id != image.lesion_id
                ],
                axis=0,
            )
            for label in manifest.classes
        }
        colour = colours[image.image_id]
        right += image.label == min(means, key=lambda m: float(np.linalg.norm(colour - means[m])))
    assert right / len(manifest.images) > 0.5


def test_ids_do_not_give_the_class_away(manifest: Manifest) -> None:
    changes = sum(one.label != next_.label for one, next_ in pairwise(manifest.images))
    assert changes > 15


def test_the_mark_survives_a_wrapping_folder(tmp_path: Path, drawn: Path) -> None:
    (tmp_path / "wrapped").mkdir()
    drawn_copy = tmp_path / "wrapped" / "set"
    for path in files_in(drawn):
        put(drawn_copy, path, (drawn / path).read_bytes())
    assert understand(tmp_path).is_sample


def test_another_readme_is_no_mark(tmp_path: Path, drawn: Path) -> None:
    for path in files_in(drawn) - {"README.txt"}:
        put(tmp_path, path, (drawn / path).read_bytes())
    put(tmp_path, "README.txt", "About the DermaScan sample set: drawn by the program")
    assert not understand(tmp_path).is_sample


def test_a_folder_in_use_is_never_drawn_into(tmp_path: Path) -> None:
    put(tmp_path, "mine.jpg", b"x")
    with pytest.raises(Conflict, match="not empty"):
        draw(tmp_path)
    assert files_in(tmp_path) == {"mine.jpg"}


@pytest.mark.parametrize(
    ("seed", "lesions", "size", "field"),
    [(0, 5, 64, "lesions"), (0, 30, 8, "size"), (-1, 30, 64, "seed")],
)
def test_bad_numbers_are_refused_by_name(
    tmp_path: Path, seed: int, lesions: int, size: int, field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        draw(tmp_path, seed, lesions, size)
    assert refused.value.where == {"field": field}


def test_the_command_draws_and_says_what(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(tmp_path / "set"), "--lesions", "20", "--size", "32"]
    assert main(words) == 0
    assert "20 lesions" in capsys.readouterr().out
    assert main(words) == 2
    assert "not empty" in capsys.readouterr().err
