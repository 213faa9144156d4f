"""The fixtures of the acceptance tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.running_server import RunningServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    """A fresh, unclaimed server whose home has spaces in its path."""
    running = RunningServer(tmp_path / "derma scan" / "home")
    running.home.mkdir(parents=True)
    running.start()
    try:
        yield running
    finally:
        running.stop()
        running.http.close()
