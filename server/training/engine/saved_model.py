"""The classifier as the ``.h5`` that any Keras 3 opens, on any back end, with no custom object."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from server.training.engine.keras_backend import keras
from server.training.engine.network import Network


def save_h5(network: Network, path: Path) -> None:
    """Write the trained weights back and save the Keras model.

    The file appears under its name only when it is whole and on the disk.

    Args:
        network: trained or not.
        path: ends in ``.h5``; the folder must be there.

    Raises:
        OSError: the disk is full or the folder cannot be written.
    """
    network.write_back()
    partial = path.with_name(f"{path.stem}.{os.getpid()}.partial.h5")
    try:
        _save(network, partial)
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _save(network: Network, path: Path) -> None:
    # Keras warns that HDF5 is its older format; it is the one that was asked for.
    logger = logging.getLogger("absl")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        keras.saving.save_model(network.keras_model, str(path), include_optimizer=False)
    finally:
        logger.setLevel(level)
