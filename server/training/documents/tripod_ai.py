"""TRIPOD+AI: how a study of a prediction model is reported (Collins et al., BMJ 2024)."""

from __future__ import annotations

from server.training.documents import facts
from server.training.documents.checklist import Checklist, fill
from server.training.documents.reading import Fields

_ASKED = (
    ("1", "Title: development or evaluation of a prediction model, population, outcome"),
    ("2", "Abstract by the TRIPOD+AI checklist for abstracts"),
    ("3a", "Healthcare context, whether diagnostic or prognostic, reasons, existing models"),
    ("3b", "Target population, intended purpose in the care pathway, intended users"),
    ("3c", "Known health inequalities between sociodemographic groups"),
    ("4", "Objectives; development, evaluation or both"),
    ("5a", "Sources of the development and evaluation data, why these, how representative"),
    ("5b", "Dates of the data"),
    ("6a", "Setting; number and place of centres"),
    ("6b", "Eligibility of participants"),
    ("6c", "Treatments received and how they were handled"),
    ("7", "Data preparation and quality checks, alike in all groups or not"),
    ("8a", "Outcome, its time horizon, how and when it was assessed, alike in all groups or not"),
    ("8b", "Assessors of a subjective outcome, their qualification"),
    ("8c", "Blinding of the outcome's assessment"),
    ("9a", "Choice of initial predictors and any selection before modelling"),
    ("9b", "All predictors, how and when measured, blinding"),
    ("9c", "Assessors of subjective predictors, their qualification"),
    ("10", "How the study size was arrived at, and whether it suffices"),
    ("11", "Missing data: how handled, what was left out and why"),
    ("12a", "How the data were used and partitioned"),
    ("12b", "How predictors were handled: form, scaling, transformation"),
    ("12c", "Type of model, all steps of building, tuning, internal validation"),
    ("12d", "Differences between clusters such as hospitals: how handled"),
    ("12e", "All measures and plots of performance, and how models were compared"),
    ("12f", "Updating of the model after evaluation"),
    ("12g", "How the predictions of the evaluation were calculated"),
    ("13", "Class imbalance: methods, and recalibration afterwards"),
    ("14", "Methods for fairness and their reasons"),
    ("15", "The model's output, and any classification with its thresholds"),
    ("16", "Differences between development and evaluation data"),
    ("17", "Ethical approval and consent"),
    ("18a", "Funding and the funders' role"),
    ("18b", "Conflicts of interest"),
    ("18c", "Where the protocol is, or that there is none"),
    ("18d", "Registration, or that there is none"),
    ("18e", "Availability of the data"),
    ("18f", "Availability of the analytical code"),
    ("19", "Involvement of patients and the public, or that there was none"),
    ("20a", "Flow of participants, with and without the outcome"),
    ("20b", "Characteristics overall and by source or setting, missing data"),
    ("20c", "Predictors in the evaluation data compared with the development data"),
    ("21", "Participants and outcome events in each analysis"),
    ("22", "The whole model, so that others can predict with it"),
    ("23a", "Performance with intervals, also in key subgroups; plots"),
    ("23b", "Heterogeneity of performance across clusters"),
    ("24", "Results of updating"),
    ("25", "Interpretation, fairness included, against the objectives and earlier studies"),
    ("26", "Limitations and what they do to bias, uncertainty and generalisability"),
    ("27a", "How poor or missing input is to be assessed and handled in use"),
    ("27b", "Whether users have to act on the input, and what expertise they need"),
    ("27c", "Next steps for research, applicability and generalisability"),
)

_HINTS = {
    "3c": "Darker skin is rare in public sets of dermoscopic images; say what yours has.",
    "5a": "The program knows the files, not where and how they were collected.",
    "5b": "Not in the files that were uploaded.",
    "8a": "Say for each class whether it was settled by histopathology, follow-up or consensus.",
    "10": "The sizes are under 21; the intervals under 23a show what they allow.",
    "18e": "The SHA-256 of every file is in the report, so that the data can be recognised.",
    "20b": "The table of subgroups counts the test part only.",
    "23b": "Possible when a column of the metadata names the centre.",
}


def tripod_ai(report: Fields) -> Checklist:
    """The 27 items (52 with their parts) for one model."""
    absent = {
        "12f": "The model was not updated after its evaluation.",
        "24": "The model was not updated after its evaluation.",
        "9c": "The only predictor is the photograph.",
    }
    return Checklist(
        name="TRIPOD+AI",
        source="Collins et al., BMJ 2024;385:e078378",
        note="Items by number, in our own short words; the official wording decides.",
        items=fill(_ASKED, _answers(report), absent, _HINTS),
    )


def _answers(report: Fields) -> dict[str, str]:
    return _about_methods(report) | _about_results(report)


def _about_methods(report: Fields) -> dict[str, str]:
    split = facts.split_sentence(report)
    return {
        "4": "Development, with one evaluation on held-out images of the same source.",
        "7": f"Unreadable images were refused, alike in all groups. {facts.audit_sentence(report)}",
        "9a": "None chosen: the photograph alone goes in, no metadata.",
        "9b": "One photograph in RGB, scaled to the input size.",
        "11": "An image without a class takes no part. The network uses no metadata.",
        "12a": split and f"{split} Dealt out by seed, stratified by class.",
        "12b": f"Pixels as RGB in [0, 1]. {facts.task_sentence(report)}",
        "12c": f"{facts.recipe_sentence(report)} The epoch with the best balanced accuracy on "
        "validation was kept; nothing was chosen on the test part.",
        "12e": facts.measures_sentence(report),
        "12g": "The saved network answered each test image; files and network were compared.",
        "13": facts.balancing_sentence(report),
        "14": f"None while training. {facts.subgroup_sentence(report)}",
        "15": f"{facts.task_sentence(report)} The answer is the most probable class. "
        f"{facts.operating_sentence(report)}".strip(),
        "16": "The same source: the test images were held out from one dataset at random by "
        "group, so no outside data were looked at.",
        "18f": f"DermaScan is open source; versions: {facts.versions_sentence(report)}.",
    }


def _about_results(report: Fields) -> dict[str, str]:
    return {
        "21": f"{facts.split_sentence(report)} Test part: {facts.classes_sentence(report)}.",
        "22": "The whole network with its weights, as .h5 and ONNX, beside this card.",
        "23a": f"{facts.headline_sentence(report)} {facts.calibration_sentence(report)} "
        f"{facts.subgroup_sentence(report)}".strip(),
        "27a": "An unreadable image is refused. A photograph of something else is not recognised "
        "as such and still gets an answer.",
    }
