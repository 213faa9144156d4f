"""``python dev.py demo``: from nothing to a trained model, as a researcher would do it by hand."""

from __future__ import annotations

import argparse
import sys
import time
import urllib.parse
from pathlib import Path
from typing import Any

from devtools.client import Client
from devtools.environment import SetupError, ensure_page, ensure_python
from devtools.serving import running_server, show_page, wait_for_ctrl_c

FINAL = {"completed", "failed", "cancelled"}
# The drawn sample needs no pretrained backbone: a small picture and a random start are enough.
SAMPLE_TRAINING = {"epochs": 12, "batch_size": 16, "image_size": 64, "weights": "none"}
DOCUMENT_TRAINING = {"epochs": 30, "batch_size": 32}


def run(options: argparse.Namespace) -> int:
    """Set up, serve, import, train, report; then leave the page open until Ctrl+C."""
    started = time.monotonic()
    if options.data and not options.data.exists():
        raise SetupError(f"There is no file or folder {options.data} (--data).")
    python = ensure_python()
    ensure_page()
    with running_server(python, options, DERMASCAN_LOG_LEVEL="warning") as url:
        client = Client(url)
        print(f"The server runs at {url}.", flush=True)
        dataset = _import(client, options.data)
        job_id = _start(client, dataset, options)
        succeeded = _follow(client, job_id)
        print(f"Everything took {_minutes(time.monotonic() - started)}.", flush=True)
        if options.exit:
            return 0 if succeeded else 1
        show_page(url, options)
        print("Press Ctrl+C to stop the server.", flush=True)
        wait_for_ctrl_c()
    return 0 if succeeded else 1


def _import(client: Client, data: Path | None) -> str:
    if data is None:
        print("Drawing the sample set (by the program itself; for trying it only) …", flush=True)
        result = client.post("/api/sample-dataset")
    else:
        print(f"Bringing in {data} …", flush=True)
        name = urllib.parse.quote(data.resolve().stem)
        result = client.upload(f"/api/upload-dataset?datasetName={name}", _files_of(data))
    summary = result["summary"]
    lesions = f" of {summary['lesions']} lesions" if summary["lesions"] else ""
    print(f"\n{summary['name']}: {summary['images']} images{lesions}. {summary['layout_reason']}")
    widest = max((each["images"] for each in summary["classes"]), default=1)
    for each in summary["classes"]:
        bar = "█" * max(1, round(30 * each["images"] / widest))
        print(f"  {each['label']:<24} {each['images']:>6}  {bar}")
    problems = summary["problem_count"]
    print(f"  {'no problems found' if not problems else f'{problems} problems, on the page'}\n")
    return str(summary["name"])


def _files_of(data: Path) -> list[tuple[str, Path]]:
    if data.is_file():
        return [(data.name, data)]
    files = sorted(file for file in data.rglob("*") if file.is_file())
    return [(file.relative_to(data.parent).as_posix(), file) for file in files]


def _start(client: Client, dataset: str, options: argparse.Namespace) -> str:
    training = dict(DOCUMENT_TRAINING if options.data else SAMPLE_TRAINING)
    if options.epochs:
        training["epochs"] = options.epochs
    started = client.post(
        "/api/start-training",
        {"dataset_name": dataset, "architecture": options.arch, **training},
    )
    print(f"{started['message']}: job {started['job_id']}, {options.arch}, {training}.")
    print(f"{started['weights_sentence']}\n", flush=True)
    return str(started["job_id"])


def _follow(client: Client, job_id: str) -> bool:
    epochs_shown = 0
    while True:
        job = client.get(f"/api/job/{job_id}")
        for point in job["history"][epochs_shown:]:
            _clear_line()
            print(
                f"  epoch {point['epoch']:>3}/{point['epochs']}  {point['phase']:<11}"
                f"  loss {point['loss']:.3f}  accuracy {point['accuracy']:.3f}"
                f"  validation balanced accuracy {point['val_balanced_accuracy']:.3f}",
                flush=True,
            )
        epochs_shown = len(job["history"])
        if job["status"] in FINAL:
            break
        _show_progress(job)
        time.sleep(1)
    _clear_line()
    if job["status"] != "completed":
        print(f"\nThe job ended as {job['status']}: {job['message']}")
        return False
    _show_report(client.get(f"/api/models/{urllib.parse.quote(job['model_name'])}"))
    return True


def _show_progress(job: dict[str, Any]) -> None:
    if not sys.stdout.isatty():
        return
    left = job["seconds_left"]
    hint = f", {_minutes(left)} left" if left is not None else ""
    print(f"\r\033[K  {job['progress']:>3} %  {job['message']}{hint}", end="", flush=True)


def _clear_line() -> None:
    if sys.stdout.isatty():
        print("\r\033[K", end="")


def _show_report(model: dict[str, Any]) -> None:
    print(f"\n{model['first_line']}")
    print(f"\n  {'':<20} {'this model':>10} {'always the commonest class':>28}")
    for key in ("accuracy", "balanced_accuracy", "macro_f1", "macro_auc"):
        figure, baseline = model["headline"][key], model["baseline"][key]
        shown = ["–" if value is None else f"{value:.3f}" for value in (figure, baseline)]
        print(f"  {key.replace('_', ' '):<20} {shown[0]:>10} {shown[1]:>28}")
    print()
    for file in model["files"]:
        print(f"  {file['kind']:<9} {file['file']}  ({file['bytes'] / 1e6:.1f} MB)")
    print(f"  in {model['model_path'].rsplit('/', 1)[0]}\n", flush=True)


def _minutes(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 60} min {whole % 60:02d} s" if whole >= 60 else f"{whole} s"
