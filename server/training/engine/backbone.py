"""A backbone of ``keras.applications`` with its first weights."""

from __future__ import annotations

import socket
import warnings
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from server.domain.architectures import Architecture
from server.domain.errors import InvalidInput, WeightsUnavailable
from server.training.engine.keras_backend import keras
from server.training.engine.preprocessing import normalise_inside
from server.training.engine.weights import (
    ResolvedWeights,
    random_instead,
    sha256,
    unavailable,
)

_DOWNLOAD_SECONDS = 30.0
"""How long the download may be silent before it counts as failed."""

_NOT_A_WEIGHTS_FILE = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    IndexError,
    zipfile.BadZipFile,
    UserWarning,
)
"""What h5py and Keras raise on a file that is damaged, or of another network."""


def backbone(
    architecture: Architecture, image_size: int, weights: ResolvedWeights
) -> tuple[Any, ResolvedWeights]:
    """The Keras model from pixels to pooled features, and what it really started from.

    Raises:
        WeightsUnavailable: the download failed.
        InvalidInput: the weights file does not fit.
    """
    model = getattr(keras.applications, architecture.name)(
        weights=None,
        include_top=False,
        input_shape=(image_size, image_size, 3),
        pooling="avg",
        name=architecture.name.lower(),
    )
    normalise_inside(model)
    if weights.used == "random":
        return model, weights
    try:
        path = weights.path or _download(architecture)
    except WeightsUnavailable:
        if weights.requested.strip().lower() != "auto":
            raise
        return model, random_instead(architecture, weights)
    _load(model, architecture, path)
    return model, replace(weights, path=path, sha256=weights.sha256 or sha256(path))


def _download(architecture: Architecture) -> Path:
    """Keras's own download, into Keras's own folder; a file that is there is not fetched again."""
    patience = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_DOWNLOAD_SECONDS)  # Keras would wait for ever for a silent server
    try:
        return Path(
            keras.utils.get_file(
                architecture.weights_file, architecture.weights_url, cache_subdir="models"
            )
        )
    except Exception as error:  # urllib's, wrapped by Keras in a bare Exception
        raise unavailable(architecture) from error
    finally:
        socket.setdefaulttimeout(patience)


def _load(model: Any, architecture: Architecture, path: Path) -> None:
    try:
        with warnings.catch_warnings():
            # Keras only warns when it leaves layers as random as they were.
            warnings.simplefilter("error", UserWarning)
            model.load_weights(str(path))
    except _NOT_A_WEIGHTS_FILE as error:
        raise _misfit(architecture, path, "it is damaged or belongs to another network") from error
    if not all(np.isfinite(weight).all() for weight in model.get_weights()):
        raise _misfit(architecture, path, "it holds numbers that are not finite")


def _misfit(architecture: Architecture, path: Path, why: str) -> InvalidInput:
    return InvalidInput(
        f"The weights file {path} cannot be used for {architecture.name}: {why}; give Keras's "
        f"weights of {architecture.name} without the top ({architecture.weights_file}).",
        field="weights",
    )
