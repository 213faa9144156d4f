"""The rows of ``docs/reliability.md``: how often to strike, and what came of it.

Tests with the marker ``fault`` run with all others at small counts. ``python dev.py faults`` runs
them alone, at the counts of the table (``DERMASCAN_TEST_FAULTS=full``), and collects the rows in a
file that it names in ``DERMASCAN_TEST_FAULT_ROWS``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults import counts

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
