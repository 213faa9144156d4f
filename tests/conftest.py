"""Where tests find the real images and weights, which are never part of the repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

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
