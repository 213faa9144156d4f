"""A model appears whole, its metadata last, whatever dies on the way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from server.runner.publish import publish, withdraw
from server.store.runs import RunFolder

FILES = {"metadata": "derma_x_metadata.json", "h5": "derma_x.h5", "onnx": "derma_x.onnx"}


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    made = RunFolder(tmp_path / "run-1")
    made.output.mkdir(parents=True)
    for name in FILES.values():
        (made.output / name).write_text(name, encoding="utf-8")
    return made


@pytest.fixture
def models(tmp_path: Path) -> Path:
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


def _names(models: Path) -> set[str]:
    return {path.name for path in models.iterdir()}


@pytest.mark.parametrize("missing", ["derma_x.h5", "derma_x.onnx"])
def test_without_all_of_its_files_no_metadata_appears(
    folder: RunFolder, models: Path, missing: str
) -> None:
    (folder.output / missing).unlink()
    with pytest.raises(FileNotFoundError):
        publish(folder, FILES, models)
    assert "derma_x_metadata.json" not in _names(models)


@pytest.mark.parametrize("moved", range(4))
def test_publishing_goes_on_wherever_it_stopped(
    folder: RunFolder, models: Path, moved: int
) -> None:
    for name in ("derma_x.h5", "derma_x.onnx", "derma_x_metadata.json")[:moved]:
        (folder.output / name).rename(models / name)
    publish(folder, FILES, models)
    assert _names(models) == set(FILES.values())


def test_another_model_of_that_name_is_not_touched(folder: RunFolder, models: Path) -> None:
    (models / "derma_x.h5").write_text("another", encoding="utf-8")
    with pytest.raises(FileExistsError):
        publish(folder, FILES, models)
    assert (models / "derma_x.h5").read_text(encoding="utf-8") == "another"


def test_a_file_outside_the_folder_is_refused(folder: RunFolder, models: Path) -> None:
    with pytest.raises(OSError, match="outside"):
        publish(folder, {"h5": "../events.jsonl"}, models)


def test_withdrawing_removes_what_is_there_and_minds_nothing(
    folder: RunFolder, models: Path
) -> None:
    publish(folder, FILES, models)
    withdraw(folder, FILES, models)
    withdraw(folder, FILES, models)
    assert _names(models) == set()


@pytest.mark.parametrize("taken", FILES.values())
def test_withdrawing_after_a_name_clash_leaves_the_other_model_alone(
    folder: RunFolder, models: Path, taken: str
) -> None:
    (models / taken).write_text("another", encoding="utf-8")
    with pytest.raises(FileExistsError):
        publish(folder, FILES, models)
    withdraw(folder, FILES, models)
    assert _names(models) == {taken}
    assert (models / taken).read_text(encoding="utf-8") == "another"


def test_a_file_that_was_copied_but_not_yet_removed_counts_as_moved(
    folder: RunFolder, models: Path
) -> None:
    (models / "derma_x.h5").write_bytes((folder.output / "derma_x.h5").read_bytes())
    publish(folder, FILES, models)
    assert _names(models) == set(FILES.values())
    assert list(folder.output.iterdir()) == []


@pytest.fixture
def other_disk(tmp_path: Path) -> Iterator[Path]:
    shared_memory = Path("/dev/shm")
    if not shared_memory.is_dir() or shared_memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("needs a second disk")
    with TemporaryDirectory(dir=shared_memory) as folder:
        yield Path(folder)


def test_a_model_moves_to_another_disk_and_leaves_nothing_behind(
    folder: RunFolder, other_disk: Path
) -> None:
    publish(folder, FILES, other_disk)
    assert _names(other_disk) == set(FILES.values())
    assert list(folder.output.iterdir()) == []
    publish(folder, FILES, other_disk)
    withdraw(folder, FILES, other_disk)
    assert _names(other_disk) == set()
