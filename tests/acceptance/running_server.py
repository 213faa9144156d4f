"""A real server for acceptance tests: uvicorn in its own process, its own home, real training."""

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
import psutil

ROOT = Path(__file__).resolve().parents[2]
SECONDS_TO_START = 60


class RunningServer:
    """``uvicorn server.app:app`` as the document starts it, over a home of its own."""

    def __init__(self, home: Path, *, weights_dir: Path | None = None) -> None:
        self.home = home
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._environment = {**os.environ, "DERMASCAN_HOME": str(home)}
        if weights_dir is not None:
            self._environment["DERMASCAN_WEIGHTS_DIR"] = str(weights_dir)
        self._process: subprocess.Popen[bytes] | None = None
        self.http = httpx.Client(base_url=self.url, timeout=120)

    def start(self) -> None:
        command = [sys.executable, "-m", "uvicorn", "server.app:app", "--port", str(self.port)]
        with (self.home.parent / "server.out").open("ab") as output:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=self._environment, stdout=output, stderr=output
            )
        give_up = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < give_up:
            assert self._process.poll() is None, (self.home.parent / "server.out").read_text()
            try:
                if self.http.get("/api/health").status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        raise AssertionError("the server did not answer in time")

    def kill_9(self) -> None:
        """As a power cut would, for this process alone."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """As Ctrl+C would; then no training process of this home is left."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(timeout=30)
        for process in self.training_processes():
            process.kill()

    def training_processes(self) -> list[psutil.Process]:
        """Living training programs that work in this home."""
        found = []
        for process in psutil.process_iter():
            try:
                words = process.cmdline()
                zombie = process.status() == psutil.STATUS_ZOMBIE
            except psutil.Error:
                continue
            is_training = any(word.endswith("train.py") for word in words)
            if is_training and not zombie and any(str(self.home) in word for word in words):
                found.append(process)
        return found

    def upload(self, name: str, files: list[tuple[str, bytes]]) -> httpx.Response:
        return self.http.post(
            "/api/upload-dataset",
            params={"datasetName": name},
            files=[("files", (file_name, content)) for file_name, content in files],
        )

    def start_training(self, **settings: Any) -> str:
        answer = self.http.post("/api/start-training", json=settings)
        assert answer.status_code == httpx.codes.OK, answer.text
        return str(answer.json()["job_id"])

    def status(self, job_id: str) -> dict[str, Any]:
        return dict(self.http.get(f"/api/job/{job_id}/status").raise_for_status().json())

    def wait_until(self, job_id: str, *wanted: str, seconds: float = 400) -> dict[str, Any]:
        """Poll the status until it is one of ``wanted``; fails with the log when time is up."""
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            status = self.status(job_id)
            if status["status"] in wanted:
                return status
            final = status["status"] in ("completed", "failed", "cancelled")
            assert not final, f"{status}\n{self.log(job_id)}"
            time.sleep(0.3)
        raise AssertionError(f"still {self.status(job_id)}\n{self.log(job_id)}")

    def wait_for_epoch(self, job_id: str, epoch: int, seconds: float = 200) -> None:
        """Poll until that epoch is finished."""
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            detail = self.http.get(f"/api/job/{job_id}").raise_for_status().json()
            if detail["epoch"] >= epoch:
                return
            assert detail["status"] in ("queued", "running"), f"{detail}\n{self.log(job_id)}"
            time.sleep(0.2)
        raise AssertionError(f"epoch {epoch} was never reached\n{self.log(job_id)}")

    def log(self, job_id: str) -> str:
        return self.http.get(f"/api/job/{job_id}/log").text


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
