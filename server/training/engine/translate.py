"""A Keras functional model as one torch module, with its weights.

The module is a ``torch.fx.GraphModule``: its ``forward`` is plain generated Python that calls one
submodule a layer and lets go of every intermediate as soon as it is used up. Images come as
[n, channels, height, width]; in ``channels_last`` memory order nothing is permuted or copied.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import torch
from torch import Tensor, fx, nn

from server.training.engine import graph, layer_weights
from server.training.engine.graph import Step, UnknownLayer
from server.training.engine.layers import BUILDERS, KERAS_CHANNELS, WITH_ACTIVATION, activation


@dataclass(frozen=True)
class Translation:
    """What was made of a Keras model.

    Attributes:
        module: the torch side, weights copied, on the CPU, in ``channels_last`` order.
        layers: Keras layer and torch module, for those that hold weights.
    """

    module: fx.GraphModule
    layers: tuple[tuple[Any, nn.Module], ...]

    def write_back(self) -> None:
        """Copy every weight and statistic from torch into the Keras layers."""
        for layer, module in self.layers:
            for pair in layer_weights.pairs(layer, module):
                layer_weights.write(pair)


def translate(model: Any) -> Translation:
    """Translate a built functional Keras model with one input and one output.

    Raises:
        UnknownLayer: for a kind of layer, or a setting, without a translation; it is named.
    """
    steps = graph.steps(model)
    result = graph.output_name(model)
    consumers = Counter(name for step in steps for name in step.inputs)
    consumers[result] += 1
    kinds = {step.name: step.kind for step in steps}
    root = nn.Module()
    drawing = fx.Graph()
    values: dict[str, fx.Node] = {}
    for step in steps:
        values[step.name] = _draw(step, root, drawing, values)
        _overwrite_input(step, root, kinds, consumers)
    drawing.output(values[result])
    drawing.lint()
    module = fx.GraphModule(root, drawing, class_name=_identifier(model.name))
    for parameter in module.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    held = tuple(
        (step.layer, module.get_submodule(_identifier(step.name)))
        for step in steps
        if step.layer.weights and step.kind in BUILDERS
    )
    for layer, part in held:
        for pair in layer_weights.pairs(layer, part):
            layer_weights.read(pair)
    return Translation(module, held)


def _draw(step: Step, root: nn.Module, drawing: fx.Graph, values: dict[str, fx.Node]) -> fx.Node:
    """One step as a node of the torch graph."""
    if step.kind == "InputLayer":
        return drawing.placeholder(_identifier(step.name))
    taken = [values[name] for name in step.inputs]
    if step.kind in MERGES:
        return MERGES[step.kind](step, drawing, taken)
    if step.kind not in BUILDERS:
        raise UnknownLayer(
            f"The layer {step.name} is of the kind {step.kind}, which has no translation to torch; "
            f"known are {', '.join(sorted([*BUILDERS, *MERGES]))}."
        )
    name = _identifier(step.name)
    root.add_module(name, BUILDERS[step.kind](step))
    drawn = drawing.call_module(name, (taken[0],))
    if step.kind not in WITH_ACTIVATION or step.layer.activation.__name__ == "linear":
        return drawn
    root.add_module(f"{name}_activation", activation(step.layer.activation.__name__))
    return drawing.call_module(f"{name}_activation", (drawn,))


def _overwrite_input(
    step: Step, root: nn.Module, kinds: dict[str, str], consumers: Counter[str]
) -> None:
    """Let a ReLU work in place where nobody else, the backward pass included, needs its input."""
    module = getattr(root, _identifier(step.name), None)
    if not isinstance(module, (nn.ReLU, nn.ReLU6)):
        return
    source = step.inputs[0]
    unneeded = kinds[source] in ("BatchNormalization", "Conv2D", "DepthwiseConv2D", "Add")
    module.inplace = unneeded and consumers[source] == 1


def _chain(operation: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., fx.Node]:
    def draw(step: Step, drawing: fx.Graph, taken: Sequence[fx.Node]) -> fx.Node:
        return reduce(lambda a, b: drawing.call_function(operation, (a, b)), taken)

    return draw


def _concatenate(step: Step, drawing: fx.Graph, taken: Sequence[fx.Node]) -> fx.Node:
    if step.layer.axis not in (*KERAS_CHANNELS, len(step.input_shapes[0]) - 1):
        raise UnknownLayer(f"The layer {step.name} joins along axis {step.layer.axis}.")
    return drawing.call_function(torch.cat, (list(taken),), {"dim": 1})


MERGES: dict[str, Callable[[Step, fx.Graph, Sequence[fx.Node]], fx.Node]] = {
    "Add": _chain(torch.add),
    "Multiply": _chain(torch.mul),
    "Concatenate": _concatenate,
}
"""Kinds that take several things."""


def _identifier(name: str) -> str:
    """A Keras name as a Python name: letters, digits and underscores."""
    plain = re.sub(r"\W", "_", name)
    return plain if plain.isidentifier() else f"layer_{plain}"
