"""Whole folders: linked without doubling the disk, walked without getting lost."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from server.domain.errors import StorageFull
from server.store.trees import files_below, full_disk_is_said, link_or_copy


def test_a_linked_file_takes_no_second_room(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    link_or_copy(tmp_path / "a", tmp_path / "deep" / "er" / "b")
    assert (tmp_path / "deep" / "er" / "b").samefile(tmp_path / "a")


def test_where_the_disk_knows_no_links_the_file_is_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise OSError(errno.EXDEV, "not here")

    monkeypatch.setattr(os, "link", no_links)
    (tmp_path / "a").write_text("x")
    link_or_copy(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_text() == "x"
    assert not (tmp_path / "b").samefile(tmp_path / "a")


def test_what_is_there_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("new")
    (tmp_path / "b").write_text("old")
    with pytest.raises(FileExistsError):
        link_or_copy(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_text() == "old"


@pytest.mark.skipif(sys.platform == "win32", reason="making links needs a privilege there")
def test_a_walk_follows_links_and_comes_to_an_end(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "b.jpg").write_text("b")
    folder.mkdir()
    (folder / "a.jpg").write_text("a")
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    (folder / "c.jpg").symlink_to(tmp_path / "elsewhere" / "b.jpg")
    (folder / "loop").symlink_to(folder)
    (folder / "broken.jpg").symlink_to(tmp_path / "nothing")
    assert {path for path, _ in files_below(folder)} == {"a.jpg", "linked/b.jpg", "c.jpg"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
def test_a_full_disk_is_said_as_what_it_is() -> None:
    with pytest.raises(StorageFull, match="full while saving"), full_disk_is_said("saving it"):
        Path("/dev/full").write_bytes(b"x")


def test_other_faults_of_the_disk_are_not_hidden() -> None:
    with pytest.raises(PermissionError), full_disk_is_said("saving it"):
        raise PermissionError(errno.EACCES, "no")
