"""Compare models by their reports: ``python -m server.training.compare --help``.

Needs neither torch nor keras nor the images. Exit codes: 0 compared; 2 refused, and one sentence
says why (with ``--json`` as ``{"error": {"code", "message", "where"}}``).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from server.domain.errors import DermaScanError
from server.domain.events import EXIT_FINISHED, EXIT_REFUSED
from server.training.contenders import read_contender
from server.training.evaluation.comparison import FIGURE_NAMES, Comparison, FigureCompared, compare
from server.training.evaluation.report import NOTICE

_DESCRIPTION = """\
Compare two models, or two recipes with several seeds each, on the lesions that both sides were
tested on and neither had seen. The answer is one sentence; a difference that is not shown is said
not to be shown."""

_EXAMPLE = """\
example:
  python -m server.training.compare server/models/derma_a_report.json \
--with server/models/derma_b_report.json"""


def main(arguments: Sequence[str]) -> int:
    """Run the program.

    Returns:
        The exit code.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    flags = _parser().parse_args(arguments)
    try:
        found = compare(*([read_contender(path) for path in side] for side in (flags.a, flags.b)))
    except DermaScanError as refused:
        if flags.json:
            error = {"code": refused.code, "message": refused.message, "where": refused.where}
            print(json.dumps({"error": error}, ensure_ascii=False))
        print(refused.message, file=sys.stderr)
        return EXIT_REFUSED
    print(json.dumps(found.as_dict(), ensure_ascii=False) if flags.json else as_text(found))
    return EXIT_FINISHED


def as_text(found: Comparison) -> str:
    """The comparison for a terminal."""
    parts = [
        found.sentence,
        *(f"{side.upper()}: {', '.join(names)}" for side, names in found.models.items()),
        _table(found),
        _mcnemar(found),
        *found.left_out,
        *found.notes,
        *_settings(found),
        NOTICE,
    ]
    return "\n".join(parts)


def _mcnemar(found: Comparison) -> str:
    test = found.mcnemar
    return (
        f"McNemar's exact test by lesion: A better on {test.for_a}, B better on {test.for_b}, "
        f"equal on {test.same}; p = {test.p:.3g}."
    )


def _parser() -> argparse.ArgumentParser:
    built = argparse.ArgumentParser(
        prog="python -m server.training.compare",
        description=_DESCRIPTION,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    built.add_argument("a", type=Path, nargs="+", metavar="REPORT", help="…_report.json of side A")
    built.add_argument(
        "--with",
        dest="b",
        type=Path,
        nargs="+",
        required=True,
        metavar="REPORT",
        help="…_report.json of side B; several on a side are one recipe with several seeds",
    )
    built.add_argument("--json", action="store_true", help="print the whole of it as JSON")
    return built


def _table(found: Comparison) -> str:
    rows = [("", "A", "B", "A − B", "95 % interval")]
    rows += [_row(FIGURE_NAMES[each.figure], each) for each in found.figures]
    rows += [_row(f"sensitivity for {each.figure}", each) for each in found.sensitivities]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return "\n".join(
        "  ".join(
            [
                row[0].ljust(widths[0]),
                *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True)),
            ]
        )
        for row in rows
    )


def _row(name: str, each: FigureCompared) -> tuple[str, str, str, str, str]:
    interval = "–" if each.low is None else f"{_signed(each.low)} to {_signed(each.high)}"
    sides = [_figure(side.mean) for side in (each.a, each.b)]
    for place, side in enumerate((each.a, each.b)):
        if side.spread is not None:
            sides[place] += f" ± {side.spread:.3f}"
    return name, sides[0], sides[1], _signed(each.difference), interval


def _settings(found: Comparison) -> list[str]:
    if not found.settings:
        return ["Both sides were made with the same settings."]
    return [
        "Made with different settings:",
        *(f"  {row.name}: {', '.join(row.a)} | {', '.join(row.b)}" for row in found.settings),
    ]


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{value:+.3f}".replace("-", "−")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
