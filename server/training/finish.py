"""The end of a run: the model's files, written, checked, and put in place."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import numpy as np

from server.training.context import Context
from server.training.documents.write import write_documents
from server.training.engine.images import ImageSource
from server.training.engine.onnx_export import export_onnx
from server.training.engine.saved_model import save_h5
from server.training.engine.saving import (
    TOLERANCE,
    Images,
    Probabilities,
    compare,
    partial_folder,
    probabilities_of_h5,
    probabilities_of_onnx,
    put_in_place,
    write_json,
)
from server.training.evaluation.report import result_text
from server.training.learn import Trained
from server.training.metadata import describe_model
from server.training.report_file import describe_report
from server.training.testing import Scores

_COMPARED_IMAGES = 64


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
        OSError: when the disk is full.
    """
    spec, announcer = context.spec, context.announcer
    announcer.stage("saving", "Saving the model and checking what was saved")
    tick = context.ticker("Saving the model", context.plan.epochs)
    files = {
        "h5": f"{spec.model_name}.h5",
        "onnx": f"{spec.model_name}.onnx",
        "history": f"{spec.model_name}_history.json",
        "report": f"{spec.model_name}_report.json",
        "metadata": f"{spec.model_name}_metadata.json",
    }
    folder = partial_folder(spec.output_dir, spec.model_name)
    try:
        save_h5(context.network, folder / files["h5"])
        export_onnx(context.network, folder / files["onnx"], context.dataset.split.labels)
        checked = _check(folder / files["h5"], folder / files["onnx"], source, scores)
        write_json(_history(spec.model_name, trained), folder / files["history"])
        seconds = time.monotonic() - began
        content = describe_model(context, trained.course, scores, seconds)
        report = describe_report(context, scores, content)
        write_json(report, folder / files["report"])
        files = write_documents(report, folder, spec.model_name) | files
        content |= {"verification": checked, "files": files}
        write_json(content, folder / files["metadata"])
        put_in_place(folder, spec.output_dir, list(files.values()))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    tick("save", 1)
    _tell(context, scores, files)
    return files


def _check(h5: Path, onnx: Path, source: ImageSource, scores: Scores) -> dict[str, object]:
    """Open both files as a user would and compare their answers with the tested network's."""
    images, expected = _some_images(source, scores)
    return {
        "images": len(images),
        "tolerance": TOLERANCE,
        "largest_difference_h5": compare(".h5", probabilities_of_h5, h5, images, expected),
        "largest_difference_onnx": compare("ONNX", probabilities_of_onnx, onnx, images, expected),
    }


def _some_images(source: ImageSource, scores: Scores) -> tuple[Images, Probabilities]:
    """Test images spread over the part, [n, S, S, 3] in [0, 1], and what the network answered."""
    count = min(_COMPARED_IMAGES, len(scores.examples))
    places = np.unique(np.linspace(0, len(scores.examples) - 1, count).astype(np.int64))
    pixels = np.empty((len(places), source.size, source.size, 3), dtype=np.uint8)
    source.records.read_into(scores.examples.numbers[places], pixels)
    return pixels.astype(np.float32) / np.float32(255), scores.probabilities[places]


def _history(model_name: str, trained: Trained) -> dict[str, object]:
    epochs = [
        {key: value for key, value in entry.items() if key != "event"}
        for entry in trained.course.history
    ]
    return {"model_name": model_name, "epochs": epochs}


def _tell(context: Context, scores: Scores, files: dict[str, str]) -> None:
    # the files of a job move on from here: who moves them says where they are
    by_hand = context.spec.job_id is None
    paths = [str(context.spec.output_dir / name) for name in files.values()] if by_hand else []
    text = result_text(scores.opening, scores.test, scores.majority, scores.baseline, paths)
    context.announcer.note(f"\n{text}")
