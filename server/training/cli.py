"""The command line of the training program: flags in, exit code out.

Nothing here loads torch or keras, so ``--help``, ``--where-weights`` and wrong flags answer at
once.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import threading
import uuid
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from server.domain.architectures import ARCHITECTURES
from server.domain.errors import Conflict, DermaScanError, InvalidInput
from server.domain.events import EXIT_CRASHED, EXIT_FINISHED, EXIT_REFUSED
from server.domain.training_request import OPTIMIZERS, TrainingRequest
from server.training.console import Console
from server.training.engine.heartbeat import watch_heartbeat
from server.training.events import Announcer, EventFile, Listener
from server.training.failures import exit_code, in_one_sentence
from server.training.logfile import LogFile
from server.training.spec import TrainSpec, default_model_name, home

_EXIT_INTERRUPTED = 130
_EXIT_TERMINATED = 143

_DESCRIPTION = """\
Train a classifier of skin lesion images and test it on lesions it has never seen.

The folder holds a table (metadata.csv with image_id, image_path, label) beside the images, or one
folder for each class, or HAM10000 as it is downloaded; which of them is found out by itself.
Images are split 70/20/10 into training, validation and test without tearing a lesion apart.
The result is derma_<architecture>_<time>.h5 (Keras), .onnx, _history.json and _metadata.json."""

_EXAMPLE = """\
example:
  python server/training/train.py --data-dir server/data/HAM10000 --arch DenseNet169 \
--epochs 30 --batch-size 32

exit codes: 0 finished, 2 refused (what is wrong is said in one sentence), 3 out of memory,
4 stopped because the program that started it is gone, 1 anything else (see the log file)."""


class _Terminated(Exception):
    """The process was asked to end."""


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


def _add_data_flags(built: argparse.ArgumentParser) -> None:
    group = built.add_argument_group("what to train on, and where to put it")
    group.add_argument("--data-dir", type=Path, metavar="FOLDER", help="the dataset's folder")
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
    group.add_argument(
        "--arch",
        metavar="NAME",
        help=f"the network: {names} (default: {defaults.architecture}; MobileNetV2 is the fastest)",
    )
    group.add_argument(
        "--epochs",
        type=int,
        default=defaults.epochs,
        help="passes over the training images, of both phases together (default: %(default)s)",
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
        default=defaults.batch_size,
        help="images at a time; less needs less memory (default: %(default)s)",
    )
    group.add_argument(
        "--optimizer",
        default=defaults.optimizer,
        help=f"{', '.join(OPTIMIZERS)} (default: %(default)s)",
    )
    group.add_argument(
        "--learning-rate",
        type=float,
        default=defaults.learning_rate,
        help="peak rate of the last layer; a pretrained backbone learns at a tenth of it "
        "(default: %(default)s)",
    )
    group.add_argument(
        "--class-balancing",
        action=argparse.BooleanOptionalAction,
        default=defaults.class_balancing,
        help="let rare classes count as much as common ones (default: yes)",
    )
    group.add_argument(
        "--image-size",
        type=int,
        metavar="PIXELS",
        help="side of the square input (default: chosen from the images)",
    )
    group.add_argument(
        "--seed", type=int, default=defaults.seed, help="of all that is random (default: 0)"
    )
    group.add_argument(
        "--weights",
        default=defaults.weights,
        help="imagenet, none, a Keras weights file, or auto = imagenet if it can be had, otherwise "
        "random and then said so (default: %(default)s)",
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


def main(arguments: Sequence[str]) -> int:
    """Run the program.

    Returns:
        The exit code, see ``server.domain.events``.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace", line_buffering=True)
    flags = parser().parse_args(arguments)
    try:
        if flags.where_weights:
            print(json.dumps(_where_weights(flags), indent=2, ensure_ascii=False))
            return EXIT_FINISHED
        spec = spec_from(flags)
        log = LogFile(spec.log_file, spec.job_id)
    except (DermaScanError, OSError) as error:
        # The runner reads the event file, not the terminal.
        if flags.events is not None and isinstance(error, DermaScanError):
            Announcer([EventFile(flags.events)]).failed(error.code, error.message)
        print(in_one_sentence(error), file=sys.stderr)
        return EXIT_REFUSED
    return _run(spec, log)


