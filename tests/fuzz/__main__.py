"""A fuzzer on the readers of strangers' files, guided by what their code does with each input.

    pip install atheris
    python -m tests.fuzz tables --minutes 30
    python -m tests.fuzz archives --minutes 30

It ends at the first input that makes a reader fail itself, keeps that input in the folder it was
started in, and prints the reason; each such input has become a test. What it found and learned for
the next time (its corpus) is kept with ``--corpus FOLDER``.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType

Target = Callable[[bytes, Path], None]


def main(arguments: Sequence[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        import atheris
    except ImportError:
        print("The fuzzer needs atheris (Linux or macOS): pip install atheris", file=sys.stderr)
        return 2
    target, seeds = _target(options.what, atheris)
    with tempfile.TemporaryDirectory() as work:
        corpus = options.corpus or Path(work) / "corpus"
        corpus.mkdir(parents=True, exist_ok=True)
        for name, content in seeds.items():
            (corpus / name).write_bytes(content)
        flags = [
            "fuzz",
            f"-max_total_time={round(options.minutes * 60)}",
            "-max_len=8192",
            "-print_final_stats=1",
            str(corpus),
        ]
        atheris.Setup(flags, lambda data: target(data, Path(work)))
        atheris.Fuzz()
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    built = argparse.ArgumentParser(
        prog="python -m tests.fuzz",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    built.add_argument("what", choices=("tables", "archives"))
    built.add_argument("--minutes", type=float, default=30.0)
    built.add_argument("--corpus", type=Path, help="folder of inputs to begin with and add to")
    return built


def _target(what: str, atheris: ModuleType) -> tuple[Target, Mapping[str, bytes]]:
    with atheris.instrument_imports(include=["server.intake", "zipfile", "tarfile", "csv"]):
        from tests.fuzz import archives, tables
    chosen = {"tables": tables, "archives": archives}[what]
    return chosen.read, chosen.seeds()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        raise SystemExit(main())
