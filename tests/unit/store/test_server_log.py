"""The server's log names an error and its place, and never what a function held."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from server.store.server_log import set_up_server_log

SECRET = "correct horse battery"


@pytest.fixture
def log_file(tmp_path: Path) -> Iterator[Path]:
    logger = logging.getLogger("server")
    before = list(logger.handlers)
    set_up_server_log(tmp_path, "INFO")
    yield tmp_path / "server.log"
    for handler in set(logger.handlers) - set(before):
        logger.removeHandler(handler)
        handler.close()
    structlog.reset_defaults()


def test_a_traceback_holds_no_value_of_a_variable(log_file: Path) -> None:
    def sign_in(password: str) -> None:
        raise ValueError("something else")

    try:
        sign_in(SECRET)
    except ValueError:
        structlog.get_logger("server.trial").exception("It failed")
        logging.getLogger("server.trial").exception("It failed again")
    written = log_file.read_text("utf-8")
    assert written.count("ValueError: something else") == 2
    assert "in sign_in" in written
    assert SECRET not in written
