"""Fixtures of the integration tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.job_home import JobHome


@pytest.fixture
def home(tmp_path: Path) -> Iterator[JobHome]:
    """A home in a path with a space."""
    made = JobHome(tmp_path / "derma scan")
    yield made
    made.close()
