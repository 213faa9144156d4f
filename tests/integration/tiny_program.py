"""A training program of a few lines: it speaks the contract of ``server.domain.events``, for real.

What it does stands in ``behaviour.json`` in its dataset's folder:

    epochs_seconds   how long an epoch takes (0.05)
    look_seconds     between two looks at the heartbeat (1.0)
    crash_in_epoch   exit with an error in this epoch …
    crash_times      … so many times, counted in ``crashes`` in the dataset's folder (for ever)
    last_words       how the crash ends: "event", "text", "abandoned" or "" (killed)
    refuse, oom      a sentence to end with, before the first epoch
    warn             sentences to warn of, at the start
    checkpoint_bytes how large a checkpoint is (0)
    model_times      how many times its few bytes the model is large (1)
    trial_seconds    how long the trial of --estimate takes (0)
    grandchild       start a process that sleeps, its number in ``grandchild.pid``
    fleeing          … in a session of its own, and it ignores SIGTERM
    deaf             ignore SIGTERM
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from server.training.engine.pulse import Pulse
from server.training.engine.room import wait_when_full, when_there_is_room, write_all

MISSES = 8


def main() -> None:
    if "--where-weights" in sys.argv:
        names = ("DenseNet169", "ResNet50", "MobileNetV2", "EfficientNetB3")
        answer = {"used": "random", "sentence": "Random start: no weights can be had."}
        print(json.dumps(dict.fromkeys(names, answer)))
        return
    options = _options()
    told = json.loads((options.data_dir / "behaviour.json").read_text(encoding="utf-8"))
    if options.estimate:
        estimate(options, told)
        return
    _Run(options, told).go()


def estimate(options: argparse.Namespace, told: dict[str, Any]) -> None:
    """Print a cost, and note in ``.dermascan/trials`` that a trial was made."""
    notes = options.data_dir / ".dermascan"
    notes.mkdir(exist_ok=True)
    with (notes / "trials").open("a", encoding="utf-8") as file:
        file.write(f"{os.getpid()}\n")
    time.sleep(told.get("trial_seconds", 0))
    if "refuse" in told:
        print(told["refuse"], file=sys.stderr)
        sys.exit(2)
    part = {"work": "epochs", "amount": options.epochs, "seconds": 60.0, "measured": 1}
    cost = {
        "seconds": 60.0,
        "low": 50.0,
        "high": 80.0,
        "parts": [part | {"low": 50.0, "high": 80.0}],
        "not_measured": ["saving the model"],
        "warnings": [],
        "memory_bytes": 1_000_000,
        "gpu_memory_bytes": None,
        "device": "cpu",
        "image_size": 64,
        "images": 15,
        "trial_seconds": 0.1,
    }
    print(json.dumps(cost))


class _Run:
    def __init__(self, options: argparse.Namespace, told: dict[str, Any]) -> None:
        self.options = options
        self.told = told
        self.pulse = Pulse(options.pulse)
        wait_when_full(self.pulse.wait_for)

    def go(self) -> None:
        options, told = self.options, self.told
        if told.get("deaf"):
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        threading.Thread(target=self.watch_heartbeat, daemon=True).start()
        first = self.resume()
        self.tell(
            "started",
            epochs=options.epochs,
            fine_tune_epochs=0,
            steps_total=options.epochs,
            device="cpu",
            resumed_from_epoch=first or None,
            weights={"requested": "none", "used": "random", "sentence": "Random start."},
        )
        for message in told.get("warn", []):
            self.tell("warning", message=message)
        for code, key, status in (("unusable_dataset", "refuse", 2), ("out_of_memory", "oom", 3)):
            if key in told:
                self.fail(code, told[key], status)
        if told.get("grandchild"):
            deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
            words = f"{deaf if told.get('fleeing') else ''}import time; time.sleep(600)"
            child = subprocess.Popen(
                [sys.executable, "-c", words], start_new_session=bool(told.get("fleeing"))
            )
            (options.data_dir / "grandchild.pid").write_text(str(child.pid), encoding="utf-8")
        print(f"training from epoch {first + 1}")
        for epoch in range(first + 1, options.epochs + 1):
            if epoch > 1 and options.stop_file.exists():
                self.tell("stopped_early", epoch=epoch - 1, epochs=options.epochs, message="")
                break
            self.epoch(epoch)
        self.finish()

    def epoch(self, epoch: int) -> None:
        options, told = self.options, self.told
        time.sleep(told.get("epoch_seconds", 0.05))
        if epoch == told.get("crash_in_epoch"):
            self.crash()
        self.tell(
            "progress",
            steps_done=epoch,
            steps_total=options.epochs,
            epoch=epoch,
            epochs=options.epochs,
            message=f"Epoch {epoch}/{options.epochs}",
            seconds_left=1.0,
        )
        self.tell(
            "epoch",
            epoch=epoch,
            epochs=options.epochs,
            phase="head",
            loss=1 / epoch,
            accuracy=0.5,
            val_loss=1.0,
            val_accuracy=0.5,
            val_balanced_accuracy=0.5,
            learning_rate=0.001,
            seconds=0.05,
            best=True,
        )
        checkpoint = options.run_dir / "checkpoint.json"
        draft = checkpoint.with_suffix(".draft")
        content = json.dumps({"epoch": epoch, "weights": "x" * told.get("checkpoint_bytes", 0)})
        when_there_is_room(lambda: draft.write_text(content, encoding="utf-8"), draft)
        draft.replace(checkpoint)
        self.tell("checkpoint", epoch=epoch, path=str(checkpoint))

    def resume(self) -> int:
        if self.options.resume_from is None:
            return 0
        return int(json.loads(self.options.resume_from.read_text(encoding="utf-8"))["epoch"])

    def crash(self) -> None:
        counter = self.options.data_dir / "crashes"
        crashes = int(counter.read_text(encoding="utf-8")) if counter.exists() else 0
        if crashes >= self.told.get("crash_times", 1000):
            return
        counter.write_text(str(crashes + 1), encoding="utf-8")
        words = self.told.get("last_words", "text")
        if words == "event":
            self.fail("crashed", "The tiny program met a bug.", 1)
        if words == "abandoned":
            print("No heartbeat was seen.", flush=True)
            os._exit(4)
        if words == "text":
            sys.exit("RuntimeError: the tiny program met a bug")
        os.kill(os.getpid(), signal.SIGKILL)

    def finish(self) -> None:
        options, told = self.options, self.told
        name, out = options.model_name, options.output_dir
        files = {"h5": f"{name}.h5", "metadata": f"{name}_metadata.json"}
        tiny_model = b"a tiny model" * told.get("model_times", 1)
        when_there_is_room(lambda: (out / files["h5"]).write_bytes(tiny_model), out)
        metadata = {"job_id": options.job_id, "model_name": name}
        (out / files["metadata"]).write_text(json.dumps(metadata), encoding="utf-8")
        self.tell("finished", model_name=name, files=files, headline={"accuracy": 0.5})

    def fail(self, code: str, message: str, status: int) -> None:
        self.tell("failed", code=code, message=message)
        sys.exit(status)

    def tell(self, event: str, **what: Any) -> None:
        line = json.dumps({"event": event, "time": time.time(), **what}) + "\n"
        with self.options.events.open("ab", buffering=0) as file:
            write_all(file, line.encode(), self.options.events)

    def watch_heartbeat(self) -> None:
        last, misses = b"", 0
        while misses < MISSES:
            self.pulse.beat()
            time.sleep(self.told.get("look_seconds", 1.0))
            now = self.options.heartbeat.read_bytes()
            misses = 0 if now != last else misses + 1
            last = now
        os._exit(4)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    paths = (
        "data-dir",
        "weights-dir",
        "output-dir",
        "run-dir",
        "events",
        "heartbeat",
        "pulse",
        "stop-file",
        "resume-from",
        "log-file",
    )
    for name in paths:
        parser.add_argument(f"--{name}", type=Path)
    for name in (
        "arch",
        "optimizer",
        "learning-rate",
        "weights",
        "image-size",
        "seed",
        "views",
        "batch-size",
        "fine-tune-epochs",
        "job-id",
        "model-name",
    ):
        parser.add_argument(f"--{name}")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--estimate", action="store_true")
    parser.add_argument("--class-balancing", action=argparse.BooleanOptionalAction)
    return parser.parse_args()


if __name__ == "__main__":
    main()
