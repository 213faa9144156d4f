"""The report as one page that needs nothing else: no script, no font, no picture from outside."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from server.training.documents import facts
from server.training.documents.markup import Markup, join, tag
from server.training.documents.page_curves import curves_section, reliability_section
from server.training.documents.page_evidence import audit_section, mistakes_section
from server.training.documents.page_figures import (
    class_section,
    confusion_section,
    headline_section,
    operating_section,
)
from server.training.documents.page_subgroups import subgroup_section
from server.training.documents.page_training import data_section, recipe_section, tested_section
from server.training.documents.reading import Fields, text

_STYLE = Path(__file__).with_name("report.css")

SECTIONS: tuple[tuple[str, str, Callable[[Fields], Markup | None]], ...] = (
    ("figures", "Figures", headline_section),
    ("tested", "What was tested", tested_section),
    ("confusion", "Confusion matrix", confusion_section),
    ("classes", "Each class", class_section),
    ("curves", "ROC and precision–recall", curves_section),
    ("reliability", "Calibration", reliability_section),
    ("threshold", "Threshold for malignancy", operating_section),
    ("subgroups", "Subgroups", subgroup_section),
    ("mistakes", "Most confident mistakes", mistakes_section),
    ("audit", "Leak audit", audit_section),
    ("recipe", "Training recipe", recipe_section),
    ("data", "Data and running it again", data_section),
)
"""Anchor, heading and maker of each section; one that has nothing to show is left out."""


def page(report: Fields) -> str:
    """The whole page as text; the same report gives the same page."""
    made = [(anchor, name, make(report)) for anchor, name, make in SECTIONS]
    there = [(anchor, name, content) for anchor, name, content in made if content]
    model = text(report.get("model_name"))
    body = tag(
        "main",
        _opening(report, model),
        tag("nav", [tag("a", name, href=f"#{anchor}") for anchor, name, _ in there]),
        [tag("section", tag("h2", name), content, id=anchor) for anchor, name, content in there],
        tag("footer", tag("p", facts.RESEARCH_ONLY)),
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{model}: test report"),
        tag("style", Markup(_STYLE.read_text("utf-8"))),
    )
    return join([Markup("<!doctype html>\n"), tag("html", head, tag("body", body), lang="en")])


def _opening(report: Fields, model: str) -> Markup:
    about = f"{facts.architecture(report)} · {text(report.get('created_at'))[:10]}"
    return tag(
        "header",
        tag("p", f"DermaScan test report · {about}", class_="eyebrow"),
        tag("h1", model),
        tag("p", text(report.get("first_line")), class_="lead"),
        tag("p", text(report.get("notice") or facts.RESEARCH_ONLY), class_="notice"),
    )
