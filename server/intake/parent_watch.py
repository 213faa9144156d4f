"""The import program ends with the server that started it, even when that was killed.

The server holds the other end of the program's standard input and never writes to it. When the
server dies, whatever the way, the system closes that end.
"""

from __future__ import annotations

import os
import sys
import threading

EXIT_ALONE = 3


def end_with_parent() -> None:
    """From now on this process ends when its standard input does."""

    descriptor = sys.stdin.fileno()

    def follow() -> None:
        while os.read(descriptor, 4096):
            pass
        os._exit(EXIT_ALONE)

    threading.Thread(target=follow, name="parent-watch", daemon=True).start()
