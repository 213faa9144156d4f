"""The input of a training step: how fast images are decoded, read and augmented, and who waits.

    python -m benchmarks.pipeline DATA --arch MobileNetV2 --size 160

Decoding: every image of the set decoded and resized once into the cache, by all cores. Reading: a
shuffled epoch out of that cache into the step's buffers. Augmentation: the share of a step's time
that changing the images takes, from pairs of steps with and without. Waiting: the share of the
steps' time in which they wait for images, as the engine itself counts it (promised: below 3 %).
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("KERAS_BACKEND", "torch")

from benchmarks.images import fresh, unpacked, work_folder
from benchmarks.measuring import Spread, in_turns, seconds
from benchmarks.results import Results
from server.domain.architectures import ARCHITECTURES

WAITING_PROMISED = 0.03


def main(arguments: Sequence[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    results = Results(
        name="pipeline",
        heading=f"The input of the training step at {options.size} × {options.size} pixels",
        columns=("what", "measured", "unit"),
        notes=[
            "Median (smallest–largest) of several measurements; decoding is done once.",
            f"Promised: waiting below {WAITING_PROMISED:.0%} of the step.",
        ],
    )
    with work_folder() as work:
        data = fresh(unpacked(options.data, work), work / "fresh")
        _decoding_and_reading(data, work, options, results)
    for name in options.arch:
        _in_the_step(name, options, results)
    results.show_and_save(options.results)
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    built = argparse.ArgumentParser(
        prog="python -m benchmarks.pipeline",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    built.add_argument("data", type=Path, help="a dataset that train.py understands: folder or zip")
    names = list(ARCHITECTURES)
    built.add_argument("--arch", nargs="+", choices=names, default=["MobileNetV2"], metavar="NAME")
    built.add_argument("--size", type=int, default=160)
    built.add_argument("--batch-size", type=int, default=32)
    built.add_argument("--steps", type=int, default=8, help="batches a measurement")
    built.add_argument("--pairs", type=int, default=7)
    built.add_argument("--results", type=Path, help="folder (default: benchmarks/results)")
    return built


def _decoding_and_reading(
    data: Path, work: Path, options: argparse.Namespace, results: Results
) -> None:
    import torch

    from server.intake.understand import understand
    from server.training.engine.batches import cut, read_batches
    from server.training.engine.cache import hash_files, open_pixels
    from server.training.engine.device import prepare_device

    device = prepare_device()
    images = understand(data).images
    hashes = hash_files(data, images)
    size = options.size

    def cached() -> None:
        open_pixels(data, images, hashes, size, spare_folder=work, decoded=lambda _images: None)[
            0
        ].close()

    taken = seconds(cached)
    _add(results, "decode and resize once, all cores", [len(images) / taken], "images/s")
    opened = seconds(cached)
    _add(results, "open and check that cache", [len(images) / opened], "images/s")
    records, _ = open_pixels(
        data, images, hashes, size, spare_folder=work, decoded=lambda _images: None
    )

    def read(epoch: int) -> Callable[[], None]:
        def every_batch() -> None:
            order = np.random.default_rng(epoch).permutation(len(images))
            batches = cut(order, options.batch_size)
            shape = (size, size, 3)
            for _ in read_batches(records, batches, shape, torch.uint8, device.is_gpu):
                pass

        return every_batch

    times = [seconds(read(epoch)) for epoch in range(1, options.pairs + 1)]
    records.close()
    rates = [len(images) / each for each in times]
    _add(results, "read a shuffled epoch from it", rates, "images/s")
    _add(results, "the same", [rate * size * size * 3 / 1e9 for rate in rates], "GB/s")


def _in_the_step(name: str, options: argparse.Namespace, results: Results) -> None:
    import torch

    from benchmarks.ours import fine_tuning, new_network, write_noise
    from server.training.engine.device import prepare_device

    device = prepare_device()
    batch, size = options.batch_size, options.size
    resident = torch.rand(batch, 3, size, size).contiguous(memory_format=torch.channels_last)
    waiting: list[float] = []
    with work_folder() as work:
        records = write_noise(work / "pixels.bin", batch * options.steps, size)
        network = new_network(name, size)
        ours = fine_tuning(network, records, device, batch, resident.to(device.torch))

        def from_cache() -> None:
            figures = ours.from_cache()
            waiting.append(figures.waited / figures.seconds)

        pairs = in_turns(from_cache, ours.on_device, options.pairs)
        records.close()
    images = batch * options.steps
    whole, bare = pairs.rates(images)
    shares = [1 - b / a for a, b in zip(pairs.ours, pairs.theirs, strict=True)]
    results.rows.append((f"{name}: training from the cache, augmented", whole, "images/s"))
    results.rows.append((f"{name}: the same step without its input", bare, "images/s"))
    results.rows.append(
        (
            f"{name}: reading and augmenting",
            Spread.of([100 * each for each in shares]),
            "% of the step",
        )
    )
    _add(results, f"{name}: waiting for images", [100 * w for w in waiting[1:]], "% of the step")
    results.data[name] = {
        "seconds_from_cache": pairs.ours,
        "seconds_without_input": pairs.theirs,
        "images_a_measurement": images,
        "waiting_share": waiting[1:],
        "device": device.description,
    }


def _add(results: Results, what: str, values: Sequence[float], unit: str) -> None:
    shown = Spread.of(values) if len(values) > 1 else f"{values[0]:.3g}"
    results.rows.append((what, shown, unit))
    results.data[f"{what} ({unit})"] = list(values)
    print(f"{what}: {shown} {unit}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
