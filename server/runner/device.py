"""Names what training will run on, without loading torch."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
from pathlib import Path

_TIMEOUT_SECONDS = 10


def training_device() -> str:
    """The first NVIDIA GPU that torch was built to use, else the processor."""
    gpu = _first_gpu() if _torch_knows_cuda() else None
    return gpu or f"CPU ({os.cpu_count()} cores)"


def _first_gpu() -> str | None:
    try:
        asked = subprocess.run(
            ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT_SECONDS,
            check=True,
            encoding="utf-8",
            errors="replace",
        )
    except (OSError, subprocess.SubprocessError):
        return None
    names = asked.stdout.strip().splitlines()
    return names[0].strip() if names else None


def _torch_knows_cuda() -> bool:
    """Read from the installed package's ``version.py``: loading torch takes seconds."""
    spec = importlib.util.find_spec("torch")
    if spec is None or spec.origin is None:
        return False
    text = (Path(spec.origin).parent / "version.py").read_text(encoding="utf-8")
    return re.search(r"^cuda\b[^=]*=\s*['\"]", text, re.MULTILINE) is not None
