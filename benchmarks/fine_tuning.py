"""The choices of the fine-tuning, each against the others: average, rates, sampling, views.

    python -m benchmarks.fine_tuning DATA --weights-dir FOLDER [--seeds 0 1 2] [--variants …]

Each variant is the training of ``train.py`` itself with one of its constants changed; MobileNetV2,
30 epochs. It answers for the validation part, without calibration; the test part stays locked. Each
seed is another split by lesion, another order and other augmentations. The interval is that of
``benchmarks.recipe``.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch

from benchmarks.images import fresh, unpacked, work_folder
from benchmarks.variants import Answers, compared
from server.domain.training_request import TrainingRequest
from server.training import learn
from server.training.context import Context
from server.training.dataset import Dataset
from server.training.engine.augment import Strength
from server.training.engine.cache import open_pixels
from server.training.engine.device import prepare_device
from server.training.engine.images import ImageSource
from server.training.engine.phase import Surroundings
from server.training.engine.progress import WorkMeter
from server.training.engine.sampling import every_image_once
from server.training.engine.scoring import score
from server.training.engine.torch_network import TorchNetwork
from server.training.events import Announcer
from server.training.plan import make_plan
from server.training.run import first_network, read_dataset
from server.training.second_head import join_second_head
from server.training.spec import TrainSpec

DEFAULT = "default: average, both heads, four views"
CHANGES: dict[str, dict[str, Any]] = {
    DEFAULT: {},
    "the last weights instead of their average": {"_AVERAGE_DECAY": None},
    "the backbone at the rate of the head": {"_BACKBONE_SHARE": 0.1},
    "every image once an epoch": {"by_square_root": every_image_once},
    "no fine-tuning": {},
}
"""Of ``server.training.learn``, what is another in each variant."""
_FROZEN = "no fine-tuning"
_FIRST_HEAD = "the first head alone"
_FEWER_VIEWS = {1: "one view", 2: "two views"}


def main(arguments: Sequence[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    chosen = [DEFAULT, *(each for each in options.variants if each != DEFAULT)]
    found: dict[str, list[Answers]] = {DEFAULT: []}
    labels: tuple[str, ...] = ()
    with work_folder() as work:
        data = fresh(unpacked(options.data, work), work / "set")
        for seed in options.seeds:
            for variant in chosen:
                with _lesson(data, work, options, seed, variant) as (context, source):
                    labels = context.dataset.split.labels
                    for name, answers in _answers(context, source, variant):
                        found.setdefault(name, []).append(answers)
                        print(seed, name, round(answers.balanced, 3), flush=True)
    title = (
        f"The fine-tuning on validation: mean of {len(options.seeds)} seeds, each another split "
        "by lesion"
    )
    compared("fine_tuning", title, found, labels).show_and_save(options.results)
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    built = argparse.ArgumentParser(
        prog="python -m benchmarks.fine_tuning",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    built.add_argument("data", type=Path, help="HAM10000, a folder or a .zip")
    built.add_argument("--weights-dir", type=Path, required=True)
    built.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    built.add_argument("--epochs", type=int, default=30)
    built.add_argument(
        "--variants", nargs="+", choices=CHANGES, default=list(CHANGES), metavar="NAME"
    )
    built.add_argument("--results", type=Path, help="folder (default: benchmarks/results)")
    return built


@contextlib.contextmanager
def _lesson(
    data: Path, work: Path, options: argparse.Namespace, seed: int, variant: str
) -> Iterator[tuple[Context, ImageSource]]:
    """A run of the variant, ready to learn."""
    request = TrainingRequest(
        dataset_name=data.name,
        architecture="MobileNetV2",
        epochs=options.epochs,
        fine_tune_epochs=0 if variant == _FROZEN else None,
        weights="imagenet",
        seed=seed,
    )
    run_dir = work / "run"
    run_dir.mkdir()
    spec = TrainSpec(
        request=request,
        data_dir=data,
        output_dir=run_dir,
        run_dir=run_dir,
        keep_run_dir=False,
        weights_dir=options.weights_dir,
        log_file=run_dir / "log",
        events=None,
        heartbeat=None,
        resume_from=None,
        job_id=None,
        model_name="variant",
    )
    dataset = read_dataset(spec)
    network = first_network(spec, dataset)
    plan = make_plan(request, dataset, network.weights)
    meter = WorkMeter(plan.work())
    context = Context(spec, Announcer([]), dataset, network, prepare_device(), plan, meter)
    try:
        with contextlib.closing(_pixels(dataset, work)) as pixels:
            yield context, ImageSource(pixels, dataset.image_size, context.device, Strength())
    finally:
        shutil.rmtree(run_dir)


def _pixels(dataset: Dataset, work: Path) -> Any:
    return open_pixels(
        dataset.folder,
        dataset.images,
        dataset.hashes,
        dataset.image_size,
        spare_folder=work,
        decoded=lambda _: None,
    )[0]


def _answers(context: Context, source: ImageSource, variant: str) -> Iterator[tuple[str, Answers]]:
    """Train, and answer; the default also with the first head alone, and with fewer views."""
    found: list[tuple[str, Answers]] = []

    def ask(module: TorchNetwork, views: int, name: str) -> None:
        module.views = views
        found.append((name, _asked(context, source, module)))

    def join(context: Context, around: Surroundings, *others: Any) -> None:
        module = around.trainee.module
        ask(module, context.spec.request.views, _FIRST_HEAD)
        module.views = 1
        join_second_head(context, around, *others)

    with contextlib.ExitStack() as changed:
        for constant, value in CHANGES[variant].items():
            changed.enter_context(patch.object(learn, constant, value))
        if variant == DEFAULT:
            changed.enter_context(patch.object(learn, "join_second_head", join))
        module = learn.learn(context, source, None).trainee.module
    ask(module, context.spec.request.views, variant)
    if variant == DEFAULT:
        for views, name in _FEWER_VIEWS.items():
            ask(module, views, name)
    yield from sorted(found, key=lambda each: each[0] != variant)


def _asked(context: Context, source: ImageSource, module: TorchNetwork) -> Answers:
    """The answers of ``module`` as it stands for the validation part."""
    dataset = context.dataset
    validation = dataset.examples(dataset.split.validation)
    logits = score(
        module,
        source,
        validation.numbers,
        context.spec.request.batch_size,
        lambda _work, _amount: None,
        warn=print,
        exact=True,
    )
    probabilities = torch.from_numpy(logits).softmax(dim=1).numpy()
    groups = tuple(dataset.group_of[image.image_id] for image in dataset.split.validation)
    return Answers(validation.targets, probabilities, groups)


if __name__ == "__main__":
    raise SystemExit(main())
