"""The whole job, from a folder of images to a tested and saved model, beside the script of today.

    python -m benchmarks.whole_job DATA --weights-dir FOLDER --peer-python ENV/bin/python

Trains MobileNetV2 with the document's flags (30 epochs, batch 32) by ``train.py``: the default
recipe and the frozen one (``--fine-tune-epochs 0``). Every run starts from a fresh copy of the set,
without any cache. The peer is ``keras_script.py`` on the very split that the run of the same seed
drew. Imports are not counted on either side.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence
from pathlib import Path

from benchmarks.images import unpacked, work_folder
from benchmarks.measuring import Spread
from benchmarks.peer import FULL_EPOCHS, PeerRun, run_peer
from benchmarks.results import FOLDER, Results
from benchmarks.training import Run, train
from server.domain.architectures import architecture

RECIPES = {"default": (), "frozen": ("--fine-tune-epochs", "0")}
"""Names of the recipes, and what they add to the document's flags."""

_PROMISES = {"default": (1 / 6, 0.72), "frozen": (1 / 40, 0.58)}
"""Of each recipe: share of the peer's time, and balanced accuracy, that is to be kept."""


def main(arguments: Sequence[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    ours: dict[str, list[Run]] = {recipe: [] for recipe in options.recipes}
    peers: list[PeerRun] = []

    def so_far() -> Results:
        done = {recipe: runs for recipe, runs in ours.items() if runs}
        return outcome(done, peers, options.seeds, options.epochs)

    with work_folder() as work:
        data = unpacked(options.data, work)
        for number, seed in enumerate(options.seeds):
            for recipe in options.recipes:
                ours[recipe].append(_ours(data, work, options, recipe, seed))
                so_far().save(options.results or FOLDER)
            if options.peer_python and number < options.peer_runs:
                drawn = ours[options.recipes[0]][-1].split
                peers.append(_peer(data, work, options, drawn, seed))
    so_far().show_and_save(options.results)
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    built = argparse.ArgumentParser(
        prog="python -m benchmarks.whole_job",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    built.add_argument("data", type=Path, help="HAM10000 as people download it: folder or .zip")
    built.add_argument("--weights-dir", type=Path, required=True, help="of Keras's weight files")
    built.add_argument("--recipes", nargs="+", choices=RECIPES, default=list(RECIPES))
    built.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    built.add_argument("--epochs", type=int, default=FULL_EPOCHS, help="of ours, for trying it out")
    built.add_argument(
        "--flags", nargs=argparse.REMAINDER, default=[], help="further flags of train.py, last"
    )
    built.add_argument(
        "--peer-python", type=Path, help="interpreter with tensorflow (default: no peer)"
    )
    built.add_argument(
        "--peer-epochs",
        type=int,
        default=FULL_EPOCHS,
        help="epochs that the peer really runs; fewer than 30 are extrapolated, and said so",
    )
    built.add_argument(
        "--peer-runs", type=int, default=1, help="of how many seeds the peer runs (default: 1)"
    )
    built.add_argument("--results", type=Path, help="folder (default: benchmarks/results)")
    return built


def outcome(
    ours: dict[str, list[Run]], peers: list[PeerRun], seeds: Sequence[int], epochs: int
) -> Results:
    """The table of what was measured."""
    results = Results(
        name="whole_job",
        heading=f"The whole job: MobileNetV2, {epochs} epochs, batch 32{_how_peer_ran(peers)}",
        columns=(
            "what",
            "seconds",
            "of the peer's time",
            "peak memory, GB",
            "test balanced accuracy",
            "test accuracy",
            "waiting for images",
        ),
    )
    theirs = statistics.median(peer.seconds for peer in peers) if peers else None
    if peers:
        results.rows.append(_peer_row(peers))
    for recipe, runs in ours.items():
        results.rows.append(_our_row(recipe, runs, theirs))
        if epochs != FULL_EPOCHS:
            continue
        share, balanced = _PROMISES[recipe]
        results.notes.append(
            f"{recipe}: promised are at most 1/{round(1 / share)} of the peer's time and a mean "
            f"balanced accuracy of at least {balanced}; the mean here is "
            f"{statistics.mean(run.test['balanced_accuracy'] for run in runs):.3f}."
        )
    results.notes += [
        (
            f"Seeds {', '.join(map(str, seeds))}: median (smallest–largest); the mean for balanced "
            "accuracy. Each seed draws its own split by lesion; the peer has that of the same seed."
        ),
        (
            "Seconds run from reading the folder to the checked files of the model; imports are not"
            " counted. Peak memory is that of all processes of the run together."
        ),
    ]
    results.data = {
        "seeds": list(seeds),
        "ours": {recipe: [run.summary() for run in runs] for recipe, runs in ours.items()},
        "peer": [peer.summary() for peer in peers],
    }
    return results


def _how_peer_ran(peers: list[PeerRun]) -> str:
    if not peers:
        return "; without the peer"
    if not peers[0].is_extrapolated:
        return "; the peer ran whole"
    return (
        f"; the peer's time is EXTRAPOLATED: all its work but {FULL_EPOCHS - peers[0].epochs} of "
        f"{FULL_EPOCHS} epochs was measured, and its accuracy is that after {peers[0].epochs}"
    )


def _ours(data: Path, work: Path, options: argparse.Namespace, recipe: str, seed: int) -> Run:
    print(f"train.py, {recipe} recipe, seed {seed} …", flush=True)
    flags = ["--arch", "MobileNetV2", "--epochs", str(options.epochs), "--batch-size", "32"]
    flags += ["--weights", "imagenet", "--seed", str(seed), *RECIPES[recipe], *options.flags]
    run = train(data, work, options.weights_dir.resolve(), flags)
    print(
        f"  {run.seconds:.0f} s, {run.peak_memory / 1e9:.2f} GB, balanced accuracy "
        f"{run.test['balanced_accuracy']:.3f}",
        flush=True,
    )
    return run


def _peer(
    data: Path, work: Path, options: argparse.Namespace, split: dict[str, list[str]], seed: int
) -> PeerRun:
    print(f"keras_script.py, {options.peer_epochs} epochs, seed {seed} …", flush=True)
    peer = run_peer(
        options.peer_python.absolute(),
        data.resolve(),
        options.weights_dir.resolve() / architecture("MobileNetV2").weights_file,
        split,
        epochs=options.peer_epochs,
        seed=seed,
        work=work,
    )
    print(f"  {peer.seconds:.0f} s, {peer.peak_memory / 1e9:.2f} GB", flush=True)
    return peer


def _peer_row(peers: list[PeerRun]) -> Sequence[object]:
    balanced = [peer.answer["test"]["balanced_accuracy"] for peer in peers]
    return (
        "plain Keras script, TensorFlow",
        Spread.of([peer.seconds for peer in peers])
        if len(peers) > 1
        else f"{peers[0].seconds:.0f}",
        "1",
        f"{max(peer.peak_memory for peer in peers) / 1e9:.2f}",
        f"{statistics.mean(balanced):.3f}",
        f"{statistics.mean(peer.answer['test']['accuracy'] for peer in peers):.3f}",
        "–",
    )


def _our_row(recipe: str, runs: list[Run], theirs: float | None) -> Sequence[object]:
    seconds = Spread.of([run.seconds for run in runs])
    balanced = [run.test["balanced_accuracy"] for run in runs]
    waiting = [run.waiting for run in runs if run.waiting is not None]
    return (
        f"train.py, {recipe} recipe",
        f"{seconds.median:.0f} ({seconds.low:.0f}–{seconds.high:.0f})",
        f"1/{theirs / seconds.median:.1f}" if theirs else "–",
        f"{max(run.peak_memory for run in runs) / 1e9:.2f}",
        f"{statistics.mean(balanced):.3f} ({min(balanced):.3f}–{max(balanced):.3f})",
        f"{statistics.mean(run.test['accuracy'] for run in runs):.3f}",
        f"{max(waiting):.1%}" if waiting else "–",
    )


if __name__ == "__main__":
    raise SystemExit(main())
