"""Small rules of the engine: the rate, the loss, the optimisers, progress, failures."""

from __future__ import annotations

import errno
import math
import time

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from server.domain.errors import UnusableDataset
from server.domain.events import EXIT_CRASHED, EXIT_OUT_OF_MEMORY, EXIT_REFUSED
from server.training.console import in_words
from server.training.engine.loss import Loss
from server.training.engine.optimizers import Group, build_optimizer, set_rate
from server.training.engine.precision import keep_strided_depthwise_in_float32
from server.training.engine.progress import WorkMeter
from server.training.engine.schedule import rate_factor
from server.training.engine.threads import map_in_threads
from server.training.failures import exit_code, in_one_sentence
from server.training.plan import phase_epochs


@given(st.integers(1, 5000), st.floats(0, 0.5))
def test_the_rate_warms_up_to_its_peak_once_and_then_only_falls(steps: int, warm_up: float) -> None:
    factors = [rate_factor(step, steps, warm_up) for step in range(steps)]
    peak = factors.index(max(factors))
    assert max(factors) == pytest.approx(1.0)
    assert all(0 < factor <= 1 for factor in factors)
    assert factors[: peak + 1] == sorted(factors[: peak + 1])
    assert factors[peak:] == sorted(factors[peak:], reverse=True)


def test_epochs_count_the_whole_run_and_the_last_quarter_fine_tunes() -> None:
    assert phase_epochs(30, None, random_start=False) == (22, 8)
    assert phase_epochs(1, None, random_start=False) == (0, 1)
    assert phase_epochs(30, 0, random_start=False) == (30, 0)
    assert phase_epochs(30, None, random_start=True) == (0, 30)
    assert phase_epochs(30, 5, random_start=True) == (25, 5)


def test_balancing_adds_the_log_of_each_class_share_to_the_logits() -> None:
    shown = np.array([3, 1])
    loss = Loss(shown, balanced=True, device=torch.device("cpu"))
    # Equal logits: the probability in the loss is the class's share itself.
    assert loss.of(np.zeros((1, 2), np.float32), np.array([1])) == pytest.approx(-math.log(1 / 4))
    plain = Loss(shown, balanced=False, device=torch.device("cpu"))
    assert plain.of(np.zeros((1, 2), np.float32), np.array([1])) == pytest.approx(math.log(2))


@pytest.mark.parametrize("name", ["Adam", "SGD", "RMSprop"])
def test_each_optimizer_learns_and_decays_no_bias(name: str) -> None:
    torch.manual_seed(0)
    layer = nn.Linear(3, 1)
    optimizer = build_optimizer(name, [Group(tuple(layer.parameters()), 0.01)])
    decay = {len(p.shape): g["weight_decay"] for g in optimizer.param_groups for p in g["params"]}
    assert decay[2] > 0
    assert decay[1] == 0
    inputs, wanted = torch.randn(64, 3), torch.randn(64, 1)
    losses = []
    for _ in range(50):
        loss = ((layer(inputs) - wanted) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]


def test_groups_keep_the_ratio_of_their_rates() -> None:
    head, backbone = nn.Linear(2, 2), nn.Linear(2, 2)
    groups = [Group(tuple(head.parameters()), 0.1), Group(tuple(backbone.parameters()), 0.01)]
    optimizer = build_optimizer("SGD", groups)
    assert set_rate(optimizer, 0.5) == pytest.approx(0.05)
    assert {round(group["lr"], 6) for group in optimizer.param_groups} == {0.05, 0.005}


def test_a_layer_kept_in_float32_gives_the_same_and_stays_what_it_was() -> None:
    layer = nn.Conv2d(4, 4, 3, stride=2, groups=4)
    images = torch.randn(2, 4, 9, 9)
    expected = layer(images)
    keep_strided_depthwise_in_float32(layer)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = layer(images)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected)
    assert type(layer) is nn.Conv2d


def test_progress_goes_from_nothing_to_all_and_the_time_left_to_zero() -> None:
    meter = WorkMeter({"forward": 10, "train": 20})
    assert (meter.steps_done, meter.seconds_left) == (0, None)
    time.sleep(0.01)
    meter.add("forward", 10)
    assert 0 < meter.steps_done < meter.steps_total
    left = meter.seconds_left
    assert left is not None
    assert left > 0
    meter.skip("train", 20)
    assert meter.steps_done == meter.steps_total
    assert meter.seconds_left == 0


def test_threads_keep_the_order_and_pass_errors_on() -> None:
    assert list(map_in_threads(lambda n: n * n, range(100))) == [n * n for n in range(100)]
    with pytest.raises(ZeroDivisionError):
        list(map_in_threads(lambda n: 1 / n, [2, 1, 0, 1]))


@pytest.mark.parametrize(
    ("error", "code", "name"),
    [
        (MemoryError(), EXIT_OUT_OF_MEMORY, "out_of_memory"),
        (torch.OutOfMemoryError("CUDA"), EXIT_OUT_OF_MEMORY, "out_of_memory"),
        (RuntimeError("[...] DefaultCPUAllocator: can't"), EXIT_OUT_OF_MEMORY, "out_of_memory"),
        (UnusableDataset("No images found!"), EXIT_REFUSED, "unusable_dataset"),
        (OSError(errno.ENOSPC, "no space"), EXIT_REFUSED, "storage_full"),
        (ValueError("surprise"), EXIT_CRASHED, "crashed"),
    ],
)
def test_every_error_has_its_exit_code(error: Exception, code: int, name: str) -> None:
    assert exit_code(error) == (code, name)
    assert "\n" not in in_one_sentence(error)


def test_out_of_memory_comes_with_the_documents_advice() -> None:
    sentence = in_one_sentence(MemoryError())
    for advice in ("batch size", "MobileNetV2", "image size", "GPU"):
        assert advice in sentence


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "1 s"), (40, "40 s"), (750, "12 min"), (11100, "3 h 5 min")]
)
def test_lengths_of_time_are_said_as_people_do(seconds: float, words: str) -> None:
    assert in_words(seconds) == words
