"""Uploads that fill a real disk, with the database on it: said, nothing lost, and it goes on."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.acceptance.running_server import RunningServer
from tests.integration.small_disk import MIB, Hog, small_disk
from tests.integration.tus_sender import Sender

FULL = httpx.codes.INSUFFICIENT_STORAGE


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", mebibytes=32) as made:
        yield made


@pytest.fixture
def crowded(disk: Path) -> Iterator[RunningServer]:
    """A server all of whose files lie on the small disk."""
    server = RunningServer(disk / "home")
    server.home.mkdir()
    server.start()
    try:
        yield server
    finally:
        server.stop()
        server.http.close()


def _is_a_sentence_about_room(answer: httpx.Response) -> None:
    assert answer.status_code == FULL, answer.text
    said = answer.json()["detail"]
    assert "full" in said or "does not fit" in said
    assert "\n" not in said
    assert "Traceback" not in said


def _is_whole_and_answers(server: RunningServer) -> None:
    with sqlite3.connect(server.home / "dermascan.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()
    for path in ("/api/health", "/api/datasets", "/api/jobs"):
        assert server.http.get(path).status_code == httpx.codes.OK, path


@pytest.mark.fault(
    10, "disk full to the last byte while pieces arrive", "507, offset true, same SHA-256 at last"
)
def test_a_resumable_upload_goes_on_over_and_over_to_the_same_sha_256(
    crowded: RunningServer,
    disk: Path,
    count: Callable[[int, int], int],
    measured: Callable[[str], None],
) -> None:
    times, piece = count(2, 20), MIB // 2
    sender, hog, data = Sender(crowded.http), Hog(disk), os.urandom((times + 1) * piece)
    upload = sender.begin("full", [("a.bin", data)])
    place = sender.announce(upload, "a.bin", len(data))
    part = crowded.home / "data" / ".unfinished" / upload / f"{place[-32:]}.part"
    for number in range(1, times + 1):
        offset = sender.offset(place)
        end = min(len(data), number * piece)
        assert sender.patch(place, offset, data[offset:end]).status_code == httpx.codes.NO_CONTENT
        hog.eat()
        _is_a_sentence_about_room(sender.patch(place, end, data[end:]))
        offset = sender.offset(place)
        assert end <= offset < len(data)
        assert part.read_bytes()[:offset] == data[:offset]
        _is_whole_and_answers(crowded)
        hog.leave()
    offset = sender.offset(place)
    assert sender.patch(place, offset, data[offset:]).status_code == httpx.codes.NO_CONTENT
    assert hashlib.sha256(part.read_bytes()).digest() == hashlib.sha256(data).digest()
    measured(f"filled {times} times")


@pytest.mark.fault(
    10, "disk full to the last byte before an upload in one request", "507, nothing left, then kept"
)
def test_an_upload_in_one_request_is_refused_whole_and_taken_when_there_is_room(
    crowded: RunningServer, disk: Path, count: Callable[[int, int], int]
) -> None:
    hog = Hog(disk)
    table = b"image,dx\n" + b"".join(b"%d,nv\n" % number for number in range(10_000))
    for _ in range(count(1, 10)):
        hog.eat()
        _is_a_sentence_about_room(crowded.upload("full", [("table.csv", table)]))
        _is_whole_and_answers(crowded)
        assert not [path for path in disk.rglob("table.csv*") if path.is_file()]
        hog.leave()
    kept = crowded.upload("full", [("table.csv", table)])
    assert kept.status_code == httpx.codes.OK, kept.text
    (path,) = [path for path in disk.rglob("table.csv") if path.is_file()]
    assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(table).digest()
