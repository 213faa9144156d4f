"""The same network with fewer passes over memory, for training and inference on settled BatchNorm.

On a processor the convolutions of these networks wait for memory more than for arithmetic, and a
third of a training step of MobileNetV2 goes into BatchNorm layers that only scale and shift by
settled statistics. Here each of them is folded into the convolution before it, on the fly, in the
forward pass: the convolution's weights are scaled, which is a few thousand numbers instead of
millions, and automatic differentiation finds the same gradients for the weights, scale and shift
(the identity of Jacob et al., arXiv 1712.05877, section 3.2, with settled statistics).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, fx, nn

from server.training.engine.convolving import (
    ACTIVATIONS,
    Layout,
    convolve,
    convolve_and_activate,
    fused_kind,
)
from server.training.engine.overwriting import OverwritingReLU6
from server.training.engine.precision import slow_in_bfloat16


class FoldedConvolution(nn.Module):
    """Padding, convolution, BatchNorm in inference mode and activation, as one.

    Args:
        convolution, norm: as they stand in the network; their parameters are used, not copied.
        padding: lays zeros around the picture before them; None = nothing does.
        activation: what follows them; None = nothing.
    """

    def __init__(
        self,
        convolution: nn.Conv2d,
        norm: nn.BatchNorm2d,
        padding: nn.ZeroPad2d | None = None,
        activation: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.convolution = convolution
        self.norm = norm
        self.activation = activation
        self._layout = Layout.of(convolution, padding)
        self._fused = fused_kind(activation)

    def forward(self, x: Tensor) -> Tensor:
        weight, bias = self._folded()
        mixed = torch.is_autocast_enabled(x.device.type)
        learns = torch.is_grad_enabled() and (x.requires_grad or weight.requires_grad)
        plain = x.device.type == "cpu" and x.dtype is torch.float32 and not mixed
        if self._fused and plain and not learns:
            return convolve_and_activate(self._layout, x, weight, bias, self._fused)
        if mixed and slow_in_bfloat16(self.convolution, x.device):
            with torch.autocast(x.device.type, enabled=False):
                return self._activated(convolve(self._layout, x.float(), weight, bias))
        return self._activated(convolve(self._layout, x, weight, bias))

    def _folded(self) -> tuple[Tensor, Tensor]:
        """Weight and bias of the convolution that does the work of both."""
        convolution, norm = self.convolution, self.norm
        assert norm.running_mean is not None
        assert norm.running_var is not None
        scale = torch.rsqrt(norm.running_var + norm.eps)
        if norm.affine:
            scale = scale * norm.weight
        mean = norm.running_mean
        if convolution.bias is not None:
            mean = mean - convolution.bias
        shift = (norm.bias if norm.affine else 0) - mean * scale
        return convolution.weight * scale[:, None, None, None], shift

    def _activated(self, x: Tensor) -> Tensor:
        return x if self.activation is None else self.activation(x)


def folded(network: fx.GraphModule) -> fx.GraphModule:
    """A second way through ``network``, on the same parameters, for settled BatchNorm.

    BatchNorm layers that do not follow a convolution of their own stay as they are.

    Returns:
        A module that answers as ``network`` does while its BatchNorm layers are in inference mode.
    """
    root = nn.Module()
    drawing = fx.Graph()
    values: dict[fx.Node, fx.Node] = {}
    groups = {group.norm: group for group in _groups(network)}
    taken_along = {node for group in groups.values() for node in group.others}
    for node in network.graph.nodes:
        if node in groups:
            group = groups[node]
            root.add_module(node.name, _one_of(network, group))
            values[group.last] = drawing.call_module(node.name, (values[group.input],))
        elif node not in taken_along:
            if node.op == "call_module":
                root.add_module(node.target, _overwriting(_module(network, node)))
            values[node] = drawing.node_copy(node, lambda each: values[each])
    drawing.lint()
    return fx.GraphModule(root, drawing, class_name=f"Folded{type(network).__name__}")


@dataclass(frozen=True, slots=True)
class _Group:
    """Layers that become one."""

    padding: fx.Node | None
    convolution: fx.Node
    norm: fx.Node
    activation: fx.Node | None

    @property
    def input(self) -> fx.Node:
        return (self.padding or self.convolution).all_input_nodes[0]

    @property
    def last(self) -> fx.Node:
        return self.activation or self.norm

    @property
    def others(self) -> list[fx.Node]:
        found = (self.padding, self.convolution, self.activation)
        return [each for each in found if each is not None]


def _groups(network: fx.GraphModule) -> Iterator[_Group]:
    for node in network.graph.nodes:
        if not _is_a(network, node, nn.BatchNorm2d):
            continue
        convolution = node.all_input_nodes[0]
        if _feeds_one(convolution) and _is_a(network, convolution, nn.Conv2d):
            before = convolution.all_input_nodes[0]
            padded = _feeds_one(before) and _is_a(network, before, nn.ZeroPad2d)
            users = list(node.users)
            activated = len(users) == 1 and _is_a(network, users[0], ACTIVATIONS)
            yield _Group(
                before if padded else None, convolution, node, users[0] if activated else None
            )


def _one_of(network: fx.GraphModule, group: _Group) -> FoldedConvolution:
    convolution, norm = _module(network, group.convolution), _module(network, group.norm)
    padding = None if group.padding is None else _module(network, group.padding)
    assert isinstance(convolution, nn.Conv2d)
    assert isinstance(norm, nn.BatchNorm2d)
    assert padding is None or isinstance(padding, nn.ZeroPad2d)
    last = group.activation
    activation = None if last is None else _overwriting(_module(network, last))
    return FoldedConvolution(convolution, norm, padding, activation)


def _module(network: fx.GraphModule, node: fx.Node) -> nn.Module:
    return network.get_submodule(str(node.target))


def _feeds_one(node: fx.Node) -> bool:
    return len(node.users) == 1


def _is_a(
    network: fx.GraphModule, node: fx.Node, kind: type[nn.Module] | tuple[type[nn.Module], ...]
) -> bool:
    return node.op == "call_module" and isinstance(_module(network, node), kind)


def _overwriting(module: nn.Module) -> nn.Module:
    return OverwritingReLU6() if isinstance(module, nn.ReLU6) and module.inplace else module
