"""What all fault tests share: how often to strike, and the row of the table that each fills in.

At small counts they run with all other tests. ``python dev.py faults`` runs them at the counts of
the table (``DERMASCAN_TEST_FAULTS=full``) and collects the rows in a file that it names in
``DERMASCAN_TEST_FAULT_ROWS``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.running_server import RunningServer
from tests.faults import counts
from tests.integration.job_home import JobHome
from tests.integration.job_server import JobServer

Count = Callable[[int, int], int]
Measured = Callable[[str], None]
Within = Callable[[float, float], None]


@pytest.fixture
def count() -> Count:
    """How often to strike: ``count(small, full)``."""
    return counts.count


@pytest.fixture
def within() -> Within:
    """Holds a time against its promise, ``within(seconds, promised)``; at full counts only, because
    a busy machine must not fail a check. Waiting for ever fails at any count."""

    def check(seconds: float, promised: float) -> None:
        assert not counts.FULL or seconds <= promised

    return check


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Measured:
    """Say in a few words what was found; it stands in the table, not in what is asserted."""

    def note(words: str) -> None:
        request.node.fault_measured = words

    return note


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


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    outcome: Any = yield
    report = outcome.get_result()
    marker = item.get_closest_marker("fault")
    rows = os.environ.get("DERMASCAN_TEST_FAULT_ROWS")
    decides = report.when == "call" or (report.when == "setup" and not report.passed)
    if marker is None or not rows or not decides:
        return
    row = {
        "number": marker.args[0],
        "fault": marker.args[1],
        "promised": marker.args[2],
        "measured": getattr(item, "fault_measured", ""),
        "outcome": report.outcome,
    }
    with Path(rows).open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
