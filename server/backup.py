"""``python -m server.backup create FILE`` and ``… restore FILE``: a home into one file and back.

The home is the one that ``DERMASCAN_HOME`` names, as for the server, which may go on running
while a backup is made.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from server import __version__
from server.domain.errors import DermaScanError, InvalidInput
from server.domain.room import is_disk_full
from server.services.backups import BackupService
from server.settings import read_settings
from server.store.archive import Manifest
from server.store.database import Database

_REFUSED = 2


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns 0, or 2 after one sentence on what is wrong."""
    options = _parser().parse_args(arguments)
    archive: Path = options.file.expanduser().absolute()
    try:
        print(_do(options.what, archive))
    except DermaScanError as refused:
        print(refused.message, file=sys.stderr)
        return _REFUSED
    except OSError as error:
        full = "the disk is full" if is_disk_full(error) else error.strerror or str(error)
        print(f"The backup could not be written or read: {full}.", file=sys.stderr)
        return _REFUSED
    return 0


def _do(what: str, archive: Path) -> str:
    settings = read_settings()
    database = Database(settings.store_url)
    service = BackupService(settings.home, database, __version__)
    try:
        if what == "create":
            settings.make_folders()
            made = service.create(archive)
            return f"Backed up {_amount(made)} into {archive}, read back and found right."
        if settings.database_url:
            raise InvalidInput(
                "A backup is restored with its database into the home; leave "
                "DERMASCAN_DATABASE_URL out while you restore."
            )
        settings.home.mkdir(parents=True, exist_ok=True)
        found = service.restore(archive)
        settings.make_folders()
        return (
            f"Restored {_amount(found)}, as of {found.created_at}, into {settings.home}. "
            "Start the server; jobs that ran then go on from their checkpoints."
        )
    finally:
        database.close()


def _amount(manifest: Manifest) -> str:
    return f"{len(manifest.files):,} files ({manifest.bytes:,} bytes)"


def _parser() -> argparse.ArgumentParser:
    built = argparse.ArgumentParser(prog="python -m server.backup", description=__doc__)
    commands = built.add_subparsers(dest="what", required=True)
    for name, text in (
        ("create", "write everything into one file; the server may run"),
        ("restore", "put a backup into an empty home"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("file", type=Path, metavar="FILE")
    return built


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
