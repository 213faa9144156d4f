"""What is remembered of a folder is true of its files, not of a bad day of the program."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.domain.errors import InvalidInput, UnusableDataset
from server.intake.manifest import Layout, LesionImage, Manifest
from server.services.catalogue import Catalogue
from server.services.dataset_records import read_record
from server.services.import_watch import ImportWatch
from server.services.incoming import UploadLimits
from server.services.intake_program import IntakeProgram
from server.store.dataset_folders import DatasetFolders

IMAGE = LesionImage("a", "a.jpg", "nevus", None, None, 10, 10)
MANIFEST = Manifest(Layout.CLASS_FOLDERS, "one folder a class", (IMAGE,), ())


class _Answers(IntakeProgram):
    """Stands where the program does and gives the answers that a test puts in."""

    def __init__(self, *answers: Manifest | InvalidInput) -> None:
        super().__init__(UploadLimits(1, 1, 1))
        self.answers = list(answers)

    def understand(
        self, folder: Path, notes: Path | None = None, watch: ImportWatch | None = None
    ) -> Manifest:
        answer = self.answers.pop(0)
        if isinstance(answer, InvalidInput):
            raise answer
        return answer


@pytest.fixture
def folders(tmp_path: Path) -> DatasetFolders:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "a.jpg").write_bytes(b"x")
    return DatasetFolders(tmp_path)


def _reason(catalogue: Catalogue) -> str | None:
    known = catalogue.examine("set", 30)
    assert known is not None
    return known.record.refusal


def test_a_program_that_died_is_told_but_asked_again_after_the_next_start(
    folders: DatasetFolders,
) -> None:
    died = Catalogue(folders, _Answers(InvalidInput("It died.")))
    assert _reason(died) == "It died."
    assert _reason(died) == "It died."  # not asked again for every look
    died.stop()
    assert read_record(folders.require("set")) is None
    well = Catalogue(folders, _Answers(MANIFEST))
    assert _reason(well) is None
    well.stop()


def test_files_that_cannot_be_used_are_not_read_again_until_they_change(
    folders: DatasetFolders,
) -> None:
    first = Catalogue(folders, _Answers(UnusableDataset("No images found!")))
    assert _reason(first) == "No images found!"
    first.stop()
    second = Catalogue(folders, _Answers(MANIFEST))
    assert _reason(second) == "No images found!"
    (folders.require("set") / "b.jpg").write_bytes(b"x")
    assert _reason(second) is None
    second.stop()


def test_a_folder_that_cannot_be_written_to_is_known_all_the_same(
    folders: DatasetFolders,
) -> None:
    (folders.require("set") / ".dermascan").write_bytes(b"a file where the notes would go")
    catalogue = Catalogue(folders, _Answers(MANIFEST))
    assert _reason(catalogue) is None
    assert catalogue.manifest("set") == MANIFEST
    assert catalogue.path_of_image("set", "a") == "a.jpg"
    assert catalogue.path_of_image("set", "b") is None
    catalogue.stop()
