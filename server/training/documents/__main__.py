"""``python -m server.training.documents REPORT.json``: the documents of an older report, again."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from server.domain.errors import InvalidInput
from server.training.documents.write import write_documents
from server.training.recipe import read_report

_ENDING = "_report.json"


def main(arguments: list[str] | None = None) -> int:
    """Write the documents; the exit code is 0, or 2 with one sentence on what is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m server.training.documents",
        description="Make the report page, the model card and the ISIC tables from a report.",
    )
    parser.add_argument("report", type=Path, metavar="REPORT", help="a model's …_report.json")
    parser.add_argument(
        "--output-dir", type=Path, metavar="FOLDER", help="where to write (default: beside it)"
    )
    flags = parser.parse_args(arguments)
    try:
        report = read_report(flags.report)
        folder = flags.output_dir or flags.report.resolve().parent
        folder.mkdir(parents=True, exist_ok=True)
        name = flags.report.name.removesuffix(_ENDING).removesuffix(".json")
        files = write_documents(report, folder, name)
    except InvalidInput as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"The documents cannot be written: {error.strerror}.", file=sys.stderr)
        return 2
    for file in files.values():
        print(folder / file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
