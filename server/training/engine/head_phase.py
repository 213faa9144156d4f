"""The head, trained on features that the frozen backbone gave once."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
import torch

from server.domain.events import Phase
from server.training.engine.batches import Numbers, cut
from server.training.engine.features import ImageFeatures
from server.training.engine.images import Examples
from server.training.engine.phase import PhaseSettings, Surroundings, TrainingPhase
from server.training.engine.progress import Work
from server.training.engine.scoring import Tick
from server.training.engine.step import Answers
from server.training.engine.threads import one_core
from server.training.engine.waiting import Waiting


class HeadPhase(TrainingPhase):
    """Trains the head on the kept features of a backbone that stays as it is."""

    name: Phase = "head"
    head_only = True
    work: Work = "head"

    def __init__(
        self,
        around: Surroundings,
        settings: PhaseSettings,
        train: Examples,
        optimizer: torch.optim.Optimizer,
        *,
        validation: Examples,
        features: ImageFeatures,
    ) -> None:
        super().__init__(around, settings, train, optimizer)
        self.validation = validation
        self.features = features

    def validation_logits(self, epoch: int, tick: Tick) -> npt.NDArray[np.float32]:
        self.around.trainee.module.eval()
        batches = cut(self.validation.numbers, max(self.settings.batch_size, 256))
        with torch.inference_mode():
            read = self.features.batches(batches)
            answers = [self._answer(vectors, slice(None)).cpu().numpy() for vectors in read]
        tick("head", len(self.validation))
        return np.concatenate(answers)

    def _cores(self) -> contextlib.AbstractContextManager[None]:
        return one_core()  # a step is too small to be shared out

    def _enter_training(self) -> None:
        self.around.trainee.train_head()

    def _batches(
        self, epoch: int, shown: Numbers, shares: Sequence[Numbers], waiting: Waiting
    ) -> Iterator[Answers]:
        numbers = [self.train.numbers[shown[share]] for share in shares]
        for vectors in waiting.watch(self.features.batches(numbers)):
            yield partial(self._answer, vectors)

    def _answer(self, vectors: torch.Tensor, rows: slice) -> torch.Tensor:
        moved = vectors[rows].to(self.around.device.torch).float()
        return self.around.trainee.module.logits_from_features(moved)
