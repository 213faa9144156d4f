"""The command line of the training program: flags in, exit code out.

Nothing here loads torch or keras, so ``--help``, ``--where-weights`` and wrong flags answer at
once.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType

from server.domain.architectures import ARCHITECTURES
from server.domain.errors import Conflict, DermaScanError, InvalidInput
from server.domain.events import EXIT_CRASHED, EXIT_FINISHED, EXIT_REFUSED
from server.domain.presets import with_preset
from server.domain.room import is_disk_full
from server.domain.training_request import TrainingRequest
from server.training.again import default_data_dir, request_again
from server.training.console import Console
from server.training.engine.heartbeat import watch_heartbeat
from server.training.engine.pulse import Pulse
from server.training.engine.room import wait_when_full
from server.training.events import Announcer, EventFile, Listener
from server.training.failures import exit_code, in_one_sentence
from server.training.flags import given_fields, parser
from server.training.logfile import LogFile
from server.training.recipe import Recipe, read_report, recipe_of
from server.training.spec import TrainSpec, home, reserve_model_name

_EXIT_INTERRUPTED = 130
_EXIT_TERMINATED = 143


class _Terminated(Exception):
    """The process was asked to end."""


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
        if flags.estimate:
            return _estimate(flags)
        if int(os.environ.get("RANK", "0")):  # not the first of the processes of torchrun
            from server.training.follow import follow

            return follow()
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
    recipe = _recipe(flags)
    data_dir = _data_dir(flags, recipe)
    request = _request(flags, recipe, data_dir.name)
    if not data_dir.is_dir():
        raise InvalidInput(f"There is no folder {data_dir}; see --data-dir.", field="data_dir")
    resume = flags.resume_from.resolve() if flags.resume_from else None
    if resume and not resume.is_file():
        raise InvalidInput(f"There is no checkpoint {resume}.", field="resume_from")
    output_dir = (flags.output_dir or home() / "models").resolve()
    run_dir, keep = _run_dir(flags, resume)
    log_file = (flags.log_file or home() / "logs" / "training.log").resolve()
    _require_writable("output_dir", output_dir)
    _require_writable("run_dir", run_dir.parent)
    _require_writable("log_file", log_file.parent)
    model_name = _model_name(flags.model_name, output_dir)
    return TrainSpec(
        request=request,
        data_dir=data_dir,
        output_dir=output_dir,
        run_dir=run_dir,
        keep_run_dir=keep,
        weights_dir=_weights_dir(flags),
        log_file=log_file,
        events=flags.events.resolve() if flags.events else None,
        heartbeat=flags.heartbeat.resolve() if flags.heartbeat else None,
        resume_from=resume,
        job_id=flags.job_id,
        model_name=model_name or reserve_model_name(request.architecture, output_dir),
        recipe=recipe,
        pulse=flags.pulse.resolve() if flags.pulse else None,
        stop_file=flags.stop_file.resolve() if flags.stop_file else None,
    )


def _recipe(flags: argparse.Namespace) -> Recipe | None:
    if flags.from_report is None:
        return None
    path = flags.from_report.resolve()
    return recipe_of(read_report(path), path)


def _data_dir(flags: argparse.Namespace, recipe: Recipe | None) -> Path:
    if flags.data_dir is not None:
        return Path(flags.data_dir).resolve()
    if recipe is not None:
        return default_data_dir(recipe, home() / "data").resolve()
    raise InvalidInput(
        "Give the dataset's folder with --data-dir, such as --data-dir server/data/HAM10000.",
        field="data_dir",
    )


def _request(
    flags: argparse.Namespace, recipe: Recipe | None, dataset_name: str
) -> TrainingRequest:
    given = given_fields(flags)
    if recipe is not None:
        preset = {} if flags.preset is None else {"preset": flags.preset}
        return request_again(recipe, preset | given, dataset_name)
    return TrainingRequest(dataset_name=dataset_name, **with_preset(flags.preset, given))


def _require_writable(flag: str, folder: Path) -> None:
    """Find out before the training, not after it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        if is_disk_full(error):  # the run waits for room when it writes
            return
        raise InvalidInput(
            f"Nothing can be written to {folder} ({error.strerror}); "
            f"give another place with --{flag.replace('_', '-')}.",
            field=flag,
        ) from error


