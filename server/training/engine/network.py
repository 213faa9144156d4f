"""One classifier, twice: the Keras model that is saved and the torch module that is trained."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from torch import nn

from server.domain.architectures import Architecture
from server.training.engine import graph
from server.training.engine.backbone import backbone
from server.training.engine.keras_backend import keras
from server.training.engine.preprocessing import preprocessing
from server.training.engine.taps import tapped
from server.training.engine.torch_network import TorchNetwork
from server.training.engine.translate import Translation, translate
from server.training.engine.views import keras_features
from server.training.engine.weights import ResolvedWeights

DROPOUT = 0.2
_SETTLED_UNTIL = 0.14
"""Layers that take a larger picture, as a share of the input's side, stay as ImageNet made them."""
_LEAST_VARIANCE = 1e-4
"""Added to the variance of a feature, so that one that hardly ever varies is not blown up."""


@dataclass(frozen=True)
class Network:
    """A classifier in both shapes. Training changes ``module``; ``write_back`` brings
    ``keras_model`` up to date.

    Attributes:
        keras_parts: preprocessing, backbone and head, each a functional Keras model.
        module: the same up to the logits, channels second, on the CPU until it is moved.
        architecture: of the backbone.
        image_size: side of the square input, pixels.
        classes: how many.
        weights: what it started from; path and hash filled in when Keras downloaded it.
        feature_width: of what the head looks at; the last ``architecture.features`` of it are the
            backbone's pooled features.
        translations: of the Keras parts, each with its Keras layers.
    """

    keras_parts: tuple[Any, Any, Any]
    module: TorchNetwork
    architecture: Architecture
    image_size: int
    classes: int
    weights: ResolvedWeights
    feature_width: int
    translations: tuple[Translation, Translation, Translation]
    _joined: dict[int, Any] = field(default_factory=dict, repr=False)

    @property
    def keras_model(self) -> Any:
        """RGB in [0, 1], (size, size, 3), to softmax probabilities; stock layers only.

        One flat model of the very layers of the parts, so that each can be found by its name. With
        several views the layers up to the features are a model within, which looks at each.
        """
        views = self.module.views
        if views not in self._joined:
            with keras.device("cpu"):
                self._joined[views] = _join(self, views)
        return self._joined[views]

    def write_back(self) -> None:
        """Copy the weights and statistics of the torch module into the Keras model."""
        for translation in self.translations:
            translation.write_back()


def build(
    architecture: Architecture,
    image_size: int,
    classes: int,
    weights: ResolvedWeights,
    seed: int,
) -> Network:
    """Build a classifier with its first weights, the backbone frozen.

    The random number generators of Python, NumPy and torch are seeded with ``seed``; the same
    arguments give the same weights.

    Args:
        architecture: one of ``domain.architectures``.
        image_size: side of the square input in pixels (32 or more).
        classes: how many, 2 or more.
        weights: what ``weights.resolve`` decided.
        seed: of the random weights.

    Raises:
        WeightsUnavailable: the download that was hoped for failed.
        InvalidInput: the weights file does not fit the architecture.
    """
    # Keras numbers the layers that have no name of their own; start from none, so that a network
    # has the same names however many were built before it.
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(seed)
    # The Keras side only holds the weights; the accelerator's memory is for training.
    with keras.device("cpu"):
        trunk, used = backbone(architecture, image_size, weights)
        pretrained = used.used != "random"
        if pretrained:
            trunk = tapped(trunk, architecture)
        width = int(trunk.output.shape[-1])
        head = _head(width, classes, scaled=pretrained)
        parts = (preprocessing(architecture, image_size), trunk, head)
        translations = tuple(translate(part) for part in parts)
    preprocess, body, top = translations
    settled = _early_parameters(body, image_size) if pretrained else []
    return Network(
        keras_parts=parts,
        module=TorchNetwork(preprocess.module, body.module, top.module, settled),
        architecture=architecture,
        image_size=image_size,
        classes=classes,
        weights=used,
        feature_width=width,
        translations=(preprocess, body, top),
    )


def _head(width: int, classes: int, *, scaled: bool) -> Any:
    """From features to logits.

    Args:
        scaled: every feature is brought to mean 0 and deviation 1 first, by statistics that are
            measured once (``Trainee.scale_features``), so that one penalty fits them all. The
            penalty also does what dropout does elsewhere.
    """
    features = keras.Input((width,), name="features")
    if scaled:
        result = keras.layers.BatchNormalization(
            center=False, scale=False, epsilon=_LEAST_VARIANCE, name="feature_scaling"
        )(features)
    else:
        result = keras.layers.Dropout(DROPOUT, name="head_dropout")(features)
    logits = keras.layers.Dense(classes, name="logits")(result)
    return keras.Model(features, logits, name="head")


def _early_parameters(body: Translation, image_size: int) -> list[nn.Parameter]:
    """All of the layers before the picture has shrunk to an eighth of its side.

    They hold a hundredth of the weights and know edges and colours, which ImageNet teaches as well
    as lesions do; but they work on large maps, and half the time of a training step is theirs.
    """
    layers = [(layer.input.shape, module) for layer, module in body.layers]
    large = [
        place
        for place, (shape, _) in enumerate(layers)
        if len(shape) == 4 and shape[1] > _SETTLED_UNTIL * image_size
    ]
    # One more: the BatchNorm of the convolution that shrinks it.
    early = layers[: max(large) + 2] if large else []
    return [parameter for _, module in early for parameter in module.parameters()]


def _join(network: Network, views: int) -> Any:
    preprocess, trunk, head = network.keras_parts
    picture = (network.image_size, network.image_size, 3)
    image = keras.Input(picture, name="image")
    features = graph.apply(trunk, graph.apply(preprocess, image))
    if views > 1:
        look = keras.Model(image, features, name="features_of_a_view")
        image = keras.Input(picture, name="image")
        features = keras_features(look, image, views)
    probabilities = keras.layers.Softmax(name="probabilities")(graph.apply(head, features))
    return keras.Model(image, probabilities, name=f"derma_{network.architecture.name.lower()}")
