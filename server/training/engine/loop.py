"""The loop over epochs: train, validate, keep the best, write a checkpoint, tell.

The checkpoint that counts is the one with the highest balanced accuracy on validation, not the
lowest loss: with rare classes the two disagree, and the first is what is asked for.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from server.domain.errors import InvalidInput
from server.domain.events import EpochEnded
from server.training.engine.checkpoint import Best, Checkpoint, save_checkpoint, save_weights
from server.training.engine.loss import Loss
from server.training.engine.phases import TrainingPhase
from server.training.engine.progress import Work, WorkMeter
from server.training.engine.trainee import Trainee
from server.training.evaluation.metrics import balanced_accuracy
from server.training.events import Announcer


@dataclass(slots=True)
class Course:
    """Where a run stands between two epochs.

    Attributes:
        epoch: the last that is finished.
        seconds: spent so far, over all attempts.
    """

    epoch: int
    history: list[EpochEnded]
    best: Best | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Loop:
    """What stays the same over the epochs of a run.

    Attributes:
        targets: [n], encoded labels of the validation part.
        epochs: of the whole run.
    """

    trainee: Trainee
    loss: Loss
    targets: npt.NDArray[np.int64]
    epochs: int
    fingerprint: str
    run_dir: Path
    announcer: Announcer
    meter: WorkMeter

    def run(self, phase: TrainingPhase, course: Course) -> None:
        """Train the epochs of ``phase`` that ``course`` has not finished; moves ``course`` on."""
        for epoch in range(course.epoch + 1, phase.first_epoch + phase.epochs):
            started = time.monotonic()
            self.meter.restart_clock()

            def tick(work: Work, amount: float, epoch: int = epoch) -> None:
                self.meter.add(work, amount)
                message = f"Epoch {epoch}/{self.epochs}"
                self.announcer.progress(self.meter, epoch, self.epochs, message)

            figures = phase.train_epoch(epoch, tick)
            logits = phase.validation_logits(tick)
            if not (math.isfinite(figures.loss) and np.isfinite(logits).all()):
                raise InvalidInput(
                    f"The training diverged in epoch {epoch}: the numbers grew beyond all bounds. "
                    "Start again with a lower learning rate, such as 0.001.",
                    field="learning_rate",
                )
            seconds = time.monotonic() - started
            answers = logits.argmax(axis=1)
            balanced = balanced_accuracy(self.targets, answers, logits.shape[1])
            loss = self.loss.of(logits, self.targets)
            better = course.best is None or course.best.is_beaten_by(balanced, loss)
            ended = EpochEnded(
                event="epoch",
                time=time.time(),
                epoch=epoch,
                epochs=self.epochs,
                phase=phase.name,
                loss=figures.loss,
                accuracy=figures.accuracy,
                val_loss=loss,
                val_accuracy=float((answers == self.targets).mean()),
                val_balanced_accuracy=balanced,
                learning_rate=figures.learning_rate,
                seconds=round(seconds, 3),
                best=better,
            )
            self._keep(phase, course, ended)
            self.announcer.epoch(ended)
            self.announcer.checkpoint(epoch, self.run_dir / "checkpoint.pt")

    def _keep(self, phase: TrainingPhase, course: Course, ended: EpochEnded) -> None:
        weights = self.trainee.state(head_only=phase.head_only)
        if ended["best"]:
            course.best = Best(
                epoch=ended["epoch"],
                balanced_accuracy=ended["val_balanced_accuracy"],
                loss=ended["val_loss"],
                file=save_weights(weights, self.run_dir, ended["epoch"]),
                head_only=phase.head_only,
            )
        assert course.best is not None
        course.epoch = ended["epoch"]
        course.history.append(ended)
        course.seconds += ended["seconds"]
        save_checkpoint(
            Checkpoint(
                fingerprint=self.fingerprint,
                epoch=course.epoch,
                head_only=phase.head_only,
                weights=weights,
                optimizer=phase.optimizer.state_dict(),
                history=tuple(course.history),
                best=course.best,
                seconds=course.seconds,
            ),
            self.run_dir,
        )
