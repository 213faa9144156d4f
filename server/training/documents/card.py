"""The model card as plain JSON: what the model is for, what it is not for, and how well it does.

After Mitchell et al., Model Cards for Model Reporting (arXiv 1810.03993).
"""

from __future__ import annotations

from typing import Any

from server.training.documents import facts
from server.training.documents.clear_derm import clear_derm
from server.training.documents.reading import HEADLINE, Fields, count, fields, items, labels, number
from server.training.documents.tripod_ai import tripod_ai

FORMAT = 1

INTENDED_USE = (
    "Research on classifying photographs of skin lesions: comparing methods, teaching, studies.",
    "Photographs like those it was tested on: alike in camera and patients, one lesion each.",
)
OUT_OF_SCOPE = (
    "Diagnosis, triage, screening, or any decision about a person's care.",
    "Use by patients on themselves.",
    "Classes that it was not trained on: to any picture it answers with one of its own classes.",
    "Cameras, body sites, ages and skin tones that the test part does not show.",
)


def model_card(report: Fields) -> dict[str, Any]:
    """Everything on the card; the Markdown is made from it."""
    return {
        "format": FORMAT,
        "model_name": str(report.get("model_name")),
        "created_at": report.get("created_at"),
        "first_line": report.get("first_line"),
        "research_only": facts.RESEARCH_ONLY,
        "task": facts.task_sentence(report),
        "classes": labels(report),
        "intended_use": list(INTENDED_USE),
        "out_of_scope": list(OUT_OF_SCOPE),
        "data": _data(report),
        "training": _training(report),
        "figures": _figures(report),
        "subgroups": items(report.get("subgroups")),
        "limits": limits(report),
        "checklists": [clear_derm(report).as_dict(), tripod_ai(report).as_dict()],
    }


def _data(report: Fields) -> dict[str, Any]:
    return {
        "sentence": facts.data_sentence(report),
        "hash": facts.data_hash(report),
        "split": facts.split_sentence(report),
        "split_sizes": {
            part: {"images": images, "groups": groups}
            for part, (images, groups) in facts.part_sizes(report).items()
        },
        "grouped_by": facts.grouped_by(report),
        "file_hashes": "The SHA-256 of every file is in the report, under recipe.",
    }


def _training(report: Fields) -> dict[str, Any]:
    weights = fields(report.get("weights")) or fields(fields(report.get("recipe")).get("weights"))
    return {
        "sentence": facts.recipe_sentence(report),
        "settings": dict(facts.settings(report)),
        "class_balancing": facts.balancing_sentence(report),
        "weights": dict(weights),
        "seed": report.get("seed", facts.settings(report).get("seed")),
        "versions": facts.versions_sentence(report),
    }


def _figures(report: Fields) -> dict[str, Any]:
    return {
        "headline": report.get("headline"),
        "baselines": report.get("baselines"),
        "per_class": report.get("per_class"),
        "confusion_matrix": report.get("confusion_matrix"),
        "calibration": report.get("calibration"),
        "calibration_sentence": facts.calibration_sentence(report),
        "operating_point": report.get("operating_point"),
        "operating_sentence": facts.operating_sentence(report),
        "baseline_sentence": facts.baseline_sentence(report),
        "above_baseline_sentence": facts.above_baseline_sentence(report),
        "intervals": facts.intervals_sentence(report),
    }


def limits(report: Fields) -> list[str]:
    """What the figures do not say; those that this model's own report shows come first."""
    said = []
    if fields(report.get("data")).get("is_sample") or fields(report.get("recipe")).get("is_sample"):
        said.append("The pictures were drawn by this program: the figures say nothing about skin.")
    rare = [
        f"{row.get('label')} ({count(row.get('support'))})"
        for row in map(fields, items(report.get("per_class")))
        if count(row.get("support")) < 30
    ]
    if rare:
        said.append(f"Few test images, so wide intervals, for: {', '.join(rare)}.")
    if facts.grouped_by(report) == "image":
        said.append(
            "The metadata name neither lesion nor patient, so siblings may be in two parts and the "
            "figures may be too good."
        )
    small = [row for row in map(fields, items(report.get("subgroups"))) if row.get("small") is True]
    if small:
        said.append(f"{len(small)} subgroups are too small to say anything of.")
    if not facts.has_skin_tone(report):
        said.append(
            "Nothing is known of its performance by skin tone: the report holds no results by it."
        )
    if number(fields(report.get("operating_point")).get("threshold")) is None:
        said.append("No threshold for malignancy was set.")
    return [*said, *_ALWAYS]


_ALWAYS = (
    "Tested on held-out images of one source only; elsewhere it is likely to do worse.",
    "Never tested in care, beside a clinician, or on consecutive patients.",
    "Classes are as common as in the dataset, not as in a clinic: precision does not carry over.",
    "Labels are taken as the dataset gives them.",
)


def headline_rows(report: Fields) -> list[tuple[str, str]]:
    """Key and name of the headline figures that the report has."""
    found = fields(report.get("headline"))
    return [(key, name) for key, name in HEADLINE.items() if key in found]
