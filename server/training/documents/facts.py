"""Sentences about one training that the card and both checklists share, taken from the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.training.documents.reading import (
    HEADLINE,
    PARTS,
    PER_CLASS,
    UNKNOWN,
    Estimate,
    Fields,
    column_name,
    count,
    estimate,
    fields,
    items,
    labels,
    number,
    reason,
    text,
)

RESEARCH_ONLY = (
    "This is research software. It is not a medical device, it has no regulatory clearance, and it "
    "must not be used for diagnosing or treating anybody."
)


def settings(report: Fields) -> Fields:
    """What was asked for, with the sizes and epochs that were really used."""
    return fields(report.get("settings")) or fields(fields(report.get("recipe")).get("request"))


def architecture(report: Fields) -> str:
    """The backbone's name."""
    return text(settings(report).get("architecture"))


def part_sizes(report: Fields) -> dict[str, tuple[int, int | None]]:
    """Part to its number of images and of groups (None = not told)."""
    counts = fields(fields(report.get("split")).get("counts"))
    found: dict[str, tuple[int, int | None]] = {}
    for part in PARTS:
        if part not in counts:
            continue
        value = counts[part]
        if isinstance(value, Mapping):
            groups = number(value.get("groups", value.get("lesions")))
            found[part] = (count(value.get("images")), None if groups is None else int(groups))
        else:
            found[part] = (count(value), None)
    return found


def grouped_by(report: Fields) -> str:
    """``lesion``, ``patient`` or ``image``."""
    return str(fields(report.get("split")).get("grouped_by") or "lesion")


def plural(number_of: int, name: str) -> str:
    """``1 lesion``, ``2 lesions``."""
    return f"{number_of:,} {name}{'' if number_of == 1 else 's'}"


def split_sentence(report: Fields) -> str:
    """Sizes of the three parts, and what they share."""
    unit = grouped_by(report)
    sizes = [
        f"{PARTS[part].lower()} {plural(images, 'image')}"
        + (f" of {plural(groups, unit)}" if groups is not None and unit != "image" else "")
        for part, (images, groups) in part_sizes(report).items()
    ]
    if not sizes:
        return ""
    kept = "image has siblings that are known" if unit == "image" else f"{unit} is in two parts"
    return f"{'; '.join(sizes)}. No {kept}. The test part was scored once, at the end."


def classes_sentence(report: Fields) -> str:
    """The classes and how many test images each has."""
    rows = [fields(row) for row in items(report.get("per_class"))]
    return ", ".join(
        f"{row.get('label')} ({plural(count(row.get('support')), 'test image')})" for row in rows
    )


def data_sentence(report: Fields) -> str:
    """The dataset, its size and its hash."""
    data = fields(report.get("data"))
    drawn = " Pictures drawn by this program, not photographs." if data.get("is_sample") else ""
    name = data.get("dataset_name") or settings(report).get("dataset_name")
    images = plural(count(data.get("images")), "image")
    layout = f", layout {data['layout']}" if data.get("layout") else ""
    version = f", version {data['version']}" if data.get("version") else ""
    about = f"Dataset {text(name)}{version}: {images}{layout}"
    return f"{about}; SHA-256 over all of it {data_hash(report)}.{drawn}"


def data_hash(report: Fields) -> str:
    """One hash over ids, labels, groups and files."""
    recipe = fields(report.get("recipe"))
    return text(fields(report.get("data")).get("hash") or recipe.get("data_hash"))


def headline_sentence(report: Fields) -> str:
    """The headline figures with their intervals."""
    found = fields(report.get("headline"))
    shown = [
        f"{name.lower()} {estimate(found[key]).whole}"
        for key, name in HEADLINE.items()
        if key in found
    ]
    return f"{'; '.join(shown)}. {intervals_sentence(report)}" if shown else ""


def has_intervals(report: Fields) -> bool:
    """Whether the headline figures have intervals."""
    return any(estimate(value).interval for value in fields(report.get("headline")).values())


