"""Migrations, run inside the server at start-up: nobody has to remember a command."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


def knows(revision: str) -> bool:
    """Whether a database of that version can be brought to the newest one by this program."""
    return any(script.revision == revision for script in _scripts(_config()).walk_revisions())


def revision_of(connection: Connection) -> str | None:
    """The version of the database behind ``connection``."""
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(connection: Connection) -> None:
    """Bring the database behind ``connection`` to the newest version, in its transaction."""
    config = _config()
    if revision_of(connection) == _scripts(config).get_current_head():
        return
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", Path(__file__).parent.as_posix().replace("%", "%%"))
    return config


def _scripts(config: Config) -> ScriptDirectory:
    return ScriptDirectory.from_config(config)
