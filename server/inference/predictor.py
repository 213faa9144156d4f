"""One trained model that answers for one photograph, from its ONNX file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
from PIL import Image

from server.domain.errors import InvalidInput, NotFound
from server.domain.pixels import open_image, to_square_rgb

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Card:
    """What the ONNX file says about itself."""

    labels: tuple[str, ...]
    image_size: int
    architecture: str


class Predictor:
    """Reads a photograph exactly as training did and gives the probability of every class.

    May be used by many threads at once.

    Args:
        path: of an ONNX file that the training program wrote.
        threads: how many cores one prediction may use; None = all.

    Raises:
        NotFound: there is no such file.
        InvalidInput: it is not an ONNX file of this program.
    """

    def __init__(self, path: Path, threads: int | None = None) -> None:
        if not path.is_file():
            raise NotFound(f"The model file {path.name} is not there; it may have been deleted.")
        self._session = _open(path, threads)
        self._card = _read_card(self._session, path)

    @property
    def labels(self) -> tuple[str, ...]:
        """Class names, in the order of the network's outputs."""
        return self._card.labels

    @property
    def image_size(self) -> int:
        """Side of the square that the network sees, pixels."""
        return self._card.image_size

    @property
    def architecture(self) -> str:
        """Name of the backbone."""
        return self._card.architecture

    def predict(self, image: bytes | Image.Image) -> list[tuple[str, float]]:
        """Every class with its probability, highest first; they sum to 1.

        Args:
            image: the bytes of an image file, or an opened image.

        Raises:
            InvalidInput: it is not an image that can be read.
        """
        opened = open_image(image) if isinstance(image, bytes) else image
        square = to_square_rgb(opened, self.image_size)
        pixels = np.asarray(square, dtype=np.float32) / np.float32(255)
        found = self.probabilities(pixels[np.newaxis])[0]
        order = np.argsort(-found, kind="stable")
        return [(self.labels[number], float(found[number])) for number in order]

    def probabilities(self, images: Floats) -> Floats:
        """Probabilities [n, classes] in the order of ``labels``.

        Args:
            images: [n, size, size, 3], RGB in [0, 1].
        """
        (answer,) = self._session.run(["probabilities"], {"image": images})
        return np.asarray(answer, dtype=np.float32)


def _open(path: Path, threads: int | None) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = threads or 0
    # Waiting threads sleep: the server often shares the machine with a training run.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(
            path.read_bytes(), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # ONNX Runtime raises a dozen kinds that share no base
        raise InvalidInput(
            f"The model file {path.name} cannot be opened: it is damaged or not an ONNX file."
        ) from error


def _read_card(session: onnxruntime.InferenceSession, path: Path) -> _Card:
    try:
        said = session.get_modelmeta().custom_metadata_map
        labels = tuple(str(label) for label in json.loads(said["labels"]))
        card = _Card(labels, int(said["image_size"]), said["architecture"])
        size = card.image_size
        fits = (
            [entry.name for entry in session.get_inputs()] == ["image"]
            and session.get_inputs()[0].shape[1:] == [size, size, 3]
            and [entry.name for entry in session.get_outputs()] == ["probabilities"]
            and session.get_outputs()[0].shape[1:] == [len(labels)]
        )
    except (KeyError, ValueError, TypeError) as error:
        raise _foreign(path) from error
    if not fits:
        raise _foreign(path)
    return card


def _foreign(path: Path) -> InvalidInput:
    return InvalidInput(
        f"The model file {path.name} was not written by this program: its labels, its image size "
        "or its inputs and outputs are missing or do not agree."
    )
