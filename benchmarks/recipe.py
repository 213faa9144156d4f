"""The choices of the recipe for the head, each against the others: balance, penalty, features.

    python -m benchmarks.recipe DATA --weights-dir FOLDER [--seeds 0 1 2]

The backbone of MobileNetV2 looks at every image once; then each variant trains a head for each
seed (another seed is another split by lesion and another order) and answers for the validation
part. The test part stays locked: nothing is chosen by it. The interval is a bootstrap of the
differences over lesions of all seeds together, paired with the first row.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from benchmarks.images import fresh, unpacked, work_folder
from benchmarks.variants import Answers, Floats, Ints, compared
from server.domain.architectures import architecture
from server.intake.understand import understand
from server.training.dataset import Dataset, prepare_dataset
from server.training.engine.augment import Strength, draw
from server.training.engine.batches import cut
from server.training.engine.cache import open_pixels
from server.training.engine.device import prepare_device
from server.training.engine.images import ImageSource
from server.training.engine.network import build
from server.training.engine.sampling import by_square_root, every_image_once
from server.training.engine.schedule import rate_factor
from server.training.engine.trainee import Trainee
from server.training.engine.weights import resolve

_MOST_VIEWS = 3


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to train the head; the values are those of the default recipe.

    Attributes:
        blocks: the inner activations of all blocks are there, and not only the last features.
        adjustment: what the log of the class shares is multiplied by inside the loss.
        weights: power of the inverse class share by which the loss weighs an image.
        square_root: classes are shown by the square root of their size.
        smoothing: of the labels.
        views: augmented views of each training image beside the image as it is.
    """

    name: str
    blocks: bool = True
    adjustment: float = 1.0
    weights: float = 0.0
    square_root: bool = False
    smoothing: float = 0.0
    ridge: float = 0.03
    views: int = 0


DEFAULT = Variant("default: logit adjustment, all blocks")
VARIANTS = (
    DEFAULT,
    replace(DEFAULT, name="features of the last layer alone", blocks=False),
    replace(DEFAULT, name="no balancing", adjustment=0.0),
    replace(DEFAULT, name="half the logit adjustment", adjustment=0.5),
    replace(DEFAULT, name="inverse class weights", adjustment=0.0, weights=1.0),
    replace(DEFAULT, name="square-root class weights", adjustment=0.0, weights=0.5),
    replace(DEFAULT, name="square-root sampling, no adjustment", adjustment=0.0, square_root=True),
    replace(DEFAULT, name="square-root sampling and adjustment", square_root=True),
    replace(DEFAULT, name="label smoothing 0.1", smoothing=0.1),
    replace(DEFAULT, name="penalty 0.003", ridge=0.003),
    replace(DEFAULT, name="penalty 0.1", ridge=0.1),
    replace(DEFAULT, name="one augmented view more", views=1),
    replace(DEFAULT, name="three augmented views more", views=3),
)


