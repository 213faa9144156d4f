"""The model card as Markdown that any viewer shows: text from users cannot become markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from server.training.documents import facts
from server.training.documents.card import headline_rows, model_card
from server.training.documents.reading import (
    PARTS,
    PER_CLASS,
    Fields,
    column_name,
    count,
    estimate,
    fields,
    items,
    labels,
    text,
    title,
)

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$&!])")


def card_markdown(report: Fields) -> str:
    """The whole card."""
    card = model_card(report)
    blocks = [
        f"# Model card: {plain(card['model_name'])}",
        f"**{plain(facts.RESEARCH_ONLY)}**",
        plain(text(card["first_line"])),
        "## What it does",
        plain(card["task"]),
        "### Meant for",
        bullets(card["intended_use"]),
        "### Not meant for",
        bullets(card["out_of_scope"]),
        *_data(report),
        *_training(report),
        *_figures(report),
        *_subgroups(report),
        "## Limits",
        bullets(card["limits"]),
        *_checklists(card["checklists"]),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def plain(words: str) -> str:
    """Text on one line in which nothing is markup."""
    return _SPECIAL.sub(r"\\\1", " ".join(str(words).split()))


def bullets(sentences: Iterable[str]) -> str:
    """One line each."""
    return "\n".join(f"- {plain(sentence)}" for sentence in sentences)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; empty without rows."""
    lines = [[plain(cell) for cell in row] for row in rows]
    if not lines:
        return ""
    top = [[plain(cell) for cell in head], ["---"] * len(head)]
    return "\n".join("| " + " | ".join(row) + " |" for row in [*top, *lines])


def _data(report: Fields) -> list[str]:
    sizes = [
        (PARTS[part], f"{images:,}", text(groups))
        for part, (images, groups) in facts.part_sizes(report).items()
    ]
    return [
        "## Data",
        plain(facts.data_sentence(report)),
        table(("Part", "Images", f"{facts.unit_name(report)}s"), sizes),
        plain(facts.split_sentence(report)),
        "The SHA-256 of every file and the part it was in are in the report, under `recipe`.",
    ]


def _training(report: Fields) -> list[str]:
    rows = [
        (title(key), text(value))
        for key, value in facts.settings(report).items()
        if value is not None
    ]
    return [
        "## Training",
        plain(facts.recipe_sentence(report)),
        plain(facts.balancing_sentence(report)),
        table(("Setting", "Value"), rows),
        f"Versions: {plain(facts.versions_sentence(report))}",
    ]


def _figures(report: Fields) -> list[str]:
    found, baselines = fields(report.get("headline")), fields(report.get("baselines"))
    rows = [
        (
            name,
            estimate(found[key]).whole,
            facts.baseline_figure(baselines.get("majority"), key).whole,
            facts.baseline_figure(baselines.get("metadata"), key).whole,
        )
        for key, name in headline_rows(report)
    ]
    return [
        "## Figures on the test part",
        plain(facts.intervals_sentence(report)),
        table(("Figure", "This model", "Most common class", "Metadata only"), rows),
        plain(facts.above_baseline_sentence(report) or facts.baseline_sentence(report)),
        "### Each class",
        _classes(report),
        "### Confusion matrix",
        _confusion(report),
        "### Calibration and threshold",
        plain(facts.calibration_sentence(report)),
        plain(facts.operating_sentence(report)),
    ]


def _classes(report: Fields) -> str:
    rows = [fields(row) for row in items(report.get("per_class"))]
    shown = [key for key in PER_CLASS if any(key in row for row in rows)]
    head = ("Class", "Images", *(PER_CLASS[key] for key in shown))
    return table(
        head,
        [
            (
                text(row.get("label")),
                str(count(row.get("support"))),
                *(estimate(row.get(key)).whole for key in shown),
            )
            for row in rows
        ],
    )


def _confusion(report: Fields) -> str:
    names = labels(report)
    counts = items(fields(report.get("confusion_matrix")).get("counts"))
    rows = [(name, *map(text, items(row))) for name, row in zip(names, counts, strict=False)]
    return table(("true ↓ answered →", *names), rows)


def _subgroups(report: Fields) -> list[str]:
    rows = [
        (
            title(column_name(text(row.get("column")))),
            text(row.get("value")) + (" (few)" if row.get("small") is True else ""),
            str(count(row.get("images"))),
            text(row.get("lesions")),
            estimate(row.get("balanced_accuracy")).whole,
            estimate(row.get("accuracy")).whole,
        )
        for row in map(fields, items(report.get("subgroups")))
    ]
    head = ("By", "Group", "Images", "Lesions", "Balanced accuracy", "Accuracy")
    return ["## Subgroups", plain(facts.subgroup_sentence(report)), table(head, rows)]


def _checklists(checklists: Iterable[Fields]) -> list[str]:
    blocks = []
    for each in checklists:
        rows = [
            (str(item["number"]), item["asks"], item["state"], item["answer"])
            for item in each["items"]
        ]
        filled = f"{each['filled']} of {len(rows)} filled in by the program."
        blocks += [
            f"## {plain(each['name'])} checklist",
            plain(f"{each['source']}. {each['note']} {filled}"),
            table(("Item", "Asks for", "State", "Answer"), rows),
        ]
    return blocks
