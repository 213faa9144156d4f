"""Resumable uploads against a real server that is killed, cut off and full."""

from __future__ import annotations

import hashlib
import os
import random
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.acceptance.running_server import RunningServer
from tests.integration.test_upload_memory import small_disk, watched
from tests.integration.test_uploads import jpeg, zipped
from tests.integration.tus_sender import PIECE, TUS, Sender, checksum, in_base64

MIB = 1024**2
KILLS = 5
CUTS = 20
PATIENCE_SECONDS = 60

__all__ = ["small_disk"]  # a fixture of its own name


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    running = RunningServer(tmp_path / "derma scan" / "home")
    running.home.mkdir(parents=True)
    running.start()
    try:
        yield running
    finally:
        running.stop()
        running.http.close()


def _archive(size: int) -> bytes:
    """A zip of two classes and of incompressible bytes beside them."""
    files = [(f"{'ab'[n % 2]}/{n}.jpg", jpeg((n * 20, 90, 40))) for n in range(8)]
    return zipped([*files, ("notes.txt", os.urandom(size))])


def _slowly(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), MIB // 4):
        yield data[start : start + MIB // 4]
        time.sleep(0.01)


def test_after_kill_9_in_the_middle_of_pieces_the_upload_goes_on_to_the_same_bytes(
    server: RunningServer,
) -> None:
    data = _archive(12 * MIB)
    sender = Sender(server.http)
    upload = sender.begin("killed", [("all.zip", data)])
    place = sender.announce(upload, "all.zip", len(data))
    chance = random.Random(4)
    acknowledged = 0
    for kill in range(KILLS):
        # two pieces that are acknowledged, then one that the kill falls into
        for _ in range(2):
            piece = data[acknowledged : acknowledged + 300_000]
            told = checksum(piece) if kill % 2 else {}
            answer = sender.patch(place, acknowledged, piece, **told)
            assert answer.status_code == 204
            acknowledged = int(answer.headers["Upload-Offset"])
        rest = data[acknowledged:]
        told = checksum(rest) if kill % 2 else {}
        dying = threading.Timer(chance.uniform(0.02, 0.3), server.kill_9)
        dying.start()
        with pytest.raises(httpx.TransportError):
            sender.patch(place, acknowledged, _slowly(rest), **told)
        dying.join()
        server.start()
        now = sender.offset(place)
        assert now >= acknowledged, "acknowledged bytes were lost"
        if kill % 2:
            assert now == acknowledged, "bytes whose checksum nobody has seen were trusted"
        acknowledged = now
    sender.patch(place, acknowledged, data[acknowledged:])
    part = server.home / "data" / ".unfinished" / upload / f"{place[-32:]}.part"
    assert hashlib.sha256(part.read_bytes()).digest() == hashlib.sha256(data).digest()
    answer = sender.finish(upload)
    assert answer.status_code == 200, answer.text
    assert answer.json()["images_added"] == 8


def test_an_upload_that_is_cut_over_and_over_loses_nothing_that_had_arrived(
    server: RunningServer,
) -> None:
    data = os.urandom(3 * MIB)
    sender = Sender(server.http)
    upload = sender.begin("cut", [("a.bin", data)])
    place = sender.announce(upload, "a.bin", len(data))
    chance = random.Random(8)
    offset = 0
    for _ in range(CUTS):
        sent = data[offset : offset + chance.randrange(200_000)]
        with socket.create_connection(("127.0.0.1", server.port)) as cable:
            head = (
                f"PATCH {place} HTTP/1.1\r\nHost: localhost\r\nTus-Resumable: 1.0.0\r\n"
                f"Content-Type: {PIECE['Content-Type']}\r\nUpload-Offset: {offset}\r\n"
                f"Content-Length: {len(data) - offset}\r\n\r\n"
            )
            cable.sendall(head.encode() + sent)
            time.sleep(0.02)
        before, offset = offset, _offset_when_free(sender, place, offset)
        assert before <= offset <= before + len(sent)
    answer = sender.patch(place, offset, data[offset:])
    assert answer.status_code == 204
    part = server.home / "data" / ".unfinished" / upload / f"{place[-32:]}.part"
    assert part.read_bytes() == data


def _offset_when_free(sender: Sender, place: str, offset: int) -> int:
    """The offset once the server has noticed that the sender is gone."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while sender.patch(place, sender.offset(place), b"").status_code != httpx.codes.NO_CONTENT:
        assert time.monotonic() < give_up, "the file is still held by a sender that is gone"
        time.sleep(0.01)
    return sender.offset(place)


def test_memory_stays_flat_while_pieces_of_any_size_arrive(server: RunningServer) -> None:
    size = 200 * MIB
    sender = Sender(server.http)
    warm = sender.begin("warm", [("a.bin", b"x")])
    sender.send(warm, [("a.bin", b"x")])
    place = sender.announce(str(sender.try_begin("large", 1, size).json()["id"]), "large.bin", size)
    block = os.urandom(MIB)
    digest = hashlib.sha256()
    for _ in range(size // 2 // MIB):
        digest.update(block)
    told = {"Upload-Checksum": f"sha256 {in_base64(digest.digest())}"}
    assert server._process is not None
    process = psutil.Process(server._process.pid)
    before = process.memory_info().rss
    with watched(process) as seen:
        half = (block for _ in range(size // 2 // MIB))
        assert sender.patch(place, 0, half, **told).status_code == 204
        half = (block for _ in range(size // 2 // MIB))
        assert sender.patch(place, size // 2, half).status_code == 204
    assert len(seen) > 5
    assert max(seen) - before < 40 * MIB


@pytest.mark.fault(
    10, "disk full in the middle of a resumable upload", "507, goes on when there is room"
)
def test_a_full_disk_keeps_what_was_acknowledged_and_goes_on_when_there_is_room(
    small_disk: Path,
) -> None:
    server = RunningServer(small_disk / "home")
    server.home.mkdir()
    server.start()
    try:
        sender = Sender(server.http)
        data = os.urandom(5 * MIB)
        upload = sender.begin("full", [("a.bin", data)])
        place = sender.announce(upload, "a.bin", len(data))
        assert sender.patch(place, 0, data[:MIB]).status_code == 204
        hog = small_disk / "hog"
        hog.write_bytes(os.urandom(5 * MIB))
        full = sender.patch(place, MIB, data[MIB:])
        assert full.status_code == 507
        assert "full" in full.json()["detail"]
        assert sender.offset(place) >= MIB
        hog.unlink()
        offset = sender.offset(place)
        assert sender.patch(place, offset, data[offset:]).status_code == 204
        part = server.home / "data" / ".unfinished" / upload / f"{place[-32:]}.part"
        assert part.read_bytes() == data
    finally:
        server.stop()
        server.http.close()


def test_other_requests_are_answered_while_a_piece_crawls(server: RunningServer) -> None:
    sender = Sender(server.http)
    upload = str(sender.try_begin("slow", 1, 50 * MIB).json()["id"])
    place = sender.announce(upload, "slow.bin", 50 * MIB)
    with socket.create_connection(("127.0.0.1", server.port)) as slow:
        head = (
            f"PATCH {place} HTTP/1.1\r\nHost: localhost\r\nTus-Resumable: 1.0.0\r\n"
            f"Content-Type: {PIECE['Content-Type']}\r\nUpload-Offset: 0\r\n"
            f"Content-Length: {50 * MIB}\r\n\r\n"
        )
        slow.sendall(head.encode() + b"x" * MIB)
        part = server.home / "data" / ".unfinished" / upload / f"{place[-32:]}.part"
        give_up = time.monotonic() + PATIENCE_SECONDS
        while not part.stat().st_size:  # asking by a request could hold the file itself
            assert time.monotonic() < give_up
            time.sleep(0.01)
        assert sender.patch(place, 0, b"").status_code == httpx.codes.LOCKED
        for _ in range(5):
            assert server.http.get("/api/datasets").status_code == 200
            assert server.http.head(place, headers=TUS).status_code == 200
