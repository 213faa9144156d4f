"""The finished model's files: written aside, compared with what was tested, then put in place.

The ``.h5`` and the ONNX file are opened again as a user would open them and must answer the test
images as the trained network did. Only then do they get their names, the metadata last: a model
without metadata does not exist.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Probabilities = npt.NDArray[np.float32]
Images = npt.NDArray[np.float32]
Answer = Callable[[Images], Probabilities]
"""From images [n, S, S, 3] in [0, 1] to probabilities [n, classes]."""

PROMISED = 1e-4
"""Largest difference of a probability between the trained network and a saved file; a larger one is
warned of."""
TOLERANCE = 1e-3
"""A difference beyond this is more than another order of sums: the file is wrong."""
BATCH = 16


class FilesDisagree(Exception):
    """A saved file gives other probabilities than the network that was tested."""


def open_h5(path: Path) -> Answer:
    """The Keras file, ready to answer."""
    import keras

    model = keras.models.load_model(path, compile=False)
    return lambda images: np.asarray(model.predict_on_batch(images), dtype=np.float32)


def open_onnx(path: Path) -> Answer:
    """The ONNX file, ready to answer."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda images: np.asarray(session.run(None, {name: images})[0], dtype=np.float32)


def compare(what: str, answer: Answer, batches: Iterable[tuple[Images, Probabilities]]) -> float:
    """Compare a saved file's answers with what the tested network answered.

    Args:
        what: the file, as a person calls it.
        batches: images, and what the tested network answered; one batch is held at a time.

    Returns:
        The largest difference of a probability.

    Raises:
        FilesDisagree: when it is above ``TOLERANCE`` or not a number.
    """
    largest = 0.0
    for images, expected in batches:
        difference = float(np.abs(answer(images) - expected).max())
        if not difference <= TOLERANCE:
            raise FilesDisagree(
                f"The {what} file answers differently from the network that was tested (by up to "
                f"{difference:.2g}, allowed {TOLERANCE:.0e}), so nothing was saved. Please report "
                "this."
            )
        largest = max(largest, difference)
    return largest


def partial_folder(output_dir: Path, model_name: str) -> Path:
    """The folder beside the final place for files that are not finished; it reserves the name."""
    folder = output_dir / f".{model_name}.partial"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def write_json(content: Mapping[str, Any], path: Path) -> None:
    """Write ``content`` so that it is on the disk when this returns."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        json.dump(content, file, indent=2, ensure_ascii=False, allow_nan=False)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())


def put_in_place(folder: Path, output_dir: Path, names: list[str]) -> None:
    """Move ``names`` out of ``folder``, in this order, and remove it."""
    for name in names:
        with (folder / name).open("rb+") as file:
            os.fsync(file.fileno())
        (folder / name).replace(output_dir / name)
    shutil.rmtree(folder, ignore_errors=True)
