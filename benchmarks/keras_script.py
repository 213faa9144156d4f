"""The script that people write today: a frozen MobileNetV2 in TensorFlow, all images in memory.

    python benchmarks/keras_script.py DATASET_FOLDER --weights WEIGHTS.h5 --split SPLIT.json

The peer of ``whole_job``, after the description in the user's document, and written plainly on
purpose: every image as float32 at 224 × 224 in 0–1, pixels that MobileNetV2 was never trained on
(it expects −1…1), a split at random unless one is given, augmentation image by image. Nothing of
DermaScan is imported; it runs in an environment of its own with ``tensorflow``, ``pandas``,
``scikit-learn``, ``scipy`` and ``pillow``. The last line it prints is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import pandas as pd
import tensorflow as tf
from PIL import Image
from sklearn.metrics import accuracy_score, balanced_accuracy_score, roc_auc_score
from sklearn.model_selection import train_test_split
from tensorflow.keras import layers
from tensorflow.keras.applications import MobileNetV2
from tensorflow.keras.preprocessing.image import ImageDataGenerator

SIZE = 224


def main() -> int:
    options = _options()
    tf.keras.utils.set_random_seed(options.seed)
    began = time.perf_counter()
    images, labels, names = load(options.data)
    classes = sorted(set(labels))
    codes = np.array([classes.index(label) for label in labels])
    train, validation, test = split(names, codes, options)
    x_train, x_val, x_test = images[train], images[validation], images[test]
    y_train, y_val, y_test = codes[train], codes[validation], codes[test]
    loaded = time.perf_counter()

    model = build(len(classes), options.weights)
    watch = EpochSeconds()
    augmented = ImageDataGenerator(
        rotation_range=20,
        width_shift_range=0.2,
        height_shift_range=0.2,
        horizontal_flip=True,
        zoom_range=0.2,
    )
    history = model.fit(
        augmented.flow(x_train, y_train, batch_size=options.batch_size),
        validation_data=(x_val, y_val),
        epochs=options.epochs,
        callbacks=[watch],
        verbose=2,
    )
    trained = time.perf_counter()

    answers = model.predict(x_test, batch_size=options.batch_size, verbose=0)
    predicted = answers.argmax(axis=1)
    if options.output:
        model.save(options.output)
    ended = time.perf_counter()
    result = {
        "seconds": {
            "total": ended - began,
            "loading": loaded - began,
            "building": trained - loaded - sum(watch.seconds),
            "epochs": watch.seconds,
            "testing": ended - trained,
        },
        "peak_memory_bytes": peak_memory(),
        "split": "given" if options.split else "at random",
        "images": {"train": len(train), "validation": len(validation), "test": len(test)},
        "epochs": options.epochs,
        "test": {
            "accuracy": float(accuracy_score(y_test, predicted)),
            "balanced_accuracy": float(balanced_accuracy_score(y_test, predicted)),
            "macro_auc": macro_auc(y_test, answers),
        },
        "validation_accuracy": [float(value) for value in history.history["val_accuracy"]],
        "versions": {"tensorflow": tf.__version__, "keras": tf.keras.__version__},
    }
    print(json.dumps(result))
    return 0


def load(folder: Path) -> tuple[np.ndarray[Any, Any], list[str], list[str]]:
    """Every image of the metadata as float32 [n, 224, 224, 3] in 0–1, labels and names."""
    table = pd.read_csv(folder / "HAM10000_metadata.csv")
    places = {path.stem: path for path in folder.rglob("*.jpg")}
    images, labels, names = [], [], []
    for name, label in zip(table["image_id"], table["dx"], strict=True):
        image = Image.open(places[name]).convert("RGB").resize((SIZE, SIZE))
        images.append(np.array(image, dtype=np.float32) / 255.0)
        labels.append(label)
        names.append(name)
    return np.array(images), labels, names


def split(names: list[str], codes: Any, options: argparse.Namespace) -> tuple[Any, Any, Any]:
    """Positions of the three parts: those of ``--split``, else 70/20/10 at random."""
    if options.split:
        place = {name: number for number, name in enumerate(names)}
        parts = json.loads(options.split.read_text("utf-8"))
        train, validation, test = (
            np.array([place[name] for name in parts[part]])
            for part in ("train", "validation", "test")
        )
        return train, validation, test
    train, rest = train_test_split(
        np.arange(len(codes)), test_size=0.3, stratify=codes, random_state=options.seed
    )
    validation, test = train_test_split(
        rest, test_size=1 / 3, stratify=codes[rest], random_state=options.seed
    )
    return train, validation, test


def build(classes: int, weights: Path) -> Any:
    """The frozen backbone with a new head, compiled."""
    base = MobileNetV2(weights=str(weights), include_top=False, input_shape=(SIZE, SIZE, 3))
    base.trainable = False
    model = tf.keras.Sequential(
        [
            base,
            layers.GlobalAveragePooling2D(),
            layers.Dense(512, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(classes, activation="softmax"),
        ]
    )
    model.compile(
        optimizer=tf.keras.optimizers.Adam(learning_rate=1e-3),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


class EpochSeconds(tf.keras.callbacks.Callback):  # type: ignore[misc]
    """Seconds of every epoch, its validation included."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._began = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.seconds.append(time.perf_counter() - self._began)


def macro_auc(truth: Any, answers: Any) -> float | None:
    """One against the rest; None when the test part lacks a class."""
    try:
        return float(roc_auc_score(truth, answers, multi_class="ovr"))
    except ValueError:
        return None


def peak_memory() -> int | None:
    """Largest resident size of this process so far, bytes; None on Windows."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="HAM10000 as people download it, unpacked")
    parser.add_argument(
        "--weights", type=Path, required=True, help="Keras's MobileNetV2 weights without the top"
    )
    parser.add_argument(
        "--split",
        type=Path,
        help="JSON with the image ids of train, validation and test (default: at random)",
    )
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, help="save the model as this .h5 file")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
