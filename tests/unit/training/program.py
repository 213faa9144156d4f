"""The training program as a person starts it, on a set that is tiny enough for tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

REPOSITORY = Path(__file__).resolve().parents[3]
PROGRAM = REPOSITORY / "server" / "training" / "train.py"
PATIENCE_SECONDS = 300
RARE = "rare class"
COLOURS = {
    "blue nevus": (60, 60, 200),
    "melanoma": (60, 30, 20),
    "nevus": (190, 130, 90),
    RARE: (90, 200, 90),
}

Events = list[dict[str, Any]]


def draw_tiny_set(folder: Path, lesions: int = 8, rare_lesions: int = 0) -> Path:
    """Classes of ``COLOURS``, two images a lesion, as the document's table and images."""
    (folder / "images").mkdir(parents=True)
    noise = np.random.default_rng(0)
    rows = ["image_id,image_path,label,lesion_id"]
    for label, colour in COLOURS.items():
        for lesion in range(rare_lesions if label == RARE else lesions):
            for view in range(2):
                name = f"{label.replace(' ', '_')}_{lesion}_{view}"
                pixels = np.clip(np.array(colour) + noise.normal(0, 25, (40, 48, 3)), 0, 255)
                Image.fromarray(pixels.astype(np.uint8)).save(folder / "images" / f"{name}.png")
                rows.append(f"{name},images/{name}.png,{label},{label} {lesion}")
    (folder / "metadata.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def command(data_dir: Path, *more: str | Path) -> list[str]:
    """A short run of the smallest network, from random weights."""
    settings = ["--arch", "MobileNetV2", "--weights", "none", "--image-size", "32"]
    settings += ["--batch-size", "8", *map(str, more)]
    return [sys.executable, str(PROGRAM), "--data-dir", str(data_dir), *settings]


def environment(home: Path) -> dict[str, str]:
    """Run-time state under ``home``, and nothing of the tester's own settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DERMASCAN")}
    return kept | {"DERMASCAN_HOME": str(home), "PYTHONUTF8": "1"}


def start(arguments: list[str], home: Path) -> subprocess.Popen[str]:
    """Start the program in the background."""
    return subprocess.Popen(
        arguments,
        env=environment(home),
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )


def run(arguments: list[str], home: Path) -> subprocess.CompletedProcess[str]:
    """Run the program to its end, from a folder that is not the repository."""
    home.mkdir(parents=True, exist_ok=True)
    return subprocess.run(
        arguments,
        env=environment(home),
        cwd=home,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def read_events(path: Path) -> Events:
    """Every whole line of an event file."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("\n")]


def wait_until(
    process: subprocess.Popen[str], path: Path, wanted: Callable[[dict[str, Any]], bool]
) -> None:
    """Return when an event that is ``wanted`` stands in the file."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not any(wanted(event) for event in read_events(path)):
        assert process.poll() is None, f"The program ended: {process.communicate()[0]}"
        assert time.monotonic() < deadline, "The awaited event did not come."
        time.sleep(0.02)
