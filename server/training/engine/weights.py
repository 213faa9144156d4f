"""Where a run's first weights come from, decided before anything is loaded.

Only the standard library is needed here, so the answer comes within a moment and can be shown on a
form before a run is started. The answer always has a sentence; a random start is never silent.
"""

from __future__ import annotations

import hashlib
import os
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from server.domain.architectures import Architecture
from server.domain.errors import InvalidInput, WeightsUnavailable
from server.domain.random_start import RANDOM_START_AS_ASKED, RANDOM_START_MEANS

PROBE_SECONDS = 3.0
"""How long ``auto`` and ``imagenet`` wait for the download server to answer."""

Reachable = Callable[[str], bool]
"""Whether a URL answers; given to ``resolve`` so that nobody has to have the internet."""


@dataclass(frozen=True, slots=True)
class ResolvedWeights:
    """What a run starts from.

    Attributes:
        requested: ``auto``, ``imagenet``, ``none`` or a path, as asked for.
        used: ``imagenet``, ``random`` or ``file``.
        path: the weights file; None for a random start, or when Keras is to download it.
        sentence: what that means, for the form, the log and the first line of the report.
        sha256: of the file, None when there is none (yet).
    """

    requested: str
    used: Literal["imagenet", "random", "file"]
    path: Path | None
    sentence: str
    sha256: str | None


def resolve(
    architecture: Architecture,
    requested: str,
    weights_dir: Path | None,
    reachable: Reachable | None = None,
) -> ResolvedWeights:
    """Decide what a run starts from. Nothing is downloaded here.

    Args:
        architecture: the backbone.
        requested: ``imagenet`` (must be had), ``auto`` (ImageNet if it can be had, else random),
            ``none`` (random) or the path of a Keras weights file (``.h5``, without the top).
        weights_dir: folder with files named as Keras names its downloads, or None.
        reachable: tells whether a URL answers; by default the internet is asked.

    Raises:
        WeightsUnavailable: ``imagenet`` was asked for and cannot be had; names both ways out.
        InvalidInput: ``requested`` is neither one of the words nor a file.
    """
    word = requested.strip().lower()
    if word == "none":
        return ResolvedWeights(requested, "random", None, RANDOM_START_AS_ASKED, None)
    if word not in ("auto", "imagenet"):
        return _file(requested)
    found = _look_for(architecture, weights_dir)
    if found is not None:
        sentence = f"The backbone starts from the ImageNet weights in {found}."
        return ResolvedWeights(requested, "imagenet", found, sentence, sha256(found))
    if (reachable or answers)(architecture.weights_url):
        sentence = (
            "The backbone starts from the ImageNet weights, which Keras downloads first "
            f"({architecture.weights_file})."
        )
        return ResolvedWeights(requested, "imagenet", None, sentence, None)
    if word == "imagenet":
        raise unavailable(architecture, weights_dir)
    return ResolvedWeights(requested, "random", None, _random(architecture, weights_dir), None)


def unavailable(architecture: Architecture, weights_dir: Path | None = None) -> WeightsUnavailable:
    """The refusal that names both ways out."""
    return WeightsUnavailable(
        f"The ImageNet weights of {architecture.name} cannot be had: {_missing(weights_dir)}. "
        f"{_ways_out(architecture)}, or choose the weights 'none' to start from random weights.",
        field="weights",
    )


def random_instead(architecture: Architecture, weights: ResolvedWeights) -> ResolvedWeights:
    """What ``auto`` falls back to when the download that answered then fails; said as loudly."""
    sentence = _random(architecture, None)
    return replace(weights, used="random", path=None, sentence=sentence, sha256=None)


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits.

    Raises:
        InvalidInput: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InvalidInput(
            f"The weights file {path} cannot be read: {error.strerror}.", field="weights"
        ) from error


def answers(url: str, seconds: float = PROBE_SECONDS) -> bool:
    """Whether a HEAD request to ``url`` succeeds within ``seconds``.

    The request runs in a thread of its own because looking up a name has no time limit.
    """
    success = threading.Event()

    def ask() -> None:
        request = urllib.request.Request(url, method="HEAD")  # noqa: S310 - our own https URLs
        try:
            with urllib.request.urlopen(request, timeout=seconds):  # noqa: S310
                success.set()
        except (OSError, ValueError):
            pass

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(seconds)
    return success.is_set()


def keras_cache() -> Path:
    """The folder in which Keras keeps what it has downloaded."""
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path.home() / ".keras") / "models"


def _look_for(architecture: Architecture, weights_dir: Path | None) -> Path | None:
    for folder in (weights_dir, keras_cache()):
        if folder is not None and (folder / architecture.weights_file).is_file():
            return folder / architecture.weights_file
    return None


def _file(requested: str) -> ResolvedWeights:
    path = Path(requested).expanduser()
    if not path.is_file():
        raise InvalidInput(
            f"The weights {requested!r} are neither 'auto', 'imagenet' or 'none' nor a file that "
            "is there; give one of the words or the path of a Keras weights file (.h5).",
            field="weights",
        )
    sentence = f"The backbone starts from the weights in {path}."
    return ResolvedWeights(requested, "file", path, sentence, sha256(path))


def _missing(weights_dir: Path | None) -> str:
    if weights_dir is None:
        place = "no weights folder is set"
    elif weights_dir.is_dir():
        place = f"they are not in {weights_dir}"
    else:
        place = f"the weights folder {weights_dir} does not exist"
    return f"{place}, they are not in Keras's own folder, and their download does not answer"


def _ways_out(architecture: Architecture) -> str:
    return (
        "Connect this computer to the internet, or put the file "
        f"{architecture.weights_file} (from {architecture.weights_url}) into a folder and name "
        "that folder with --weights-dir or DERMASCAN_WEIGHTS_DIR"
    )


def _random(architecture: Architecture, weights_dir: Path | None) -> str:
    return (
        f"RANDOM START: {RANDOM_START_MEANS}, because the ImageNet weights of "
        f"{architecture.name} cannot be had: {_missing(weights_dir)}. {_ways_out(architecture)}."
    )
