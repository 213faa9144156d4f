"""The leak audit of a run: look for near-duplicates, then settle the split."""

from __future__ import annotations

import contextlib
from dataclasses import replace

from server.domain.architectures import architecture
from server.training.audit.remembered import recall, remember
from server.training.audit.report import with_findings
from server.training.audit.search import NearDuplicate, Vectors, near_duplicates
from server.training.context import Context
from server.training.dataset import Dataset
from server.training.engine.images import ImageSource
from server.training.engine.network import build
from server.training.engine.trainee import Trainee
from server.training.frozen import MESSAGE, features_of_all
from server.training.plan import make_plan
from server.training.spec import TrainSpec

_PIXELS = "by their pixels"


def remembered_split(spec: TrainSpec, dataset: Dataset) -> Dataset:
    """``dataset`` with the audit of the attempt that ``spec`` goes on from, if it held one."""
    if spec.resume_from is None:
        return dataset
    found = recall([spec.resume_from.parent], dataset.hash)
    if found is None:
        return dataset
    near, looked_with = found
    spec.run_dir.mkdir(parents=True, exist_ok=True)
    remember(spec.run_dir, dataset.hash, near, looked_with)
    return with_findings(dataset, near, spec.request.seed, looked_with)


def settle_split(context: Context, source: ImageSource) -> Context:
    """The context with the split that the run learns by, and the findings announced.

    Raises:
        UnusableDataset: when near-duplicates leave too little to split.
        OSError: when the disk is full.
    """
    if context.dataset.audit is None:
        context = _audited(context, source)
    assert context.dataset.audit is not None
    findings = context.dataset.audit
    warnings = findings.warnings()
    for sentence in findings.sentences():
        tell = context.announcer.warning if sentence in warnings else context.announcer.note
        tell(sentence)
    return context


def _audited(context: Context, source: ImageSource) -> Context:
    near, looked_with = _look(context, source)
    request, classes = context.spec.request, len(context.dataset.split.labels)
    remember(context.spec.run_dir, context.dataset.hash, near, looked_with)
    dataset = with_findings(context.dataset, near, request.seed, looked_with)
    network = context.network
    if len(dataset.split.labels) != classes:
        network = build(
            architecture(request.architecture),
            dataset.image_size,
            len(dataset.split.labels),
            network.weights,
            request.seed,
        )
    plan = make_plan(request, dataset, network.weights)
    context.meter.replan(plan.work())
    return replace(context, dataset=dataset, network=network, plan=plan)


def _look(context: Context, source: ImageSource) -> tuple[tuple[NearDuplicate, ...], str]:
    dataset = context.dataset
    first_of: dict[str, int] = {}
    for place, digest in enumerate(dataset.hashes):
        first_of.setdefault(digest, place)
    chosen = list(first_of.values())
    groups = [dataset.group_of[dataset.images[place].image_id] for place in chosen]

    def look(vectors: Vectors | None) -> tuple[NearDuplicate, ...]:
        context.announcer.note("Looking for pictures that are there twice")
        return near_duplicates(source.records, source.size, chosen, groups, vectors)

    if context.network.weights.used == "random" or not context.plan.head_epochs:
        return look(None), _PIXELS
    context.announcer.stage("features", MESSAGE)
    trainee = Trainee(context.network, context.device.torch)
    with contextlib.closing(features_of_all(context, source, trainee)) as features:
        found = look(Vectors(features, context.network.architecture.features))
    return found, f"{_PIXELS} and by the features of {context.network.architecture.name}"
