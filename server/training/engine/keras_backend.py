"""The one place that imports Keras: on torch, channels last, 32-bit floats, quiet.

The back end is read once, when Keras is first imported, and a person's own ``keras.json`` may ask
for another; so everybody who needs Keras imports it from here.
"""

from __future__ import annotations

import os
import sys

if "keras" not in sys.modules:
    os.environ["KERAS_BACKEND"] = "torch"

import keras

if keras.backend.backend() != "torch":
    raise ImportError(
        "Keras was imported on another back end before the training engine; import "
        "server.training.engine.keras_backend first."
    )

keras.config.set_image_data_format("channels_last")
keras.config.set_floatx("float32")
keras.config.set_dtype_policy("float32")
keras.config.disable_interactive_logging()

__all__ = ["keras"]
