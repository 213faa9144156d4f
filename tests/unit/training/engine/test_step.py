"""A training step: the same gradient however the batch is cut up, and memory that runs out."""

from __future__ import annotations

import json
import subprocess
import sys
from copy import deepcopy

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from server.training.engine.average import Average
from server.training.engine.distributed import ALONE, Ranks
from server.training.engine.dropout import BatchDraws
from server.training.engine.lanes import ONE_LANE, Lanes
from server.training.engine.layers import StochasticDepth
from server.training.engine.loss import Loss
from server.training.engine.memory import MicroBatch, for_training
from server.training.engine.optimizers import Group, build_optimizer
from server.training.engine.step import Outcome, Step, step_key
from tests.unit.training.program import REPOSITORY

IMAGES, FEATURES, CLASSES = 13, 6, 3
CPU = torch.device("cpu")


class Bottleneck(nn.Module):
    """Memory for at most ``most`` images at a time, on the way back as on the way there."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def forward(self, x: Tensor) -> Tensor:
        if len(x) > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return x


def network(most: int = IMAGES) -> nn.Sequential:
    """Dropout of both kinds, and a place where memory may run out."""
    torch.manual_seed(1)
    layers = [nn.Linear(FEATURES, 8), StochasticDepth(0.3), nn.Tanh(), Bottleneck(most)]
    return nn.Sequential(*layers, nn.Dropout(0.4), nn.Linear(8, CLASSES))


def data() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(2)
    inputs = torch.randn(IMAGES, FEATURES, generator=generator)
    return inputs, torch.randint(0, CLASSES, (IMAGES,), generator=generator)


def learn(
    module: nn.Module,
    micro_batch: MicroBatch,
    *,
    steps: int = 3,
    ranks: Ranks = ALONE,
    average: Average | None = None,
    lanes: Lanes = ONE_LANE,
) -> list[Outcome]:
    """A few steps on one batch."""
    inputs, targets = data()
    optimizer = build_optimizer("Adam", [Group(tuple(module.parameters()), 0.01)])
    loss = Loss(np.ones(CLASSES, np.int64), balanced=False, device=CPU)
    step = Step(
        loss=loss,
        optimizer=optimizer,
        micro_batch=micro_batch,
        draws=BatchDraws(module),
        average=average,
        ranks=ranks,
        device=CPU,
        lanes=lanes,
    )
    module.train()
    keys = [step_key(0, 1, number) for number in range(steps)]
    return [step(key, lambda rows: module(inputs[rows]), targets, IMAGES) for key in keys]


def weights(module: nn.Module) -> Tensor:
    return torch.cat([each.detach().reshape(-1) for each in module.parameters()])


@given(st.integers(0, 200), st.integers(1, 64))
def test_pieces_cover_every_image_once_in_order_and_are_nearly_equal(
    images: int, size: int
) -> None:
    pieces = MicroBatch(size, print, "").pieces(images)
    covered = [number for rows in pieces for number in range(rows.start, rows.stop)]
    sizes = {rows.stop - rows.start for rows in pieces}
    assert covered == list(range(images))
    assert max(sizes, default=0) <= size
    assert max(sizes, default=0) - min(sizes, default=0) <= 1


@pytest.mark.parametrize("size", [1, 4, 6, 12])
def test_a_batch_in_pieces_moves_the_weights_as_the_whole_batch_does(size: int) -> None:
    whole, cut = network(), network()
    one = learn(whole, for_training(IMAGES, pytest.fail, False))
    other = learn(cut, for_training(size, pytest.fail, False))
    torch.testing.assert_close(weights(cut), weights(whole), rtol=0, atol=1e-5)
    for first, second in zip(one, other, strict=True):
        torch.testing.assert_close(second.loss, first.loss, rtol=1e-5, atol=0)
        assert second.hits == first.hits


@pytest.mark.parametrize("size", [4, IMAGES])
def test_a_batch_in_lanes_moves_the_weights_as_the_whole_batch_does(size: int) -> None:
    whole, side_by_side, again = network(), network(), network()
    one = learn(whole, for_training(IMAGES, pytest.fail, False))
    lanes = Lanes(3, least_images=1)
    other = learn(side_by_side, for_training(size, pytest.fail, False), lanes=lanes)
    learn(again, for_training(size, pytest.fail, False), lanes=lanes)
    torch.testing.assert_close(weights(side_by_side), weights(whole), rtol=0, atol=1e-5)
    assert torch.equal(weights(again), weights(side_by_side)), "the same lanes, the same bits"
    for first, second in zip(one, other, strict=True):
        torch.testing.assert_close(second.loss, first.loss, rtol=1e-5, atol=0)
        assert second.hits == first.hits


def test_memory_that_runs_out_in_one_lane_halves_the_pieces_of_all() -> None:
    roomy, tight = network(), network(most=2)
    said: list[str] = []
    learn(roomy, for_training(IMAGES, pytest.fail, False))
    lanes = Lanes(2, least_images=1)
    learn(tight, for_training(IMAGES, said.append, False), lanes=lanes)
    torch.testing.assert_close(weights(tight), weights(roomy), rtol=0, atol=1e-5)
    assert len(said) == 2


@given(st.integers(0, 5), st.integers(1, 40), st.integers(1, 6), st.integers(1, 9))
def test_lanes_share_out_every_image_once_in_order(
    first: int, images: int, cores: int, least: int
) -> None:
    rows = slice(first, first + images)
    shares = Lanes(cores, least).map(lambda share: share, rows)
    covered = [number for share in shares for number in range(share.start, share.stop)]
    assert covered == list(range(first, first + images))
    assert len(shares) == 1 or min(share.stop - share.start for share in shares) >= least


def test_when_memory_runs_out_the_very_batch_is_repeated_in_halves_and_that_is_said() -> None:
    roomy, tight = network(), network(most=4)
    said: list[str] = []
    micro_batch = for_training(IMAGES, said.append, batch_norm_trains=False)
    expected = learn(roomy, for_training(IMAGES, pytest.fail, False))
    found = learn(tight, micro_batch)
    torch.testing.assert_close(weights(tight), weights(roomy), rtol=0, atol=1e-5)
    for first, second in zip(expected, found, strict=True):
        torch.testing.assert_close(second.loss, first.loss, rtol=1e-5, atol=0)
    assert micro_batch.size == 3
    assert [line.split(";")[0] for line in said] == [
        "Memory ran out with 13 images at a time",
        "Memory ran out with 6 images at a time",
    ]
    assert all(f"still learns from {IMAGES} images" in line for line in said)


def test_the_warning_says_when_batch_norm_makes_a_difference() -> None:
    said: list[str] = []
    for trains in (False, True):
        learn(network(most=8), for_training(IMAGES, said.append, batch_norm_trains=trains), steps=1)
    assert ["BatchNorm" in line for line in said] == [False, True]


def test_not_even_one_image_fitting_is_the_end() -> None:
    said: list[str] = []
    with pytest.raises(torch.OutOfMemoryError):
        learn(network(most=0), for_training(IMAGES, said.append, False))
    assert len(said) == 3, "13, 6, 3, and then 1"


def test_other_errors_are_not_taken_for_lack_of_memory() -> None:
    def broken(pieces: list[slice]) -> None:
        raise RuntimeError("shapes do not fit")

    with pytest.raises(RuntimeError, match="shapes"):
        MicroBatch(8, pytest.fail, "").until_it_fits(8, broken)


def test_the_same_step_draws_the_same_and_another_step_something_else() -> None:
    module = network().train()
    draws, (inputs, _) = BatchDraws(module), data()

    def answers(key: int, rows: slice = slice(0, IMAGES)) -> Tensor:
        draws.begin(key, rows.start, IMAGES)
        return module(inputs[rows])  # type: ignore[no-any-return]

    first = answers(step_key(0, 1, 0))
    assert torch.equal(first, answers(step_key(0, 1, 0)))
    assert not torch.equal(first, answers(step_key(0, 1, 1)))
    assert not torch.equal(first, answers(step_key(0, 2, 0)))
    torch.testing.assert_close(answers(step_key(0, 1, 0), slice(5, 9)), first[5:9])


@pytest.mark.parametrize("layer", [nn.Dropout(0.3), StochasticDepth(0.3)])
def test_dropout_keeps_the_wanted_share_and_the_mean(layer: nn.Module) -> None:
    BatchDraws(layer).begin(step_key(0, 1, 0), 0, 20_000)
    ones = torch.ones(20_000, 2)
    dropped = layer.train()(ones)
    assert (dropped == 0).float().mean() == pytest.approx(0.3, abs=0.02)
    assert dropped.mean() == pytest.approx(1, abs=0.03)
    assert torch.equal(layer.eval()(ones), ones)


def test_the_average_is_the_bias_corrected_mean_of_the_weights_so_far() -> None:
    parameter = nn.Parameter(torch.tensor([5.0]))
    average = Average([parameter], decay=0.8)
    values = [1.0, 3.0, -2.0, 4.0]
    for value in values:
        with torch.no_grad():
            parameter.fill_(value)
        average.update()
    shares = [0.8 ** (len(values) - 1 - number) for number in range(len(values))]
    expected = np.average(values, weights=shares)
    with average.in_place():
        assert parameter.item() == pytest.approx(expected, rel=1e-5)
    assert parameter.item() == 4.0, "afterwards the network goes on with its own weights"


def test_an_average_goes_on_from_what_was_saved_to_the_bit() -> None:
    def finish(module: nn.Module, average: Average) -> Tensor:
        learn(module, for_training(IMAGES, print, False), average=average)
        with average.in_place():
            return weights(module)

    module = network()
    average = Average(module.parameters(), 0.9)
    learn(module, for_training(IMAGES, print, False), average=average)
    again = deepcopy(module)
    restored = Average(again.parameters(), 0.9)
    restored.load_state_dict(deepcopy(average.state_dict()))
    assert torch.equal(finish(module, average), finish(again, restored))


_TIGHT = """
import json, sys
import psutil, torch
from torch import nn
torch.set_num_threads(1)
from server.training.engine.dropout import BatchDraws
from server.training.engine.loss import Loss
from server.training.engine.memory import for_training
from server.training.engine.optimizers import Group, build_optimizer
from server.training.engine.step import Step, step_key
from server.training.engine.distributed import ALONE
import numpy as np
room = int(sys.argv[1])
torch.manual_seed(0)
layers = [layer for _ in range(12) for layer in (nn.Conv2d(8, 8, 3, padding=1), nn.Tanh())]
module = nn.Sequential(nn.Conv2d(3, 8, 3), *layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                       nn.Dropout(0.2), nn.Linear(8, 2)).train()
said, cpu = [], torch.device("cpu")
step = Step(loss=Loss(np.ones(2, np.int64), False, cpu),
            optimizer=build_optimizer("SGD", [Group(tuple(module.parameters()), 0.01)]),
            micro_batch=for_training(16, said.append, False), draws=BatchDraws(module),
            average=None, ranks=ALONE, device=cpu)
images, targets = torch.randn(16, 3, 224, 224), torch.arange(16) % 2
module(images[:1]).sum().backward()
if room:
    import resource
    used = psutil.Process().memory_info().vms
    resource.setrlimit(resource.RLIMIT_AS, (used + room * 2**20, resource.RLIM_INFINITY))
losses = [float(step(step_key(0, 1, n), lambda rows: module(images[rows]), targets, 16).loss)
          for n in range(2)]
print(json.dumps({"losses": losses, "said": said,
                  "weight": [float(each.detach().sum()) for each in module.parameters()]}))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit on the address space")
def test_a_real_failure_to_allocate_is_survived_with_the_same_result() -> None:
    def train(room: int) -> dict[str, list[float]]:
        done = subprocess.run(
            [sys.executable, "-c", _TIGHT, str(room)],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)  # type: ignore[no-any-return]

    roomy, tight = train(0), train(350)
    assert roomy["said"] == []
    assert len(tight["said"]) >= 1
    assert tight["losses"] == pytest.approx(roomy["losses"], rel=1e-5)
    assert tight["weight"] == pytest.approx(roomy["weight"], rel=1e-4, abs=1e-5)
