"""The import program: unpack what lies in a folder, understand it, print the manifest as JSON.

    python -m server.intake FOLDER                  unpack every archive and bundle in it, remove
                                                    metadata from every picture, then understand
    python -m server.intake FOLDER --as-it-is       change nothing
    python -m server.intake FOLDER --human          change nothing, and print words instead of JSON
    python -m server.intake FOLDER --looks FILE     also write what was measured of the pictures

The server runs it as a process of its own, because a hostile file can end a process or fill its
memory. Exactly one JSON object is printed. Exit code 0: ``{"ok": true, "manifest": …, "unpacked":
number of archives}``. Exit code 2: ``{"ok": false, "error": {"code", "message", "where"}}``.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from server.domain.errors import DermaScanError, TooLarge
from server.intake.bundles import extract_bundles
from server.intake.cleaning import clean_folder
from server.intake.look import Alike, Looking
from server.intake.looks_file import write_looks
from server.intake.manifest import Manifest
from server.intake.own_limits import DEFAULT_MEMORY, limit_memory
from server.intake.parent_watch import end_with_parent
from server.intake.printed_summary import printed
from server.intake.progress import Progress
from server.intake.understand import understand, worst_first
from server.intake.unpack_folder import unpack_folder
from server.intake.unpack_limits import UnpackLimits

EXIT_DONE = 0
EXIT_CRASHED = 1
EXIT_REFUSED = 2
_MOST_THREADS = 4


def main(words: list[str] | None = None) -> int:
    """The command; returns the exit code."""
    chosen = _arguments(words)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    limit_memory(chosen.max_memory)
    if chosen.end_with_parent:
        end_with_parent()
    try:
        unpacked, manifest = _take_in(chosen)
    except DermaScanError as error:
        return _refuse(error, human=chosen.human)
    except MemoryError:
        return _refuse(_out_of_memory(chosen.max_memory), human=chosen.human)
    except Exception:
        traceback.print_exc()
        return _refuse(
            DermaScanError("The files could not be read: the import program failed; see the log."),
            human=chosen.human,
            exit_code=EXIT_CRASHED,
        )
    if chosen.human:
        sys.stdout.write(printed(manifest))
    else:
        _print({"ok": True, "manifest": manifest.as_dict(), "unpacked": unpacked})
    return EXIT_DONE


def _take_in(chosen: argparse.Namespace) -> tuple[int, Manifest]:
    progress = Progress(chosen.progress)
    if chosen.as_it_is or chosen.human:
        return 0, _understand(chosen, progress)
    limits = UnpackLimits(
        file_bytes=chosen.max_file_bytes,
        total_bytes=chosen.max_bytes,
        files=chosen.max_files,
        ratio=chosen.max_ratio,
    )
    unpacked, problems = unpack_folder(chosen.folder, limits, progress)
    bundles = extract_bundles(chosen.folder, limits)
    clean_folder(chosen.folder)
    manifest = _understand(chosen, progress)
    said = {problem.file for problem in bundles}
    rest = [problem for problem in manifest.problems if problem.file not in said]
    return unpacked, replace(manifest, problems=worst_first([*problems, *bundles, *rest]))


def _understand(chosen: argparse.Namespace, progress: Progress) -> Manifest:
    if chosen.looks is None:
        return understand(chosen.folder, progress)
    try:
        looking = _ready_to_look()
    except (ImportError, MemoryError) as error:
        return _without_looks(understand(chosen.folder, progress), error)
    manifest = understand(chosen.folder, progress, looking)
    try:
        write_looks(chosen.looks, looking.seen, _alike(looking))
    except (OSError, MemoryError) as error:
        return _without_looks(manifest, error)
    return manifest


def _ready_to_look() -> Looking:
    # NumPy is loaded here alone; the matrices are small, and each thread costs address space
    os.environ.setdefault("OPENBLAS_NUM_THREADS", str(min(_MOST_THREADS, os.cpu_count() or 1)))
    from server.intake.measuring import measure

    return Looking(measure)


def _alike(looking: Looking) -> Sequence[Alike] | None:
    from server.intake.alike import find_alike

    compared = find_alike(looking.seen)
    return compared.pairs if compared.made else None


def _without_looks(manifest: Manifest, error: Exception) -> Manifest:
    """What was measured can be made again at any time: no import fails for it."""
    sys.stderr.write(f"What was measured of the pictures is not kept: {error!r}\n")
    return manifest


def _arguments(words: list[str] | None) -> argparse.Namespace:
    limits = UnpackLimits()
    parser = argparse.ArgumentParser(
        prog="python -m server.intake",
        description="Say what a folder of images is: layout, classes, every problem.",
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--as-it-is", "--no-unpack", action="store_true", help="unpack and remove no archive"
    )
    parser.add_argument(
        "--human", action="store_true", help="print words instead of JSON; implies --as-it-is"
    )
    parser.add_argument(
        "--end-with-parent", action="store_true", help="end when the standard input does"
    )
    parser.add_argument(
        "--progress", type=Path, metavar="FILE", help="write there how far it is, as JSON"
    )
    parser.add_argument(
        "--looks", type=Path, metavar="FILE", help="write there what was measured of the pictures"
    )
    for flag, default, words_of_help in (
        ("--max-file-bytes", limits.file_bytes, "one unpacked file"),
        ("--max-bytes", limits.total_bytes, "all unpacked files"),
        ("--max-files", limits.files, "entries of all archives"),
        ("--max-ratio", limits.ratio, "growth of an archive by unpacking"),
        ("--max-memory", DEFAULT_MEMORY, "memory of this program, in bytes"),
    ):
        parser.add_argument(flag, type=int, default=default, metavar="N", help=words_of_help)
    return parser.parse_args(words)


def _refuse(error: DermaScanError, *, human: bool, exit_code: int = EXIT_REFUSED) -> int:
    if human:
        sys.stderr.write(f"{error.message}\n")
    else:
        content = {"code": error.code, "message": error.message, "where": error.where}
        _print({"ok": False, "error": content})
    return exit_code


def _out_of_memory(size: int) -> TooLarge:
    return TooLarge(
        f"Reading the files needs more than {size // 1024**2} MB of memory; send them in smaller "
        "parts, or raise the setting DERMASCAN_IMPORT_MEMORY_BYTES."
    )


def _print(content: dict[str, Any]) -> None:
    json.dump(content, sys.stdout, separators=(",", ":"))
    sys.stdout.write("\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