def main(arguments: Sequence[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    found: dict[str, list[Answers]] = {each.name: [] for each in VARIANTS}
    with work_folder() as work:
        data = fresh(unpacked(options.data, work), work / "set")
        views, datasets = _features(data, work, options)
        for dataset, seed in zip(datasets, options.seeds, strict=True):
            for variant in VARIANTS:
                found[variant.name].append(_trained(variant, dataset, views, seed, options))
                print(seed, variant.name, round(found[variant.name][-1].balanced, 3), flush=True)
    title = (
        f"The head's recipe on validation: mean of {len(options.seeds)} seeds, each another split "
        "by lesion"
    )
    results = compared("recipe", title, found, datasets[0].split.labels)
    results.show_and_save(options.results)
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    built = argparse.ArgumentParser(
        prog="python -m benchmarks.recipe",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    built.add_argument("data", type=Path, help="HAM10000, a folder or a .zip")
    built.add_argument("--weights-dir", type=Path, required=True)
    built.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    built.add_argument("--epochs", type=int, default=22)
    built.add_argument("--batch-size", type=int, default=32)
    built.add_argument("--results", type=Path, help="folder (default: benchmarks/results)")
    return built


def _features(
    data: Path, work: Path, options: argparse.Namespace
) -> tuple[list[Floats], list[Dataset]]:
    """Features of every image as it is and in augmented views, and the split of each seed."""
    which = architecture("MobileNetV2")
    understood = understand(data)
    datasets = [prepare_dataset(data, understood, seed, None, 224) for seed in options.seeds]
    first = datasets[0]
    weights = resolve(which, "imagenet", options.weights_dir)
    network = build(which, first.image_size, len(first.split.labels), weights, seed=0)
    device = prepare_device()
    module = Trainee(network, device.torch).module.eval()
    records, _ = open_pixels(
        data, first.images, first.hashes, first.image_size, spare_folder=work, decoded=print_nothing
    )
    source = ImageSource(records, first.image_size, device, Strength())
    batches = cut(np.arange(len(first.images)), 64)

    def seen(images: Iterator[torch.Tensor]) -> Floats:
        with torch.inference_mode():
            return np.concatenate([module.features(each).float().numpy() for each in images])

    found = [seen(source.plain(batches))]
    for view in range(_MOST_VIEWS):
        draws = np.array_split(draw(0, view, len(first.images)), len(batches))
        found.append(seen(map(source.changed, source.stored(batches), draws)))
    records.close()
    return found, datasets


def print_nothing(_images: int) -> None:
    """Decoding needs no words here."""


def _trained(
    variant: Variant,
    dataset: Dataset,
    views: list[Floats],
    seed: int,
    options: argparse.Namespace,
) -> Answers:
    plain = views[0]
    train, validation = (
        dataset.examples(dataset.split.train),
        dataset.examples(dataset.split.validation),
    )
    columns = slice(None) if variant.blocks else slice(-architecture("MobileNetV2").features, None)
    mean = plain[train.numbers][:, columns].mean(axis=0)
    deviation = np.sqrt(plain[train.numbers][:, columns].var(axis=0) + 1e-4)

    def scaled(which: Floats, numbers: Ints) -> torch.Tensor:
        return torch.from_numpy((which[numbers][:, columns] - mean) / deviation)

    seen = [scaled(each, train.numbers) for each in views[: 1 + variant.views]]
    head = _fitted(variant, seen, train.targets, seed, options)
    with torch.inference_mode():
        logits = head(scaled(plain, validation.numbers))
    return Answers(
        validation.targets,
        logits.softmax(dim=1).numpy(),
        tuple(dataset.group_of[image.image_id] for image in dataset.split.validation),
    )


def _fitted(
    variant: Variant,
    seen: list[torch.Tensor],
    targets: Ints,
    seed: int,
    options: argparse.Namespace,
) -> torch.nn.Linear:
    torch.manual_seed(seed)
    classes = int(targets.max()) + 1
    head = torch.nn.Linear(seen[0].shape[1], classes)
    optimizer = torch.optim.Adam(head.parameters(), fused=True)
    sampling = (by_square_root if variant.square_root else every_image_once)(targets, classes)
    share = torch.from_numpy(sampling.shown / sampling.shown.sum()).float()
    weights = share**-variant.weights
    weights /= (weights * share).sum()
    chooser = np.random.default_rng(seed)
    labels = torch.from_numpy(targets)
    steps = options.epochs * len(cut(np.arange(len(targets)), options.batch_size))
    step = 0
    for epoch in range(options.epochs):
        for batch in cut(sampling.order(seed, epoch), options.batch_size):
            for group in optimizer.param_groups:
                group["lr"] = 1e-3 * rate_factor(step, steps, 0.1)
            rows = seen[int(chooser.integers(len(seen)))][batch]
            logits = head(rows) + variant.adjustment * share.log()
            loss = functional.cross_entropy(
                logits, labels[batch], weights, label_smoothing=variant.smoothing
            )
            loss = loss + variant.ridge * head.weight.square().sum()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            step += 1
    return head


if __name__ == "__main__":
    raise SystemExit(main())
