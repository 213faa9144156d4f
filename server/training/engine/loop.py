"""The loop over epochs: train, validate, keep the best, write a checkpoint, tell.

The checkpoint that counts is the one with the highest balanced accuracy on validation, not the
lowest loss: with rare classes the two disagree, and the first is what is asked for.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from server.domain.errors import InvalidInput
from server.domain.events import EpochEnded
from server.training.engine.checkpoint import Best, Checkpoint, save_checkpoint, save_weights
from server.training.engine.pace import Pace
from server.training.engine.phase import Surroundings, TrainingPhase
from server.training.engine.progress import Work, WorkMeter
from server.training.engine.tally import BEGINNING, EpochFigures, EpochSoFar
from server.training.evaluation.metrics import balanced_accuracy
from server.training.events import Announcer


@dataclass(slots=True)
class Course:
    """Where a run stands.

    Attributes:
        epoch: the last that is finished.
        so_far: of the epoch after it, when a checkpoint inside it was gone on from.
        seconds, trained, waited: spent on finished epochs, over all attempts: all of it, in steps,
            and of these waiting for images.
        stopped: the run stopped early, as asked.
    """

    epoch: int = 0
    so_far: EpochSoFar = BEGINNING
    history: list[EpochEnded] = field(default_factory=list)
    best: Best | None = None
    seconds: float = 0.0
    trained: float = 0.0
    waited: float = 0.0
    stopped: bool = False

    @property
    def waiting_share(self) -> float:
        """Share of the time of all steps in which they waited for their images, [0, 1]."""
        return self.waited / self.trained if self.trained else 0.0


class _Stopped(Exception):
    """The run shall stop between two steps of an epoch."""


@dataclass(frozen=True, slots=True)
class Loop:
    """What stays the same over the epochs of a run.

    Attributes:
        targets: [n], encoded labels of the validation part.
        epochs: of the whole run.
        stops: whether it shall stop early, being told how many epochs are finished.
    """

    around: Surroundings
    targets: npt.NDArray[np.int64]
    epochs: int
    fingerprint: str
    run_dir: Path
    announcer: Announcer
    meter: WorkMeter
    stops: Callable[[int], bool] = lambda finished: False
    pace: Pace = field(default_factory=Pace)

    def run(self, phase: TrainingPhase, course: Course) -> None:
        """Train the epochs of ``phase`` that ``course`` has not finished; moves ``course`` on.

        Raises:
            InvalidInput: when the training diverged.
        """
        try:
            self._run(phase, course)
        except _Stopped:
            course.so_far = BEGINNING
            course.stopped = True

    def _run(self, phase: TrainingPhase, course: Course) -> None:
        last = phase.settings.first_epoch + phase.settings.epochs - 1
        for epoch in range(course.epoch + 1, last + 1):
            self._stop_if_asked(course)
            self.meter.restart_clock()

            def tick(work: Work, amount: float, epoch: int = epoch) -> None:
                self.meter.add(work, amount)
                message = f"Epoch {epoch}/{self.epochs}"
                self.announcer.progress(self.meter, epoch, self.epochs, message)

            def after_step(so_far: Callable[[], EpochSoFar]) -> None:
                self._stop_if_asked(course)
                if self.around.ranks.is_first and self.pace.due_inside_epoch():
                    self._write(phase, course, so_far())

            figures = phase.train_epoch(epoch, tick, course.so_far, after_step)
            began = time.monotonic()
            with phase.answering():
                logits = phase.validation_logits(epoch, tick)
                self._require_finite(figures, logits, epoch)
                ended = self._ended(phase, course, epoch, figures, logits)
                if ended["best"]:
                    self._keep_best(phase, course, ended)
            ended["seconds"] = round(figures.seconds + time.monotonic() - began, 3)
            self._move_on(course, ended, figures)
            if self.around.ranks.is_first and (epoch == last or self.pace.affordable()):
                self._write(phase, course, None)
            self.announcer.epoch(ended)

    def _stop_if_asked(self, course: Course) -> None:
        if self.stops(course.epoch):
            raise _Stopped

    def _require_finite(
        self, figures: EpochFigures, logits: npt.NDArray[np.float32], epoch: int
    ) -> None:
        if not (math.isfinite(figures.loss) and np.isfinite(logits).all()):
            raise InvalidInput(
                f"The training diverged in epoch {epoch}: the numbers grew beyond all bounds. "
                "Start again with a lower learning rate, such as 0.001.",
                field="learning_rate",
            )

    def _ended(
        self,
        phase: TrainingPhase,
        course: Course,
        epoch: int,
        figures: EpochFigures,
        logits: npt.NDArray[np.float32],
    ) -> EpochEnded:
        answers = logits.argmax(axis=1)
        balanced = balanced_accuracy(self.targets, answers, logits.shape[1])
        loss = self.around.loss.of(logits, self.targets)
        return EpochEnded(
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
            seconds=0.0,
            best=course.best is None or course.best.is_beaten_by(balanced, loss),
            waiting_share=round(figures.waited / max(figures.seconds, 1e-9), 4),
        )

    def _keep_best(self, phase: TrainingPhase, course: Course, ended: EpochEnded) -> None:
        name = ""
        if self.around.ranks.is_first:
            weights = self.around.trainee.state(head_only=phase.head_only)
            name = save_weights(weights, self.run_dir, ended["epoch"])
        course.best = Best(
            epoch=ended["epoch"],
            balanced_accuracy=ended["val_balanced_accuracy"],
            loss=ended["val_loss"],
            file=name,
            head_only=phase.head_only,
        )

    def _move_on(self, course: Course, ended: EpochEnded, figures: EpochFigures) -> None:
        course.epoch = ended["epoch"]
        course.so_far = BEGINNING
        course.history.append(ended)
        course.seconds += ended["seconds"]
        course.trained += figures.seconds
        course.waited += figures.waited

    def _write(self, phase: TrainingPhase, course: Course, so_far: EpochSoFar | None) -> None:
        with self.pace.writing():
            path = save_checkpoint(
                Checkpoint(
                    fingerprint=self.fingerprint,
                    epoch=course.epoch,
                    so_far=so_far,
                    head_only=phase.head_only,
                    weights=self.around.trainee.state(head_only=phase.head_only),
                    phase=phase.state_dict(),
                    history=tuple(course.history),
                    best=course.best,
                    seconds=course.seconds,
                    trained=course.trained,
                    waited=course.waited,
                    bfloat16=self.around.device.bfloat16,
                ),
                self.run_dir,
            )
        files = [path.name, *([course.best.file] if course.best else [])]
        self.announcer.checkpoint(course.epoch, path, files)
