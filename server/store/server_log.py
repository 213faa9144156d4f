"""The server's own log: one line an event, on stdout and in ``logs/server.log``."""

from __future__ import annotations

import logging
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

import structlog

_MAX_BYTES = 10 * 1024**2
_KEPT = 5


def set_up_server_log(logs_dir: Path, level: str) -> None:
    """Send every line of ``server.*`` to stdout and to ``logs_dir/server.log``."""
    stamp: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*stamp, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    ours = logging.getLogger("server")
    for handler in list(ours.handlers):
        ours.removeHandler(handler)
        handler.close()
    file = RotatingFileHandler(
        logs_dir / "server.log",
        maxBytes=_MAX_BYTES,
        backupCount=_KEPT,
        encoding="utf-8",
        delay=True,
    )
    # Its own way with errors shows the variables of every function, a password among them.
    lines = structlog.dev.ConsoleRenderer(
        colors=False, exception_formatter=structlog.dev.plain_traceback
    )
    for handler in (logging.StreamHandler(sys.stdout), file):
        handler.setFormatter(
            structlog.stdlib.ProcessorFormatter(processor=lines, foreign_pre_chain=stamp)
        )
        ours.addHandler(handler)
    ours.setLevel(level.upper())
    ours.propagate = False
