"""Uploads that are cut off, raced and killed: acknowledged bytes stay, and only one writer wins."""

from __future__ import annotations

import hashlib
import os
import random
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import pytest

from tests.acceptance.running_server import RunningServer
from tests.faults.rows import Count, Measured, Within
from tests.integration.job_home import PATIENCE_SECONDS
from tests.integration.tus_sender import PIECE, TUS, Sender, checksum

KIB, MIB = 1024, 1024**2
_CHUNK = 256 * KIB
_QUICK_SECONDS = 0.1


@pytest.mark.fault(8, "an upload cut 100 times", "same SHA-256, at most one chunk sent again a cut")
def test_an_upload_cut_over_and_over_arrives_whole_and_sends_little_twice(
    server: RunningServer, count: Count, measured: Measured
) -> None:
    cuts, chance = count(6, 100), random.Random(8)
    data = os.urandom((cuts + 1) * _CHUNK)
    sender = Sender(server.http)
    upload = sender.begin("cut", [("a.bin", data)])
    place = sender.announce(upload, "a.bin", len(data))
    offset, most_again = 0, 0
    for _ in range(cuts):
        sent = data[offset : offset + chance.randrange(1, _CHUNK)]
        _send_and_hang_up(server, place, offset, sent, len(data) - offset)
        before, offset = offset, _offset_when_free(sender, place)
        assert before <= offset <= before + len(sent)
        most_again = max(most_again, before + len(sent) - offset)
    assert most_again <= _CHUNK
    for start in range(offset, len(data), _CHUNK):
        assert sender.patch(place, start, data[start : start + _CHUNK]).is_success
    part = server.home / "data" / ".unfinished" / upload / f"{place[-32:]}.part"
    assert hashlib.sha256(part.read_bytes()).digest() == hashlib.sha256(data).digest()
    measured(f"{cuts} cuts, same SHA-256; at most {most_again / KIB:.0f} KiB sent again")


@pytest.mark.fault(
    9,
    "two PATCH requests race for one upload",
    "one wins, other requests stay under 100 ms at p99",
)
def test_of_two_pieces_for_the_same_place_exactly_one_is_kept(
    server: RunningServer, count: Count, measured: Measured, within: Within
) -> None:
    races = count(5, 100)
    sender = Sender(server.http)
    upload = str(sender.try_begin("race", 1, races * MIB).json()["id"])
    place = sender.announce(upload, "race.bin", races * MIB)
    seconds: list[float] = []
    ended = threading.Event()
    bystander = threading.Thread(target=_ask_meanwhile, args=(server, ended, seconds))
    bystander.start()
    try:
        with ThreadPoolExecutor(2) as pool:
            for race in range(races):
                pieces = [os.urandom(MIB) for _ in range(2)]
                start = threading.Barrier(2)

                def send(piece: bytes, at: int = race * MIB, go: threading.Barrier = start) -> int:
                    with httpx.Client(base_url=server.url, timeout=60) as own:
                        go.wait()
                        return Sender(own).patch(place, at, piece, **checksum(piece)).status_code

                codes = list(pool.map(send, pieces))
                won = [piece for piece, code in zip(pieces, codes, strict=True) if code == 204]
                assert len(won) == 1, codes
                assert set(codes) <= {204, 409, 423}
                part = server.home / "data" / ".unfinished" / upload / f"{place[-32:]}.part"
                with part.open("rb") as file:
                    file.seek(race * MIB)
                    assert file.read(MIB) == won[0]
    finally:
        ended.set()
        bystander.join()
    slowest = float(np.percentile(seconds, 99))
    within(slowest, _QUICK_SECONDS)
    measured(
        f"{races} races, one winner each; {len(seconds)} other requests, "
        f"p99 {slowest * 1000:.0f} ms"
    )


@pytest.mark.fault(
    3, "the API killed with -9 in the middle of uploads", "no acknowledged byte lost"
)
def test_no_acknowledged_byte_is_lost_when_the_server_is_killed(
    server: RunningServer, count: Count, measured: Measured
) -> None:
    kills, chance = count(2, 25), random.Random(3)
    data = os.urandom(kills * 4 * _CHUNK)
    sender = Sender(server.http)
    upload = sender.begin("killed", [("a.bin", data)])
    place = sender.announce(upload, "a.bin", len(data))
    acknowledged = 0
    for _ in range(kills):
        dying = threading.Timer(chance.uniform(0.01, 0.2), server.kill_9)
        dying.start()
        try:
            while acknowledged < len(data):
                piece = data[acknowledged : acknowledged + _CHUNK // 4]
                answer = sender.patch(place, acknowledged, piece, **checksum(piece))
                assert answer.status_code == 204
                acknowledged = int(answer.headers["Upload-Offset"])
        except httpx.TransportError:
            pass
        dying.join()
        server.start()
        now = sender.offset(place)
        assert now >= acknowledged, "acknowledged bytes were lost"
        acknowledged = now
    for start in range(acknowledged, len(data), _CHUNK):
        assert sender.patch(place, start, data[start : start + _CHUNK]).is_success
    part = server.home / "data" / ".unfinished" / upload / f"{place[-32:]}.part"
    assert part.read_bytes() == data
    measured(f"{kills} kills, {len(data) / MIB:.0f} MiB: nothing acknowledged was lost")


def _send_and_hang_up(
    server: RunningServer, place: str, offset: int, sent: bytes, announced: int
) -> None:
    head = (
        f"PATCH {place} HTTP/1.1\r\nHost: localhost\r\nTus-Resumable: 1.0.0\r\n"
        f"Content-Type: {PIECE['Content-Type']}\r\nUpload-Offset: {offset}\r\n"
        f"Content-Length: {announced}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port)) as cable:
        cable.sendall(head.encode() + sent)
        time.sleep(0.02)


def _offset_when_free(sender: Sender, place: str) -> int:
    """The offset once the server has noticed that the sender is gone."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while sender.patch(place, sender.offset(place), b"").status_code != httpx.codes.NO_CONTENT:
        assert time.monotonic() < give_up, "the file is still held by a sender that is gone"
        time.sleep(0.01)
    return sender.offset(place)


def _ask_meanwhile(server: RunningServer, ended: threading.Event, seconds: list[float]) -> None:
    with httpx.Client(base_url=server.url, timeout=60) as own:
        while not ended.is_set() or not seconds:
            began = time.monotonic()
            assert own.get("/api/datasets", headers=TUS).status_code == 200
            seconds.append(time.monotonic() - began)
            ended.wait(0.01)
