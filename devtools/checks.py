"""``python dev.py check``: the one list of checks that people, pre-commit and CI run."""

from __future__ import annotations

import argparse

from devtools.environment import ensure_node_modules, ensure_python, run_quietly


def run(options: argparse.Namespace) -> int:
    """Run every check, even after one failed, and name those that did."""
    python = ensure_python(for_tests=True)
    npm = ensure_node_modules()
    tools = python.parent
    mend = options.fix
    checks: dict[str, list[str]] = {
        "format (ruff)": [str(tools / "ruff"), "format", *([] if mend else ["--check"]), "."],
        "lint (ruff)": [str(tools / "ruff"), "check", *(["--fix"] if mend else []), "."],
        "types (mypy --strict)": [str(tools / "mypy")],
        "architecture (import-linter)": [str(tools / "lint-imports"), "--no-cache"],
        "format, lint and types of the page": [npm, "run", "--silent", "lint"],
    }
    if mend:
        run_quietly([npm, "run", "--silent", "format"])
    failed = []
    for name, command in checks.items():
        print(f"── {name}", flush=True)
        if run_quietly(command) != 0:
            failed.append(name)
    print(f"\nFailed: {', '.join(failed)}." if failed else "\nAll checks passed.")
    return 1 if failed else 0
