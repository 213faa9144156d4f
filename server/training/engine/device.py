"""What the run computes on: the GPU if there is one, else the processor, tuned."""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import sys
import time
from dataclasses import dataclass, replace

import torch

from server.training.engine.lanes import ONE_LANE, Lanes
from server.training.engine.threads import usable_cores

_M_TRIM_THRESHOLD = -1
_M_MMAP_MAX = -4


@dataclass(frozen=True, slots=True)
class Device:
    """Where tensors live and how they are computed.

    Attributes:
        torch: the device.
        bfloat16: whether the hardware multiplies bfloat16 faster than float32.
        description: for people, such as "CPU, 2 threads, bfloat16".
        lanes: in which a batch is computed.
    """

    torch: torch.device
    bfloat16: bool
    description: str
    lanes: Lanes = ONE_LANE

    @property
    def is_gpu(self) -> bool:
        return self.torch.type == "cuda"

    def autocast(self) -> contextlib.AbstractContextManager[object]:
        """Mixed precision where the hardware gains by it; master weights stay float32."""
        return torch.autocast(self.torch.type, dtype=torch.bfloat16, enabled=self.bfloat16)


def prepare_device() -> Device:
    """Choose the device and tune the process for it."""
    if torch.cuda.is_available():
        torch.backends.cudnn.benchmark = True
        bfloat16 = torch.cuda.is_bf16_supported()
        name = torch.cuda.get_device_name()
        return Device(torch.device("cuda"), bfloat16, f"GPU, {name}{_suffix(bfloat16)}")
    # Processes that torchrun started share the cores of their machine.
    threads = max(1, usable_cores() // int(os.environ.get("LOCAL_WORLD_SIZE", "1")))
    torch.set_num_threads(threads)
    _keep_large_blocks()
    bfloat16 = _cpu_has_bfloat16() and _bfloat16_pays()
    plural = "" if threads == 1 else "s"
    return Device(
        torch.device("cpu"),
        bfloat16,
        f"CPU, {threads} thread{plural}{_suffix(bfloat16)}",
        Lanes(threads),
    )


def going_on(device: Device, bfloat16: bool) -> Device:
    """``device`` with the precision that a run began with, where the hardware has it.

    What pays is found by trial, and the trial of another day must not change a run that goes on.
    """
    if device.bfloat16 == bfloat16 or (bfloat16 and not (device.is_gpu or _cpu_has_bfloat16())):
        return device
    description = device.description.removesuffix(_suffix(device.bfloat16)) + _suffix(bfloat16)
    return replace(device, bfloat16=bfloat16, description=description)


def _suffix(bfloat16: bool) -> str:
    return ", bfloat16" if bfloat16 else ""


def _cpu_has_bfloat16() -> bool:
    """AVX-512 BF16 or AMX; elsewhere bfloat16 is emulated and slow."""
    questions = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, name, lambda: False)() for name in questions)


def _bfloat16_pays() -> bool:
    """Whether a training step of a convolution is faster in bfloat16 on this very processor.

    Some processors that have the instructions are still slower with them (seen: 1.6 times), others
    twice as fast, so it is tried, for half a second.
    """
    layer = torch.nn.Conv2d(128, 128, 3, padding=1)
    images = torch.ones(8, 128, 28, 28).contiguous(memory_format=torch.channels_last)
    images.requires_grad_()

    def seconds(bfloat16: bool) -> float:
        began = time.perf_counter()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bfloat16):
            answer = layer(images)
        answer.float().sum().backward()
        return time.perf_counter() - began

    pairs = [(seconds(True), seconds(False)) for _ in range(6)][1:]  # the first one compiles
    return min(pair[0] for pair in pairs) < 0.9 * min(pair[1] for pair in pairs)


def _keep_large_blocks() -> None:
    """Tell glibc not to give large blocks back to the system after every step.

    It does so by default, and the page faults of getting them again cost a third of a step.
    """
    if sys.platform != "linux" or platform.libc_ver()[0] != "glibc":
        return
    libc = ctypes.CDLL(None)
    libc.mallopt(_M_MMAP_MAX, 0)
    libc.mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