def spec_from(flags: argparse.Namespace) -> TrainSpec:
    """The checked specification of a run.

    Raises:
        InvalidInput: naming the flag.
    """
    if flags.data_dir is None:
        raise InvalidInput(
            "Give the dataset's folder with --data-dir, such as --data-dir server/data/HAM10000.",
            field="data_dir",
        )
    data_dir = flags.data_dir.resolve()
    request = TrainingRequest(
        dataset_name=data_dir.name,
        architecture=flags.arch or TrainingRequest(dataset_name="").architecture,
        **{
            name: getattr(flags, name)
            for name in TrainingRequest.__slots__
            if name not in ("dataset_name", "architecture")
        },
    )
    if not data_dir.is_dir():
        raise InvalidInput(f"There is no folder {data_dir}; see --data-dir.", field="data_dir")
    resume = flags.resume_from.resolve() if flags.resume_from else None
    if resume and not resume.is_file():
        raise InvalidInput(f"There is no checkpoint {resume}.", field="resume_from")
    output_dir = (flags.output_dir or home() / "models").resolve()
    run_dir, keep = _run_dir(flags, resume)
    model_name = _model_name(flags.model_name, output_dir)
    return TrainSpec(
        request=request,
        data_dir=data_dir,
        output_dir=output_dir,
        run_dir=run_dir,
        keep_run_dir=keep,
        weights_dir=_weights_dir(flags),
        log_file=(flags.log_file or home() / "logs" / "training.log").resolve(),
        events=flags.events.resolve() if flags.events else None,
        heartbeat=flags.heartbeat.resolve() if flags.heartbeat else None,
        resume_from=resume,
        job_id=flags.job_id,
        model_name=model_name or default_model_name(request.architecture, output_dir),
    )


def _run(spec: TrainSpec, log: LogFile) -> int:
    event_file = EventFile(spec.events) if spec.events else None
    listeners: list[Listener] = [log, Console(print), *([event_file] if event_file else [])]
    announcer = Announcer(listeners, notes=[log.note, print])
    if spec.heartbeat:
        watch_heartbeat(spec.heartbeat, log.note)
    _end_politely_on_sigterm()
    try:
        from server.training.run import run

        run(spec, announcer)
        if not spec.keep_run_dir:
            shutil.rmtree(spec.run_dir, ignore_errors=True)
        return EXIT_FINISHED
    except KeyboardInterrupt:
        return _stopped(spec, announcer, _EXIT_INTERRUPTED)
    except _Terminated:
        return _stopped(spec, announcer, _EXIT_TERMINATED)
    except Exception as error:
        return _failed(spec, error, announcer, log)
    finally:
        log.close()
        if event_file:
            event_file.close()


def _failed(spec: TrainSpec, error: Exception, announcer: Announcer, log: LogFile) -> int:
    code, name = exit_code(error)
    sentence = in_one_sentence(error)
    if code == EXIT_CRASHED:
        log.crash(error)
        sentence += f" Details are in {spec.log_file}."
    announcer.failed(name, sentence)
    if not _has_checkpoint(spec):
        _forget_run_dir(spec)
    return code


def _stopped(spec: TrainSpec, announcer: Announcer, code: int) -> int:
    announcer.note("Stopped before the end; no model was saved.")
    if _has_checkpoint(spec):
        announcer.note(f'To go on: the same command with --resume-from "{_checkpoint(spec)}"')
    else:
        _forget_run_dir(spec)
    return code


def _checkpoint(spec: TrainSpec) -> Path:
    return spec.run_dir / "checkpoint.pt"


def _has_checkpoint(spec: TrainSpec) -> bool:
    return _checkpoint(spec).is_file()


def _forget_run_dir(spec: TrainSpec) -> None:
    if not spec.keep_run_dir:
        shutil.rmtree(spec.run_dir, ignore_errors=True)


def _run_dir(flags: argparse.Namespace, resume: Path | None) -> tuple[Path, bool]:
    """The run's folder, and whether it outlives the run."""
    if flags.run_dir:
        return flags.run_dir.resolve(), True
    jobs = home() / "jobs"
    if resume and resume.parent.parent == jobs and resume.parent.name.startswith("cli-"):
        return resume.parent, False
    return jobs / f"cli-{uuid.uuid4().hex[:8]}", False


def _weights_dir(flags: argparse.Namespace) -> Path | None:
    if flags.weights_dir:
        return Path(flags.weights_dir).resolve()
    named = os.environ.get("DERMASCAN_WEIGHTS_DIR", "").strip()
    return Path(named).expanduser().resolve() if named else None


def _model_name(name: str | None, output_dir: Path) -> str | None:
    if name is None:
        return None
    if (output_dir / f"{name}_metadata.json").exists():
        raise Conflict(f"There is a model {name} in {output_dir} already; give another name.")
    if not name or name.startswith(".") or set(name) & set('/\\:*?"<>|'):
        raise InvalidInput(
            f"The model name {name!r} cannot be a file name; use letters, digits, _ and -.",
            field="model_name",
        )
    return name


def _where_weights(flags: argparse.Namespace) -> dict[str, dict[str, str]]:
    from server.domain.architectures import architecture
    from server.training.engine.weights import resolve

    wanted = [architecture(flags.arch)] if flags.arch else list(ARCHITECTURES.values())
    answer = {}
    for each in wanted:
        found = resolve(each, flags.weights, _weights_dir(flags))
        answer[each.name] = {"used": found.used, "sentence": found.sentence}
    return answer


def _end_politely_on_sigterm() -> None:
    def end(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        raise _Terminated

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, end)
