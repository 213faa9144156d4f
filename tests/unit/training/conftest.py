"""Torch's threads sleep while they wait, as in the program itself; read when torch is imported."""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "passive")
