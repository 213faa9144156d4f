"""Columns that give the diagnosis away: the diagnosis in other words, or how it was found.

A model that sees one of them learns the answer from it. They are kept with the image where that is
useful, named to the researcher, and never learnt from. What is learnt from the table at all are
age, sex and body site alone (``training.evaluation.metadata_baseline``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_NAMES = frozenset(
    {
        # the diagnosis, finer, coarser, or as a number
        "dx", "diagnosis", "diagnostic", "disease", "clinicaldiagnosis", "histologicaldiagnosis",
        "histopathology", "benignmalignant", "malignant", "malignancy", "melanocytic", "target",
        "ninepartitionlabel", "threepartitionlabel", "nevustype", "pathology",
        # how it was confirmed: what looks harmless is not cut out
        "dxtype", "diagnosisconfirmtype", "confirmationmethod", "biopsed", "biopsied",
        "concomitantbiopsy", "management", "histology",
        # what is measured only once a melanoma has been found
        "melclass", "melmitoticindex", "melthickmm", "meltype", "melulcer",
        # sums of what an expert saw
        "sevenpointscore", "totaldermoscopyscore", "tds",
    }
)  # fmt: skip
_BEGINNINGS = re.compile(r"iddx(full|\d)|diagnosis\d|tbplv(dnnlesion|nevi)confidence$")
_NOT_CARRIED = re.compile(r"iddx|tbplv|tbptiletype$")


def leaks(column: str) -> bool:
    """Whether a column of that name (in reduced form) gives the diagnosis away."""
    return column in _NAMES or _BEGINNINGS.match(column) is not None


def stays_in_the_table(column: str) -> bool:
    """Whether a column is left in the table: dozens of measurements for each of 400,000 images."""
    return _NOT_CARRIED.match(column) is not None


def said(columns: Iterable[str]) -> str:
    """One sentence that names them; empty when there are none."""
    names = list(columns)
    if not names:
        return ""
    shown = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
    verb = "gives" if len(names) == 1 else "give"
    what = "The column" if len(names) == 1 else "The columns"
    return f"{what} {shown} {verb} the diagnosis away and will not be learnt from."
