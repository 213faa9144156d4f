"""Batches of records, read ahead by a background thread into buffers that are used again."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import torch

from server.training.engine.records import Readable

_AHEAD = 3

Numbers = npt.NDArray[np.int64]


def cut(numbers: Numbers, batch_size: int) -> list[Numbers]:
    """Nearly equal runs of at most ``batch_size``, so that no batch of one image spoils
    BatchNorm's statistics."""
    return np.array_split(numbers, max(1, -(-len(numbers) // batch_size)))


def read_batches(
    records: Readable,
    batches: Sequence[Numbers],
    shape: tuple[int, ...],
    dtype: torch.dtype,
    pinned: bool = False,
) -> Iterator[torch.Tensor]:
    """Read ``batches`` of record numbers, a few ahead.

    Args:
        shape, dtype: of one record.
        pinned: page-locked buffers, from which a GPU copies faster.

    Yields:
        [len(batch), *shape]; valid until the next one is asked for.

    Raises:
        DamagedRecords: when the file cannot be read.
    """
    if not batches:
        return
    rows = max(len(batch) for batch in batches)
    free: queue.SimpleQueue[torch.Tensor | None] = queue.SimpleQueue()
    ready: queue.SimpleQueue[torch.Tensor | BaseException] = queue.SimpleQueue()
    for _ in range(_AHEAD):
        free.put(torch.empty((rows, *shape), dtype=dtype, pin_memory=pinned))
    reader = threading.Thread(
        target=_read, args=(records, batches, free, ready), name="read ahead", daemon=True
    )
    reader.start()
    try:
        for batch in batches:
            buffer = ready.get()
            if isinstance(buffer, BaseException):
                raise buffer
            yield buffer[: len(batch)]
            free.put(buffer)
    finally:
        free.put(None)
        reader.join()


def _read(
    records: Readable,
    batches: Sequence[Numbers],
    free: queue.SimpleQueue[torch.Tensor | None],
    ready: queue.SimpleQueue[torch.Tensor | BaseException],
) -> None:
    try:
        for batch in batches:
            buffer = free.get()
            if buffer is None:
                return
            records.read_into(batch, buffer.numpy())
            ready.put(buffer)
    except BaseException as error:  # handed over, raised where the batch is awaited
        ready.put(error)
