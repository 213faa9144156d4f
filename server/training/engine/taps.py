"""What a pretrained backbone knows at every depth, as one vector.

The last layer of a network that was trained on ImageNet tells dogs from cars. What tells lesions
apart (colour, network, texture) is known further down, and a head that may look there does far
better (Head2Toe, Evci et al., arXiv 2201.03529; our figures are in ``docs/science.md``). So the
mean over the picture of the activation in the middle of every block, right before the block's last
convolution, is put beside the pooled features.
"""

from __future__ import annotations

import re
from typing import Any

from server.domain.architectures import Architecture
from server.training.engine.keras_backend import keras

_INNER_ACTIVATIONS = {
    "DenseNet169": r"conv\d+_block\d+_1_relu",
    "ResNet50": r"conv\d+_block\d+_2_relu",
    "MobileNetV2": r"(expanded_conv|block_\d+)_depthwise_relu",
    "EfficientNetB3": r"block\d+[a-z]_activation",
}
"""Names of the layers whose result goes into the last convolution of a block, possibly gated."""


def tapped(model: Any, architecture: Architecture) -> Any:
    """``model`` with its inner activations, pooled, put before its pooled features.

    Args:
        model: Keras model from pixels to pooled features [n, features].

    Returns:
        A model of the same layers from pixels to [n, width], the last ``features`` of which are
        what ``model`` gives.
    """
    pattern = re.compile(_INNER_ACTIVATIONS[architecture.name])
    pooled = [
        keras.layers.GlobalAveragePooling2D(name=f"{layer.name}_mean")(layer.output)
        for layer in model.layers
        if pattern.fullmatch(layer.name)
    ]
    joined = keras.layers.Concatenate(name="features_of_all_blocks")([*pooled, model.output])
    return keras.Model(model.input, joined, name=model.name)
