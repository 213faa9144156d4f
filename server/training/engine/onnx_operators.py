"""Torch modules of a translated network as ONNX operators: one function a kind, one table.

Written by hand because the graph is ours and small: it takes milliseconds where
``torch.onnx.export`` takes up to 20 seconds, and what is only for training (dropout, stochastic
depth) never gets in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, fx, nn
from torch.nn.modules.batchnorm import _BatchNorm

from server.training.engine.graph import UnknownLayer
from server.training.engine.layers import (
    ChannelAffine,
    ChannelMean,
    KerasReshape,
    StochasticDepth,
    UnevenConv2d,
)


class OnnxWriter:
    """Collects operators and constants; every result has a name that is used once."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def emit(self, operator: str, inputs: Sequence[str], **attributes: Any) -> str:
        """Add an operator with one result; gives the result's name."""
        result = f"{operator}_{len(self.nodes)}"
        self.nodes.append(
            onnx.helper.make_node(operator, list(inputs), [result], name=result, **attributes)
        )
        return result

    def constant(self, value: Tensor | npt.NDArray[Any]) -> str:
        """Add numbers; gives their name. Floating-point ones become 32 bits wide."""
        if isinstance(value, Tensor):
            value = value.detach().float().cpu().contiguous().numpy()
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(value, name))
        return name

    def whole_numbers(self, *values: int) -> str:
        """Add a list of 64-bit whole numbers; gives its name."""
        return self.constant(np.asarray(values, np.int64))


def write_graph(writer: OnnxWriter, graph: fx.GraphModule, entry: str) -> str:
    """Write a translated module.

    Args:
        writer: where to.
        graph: what ``translate`` made.
        entry: name of what goes in.

    Returns:
        The name of what comes out.

    Raises:
        UnknownLayer: for a kind that is not in the table.
    """
    names: dict[fx.Node, str] = {}
    for node in graph.graph.nodes:
        if node.op == "placeholder":
            names[node] = entry
        elif node.op == "call_module":
            module = graph.get_submodule(node.target)
            names[node] = _write_module(writer, module, names[node.args[0]])
        elif node.op == "call_function":
            names[node] = _write_function(writer, node, names)
        elif node.op == "output":
            return names[node.args[0]]
    raise AssertionError("A graph without an output.")


def _write_module(writer: OnnxWriter, module: nn.Module, x: str) -> str:
    for kind, write in OPERATORS.items():
        if type(module) is kind:
            return write(writer, module, x)
    raise UnknownLayer(f"The torch module {type(module).__name__} has no translation to ONNX.")


def _write_function(writer: OnnxWriter, node: fx.Node, names: dict[fx.Node, str]) -> str:
    if node.target is torch.cat:
        return writer.emit("Concat", [names[n] for n in node.all_input_nodes], axis=1)
    operator = {torch.add: "Add", torch.mul: "Mul"}[node.target]  # type: ignore[index]
    return writer.emit(operator, [names[n] for n in node.args])  # type: ignore[index]


def _same(writer: OnnxWriter, module: Any, x: str) -> str:
    return x


def _plain(operator: str, **attributes: Any) -> Callable[[OnnxWriter, Any, str], str]:
    return lambda writer, module, x: writer.emit(operator, [x], **attributes)


def _conv(writer: OnnxWriter, module: nn.Conv2d, x: str) -> str:
    inputs = [x, writer.constant(module.weight)]
    if module.bias is not None:
        inputs.append(writer.constant(module.bias))
    if isinstance(module, UnevenConv2d):
        left, right, top, bottom = module.edges
        pads = [top, left, bottom, right]
    else:
        pads = [int(side) for side in (*module.padding, *module.padding)]
    return writer.emit(
        "Conv",
        inputs,
        kernel_shape=list(module.kernel_size),
        strides=list(module.stride),
        dilations=list(module.dilation),
        pads=pads,
        group=module.groups,
    )


def _batch_norm(writer: OnnxWriter, module: _BatchNorm, x: str) -> str:
    assert module.running_mean is not None
    assert module.running_var is not None
    numbers = (module.weight, module.bias, module.running_mean, module.running_var)
    inputs = [x, *(writer.constant(each) for each in numbers)]
    return writer.emit("BatchNormalization", inputs, epsilon=module.eps)


def _linear(writer: OnnxWriter, module: nn.Linear, x: str) -> str:
    inputs = [x, writer.constant(module.weight)]
    if module.bias is not None:
        inputs.append(writer.constant(module.bias))
    return writer.emit("Gemm", inputs, transB=1)


def _zero_pad(writer: OnnxWriter, module: nn.ZeroPad2d, x: str) -> str:
    left, right, top, bottom = module.padding
    return writer.emit("Pad", [x, writer.whole_numbers(0, 0, top, left, 0, 0, bottom, right)])


def _pool(operator: str) -> Callable[[OnnxWriter, Any, str], str]:
    def write(writer: OnnxWriter, module: Any, x: str) -> str:
        return writer.emit(
            operator, [x], kernel_shape=list(module.kernel_size), strides=list(module.stride)
        )

    return write


def _channel_mean(writer: OnnxWriter, module: ChannelMean, x: str) -> str:
    return writer.emit("Flatten", [writer.emit("GlobalAveragePool", [x])], axis=1)


def _relu6(writer: OnnxWriter, module: nn.ReLU6, x: str) -> str:
    limits = (writer.constant(np.asarray(value, np.float32)) for value in (0, 6))
    return writer.emit("Clip", [x, *limits])


def _silu(writer: OnnxWriter, module: nn.SiLU, x: str) -> str:
    return writer.emit("Mul", [x, writer.emit("Sigmoid", [x])])


def _affine(writer: OnnxWriter, module: ChannelAffine, x: str) -> str:
    scaled = writer.emit("Mul", [x, writer.constant(module.scale)])
    return writer.emit("Add", [scaled, writer.constant(module.offset)])


def _reshape(writer: OnnxWriter, module: KerasReshape, x: str) -> str:
    if module.from_picture:
        x = writer.emit("Transpose", [x], perm=[0, 2, 3, 1])
    x = writer.emit("Reshape", [x, writer.whole_numbers(0, *module.target)])
    return writer.emit("Transpose", [x], perm=[0, 3, 1, 2]) if module.to_picture else x


OPERATORS: dict[type[nn.Module], Callable[[OnnxWriter, Any, str], str]] = {
    nn.AdaptiveAvgPool2d: _plain("GlobalAveragePool"),
    nn.AvgPool2d: _pool("AveragePool"),
    nn.BatchNorm1d: _batch_norm,
    nn.BatchNorm2d: _batch_norm,
    nn.Conv2d: _conv,
    nn.Dropout: _same,
    nn.Identity: _same,
    nn.LeakyReLU: lambda writer, module, x: writer.emit(
        "LeakyRelu", [x], alpha=module.negative_slope
    ),
    nn.Linear: _linear,
    nn.MaxPool2d: _pool("MaxPool"),
    nn.ReLU: _plain("Relu"),
    nn.ReLU6: _relu6,
    nn.SiLU: _silu,
    nn.Sigmoid: _plain("Sigmoid"),
    nn.Softmax: _plain("Softmax", axis=1),
    nn.Tanh: _plain("Tanh"),
    nn.ZeroPad2d: _zero_pad,
    ChannelAffine: _affine,
    ChannelMean: _channel_mean,
    KerasReshape: _reshape,
    StochasticDepth: _same,
    UnevenConv2d: _conv,
}
