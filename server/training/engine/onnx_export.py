"""The classifier as an ONNX file that answers with the same probabilities as the ``.h5``.

Input ``image``: float32 [n, size, size, 3], RGB in [0, 1]. Output ``probabilities``: float32
[n, classes], in the order of the labels. What a reader must know travels in ``metadata_props``:
``labels`` (a JSON list), ``image_size`` (pixels), ``architecture`` and ``preprocessing`` (JSON).
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

import onnx
from onnx import TensorProto, helper

from server.training.engine.network import Network
from server.training.engine.onnx_operators import OnnxWriter, write_graph
from server.training.engine.preprocessing import describe
from server.training.engine.views import write_mean, write_views

OPSET = 17
IR_VERSION = 8
"""Both of 2022, so that ONNX Runtime 1.12 and newer read the file."""


def export_onnx(network: Network, path: Path, labels: Sequence[str]) -> None:
    """Write the network, in inference mode whatever mode it is in, as ONNX.

    The file appears under its name only when it is whole and on the disk.

    Args:
        network: trained or not.
        path: of the file; the folder must be there.
        labels: name of every class, in the order of the outputs.

    Raises:
        ValueError: not as many labels as classes.
        OSError: the disk is full or the folder cannot be written.
    """
    if len(labels) != network.classes:
        raise ValueError(f"{len(labels)} labels for {network.classes} classes.")
    model = _model(network)
    helper.set_model_props(
        model,
        {
            "labels": json.dumps(list(labels), ensure_ascii=False),
            "image_size": str(network.image_size),
            "architecture": network.architecture.name,
            "preprocessing": json.dumps(
                describe(network.architecture, network.image_size), ensure_ascii=False
            ),
        },
    )
    onnx.checker.check_model(model)
    _put(model.SerializeToString(), path)


def _model(network: Network) -> onnx.ModelProto:
    writer = OnnxWriter()
    name = writer.emit("Transpose", ["image"], perm=[0, 3, 1, 2])
    views = network.module.views
    preprocess, backbone, head = (each.module for each in network.translations)
    name = write_views(writer, name, views)
    for part in (preprocess, backbone):
        name = write_graph(writer, part, name)
    name = write_mean(writer, name, views, network.feature_width)
    name = write_graph(writer, head, name)
    writer.nodes.append(helper.make_node("Softmax", [name], ["probabilities"], axis=1))
    size = network.image_size
    graph = helper.make_graph(
        writer.nodes,
        network.keras_model.name,
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", size, size, 3])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", network.classes])],
        writer.constants,
    )
    return helper.make_model(
        graph,
        producer_name="DermaScan",
        ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid("", OPSET)],
    )


def _put(content: bytes, path: Path) -> None:
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
