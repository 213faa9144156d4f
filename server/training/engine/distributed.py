"""Several processes that train one network together, one for each GPU.

``torchrun --nproc-per-node N server/training/train.py …`` starts them. Each batch is shared out in
order, the gradients are added up, and so all of them always hold the same weights. The first one
alone reads, writes, speaks and tests; the others learn from it what they need.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
import torch
from torch import distributed

_PATIENCE = timedelta(days=7)
"""While the first process decodes a large set, the others wait; a dead one is torchrun's affair."""


@dataclass(frozen=True, slots=True)
class Ranks:
    """This process's place among those of the run.

    Attributes:
        rank: 0 … size - 1; 0 speaks and writes.
        size: how many there are.
    """

    rank: int = 0
    size: int = 1

    @property
    def is_first(self) -> bool:
        return self.rank == 0

    def first_of(self, images: int) -> int:
        """Place in a batch of this process's first image."""
        return images * self.rank // self.size

    def share(self, images: int) -> slice:
        """This process's run of a batch: nearly as many as everybody else's, in order of rank."""
        return slice(self.first_of(images), images * (self.rank + 1) // self.size)

    def add_up(self, tensors: Sequence[torch.Tensor]) -> None:
        """Replace each tensor, in place, by its sum over all processes, in one message a device."""
        if self.size == 1:
            return
        flat = torch.cat([tensor.reshape(-1).float() for tensor in tensors])
        distributed.all_reduce(flat)
        sums = torch.split(flat, [tensor.numel() for tensor in tensors])
        for tensor, total in zip(tensors, sums, strict=True):
            tensor.copy_(total.view_as(tensor))

    def join_rows(self, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The rows of all processes, in order of rank, for everybody."""
        if self.size == 1:
            return rows
        parts: list[npt.NDArray[np.float32]] = [rows] * self.size
        distributed.all_gather_object(parts, rows)
        return np.concatenate(parts)

    def agree(self, wish: bool) -> bool:
        """What the first process wishes, for everybody."""
        if self.size == 1:
            return wish
        said = torch.tensor([wish])
        distributed.broadcast(said, src=0)
        return bool(said)

    def hand_over(self, content: object) -> None:
        """Give every other process, which must call ``receive``, a copy; the first one's part."""
        if self.size > 1:
            distributed.broadcast_object_list([content], src=0)

    def receive(self) -> Any:
        """What the first process hands over."""
        found: list[Any] = [None]
        distributed.broadcast_object_list(found, src=0)
        return found[0]

    def wait(self) -> None:
        """Until every process is here."""
        if self.size > 1:
            distributed.all_gather_object([None] * self.size, None)

    def make_equal(self, module: torch.nn.Module) -> None:
        """Give every process the first one's weights and statistics, to the bit."""
        if self.size > 1:
            for value in module.state_dict().values():
                whole = value.contiguous()  # not channels last, which cannot be sent
                distributed.broadcast(whole, src=0)
                value.copy_(whole)


ALONE = Ranks()


def ranks_wanted() -> Ranks:
    """This process's place as torchrun says it; alone without torchrun. Loads and opens nothing."""
    return Ranks(int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1")))


def join() -> Ranks:
    """Meet the other processes that torchrun started, each on its own GPU if there are any."""
    ranks = ranks_wanted()
    if ranks.size > 1 and not distributed.is_initialized():
        gpu = torch.cuda.is_available()
        if gpu:
            torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
        # Objects travel by gloo, in patience; gradients on GPUs by NCCL.
        distributed.init_process_group("cpu:gloo,cuda:nccl" if gpu else "gloo", timeout=_PATIENCE)
    return ranks


def leave() -> None:
    """Part from the others, if there were any."""
    if distributed.is_initialized():
        distributed.destroy_process_group()


def leave_and_end(code: int) -> NoReturn:
    """Part from the others and end this process at once, without Python's own clearing up.

    A thread of gloo may still hold the last tensors for a moment. If Python is being taken down
    when it lets go of them, the process aborts (pytorch/pytorch#179291), and torchrun would end
    the first process as well, in the middle of its testing.
    """
    leave()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
