"""Several views of one picture: mirror images of it, whose features are averaged.

A lesion has no up and no down, so a network ought to answer for a mirror image as for the picture;
it does not quite, and the mean over the views errs less often than any one of them (test-time
augmentation, after Krizhevsky et al., 2012). The head is linear: the mean of the features gives the
mean of the logits. The views are part of the saved model, written once for each of its three
shapes: torch, Keras and ONNX.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from server.training.engine.keras_backend import keras
from server.training.engine.onnx_operators import OnnxWriter

_HEIGHT, _WIDTH = 2, 3
_MIRRORED: tuple[tuple[int, ...], ...] = ((), (_WIDTH,), (_HEIGHT,), (_HEIGHT, _WIDTH))
"""Axes of [n, channels, height, width] along which a view is reversed; the first is the picture."""
_BACKWARDS = -(2**63)


def views_of(images: torch.Tensor, views: int) -> Iterator[torch.Tensor]:
    """The first ``views`` (1, 2 or 4) views of images [n, channels, height, width]."""
    for axes in _MIRRORED[:views]:
        yield images.flip(axes) if axes else images


def keras_features(look: Any, image: Any, views: int) -> Any:
    """The mean of the features of each view, as a Keras tensor.

    Stock layers alone, so that the ``.h5`` opens everywhere: a mirror image is a multiplication
    with a matrix that holds a one in each row, which gives every pixel exactly.

    Args:
        look: functional Keras model from one picture to its features.
        image: Keras tensor (None, size, size, 3).
    """
    height, width, _ = image.shape[1:]
    sideways = _mirror("nhwc,wv->nhvc", width, image, "mirror_sideways")
    upside_down = _mirror("nhwc,hg->ngwc", height, image, "mirror_upside_down")
    seen = []
    for axes in _MIRRORED[:views]:
        view = sideways(image) if _WIDTH in axes else image
        seen.append(look(upside_down(view) if _HEIGHT in axes else view))
    return keras.layers.Average(name="mean_of_views")(seen)


def _mirror(equation: str, side: int, image: Any, name: str) -> Any:
    layer = keras.layers.EinsumDense(
        equation, output_shape=tuple(image.shape[1:]), trainable=False, name=name
    )
    layer.build(image.shape)
    layer.set_weights([np.eye(side, dtype=np.float32)[::-1]])
    return layer


def write_views(writer: OnnxWriter, image: str, views: int) -> str:
    """All views of [n, channels, height, width] below each other, [views · n, …], in ONNX."""
    if views == 1:
        return image
    seen = [_reversed(writer, image, axes) if axes else image for axes in _MIRRORED[:views]]
    return writer.emit("Concat", seen, axis=0)


def _reversed(writer: OnnxWriter, image: str, axes: tuple[int, ...]) -> str:
    bounds = (
        writer.whole_numbers(*values)
        for values in ([-1] * len(axes), [_BACKWARDS] * len(axes), axes, [-1] * len(axes))
    )
    return writer.emit("Slice", [image, *bounds])


def write_mean(writer: OnnxWriter, features: str, views: int, width: int) -> str:
    """Of the features of all views, [views · n, width], the mean of each picture's, in ONNX."""
    if views == 1:
        return features
    apart = writer.emit("Reshape", [features, writer.whole_numbers(views, -1, width)])
    return writer.emit("ReduceMean", [apart], axes=[0], keepdims=0)
