"""How a run is laid out before it starts: its epochs, its work, and what makes it this run."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from server.domain.errors import InvalidInput
from server.domain.training_request import TrainingRequest
from server.training.dataset import Dataset
from server.training.engine.progress import Work
from server.training.engine.weights import ResolvedWeights
from server.training.engine.whole_phase import statistics_images
from server.training.evaluation.split import PARTS

SECOND_HEAD_EPOCHS = 10
_GROWING_SHARES = (0.8, 0.8, 0.9, 1.0)
_VERSION = 3
"""Raised when a checkpoint of older code must not be gone on from."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The layout of one run.

    Attributes:
        epochs: of the whole run, ``head_epochs`` first, then ``fine_tune_epochs``.
        random_start: nothing was pretrained, so BatchNorm learns its statistics and the whole
            network has one rate.
        train, validation, test: number of images.
        views: of each image that the finished network may look at.
        fingerprint: of all that decides the result; a checkpoint fits only the same one.
    """

    epochs: int
    head_epochs: int
    fine_tune_epochs: int
    random_start: bool
    train: int
    validation: int
    test: int
    views: int
    fingerprint: str

    def image_share(self, epoch: int) -> float:
        """Side of the training images in an epoch, as a share of the network's input, (0, 1].

        Progressive resizing (Tan and Le, arXiv 2104.00298): what is coarse is learnt cheaply
        before what is fine. The last epoch is at full size, and so is all of a random start.
        """
        place = epoch - self.head_epochs - 1
        if self.random_start or place < 0 or epoch == self.epochs:
            return 1.0
        return _GROWING_SHARES[len(_GROWING_SHARES) * place // self.fine_tune_epochs]

    @property
    def has_second_head(self) -> bool:
        """Whether another head is fitted after the fine-tuning."""
        return self.fine_tune_epochs > 0 and not self.random_start

    def second_head_work(self) -> dict[Work, float]:
        """What the second head needs."""
        if not self.has_second_head:
            return {}
        return {
            "forward": self.train + self.validation + self.test,
            "head": SECOND_HEAD_EPOCHS * self.train + self.validation,
        }

    @property
    def feature_images(self) -> int:
        """Images that the frozen backbone has to look at: all of them."""
        return self.train + self.validation + self.test if self.head_epochs else 0

    @property
    def answers(self) -> int:
        """Looks at images by which the finished network is chosen and tested."""
        chosen_by = self.validation if self.views == 1 else (1 + self.views) * self.validation
        return chosen_by + self.views * self.test

    def epoch_work(self, epoch: int) -> dict[Work, float]:
        """What one epoch needs."""
        if epoch <= self.head_epochs:
            return {"head": self.train + self.validation}
        measured = statistics_images(self.train) if self.random_start else 0
        return {
            "train": self.train * self.image_share(epoch) ** 2,
            "forward": self.validation + measured,
        }

    def work(self, stopped_after: int | None = None) -> dict[Work, float]:
        """What the whole run needs, or one that stops early after that epoch."""
        total: dict[Work, float] = {
            "decode": self.train + self.validation + self.test,
            "forward": self.feature_images + self.answers,
            "save": 1,
        }
        last = self.epochs if stopped_after is None else stopped_after
        second = self.second_head_work() if stopped_after is None else {}
        for part in (*map(self.epoch_work, range(1, last + 1)), second):
            for kind, amount in part.items():
                total[kind] = total.get(kind, 0) + amount
        return total


def make_plan(request: TrainingRequest, dataset: Dataset, weights: ResolvedWeights) -> Plan:
    """Lay out the run of ``request`` on ``dataset``."""
    random_start = weights.used == "random"
    head, fine_tuned = phase_epochs(request.epochs, request.fine_tune_epochs, random_start)
    return Plan(
        epochs=request.epochs,
        head_epochs=head,
        fine_tune_epochs=fine_tuned,
        random_start=random_start,
        train=len(dataset.split.train),
        validation=len(dataset.split.validation),
        test=len(dataset.split.test),
        views=request.views,
        fingerprint=_fingerprint(request, dataset, weights),
    )


def check_batch_size(request: TrainingRequest, random_start: bool) -> None:
    """Refuse a batch that is too small for what is asked.

    Raises:
        InvalidInput: see the sentence.
    """
    _, fine_tuned = phase_epochs(request.epochs, request.fine_tune_epochs, random_start)
    if random_start and fine_tuned and request.batch_size < 2:
        raise InvalidInput(
            "A start from random weights needs a batch_size of at least 2, because BatchNorm "
            "compares the images of a batch.",
            field="batch_size",
        )


def phase_epochs(epochs: int, fine_tune_epochs: int | None, random_start: bool) -> tuple[int, int]:
    """How the epochs of a run are shared out.

    Returns:
        Epochs of the head alone, epochs of the whole network. By default the last quarter, rounded
        up, trains the whole network; all of them when nothing was pretrained.
    """
    if fine_tune_epochs is None:
        fine_tune_epochs = epochs if random_start else -(-epochs // 4)
    return epochs - fine_tune_epochs, fine_tune_epochs


def _fingerprint(request: TrainingRequest, dataset: Dataset, weights: ResolvedWeights) -> str:
    settings = request.as_dict()
    # The same files under another name, and the same weights found another way, are the same run.
    del settings["dataset_name"], settings["weights"]
    content = {
        "version": _VERSION,
        "settings": settings,
        "image_size": dataset.image_size,
        "weights": weights.sha256,
        "images": dataset.hash,
        "split": {part: [image.image_id for image in dataset.split.part(part)] for part in PARTS},
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
