"""``python dev.py bench``: the measurements of ``benchmarks/``, one table a command."""

from __future__ import annotations

import argparse
from pathlib import Path

from devtools.environment import SetupError, ensure_python, run_quietly

MODULES = {
    "step": "benchmarks.step",
    "pipeline": "benchmarks.pipeline",
    "whole-job": "benchmarks.whole_job",
    "memory": "benchmarks.memory",
}


def run(options: argparse.Namespace) -> int:
    """Run one measurement with its own options, or all of them; 0 when every one ended well."""
    python = ensure_python()
    if options.what != "all":
        commands = [[MODULES[options.what], *options.arguments]]
    else:
        commands = _all(options.arguments)
    return max(run_quietly([python, "-m", *command]) for command in commands)


def _all(arguments: list[str]) -> list[list[str]]:
    parser = argparse.ArgumentParser(prog="python dev.py bench all")
    parser.add_argument("--data", type=Path, help="HAM10000 as people download it: folder or .zip")
    parser.add_argument("--weights-dir", type=Path, help="of Keras's weight files")
    parser.add_argument("--peer-python", type=Path, help="interpreter with tensorflow")
    given = parser.parse_args(arguments)
    if given.data is None or given.weights_dir is None:
        raise SetupError(
            "All measurements need images and weights: python dev.py bench all --data "
            "HAM10000.zip --weights-dir FOLDER (or one of them: python dev.py bench step)."
        )
    data, weights = str(given.data), ["--weights-dir", str(given.weights_dir)]
    peer = ["--peer-python", str(given.peer_python)] if given.peer_python else []
    return [
        [MODULES["step"]],
        [MODULES["pipeline"], data],
        [MODULES["whole-job"], data, *weights, *peer],
        [MODULES["memory"], data, *weights],
    ]
