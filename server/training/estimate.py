"""What a run would cost: a trial of a few real steps, multiplied by what the plan needs.

The trial is the run itself on some of its images: the same network, batch size, input size and
code, one epoch of each phase. Each kind of work is timed step by step; its first step, which
prepares what all others use again, does not count when there are more.
"""

from __future__ import annotations

import contextlib
import itertools
import sys
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import psutil
import torch

from server.domain.events import Event
from server.domain.pixels import read_square
from server.domain.training_cost import TrainingCost, WorkCost
from server.intake.manifest import LesionImage
from server.training.context import Context
from server.training.dataset import Dataset
from server.training.engine.augment import Strength
from server.training.engine.cache import has_pixels
from server.training.engine.device import prepare_device
from server.training.engine.images import ImageSource
from server.training.engine.progress import Work, WorkMeter
from server.training.engine.records import RecordFile, RecordWriter
from server.training.engine.resident import on_the_device
from server.training.engine.threads import map_in_threads
from server.training.events import Announcer
from server.training.learn import learn
from server.training.plan import Plan, make_plan
from server.training.run import first_network, read_dataset
from server.training.spec import TrainSpec

TRIAL_SECONDS = 8.0
"""After so long no new step begins, once each kind of work was seen twice."""
_FEW_STEPS, _MORE_STEPS = 3, 10
_MOST_IMAGES = 640
_DECODED_AT_ONCE = 16
_HARMLESS_RATE = 1e-6
"""A rate that cannot diverge; the cost of a step does not depend on it."""

_IN_WORDS: dict[str, str] = {
    "decode": "reading and resizing the images",
    "forward": "looking at images without learning",
    "head": "training the last layer",
    "train": "fine-tuning the whole network",
}
_NEVER_MEASURED = "comparing the images for copies, testing, writing the report, saving the model"


@dataclass(frozen=True, slots=True)
class _Sample:
    amount: float
    seconds: float


class _TimeIsUp(Exception):
    """Enough was seen."""


class TrialMeter(WorkMeter):
    """Times every step of the trial.

    Args:
        wait: for the device to have done what it was told; a GPU works behind our back.
    """

    def __init__(self, wait: bool) -> None:
        super().__init__({})
        self.samples: dict[str, list[_Sample]] = defaultdict(list)
        self.began = time.monotonic()
        self._wait = wait
        self._last = self.began

    def restart_clock(self) -> None:
        self._last = time.monotonic()

    def skip(self, kind: Work, amount: float) -> None:
        self.restart_clock()

    def add(self, kind: Work, amount: float) -> None:
        """Note one step; ends the trial during fine-tuning, which comes last, when time is up."""
        if self._wait:
            torch.cuda.synchronize()
        now = time.monotonic()
        self.samples[kind].append(_Sample(amount, now - self._last))
        self._last = now
        if kind == "train" and len(self.samples[kind]) > 1 and self.spent > TRIAL_SECONDS:
            raise _TimeIsUp

    @property
    def spent(self) -> float:
        """Seconds since the trial began."""
        return time.monotonic() - self.began


def estimate(spec: TrainSpec) -> TrainingCost:
    """Measure what the run of ``spec`` would cost here.

    Args:
        spec: ``run_dir`` takes what the trial writes.

    Raises:
        DermaScanError: what would also refuse the run itself.
    """
    dataset = read_dataset(spec)
    network = first_network(spec, dataset)
    plan = make_plan(spec.request, dataset, network.weights)
    device = prepare_device()
    start = time.time() - psutil.Process().create_time()
    meter = TrialMeter(device.is_gpu)
    warnings: dict[str, None] = {}

    def listen(event: Event) -> None:
        if event["event"] == "warning":
            warnings[event["message"]] = None

    context = Context(
        spec=replace(spec, request=replace(spec.request, learning_rate=_HARMLESS_RATE)),
        announcer=Announcer([listen]),
        dataset=dataset,
        network=network,
        device=device,
        plan=plan,
        meter=meter,
    )
    for steps in (_FEW_STEPS, _MORE_STEPS):
        _learn_a_little(context, meter, steps)
        if meter.spent > TRIAL_SECONDS / 2:
            break
    amounts = {str(kind): amount for kind, amount in plan.work().items()}
    if has_pixels(dataset.folder, dataset.hashes, dataset.image_size):
        amounts["decode"] = 0
    parts, missing = _multiplied(amounts, meter.samples)
    starting = WorkCost("starting", 1, seconds=start, low=start, high=start, measured=1)
    parts = (starting, *parts)
    return TrainingCost(
        seconds=sum(part.seconds for part in parts),
        low=sum(part.low for part in parts),
        high=sum(part.high for part in parts),
        parts=parts,
        not_measured=(*missing, _NEVER_MEASURED),
        warnings=tuple(warnings),
        memory_bytes=_peak_memory(),
        gpu_memory_bytes=torch.cuda.max_memory_reserved() if device.is_gpu else None,
        device=device.description,
        image_size=dataset.image_size,
        images=len(dataset.images),
        trial_seconds=meter.spent,
    )


