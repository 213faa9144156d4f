"""The loss: cross-entropy, adjusted so that rare classes count as much as common ones."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional


class Loss:
    """Cross-entropy of logits plus the log of each class's share of the training images.

    With the share inside the loss, the network itself learns the balanced problem, so the softmax
    of the saved model is that of equally common classes (logit adjustment, Menon et al., arXiv
    2007.07314). Without balancing it is plain cross-entropy.

    Args:
        targets: [n], encoded labels of the training part, every class at least once.
    """

    def __init__(
        self, targets: npt.NDArray[np.int64], classes: int, balanced: bool, device: torch.device
    ) -> None:
        counts = np.bincount(targets, minlength=classes).astype(np.float64)
        prior = np.log(counts / counts.sum()) if balanced else np.zeros(classes)
        self._offset = torch.tensor(prior, dtype=torch.float32, device=device)

    def __call__(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Mean loss of a batch: ``logits`` [n, classes], ``targets`` [n]."""
        return functional.cross_entropy(logits.float() + self._offset, targets)

    def of(self, logits: npt.NDArray[np.float32], targets: npt.NDArray[np.int64]) -> float:
        """The same for arrays, as a number."""
        device = self._offset.device
        loss = self(torch.from_numpy(logits).to(device), torch.from_numpy(targets).to(device))
        return float(loss)
