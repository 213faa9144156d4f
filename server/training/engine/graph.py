"""A Keras functional model, read as a list of steps.

The reading goes through ``get_config``, the public description of the graph, and not through
Keras's private nodes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


class UnknownLayer(Exception):
    """A layer, or a setting of it, that has no translation; the message names it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One layer applied once.

    Attributes:
        name: of the layer, unique in the model; also the name of what it gives.
        kind: Keras class name, such as ``Conv2D``.
        layer: the Keras layer itself; it holds the weights.
        inputs: names of the steps it takes, in order.
        input_shapes: what it takes, as Keras says: (None, height, width, channels) or
            (None, features).
    """

    name: str
    kind: str
    layer: Any
    inputs: tuple[str, ...]
    input_shapes: tuple[tuple[int | None, ...], ...]


def steps(model: Any) -> list[Step]:
    """The layers of a functional Keras model, every one after those it takes.

    Raises:
        UnknownLayer: when a layer is used twice, as shared layers are.
    """
    return [_step(model, entry) for entry in model.get_config()["layers"]]


def output_name(model: Any) -> str:
    """Name of the step whose result the model gives.

    Raises:
        UnknownLayer: when the model gives more than one.
    """
    outputs = list(_histories(model.get_config()["output_layers"]))
    if len(outputs) != 1:
        raise UnknownLayer(f"The model {model.name} gives {len(outputs)} results; one is expected.")
    return outputs[0]


def apply(model: Any, value: Any) -> Any:
    """Run a Keras tensor through the layers of a functional model, one by one.

    The layers, with their weights, become part of the graph that ``value`` belongs to; calling the
    model itself would make it one nested layer there.

    Raises:
        UnknownLayer: when a layer is used twice.
    """
    values: dict[str, Any] = {}
    for step in steps(model):
        if step.kind == "InputLayer":
            values[step.name] = value
        else:
            taken = [values[name] for name in step.inputs]
            values[step.name] = step.layer(taken if len(taken) > 1 else taken[0])
    return values[output_name(model)]


def _step(model: Any, entry: dict[str, Any]) -> Step:
    calls = entry["inbound_nodes"]
    if len(calls) > 1:
        raise UnknownLayer(f"The layer {entry['name']} is used {len(calls)} times.")
    taken = [tensor for call in calls for tensor in _tensors(call["args"])]
    return Step(
        name=entry["name"],
        kind=entry["class_name"],
        layer=model.get_layer(entry["name"]),
        inputs=tuple(tensor["keras_history"][0] for tensor in taken),
        input_shapes=tuple(tuple(tensor["shape"]) for tensor in taken),
    )


def _tensors(value: Any) -> Iterator[dict[str, Any]]:
    """Every serialised Keras tensor inside nested lists and dictionaries."""
    if isinstance(value, dict):
        if value.get("class_name") == "__keras_tensor__":
            yield value["config"]
        else:
            yield from _tensors(list(value.values()))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _tensors(item)


def _histories(value: Any) -> Iterator[str]:
    """Layer names of ``[name, node, tensor]``, alone or in lists."""
    if value and isinstance(value[0], str):
        yield value[0]
    else:
        for item in value:
            yield from _histories(item)
