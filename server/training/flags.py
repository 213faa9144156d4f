"""The flags of the training program, with help for a newcomer.

They are the fields of ``TrainingRequest``, with dashes, and where everything lies.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from server.domain.architectures import ARCHITECTURES
from server.domain.presets import PRESETS
from server.domain.training_request import OPTIMIZERS, TrainingRequest

_DESCRIPTION = """\
Train a classifier of skin lesion images and test it on lesions it has never seen.

The folder holds a table (metadata.csv with image_id, image_path, label) beside the images, or one
folder for each class, or HAM10000 as it is downloaded; which of them is found out by itself.
Images are split 70/20/10 into training, validation and test without tearing a lesion apart.
The result is derma_<architecture>_<time>.h5 (Keras), .onnx, _history.json and _metadata.json."""

_FIELDS = {"arch": "architecture"}
"""Flags that are not called like their field of ``TrainingRequest``."""

_EXAMPLE = """\
example:
  python server/training/train.py --data-dir server/data/HAM10000 --arch DenseNet169 \
--epochs 30 --batch-size 32

exit codes: 0 finished, 2 refused (what is wrong is said in one sentence), 3 out of memory,
4 stopped because the program that started it is gone, 1 anything else (see the log file)."""


def parser() -> argparse.ArgumentParser:
    """The flags, with help for a newcomer."""
    defaults = TrainingRequest(dataset_name="")
    built = argparse.ArgumentParser(
        prog="train.py",
        description=_DESCRIPTION,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_data_flags(built)
    _add_training_flags(built, defaults)
    _add_run_flags(built)
    return built


def given_fields(flags: argparse.Namespace) -> dict[str, Any]:
    """The fields of ``TrainingRequest`` that were given by hand; no default is among them."""
    named = {_FIELDS.get(flag, flag): value for flag, value in vars(flags).items()}
    return {
        name: value
        for name, value in named.items()
        if name in TrainingRequest.__slots__ and value is not None
    }


def _add_data_flags(built: argparse.ArgumentParser) -> None:
    group = built.add_argument_group("what to train on, and where to put it")
    group.add_argument("--data-dir", type=Path, metavar="FOLDER", help="the dataset's folder")
    group.add_argument(
        "--from-report",
        type=Path,
        metavar="FILE",
        help="run the training of this …_report.json again, with its settings, seed, weights and "
        "split; nothing of how to train may be given beside it (default for --data-dir: the "
        "report's dataset under data in DERMASCAN_HOME)",
    )
    group.add_argument(
        "--output-dir",
        type=Path,
        metavar="FOLDER",
        help="where the model's files go (default: models in DERMASCAN_HOME, which is server/)",
    )
    group.add_argument(
        "--model-name", metavar="NAME", help="their name (default: derma_<architecture>_<time>)"
    )


def _add_training_flags(built: argparse.ArgumentParser, defaults: TrainingRequest) -> None:
    group = built.add_argument_group("how to train")
    names = ", ".join(ARCHITECTURES)
    # A flag that was not given is None, so that a preset can fill it; the help says the default.
    group.add_argument(
        "--preset",
        metavar="NAME",
        help=f"{', '.join(PRESETS)}: fills the flags of this group that are not given "
        "(default: standard)",
    )
    group.add_argument(
        "--arch",
        metavar="NAME",
        help=f"the network: {names} (default: {defaults.architecture}; MobileNetV2 is the fastest)",
    )
    group.add_argument(
        "--epochs",
        type=int,
        help="passes over the training images, of both phases together "
        f"(default: {defaults.epochs})",
    )
    group.add_argument(
        "--fine-tune-epochs",
        type=int,
        metavar="N",
        help="how many of them train the whole network and not only its last layer (default: the "
        "last quarter, or all when it starts from random weights; 0 = none)",
    )
    group.add_argument(
        "--batch-size",
        type=int,
        help=f"images at a time; less needs less memory (default: {defaults.batch_size})",
    )
    group.add_argument(
        "--optimizer",
        help=f"{', '.join(OPTIMIZERS)} (default: {defaults.optimizer})",
    )
    group.add_argument(
        "--learning-rate",
        type=float,
        help="peak rate of the last layer; a pretrained backbone learns at 0.3 of it "
        f"(default: {defaults.learning_rate})",
    )
    group.add_argument(
        "--class-balancing",
        action=argparse.BooleanOptionalAction,
        help="let rare classes count as much as common ones (default: yes)",
    )
    group.add_argument(
        "--image-size",
        type=int,
        metavar="PIXELS",
        help="side of the square input (default: chosen from the images)",
    )
    group.add_argument(
        "--views",
        type=int,
        metavar="N",
        help="the finished network takes the mean over 1, 2 or 4 mirror images of each picture, "
        "if validation agrees; it takes that many times as long to answer "
        f"(default: {defaults.views})",
    )
    group.add_argument("--seed", type=int, help=f"of all that is random (default: {defaults.seed})")
    group.add_argument(
        "--weights",
        help="imagenet, none, a Keras weights file, or auto = imagenet if it can be had, otherwise "
        f"random and then said so (default: {defaults.weights})",
    )
    group.add_argument(
        "--weights-dir",
        type=Path,
        metavar="FOLDER",
        help="where Keras's weight files lie, for machines without the internet (default: "
        "DERMASCAN_WEIGHTS_DIR)",
    )
    group.add_argument(
        "--where-weights",
        action="store_true",
        help="only print, as JSON, what training would start from",
    )


def _add_run_flags(built: argparse.ArgumentParser) -> None:
    group = built.add_argument_group("how to run")
    group.add_argument(
        "--estimate",
        action="store_true",
        help="only measure, by a trial of some ten seconds, what the run would cost here, and "
        "print it as JSON",
    )
    group.add_argument(
        "--resume-from", type=Path, metavar="CHECKPOINT", help="go on from this checkpoint.pt"
    )
    group.add_argument(
        "--run-dir",
        type=Path,
        metavar="FOLDER",
        help="work files and checkpoints; kept (default: one that is removed at the end)",
    )
    group.add_argument(
        "--log-file", type=Path, metavar="FILE", help="default: logs/training.log in DERMASCAN_HOME"
    )
    group.add_argument("--job-id", metavar="ID", help="stands in the log and the metadata")
    group.add_argument(
        "--events", type=Path, metavar="FILE", help="append what happens here, as JSON lines"
    )
    group.add_argument(
        "--heartbeat",
        type=Path,
        metavar="FILE",
        help="stop when this file is no longer rewritten every second",
    )
    group.add_argument("--pulse", type=Path, metavar="FILE", help="rewrite this file every second")
    group.add_argument(
        "--stop-file",
        type=Path,
        metavar="FILE",
        help="stop early and keep the best epoch when this file appears",
    )
