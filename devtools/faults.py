"""``python dev.py faults``: break the program on purpose, and a table of what came of it."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from devtools.environment import ROOT, STAMPS, ensure_page, ensure_python

ROWS = STAMPS / "faults.jsonl"
PAGE = ROOT / "docs" / "reliability.md"
_BEGIN, _END = "<!-- table: begin -->", "<!-- table: end -->"
_WORDS = {"passed": "kept", "failed": "**BROKEN**", "skipped": "not run here"}

Row = dict[str, Any]


def run(options: argparse.Namespace) -> int:
    """Run the fault tests, print the table, and at full counts keep it; 0 when none failed."""
    python = ensure_python(for_tests=True)
    ensure_page()
    STAMPS.mkdir(exist_ok=True)
    ROWS.unlink(missing_ok=True)
    counts = "small" if options.quick else "full"
    surroundings = os.environ | {
        "DERMASCAN_TEST_FAULTS": counts,
        "DERMASCAN_TEST_FAULT_ROWS": str(ROWS),
    }
    patience = [] if options.quick else ["--timeout=7200"]
    command = [str(python), "-m", "pytest", "-m", "fault", *patience, *options.pytest]
    status = subprocess.run(command, cwd=ROOT, check=False, env=surroundings).returncode
    table = _table(_rows(), counts)
    print(f"\n{table}")
    if not options.quick and not options.pytest:
        _keep(table)
        print(f"Written: {PAGE.relative_to(ROOT).as_posix()}")
    return status


def _rows() -> list[Row]:
    if not ROWS.exists():
        return []
    rows = [json.loads(line) for line in ROWS.read_text(encoding="utf-8").splitlines()]
    return sorted(rows, key=lambda row: (row["number"], row["fault"]))


def _table(rows: list[Row], counts: str) -> str:
    where = (
        f"{datetime.now(UTC):%Y-%m-%d}, {platform.system()}, Python {platform.python_version()}, "
        f"{os.cpu_count()} cores, {counts} counts."
    )
    lines = [
        where,
        "",
        "| # | what was done | what must hold | what was measured | outcome |",
        "|---|---|---|---|---|",
    ]
    for (number, fault, promised), cases in _by_fault(rows).items():
        measured = "; ".join(dict.fromkeys(case["measured"] for case in cases if case["measured"]))
        outcomes = sorted({case["outcome"] for case in cases}, key=list(_WORDS).index)
        cells = (
            str(number),
            fault,
            promised,
            measured or (f"{len(cases)} cases" if len(cases) > 1 else "–"),
            ", ".join(_WORDS[outcome] for outcome in outcomes),
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _by_fault(rows: list[Row]) -> dict[tuple[int, str, str], list[Row]]:
    """One line for each fault, however many cases of it were tried."""
    found: dict[tuple[int, str, str], list[Row]] = {}
    for row in rows:
        found.setdefault((row["number"], row["fault"], row["promised"]), []).append(row)
    return found


def _keep(table: str, page: Path = PAGE) -> None:
    before, rest = page.read_text(encoding="utf-8").split(_BEGIN)
    _, after = rest.split(_END)
    page.write_text(f"{before}{_BEGIN}\n{table}{_END}{after}", encoding="utf-8", newline="\n")
