"""What a researcher asks for when pressing *Start training*: every knob, its default, its limits.

The field names are those of the document's ``POST /api/start-training`` and, with dashes, of the
flags of ``train.py``; the record is stored with the job and, whole, in the model's metadata.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from server.domain.architectures import architecture
from server.domain.errors import InvalidInput

OPTIMIZERS = ("Adam", "SGD", "RMSprop")
MAX_EPOCHS = 1000
MAX_BATCH_SIZE = 1024
MIN_IMAGE_SIZE = 32
MAX_IMAGE_SIZE = 1024
VIEWS = (1, 2, 4)


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """One training run, as asked for.

    Attributes:
        dataset_name: folder under ``data/``.
        architecture: one of ``domain.architectures.ARCHITECTURES``.
        epochs: of the whole run (1–1000): head on the frozen backbone first, then fine-tuning.
        batch_size: images a step (1–1024).
        optimizer: ``Adam`` (with decoupled weight decay), ``SGD`` (Nesterov) or ``RMSprop``.
        learning_rate: peak rate of the head; a pretrained backbone learns at 0.3 of it. (0, 1].
        class_balancing: rare classes count as much as common ones (logit adjustment by the log of
            the class prior, Menon et al., arXiv 2007.07314).
        fine_tune_epochs: how many of ``epochs`` train the backbone too; ``None`` = the last quarter
            (all of them when the start is random), 0 = the backbone stays frozen.
        weights: ``auto``, ``imagenet``, ``none`` or the path of a Keras weights file.
        image_size: side of the square input in pixels; ``None`` = chosen from the images.
        seed: of the split, the initial weights, the order and the augmentation.
        views: mirror images over which the finished network takes the mean, the picture itself
            included: one of ``VIEWS``. They take that many times as long to answer, and are kept
            only where validation agrees.
    """

    dataset_name: str
    architecture: str = "DenseNet169"
    epochs: int = 30
    batch_size: int = 32
    optimizer: str = "Adam"
    learning_rate: float = 0.001
    class_balancing: bool = True
    fine_tune_epochs: int | None = None
    weights: str = "auto"
    image_size: int | None = None
    seed: int = 0
    views: int = 4

    def __post_init__(self) -> None:
        object.__setattr__(self, "architecture", architecture(self.architecture).name)
        object.__setattr__(self, "optimizer", _optimizer(self.optimizer))
        _within("epochs", self.epochs, 1, MAX_EPOCHS)
        _within("batch_size", self.batch_size, 1, MAX_BATCH_SIZE)
        if not (math.isfinite(self.learning_rate) and 0 < self.learning_rate <= 1):
            raise InvalidInput(
                f"learning_rate must be above 0 and at most 1, not {self.learning_rate}.",
                field="learning_rate",
            )
        if self.fine_tune_epochs is not None:
            _within("fine_tune_epochs", self.fine_tune_epochs, 0, self.epochs)
        if self.image_size is not None:
            _within("image_size", self.image_size, MIN_IMAGE_SIZE, MAX_IMAGE_SIZE)
        _within("seed", self.seed, 0, 2**31 - 1)
        if self.views not in VIEWS:
            raise InvalidInput(f"views must be 1, 2 or 4, not {self.views}.", field="views")
        if not self.weights.strip():
            raise InvalidInput(
                "weights must be auto, imagenet, none or the path of a weights file.",
                field="weights",
            )

    def as_dict(self) -> dict[str, Any]:
        """The record as plain JSON values."""
        return asdict(self)


def _optimizer(name: str) -> str:
    for known in OPTIMIZERS:
        if known.lower() == name.strip().lower():
            return known
    raise InvalidInput(
        f"The optimizer {name!r} is not known; choose one of {', '.join(OPTIMIZERS)}.",
        field="optimizer",
    )


def _within(field: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise InvalidInput(f"{field} must be from {low} to {high}, not {value}.", field=field)
