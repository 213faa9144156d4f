"""What each backbone wants its pixels to be, as frozen Keras layers inside the model.

The model takes RGB in [0, 1]. The backbones were trained on other ranges
(``keras.applications``, 3.15), so the difference travels in the saved model itself:

- MobileNetV2 wants −1…1;
- DenseNet wants the ImageNet mean and deviation taken out;
- ResNet50 wants BGR in 0–255 with the ImageNet mean taken out, as Caffe did;
- EfficientNet wants 0–255 and normalises inside. Only when Keras downloads the ImageNet weights
  itself does it put one more scaling behind that normalisation
  (https://github.com/tensorflow/tensorflow/issues/49930). The same weights from a file need it
  too, so it is folded in here, for every start alike.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from server.domain.architectures import Architecture
from server.training.engine.keras_backend import keras

IMAGENET_MEAN = (0.485, 0.456, 0.406)
"""RGB, of pixels in [0, 1]."""
IMAGENET_DEVIATION = (0.229, 0.224, 0.225)
CAFFE_MEAN_BGR = (103.939, 116.779, 123.68)
"""Of pixels in 0–255."""

_DESCRIPTIONS = {
    "DenseNet169": "minus the ImageNet mean, divided by the ImageNet deviation, channel by channel",
    "ResNet50": "turned to BGR, times 255, minus the ImageNet mean, as Caffe did",
    "MobileNetV2": "stretched to −1…1",
    "EfficientNetB3": "minus the ImageNet mean, divided by the ImageNet deviation, partly inside "
    "the backbone",
}


def describe(architecture: Architecture, image_size: int) -> dict[str, Any]:
    """The whole way from a photograph to the backbone, for the metadata."""
    return {
        "colour": "RGB",
        "size": [image_size, image_size],
        "resize": "bilinear, antialiased, the whole image squeezed to a square, no crop",
        "range": [0.0, 1.0],
        "transparency": "laid over white",
        "orientation": "as EXIF says",
        "inside_the_model": _DESCRIPTIONS[architecture.name],
    }


def preprocessing(architecture: Architecture, image_size: int) -> Any:
    """A Keras model from RGB in [0, 1], (size, size, 3), to what the backbone expects."""
    image = keras.Input((image_size, image_size, 3), name="image")
    layer = {
        "DenseNet169": _imagenet_normalisation,
        "ResNet50": _caffe,
        "MobileNetV2": lambda: keras.layers.Rescaling(2.0, -1.0, name="to_minus_one_to_one"),
        "EfficientNetB3": _efficientnet,
    }[architecture.name]()
    layer.trainable = False
    model = keras.Model(image, layer(image), name="preprocess")
    if architecture.name == "ResNet50":
        layer.set_weights(_caffe_weights())
    return model


def _imagenet_normalisation() -> Any:
    return keras.layers.Normalization(
        mean=list(IMAGENET_MEAN),
        variance=[deviation**2 for deviation in IMAGENET_DEVIATION],
        name="imagenet_normalisation",
    )


def _caffe() -> Any:
    return keras.layers.Conv2D(3, 1, name="rgb_to_caffe_bgr")


def _caffe_weights() -> list[np.ndarray[Any, Any]]:
    kernel = np.zeros((1, 1, 3, 3), np.float32)
    for channel in range(3):
        kernel[0, 0, channel, 2 - channel] = 255
    return [kernel, -np.asarray(CAFFE_MEAN_BGR, np.float32)]


def _efficientnet() -> Any:
    # The backbone computes (x / 255 - mean) / sqrt(variance), and Keras then multiplies by k.
    # Feeding k * x + 255 * mean * (1 - k) gives the same.
    stretch = [deviation**-0.5 for deviation in IMAGENET_DEVIATION]
    return keras.layers.Rescaling(
        [255 * k for k in stretch],
        [255 * mean * (1 - k) for mean, k in zip(IMAGENET_MEAN, stretch, strict=True)],
        name="to_efficientnet_pixels",
    )


def normalise_inside(backbone: Any) -> None:
    """Give EfficientNet's own normalisation the numbers that its ImageNet weights carry.

    A random start leaves it at mean 0 and variance 1; with these numbers the pixels that reach the
    first convolution are the same whatever the start. (The variance is the deviation, not its
    square: that is the slip which the scaling above makes good.)
    """
    for layer in backbone.layers:
        if isinstance(layer, keras.layers.Normalization):
            mean = np.asarray(IMAGENET_MEAN, np.float32)
            variance = np.asarray(IMAGENET_DEVIATION, np.float32)
            layer.set_weights([mean, variance, np.zeros((), np.int32)])
            layer.finalize_state()
