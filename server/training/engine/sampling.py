"""In which order, and how often, an epoch shows the training images.

With balanced classes an epoch of the fine-tuning draws each class in proportion to the square root
of its size: as many images as there are, but fewer of the common class and rare ones several times,
each time changed in another way. The loss makes up for the rest (``engine.loss``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Targets = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Sampling:
    """How often each class is shown in an epoch.

    Attributes:
        targets: [n], encoded labels of the training images, every class at least once.
        shown: [classes], images of each class in an epoch; they sum up to n.
    """

    targets: Targets
    shown: npt.NDArray[np.int64]

    def order(self, seed: int, epoch: int) -> Targets:
        """Positions of the images in the order of this epoch, [n].

        Every image of a class is shown equally often, but for one time more or less.
        """
        generator = np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, epoch, 2]))
        chosen = []
        for label, wanted in enumerate(self.shown):
            members = np.flatnonzero(self.targets == label)
            rounds, rest = divmod(int(wanted), max(1, len(members)))
            chosen += [members] * rounds + [generator.permutation(members)[:rest]]
        return generator.permutation(np.concatenate(chosen))


def every_image_once(targets: Targets, classes: int) -> Sampling:
    """Each image once an epoch."""
    return Sampling(targets, np.bincount(targets, minlength=classes))


def by_square_root(targets: Targets, classes: int) -> Sampling:
    """Each class in proportion to the square root of its size (as Mahajan et al.,
    arXiv 1805.00932, do for hashtags)."""
    counts = np.bincount(targets, minlength=classes)
    shares = np.sqrt(counts) / np.sqrt(counts).sum()
    bounds = np.rint(np.cumsum(shares) * len(targets)).astype(np.int64)
    return Sampling(targets, np.diff(bounds, prepend=0))
