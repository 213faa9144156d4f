"""The learning part of a run: both phases, and back to the weights that did best."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import torch

from server.training.context import Context
from server.training.engine.checkpoint import Checkpoint, load_weights
from server.training.engine.features import Features, keep_features
from server.training.engine.images import ImageSource
from server.training.engine.loop import Course, Loop
from server.training.engine.loss import Loss
from server.training.engine.optimizers import Group, build_optimizer
from server.training.engine.phases import HeadPhase, WholePhase
from server.training.engine.trainee import Trainee

BACKBONE_SHARE = 0.1
"""Rate of a pretrained backbone, as a share of the head's."""


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
    return _Lesson(context, source).learn(checkpoint)


class _Lesson:
    """The pieces of a run, and the phases in order."""

    def __init__(self, context: Context, source: ImageSource) -> None:
        dataset, request, device = context.dataset, context.spec.request, context.device.torch
        self.context = context
        self.request = request
        self.source = source
        self.train = dataset.examples(dataset.split.train)
        self.validation = dataset.examples(dataset.split.validation)
        self.trainee = Trainee(context.network, device)
        classes = len(dataset.split.labels)
        self.loss = Loss(self.train.targets, classes, request.class_balancing, device)

    def learn(self, checkpoint: Checkpoint | None) -> Trained:
        plan = self.context.plan
        course = Course(epoch=0, history=[], best=None, seconds=0.0)
        untouched = self.trainee.copy_of_state() if plan.head_epochs else {}
        if checkpoint is not None:
            course = self._go_on(checkpoint)
        if course.epoch < plan.head_epochs:
            self._train_head(course, checkpoint)
        if course.epoch < plan.epochs:
            self._train_whole(course, checkpoint)
        assert course.best is not None
        if course.best.head_only and plan.fine_tune_epochs:
            # Fine-tuning did not help: the best head belongs to the backbone of the start.
            self.trainee.load(untouched, head_only=False)
        best = load_weights(self.context.spec.run_dir / course.best.file)
        self.trainee.load(best, head_only=course.best.head_only)
        return Trained(self.trainee, course)

    def _go_on(self, checkpoint: Checkpoint) -> Course:
        plan, meter = self.context.plan, self.context.meter
        self.trainee.load(checkpoint.weights, head_only=checkpoint.head_only)
        done = [plan.epoch_work(epoch) for epoch in range(1, checkpoint.epoch + 1)]
        if checkpoint.epoch >= plan.head_epochs:
            done.append(plan.feature_work())
        for work in done:
            for kind, amount in work.items():
                meter.skip(kind, amount)
        return Course(
            epoch=checkpoint.epoch,
            history=list(checkpoint.history),
            best=checkpoint.best,
            seconds=checkpoint.seconds,
        )

    def _train_head(self, course: Course, checkpoint: Checkpoint | None) -> None:
        plan, request = self.context.plan, self.request
        with contextlib.closing(self._features()) as features:
            self.context.announcer.stage("head", "Training the head on the frozen backbone")
            phase = HeadPhase(
                self.trainee,
                features,
                self.train,
                loss=self.loss,
                optimizer=build_optimizer(
                    request.optimizer,
                    [Group(tuple(self.trainee.module.head_parameters()), request.learning_rate)],
                ),
                first_epoch=1,
                epochs=plan.head_epochs,
                batch_size=request.batch_size,
                seed=request.seed,
                device=self.context.device.torch,
            )
            _restore(phase.optimizer, checkpoint, course)
            self._loop().run(phase, course)
        features.remove()

    def _train_whole(self, course: Course, checkpoint: Checkpoint | None) -> None:
        plan, request, module = self.context.plan, self.request, self.trainee.module
        self.context.announcer.stage("fine-tuning", "Training the whole network")
        share = 1.0 if plan.random_start else BACKBONE_SHARE
        phase = WholePhase(
            self.trainee,
            self.source,
            self.train,
            self.validation,
            loss=self.loss,
            optimizer=build_optimizer(
                request.optimizer,
                [
                    Group(tuple(module.head_parameters()), request.learning_rate),
                    Group(tuple(module.backbone_parameters()), request.learning_rate * share),
                ],
            ),
            first_epoch=plan.head_epochs + 1,
            epochs=plan.fine_tune_epochs,
            batch_size=request.batch_size,
            seed=request.seed,
            learn_statistics=plan.random_start,
        )
        if course.epoch > plan.head_epochs:
            _restore(phase.optimizer, checkpoint, course)
        self._loop().run(phase, course)

    def _features(self) -> Features:
        spec, message = self.context.spec, "Looking at the images with the frozen backbone"
        self.context.announcer.stage("features", message)
        folders = [spec.run_dir, *([spec.resume_from.parent] if spec.resume_from else [])]
        features, were_there = keep_features(
            self.trainee,
            self.source,
            self.train,
            self.validation,
            views=self.context.plan.views,
            seed=self.request.seed,
            batch_size=self.request.batch_size,
            fingerprint=self.context.plan.fingerprint,
            folders=folders,
            tick=self.context.ticker(message, 0),
        )
        if were_there:
            self.context.meter.skip("forward", self.context.plan.feature_work()["forward"])
        return features

    def _loop(self) -> Loop:
        return Loop(
            trainee=self.trainee,
            loss=self.loss,
            targets=self.validation.targets,
            epochs=self.context.plan.epochs,
            fingerprint=self.context.plan.fingerprint,
            run_dir=self.context.spec.run_dir,
            announcer=self.context.announcer,
            meter=self.context.meter,
        )


def _restore(
    optimizer: torch.optim.Optimizer, checkpoint: Checkpoint | None, course: Course
) -> None:
    """Take over the optimizer's state when the run goes on in the middle of a phase."""
    if checkpoint is not None and checkpoint.epoch == course.epoch > 0:
        optimizer.load_state_dict(dict(checkpoint.optimizer))
