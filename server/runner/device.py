"""What training can run on, without loading torch: names of devices, and room on each."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

_TIMEOUT_SECONDS = 10


def training_device() -> str:
    """The first NVIDIA GPU that torch was built to use, else the processor."""
    gpu = _first_gpu() if _torch_knows_cuda() else None
    return gpu or f"CPU ({os.cpu_count()} cores)"


def device_slots(each: int, named: Mapping[str, int]) -> dict[str, int]:
    """How many jobs may run at once on each device of this computer.

    Args:
        each: on a device that is not in ``named``.
        named: of single devices; those that are not there are left out.

    Returns:
        Its NVIDIA GPUs; the processor only when there are none or when it is in ``named``.
    """
    gpus = _gpu_numbers() if _torch_knows_cuda() else []
    devices = [f"cuda:{number}" for number in gpus]
    if not devices or "cpu" in named:
        devices.append("cpu")
    for device in named.keys() - set(devices):
        log.warning("a device of jobs_per_device is not there", device=device)
    return {device: named.get(device, each) for device in devices}


def _gpu_numbers() -> list[str]:
    """Of the GPUs that this server may use, as ``CUDA_VISIBLE_DEVICES`` names them."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [number.strip() for number in visible.split(",") if number.strip()]
    return [str(number) for number in range(len(_gpu_names()))]


def _first_gpu() -> str | None:
    names = _gpu_names()
    return names[0] if names else None


def _gpu_names() -> list[str]:
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
        return []
    return [name.strip() for name in asked.stdout.strip().splitlines()]


def _torch_knows_cuda() -> bool:
    """Read from the installed package's ``version.py``: loading torch takes seconds."""
    spec = importlib.util.find_spec("torch")
    if spec is None or spec.origin is None:
        return False
    text = (Path(spec.origin).parent / "version.py").read_text(encoding="utf-8")
    return re.search(r"^cuda\b[^=]*=\s*['\"]", text, re.MULTILINE) is not None


def only(device: str | None) -> dict[str, str]:
    """The environment in which a program sees that device and no other of its kind.

    Args:
        device: ``cpu``, ``cuda:0``, …; None = whatever there is.
    """
    if device == "cpu":
        return {"CUDA_VISIBLE_DEVICES": ""}
    kind, _, number = (device or "").partition(":")
    return {"CUDA_VISIBLE_DEVICES": number} if kind == "cuda" else {}
