"""One photograph in, the probability of every class out, by the model's own ONNX file."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from server.domain.errors import InvalidInput, NotFound, TooLarge
from server.services.incoming import in_words
from server.services.models import ModelService

if TYPE_CHECKING:
    from server.inference.predictor import Predictor

NOTICE = (
    "Research software, not a medical device: these probabilities must not be used to diagnose "
    "or treat anybody."
)
_KEPT = 4
_AT_ONCE = 2
_FORM_BYTES = 64 * 1024  # boundaries, headers and small fields around the image

_Identity = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model says of one image: classes by falling probability, and how long it took."""

    probabilities: list[tuple[str, float]]
    milliseconds: float


class ImageInMemory:
    """Takes the one file of a prediction's form as it arrives, up to a limit.

    Args:
        limit: in bytes.
    """

    def __init__(self, limit: int) -> None:
        self.content = bytearray()
        self._limit = limit
        self._files = 0

    def check_announced(self, length: int) -> None:
        """Refuse by the length that the request says it has, before a byte of it is read."""
        if length > self._limit + _FORM_BYTES:
            raise self._too_large()

    def start_file(self, sent: str) -> None:
        self._files += 1
        if self._files > 1:
            raise InvalidInput("More than one file was sent; send one image at a time.", file=sent)

    def write(self, data: bytes) -> None:
        self.content += data
        if len(self.content) > self._limit:
            raise self._too_large()

    def end_file(self) -> None:
        """The image is whole."""

    def _too_large(self) -> TooLarge:
        return TooLarge(
            f"The image is larger than {in_words(self._limit)}, the most that is taken for a "
            "prediction (setting DERMASCAN_MAX_IMAGE_BYTES)."
        )


class PredictionService:
    """Keeps the models that were asked last in memory, ready to answer.

    Args:
        models: where models come from.
        max_image_bytes: of one image (setting ``DERMASCAN_MAX_IMAGE_BYTES``).
    """

    def __init__(self, models: ModelService, *, max_image_bytes: int) -> None:
        self._models = models
        self._max_image_bytes = max_image_bytes
        self._lock = threading.Lock()
        self._loaded: OrderedDict[_Identity, Predictor] = OrderedDict()
        self._working = threading.Semaphore(_AT_ONCE)

    def expect_image(self) -> ImageInMemory:
        """Where the image of one prediction goes while it arrives."""
        return ImageInMemory(self._max_image_bytes)

    def predict(self, name: str, image: bytes) -> Answer:
        """Ask one model about one image (the bytes of its file).

        Raises:
            NotFound: no such model, or its ONNX file is gone.
            InvalidInput: not an image that can be read.
        """
        path = self._models.file(name, "onnx")
        if not image:
            raise InvalidInput("No image was sent; send one file in the form field image.")
        with self._working:
            predictor = self._predictor(path)
            began = time.perf_counter()
            found = predictor.predict(image)
            return Answer(found, (time.perf_counter() - began) * 1000)

    def _predictor(self, path: Path) -> Predictor:
        from server.inference.predictor import Predictor  # ONNX Runtime is slow to import

        try:
            status = path.stat()
        except OSError as error:
            raise NotFound(f"The model file {path.name} is not there any more.") from error
        identity = (path.name, status.st_size, status.st_mtime_ns)
        with self._lock:
            known = self._loaded.get(identity)
            if known is None:
                known = Predictor(path)
                self._loaded[identity] = known
                while len(self._loaded) > _KEPT:
                    self._loaded.popitem(last=False)
            self._loaded.move_to_end(identity)
            return known
