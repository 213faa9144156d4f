"""Asks the training program which weights ``auto`` would start from; the server loads no torch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from server.services.jobs import AutoWeights

_TIMEOUT_SECONDS = 30


class WeightsProbe:
    """The question.

    Args:
        program: the training program.
        weights_dir: handed to it; None = its own places only.
    """

    def __init__(self, program: Path, weights_dir: Path | None) -> None:
        self._command = [sys.executable, str(program), "--where-weights"]
        if weights_dir is not None:
            self._command += ["--weights-dir", str(weights_dir)]

    def __call__(self) -> Mapping[str, AutoWeights]:
        """The answer by architecture.

        Raises:
            RuntimeError: when the program does not answer; its last line says why.
        """
        asked = subprocess.run(
            self._command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
            encoding="utf-8",
            errors="replace",
            env={**os.environ, "PYTHONUTF8": "1"},
        )
        if asked.returncode != 0:
            raise RuntimeError(
                f"{' '.join(self._command)} ended with {asked.returncode}: {asked.stderr[-500:]}"
            )
        answer = json.loads(asked.stdout)
        return {
            name: AutoWeights(used=found["used"], sentence=found["sentence"])
            for name, found in answer.items()
        }