def _run(spec: TrainSpec, log: LogFile) -> int:
    event_file = EventFile(spec.events) if spec.events else None
    listeners: list[Listener] = [log, Console(_print), *([event_file] if event_file else [])]
    announcer = Announcer(listeners, notes=[log.note, _print])
    _wait_when_full(spec)
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
        shutil.rmtree(spec.output_dir / f".{spec.model_name}.partial", ignore_errors=True)
        log.close()
        if event_file:
            event_file.close()


def _wait_when_full(spec: TrainSpec) -> None:
    """On a full disk wait, and say so: to who watches the pulse, and at the terminal."""
    pulse = Pulse(spec.pulse) if spec.pulse else None
    if pulse:
        pulse.keep_beating()

    def say(sentence: str) -> None:
        if pulse:
            pulse.wait_for(sentence)
        _print(sentence or "There is room again.")

    wait_when_full(say)


def _print(words: str) -> None:
    """At a terminal; what a full disk has no room for is told elsewhere."""
    try:
        print(words)
    except OSError as error:
        if not is_disk_full(error):
            raise


def _failed(spec: TrainSpec, error: Exception, announcer: Announcer, log: LogFile) -> int:
    code, name = exit_code(error)
    sentence = in_one_sentence(error)
    if code == EXIT_CRASHED:
        log.crash(error)
        sentence += f" Details are in {spec.log_file}."
    announcer.failed(name, sentence)
    _keep_or_forget(spec, announcer)
    return code


def _stopped(spec: TrainSpec, announcer: Announcer, code: int) -> int:
    announcer.note("Stopped before the end; no model was saved.")
    _keep_or_forget(spec, announcer)
    return code


def _keep_or_forget(spec: TrainSpec, announcer: Announcer) -> None:
    """Say how to go on from the checkpoint of a run by hand; without one, leave nothing behind."""
    checkpoint = spec.run_dir / "checkpoint.pt"
    if not checkpoint.is_file():
        if not spec.keep_run_dir:
            shutil.rmtree(spec.run_dir, ignore_errors=True)
    elif spec.job_id is None:
        announcer.note(f'To go on: the same command with --resume-from "{checkpoint}"')


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

    weights = flags.weights or TrainingRequest(dataset_name="").weights
    wanted = [architecture(flags.arch)] if flags.arch else list(ARCHITECTURES.values())
    # At once, because each may wait for a network that swallows its question.
    with ThreadPoolExecutor(len(wanted)) as pool:
        found = pool.map(lambda each: resolve(each, weights, _weights_dir(flags)), wanted)
        return {
            each.name: {"used": answer.used, "sentence": answer.sentence}
            for each, answer in zip(wanted, found, strict=True)
        }


def _estimate(flags: argparse.Namespace) -> int:
    """Print what the run would cost; nothing but that goes to the standard output."""
    if flags.heartbeat:
        watch_heartbeat(flags.heartbeat, lambda words: print(words, file=sys.stderr))
    with (
        tempfile.TemporaryDirectory(prefix="dermascan-", ignore_cleanup_errors=True) as scratch,
        contextlib.redirect_stdout(sys.stderr),
    ):
        folder = flags.run_dir or Path(scratch)
        flags.run_dir, flags.output_dir = folder / "run", folder / "models"
        flags.log_file, flags.model_name = folder / "trial.log", "trial"
        spec = spec_from(flags)
        try:
            from server.training.estimate import estimate

            cost = estimate(spec)
        except Exception as error:
            print(in_one_sentence(error), file=sys.stderr)
            return exit_code(error)[0]
    print(json.dumps(cost.as_dict(), indent=2, ensure_ascii=False))
    return EXIT_FINISHED


def _end_politely_on_sigterm() -> None:
    def end(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        raise _Terminated

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, end)
