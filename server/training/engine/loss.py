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
        shown: [classes], how many images of each class are learnt from, none zero.
    """

    def __init__(self, shown: npt.NDArray[np.int64], balanced: bool, device: torch.device) -> None:
        prior = np.log(shown / shown.sum()) if balanced else np.zeros(len(shown))
        self._offset = torch.tensor(prior, dtype=torch.float32, device=device)
        self._balanced = balanced

    @property
    def classes(self) -> int:
        """How many there are."""
        return len(self._offset)

    def when_shown(self, shown: npt.NDArray[np.int64]) -> Loss:
        """The same loss for images of which each class is shown another number of times."""
        return Loss(shown, self._balanced, self._offset.device)

    def __call__(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Mean loss of a batch: ``logits`` [n, classes], ``targets`` [n]."""
        return functional.cross_entropy(logits.float() + self._offset, targets)

    def of(self, logits: npt.NDArray[np.float32], targets: npt.NDArray[np.int64]) -> float:
        """The same for arrays, as a number."""
        device = self._offset.device
        loss = self(torch.from_numpy(logits).to(device), torch.from_numpy(targets).to(device))
        return float(loss)
