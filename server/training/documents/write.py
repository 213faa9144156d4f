"""Writes every document of a model from its report."""

from __future__ import annotations

import json
from pathlib import Path

from server.training.documents.card import model_card
from server.training.documents.card_markdown import card_markdown
from server.training.documents.interchange import write_predictions, write_truth
from server.training.documents.page import page
from server.training.documents.reading import Fields


def write_documents(report: Fields, folder: Path, model_name: str) -> dict[str, str]:
    """Write the page, the card and the tables for the official scorer into ``folder``.

    Args:
        report: the content of ``…_report.json``.
        model_name: what the files' names begin with.

    Returns:
        Kind to file name.

    Raises:
        OSError: when the disk is full.
    """
    files = {
        "report_html": f"{model_name}_report.html",
        "card": f"{model_name}_card.md",
        "card_json": f"{model_name}_card.json",
        "test_predictions": f"{model_name}_test_predictions.csv",
        "test_truth": f"{model_name}_test_truth.csv",
    }
    card = json.dumps(model_card(report), indent=2, ensure_ascii=False, allow_nan=False)
    _write(folder / files["report_html"], page(report))
    _write(folder / files["card"], card_markdown(report))
    _write(folder / files["card_json"], card + "\n")
    write_predictions(report, folder / files["test_predictions"])
    write_truth(report, folder / files["test_truth"])
    return files


def _write(path: Path, content: str) -> None:
    path.write_text(content, encoding="utf-8", newline="\n")
