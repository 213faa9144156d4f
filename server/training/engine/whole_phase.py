"""The whole network, trained on augmented images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import torch

from server.domain.events import Phase
from server.training.engine.augment import Draws, draw
from server.training.engine.batches import Numbers, cut
from server.training.engine.images import Examples, ImageSource
from server.training.engine.lanes import ONE_LANE
from server.training.engine.memory import for_answers
from server.training.engine.phase import PhaseSettings, Surroundings, TrainingPhase
from server.training.engine.progress import Work
from server.training.engine.sampling import Sampling
from server.training.engine.scoring import Tick, look, score
from server.training.engine.step import Answers
from server.training.engine.waiting import Waiting

_STATISTICS_IMAGES = 1024
"""Training images from which BatchNorm's statistics are measured anew."""


@dataclass(frozen=True, slots=True)
class EpochSettings:
    """What may differ from epoch to epoch of the fine-tuning.

    Attributes:
        source: the training images, at the size and the strength of augmentation of this epoch.
        cost: of an image, as a share of what one at full size costs, (0, 1].
    """

    source: ImageSource
    cost: float = 1.0


class WholePhase(TrainingPhase):
    """Trains backbone and head on augmented images.

    Args:
        epochs: the settings of each epoch of the phase, in order.
        validation_source: the images at the size of the finished network.
        learn_statistics: BatchNorm in training mode, with its statistics measured anew before each
            validation (precise BatchNorm, Wu and Johnson, arXiv 2105.07576), because Keras's slow
            running means lag behind a network that learns from nothing. False = BatchNorm in
            inference mode, which keeps what a pretrained backbone knows.
    """

    name: Phase = "fine-tuning"
    head_only = False
    work: Work = "train"

    def __init__(
        self,
        around: Surroundings,
        settings: PhaseSettings,
        train: Examples,
        optimizer: torch.optim.Optimizer,
        *,
        epochs: Sequence[EpochSettings],
        validation: Examples,
        validation_source: ImageSource,
        learn_statistics: bool,
        sampling: Sampling | None = None,
    ) -> None:
        super().__init__(
            around,
            settings,
            train,
            optimizer,
            sampling=sampling,
            batch_norm_trains=learn_statistics,
            lanes=ONE_LANE if learn_statistics else around.device.lanes,
        )
        self.epochs = epochs
        self.validation = validation
        self.validation_source = validation_source
        self.learn_statistics = learn_statistics

    def validation_logits(self, epoch: int, tick: Tick) -> npt.NDArray[np.float32]:
        if self.learn_statistics:
            self._measure_statistics(epoch, tick)
        return score(
            self.around.trainee.module,
            self.validation_source,
            self.validation.numbers,
            self.settings.batch_size,
            tick,
            warn=self.around.warn,
            ranks=self.around.ranks,
        )

    def _cost(self, epoch: int) -> float:
        return self.epochs[epoch - self.settings.first_epoch].cost

    def _enter_training(self) -> None:
        self.around.trainee.train_whole(batch_norm_trains=self.learn_statistics)

    def _batches(
        self, epoch: int, shown: Numbers, shares: Sequence[Numbers], waiting: Waiting
    ) -> Iterator[Answers]:
        source = self.epochs[epoch - self.settings.first_epoch].source
        draws = draw(self.settings.seed, epoch, len(self.train))
        stored = source.stored([self.train.numbers[shown[share]] for share in shares])

        def answer(pixels: torch.Tensor, changes: Draws, rows: slice) -> torch.Tensor:
            images = source.changed(pixels[rows], changes[rows])
            with source.device.autocast():
                return self.around.trainee.module(images)  # type: ignore[no-any-return]

        for share, pixels in zip(shares, waiting.watch(stored), strict=True):
            yield partial(answer, pixels, draws[share])

    def _measure_statistics(self, epoch: int, tick: Tick) -> None:
        counter = [0, 0, epoch, 4]
        generator = np.random.Generator(np.random.Philox(key=self.settings.seed, counter=counter))
        chosen = generator.permutation(self.train.numbers)[:_STATISTICS_IMAGES]
        source, module = self.validation_source, self.around.trainee.module
        micro_batch = for_answers(self.settings.batch_size, self.around.warn)

        def features(pixels: torch.Tensor, rows: slice) -> torch.Tensor:
            with source.device.autocast():
                return module.features(source.as_images(pixels[rows]))

        with self.around.trainee.measuring_statistics():
            for pixels in source.stored(cut(chosen, self.settings.batch_size)):
                look(partial(features, pixels), len(pixels), micro_batch)
                tick("forward", len(pixels))


def statistics_images(train_images: int) -> int:
    """How many images each measuring of BatchNorm's statistics passes."""
    return min(train_images, _STATISTICS_IMAGES)
