"""Which test images the network was surest of and wrong."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from server.training.evaluation.metrics import Floats, Ints

SHOWN = 12


def surest_mistakes(probabilities: Floats, truth: Ints, most: int = SHOWN) -> npt.NDArray[np.int64]:
    """Positions of the wrongly answered images, the most probable answer first, at most ``most``.

    Equally sure ones stay in the order of the images.
    """
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != truth)
    sure = probabilities[wrong].max(axis=1)
    return np.asarray(wrong[np.argsort(-sure, kind="stable")][:most], dtype=np.int64)
