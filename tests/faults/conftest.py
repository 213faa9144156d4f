"""What the fault tests share: homes, and servers over them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.running_server import RunningServer
from tests.integration.job_home import JobHome
from tests.integration.job_server import JobServer


@pytest.fixture
def home(tmp_path: Path) -> Iterator[JobHome]:
    """A home in a path with a space."""
    made = JobHome(tmp_path / "derma scan")
    yield made
    made.close()


@pytest.fixture
def job_server(home: JobHome) -> Iterator[JobServer]:
    """A server over the home, whose training program is tiny; not started yet."""
    made = JobServer(home)
    yield made
    made.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    """A server as a person starts it, running."""
    running = RunningServer(tmp_path / "derma scan" / "home")
    running.home.mkdir(parents=True)
    running.start()
    try:
        yield running
    finally:
        running.stop()
        running.http.close()
