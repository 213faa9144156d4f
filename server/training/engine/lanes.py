"""A batch computed in lanes: each has its own thread and its own share of the images.

The layers of these networks are small. When all cores share one layer they meet hundreds of times
in a step, and at each meeting the quicker ones wait or are put to sleep and woken. In lanes they
meet once a step. Sums over lanes are taken in order, so the same number of lanes gives the same
result to the bit.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

Result = TypeVar("Result")

_MOST = 4
"""More lanes would wait for Python, which only one of them can run at a time."""
_LEAST_IMAGES = 8


class Lanes:
    """Threads that work side by side.

    Args:
        cores: to be shared out; 1 = the calling thread does all the work.
        least_images: in a lane; for fewer a core of its own does not pay.
    """

    def __init__(self, cores: int, least_images: int = _LEAST_IMAGES) -> None:
        self._least_images = least_images
        self.count = min(cores, _MOST)
        self._pool: ThreadPoolExecutor | None = None
        if self.count > 1:
            self._pool = ThreadPoolExecutor(
                self.count,
                thread_name_prefix="lane",
                initializer=torch.set_num_threads,
                initargs=(cores // self.count,),
            )

    def map(self, work: Callable[[slice], Result], rows: slice) -> list[Result]:
        """``work`` on nearly equal shares of ``rows``, at the same time; the results in order.

        Gradient and precision modes are a thread's own, so ``work`` has to set them itself.

        Raises:
            Exception: the first that a share raised, after all of them have ended.
        """
        images = rows.stop - rows.start
        count = min(self.count, max(1, images // self._least_images))
        if self._pool is None or count == 1:
            return [work(rows)]
        edges = [rows.start + images * number // count for number in range(count + 1)]
        shares = [slice(edges[number], edges[number + 1]) for number in range(count)]
        futures = [self._pool.submit(work, share) for share in shares]
        errors = [future.exception() for future in futures]
        for error in errors:
            if error is not None:
                raise error
        return [future.result() for future in futures]


ONE_LANE = Lanes(1)
