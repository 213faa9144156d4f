"""Sections of the page that show pictures: the most confident mistakes and the leak audit."""

from __future__ import annotations

import re
from typing import Any

from server.training.documents.markup import Markup, join, tag
from server.training.documents.reading import Fields, count, fields, items, number, text

_PICTURE = re.compile(r"data:image/(jpeg|png|webp);base64,[A-Za-z0-9+/=]+")


def mistakes_section(report: Fields) -> Markup | None:
    """What the network was surest of and wrong."""
    rows = [fields(row) for row in items(report.get("mistakes"))]
    if not rows and "mistakes" in report:
        return tag("p", "The network made no mistake on the test part.")
    if not rows:
        return None
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
            f", {100 * sure:.0f}\N{NO-BREAK SPACE}%" if sure is not None else None,
            tag("br"),
            name,
        ),
    )


def picture(source: Any, about: str) -> Markup:
    """A picture that is inside the page; anything else becomes an empty frame."""
    if isinstance(source, str) and _PICTURE.fullmatch(source):
        return tag("img", src=source, alt=about)
    return tag("div", "no picture", class_="missing", role="img", aria_label=about)


_COUNTS = {
    "images": "Images",
    "groups": "Groups that stay in one part",
    "exact_copies": "Exact copies",
    "near_duplicates_within_lesions": "Near-duplicates inside lesions",
    "near_duplicates_across_lesions": "Near-duplicates across lesions",
    "contradictory_labels": "Pictures under two labels",
    "pairs_left_apart": "Pairs left apart",
    "pairs_across_parts": "Pairs in two parts of the split",
}
_SHARES = {
    "leak_at_random": "Test images with a sibling in training, if split at random",
    "leak_now": "The same in this split",
}
_PAIRS = {
    "pairs_across_lesions": "Near-duplicates under different lesions",
    "pairs_with_two_labels": "The same picture under two labels",
}
_SHOWN = 12


def audit_section(report: Fields) -> Markup | None:
    """What was found before the split, what was done about it, and the first few pairs."""
    audit = fields(report.get("audit"))
    if not audit:
        return None
    rows = [(name, f"{count(audit[key]):,}") for key, name in _COUNTS.items() if key in audit]
    rows += [
        (name, f"{100 * share:.1f} %")
        for key, name in _SHARES.items()
        if (share := number(audit.get(key))) is not None
    ]
    return join(
        [
            [tag("p", text(sentence)) for sentence in items(audit.get("sentences"))],
            tag("dl", [_fact(*row) for row in rows], class_="facts") if rows else None,
            [_pairs(name, items(audit.get(key))) for key, name in _PAIRS.items()],
        ]
    )


def _fact(name: str, value: str) -> Markup:
    return tag("div", tag("dt", name), tag("dd", value, class_="number"))


def _pairs(name: str, found: list[Any]) -> Markup | None:
    rows = [fields(row) for row in found]
    if not rows:
        return None
    pictured = [row for row in rows if items(row.get("thumbnails"))][:_SHOWN]
    others = [row for row in rows if row not in pictured][: 2 * _SHOWN]
    more = len(rows) - len(pictured) - len(others)
    listed = [tag("li", _pair_names(row), f": {text(row.get('done'))}") for row in others]
    return join(
        [
            tag("h3", name),
            tag("div", [_pair(row) for row in pictured], class_="pairs") if pictured else None,
            tag("ul", listed, class_="note") if listed else None,
            tag("p", f"{more:,} more are in the report.", class_="note") if more else None,
        ]
    )


def _pair_names(row: Fields) -> str:
    """``ISIC_1 (mel) and ISIC_2 (nv)``."""
    labels = items(row.get("labels"))
    return " and ".join(
        f"{text(name)} ({text(labels[place])})" if place < len(labels) else text(name)
        for place, name in enumerate(items(row.get("images")))
    )


def _pair(row: Fields) -> Markup:
    names = [text(name) for name in items(row.get("images"))]
    shown = [
        picture(source, name)
        for source, name in zip(items(row.get("thumbnails")), names, strict=False)
    ]
    caption = tag("figcaption", _pair_names(row), tag("br"), text(row.get("done")))
    return tag("figure", tag("div", shown), caption, class_="pair")
