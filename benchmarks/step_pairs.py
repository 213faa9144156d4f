"""One network at one size, twice: ours and the plain loop, ready to be timed in turns."""

from __future__ import annotations

import os

# As train.py does: threads that wait must not burn the processor. Before torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("KERAS_BACKEND", "torch")

from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.images import work_folder
from benchmarks.measuring import Pairs, in_turns
from benchmarks.ours import (
    CLASSES,
    example_targets,
    fine_tuning,
    in_float32,
    new_network,
    write_noise,
)
from benchmarks.plain_networks import NETWORKS, Classifier, weighted_layers
from benchmarks.plain_torch import PlainLoop
from server.training.engine.device import prepare_device
from server.training.engine.network import Network

SAME = 1e-4
"""Largest difference of the two networks' answers, as a share of the largest answer."""


class Bench:
    """Ours and the plain loop on the same network.

    Args:
        steps: batches a measurement.
        same_parameters: the plain loop trains what ours trains; False = everything.
        float32: no mixed precision on either side.

    Raises:
        ValueError: when the two networks do not answer the same.
    """

    def __init__(
        self,
        name: str,
        size: int,
        *,
        batch_size: int,
        steps: int,
        same_parameters: bool,
        float32: bool,
    ) -> None:
        self.name, self.size, self.steps = name, size, steps
        self.images = batch_size * steps
        self._open = ExitStack()
        self.device = prepare_device()
        if float32:
            self.device = in_float32(self.device)
        network = new_network(name, size)
        batch = torch.rand(batch_size, 3, size, size).contiguous(memory_format=torch.channels_last)
        plain = NETWORKS[name](CLASSES)
        layers = _copy(network, plain, batch[:2])
        self.difference = _difference(network, plain, batch[:2])
        self._resident = batch.to(self.device.torch)
        self._targets = torch.from_numpy(example_targets(batch_size)).to(self.device.torch)
        work = self._open.enter_context(work_folder())
        records = write_noise(work / "pixels.bin", self.images, size)
        self._open.callback(records.close)
        self._ours = fine_tuning(network, records, self.device, batch_size, self._resident)
        self._ours.on_device()
        self.trained = _trained(network.module)
        if same_parameters:
            for mine, theirs in layers:
                _follow(mine, theirs)
        offsets = -torch.log(torch.full((CLASSES,), float(CLASSES)))
        self._loop = PlainLoop(plain, offsets, self.device.torch, bfloat16=self.device.bfloat16)
        self.trained_plain = _trained(plain)
        self._flops = self._count_flops()

    def __enter__(self) -> Bench:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    def pairs(self, kind: str, count: int) -> Pairs:
        """Time ``step``, ``pipeline`` or ``forward`` on both sides, ``count`` times in turns."""
        ours = {
            "step": self._ours.on_device,
            "pipeline": self._ours.from_cache,
            "forward": self._ours.forward,
        }[kind]
        theirs = self._plain_forward if kind == "forward" else self._plain_steps
        return in_turns(self._to_the_end(ours), self._to_the_end(theirs), count)

    def flops(self, kind: str) -> float:
        """Floating-point operations for one image; a training step counts as three ways forward.

        By custom: the gradients of weights and of inputs each cost as much as the way forward.
        (The counter itself miscounts the backward way of depthwise convolutions.)
        """
        return self._flops * (1 if kind == "forward" else 3)

    def facts(self, kind: str) -> dict[str, Any]:
        """What must be known beside the seconds."""
        return {
            "images_a_measurement": self.images,
            "device": self.device.description,
            "precision": "bfloat16" if self.device.bfloat16 else "float32",
            "trained_parameters_ours": self.trained,
            "trained_parameters_plain": self.trained_plain,
            "difference_of_answers": self.difference,
            "flops_an_image": self.flops(kind),
        }

    def _plain_steps(self) -> None:
        self._loop.train_mode()
        for _ in range(self.steps):
            self._loop.step(self._resident, self._targets)

    def _plain_forward(self) -> None:
        self._loop.eval_mode()
        for _ in range(self.steps):
            self._loop.forward(self._resident).float().cpu()

    def _to_the_end(self, work: Callable[[], object]) -> Callable[[], None]:
        def finished() -> None:
            work()
            if self.device.is_gpu:
                torch.cuda.synchronize()

        return finished

    def _count_flops(self) -> float:
        """Of one image's way forward, by torch's own counter; multiply and add count as two."""
        self._loop.eval_mode()
        with FlopCounterMode(display=False) as counter:
            self._loop.forward(self._resident[:1])
        return float(counter.get_total_flops())


def _copy(
    network: Network, plain: Classifier, example: torch.Tensor
) -> list[tuple[nn.Module, nn.Module]]:
    """Give ``plain`` our weights; returns the pairs of layers, ours first."""
    module = network.module
    with torch.no_grad():
        head = weighted_layers(module.head, module.features(example))
        mine = weighted_layers(module.backbone, module.preprocess(example)) + head
    pairs = list(zip(mine, weighted_layers(plain, example), strict=True))
    for ours, theirs in pairs:
        theirs.load_state_dict(ours.state_dict())
    return pairs


def _difference(network: Network, plain: Classifier, example: torch.Tensor) -> float:
    network.module.eval()
    plain.eval()
    with torch.no_grad():
        ours, theirs = network.module(example), plain(example)
    difference = float((ours - theirs).abs().max() / ours.abs().max())
    if not difference <= SAME:
        raise ValueError(f"The two networks answer differently, by {difference:.2g} of the answer.")
    return difference


def _follow(mine: nn.Module, theirs: nn.Module) -> None:
    """Let ``theirs`` train what ``mine`` trains."""
    flags = {name: parameter.requires_grad for name, parameter in mine.named_parameters()}
    for name, parameter in theirs.named_parameters():
        parameter.requires_grad_(flags[name])


def _trained(module: nn.Module) -> int:
    return sum(each.numel() for each in module.parameters() if each.requires_grad)
