"""A database that somebody holds, or that is none, is said in a sentence; nothing is lost."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.integration.job_home import PATIENCE_SECONDS, JobHome
from tests.integration.job_server import JobServer

HOLDS = """
import os, signal, sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
os.kill(os.getpid(), signal.SIGSTOP)
"""
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@pytest.fixture
def server(home: JobHome) -> Iterator[JobServer]:
    made = JobServer(home)
    yield made
    made.close()


@pytest.fixture
def holder(home: JobHome) -> Iterator[subprocess.Popen[str]]:
    """A process that was stopped in the middle of a change."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(home.home / "dermascan.db")],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def _wait_until_it_says(server: JobServer, words: str) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while words not in server.said():
        assert time.monotonic() < give_up, server.said()
        time.sleep(0.1)


@pytest.mark.fault(
    2, "a process stopped in the middle of a change of the database", "said; nothing is lost"
)
@posix_only
def test_a_server_waits_for_a_database_that_is_held_and_says_so(
    home: JobHome, server: JobServer, holder: subprocess.Popen[str]
) -> None:
    server.launch()
    _wait_until_it_says(server, "Another process holds the database")
    holder.kill()
    server.wait_until_it_answers()
    assert "Traceback" not in server.said()


@posix_only
def test_a_request_that_meets_a_held_database_is_refused_in_a_sentence(
    home: JobHome, server: JobServer, request: pytest.FixtureRequest
) -> None:
    home.dataset("held")
    server.start()
    holder: subprocess.Popen[str] = request.getfixturevalue("holder")
    body = {"dataset_name": "held", "architecture": "MobileNetV2", "epochs": 1}
    refused = server.http.post("/api/start-training", json=body)
    assert refused.status_code == 423
    assert refused.json()["code"] == "busy"
    assert "look for a DermaScan server that is stopped or hangs" in refused.json()["detail"]
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert server.start_training("held", epochs=1)
    assert "Traceback" not in server.said()


def test_a_file_that_is_no_database_is_named_when_the_server_starts(
    home: JobHome, server: JobServer
) -> None:
    home.database.close()
    file = home.home / "dermascan.db"
    file.write_bytes(b"a holiday picture, say, and nothing of DermaScan's " * 100)
    server.launch()
    assert server.process is not None
    assert server.process.wait(PATIENCE_SECONDS) == 3
    assert str(file) in server.said()
    assert "is there and is DermaScan's, or restore it from a backup" in server.said()
    assert "Traceback" not in server.said()