def intervals_sentence(report: Fields) -> str:
    """Where the intervals come from, or that there are none."""
    if has_intervals(report):
        return "In brackets the 95 % interval from a bootstrap over groups of images."
    return "This report holds no intervals: a figure of few images may be off by far."


def chosen_on_validation(report: Fields) -> str:
    """What the validation part was used for."""
    found = fields(report.get("calibration"))
    calibration = "the temperature and the correction" if _corrected(found) else "the temperature"
    fitted = number(found.get("temperature")) is not None
    threshold = number(fields(report.get("operating_point")).get("threshold")) is not None
    parts = ["the epoch", *([calibration] * fitted), *(["the threshold"] * threshold)]
    return "choosing " + " and ".join([", ".join(parts[:-1]), parts[-1]] if parts[1:] else parts)


def audit_sentence(report: Fields) -> str:
    """That copies were looked for, where the report says what was found."""
    if not fields(report.get("audit")):
        return "Exact copies are kept in one part of the split."
    return "Copies, near-duplicates and contradictory labels were looked for; see the leak audit."


def baseline_sentence(report: Fields) -> str:
    """What is reached without looking at a picture."""
    baselines = fields(report.get("baselines"))
    said = []
    for key, name in (("majority", "always the most common class"), ("metadata", "metadata only")):
        value = baseline_figure(baselines.get(key), "balanced_accuracy")
        if value.value is not None:
            said.append(f"{name}: balanced accuracy {value.whole}")
        elif why := reason(baselines.get(key)):
            said.append(f"{name}: {why}")
    return "; ".join(said)


def above_baseline_sentence(report: Fields) -> str:
    """Whether the pictures taught the network anything; beside the metadata where it has them."""
    baselines = fields(report.get("baselines"))
    said = [fields(baselines.get(key)).get("sentence") for key in ("metadata", "majority")]
    return next((sentence for sentence in said if isinstance(sentence, str)), "")


def baseline_figure(baseline: Any, key: str) -> Estimate:
    """One figure of a baseline, wherever in it the figures stand."""
    found = fields(baseline)
    for place in (found, fields(found.get("headline")), fields(found.get("metrics"))):
        if key in place:
            return estimate(place[key])
    return estimate(None)


def calibration_sentence(report: Fields) -> str:
    """ECE before and after calibration."""
    found = fields(report.get("calibration"))
    before, after = estimate(found.get("ece_before")), estimate(found.get("ece_after"))
    if before.value is None and after.value is None:
        return ""
    return (
        f"Expected calibration error {before.whole} as trained, {after.whole} with "
        f"{calibration_words(found)}, fitted on validation."
    )


def calibration_words(found: Fields) -> str:
    """Temperature and correction with their numbers."""
    words = f"temperature {text(number(found.get('temperature')))}"
    if not _corrected(found):
        return words
    return (
        f"{words} and {text(number(found.get('correction')))} of the logarithm of each class's "
        "share taken away from common classes"
    )


def _corrected(calibration: Fields) -> bool:
    return bool(number(calibration.get("correction")))


def operating_sentence(report: Fields) -> str:
    """The threshold for the malignant classes, or why there is none."""
    point = fields(report.get("operating_point"))
    threshold = number(point.get("threshold"))
    if threshold is None:
        return reason(report.get("operating_point"))
    test = fields(point.get("test"))
    return (
        f"For {text(point.get('malignant_classes'))} together, a threshold of {threshold:.4g} was "
        f"chosen on validation for a sensitivity of {text(point.get('wanted_sensitivity'))}; on "
        f"the test part: sensitivity {estimate(test.get('sensitivity')).whole}, specificity "
        f"{estimate(test.get('specificity')).whole}."
    )


def subgroup_columns(report: Fields) -> list[str]:
    """The metadata columns that results are given by, in order."""
    found = [str(fields(row).get("column")) for row in items(report.get("subgroups"))]
    return list(dict.fromkeys(found))


