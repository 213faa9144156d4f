"""Scores a saved ``.h5`` as a stranger would: plain Keras, any back end, none of DermaScan's code.

    python benchmarks/score_saved_model.py MODEL.h5 DATASET_FOLDER --backend jax

The diagnoses come from the dataset's own table (``dx`` or ``label``). Scored are the images of the
test part that ``…_metadata.json`` names, or with ``--every-image`` all of the table's, for a folder
that the model has never seen. Images are resized to the model's input by Pillow and divided by
255, as the document says.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

BATCH = 64


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--backend", default="jax", choices=["jax", "tensorflow", "torch"])
    parser.add_argument("--every-image", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    os.environ["KERAS_BACKEND"] = options.backend
    import keras

    model = keras.models.load_model(options.model, compile=False)
    metadata = json.loads(
        options.model.with_name(f"{options.model.stem}_metadata.json").read_text("utf-8")
    )
    labels: list[str] = metadata["classes"]
    truth = _diagnoses(options.dataset)
    if not options.every_image:
        truth = {name: truth[name] for name in metadata["split"]["images"]["test"]}
    places = {file.stem: file for file in sorted(options.dataset.rglob("*.*"))}
    side = int(model.input_shape[1])
    names = [name for name in truth if name in places]
    predicted: list[int] = []
    for start in range(0, len(names), BATCH):
        pixels = np.stack([_pixels(places[name], side) for name in names[start : start + BATCH]])
        predicted += np.asarray(model.predict_on_batch(pixels)).argmax(1).tolist()
    actual = [labels.index(truth[name]) for name in names]
    result = {
        "backend": options.backend,
        "images": len(names),
        "accuracy": float(np.mean(np.array(actual) == np.array(predicted))),
        "balanced_accuracy": _balanced_accuracy(actual, predicted),
    }
    print(json.dumps(result) if options.json else "\n".join(f"{k}: {v}" for k, v in result.items()))
    return 0


def _diagnoses(folder: Path) -> dict[str, str]:
    """Image to diagnosis, from the first table in ``folder`` that has both."""
    for table in sorted(folder.rglob("*metadata*")):
        if table.suffix not in ("", ".csv", ".tab"):
            continue
        with table.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.DictReader(lines))
        column = next((name for name in ("dx", "label") if rows and name in rows[0]), None)
        if column:
            return {row["image_id"]: row[column] for row in rows}
    raise SystemExit(f"There is no table with image_id and dx or label in {folder}.")


def _pixels(file: Path, side: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    with Image.open(file) as image:
        resized = image.convert("RGB").resize((side, side), Image.Resampling.BILINEAR)
        return np.asarray(resized, np.float32) / np.float32(255)


def _balanced_accuracy(actual: list[int], predicted: list[int]) -> float:
    recalls = []
    for label in sorted(set(actual)):
        hits = [p == label for a, p in zip(actual, predicted, strict=True) if a == label]
        recalls.append(sum(hits) / len(hits))
    return float(np.mean(recalls))


if __name__ == "__main__":
    sys.exit(main())
