"""The ``recipe`` section of a report: all that is needed to run the same training again.

``describe_recipe`` writes it, ``recipe_of`` reads it back. The table of images is also what tells,
when two models are compared, which images each of them has seen.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, cast

from server.domain.errors import InvalidInput
from server.training.evaluation.split import PARTS

if TYPE_CHECKING:
    from server.training.context import Context

FORMAT = 1
LARGEST_REPORT_BYTES = 1 << 30


class ImageTable(TypedDict):
    """The images that took part, one entry of every list each.

    Attributes:
        id: image id.
        sha256: of its file.
        label: its class.
        group: what the split kept together.
        part: ``train``, ``validation`` or ``test``.
    """

    id: list[str]
    sha256: list[str]
    label: list[str]
    group: list[str]
    part: list[str]


class StartingWeights(TypedDict):
    """What the network started from (``imagenet``, ``random``, ``file``), and its hash."""

    used: str
    file: str | None
    sha256: str | None


class Recipe(TypedDict):
    """One training, so that it can be run again.

    Attributes:
        format: of this section.
        request: every setting of ``TrainingRequest``, with the image size and the epochs of
            fine-tuning that were really used.
        weights: what it started from.
        data_hash: one SHA-256 over ids, labels, groups and files.
        images: the images and the split.
        is_sample: they are pictures drawn by this program.
        device, bfloat16: what it was computed on, and whether in bfloat16.
        versions: package to version.
        stopped_after: epochs finished when the run was stopped early; None = it was not.
    """

    format: int
    request: dict[str, Any]
    weights: StartingWeights
    data_hash: str
    images: ImageTable
    is_sample: bool
    device: str
    bfloat16: bool
    versions: dict[str, str]
    stopped_after: int | None


def describe_recipe(
    context: Context, versions: Mapping[str, str], stopped_after: int | None
) -> Recipe:
    """The recipe of the run that ``context`` is."""
    dataset, weights = context.dataset, context.network.weights
    part_of = {image.image_id: part for part in PARTS for image in dataset.split.part(part)}
    return Recipe(
        format=FORMAT,
        request=context.spec.request.as_dict()
        | {
            "image_size": dataset.image_size,
            "fine_tune_epochs": context.plan.fine_tune_epochs,
        },
        weights=StartingWeights(
            used=weights.used,
            file=weights.path.name if weights.path else None,
            sha256=weights.sha256,
        ),
        data_hash=dataset.hash,
        images=ImageTable(
            id=[image.image_id for image in dataset.images],
            sha256=list(dataset.hashes),
            label=[image.label for image in dataset.images],
            group=[dataset.group_of[image.image_id] for image in dataset.images],
            part=[part_of[image.image_id] for image in dataset.images],
        ),
        is_sample=dataset.manifest.is_sample,
        device=context.device.description,
        bfloat16=context.device.bfloat16,
        versions=dict(versions),
        stopped_after=stopped_after,
    )


def read_report(path: Path) -> dict[str, Any]:
    """A ``…_report.json``, as it is.

    Raises:
        InvalidInput: when it is not there or is no report.
    """
    wanted = "give the …_report.json that training left beside the model"
    try:
        if path.stat().st_size > LARGEST_REPORT_BYTES:
            raise InvalidInput(f"{path} is too large to be a report; {wanted}.")
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise InvalidInput(f"There is no report {path}; {wanted}.") from error
    except OSError as error:
        raise InvalidInput(f"The report {path} cannot be read ({error.strerror}).") from error
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{path} is not a report; {wanted}.") from error
    if not isinstance(found, dict) or "test_answers" not in found:
        raise InvalidInput(f"{path} is not a report; {wanted}.")
    return found


def recipe_of(report: Mapping[str, Any], path: Path) -> Recipe:
    """The recipe in a report.

    Raises:
        InvalidInput: when it has none of this format.
    """
    found = report.get("recipe")
    try:
        if not isinstance(found, dict) or found["format"] != FORMAT:
            raise KeyError("format")
        # older reports know nothing of early stops
        told = {"stopped_after": None, **found}
        complete = {name: told[name] for name in Recipe.__annotations__}
        if len({len(found["images"][name]) for name in ImageTable.__annotations__}) != 1:
            raise KeyError("images")
    except (KeyError, TypeError) as error:
        raise InvalidInput(
            f"The report {path} does not say all that is needed, perhaps because another version "
            "of DermaScan wrote it."
        ) from error
    return cast(Recipe, complete)