def _learn_a_little(context: Context, meter: TrialMeter, steps: int) -> None:
    """One epoch of each phase, on about ``steps`` batches of images."""
    dataset = _some(context.dataset, context.spec.request.batch_size, steps)
    run_dir = context.spec.run_dir / f"trial-{steps}"
    run_dir.mkdir(parents=True)
    little = replace(
        context,
        dataset=dataset,
        plan=_little_plan(context.plan, dataset),
        spec=replace(context.spec, run_dir=run_dir),
    )
    with contextlib.closing(RecordFile(*_decode(dataset, run_dir, meter))) as pixels:
        source = ImageSource(pixels, dataset.image_size, context.device, Strength())
        try:
            learn(little, on_the_device(source), None)
        except _TimeIsUp:
            return


def _some(dataset: Dataset, batch_size: int, steps: int) -> Dataset:
    """Some images of the training and the validation part, every class among them."""
    most = max(_MOST_IMAGES, _FEW_STEPS * batch_size)
    train = _taking_turns(dataset.split.train, min(most, steps * batch_size))
    validation = _taking_turns(dataset.split.validation, min(most, 2 * batch_size))
    images = tuple(sorted((*train, *validation), key=lambda image: image.image_id))
    return replace(
        dataset,
        images=images,
        hashes=(),
        split=replace(dataset.split, train=train, validation=validation, test=()),
    )


def _taking_turns(images: tuple[LesionImage, ...], count: int) -> tuple[LesionImage, ...]:
    """``count`` images, or one of each class if that is more."""
    by_class: dict[str, list[LesionImage]] = defaultdict(list)
    for image in images:
        by_class[image.label].append(image)
    rounds = itertools.chain.from_iterable(itertools.zip_longest(*by_class.values()))
    chosen = [image for image in rounds if image is not None]
    return tuple(chosen[: max(count, len(by_class))])


def _little_plan(plan: Plan, dataset: Dataset) -> Plan:
    fine_tuned = min(1, plan.fine_tune_epochs)
    return replace(
        plan,
        epochs=1 + fine_tuned,
        head_epochs=1,
        fine_tune_epochs=fine_tuned,
        train=len(dataset.split.train),
        validation=len(dataset.split.validation),
        test=0,
    )


def _decode(dataset: Dataset, folder: Path, meter: TrialMeter) -> tuple[Path, bytes, int]:
    """Read and resize the images into ``folder``: the record file's path, key and record size."""
    size = dataset.image_size
    path, key, record_bytes = folder / "pixels.bin", bytes(32), size * size * 3
    decoded = map_in_threads(
        lambda image: read_square((dataset.folder / image.path).read_bytes(), size), dataset.images
    )
    meter.restart_clock()
    with RecordWriter(path, key, record_bytes) as writer:
        for number, pixels in enumerate(decoded, start=1):
            writer.append(np.asarray(pixels, dtype=np.uint8))
            if number % _DECODED_AT_ONCE == 0 or number == len(dataset.images):
                meter.add("decode", (number - 1) % _DECODED_AT_ONCE + 1)
    return path, key, record_bytes


def _multiplied(
    amounts: Mapping[str, float], samples: Mapping[str, list[_Sample]]
) -> tuple[tuple[WorkCost, ...], tuple[str, ...]]:
    """The cost of each kind of work, and the kinds of which the trial knows nothing."""
    parts, missing = [], []
    for kind, amount in amounts.items():
        if not amount or kind == "save":
            continue
        if not samples.get(kind):
            missing.append(_IN_WORDS.get(kind, kind))
            continue
        steps = samples[kind][1:] or samples[kind]
        rates = [step.seconds / step.amount for step in steps]
        measured = sum(step.amount for step in steps)
        mean = sum(step.seconds for step in steps) / measured
        parts.append(
            WorkCost(
                work=_IN_WORDS.get(kind, kind),
                amount=amount,
                seconds=amount * mean,
                low=amount * min(rates),
                high=amount * max(rates),
                measured=measured,
            )
        )
    return tuple(parts), tuple(missing)


def _peak_memory() -> int:
    """The most main memory that this process has held, bytes."""
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
