"""Sets up what a clone lacks: ``.venv``, ``node_modules``, the built page.

Each step leaves a stamp (a hash of what it was made from) in ``.dev/``, so that it is done again
only when its sources change. Nothing is downloaded when nothing has changed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMPS = ROOT / ".dev"
RUNTIME_REQUIREMENTS = ROOT / "server" / "requirements.txt"
TEST_REQUIREMENTS = ROOT / "tests" / "requirements.txt"
OLDEST_NODE = 20


class SetupError(Exception):
    """Set-up cannot go on; the text is one sentence that says what to do."""


def venv_python() -> Path:
    """The interpreter of the project's own environment, whether or not it exists yet."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def ensure_python(*, for_tests: bool = False) -> Path:
    """Make ``.venv`` hold the runtime requirements (and those of the tests); returns its python."""
    if not venv_python().exists():
        _say("Making a Python environment in .venv …")
        _run([sys.executable, "-m", "venv", VENV], "Python could not make the environment .venv")
    lists = [RUNTIME_REQUIREMENTS, *([TEST_REQUIREMENTS] if for_tests else [])]
    stamp = _Stamp("python-tests" if for_tests else "python", lists, extra=sys.version)
    if not stamp.is_current():
        _say("Installing Python packages (a few minutes the first time) …")
        flags = [flag for each in lists for flag in ("-r", str(each))]
        _run(
            [venv_python(), "-m", "pip", "install", "-qq", *flags],
            "The Python packages could not be installed; without the internet they can only come "
            "from a local folder of wheels (PIP_FIND_LINKS)",
        )
        stamp.write()
    return venv_python()


def ensure_node_modules() -> str:
    """Make ``node_modules`` match ``package-lock.json``; returns the npm command."""
    npm = _npm()
    stamp = _Stamp("node", [ROOT / "package.json", ROOT / "package-lock.json"])
    if not stamp.is_current() or not (ROOT / "node_modules").is_dir():
        _say("Installing the page's packages …")
        _run(
            [npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"],
            "The page's packages could not be installed; npm must reach its registry once",
        )
        stamp.write()
    return npm


def ensure_page() -> None:
    """Make ``dist/`` the page built from the sources that lie here."""
    sources = [ROOT / "index.html", ROOT / "vite.config.ts", ROOT / "package-lock.json"]
    sources += (file for file in (ROOT / "src").rglob("*") if file.is_file())
    stamp = _Stamp("page", sources)
    if stamp.is_current() and (ROOT / "dist" / "index.html").exists():
        return
    npm = ensure_node_modules()
    _say("Building the page …")
    _run([npm, "run", "--silent", "build"], "The page could not be built")
    stamp.write()


def run_quietly(command: Sequence[str | Path]) -> int:
    """Run a command in the repository's root with its output shown; returns its exit status."""
    return subprocess.run([str(part) for part in command], cwd=ROOT, check=False).returncode


class _Stamp:
    """Remembers in ``.dev/`` from which contents a step was last done."""

    def __init__(self, name: str, sources: Iterable[Path], extra: str = "") -> None:
        self._file = STAMPS / f"{name}.stamp"
        digest = hashlib.sha256(extra.encode())
        for source in sorted(sources):
            digest.update(source.relative_to(ROOT).as_posix().encode())
            digest.update(source.read_bytes() if source.exists() else b"absent")
        self._digest = digest.hexdigest()

    def is_current(self) -> bool:
        return self._file.exists() and self._file.read_text("utf-8") == self._digest

    def write(self) -> None:
        STAMPS.mkdir(exist_ok=True)
        self._file.write_text(self._digest, "utf-8")


def _npm() -> str:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise SetupError(
            f"Node {OLDEST_NODE} or newer is needed for the page and was not found; "
            "install it from nodejs.org and run the command again."
        )
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.lstrip("v").split(".")[0]) < OLDEST_NODE:
        raise SetupError(
            f"Node {OLDEST_NODE} or newer is needed for the page; this is Node {version.strip()}."
        )
    return npm


def _run(command: Sequence[str | Path], failure: str) -> None:
    if run_quietly(command) != 0:
        raise SetupError(f"{failure}. The command was: {' '.join(map(str, command))}")


def _say(text: str) -> None:
    print(text, flush=True)
