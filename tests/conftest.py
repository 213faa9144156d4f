"""What all tests share: the rows of the fault tests, and where the real images and weights are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.faults.rows import count, measured, pytest_runtest_makereport, within

__all__ = ["count", "measured", "pytest_runtest_makereport", "within"]

_BESIDE = Path(__file__).resolve().parents[2] / "shared"


def _folder(variable: str, name: str) -> Path:
    folder = Path(os.environ.get(variable, _BESIDE / name))
    if not folder.is_dir():
        pytest.skip(f"there is no folder {folder}; name one in {variable}")
    return folder


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with the HAM10000 archives."""
    return _folder("DERMASCAN_TEST_DATA", "data")


@pytest.fixture(scope="session")
def real_weights() -> Path:
    """The folder with Keras's ImageNet weights."""
    return _folder("DERMASCAN_TEST_WEIGHTS", "weights")
