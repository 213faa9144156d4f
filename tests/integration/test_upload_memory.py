"""A real server under large, broken and too large uploads: flat memory, nothing left behind."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.acceptance.drawings import class_folders
from tests.acceptance.running_server import RunningServer

MIB = 1024**2
BOUNDARY = "cut-here"
PATIENCE_SECONDS = 60


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    running = RunningServer(tmp_path / "home")
    running.home.mkdir()
    running.start()
    try:
        yield running
    finally:
        running.stop()
        running.http.close()


def _body(name: str, size: int) -> Iterator[bytes]:
    """One file of ``size`` bytes that compress to nothing and are never in memory at once."""
    yield (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
    ).encode()
    piece = os.urandom(MIB)
    for _ in range(size // MIB):
        yield piece
    yield f"\r\n--{BOUNDARY}--\r\n".encode()


def _half_done(server: RunningServer) -> list[Path]:
    incoming = server.home / "data" / ".incoming"
    return list(incoming.iterdir()) if incoming.is_dir() else []


def _wait_until_nothing_is_half_done(server: RunningServer) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while _half_done(server):
        assert time.monotonic() < give_up, _half_done(server)
        time.sleep(0.05)


def _process(server: RunningServer) -> psutil.Process:
    assert server._process is not None
    return psutil.Process(server._process.pid)


@contextmanager
def watched(process: psutil.Process) -> Iterator[list[int]]:
    """Resident memory of the server alone, looked at all the while."""
    seen: list[int] = []
    stop = threading.Event()

    def look() -> None:
        while not stop.wait(0.02):
            seen.append(process.memory_info().rss)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        stop.set()
        watcher.join()


def test_memory_stays_flat_for_a_file_of_any_size(server: RunningServer) -> None:
    server.upload("warm", class_folders(images=3))
    process = _process(server)
    before = process.memory_info().rss
    with watched(process) as seen:
        answer = server.http.post(
            "/api/upload-dataset?datasetName=big",
            content=_body("big.bin", 300 * MIB),
            headers={"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"},
        )
    assert answer.status_code == 422, answer.text  # one file that is no image
    assert len(seen) > 5
    assert max(seen) - before < 40 * MIB
    assert _half_done(server) == []


def test_a_browser_that_goes_away_leaves_nothing_behind(server: RunningServer) -> None:
    for sent_mib in (0, 3):
        with socket.create_connection(("127.0.0.1", server.port)) as browser:
            head = (
                "POST /api/upload-dataset?datasetName=gone HTTP/1.1\r\nHost: localhost\r\n"
                f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
                f"Content-Length: {50 * MIB}\r\n\r\n"
            )
            browser.sendall(head.encode())
            pieces = _body("half.zip", 50 * MIB)
            for _ in range(1 + sent_mib):
                browser.sendall(next(pieces))
            give_up = time.monotonic() + PATIENCE_SECONDS
            while not _half_done(server) and time.monotonic() < give_up:
                time.sleep(0.02)
            assert _half_done(server)
        _wait_until_nothing_is_half_done(server)
    answer = server.upload("gone", class_folders(images=3))
    assert answer.status_code == 200, answer.text


def test_a_server_that_is_killed_in_the_middle_sweeps_at_its_next_start(
    server: RunningServer,
) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as browser:
        head = (
            "POST /api/upload-dataset?datasetName=cut HTTP/1.1\r\nHost: localhost\r\n"
            f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
            f"Content-Length: {50 * MIB}\r\n\r\n"
        )
        browser.sendall(head.encode() + next(_body("half.zip", MIB)))
        give_up = time.monotonic() + PATIENCE_SECONDS
        while not _half_done(server) and time.monotonic() < give_up:
            time.sleep(0.02)
        assert _half_done(server)
        server.kill_9()
    server.start()
    assert _half_done(server) == []
    assert server.http.get("/api/datasets").json() == {"datasets": []}


@pytest.mark.skipif(sys.platform == "win32", reason="the server is started by POSIX means here")
def test_other_requests_are_answered_while_an_upload_crawls(server: RunningServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as slow:
        head = (
            "POST /api/upload-dataset?datasetName=slow HTTP/1.1\r\nHost: localhost\r\n"
            f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
            f"Content-Length: {50 * MIB}\r\n\r\n"
        )
        slow.sendall(head.encode() + next(_body("half.zip", MIB)))
        for _ in range(5):
            assert server.http.get("/api/datasets").status_code == 200


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of eight megabytes; only root on Linux can make one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    made = (
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)],
            capture_output=True,
            check=False,
        )
        if sys.platform == "linux"
        else None
    )
    if made is None or made.returncode != 0:
        pytest.skip("a small disk cannot be made here; that needs root on Linux")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)


@pytest.mark.fault(10, "disk full in the middle of a multipart upload", "507, the server goes on")
def test_a_full_disk_is_said_and_the_server_goes_on(small_disk: Path, tmp_path: Path) -> None:
    server = RunningServer(small_disk / "home")
    server.home.mkdir()
    server.start()
    try:

        def chunked(size: int) -> int:
            answer = server.http.post(
                "/api/upload-dataset?datasetName=full",
                content=_body("big.zip", size),
                headers={"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"},
            )
            assert "full" in answer.json()["detail"] or answer.status_code == 422
            return answer.status_code

        assert chunked(20 * MIB) == 507
        announced = server.upload("full", [("big.zip", os.urandom(20 * MIB))])
        assert announced.status_code == 507
        assert "does not fit" in announced.json()["detail"]
        assert _half_done(server) == []
        assert server.upload("fits", class_folders(images=3)).status_code == 200
    finally:
        server.stop()
        server.http.close()


def test_a_server_that_is_stopped_ends_its_programs(server: RunningServer) -> None:
    done: list[int] = []

    def draw() -> None:
        try:
            done.append(server.http.post("/api/sample-dataset").status_code)
        except Exception:  # the connection may be cut
            done.append(0)

    asking = threading.Thread(target=draw)
    asking.start()
    process = _process(server)
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not (children := process.children()) and time.monotonic() < give_up:
        time.sleep(0.02)
    assert children
    server.kill_9()
    asking.join(PATIENCE_SECONDS)
    server.start()
    _, alive = psutil.wait_procs(children, timeout=20)
    assert alive == []
    assert _half_done(server) == []
