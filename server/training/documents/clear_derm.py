"""CLEAR Derm: how image-based AI in dermatology is reported (Daneshjou et al., 2022)."""

from __future__ import annotations

from server.training.documents import facts
from server.training.documents.checklist import Checklist, fill
from server.training.documents.reading import Fields, fields

_ASKED = (
    ("1", "Data: kinds of images, such as dermoscopic or clinical"),
    ("2", "Data: artefacts in the images and how they were dealt with"),
    ("3", "Data: how the images were taken, devices and settings"),
    ("4", "Data: pre-processing"),
    ("5", "Data: synthetic images, made public if used"),
    ("6", "Data: references of public images"),
    ("7", "Data: metadata of the patients"),
    ("8", "Data: skin tone and how it was assessed"),
    ("9", "Data: biases that metadata may bring"),
    ("10", "Data: how the data were partitioned"),
    ("11", "Data: sizes of the training, validation and test parts"),
    ("12", "Data: an external test set"),
    ("13", "Data: images from several vendors' devices"),
    ("14", "Data: distribution and balance of the classes"),
    ("15", "Data: images unlike those that were trained on"),
    ("16", "Technique: how the labels were made"),
    ("17", "Technique: labels by accepted diagnostic terms"),
    ("18", "Technique: histopathology for malignant neoplasms"),
    ("19", "Technique: the algorithm and its development in detail"),
    ("20", "Assessment: how others can evaluate the algorithm"),
    ("21", "Assessment: measures of performance"),
    ("22", "Assessment: benchmarks, comparison, what is new"),
    ("23", "Assessment: bias"),
    ("24", "Application: uses and conditions it is meant for"),
    ("25", "Application: what it may mean for care teams and patients"),
)

_HINTS = {
    "1": "The program sees pixels, not whether a dermatoscope was used.",
    "5": "The program made none; say whether the dataset has any.",
    "6": "Give the references of the dataset; its hash is in the report.",
    "8": "The report holds no results by skin tone.",
    "12": "The test part comes from the same source. Results on images of another clinic are "
    "needed before anything can be said of them.",
    "15": "Not tested. The network gives an answer to any picture.",
    "18": "A subgroup table by dx_type, where the metadata has it, shows how labels were made.",
}


def clear_derm(report: Fields) -> Checklist:
    """The 25 items for one model."""
    drawn = bool(fields(report.get("data")).get("is_sample"))
    return Checklist(
        name="CLEAR Derm",
        source="Daneshjou et al., JAMA Dermatology 2022;158(1):90–96",
        note="The order and the words of these 25 items could not be compared with the published "
        "table; compare them before you submit the list.",
        items=fill(_ASKED, _answers(report, drawn), {}, _HINTS),
    )


def _answers(report: Fields, drawn: bool) -> dict[str, str]:
    columns = ", ".join(facts.subgroup_columns(report))
    tone = "Where the metadata gives it; see the results by subgroup."
    return {
        "2": f"None were removed. {facts.audit_sentence(report)}",
        "4": "Turned upright, scaled to a square without cropping, RGB in [0, 1]; the rest "
        "travels inside the saved model.",
        "5": "All images were drawn by this program; the same command draws them again."
        if drawn
        else "",
        "7": f"Columns in use for the results: {columns}. None goes into the network."
        if columns
        else "",
        "8": tone if facts.has_skin_tone(report) else "",
        "9": f"The network sees no metadata. Baselines: {facts.baseline_sentence(report)}.",
        "10": f"By {facts.grouped_by(report)}, stratified by class; none is torn apart.",
        "11": facts.split_sentence(report),
        "14": f"{facts.classes_sentence(report)}. {facts.balancing_sentence(report)}",
        "19": f"{facts.recipe_sentence(report)} Versions: {facts.versions_sentence(report)}.",
        "20": "The weights (.h5, ONNX), the answers to every test image as CSV, the split, the "
        "hashes and the command that runs the training again are beside this card.",
        "21": f"{facts.headline_sentence(report)} {facts.calibration_sentence(report)} "
        f"{facts.operating_sentence(report)}".strip(),
        "22": f"{facts.baseline_sentence(report)}. Test answers are in the format of the official "
        "ISIC scorer. What is new is for the researcher to say.",
        "23": facts.subgroup_sentence(report) if columns else "",
    }
