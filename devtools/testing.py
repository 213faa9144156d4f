"""``python dev.py test``: every test that this machine can run, and a plain word on the rest."""

from __future__ import annotations

import argparse
import os
import subprocess
from collections import Counter
from xml.etree import ElementTree

from devtools.environment import (
    ROOT,
    STAMPS,
    ensure_node_modules,
    ensure_page,
    ensure_python,
    run_quietly,
)

JUNIT = STAMPS / "tests.xml"


def run(options: argparse.Namespace) -> int:
    """Front end by Vitest, the rest by pytest; 0 only when nothing failed."""
    python = ensure_python(for_tests=True)
    npm = ensure_node_modules()
    ensure_page()
    page_status = 0 if options.pytest else run_quietly([npm, "run", "--silent", "test"])
    STAMPS.mkdir(exist_ok=True)
    JUNIT.unlink(missing_ok=True)
    command = [str(python), "-m", "pytest", f"--junitxml={JUNIT}", *options.pytest]
    status = subprocess.run(command, cwd=ROOT, check=False, env=dict(os.environ)).returncode
    counts = _say_what_was_left_out()
    verdict = "passed" if status == page_status == 0 else "FAILED"
    print(f"The page's tests: {'passed' if page_status == 0 else 'FAILED'}. All in all: {verdict}.")
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 0 if status == page_status == 0 else 1


def _say_what_was_left_out() -> Counter[str]:
    if not JUNIT.exists():
        return Counter(failed=1)
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for case in ElementTree.parse(JUNIT).iter("testcase"):  # noqa: S314  (pytest wrote it just now)
        skipped = case.find("skipped")
        if skipped is not None:
            counts["skipped"] += 1
            reasons[skipped.get("message", "no reason given")] += 1
        elif case.find("failure") is not None or case.find("error") is not None:
            counts["failed"] += 1
        else:
            counts["passed"] += 1
    print("\nLeft out on this machine:" if reasons else "\nNothing was left out.")
    for reason, times in reasons.most_common():
        print(f"  {times} × {reason}")
    return counts
