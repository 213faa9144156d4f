"""Starts the real server (uvicorn) and waits until it answers."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Iterator
from pathlib import Path

from devtools.environment import ROOT, SetupError, ensure_page, ensure_python

SECONDS_TO_START = 60


def run(options: argparse.Namespace) -> int:
    """``python dev.py serve``: until Ctrl+C."""
    python = ensure_python()
    ensure_page()
    with running_server(python, options) as url:
        show_page(url, options)
        print("Press Ctrl+C to stop the server.", flush=True)
        wait_for_ctrl_c()
    return 0


@contextlib.contextmanager
def running_server(python: Path, options: argparse.Namespace, **settings: str) -> Iterator[str]:
    """A server of this clone for as long as the block runs; yields its address.

    Args:
        settings: environment variables of the server, on top of those of this process.

    Raises:
        SetupError: the port is taken, the weights folder does not exist, or the server ends early.
    """
    host, port = options.host, options.port
    _require_free(host, port)
    environment = settings | os.environ
    if options.weights_dir:
        if not options.weights_dir.is_dir():
            raise SetupError(f"There is no folder {options.weights_dir} (--weights-dir).")
        environment["DERMASCAN_WEIGHTS_DIR"] = str(options.weights_dir.resolve())
    command = [python, "-m", "uvicorn", "server.app:app", "--host", host, "--port", str(port)]
    server = subprocess.Popen(
        [*map(str, command), "--log-level", "warning"], cwd=ROOT, env=environment
    )
    reachable = "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104
    url = f"http://{reachable}:{port}"
    try:
        _wait_until_it_answers(server, url)
        yield url
    finally:
        server.terminate()
        try:
            server.wait(timeout=15)
        except subprocess.TimeoutExpired:
            server.kill()


def show_page(url: str, options: argparse.Namespace) -> None:
    """Say where the page is, and open it where there is somebody to look at it."""
    print(f"\nThe page is at {url}", flush=True)
    if not options.no_browser and not os.environ.get("CI"):
        with contextlib.suppress(webbrowser.Error):
            webbrowser.open(url)


def wait_for_ctrl_c() -> None:
    """Sleep until the person at the keyboard has had enough."""
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            time.sleep(3600)


def _require_free(host: str, port: int) -> None:
    with socket.socket() as probe:
        if os.name != "nt":  # on Windows this option would let two servers share the port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise SetupError(
                f"Port {port} is in use, perhaps by a DermaScan that is already running; "
                f"stop it, or choose another port with --port {port + 1}."
            ) from None


def _wait_until_it_answers(server: subprocess.Popen[bytes], url: str) -> None:
    for _ in range(SECONDS_TO_START * 5):
        if server.poll() is not None:
            raise SetupError("The server ended while starting; the lines above say why.")
        try:
            with urllib.request.urlopen(f"{url}/api/health", timeout=5) as answer:  # noqa: S310
                if json.load(answer)["status"] == "ok":
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    raise SetupError(f"The server did not answer at {url} within {SECONDS_TO_START} seconds.")
