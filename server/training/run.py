"""One training run from the folder of images to the saved model, step by step."""

from __future__ import annotations

import contextlib
import time

from server.domain.architectures import architecture
from server.domain.events import WeightsUsed
from server.intake.printed_summary import remarks
from server.intake.readiness import MIN_GROUPS
from server.intake.versions import manifest_to_train_on
from server.training.again import check_data, check_weights, other_versions
from server.training.context import Context
from server.training.dataset import Dataset, prepare_dataset
from server.training.engine.augment import Strength
from server.training.engine.cache import open_pixels
from server.training.engine.checkpoint import Checkpoint, UnusableCheckpoint, load_checkpoint
from server.training.engine.device import Device, going_on, prepare_device
from server.training.engine.distributed import join, leave
from server.training.engine.images import ImageSource
from server.training.engine.network import Network, build
from server.training.engine.progress import WorkMeter
from server.training.engine.records import RecordFile
from server.training.engine.resident import on_the_device
from server.training.engine.weights import resolve
from server.training.events import Announcer
from server.training.finish import save_model
from server.training.follow import hand_over
from server.training.leaks import remembered_split, settle_split
from server.training.learn import learn
from server.training.plan import Plan, check_batch_size, make_plan
from server.training.spec import TrainSpec
from server.training.stopping import StopWish
from server.training.testing import score_once
from server.training.versions import installed_versions


def run(spec: TrainSpec, announcer: Announcer) -> None:
    """Train, test once, and save.

    Raises:
        DermaScanError: for everything a person can put right; see ``domain.errors``.
    """
    began = time.monotonic()
    ranks = join()
    announcer.note(f"Reading the images in {spec.data_dir}")
    dataset = read_dataset(spec)
    for sentence in (dataset.manifest.reason, *remarks(dataset.manifest)):
        announcer.note(sentence)
    if spec.recipe and dataset.hash != spec.recipe["data_hash"]:
        check_data(spec.recipe, dataset)
    dataset = remembered_split(spec, dataset)
    network = first_network(spec, dataset)
    if spec.recipe:
        check_weights(spec.recipe, network.weights)
    plan = make_plan(spec.request, dataset, network.weights)
    spec.run_dir.mkdir(parents=True, exist_ok=True)
    context = Context(
        spec=spec,
        announcer=announcer,
        dataset=dataset,
        network=network,
        device=_device(spec),
        plan=plan,
        meter=WorkMeter(plan.work()),
        ranks=ranks,
        stop=StopWish(spec.stop_file, spec.recipe and spec.recipe["stopped_after"]),
    )
    checkpoint, refusal = _checkpoint(spec, plan)
    _announce_start(context, checkpoint, refusal)
    with contextlib.ExitStack() as opened:
        source = _source(context, opened)
        images = context.dataset.images
        context = settle_split(context, source)
        if context.dataset.images != images:  # a class was left out
            source = _source(context, opened)
        if spec.recipe:
            check_data(spec.recipe, context.dataset)
        _announce_split(context)
        hand_over(context, checkpoint)
        trained = learn(context, on_the_device(source), checkpoint)
        leave()
        scores = score_once(context, source, trained)
        saved = save_model(context, source, trained, scores, began)
    announcer.finished(spec.model_name, saved, scores.test.headline)


def read_dataset(spec: TrainSpec) -> Dataset:
    """The images of a run, split."""
    return prepare_dataset(
        spec.data_dir,
        manifest_to_train_on(spec.data_dir),
        spec.request.seed,
        spec.request.image_size,
        architecture(spec.request.architecture).native_size,
    )


def first_network(spec: TrainSpec, dataset: Dataset) -> Network:
    """The network with its first weights; a download happens here."""
    which = architecture(spec.request.architecture)
    weights = resolve(which, spec.request.weights, spec.weights_dir)
    check_batch_size(spec.request, weights.used == "random")
    return build(which, dataset.image_size, len(dataset.split.labels), weights, spec.request.seed)


def _device(spec: TrainSpec) -> Device:
    """What there is; a training that is run again keeps its precision where the hardware can."""
    device = prepare_device()
    return going_on(device, spec.recipe["bfloat16"]) if spec.recipe else device


def _checkpoint(spec: TrainSpec, plan: Plan) -> tuple[Checkpoint | None, str | None]:
    """What to go on from, or why the run begins anew although it was asked to go on."""
    if spec.resume_from is None:
        return None, None
    try:
        return load_checkpoint(spec.resume_from, plan.fingerprint, spec.run_dir), None
    except UnusableCheckpoint as error:
        return None, f"The run starts again from the beginning, because {error}."


def _announce_start(context: Context, checkpoint: Checkpoint | None, refusal: str | None) -> None:
    plan, announcer, dataset = context.plan, context.announcer, context.dataset
    weights = context.network.weights
    announcer.started(
        epochs=plan.epochs,
        fine_tune_epochs=plan.fine_tune_epochs,
        steps_total=context.meter.steps_total,
        device=context.device.description,
        weights=WeightsUsed(
            requested=weights.requested, used=weights.used, sentence=weights.sentence
        ),
        resumed_from_epoch=checkpoint.epoch if checkpoint else None,
    )
    announcer.stage(
        "reading",
        f"{len(dataset.images)} images of {len(dataset.split.labels)} classes at "
        f"{dataset.image_size} × {dataset.image_size} pixels",
    )
    if refusal:
        announcer.warning(refusal)
    if context.spec.recipe:
        device = context.device.description
        other = other_versions(context.spec.recipe, installed_versions(), device)
        if other:
            announcer.warning(other)
    if plan.random_start:
        announcer.warning(weights.sentence)
        announcer.note(
            "Nothing was learnt before, so BatchNorm learns its statistics from these images and "
            "the whole network learns at one rate."
        )


def _announce_split(context: Context) -> None:
    plan, dataset = context.plan, context.dataset
    context.announcer.note(
        f"{plan.train} images for training, {plan.validation} for validation, {plan.test} for the "
        f"test (no {dataset.grouped_by} in two of them)"
    )
    for label, groups in dataset.split.left_out.items():
        several = "" if groups == 1 else "s"
        context.announcer.warning(
            f"The class {label!r} is left out: it has only {groups} {dataset.grouped_by}{several}, "
            f"and {MIN_GROUPS} are needed."
        )


def _source(context: Context, opened: contextlib.ExitStack) -> ImageSource:
    pixels = opened.enter_context(contextlib.closing(_pixels(context)))
    return ImageSource(pixels, context.dataset.image_size, context.device, Strength())


def _pixels(context: Context) -> RecordFile:
    dataset = context.dataset
    context.announcer.stage("caching", "Resizing the images")
    tick = context.ticker("Resizing the images", 0)
    records, was_there = open_pixels(
        dataset.folder,
        dataset.images,
        dataset.hashes,
        dataset.image_size,
        spare_folder=context.spec.run_dir,
        decoded=lambda images: tick("decode", images),
    )
    if was_there:
        context.meter.skip("decode", len(dataset.images))
    return records
