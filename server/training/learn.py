"""The learning part of a run: both phases, and back to the weights that did best."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch

from server.training.context import Context
from server.training.engine.batches import cut
from server.training.engine.checkpoint import Checkpoint, load_weights
from server.training.engine.device import going_on
from server.training.engine.dropout import BatchDraws
from server.training.engine.features import ImageFeatures
from server.training.engine.head_phase import HeadPhase
from server.training.engine.images import ImageSource
from server.training.engine.loop import Course, Loop
from server.training.engine.loss import Loss
from server.training.engine.optimizers import Group, build_optimizer
from server.training.engine.phase import PhaseSettings, Surroundings, TrainingPhase
from server.training.engine.sampling import by_square_root, every_image_once
from server.training.engine.tally import BEGINNING
from server.training.engine.trainee import Trainee
from server.training.engine.whole_phase import EpochSettings, WholePhase
from server.training.frozen import MESSAGE, features_of_all
from server.training.second_head import join_second_head

_HEAD_RIDGE = 0.03
"""Of the head on features that are brought to deviation 1."""
_TUNED_RIDGE = 0.01
"""Of the same while the backbone learns too."""
_FINE_TUNE_SHARE = 0.1
"""Peak rate of a pretrained network's head while all of it is tuned, as a share of the first."""
_BACKBONE_SHARE = 0.3
"""The same of its backbone."""
_AVERAGE_DECAY = 0.998
"""Of the average of the weights that is kept instead of the last ones."""
_SCALING_IMAGES = 1024
"""From which the spread of the features is measured when no epoch trains the head alone."""
_SCALING_BATCH = 256
_SIZE_STEP = 16
_SMALLEST_SIZE = 64
"""No fewer pixels: below them the last maps of a network are a pixel or two wide."""


@dataclass(frozen=True, slots=True)
class Trained:
    """The network with its best weights, and how it got there."""

    trainee: Trainee
    course: Course


def learn(context: Context, source: ImageSource, checkpoint: Checkpoint | None) -> Trained:
    """Train all epochs that ``checkpoint`` has not finished, and take the best weights.

    Raises:
        UnusableCheckpoint: when the best weights were taken away meanwhile.
    """
    return _Lesson(context, source, checkpoint).learn()


