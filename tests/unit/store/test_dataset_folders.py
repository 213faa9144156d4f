"""A dataset is there whole or not at all, whatever dies in between."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from server.domain.errors import NotFound
from server.store import dataset_folders
from server.store.dataset_folders import DatasetFolders, Staging
from server.store.trees import rename_folder


@pytest.fixture
def folders(tmp_path: Path) -> DatasetFolders:
    return DatasetFolders(tmp_path)


def _write(folder: Path, content: str) -> None:
    folder.mkdir(parents=True)
    (folder / "a.txt").write_text(content)


def _read(folders: DatasetFolders) -> str:
    return (folders.require("set") / "a.txt").read_text()


def _addition(folders: DatasetFolders) -> Staging:
    _write(folders.data_dir / "set", "old")
    staging = folders.stage()
    _write(staging.tree("set"), "new")
    return staging


class PowerCut(BaseException):
    """Ends everything at once, as far as this process can play it."""


@pytest.mark.parametrize("renames_done", [0, 1, 2])
def test_a_swap_that_is_cut_anywhere_leaves_one_whole_tree_after_the_next_start(
    folders: DatasetFolders, monkeypatch: pytest.MonkeyPatch, renames_done: int
) -> None:
    staging = _addition(folders)
    done: list[Path] = []

    def rename_until_the_cut(source: Path, target: Path) -> None:
        if len(done) == renames_done:
            raise PowerCut
        done.append(target)
        rename_folder(source, target)

    monkeypatch.setattr(dataset_folders, "rename_folder", rename_until_the_cut)
    if renames_done < 2:
        with pytest.raises(PowerCut):
            folders.swap_in(staging, "set")
    else:
        folders.swap_in(staging, "set")
    monkeypatch.undo()

    DatasetFolders(folders.data_dir).recover()
    assert _read(folders) == ("old" if renames_done == 0 else "new")
    assert list((folders.data_dir / ".incoming").iterdir()) == []


def test_a_swap_whose_second_rename_fails_puts_the_old_tree_back(
    folders: DatasetFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    staging = _addition(folders)

    def fail_for_the_new_tree(source: Path, target: Path) -> None:
        if source == staging.tree("set"):
            raise PermissionError
        rename_folder(source, target)

    monkeypatch.setattr(dataset_folders, "rename_folder", fail_for_the_new_tree)
    with pytest.raises(PermissionError):
        folders.swap_in(staging, "set")
    assert _read(folders) == "old"


def test_a_start_sweeps_what_a_dead_server_left_and_leaves_a_living_ones_work_alone(
    folders: DatasetFolders,
) -> None:
    dead, living = folders.stage(), folders.stage()
    (dead.upload / "half.jpg").write_bytes(b"x")
    (folders.data_dir / ".incoming" / "trash-1").mkdir()
    (folders.data_dir / ".incoming" / "no-owner").mkdir()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as server:
        owner = {"pid": server.pid, "started_at": psutil.Process(server.pid).create_time()}
        (living.root / "owner.json").write_text(json.dumps(owner))
        gone = {"pid": server.pid, "started_at": owner["started_at"] - 1000}
        (dead.root / "owner.json").write_text(json.dumps(gone))
        folders.recover()
        left = [each.name for each in (folders.data_dir / ".incoming").iterdir()]
        server.kill()
    assert left == [living.root.name]


def test_a_start_ends_the_programs_that_a_dead_server_left(folders: DatasetFolders) -> None:
    staging = folders.stage()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as orphan:
        dataset_folders.note_program(staging.root, orphan.pid)
        folders.recover()
        assert orphan.wait(timeout=20) != 0


def test_hidden_folders_and_files_are_no_datasets(folders: DatasetFolders) -> None:
    _write(folders.data_dir / "B", "x")
    _write(folders.data_dir / "a", "x")
    _write(folders.data_dir / ".hidden", "x")
    (folders.data_dir / "loose.csv").write_text("x")
    folders.stage()
    assert folders.names() == ["a", "B"]


@pytest.mark.parametrize("name", ["", ".", "..", ".incoming", "../data", "set/sub", "SET ", "a\0"])
def test_no_name_leads_out_of_the_folder(folders: DatasetFolders, name: str) -> None:
    _write(folders.data_dir / "set" / "sub", "x")
    assert folders.find(name) is None
    with pytest.raises(NotFound, match="there is: set"):
        folders.require(name)


def test_names_that_differ_in_case_only_are_found_out(folders: DatasetFolders) -> None:
    _write(folders.data_dir / "Set", "x")
    assert folders.alike("sEt") == "Set"
    assert folders.alike("Set") is None


@pytest.mark.skipif(sys.platform == "win32", reason="making links needs a privilege there")
def test_deleting_a_link_leaves_what_it_points_to(folders: DatasetFolders, tmp_path: Path) -> None:
    _write(tmp_path / ".elsewhere", "kept")
    (folders.data_dir / "linked").symlink_to(tmp_path / ".elsewhere")
    folders.remove("linked")
    assert folders.names() == []
    assert (tmp_path / ".elsewhere" / "a.txt").read_text() == "kept"
