"""Torch's threads sleep while they wait, as in the program itself; read when torch is imported."""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Keras's own use of NumPy is not ours to mend."""
    config.addinivalue_line("filterwarnings", "ignore:__array__ implementation:DeprecationWarning")
