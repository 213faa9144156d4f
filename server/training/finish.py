"""The end of a run: the model's files, written, checked, and put in place."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from server.training.context import Context
from server.training.documents.write import write_documents
from server.training.engine.images import ImageSource
from server.training.engine.onnx_export import export_onnx
from server.training.engine.room import when_there_is_room
from server.training.engine.saved_model import save_h5
from server.training.engine.saving import (
    BATCH,
    PROMISED,
    TOLERANCE,
    Images,
    Probabilities,
    compare,
    open_h5,
    open_onnx,
    partial_folder,
    put_in_place,
    write_json,
)
from server.training.engine.scoring import Tick
from server.training.evaluation.report import result_text
from server.training.learn import Trained
from server.training.metadata import describe_model
from server.training.report_file import describe_report
from server.training.testing import Scores

_SAMPLE = 64
"""Test images that the ``.h5`` is asked for; Keras is slow to answer."""
_CHECKING = 0.5
"""Share of the work of saving that goes into the check of the ONNX file."""


def save_model(
    context: Context, source: ImageSource, trained: Trained, scores: Scores, began: float
) -> dict[str, str]:
    """Write every file of the model, check them, and put them in place, the metadata last.

    Args:
        began: ``time.monotonic()`` at the start of the run.

    Returns:
        Kind to file name.

    Raises:
        FilesDisagree: when a file gives other probabilities than the network that was tested.
        OSError: when the files cannot be written; a full disk is waited for.
    """
    spec, announcer = context.spec, context.announcer
    announcer.stage("saving", "Saving the model and checking what was saved")
    tick = context.ticker("Saving the model", context.plan.epochs)

    def write() -> tuple[dict[str, Any], dict[str, str]]:
        folder = partial_folder(spec.output_dir, spec.model_name)
        try:
            return _write_files(
                context, source, trained, scores, folder=folder, began=began, tick=tick
            )
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    report, files = when_there_is_room(write, spec.output_dir)
    tick("save", 1 - _CHECKING)
    _tell(context, scores, report, files)
    return files


def _write_files(
    context: Context,
    source: ImageSource,
    trained: Trained,
    scores: Scores,
    *,
    folder: Path,
    began: float,
    tick: Tick,
) -> tuple[dict[str, Any], dict[str, str]]:
    """Into ``folder``, and from there to their place; returns the report and the files."""
    spec = context.spec
    files = {
        "h5": f"{spec.model_name}.h5",
        "onnx": f"{spec.model_name}.onnx",
        "history": f"{spec.model_name}_history.json",
        "report": f"{spec.model_name}_report.json",
        "metadata": f"{spec.model_name}_metadata.json",
    }
    h5, onnx = folder / files["h5"], folder / files["onnx"]
    save_h5(context.network, h5)
    export_onnx(context.network, onnx, context.dataset.split.labels)
    checked = _check(context, (h5, onnx), source, scores, tick)
    write_json(_history(spec.model_name, trained), folder / files["history"])
    content = describe_model(context, trained.course, scores, time.monotonic() - began)
    report = describe_report(context, source, scores, content)
    write_json(report, folder / files["report"])
    files = write_documents(report, folder, spec.model_name) | files
    content |= {"verification": checked, "files": files}
    write_json(content, folder / files["metadata"])
    put_in_place(folder, spec.output_dir, list(files.values()))
    return report, files


def _check(
    context: Context, files: tuple[Path, Path], source: ImageSource, scores: Scores, tick: Tick
) -> dict[str, object]:
    """Open `.h5` and ONNX file as a user would and compare their answers with the network's.

    The ONNX file answers every test image, the ``.h5`` a sample of them.
    """
    views = context.network.module.views
    every = np.arange(len(scores.examples))
    count = min(_SAMPLE, len(every))
    sample = np.unique(np.linspace(0, len(every) - 1, count).astype(np.int64))

    def with_progress() -> Iterator[tuple[Images, Probabilities]]:
        for images, expected in _batches(source, scores, every, views):
            yield images, expected
            tick("save", _CHECKING * len(images) / len(every))

    differences = {
        ".h5": compare(".h5", open_h5(files[0]), _batches(source, scores, sample, views)),
        "ONNX": compare("ONNX", open_onnx(files[1]), with_progress()),
    }
    for name, difference in differences.items():
        if difference > PROMISED:
            context.announcer.warning(
                f"The {name} file differs from the tested network by up to {difference:.2g} in a "
                f"probability; {PROMISED:.0e} is usual. The figures hold all the same."
            )
    return {
        "images": len(every),
        "images_h5": len(sample),
        "tolerance": TOLERANCE,
        "largest_difference_h5": differences[".h5"],
        "largest_difference_onnx": differences["ONNX"],
    }


def _batches(
    source: ImageSource, scores: Scores, places: npt.NDArray[np.int64], views: int
) -> Iterator[tuple[Images, Probabilities]]:
    """Test images [n, S, S, 3] in [0, 1] and what the network answered, a few at a time.

    Args:
        places: among the test images.
        views: of each image; the more, the fewer images at a time.
    """
    at_once = BATCH // views
    for start in range(0, len(places), at_once):
        few = places[start : start + at_once]
        pixels = np.empty((len(few), source.size, source.size, 3), dtype=np.uint8)
        source.records.read_into(scores.examples.numbers[few], pixels)
        yield pixels.astype(np.float32) / np.float32(255), scores.probabilities[few]


def _history(model_name: str, trained: Trained) -> dict[str, object]:
    epochs = [
        {key: value for key, value in entry.items() if key != "event"}
        for entry in trained.course.history
    ]
    return {"model_name": model_name, "epochs": epochs}


def _tell(
    context: Context, scores: Scores, report: Mapping[str, Any], files: dict[str, str]
) -> None:
    # the files of a job move on from here: who moves them says where they are
    by_hand = context.spec.job_id is None
    paths = [str(context.spec.output_dir / name) for name in files.values()] if by_hand else []
    headline, baselines = report["headline"], report["baselines"]
    text = result_text(scores.opening, scores.test, headline, baselines, paths)
    context.announcer.note(f"\n{text}")
