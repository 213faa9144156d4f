"""One classifier, twice: the Keras model that is saved and the torch module that is trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from server.domain.architectures import Architecture
from server.training.engine import graph
from server.training.engine.backbone import backbone
from server.training.engine.keras_backend import keras
from server.training.engine.preprocessing import preprocessing
from server.training.engine.torch_network import TorchNetwork
from server.training.engine.translate import Translation, translate
from server.training.engine.weights import ResolvedWeights

DROPOUT = 0.2


@dataclass(frozen=True)
class Network:
    """A classifier in both shapes. Training changes ``module``; ``write_back`` brings
    ``keras_model`` up to date.

    Attributes:
        keras_model: RGB in [0, 1], (size, size, 3), to softmax probabilities; stock layers only.
        module: the same up to the logits, channels second, on the CPU until it is moved.
        architecture: of the backbone.
        image_size: side of the square input, pixels.
        classes: how many.
        weights: what it started from; path and hash filled in when Keras downloaded it.
        translations: preprocessing, backbone and head, each with its Keras layers.
    """

    keras_model: Any
    module: TorchNetwork
    architecture: Architecture
    image_size: int
    classes: int
    weights: ResolvedWeights
    translations: tuple[Translation, Translation, Translation]

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
        parts = (preprocessing(architecture, image_size), trunk, _head(architecture, classes))
        model = _join(architecture, image_size, parts)
        translations = tuple(translate(part) for part in parts)
    preprocess, body, head = translations
    return Network(
        keras_model=model,
        module=TorchNetwork(preprocess.module, body.module, head.module),
        architecture=architecture,
        image_size=image_size,
        classes=classes,
        weights=used,
        translations=(preprocess, body, head),
    )


def _head(architecture: Architecture, classes: int) -> Any:
    features = keras.Input((architecture.features,), name="features")
    kept = keras.layers.Dropout(DROPOUT, name="head_dropout")(features)
    logits = keras.layers.Dense(classes, name="logits")(kept)
    return keras.Model(features, logits, name="head")


def _join(architecture: Architecture, image_size: int, parts: tuple[Any, Any, Any]) -> Any:
    """One flat model of the very layers of the parts, so that each can be found by its name."""
    image = keras.Input((image_size, image_size, 3), name="image")
    result = image
    for part in parts:
        result = graph.apply(part, result)
    probabilities = keras.layers.Softmax(name="probabilities")(result)
    return keras.Model(image, probabilities, name=f"derma_{architecture.name.lower()}")
