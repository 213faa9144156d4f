"""What every process but the first does when torchrun started several: learn beside it.

The first process reads, checks, announces, tests and saves. When all is ready to learn, it hands
over what the others need; they build the same network and share each batch with it.
"""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass

from server.domain.architectures import architecture
from server.domain.events import EXIT_FINISHED, Event
from server.training.context import Context
from server.training.dataset import Dataset
from server.training.engine.augment import Strength
from server.training.engine.cache import open_pixels
from server.training.engine.checkpoint import Checkpoint
from server.training.engine.device import going_on, prepare_device
from server.training.engine.distributed import Ranks, join, leave_and_end
from server.training.engine.images import ImageSource
from server.training.engine.network import build
from server.training.engine.progress import WorkMeter
from server.training.engine.resident import on_the_device
from server.training.engine.weights import ResolvedWeights
from server.training.events import Announcer
from server.training.failures import exit_code, in_one_sentence
from server.training.learn import learn
from server.training.plan import Plan
from server.training.spec import TrainSpec


@dataclass(frozen=True, slots=True)
class Handed:
    """What a follower needs to know."""

    spec: TrainSpec
    dataset: Dataset
    weights: ResolvedWeights
    plan: Plan
    checkpoint: Checkpoint | None
    bfloat16: bool


def hand_over(context: Context, checkpoint: Checkpoint | None) -> None:
    """Let the other processes, if there are any, begin to learn; the pixels must be on the disk."""
    ranks = context.ranks
    if ranks.size == 1:
        return
    context.announcer.note(f"Learning in {ranks.size} processes, each on its share of every batch")
    if context.plan.random_start:
        context.announcer.warning(
            "BatchNorm compares only the images of one process with each other, so the result "
            "differs from that of one process."
        )
    ranks.hand_over(
        Handed(
            spec=context.spec,
            dataset=context.dataset,
            weights=context.network.weights,
            plan=context.plan,
            checkpoint=checkpoint,
            bfloat16=context.device.bfloat16,
        )
    )


def follow() -> int:
    """Learn beside the first process; all being well, this process ends here.

    Returns:
        The exit code of a failure.
    """
    ranks = join()
    try:
        _learn_beside(ranks)
        leave_and_end(EXIT_FINISHED)
    except Exception as error:
        print(f"Process {ranks.rank + 1}: {in_one_sentence(error)}", file=sys.stderr)
        return exit_code(error)[0]


def _learn_beside(ranks: Ranks) -> None:
    handed: Handed = ranks.receive()
    spec, dataset, plan = handed.spec, handed.dataset, handed.plan
    classes = len(dataset.split.labels)
    which = architecture(spec.request.architecture)
    context = Context(
        spec=spec,
        announcer=Announcer([lambda event: _tell_warning(ranks, event)]),
        dataset=dataset,
        network=build(which, dataset.image_size, classes, handed.weights, spec.request.seed),
        device=going_on(prepare_device(), handed.bfloat16),
        plan=plan,
        meter=WorkMeter(plan.work()),
        ranks=ranks,
    )
    records, _ = open_pixels(
        dataset.folder,
        dataset.images,
        dataset.hashes,
        dataset.image_size,
        spare_folder=spec.run_dir,
        decoded=lambda images: None,
    )
    with contextlib.closing(records):
        source = ImageSource(records, dataset.image_size, context.device, Strength())
        learn(context, on_the_device(source), handed.checkpoint)


def _tell_warning(ranks: Ranks, event: Event) -> None:
    if event["event"] == "warning":
        print(f"Process {ranks.rank + 1}: {event['message']}", file=sys.stderr)
