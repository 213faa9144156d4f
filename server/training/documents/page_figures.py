"""Sections of the page: headline figures, confusion matrix, each class, operating point."""

from __future__ import annotations

from server.training.documents import facts
from server.training.documents.charts import whisker
from server.training.documents.markup import Child, Markup, join, tag
from server.training.documents.reading import (
    HEADLINE,
    PER_CLASS,
    Estimate,
    Fields,
    count,
    estimate,
    fields,
    items,
    labels,
    number,
    reason,
    text,
)


def headline_section(report: Fields) -> Markup:
    """Each figure with its interval, and what is reached without looking at a picture."""
    found, baselines = fields(report.get("headline")), fields(report.get("baselines"))
    cards = [
        _card(name, estimate(found[key]), key, baselines)
        for key, name in HEADLINE.items()
        if key in found
    ]
    why = reason(baselines.get("metadata"))
    above = facts.above_baseline_sentence(report)
    return join(
        [
            tag(
                "p",
                "On the test part. ",
                "The line is the 95 % interval from a bootstrap that draws whole "
                f"{facts.grouped_by(report)}s again. "
                if facts.has_intervals(report)
                else facts.intervals_sentence(report) + " ",
                tag("span", class_="key"),
                "What is reached without looking at any picture, with its interval.",
                class_="note",
            ),
            tag("dl", cards, class_="headline"),
            tag("p", above, class_="finding") if above else None,
            tag("p", f"Metadata-only baseline: {why}", class_="note") if why else None,
        ]
    )


def _card(name: str, figure: Estimate, key: str, baselines: Fields) -> Markup:
    majority = facts.baseline_figure(baselines.get("majority"), key)
    metadata = facts.baseline_figure(baselines.get("metadata"), key)
    known = [
        (other, value)
        for other, value in (("Metadata only", metadata), ("Most common class", majority))
        if value.value is not None
    ]
    beside = [
        [tag("dt", other), tag("dd", value.text, tag("small", value.interval))]
        for other, value in known
    ]
    return tag(
        "div",
        tag("dt", name),
        tag(
            "dd",
            tag("div", figure.text, class_="big"),
            tag("div", figure.interval, class_="interval"),
            whisker(name, figure, [("beside-mark", value) for _, value in known]),
            tag("dl", beside, class_="beside") if beside else None,
        ),
    )


def confusion_section(report: Fields) -> Markup | None:
    """A row for each true class and a column for each answer, in images and in % of the row."""
    names = labels(report)
    counts = items(fields(report.get("confusion_matrix")).get("counts"))
    if not names or len(counts) != len(names):
        return None
    head = tag(
        "tr",
        tag("th", "true\N{NO-BREAK SPACE}↓ answered\N{NO-BREAK SPACE}→"),
        [tag("th", name, scope="col") for name in names],
    )
    rows = [
        tag("tr", tag("th", name, scope="row"), _cells(items(row), place))
        for place, (name, row) in enumerate(zip(names, counts, strict=True))
    ]
    return join(
        [
            tag("p", "Images, and their share of the true class.", class_="note"),
            _table(head, rows, "matrix"),
        ]
    )


def _cells(row: list[object], place: int) -> list[Markup]:
    numbers = [count(cell) for cell in row]
    total = sum(numbers)
    cells = []
    for column, images in enumerate(numbers):
        share = images / total if total else 0.0
        style = " ".join(
            name for name, holds in (("right", column == place), ("none", not images)) if holds
        )
        cells.append(
            tag(
                "td",
                f"{images:,}",
                tag("small", f"{100 * share:.0f} %") if images else None,
                class_=style or None,
                style=f"--share:{0.85 * share:.3f}",
            )
        )
    return cells


def class_section(report: Fields) -> Markup | None:
    """Every figure of every class with its interval."""
    rows = [fields(row) for row in items(report.get("per_class"))]
    if not rows:
        return None
    shown = [key for key in PER_CLASS if any(key in row for row in rows)]
    head = tag(
        "tr",
        tag("th", "Class"),
        [tag("th", name, class_="n") for name in ("Images", f"{facts.unit_name(report)}s")],
        [tag("th", PER_CLASS[key], class_="n") for key in shown],
    )
    body = [
        tag(
            "tr",
            tag("th", text(row.get("label")), scope="row"),
            tag("td", f"{count(row.get('support')):,}", class_="n"),
            tag("td", text(row.get("lesions")), class_="n"),
            [_figure_cell(estimate(row.get(key))) for key in shown],
        )
        for row in rows
    ]
    note = "A class against all others, by the most probable answer."
    return join([tag("p", note, class_="note"), _table(head, body)])


def operating_section(report: Fields) -> Markup | None:
    """The threshold chosen on validation and what it does on the test part, or why none is."""
    point = fields(report.get("operating_point"))
    if number(point.get("threshold")) is None:
        why = reason(report.get("operating_point"))
        return tag("p", why) if why else None
    head = tag(
        "tr",
        tag("th", ""),
        [tag("th", name, class_="n") for name in ("Sensitivity", "Specificity")],
    )
    body = [
        tag(
            "tr",
            tag("th", name, scope="row"),
            _figure_cell(estimate(fields(point.get(part)).get("sensitivity"))),
            _figure_cell(estimate(fields(point.get(part)).get("specificity"))),
        )
        for part, name in (("validation", "Validation (chosen here)"), ("test", "Test"))
    ]
    return join([tag("p", facts.operating_sentence(report)), _table(head, body, "matrix-free")])


def _figure_cell(figure: Estimate) -> Markup:
    interval = tag("small", figure.interval) if figure.interval else None
    return tag("td", figure.text, interval, class_="n")


def _table(head: Markup, rows: Child, style: str | None = None) -> Markup:
    table = tag("table", tag("thead", head), tag("tbody", rows), class_=style)
    return tag("div", table, class_="scroll", tabindex="0")
