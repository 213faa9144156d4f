"""Whose lease it is: the name of an engine, and whether that engine is gone for certain.

A lease that has expired says that its owner is gone or frozen. On this machine there is a quicker
sign: the process of the owner does not live any more.
"""

from __future__ import annotations

import os
import socket
from uuid import uuid4

import psutil

_SAME_START_SECONDS = 2.0


def own_name() -> str:
    """``<computer>:<process>:<its start>:<six digits>``, another one at every call."""
    started = int(psutil.Process().create_time())
    return f"{_computer()}:{os.getpid()}:{started}:{uuid4().hex[:6]}"


def is_gone(owner: str) -> bool:
    """Whether the engine of that name ran on this computer and does not any more."""
    computer, _, rest = owner.partition(":")
    numbers = rest.split(":")
    if computer != _computer() or len(numbers) != 3:
        return False
    try:
        pid, started = int(numbers[0]), int(numbers[1])
        process = psutil.Process(pid)
        same = abs(process.create_time() - started) < _SAME_START_SECONDS
        return not same or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
    except (psutil.Error, ValueError):
        return False


def _computer() -> str:
    return socket.gethostname().replace(":", "-")[:30]