class _Lesson:
    """The pieces of a run, and the phases in order."""

    def __init__(
        self, context: Context, source: ImageSource, checkpoint: Checkpoint | None
    ) -> None:
        dataset, request = context.dataset, context.spec.request
        device = context.device
        if checkpoint is not None:
            device = going_on(device, checkpoint.bfloat16)
        self.context = context
        self.request = request
        self.checkpoint = checkpoint
        self.source = replace(source, device=device)
        self.train = dataset.examples(dataset.split.train)
        self.validation = dataset.examples(dataset.split.validation)
        self.trainee = Trainee(context.network, device.torch)
        context.ranks.make_equal(self.trainee.module)
        classes = len(dataset.split.labels)
        self.around = Surroundings(
            trainee=self.trainee,
            loss=Loss(
                np.bincount(self.train.targets, minlength=classes),
                request.class_balancing,
                device.torch,
            ),
            draws=BatchDraws(self.trainee.module),
            device=device,
            warn=context.announcer.warning,
            ranks=context.ranks,
        )

    def learn(self) -> Trained:
        plan = self.context.plan
        untouched = self.trainee.copy_of_state() if plan.head_epochs else {}
        course = Course() if self.checkpoint is None else self._go_on(self.checkpoint)
        if course.epoch < plan.head_epochs and not self._stops(course):
            self._train_head(course)
        if course.epoch < plan.epochs and not self._stops(course):
            self._train_whole(course)
        assert course.best is not None
        if course.stopped:
            self.context.meter.replan(plan.work(stopped_after=course.epoch))
            self.context.announcer.stopped_early(course.epoch, plan.epochs)
        if self.context.ranks.is_first:
            if course.best.head_only and plan.fine_tune_epochs:
                # Fine-tuning did not help: the best head belongs to the backbone of the start.
                self.trainee.load(untouched, head_only=False)
            best = load_weights(self.context.spec.run_dir / course.best.file)
            self.trainee.load(best, head_only=course.best.head_only)
            if plan.has_second_head and not course.best.head_only and not course.stopped:
                parts = (self.train, self.validation)
                join_second_head(self.context, self.around, self.source, parts, course)
        return Trained(self.trainee, course)

    def _stops(self, course: Course) -> bool:
        """Whether the run was asked to stop early, before the next phase is prepared."""
        course.stopped = course.stopped or self.context.stops(course.epoch)
        return course.stopped

    def _go_on(self, checkpoint: Checkpoint) -> Course:
        plan, meter = self.context.plan, self.context.meter
        self.trainee.load(checkpoint.weights, head_only=checkpoint.head_only)
        done = [plan.epoch_work(epoch) for epoch in range(1, checkpoint.epoch + 1)]
        for work in done:
            for kind, amount in work.items():
                meter.skip(kind, amount)
        if checkpoint.epoch >= plan.head_epochs:
            meter.skip("forward", plan.feature_images)
        if checkpoint.so_far is not None:
            self.context.announcer.note(
                f"Going on inside epoch {checkpoint.epoch + 1}, "
                f"after {checkpoint.so_far.steps} of its steps."
            )
        return Course(
            epoch=checkpoint.epoch,
            so_far=checkpoint.so_far or BEGINNING,
            history=list(checkpoint.history),
            best=checkpoint.best,
            seconds=checkpoint.seconds,
            trained=checkpoint.trained,
            waited=checkpoint.waited,
        )

    def _train_head(self, course: Course) -> None:
        plan, request = self.context.plan, self.request
        with contextlib.closing(self._features()) as features:
            self.context.announcer.stage("head", "Training the head on the frozen backbone")
            if course.epoch == 0:
                batches = cut(self.train.numbers, _SCALING_BATCH)
                self.trainee.scale_features(features.batches(batches))
            head = Group(tuple(self.trainee.module.head_parameters()), request.learning_rate)
            phase = HeadPhase(
                self.around,
                self._settings(1, plan.head_epochs, ridge=_HEAD_RIDGE),
                self.train,
                build_optimizer(request.optimizer, [head]),
                validation=self.validation,
                features=features,
            )
            self._run(phase, course)

    def _train_whole(self, course: Course) -> None:
        plan, request, module = self.context.plan, self.request, self.trainee.module
        self.context.announcer.stage("fine-tuning", "Training the whole network")
        if not plan.head_epochs and course.epoch == 0:
            self.trainee.scale_features(self._some_vectors())
        rate, pretrained = request.learning_rate, not plan.random_start
        groups = [
            Group(tuple(module.head_parameters()), rate * (_FINE_TUNE_SHARE if pretrained else 1)),
            Group(
                tuple(module.backbone_parameters()), rate * (_BACKBONE_SHARE if pretrained else 1)
            ),
        ]
        sampling = by_square_root if request.class_balancing and pretrained else every_image_once
        phase = WholePhase(
            self.around,
            self._settings(
                plan.head_epochs + 1,
                plan.fine_tune_epochs,
                decay=_AVERAGE_DECAY if pretrained else None,
                ridge=_TUNED_RIDGE if pretrained else 0.0,
            ),
            self.train,
            build_optimizer(request.optimizer, groups),
            epochs=[self._epoch(each) for each in range(plan.head_epochs + 1, plan.epochs + 1)],
            validation=self.validation,
            validation_source=self.source,
            learn_statistics=plan.random_start,
            sampling=sampling(self.train.targets, self.around.loss.classes),
        )
        self._run(phase, course)

    def _settings(
        self, first_epoch: int, epochs: int, *, decay: float | None = None, ridge: float = 0.0
    ) -> PhaseSettings:
        request = self.request
        return PhaseSettings(first_epoch, epochs, request.batch_size, request.seed, decay, ridge)

    def _epoch(self, epoch: int) -> EpochSettings:
        size, share = self.source.size, self.context.plan.image_share(epoch)
        smaller = max(_SMALLEST_SIZE, round(size * share / _SIZE_STEP) * _SIZE_STEP)
        changed = size if share == 1 else min(size, smaller)
        return EpochSettings(replace(self.source, changed_size=changed), share**2)

    def _some_vectors(self) -> Iterator[torch.Tensor]:
        """Features of training images, where none were kept because no epoch trains the head."""
        self.trainee.module.eval()
        some = self.train.numbers[:: max(1, len(self.train) // _SCALING_IMAGES)]
        with torch.inference_mode():
            for images in self.source.plain(cut(some, self.request.batch_size)):
                yield self.trainee.module.features(images)

    def _run(self, phase: TrainingPhase, course: Course) -> None:
        checkpoint = self.checkpoint
        if checkpoint is not None and checkpoint.head_only == phase.head_only:
            phase.load_state_dict(checkpoint.phase)
        loop = Loop(
            around=self.around,
            targets=self.validation.targets,
            epochs=self.context.plan.epochs,
            fingerprint=self.context.plan.fingerprint,
            run_dir=self.context.spec.run_dir,
            announcer=self.context.announcer,
            meter=self.context.meter,
            stops=self.context.stops,
        )
        loop.run(phase, course)

    def _features(self) -> ImageFeatures:
        ranks = self.context.ranks
        if not ranks.is_first:
            ranks.wait()  # until the first process has put them on the disk
        self.context.announcer.stage("features", MESSAGE)
        features = features_of_all(self.context, self.source, self.trainee)
        if ranks.is_first:
            ranks.wait()
        return features
