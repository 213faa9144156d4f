"""The contract between the training program and whoever started it: JSON lines out.

``train.py --events FILE`` appends one JSON object a line to FILE, in this order: ``started``,
then any number of ``stage``, ``progress``, ``epoch``, ``checkpoint``, ``stopped_early`` and
``warning``, and as its last line ``finished`` or ``failed``. Every object has ``event`` and
``time`` (seconds since 1970). A file rather than a pipe, so that a reader may die, come back and
go on from where it was; a process that is gone without a last line was killed.

Two files more speak to a program that runs. ``--stop-file FILE``: when it appears, the program
stops early after its present step and keeps the best epoch. ``--pulse FILE`` is what the program
rewrites every second (``domain.pulse``), so that a frozen one can be told from a slow one.

Exit codes: 0 finished; 2 refused (bad input: trying again cannot help); 3 out of memory; 4 stopped
because nobody beats the heart any more; anything else is a crash (trying again may help).
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

EXIT_FINISHED = 0
EXIT_CRASHED = 1
EXIT_REFUSED = 2
EXIT_OUT_OF_MEMORY = 3
EXIT_ABANDONED = 4

# The starter rewrites the heartbeat file (its content must change) every second; the program stops
# by itself when it has looked this many times, a second apart, and seen no change. Looks are
# counted, not seconds, so that a laptop that slept for a night does not count as abandoned.
HEARTBEAT_MISSES = 8

Stage = Literal["reading", "caching", "features", "head", "fine-tuning", "testing", "saving"]
Phase = Literal["head", "fine-tuning"]


class WeightsUsed(TypedDict):
    """What the run really starts from."""

    requested: str
    used: Literal["imagenet", "random", "file"]
    sentence: str


class Started(TypedDict):
    event: Literal["started"]
    time: float
    epochs: int
    fine_tune_epochs: int
    steps_total: int
    device: str
    weights: WeightsUsed
    resumed_from_epoch: int | None
    """Last epoch that the checkpoint had finished; None = from the beginning."""


class StageEntered(TypedDict):
    event: Literal["stage"]
    time: float
    stage: Stage
    message: str


class Progress(TypedDict):
    """At most twice a second. Steps are units of measured work over the whole run."""

    event: Literal["progress"]
    time: float
    steps_done: int
    steps_total: int
    epoch: int
    epochs: int
    message: str
    """What the status shows: "Epoch 15/30", or the stage in words before and after."""
    seconds_left: float | None
    images_per_second: NotRequired[float]


class EpochEnded(TypedDict):
    event: Literal["epoch"]
    time: float
    epoch: int
    epochs: int
    phase: Phase
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    val_balanced_accuracy: float
    learning_rate: float
    seconds: float
    best: bool
    """Whether this is the best validation balanced accuracy so far."""
    waiting_share: NotRequired[float]
    """Share of the time of its steps in which they waited for their images, [0, 1]."""


class CheckpointWritten(TypedDict):
    event: Literal["checkpoint"]
    time: float
    epoch: int
    path: str
    files: NotRequired[list[str]]
    """All that is needed to go on, names in the run's folder; without it, the checkpoint alone."""


class StoppedEarly(TypedDict):
    """The run was asked to stop: no further epoch, then the test and the model as always."""

    event: Literal["stopped_early"]
    time: float
    epoch: int
    """The last that is finished; the one after it does not count."""
    epochs: int
    message: str


class Warned(TypedDict):
    event: Literal["warning"]
    time: float
    message: str


class Finished(TypedDict):
    event: Literal["finished"]
    time: float
    model_name: str
    """The stem of every file, such as ``derma_densenet169_20251203_180000``."""
    files: dict[str, str]
    """Kind (``h5``, ``onnx``, ``history``, ``metadata``) to file name in the output folder."""
    headline: dict[str, float]
    """The test metrics that a list shows: accuracy, balanced_accuracy, macro_f1, macro_auc."""


class Failed(TypedDict):
    event: Literal["failed"]
    time: float
    code: str
    """A ``DermaScanError.code``, or ``crashed``."""
    message: str


Event = (
    Started
    | StageEntered
    | Progress
    | EpochEnded
    | CheckpointWritten
    | StoppedEarly
    | Warned
    | Finished
    | Failed
)
