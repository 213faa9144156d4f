"""A real ONNX model of two nodes, with metadata as the training program writes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

LABELS = ("dark", "light")
SIZE = 32


def metadata(name: str, **changes: Any) -> dict[str, Any]:
    """What ``…_metadata.json`` holds, as far as the server reads it."""
    figures = {
        "accuracy": 0.8,
        "balanced_accuracy": 0.7,
        "macro_f1": 0.6,
        "macro_auc": 0.9,
        "per_class": [],
        "confusion_matrix": {"labels": list(LABELS), "counts": [[4, 1], [1, 4]]},
    }
    return {
        "format": 1,
        "first_line": "Tested once, at the end, on 10 images of 8 lesions.",
        "model_name": name,
        "created_at": "2026-01-02T03:04:05+00:00",
        "job_id": None,
        "architecture": "MobileNetV2",
        "dataset_name": "HAM10000",
        "is_sample": False,
        "classes": list(LABELS),
        "epochs": 30,
        "weights": {"sentence": "Starts from ImageNet weights."},
        "split": {"counts": {"test": {"images": 10, "groups": 8}}},
        "metrics": {"test": figures},
        "baseline": {**figures, "macro_auc": None, "balanced_accuracy": 0.5},
        **changes,
    }


def put_model(models: Path, name: str, **changes: Any) -> None:
    """Write all four files of a model."""
    models.mkdir(parents=True, exist_ok=True)
    (models / f"{name}.h5").write_bytes(b"weights of " + name.encode())
    onnx.save(_brightness(), str(models / f"{name}.onnx"))
    epochs = [{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.4}]
    history = {"model_name": name, "epochs": epochs}
    (models / f"{name}_history.json").write_text(json.dumps(history), "utf-8")
    (models / f"{name}_metadata.json").write_text(json.dumps(metadata(name, **changes)), "utf-8")


def _brightness() -> onnx.ModelProto:
    """Says "light" with the probability that the mean of all pixels is."""
    picture = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", SIZE, SIZE, 3])
    answer = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", 2])
    constants = {
        "axes": np.array([1, 2, 3], dtype=np.int64),
        "one": np.array([1.0], dtype=np.float32),
        "column": np.array([-1, 1], dtype=np.int64),
    }
    nodes = [
        helper.make_node("ReduceMean", ["image", "axes"], ["mean"], keepdims=0),
        helper.make_node("Reshape", ["mean", "column"], ["light"]),
        helper.make_node("Sub", ["one", "light"], ["dark"]),
        helper.make_node("Concat", ["dark", "light"], ["probabilities"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "brightness",
        [picture],
        [answer],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    for key, value in {
        "labels": json.dumps(LABELS),
        "image_size": str(SIZE),
        "architecture": "MobileNetV2",
    }.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    onnx.checker.check_model(model)
    return model
