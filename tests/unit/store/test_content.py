"""The same picture in two datasets costs its bytes once, and neither can lose it to the other."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from server.store.content import CONTENT, ContentStore
from server.store.dataset_folders import DatasetFolders


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _dataset(data: Path, name: str, files: dict[str, bytes]) -> list[tuple[str, str]]:
    for path, content in files.items():
        (data / name / path).parent.mkdir(parents=True, exist_ok=True)
        (data / name / path).write_bytes(content)
    return [(path, _digest(content)) for path, content in files.items()]


def _kept(data: Path) -> set[str]:
    return {file.name for file in (data / CONTENT).rglob("*") if file.is_file()}


def test_the_same_picture_in_two_datasets_is_one_file(tmp_path: Path) -> None:
    store = ContentStore(tmp_path)
    assert store.share(tmp_path / "one", _dataset(tmp_path, "one", {"a.jpg": b"same"})) == 0
    files = _dataset(tmp_path, "two", {"x/b.jpg": b"same", "c.jpg": b"other", "d.jpg": b"same"})
    assert store.share(tmp_path / "two", files) == 2 * len(b"same")
    assert (tmp_path / "one" / "a.jpg").samefile(tmp_path / "two" / "x" / "b.jpg")
    assert (tmp_path / "two" / "c.jpg").read_bytes() == b"other"
    assert _kept(tmp_path) == {_digest(b"same"), _digest(b"other")}
    assert not list((tmp_path / "two").rglob(".*")), "nothing is left beside the files"


@pytest.mark.skipif(sys.platform == "win32", reason="the guard is one of POSIX")
def test_a_shared_file_cannot_be_written_through_by_mistake(tmp_path: Path) -> None:
    ContentStore(tmp_path).share(tmp_path / "one", _dataset(tmp_path, "one", {"a.jpg": b"same"}))
    assert (tmp_path / "one" / "a.jpg").stat().st_mode & 0o222 == 0


def test_deleting_a_dataset_frees_what_nobody_else_has(tmp_path: Path) -> None:
    folders = DatasetFolders(tmp_path)
    for name, files in {
        "one": {"a.jpg": b"both", "b.jpg": b"mine"},
        "two": {"a.jpg": b"both"},
    }.items():
        folders.content.share(tmp_path / name, _dataset(tmp_path, name, files))
    folders.remove("one")
    assert _kept(tmp_path) == {_digest(b"both")}
    assert (tmp_path / "two" / "a.jpg").read_bytes() == b"both"
    folders.remove("two")
    assert not list((tmp_path / CONTENT).iterdir())


def test_what_a_crash_or_a_hand_left_behind_is_swept_at_the_next_start(tmp_path: Path) -> None:
    folders = DatasetFolders(tmp_path)
    staging = folders.stage()
    new = staging.root / "new" / "set"
    folders.content.share(new, _dataset(new.parent, "set", {"a.jpg": b"never came"}))
    folders.content.share(tmp_path / "two", _dataset(tmp_path, "two", {"a.jpg": b"removed"}))
    shutil.rmtree(tmp_path / "two")
    (tmp_path / CONTENT / "ab").mkdir()
    (tmp_path / CONTENT / "ab" / ".half.link").write_bytes(b"half")
    DatasetFolders(tmp_path).recover()
    assert not list((tmp_path / CONTENT).iterdir())


def test_a_damaged_shared_file_is_replaced_by_the_good_one(tmp_path: Path) -> None:
    """Its name alone is not believed: the bytes are compared."""
    store = ContentStore(tmp_path)
    digest = _digest(b"good")
    (tmp_path / CONTENT / digest[:2]).mkdir(parents=True)
    (tmp_path / CONTENT / digest[:2] / digest).write_bytes(b"rotten")
    assert store.share(tmp_path / "one", _dataset(tmp_path, "one", {"a.jpg": b"good"})) == 0
    assert (tmp_path / "one" / "a.jpg").read_bytes() == b"good"
    assert (tmp_path / CONTENT / digest[:2] / digest).read_bytes() == b"good"


def test_a_disk_without_links_keeps_a_copy_for_each_dataset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    folders = DatasetFolders(tmp_path)
    for name in ("one", "two"):
        files = _dataset(tmp_path, name, {"a.jpg": b"same"})
        assert folders.content.share(tmp_path / name, files) == 0
    folders.remove("one")
    assert (tmp_path / "two" / "a.jpg").read_bytes() == b"same"
    assert not _kept(tmp_path)


def test_a_full_disk_is_not_taken_for_one_without_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "link", full)
    with pytest.raises(OSError, match="No space"):
        ContentStore(tmp_path).share(tmp_path / "one", _dataset(tmp_path, "one", {"a": b"same"}))


class Sharing(RuleBasedStateMachine):
    """Whatever comes and goes in whatever order, every dataset has its bytes, and no more are kept
    than some dataset has.
    """

    names = st.sampled_from(("one", "two", "three"))
    contents = st.dictionaries(
        st.sampled_from(("a", "b", "c/d")), st.sampled_from((b"1", b"22", b"333")), min_size=1
    )

    def __init__(self) -> None:
        super().__init__()
        self.data = Path(tempfile.mkdtemp())
        self.folders = DatasetFolders(self.data)
        self.expected: dict[str, dict[str, bytes]] = {}

    def teardown(self) -> None:
        shutil.rmtree(self.data)

    @rule(name=names, files=contents)
    def comes(self, name: str, files: dict[str, bytes]) -> None:
        if name not in self.expected:
            self.folders.content.share(self.data / name, _dataset(self.data, name, files))
            self.expected[name] = files

    @rule(name=names)
    def is_deleted(self, name: str) -> None:
        if self.expected.pop(name, None):
            self.folders.remove(name)

    @rule(name=names)
    def is_removed_by_hand(self, name: str) -> None:
        if self.expected.pop(name, None):
            shutil.rmtree(self.data / name)
            self.folders.recover()

    @invariant()
    def everybody_has_their_bytes_once(self) -> None:
        for name, files in self.expected.items():
            for path, content in files.items():
                assert (self.data / name / path).read_bytes() == content
        held = {content for files in self.expected.values() for content in files.values()}
        assert _kept(self.data) == {_digest(content) for content in held}


TestSharing = Sharing.TestCase
TestSharing.settings = settings(max_examples=40, stateful_step_count=12, deadline=None)
