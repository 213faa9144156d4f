"""The same network with fewer passes over memory, for training and inference on settled BatchNorm.

On a processor the convolutions of these networks wait for memory more than for arithmetic, and a
third of a training step of MobileNetV2 goes into BatchNorm layers that only scale and shift by
settled statistics. Here each of them is folded into the convolution before it, on the fly, in the
forward pass: the convolution's weights are scaled, which is a few thousand numbers instead of
millions, and automatic differentiation finds the same gradients for the weights, scale and shift
(the identity of Jacob et al., arXiv 1712.05877, section 3.2, with settled statistics).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.autograd.function import once_differentiable

from server.training.engine.layers import UnevenConv2d
from server.training.engine.precision import slow_in_bfloat16


class FoldedConvolution(nn.Module):
    """A convolution and the BatchNorm after it, in inference mode, as one convolution.

    Args:
        convolution, norm: as they stand in the network; their parameters are used, not copied.
    """

    def __init__(self, convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> None:
        super().__init__()
        self.convolution = convolution
        self.norm = norm

    def forward(self, x: Tensor) -> Tensor:
        convolution = self.convolution
        if isinstance(convolution, UnevenConv2d):
            x = nn.functional.pad(x, convolution.edges)
        if torch.is_autocast_enabled(x.device.type) and slow_in_bfloat16(convolution, x.device):
            with torch.autocast(x.device.type, enabled=False):
                return self._convolve(x.float())
        return self._convolve(x)

    def _convolve(self, x: Tensor) -> Tensor:
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
        return nn.functional.conv2d(
            x,
            convolution.weight * scale[:, None, None, None],
            shift,
            convolution.stride,
            convolution.padding,
            convolution.dilation,
            convolution.groups,
        )


class _ClampInPlace(torch.autograd.Function):
    """ReLU6 that remembers its result alone; torch's own in-place kind copies its input first."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        x.clamp_(0, 6)
        ctx.mark_dirty(x)
        ctx.save_for_backward(x)
        return x

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        # Strictly inside the bounds the result is the input; at them the gradient is nothing.
        result = ctx.saved_tensors[0]
        return torch.ops.aten.hardtanh_backward(gradient, result, 0.0, 6.0)  # type: ignore[no-any-return]


class OverwritingReLU6(nn.Module):
    """``min(max(x, 0), 6)``, in the memory of ``x``."""

    def forward(self, x: Tensor) -> Tensor:
        return _ClampInPlace.apply(x)  # type: ignore[no-any-return,no-untyped-call]


def folded(network: fx.GraphModule) -> fx.GraphModule:
    """A second way through ``network``, on the same parameters, for settled BatchNorm.

    BatchNorm layers that do not follow a convolution of their own stay as they are.

    Returns:
        A module that answers as ``network`` does while its BatchNorm layers are in inference mode.
    """
    root = nn.Module()
    drawing = fx.Graph()
    values: dict[fx.Node, fx.Node] = {}
    for node in network.graph.nodes:
        convolution = _convolution_before(network, node)
        if convolution is not None:
            norm = network.get_submodule(node.target)
            root.add_module(node.name, FoldedConvolution(*_typed(network, convolution, norm)))
            before = values[convolution.all_input_nodes[0]]
            values[node] = drawing.call_module(node.name, (before,))
        elif not _is_folded_later(network, node):
            if node.op == "call_module":
                root.add_module(node.target, _overwriting(network.get_submodule(node.target)))
            values[node] = drawing.node_copy(node, lambda each: values[each])
    drawing.lint()
    return fx.GraphModule(root, drawing, class_name=f"Folded{type(network).__name__}")


def _typed(
    network: fx.GraphModule, convolution: fx.Node, norm: nn.Module
) -> tuple[nn.Conv2d, nn.BatchNorm2d]:
    first = network.get_submodule(str(convolution.target))
    assert isinstance(first, nn.Conv2d)
    assert isinstance(norm, nn.BatchNorm2d)
    return first, norm


def _convolution_before(network: fx.GraphModule, node: fx.Node) -> fx.Node | None:
    """The convolution that only the BatchNorm ``node`` listens to; None for other nodes."""
    if not _is_a(network, node, nn.BatchNorm2d):
        return None
    before = node.args[0]
    assert isinstance(before, fx.Node)
    alone = len(before.users) == 1
    return before if alone and _is_a(network, before, nn.Conv2d) else None


def _is_folded_later(network: fx.GraphModule, node: fx.Node) -> bool:
    return any(_convolution_before(network, user) is node for user in node.users)


def _is_a(network: fx.GraphModule, node: fx.Node, kind: type[nn.Module]) -> bool:
    return node.op == "call_module" and isinstance(network.get_submodule(str(node.target)), kind)


def _overwriting(module: nn.Module) -> nn.Module:
    return OverwritingReLU6() if isinstance(module, nn.ReLU6) and module.inplace else module
