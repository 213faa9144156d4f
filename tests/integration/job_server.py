"""The server of a ``JobHome`` as a process of its own: uvicorn, as the document starts it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from server.runner.process import TrainingProcess, training_processes
from tests.integration.job_home import PATIENCE_SECONDS, TINY_PROGRAM, JobHome

ROOT = Path(__file__).resolve().parents[2]


class JobServer:
    """Started, killed and started again over one home."""

    def __init__(
        self, home: JobHome, *, program: Path = TINY_PROGRAM, **settings: float | str
    ) -> None:
        self.home = home
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=60)
        self.process: subprocess.Popen[bytes] | None = None
        self._environment = {
            **os.environ,
            "DERMASCAN_HOME": str(home.home),
            "DERMASCAN_TRAINING_PROGRAM": str(program),
            "DERMASCAN_HEARTBEAT_SECONDS": "0.2",
            **{f"DERMASCAN_{name.upper()}": str(value) for name, value in settings.items()},
        }

    def start(self, *options: str) -> None:
        """Returns when it answers."""
        self.launch(*options)
        self.wait_until_it_answers()

    def launch(self, *options: str) -> None:
        command = [sys.executable, "-m", "uvicorn", "server.app:app", "--port", str(self.port)]
        with (self.home.home / "server.out").open("ab") as output:
            self.process = subprocess.Popen(
                [*command, *options], cwd=ROOT, env=self._environment, stdout=output, stderr=output
            )

    def wait_until_it_answers(self) -> None:
        give_up = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < give_up:
            try:
                self.http.get("/api/health").raise_for_status()
            except httpx.HTTPError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError(self.said())

    def said(self) -> str:
        """All that it printed."""
        return (self.home.home / "server.out").read_text()

    def freeze(self) -> None:
        """Stop it where it stands, but between two transactions.

        SQLite's lock knows no lease: who is stopped inside one holds up everybody
        (``test_held_database.py``).
        """
        assert self.process is not None
        while True:
            os.kill(self.process.pid, signal.SIGSTOP)
            time.sleep(0.1)  # until the last of its threads stands still
            if self.home.database_is_free():
                return
            os.kill(self.process.pid, signal.SIGCONT)
            time.sleep(0.05)

    def kill_9(self) -> None:
        """As a power cut would, for this process alone."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def terminate(self) -> None:
        """As a stop of the service would; returns when it has ended."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE_SECONDS)

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.terminate()
        self.http.close()

    def start_training(self, dataset: str, epochs: int, **more: Any) -> str:
        body = {"dataset_name": dataset, "architecture": "MobileNetV2", "epochs": epochs, **more}
        answer = self.http.post("/api/start-training", json=body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["job_id"])

    def status(self, job_id: str) -> dict[str, Any]:
        return dict(self.http.get(f"/api/job/{job_id}/status").raise_for_status().json())

    def training(self) -> list[TrainingProcess]:
        return list(training_processes(self.home.jobs_dir).values())
