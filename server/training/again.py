"""``train.py --from-report``: the same training once more, or one sentence on why it cannot be.

The settings come from the report, so nothing can be set beside it; the images, the split and the
first weights are where the user says and must be the very same, which their hashes tell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from server.domain.errors import InvalidInput, UnusableDataset
from server.domain.training_request import TrainingRequest
from server.training.evaluation.split import PARTS
from server.training.recipe import Recipe

if TYPE_CHECKING:
    from server.training.dataset import Dataset
    from server.training.engine.weights import ResolvedWeights

_FLAGS = {"architecture": "arch"}
_COLUMNS = {
    "sha256": "another content",
    "label": "another label",
    "group": "another lesion",
    "part": "another part of the split",
}


def request_again(recipe: Recipe, given: Mapping[str, Any], dataset_name: str) -> TrainingRequest:
    """The request of the report's training.

    Args:
        given: fields that the user set beside it; only the place of a weights file may be.
        dataset_name: of the folder that is trained on now.

    Raises:
        InvalidInput: when something was given that the report decides, or when the report knows
            settings that this version does not.
    """
    from_file = recipe["weights"]["used"] == "file"
    for name in given:
        if not (name == "weights" and from_file):
            flag = _FLAGS.get(name, name).replace("_", "-")
            raise InvalidInput(
                f"--{flag} cannot stand beside --from-report, which trains exactly as the report "
                "says; leave one of them out.",
                field=name,
            )
    # reports from before there were views are of networks that have one
    settings = {"views": 1} | dict(recipe["request"]) | {"dataset_name": dataset_name}
    unknown = sorted(set(settings) - set(TrainingRequest.__slots__))
    if unknown:
        raise InvalidInput(
            f"The report names settings that this version does not know: {', '.join(unknown)}; "
            f"use the version {recipe['versions'].get('dermascan', 'that wrote it')}.",
            field="from_report",
        )
    if recipe["weights"]["used"] == "random":
        settings["weights"] = "none"
    return TrainingRequest(**settings | dict(given))


def default_data_dir(recipe: Recipe, data: Path) -> Path:
    """The folder of the report's dataset under ``data``.

    Raises:
        InvalidInput: when it is not there.
    """
    name = str(recipe["request"].get("dataset_name", ""))
    folder = data / name
    if not name or not folder.is_dir():
        raise InvalidInput(
            f"The report's model was trained on {name!r}, and there is no folder {folder}; say "
            "where its images are with --data-dir.",
            field="data_dir",
        )
    return folder


def check_weights(recipe: Recipe, weights: ResolvedWeights) -> None:
    """Refuse other first weights than the report's.

    Raises:
        InvalidInput: naming both.
    """
    wanted = recipe["weights"]
    if wanted["used"] == weights.used and wanted["sha256"] == weights.sha256:
        return
    raise InvalidInput(
        f"The report's model started from {_words(wanted['used'], wanted['sha256'])}, and here it "
        f"would start from {_words(weights.used, weights.sha256)}; name the folder of the weights "
        "file with --weights-dir"
        f"{', or the file with --weights' if wanted['used'] == 'file' else ''}.",
        field="weights",
    )


def check_data(recipe: Recipe, dataset: Dataset) -> None:
    """Refuse other images, labels, lesions or parts of the split than the report's.

    Raises:
        UnusableDataset: saying what differs.
    """
    table = recipe["images"]
    before = dict(
        zip(table["id"], zip(*(table[name] for name in _COLUMNS), strict=True), strict=True)  # type: ignore[literal-required]
    )
    part_of = {image.image_id: part for part in PARTS for image in dataset.split.part(part)}
    now = {
        image.image_id: (
            digest,
            image.label,
            dataset.group_of[image.image_id],
            part_of[image.image_id],
        )
        for image, digest in zip(dataset.images, dataset.hashes, strict=True)
    }
    differs = _what_differs(before, now)
    if not differs and dataset.hash != recipe["data_hash"]:
        differs = ["the hash of the whole is another"]
    if differs:
        raise UnusableDataset(
            f"The images in {dataset.folder} are not those of the report: {'; '.join(differs)}. "
            "Give the folder with the very same files and table."
        )


def other_versions(recipe: Recipe, versions: Mapping[str, str], device: str) -> str | None:
    """What is computed with other versions or another device than the report's; None = nothing."""
    before = recipe["versions"] | {"device": recipe["device"]}
    now = dict(versions) | {"device": device}
    names = [name for name in before if before[name] != now.get(name)]
    if not names:
        return None
    said = "; ".join(f"{name} {now.get(name, 'missing')}, not {before[name]}" for name in names)
    return (
        f"Not everything is as it was for the report, so the model may come out otherwise: {said}."
    )


def _what_differs(
    before: Mapping[str, tuple[str, ...]], now: Mapping[str, tuple[str, ...]]
) -> list[str]:
    common = before.keys() & now.keys()
    said = [
        _counted(sorted(before.keys() - now.keys()), "missing"),
        _counted(sorted(now.keys() - before.keys()), "new"),
    ]
    changed: Counter[str] = Counter()
    first: dict[str, str] = {}
    for image in sorted(common):
        for name, one, other in zip(_COLUMNS, before[image], now[image], strict=True):
            if one != other:
                changed[name] += 1
                first.setdefault(name, image)
    said += [
        f"{many} with {_COLUMNS[name]}, such as {first[name]}" for name, many in changed.items()
    ]
    return [sentence for sentence in said if sentence]


def _counted(images: Iterable[str], what: str) -> str:
    names = list(images)
    return f"{len(names)} {what}, such as {names[0]}" if names else ""


def _words(used: str, sha256: str | None) -> str:
    kind = {"imagenet": "ImageNet weights", "random": "random weights"}.get(used, "a weights file")
    return f"{kind} (SHA-256 {sha256[:12]}…)" if sha256 else kind
