"""The two tables give the official scorer all it needs, and the report's own figures."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import metrics

from server.training.documents.__main__ import main
from server.training.documents.interchange import OFFICIAL, write_predictions, write_truth
from server.training.documents.write import write_documents
from tests.unit.training.documents.written_report import report


def tables(written: dict[str, Any], folder: Path) -> tuple[list[list[str]], list[list[str]]]:
    """Both tables as they are read back."""
    write_predictions(written, folder / "predictions.csv")
    write_truth(written, folder / "truth.csv")
    read = []
    for name in ("predictions.csv", "truth.csv"):
        with (folder / name).open(encoding="utf-8", newline="") as file:
            read.append(list(csv.reader(file)))
    return read[0], read[1]


def numbers(rows: list[list[str]]) -> np.ndarray:
    """The floats of a table."""
    return np.array([[float(cell) for cell in row[1:]] for row in rows[1:]])


def test_figures_from_the_tables_are_the_reports(tmp_path: Path) -> None:
    """Balanced accuracy, AUC and average precision of the tables alone equal the report's."""
    written = report()
    predictions, truth = tables(written, tmp_path)
    answered, true = numbers(predictions), numbers(truth)
    found = {
        "balanced_accuracy": metrics.balanced_accuracy_score(true.argmax(1), answered.argmax(1)),
        "macro_auc": metrics.roc_auc_score(true, answered),
        "macro_average_precision": metrics.average_precision_score(true, answered),
    }
    for name, value in found.items():
        assert value == pytest.approx(written["headline"][name]["value"], abs=1e-12)


def test_ham10000_gets_the_official_columns(tmp_path: Path) -> None:
    """The seven classes get the names and order of ISIC 2018, each answer in its column."""
    written = report(images=80)
    predictions, truth = tables(written, tmp_path)
    assert predictions[0] == truth[0] == ["image", *OFFICIAL]
    labels = written["confusion_matrix"]["labels"]
    for answer, row, true in zip(written["test_answers"], predictions[1:], truth[1:], strict=True):
        place = labels.index(OFFICIAL[1].lower())
        assert float(row[2]) == answer["probabilities"][place]
        assert OFFICIAL[true.index("1.0") - 1].lower() == answer["truth"]


def test_other_classes_keep_their_names_and_order(tmp_path: Path) -> None:
    """Names with commas and quotes are read back as they are."""
    labels = ("benign, mole", 'so-called "spot"', "ärger")
    predictions, truth = tables(report(labels, images=60), tmp_path)
    assert predictions[0] == truth[0] == ["image", *labels]


def test_values_are_floats_within_bounds(tmp_path: Path) -> None:
    """No value is empty, an integer's text, NaN or outside [0, 1], even a rounding off."""
    written = report(images=80)
    written["test_answers"][0]["probabilities"][0] = 1.0000001
    for rows in tables(written, tmp_path):
        assert all("." in cell or "e" in cell for row in rows[1:] for cell in row[1:])
        assert np.all((numbers(rows) >= 0) & (numbers(rows) <= 1))


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (("7", "8"), ("image_7", "image_8")),
        (("a.jpg", "b.JPG"), ("a", "b")),
        (("a.jpg", "a"), ("a.jpg", "a")),
        (("7", "b"), ("7", "b")),
    ],
)
def test_ids_that_the_scorer_reads_in_two_ways(
    given: tuple[str, str], wanted: tuple[str, str], tmp_path: Path
) -> None:
    """Numbers and endings, which the scorer treats unlike in its two tables, are settled here."""
    written = report(images=60)
    written["test_answers"] = written["test_answers"][:2]
    for answer, name in zip(written["test_answers"], given, strict=True):
        answer["image_id"] = name
    for rows in tables(written, tmp_path):
        assert tuple(row[0] for row in rows[1:]) == wanted


def test_documents_are_written_under_the_models_name(tmp_path: Path) -> None:
    """Every kind is a file that is there, and the command writes the same again."""
    import json

    written = report(images=60)
    files = write_documents(written, tmp_path, "m1")
    assert set(files) == {"report_html", "card", "card_json", "test_predictions", "test_truth"}
    (tmp_path / "m1_report.json").write_text(json.dumps(written), encoding="utf-8")
    again = tmp_path / "again"
    assert main([str(tmp_path / "m1_report.json"), "--output-dir", str(again)]) == 0
    for name in files.values():
        assert (again / name).read_bytes() == (tmp_path / name).read_bytes()


def test_a_file_that_is_no_report_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence and an exit code, no traceback."""
    (tmp_path / "x.json").write_text("[]", encoding="utf-8")
    assert main([str(tmp_path / "x.json")]) == 2
    assert "is not a report" in capsys.readouterr().err
