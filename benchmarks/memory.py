"""Peak memory of a training: the set as it is, and the same pictures many times under new names.

    python -m benchmarks.memory DATA --weights-dir FOLDER --images 8548 100000

Memory must not grow with the number of images. The large set is made of the small one, every round
through it with new image ids and new lesion ids. By default each copy is another picture (turned,
cut to 80–95 %, a little lighter or darker), as a large set has; with ``--identical`` copies are the
same bytes, which the audit finds and joins into groups. A few epochs are enough, since every epoch
does the same.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

from benchmarks.images import multiplied, unpacked, work_folder
from benchmarks.results import Results
from benchmarks.training import Run, train


def main(arguments: Sequence[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    runs: dict[int, Run] = {}
    with work_folder() as work:
        source = unpacked(options.data, work)
        for images in options.images:
            print(f"Making a set of {images:,} images …", flush=True)
            data = multiplied(
                source, work / f"set_{images}", images, retouched=not options.identical
            )
            print("train.py …", flush=True)
            weights = options.weights_dir.resolve() if options.weights_dir else None
            run = train(data, work, weights, _flags(options))
            print(f"  {run.peak_memory / 1e9:.2f} GB, {run.seconds:.0f} s", flush=True)
            runs[images] = run
            shutil.rmtree(data)
    outcome(runs, options).show_and_save(options.results)
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    built = argparse.ArgumentParser(
        prog="python -m benchmarks.memory",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    built.add_argument("data", type=Path, help="HAM10000 as people download it: folder or .zip")
    built.add_argument("--weights-dir", type=Path, help="of Keras's weight files")
    built.add_argument("--images", nargs="+", type=int, default=[8548, 100_000])
    built.add_argument("--arch", default="MobileNetV2")
    built.add_argument("--epochs", type=int, default=2, help="default: %(default)s")
    built.add_argument(
        "--fine-tune-epochs", type=int, default=1, help="of these, of the whole network"
    )
    built.add_argument("--image-size", type=int, help="default: as train.py chooses")
    built.add_argument(
        "--identical", action="store_true", help="copies are the same bytes, not other pictures"
    )
    built.add_argument("--results", type=Path, help="folder (default: benchmarks/results)")
    return built


def outcome(runs: dict[int, Run], options: argparse.Namespace) -> Results:
    """The table of what was measured."""
    kind = "the same bytes" if options.identical else "other pictures"
    results = Results(
        name="memory_identical" if options.identical else "memory",
        heading=f"Peak memory of a training: {options.arch}, {options.epochs} epochs, "
        f"{options.fine_tune_epochs} of them of the whole network",
        columns=("images", "groups", "input", "peak memory, GB", "more than the first", "seconds"),
    )
    first = next(iter(runs.values()))
    for images, run in runs.items():
        counts = run.metadata["split"]["counts"]
        size = run.metadata["settings"]["image_size"]
        results.rows.append(
            (
                f"{images:,}",
                f"{sum(part['groups'] for part in counts.values()):,}",
                f"{size} × {size}",
                f"{run.peak_memory / 1e9:.2f}",
                f"{(run.peak_memory - first.peak_memory) / 1e9:+.2f}",
                f"{run.seconds:.0f}",
            )
        )
    results.notes = [
        (
            f"Images beyond the set's own are copies under new image ids and lesion ids: {kind}. "
            "Groups are what the split keeps together."
        ),
        (
            "Peak memory is that of all processes of the run together, the audit and the saving "
            "included; pages of files that the system keeps in its own cache are not counted."
        ),
    ]
    results.data = {
        "copies": kind,
        "runs": {str(images): run.summary() for images, run in runs.items()},
    }
    return results


def _flags(options: argparse.Namespace) -> list[str]:
    flags = ["--arch", options.arch, "--epochs", str(options.epochs), "--batch-size", "32"]
    flags += ["--fine-tune-epochs", str(options.fine_tune_epochs)]
    if options.image_size:
        flags += ["--image-size", str(options.image_size)]
    return flags


if __name__ == "__main__":
    raise SystemExit(main())
