"""The training step beside a plain torch loop of the same network: images a second, in pairs.

    python -m benchmarks.step --arch MobileNetV2 ResNet50 --size 160 --steps 4 --pairs 5

Ours is the engine as fine-tuning uses it; the peer is ``plain_torch``: the same network (its
weights are copied and its answers compared first), the same loss, optimizer, batch and precision.
Three comparisons for each network and size:

  step       a training step on images that lie on the device, both sides
  pipeline   ours reads bytes from the cache and augments them too; the peer's images lie there
  forward    answers without learning

With ``--train same`` (default) the peer trains exactly the parameters that ours trains; with
``--train all`` it trains all of them, whatever ours leaves frozen.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measuring import Pairs
from benchmarks.results import Results
from server.domain.architectures import ARCHITECTURES

if TYPE_CHECKING:
    from benchmarks.step_pairs import Bench

KINDS = ("step", "pipeline", "forward")


def main(arguments: Sequence[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    results = Results(
        name=options.name,
        heading=f"Images a second, batch {options.batch_size}: ours and a plain torch loop",
        columns=(
            "network",
            "input",
            "what",
            "ours",
            "plain torch",
            "ours / plain",
            "ours, TFLOP/s",
            *(["share of peak"] if options.peak_tflops else []),
        ),
        notes=[
            (
                f"Median (smallest–largest) of {options.pairs} pairs of {options.steps} batches, "
                "in turns, after one that warms up. The ratio is taken pair by pair."
            ),
            (
                "step: images on the device, both sides. pipeline: ours also reads the cache and "
                "augments. forward: answers only."
            ),
            "The networks are the same: weights were copied and the answers compared.",
        ],
    )
    for name in options.arch:
        for size in options.size:
            _measure(name, size, options, results)
    results.show_and_save(options.results)
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    built = argparse.ArgumentParser(
        prog="python -m benchmarks.step",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = list(ARCHITECTURES)
    built.add_argument("--arch", nargs="+", choices=names, default=names, metavar="NAME")
    built.add_argument("--size", nargs="+", type=int, default=[160, 224])
    built.add_argument("--what", nargs="+", choices=KINDS, default=list(KINDS))
    built.add_argument("--batch-size", type=int, default=32)
    built.add_argument("--steps", type=int, default=4, help="batches a measurement")
    built.add_argument("--pairs", type=int, default=7)
    built.add_argument("--train", choices=["same", "all"], default="same")
    built.add_argument("--float32", action="store_true", help="no mixed precision on either side")
    built.add_argument("--peak-tflops", type=float, help="of the device, for the share of it")
    built.add_argument("--name", default="step", help="of the results' files")
    built.add_argument("--results", type=Path, help="folder (default: benchmarks/results)")
    return built


def _measure(name: str, size: int, options: argparse.Namespace, results: Results) -> None:
    from benchmarks.step_pairs import Bench

    with Bench(
        name,
        size,
        batch_size=options.batch_size,
        steps=options.steps,
        same_parameters=options.train == "same",
        float32=options.float32,
    ) as bench:
        for kind in options.what:
            print(f"{name} {size} {kind} …", flush=True)
            pairs = bench.pairs(kind, options.pairs)
            row = _row(bench, kind, pairs, options.peak_tflops)
            print("  " + ", ".join(map(str, row[3:])), flush=True)
            results.rows.append(row)
            results.data[f"{name} {size} {kind}"] = bench.facts(kind) | {
                "seconds_ours": pairs.ours,
                "seconds_plain": pairs.theirs,
            }


def _row(bench: Bench, kind: str, pairs: Pairs, peak: float | None) -> Sequence[object]:
    ours, theirs = pairs.rates(bench.images)
    tera = ours.median * bench.flops(kind) / 1e12
    share = [f"{tera / peak:.0%}"] if peak else []
    size = f"{bench.size} × {bench.size}"
    return (bench.name, size, kind, ours, theirs, pairs.ratio, f"{tera:.3g}", *share)


if __name__ == "__main__":
    raise SystemExit(main())
