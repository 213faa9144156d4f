"""Section of the page: the figures of subgroups, each with its size and interval."""

from __future__ import annotations

from server.training.documents import facts
from server.training.documents.charts import whisker
from server.training.documents.markup import Markup, join, tag
from server.training.documents.reading import (
    Estimate,
    Fields,
    column_name,
    count,
    estimate,
    fields,
    items,
    text,
    title,
)


def subgroup_section(report: Fields) -> Markup | None:
    """A dot and a line for each value of each column, beside the figure of the whole test part."""
    rows = [fields(row) for row in items(report.get("subgroups"))]
    if not rows:
        return tag("p", facts.subgroup_sentence(report))
    key = (
        "balanced_accuracy" if any(_value(row, "balanced_accuracy") for row in rows) else "accuracy"
    )
    whole = Estimate(estimate(fields(report.get("headline")).get(key)).value)
    parts = []
    for column in facts.subgroup_columns(report):
        shown = [row for row in rows if str(row.get("column")) == column]
        parts += [
            tag("h3", title(column_name(column))),
            tag("div", [_row(row, key, whole) for row in shown], class_="groups"),
        ]
    note = (
        f"{title(key)} with its 95 % interval; dashed: the whole test part. Hollow dots rest on "
        f"few {facts.grouped_by(report)}s and may be off by far. A subgroup's figure counts the "
        "classes that occur in it."
    )
    return join([tag("p", note, class_="note"), *parts])


def _row(row: Fields, key: str, whole: Estimate) -> list[Markup]:
    figure, small = estimate(row.get(key)), row.get("small") is True
    value = text(row.get("value"))
    lesions = f" / {count(row.get('lesions')):,}" if row.get("lesions") is not None else ""
    return [
        tag(
            "div",
            value,
            [" ", tag("span", "few", class_="small")] if small else None,
        ),
        tag("div", f"n = {count(row.get('images')):,}{lesions}", class_="n soft"),
        whisker(value, figure, [("whole-mark", whole)], hollow=small),
        tag("div", figure.whole, class_="n figure"),
    ]


def _value(row: Fields, key: str) -> bool:
    return estimate(row.get(key)).value is not None
