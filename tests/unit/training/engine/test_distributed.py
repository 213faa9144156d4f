"""Several processes: each batch shared out, the gradients added up, one and the same result."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.training.engine.distributed import Ranks
from tests.unit.training.program import PATIENCE_SECONDS, REPOSITORY

_PROCESS = """
import json, sys
import numpy as np, torch
torch.set_num_threads(1)
from server.training.engine.distributed import join, leave_and_end
from server.training.engine.dropout import BatchDraws
from server.training.engine.loss import Loss
from server.training.engine.memory import for_training
from server.training.engine.optimizers import Group, build_optimizer
from server.training.engine.step import Step, step_key
ranks, cpu = join(), torch.device("cpu")
torch.manual_seed(ranks.rank)  # as if the first weights differed
module = torch.nn.Sequential(
    torch.nn.Linear(5, 8), torch.nn.Tanh(), torch.nn.Dropout(0.4), torch.nn.Linear(8, 3)).train()
ranks.make_equal(module)
generator = torch.Generator().manual_seed(7)
inputs = torch.randn(9, 5, generator=generator)
targets = torch.randint(0, 3, (9,), generator=generator)
step = Step(
    loss=Loss(np.ones(3, np.int64), False, cpu),
    optimizer=build_optimizer("SGD", [Group(tuple(module.parameters()), 0.1)]),
    micro_batch=for_training(4, print, False, ranks.size), draws=BatchDraws(module),
    average=None, ranks=ranks, device=cpu)
outcomes = []
for number, images in enumerate([9, 8, 1]):  # of the last batch, one process gets nothing
    mine = ranks.share(images)
    x, y = inputs[:images][mine], targets[:images][mine]
    outcome = step(step_key(0, 1, number), lambda rows: module(x[rows]), y, images)
    outcomes.append([float(outcome.loss), float(outcome.hits)])
rows = ranks.join_rows(np.arange(9, dtype=np.float32)[ranks.share(9)])
ranks.wait()
if ranks.is_first:
    ranks.hand_over({"told": "all"})
    told = {"told": "all"}
else:
    told = ranks.receive()
print(json.dumps({"outcomes": outcomes, "rows": rows.tolist(), "told": told,
                  "weights": [value for each in module.parameters()
                              for value in each.detach().reshape(-1).tolist()]}))
leave_and_end(0)
"""


def learn(processes: int) -> list[dict[str, Any]]:
    """What each of so many processes found."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    place = {"WORLD_SIZE": str(processes), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", _PROCESS],
            cwd=REPOSITORY,
            env=os.environ | place | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in range(processes)
    ]
    said = [process.communicate(timeout=PATIENCE_SECONDS)[0] for process in started]
    assert [process.returncode for process in started] == [0] * processes
    return [json.loads(text) for text in said]


def test_two_processes_move_the_weights_as_one_does() -> None:
    (alone,), together = learn(1), learn(2)
    for each in together:
        assert each["weights"] == pytest.approx(alone["weights"], abs=1e-6)
        assert each["rows"] == list(range(9))
        assert each["told"] == {"told": "all"}
        for found, expected in zip(each["outcomes"], alone["outcomes"], strict=True):
            assert found == pytest.approx(expected, rel=1e-5)
    assert together[0]["weights"] == together[1]["weights"], "all hold the same, to the bit"


@given(st.integers(0, 300), st.integers(1, 9))
def test_shares_cover_a_batch_in_order_and_are_nearly_equal(images: int, size: int) -> None:
    shares = [Ranks(rank, size).share(images) for rank in range(size)]
    covered = [place for share in shares for place in range(share.start, share.stop)]
    lengths = [share.stop - share.start for share in shares]
    assert covered == list(range(images))
    assert max(lengths) - min(lengths) <= 1
