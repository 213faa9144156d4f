"""Sections of the page: what was tested, how it was trained, and how to do it again."""

from __future__ import annotations

from server.training.documents import facts
from server.training.documents.markup import Child, Markup, join, tag
from server.training.documents.reading import PARTS, Fields, count, fields, items, text, title


def tested_section(report: Fields) -> Markup | None:
    """The three parts, and that none of them shares a lesion with another."""
    sizes = facts.part_sizes(report)
    unit = facts.grouped_by(report)
    rows = [
        tag(
            "tr",
            tag("th", PARTS[part], scope="row"),
            tag("td", f"{images:,}", class_="n"),
            tag("td", "–" if groups is None else f"{groups:,}", class_="n"),
            tag("td", _USE.get(part) or facts.chosen_on_validation(report)),
        )
        for part, (images, groups) in sizes.items()
    ]
    head = tag(
        "tr",
        tag("th", "Part"),
        [tag("th", name, class_="n") for name in ("Images", f"{facts.unit_name(report)}s")],
        tag("th", "Used for"),
    )
    table = tag("table", tag("thead", head), tag("tbody", rows))
    kept = (
        "The metadata names neither lesion nor patient: each image was taken for a lesion of its "
        "own, so that siblings may be in two parts."
        if unit == "image"
        else f"Split by {unit}: all images of one {unit} are in one part."
    )
    left_out = fields(fields(report.get("data")).get("left_out_classes"))
    names = ", ".join(f"{name} ({text(groups)})" for name, groups in left_out.items())
    return join(
        [
            tag("p", kept, class_="note"),
            tag("div", table, class_="scroll") if rows else None,
            tag("p", f"Left out, too few {unit}s for three parts: {names}.") if names else None,
        ]
    )


_USE = {
    "train": "learning",
    "test": "these figures, once, at the end",
}


def recipe_section(report: Fields) -> Markup:
    """Every setting, the start, the machine and the versions."""
    chosen = facts.settings(report)
    recipe = fields(report.get("recipe"))
    rows = [(title(key), text(value)) for key, value in chosen.items() if value is not None]
    rows.append(("Seed", text(report.get("seed", chosen.get("seed")))))
    rows.append(("Device", text(recipe.get("device") or report.get("device"))))
    if "bfloat16" in recipe:
        rows.append(("Arithmetic", "bfloat16" if recipe["bfloat16"] else "float32"))
    rows = list(dict(rows).items())
    return join(
        [
            tag("p", facts.weights_sentence(report)),
            tag("p", facts.stopped_sentence(report)) if facts.stopped_sentence(report) else None,
            _facts(rows),
            tag("p", "Versions: ", facts.versions_sentence(report), class_="note versions"),
        ]
    )


def data_section(report: Fields) -> Markup:
    """The hashes, the command that runs it again, and the other files."""
    data, recipe = fields(report.get("data")), fields(report.get("recipe"))
    model = text(report.get("model_name"))
    weights = fields(report.get("weights")) or fields(recipe.get("weights"))
    rows: list[tuple[str, Child]] = [
        (
            "Images",
            f"{count(data.get('images')) or len(items(fields(recipe.get('images')).get('id'))):,}",
        ),
        ("SHA-256 over ids, labels, groups and files", tag("code", facts.data_hash(report))),
    ]
    if weights.get("sha256"):
        rows.append(("SHA-256 of the starting weights", tag("code", text(weights["sha256"]))))
    command = f"python server/training/train.py --from-report {_quoted(model + '_report.json')}"
    again = (
        "With the same images, versions and machine this gives the same model. The data folder is "
        "looked for where the settings say; images and weights that differ are refused."
    )
    files = (
        f"The SHA-256 of every file, the split and every answer are in {model}_report.json; the "
        f"answers for the official ISIC scorer in {model}_test_predictions.csv and "
        f"{model}_test_truth.csv; intended use, limits and checklists in {model}_card.md."
    )
    return join(
        [
            _facts(rows),
            tag("h3", "Run it again"),
            tag("pre", command),
            tag("p", again),
            tag("p", files, class_="note"),
        ]
    )


def _quoted(name: str) -> str:
    plain = all(letter.isalnum() or letter in "._-" for letter in name)
    return name if plain else "'" + name.replace("'", "'\\''") + "'"


def _facts(rows: list[tuple[str, str]] | list[tuple[str, Child]]) -> Markup:
    shown = [tag("div", tag("dt", name), tag("dd", value)) for name, value in rows]
    return tag("dl", shown, class_="facts")
