"""When this server is about to end, and who ends it.

A web server waits for open connections before it tells the application to stop; a live stream
would keep it waiting for ever. So the signal itself is listened to, in front of the web server's
own handler. And a server that ``uvicorn --reload`` started must not outlive its reloader, even
when that was killed.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import wait
from types import FrameType
from typing import Any

import structlog

log = structlog.get_logger(__name__)

_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)
)
_PATIENCE_SECONDS = 10.0


class Lifetime:
    """Knows whether the end has been announced."""

    def __init__(self) -> None:
        self.ending = False

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Listen while the server runs."""
        restore = self._listen() if _in_main_thread() else lambda: None
        _watch_reloader()
        try:
            yield
        finally:
            self.ending = True
            restore()

    def _listen(self) -> Callable[[], None]:
        before: dict[int, Any] = {number: signal.getsignal(number) for number in _SIGNALS}

        def announce(number: int, frame: FrameType | None) -> None:
            self.ending = True
            handler = before[number]
            if callable(handler):
                handler(number, frame)

        def restore() -> None:
            for number, handler in before.items():
                signal.signal(number, handler)

        for number, handler in before.items():
            if callable(handler):  # not SIG_DFL: who installed nothing keeps the usual effect
                signal.signal(number, announce)
        return restore


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def _watch_reloader() -> None:
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def follow() -> None:
        wait([parent.sentinel])
        log.warning("the reloader is gone; this server ends too")
        signal.raise_signal(signal.SIGTERM if os.name == "posix" else signal.SIGINT)
        threading.Event().wait(_PATIENCE_SECONDS)
        os._exit(1)  # something holds the orderly end up; the next server takes the jobs over

    threading.Thread(target=follow, name="reloader-watch", daemon=True).start()
