"""Sections of the page that show pictures: the most confident mistakes and the leak audit."""

from __future__ import annotations

import re
from typing import Any

from server.training.documents.markup import Child, Markup, join, tag
from server.training.documents.reading import Fields, count, fields, items, number, text, title

_PICTURE = re.compile(r"data:image/(jpeg|png|webp);base64,[A-Za-z0-9+/=]+")


def mistakes_section(report: Fields) -> Markup | None:
    """What the network was surest of and wrong."""
    rows = [fields(row) for row in items(report.get("mistakes"))]
    if not rows:
        return (
            tag("p", "The network made no mistake on the test part.")
            if _no_mistake(report)
            else None
        )
    return join(
        [
            tag(
                "p",
                "Test images that were answered wrongly with the highest probability.",
                class_="note",
            ),
            tag("div", [_mistake(row) for row in rows], class_="pictures"),
        ]
    )


def _no_mistake(report: Fields) -> bool:
    return "mistakes" in report


def _mistake(row: Fields) -> Markup:
    sure = number(row.get("probability"))
    name = text(row.get("image_id"))
    return tag(
        "figure",
        picture(row.get("thumbnail"), f"{name}, which is {text(row.get('truth'))}"),
        tag(
            "figcaption",
            tag("strong", text(row.get("truth"))),
            f" taken for {text(row.get('answer'))}",
            f", {100 * sure:.0f} %" if sure is not None else None,
            tag("br"),
            name,
        ),
    )


def picture(source: Any, about: str) -> Markup:
    """A picture that is inside the page; anything else becomes an empty frame."""
    if isinstance(source, str) and _PICTURE.fullmatch(source):
        return tag("img", src=source, alt=about, loading="lazy")
    return tag("div", "no picture", class_="missing", role="img", aria_label=about)


def audit_section(report: Fields) -> Markup | None:
    """What was found before the split, what was done about it, and the first few pairs."""
    audit = fields(report.get("audit"))
    if not audit:
        return None
    sentences = [text(each) for each in items(audit.get("sentences"))]
    summary: Child = [tag("p", sentence) for sentence in sentences]
    numbers = [
        (title(key), f"{count(value):,}") for key, value in audit.items() if _is_count(key, value)
    ]
    shown = [tag("div", tag("dt", name), tag("dd", value)) for name, value in numbers]
    found = [_findings(title(key), value) for key, value in audit.items() if _is_findings(value)]
    return join([summary, tag("dl", shown, class_="facts") if shown else None, found])


def _is_count(key: str, value: Any) -> bool:
    return key != "format" and isinstance(value, int) and not isinstance(value, bool)


def _is_findings(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, dict) for each in value)


def _findings(name: str, rows: list[Fields]) -> Markup:
    with_pictures = [row for row in rows if items(row.get("thumbnails"))]
    pairs = [_pair(row) for row in with_pictures]
    return join(
        [
            tag("h3", f"{name}: {len(rows):,}"),
            tag("div", pairs, class_="pairs") if pairs else None,
        ]
    )


def _pair(row: Fields) -> Markup:
    names = [text(each) for each in items(row.get("images") or row.get("image_ids"))]
    shown = [
        picture(source, names[place] if place < len(names) else "picture")
        for place, source in enumerate(items(row.get("thumbnails")))
    ]
    said = text(row.get("done") or row.get("what_was_done") or "")
    return tag(
        "figure",
        tag("div", shown),
        tag("figcaption", ", ".join(names), tag("br"), said),
        class_="pair",
    )
