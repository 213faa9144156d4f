"""One photograph in, the probability of every class out, by the model's own ONNX file."""

from __future__ import annotations

import base64
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
class Suspicion:
    """What the model's threshold for malignancy says of one image.

    Attributes:
        score: the probabilities of all malignant classes together.
        threshold: chosen on validation; from it on the image counts as suspicious.
        classes: the malignant ones.
        sensitivity, specificity: what the threshold gave on the test part; None = not known.
    """

    score: float
    threshold: float
    classes: list[str]
    sensitivity: float | None
    specificity: float | None

    @property
    def suspicious(self) -> bool:
        return self.score >= self.threshold


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model says of one image.

    Attributes:
        probabilities: of each class, the highest first.
        suspicion: None for a model without a threshold for malignancy.
    """

    model: str
    probabilities: list[tuple[str, float]]
    suspicion: Suspicion | None
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
        return _too_large(self._limit)


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

    @property
    def largest_text(self) -> int:
        """Bytes of the longest JSON body that may hold an image."""
        return self._max_image_bytes * 4 // 3 + _FORM_BYTES

    def too_large(self) -> TooLarge:
        """The refusal of what is longer."""
        return _too_large(self._max_image_bytes)

    def expect_image(self) -> ImageInMemory:
        """Where the image of one prediction goes while it arrives."""
        return ImageInMemory(self._max_image_bytes)

    def require_model(self, name: str | None) -> str:
        """The model of that name; without one, the newest.

        Raises:
            NotFound: there is none.
        """
        if name:
            return self._models.get(name).name
        newest = self._models.newest_first()[:1]
        if not newest:
            raise NotFound("There is no trained model yet; train one, then ask it about images.")
        return newest[0].name

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
            milliseconds = (time.perf_counter() - began) * 1000
        point = (self._models.report(name) or {}).get("operating_point")
        return Answer(name, found, _suspicion(point, dict(found)), milliseconds)

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


def image_in_text(text: str) -> bytes:
    """The bytes of an image given as ``data:image/…;base64,…`` or as base64 alone.

    Raises:
        InvalidInput: it is neither.
    """
    head, comma, rest = text.partition(",")
    if comma and not (head.startswith("data:") and head.endswith(";base64")):
        raise InvalidInput(
            "The image is not given as data:image/jpeg;base64,…; encode its bytes as base64.",
            field="image",
        )
    try:
        return base64.b64decode(rest if comma else head, validate=True)
    except ValueError as error:
        raise InvalidInput(
            "The image's base64 is damaged; encode the bytes of its file as they are.",
            field="image",
        ) from error


def _too_large(limit: int) -> TooLarge:
    return TooLarge(
        f"The image is larger than {in_words(limit)}, the most that is taken for a prediction "
        "(setting DERMASCAN_MAX_IMAGE_BYTES)."
    )


def _suspicion(point: Any, probabilities: dict[str, float]) -> Suspicion | None:
    """What the report's operating point says; None where the model has none."""
    if not isinstance(point, dict) or not isinstance(point.get("threshold"), int | float):
        return None
    classes = [label for label in point.get("malignant_classes", ()) if label in probabilities]
    test = point.get("test")
    return Suspicion(
        score=sum(probabilities[label] for label in classes),
        threshold=float(point["threshold"]),
        classes=classes,
        sensitivity=_value(test, "sensitivity"),
        specificity=_value(test, "specificity"),
    )


def _value(test: Any, figure: str) -> float | None:
    estimate = test.get(figure) if isinstance(test, dict) else None
    value = estimate.get("value") if isinstance(estimate, dict) else None
    return float(value) if isinstance(value, int | float) else None