def subgroup_sentence(report: Fields) -> str:
    """By what the results are broken down."""
    columns = subgroup_columns(report)
    if not columns:
        return "The report holds no results by age, sex, body site or skin tone."
    names = ", ".join(map(column_name, columns))
    return f"Results by {names}, each with its n and interval, small groups marked."


def has_skin_tone(report: Fields) -> bool:
    """Whether the results are broken down by skin tone."""
    names = " ".join(subgroup_columns(report)).lower()
    return any(word in names for word in ("skin_tone", "skin tone", "fitz", "monk", "fst"))


def weights_sentence(report: Fields) -> str:
    """What the network started from."""
    found = fields(report.get("weights")) or fields(fields(report.get("recipe")).get("weights"))
    if found.get("sentence"):
        return str(found["sentence"])
    sha = f" (SHA-256 {found['sha256']})" if found.get("sha256") else ""
    return f"Started from {text(found.get('used'))} weights{sha}."


def recipe_sentence(report: Fields) -> str:
    """Backbone, weights, size, epochs, optimiser, seed."""
    chosen = settings(report)
    said = [
        f"{architecture(report)} at {text(chosen.get('image_size'))} pixels",
        f"{text(chosen.get('epochs'))} epochs",
        f"the last {text(chosen.get('fine_tune_epochs'))} of them on the whole network",
        f"batch {text(chosen.get('batch_size'))}",
        f"{text(chosen.get('optimizer'))} at rate {text(chosen.get('learning_rate'))}",
        f"seed {text(report.get('seed', chosen.get('seed')))}",
    ]
    if chosen.get("views", 1) != 1:
        said.append(f"the mean over {text(chosen.get('views'))} mirror images of each picture")
    return " ".join(
        filter(None, [f"{', '.join(said)}.", stopped_sentence(report), weights_sentence(report)])
    )


def stopped_sentence(report: Fields) -> str:
    """That the run was stopped early; empty when it was not."""
    return str(fields(report.get("stopped_early")).get("sentence") or "")


def versions_sentence(report: Fields) -> str:
    """Package and version, each."""
    found = fields(report.get("versions")) or fields(fields(report.get("recipe")).get("versions"))
    return ", ".join(f"{name} {version}" for name, version in found.items()) or UNKNOWN


def measures_sentence(report: Fields) -> str:
    """The figures and diagrams that the report really has."""
    headline, rows = fields(report.get("headline")), items(report.get("per_class"))
    whole = [name for key, name in HEADLINE.items() if key in headline]
    each = [name for key, name in PER_CLASS.items() if any(key in fields(row) for row in rows)]
    drawn = [
        name
        for key, name in (
            ("roc", "ROC"),
            ("precision_recall", "precision–recall"),
            ("reliability", "reliability"),
        )
        if fields(report.get("curves")).get(key)
    ]
    diagrams = f" Diagrams: {', '.join(drawn)}." if drawn else ""
    return (
        f"Headline: {', '.join(whole)}. For each class: {', '.join(each)}. Confusion matrix."
        f"{diagrams} {intervals_sentence(report)}"
    )


def task_sentence(report: Fields) -> str:
    """What the network answers."""
    names = ", ".join(labels(report))
    return f"One photograph of a skin lesion to a probability for each of: {names}."


def balancing_sentence(report: Fields) -> str:
    """How common and rare classes were weighed."""
    chosen = settings(report).get("class_balancing")
    if chosen in (None, False, "none"):
        return "No class balancing." if chosen is not None else ""
    how = "" if chosen is True else f" ({text(chosen)})"
    return (
        f"Class balancing was on{how}: the network answers more as if all classes were equally "
        f"common, which raises the sensitivity for rare ones. {calibration_sentence(report)}"
    )


def unit_name(report: Fields) -> str:
    """``Lesion``, ``Patient``: what the split keeps together, as the head of a column."""
    return "Lesion" if grouped_by(report) == "image" else grouped_by(report).capitalize()
