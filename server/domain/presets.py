"""Three ways to train, for whoever does not want to choose every number.

A preset names fields of ``TrainingRequest``; what was chosen by hand wins over it. All numbers of
all presets stand here and nowhere else.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from server.domain.architectures import architecture
from server.domain.errors import InvalidInput
from server.domain.training_request import TrainingRequest

_DEFAULTS = TrainingRequest(dataset_name="")


@dataclass(frozen=True, slots=True)
class Preset:
    """One way to train.

    Attributes:
        name: as flags and requests spell it.
        title: as people read it.
        sentence: for whom it is, without a promise of time: that is measured.
        architecture: what it suggests; None = the researcher's choice, or the default.
        epochs: of the whole run.
        fine_tune_share: of the epochs, those that train the backbone too, rounded up; None = the
            default of a run, which also knows what to do when nothing was pretrained.
        batch_size: images a step.
        image_size: side of the input in pixels; None = chosen from the images.
        native_size: the input has the side that the backbone was designed for.
        views: of each image that the finished network looks at.
    """

    name: str
    title: str
    sentence: str
    architecture: str | None
    epochs: int
    fine_tune_share: float | None
    batch_size: int
    image_size: int | None
    native_size: bool
    views: int

    def settings(self, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The fields of ``TrainingRequest`` that it names.

        Args:
            given: fields chosen by hand, which decide the others: the architecture decides the
                native size, the number of epochs what a share of them is.

        Raises:
            InvalidInput: the given architecture is not known.
        """
        given = given or {}
        backbone = architecture(
            given.get("architecture") or self.architecture or _DEFAULTS.architecture
        )
        epochs = given.get("epochs", self.epochs)
        share = self.fine_tune_share
        return {
            "architecture": backbone.name,
            "epochs": epochs,
            "fine_tune_epochs": None if share is None else math.ceil(share * epochs),
            "batch_size": self.batch_size,
            "image_size": backbone.native_size if self.native_size else self.image_size,
            "views": self.views,
        }


_ALL = (
    Preset(
        name="quick",
        title="Quick",
        sentence="A first look on a laptop: a light network, small images, few epochs.",
        architecture="MobileNetV2",
        epochs=8,
        fine_tune_share=None,
        batch_size=32,
        image_size=128,
        native_size=False,
        views=1,
    ),
    Preset(
        name="standard",
        title="Standard",
        sentence="The usual settings: the last layer first, then the whole network for a quarter "
        "of the epochs.",
        architecture=None,
        epochs=_DEFAULTS.epochs,
        fine_tune_share=None,
        batch_size=_DEFAULTS.batch_size,
        image_size=None,
        native_size=False,
        views=_DEFAULTS.views,
    ),
    Preset(
        name="best",
        title="Best",
        sentence="For a GPU: images at the network's own size, the whole network trained for most "
        "of the epochs.",
        architecture=None,
        epochs=30,
        fine_tune_share=0.8,
        batch_size=32,
        image_size=None,
        native_size=True,
        views=4,
    ),
)

PRESETS: dict[str, Preset] = {each.name: each for each in _ALL}


def preset(name: str) -> Preset:
    """The preset of that name, in any letter case.

    Raises:
        InvalidInput: for an unknown name; the sentence lists the known ones.
    """
    found = PRESETS.get(name.strip().lower())
    if found is None:
        raise InvalidInput(
            f"The preset {name!r} is not known; choose one of {', '.join(PRESETS)}.",
            field="preset",
        )
    return found


def with_preset(name: str | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of ``TrainingRequest``: those ``given`` by hand, the others from the preset.

    Args:
        name: of the preset; None = no preset.

    Raises:
        InvalidInput: the preset, or the given architecture, is not known.
    """
    return dict(given) if name is None else {**preset(name).settings(given), **given}
