"""The command line of ``dev.py``: words to functions."""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path

from devtools import benchmarks, checks, demo, faults, serving, testing
from devtools.environment import SetupError


def main(arguments: list[str]) -> int:
    """Run one command; the exit status is 0 when it did what it says."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a Windows pipe may not know every character
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except SetupError as problem:
        print(f"\n{problem}")
        return 1
    except KeyboardInterrupt:
        print("\nStopped.")
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python dev.py", description="DermaScan: try it, run it, test it."
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    demonstration = commands.add_parser("demo", help="sample set, training and results, by itself")
    _add_server_options(demonstration)
    demonstration.add_argument(
        "--data",
        type=Path,
        help="your own images instead of the drawn sample: an archive or a folder",
    )
    demonstration.add_argument("--arch", default="MobileNetV2", help="default: %(default)s")
    demonstration.add_argument("--epochs", type=int, help="default: 30 with --data")
    demonstration.add_argument(
        "--exit", action="store_true", help="stop the server after the results, for scripts"
    )
    demonstration.set_defaults(run=demo.run)

    serve = commands.add_parser("serve", help="the server with its page")
    _add_server_options(serve)
    serve.set_defaults(run=serving.run)

    test = commands.add_parser("test", help="every test that this machine can run")
    test.add_argument("pytest", nargs="*", help="passed on to pytest, such as tests/unit")
    test.set_defaults(run=testing.run)

    fault = commands.add_parser("faults", help="kill, cut, fill up and race, and what came of it")
    fault.add_argument("--quick", action="store_true", help="small counts: a few minutes")
    fault.add_argument("pytest", nargs="*", help="passed on to pytest, such as -k upload")
    fault.set_defaults(run=faults.run)

    check = commands.add_parser("check", help="format, lint, types, architecture")
    check.add_argument("--fix", action="store_true", help="mend what can be mended by itself")
    check.set_defaults(run=checks.run)

    bench = commands.add_parser("bench", help="measurements beside other programs; takes its time")
    bench.add_argument(
        "what",
        nargs="?",
        default="all",
        choices=[*benchmarks.MODULES, "all"],
        metavar="WHAT",
        help="%(choices)s (default: all)",
    )
    bench.add_argument(
        "arguments", nargs=argparse.REMAINDER, help="of the measurement, such as --help"
    )
    bench.set_defaults(run=benchmarks.run)
    return parser


def _add_server_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=8000, help="default: %(default)s")
    parser.add_argument("--host", default="127.0.0.1", help="default: this computer only")
    parser.add_argument(
        "--weights-dir", type=Path, help="folder with Keras's ImageNet weight files"
    )
    parser.add_argument("--no-browser", action="store_true", help="do not open the page")
