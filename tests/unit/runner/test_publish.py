"""A model appears whole, its metadata last, whatever dies on the way."""

from __future__ import annotations

from pathlib import Path

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
    withdraw(FILES, models)
    withdraw(FILES, models)
    assert _names(models) == set()
