"""The torch side of a classifier: preprocessing, backbone and head, and what of it may train."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from torch import Tensor, fx, nn

from server.training.engine.folding import folded
from server.training.engine.views import views_of


class TorchNetwork(nn.Module):
    """From RGB pixels to one number a class.

    Starts with the backbone frozen.

    Args:
        preprocess: from RGB in [0, 1] to what the backbone expects; never trained.
        backbone: from pixels to pooled features.
        head: from features to logits.
        settled: parameters of the backbone that never train.

    Attributes:
        views: of each picture, 1, 2 or 4, over which ``forward`` takes the mean. One while it
            learns; more are a matter of the finished network.
    """

    def __init__(
        self,
        preprocess: nn.Module,
        backbone: fx.GraphModule,
        head: nn.Module,
        settled: Iterable[nn.Parameter] = (),
    ) -> None:
        super().__init__()
        self.views = 1
        self.preprocess = preprocess.requires_grad_(False)
        self.backbone = backbone
        self.head = head
        self._norms = [m for m in backbone.modules() if isinstance(m, nn.BatchNorm2d)]
        # In a tuple, so that the parameters, which are the backbone's own, are not listed twice.
        self._folded = (folded(backbone),)
        for parameter in settled:
            parameter.requires_grad_(False)
        # Remembered, because a frozen layer of the Keras model stays frozen for good.
        self._trainable = [p for p in backbone.parameters() if p.requires_grad]
        self._head_trainable = [p for p in head.parameters() if p.requires_grad]
        self._backbone_trains = False
        self._batch_norm_trains = False
        self.freeze_backbone()

    def features(self, images: Tensor) -> Tensor:
        """Images [n, 3, size, size], RGB in [0, 1], to pooled features [n, features]."""
        settled = not any(norm.training for norm in self._norms)
        backbone = self._folded[0] if settled else self.backbone
        pooled: Tensor = backbone(self.preprocess(images))
        return pooled

    def logits_from_features(self, features: Tensor) -> Tensor:
        """Features [n, features] to logits [n, classes]; drops some features while training."""
        logits: Tensor = self.head(features)
        return logits

    def forward(self, images: Tensor) -> Tensor:
        """Images [n, 3, size, size], RGB in [0, 1], to logits [n, classes]."""
        seen = [self.features(view) for view in views_of(images, self.views)]
        return self.logits_from_features(sum(seen[1:], seen[0]) / len(seen))

    def backbone_parameters(self) -> Iterator[nn.Parameter]:
        """What fine-tuning trains; the same whether the backbone is frozen now or not."""
        return iter(self._trainable)

    def head_parameters(self) -> Iterator[nn.Parameter]:
        """What both phases train."""
        return iter(self._head_trainable)

    def freeze_backbone(self) -> None:
        """Train the head alone: the backbone needs no gradient and computes as in inference."""
        self._set(backbone_trains=False, batch_norm_trains=False)

    def unfreeze_backbone(self, *, batch_norm_trains: bool) -> None:
        """Train the backbone too.

        Args:
            batch_norm_trains: whether BatchNorm uses and gathers the statistics of the batch, as a
                random start needs; otherwise it keeps those it has (its scale and shift train
                either way).
        """
        self._set(backbone_trains=True, batch_norm_trains=batch_norm_trains)

    def train(self, mode: bool = True) -> TorchNetwork:
        """Switch between training and inference; what is frozen stays in inference."""
        super().train(mode)
        self.preprocess.eval()
        self.backbone.train(mode and self._backbone_trains)
        for module in self.head.modules():
            if isinstance(module, nn.BatchNorm1d):
                module.eval()  # its statistics are measured once, not gathered
        if not self._batch_norm_trains:
            for norm in self._norms:
                norm.eval()
        return self

    def _set(self, *, backbone_trains: bool, batch_norm_trains: bool) -> None:
        self._backbone_trains = backbone_trains
        self._batch_norm_trains = batch_norm_trains
        for parameter in self._trainable:
            parameter.requires_grad_(backbone_trains)
        self.train(self.training)
