"""What a training would cost on one machine, as a trial of a few real steps measured it.

``train.py --estimate`` prints this record as JSON and the server reads it. Every figure was
measured or follows from what was; work that the trial did not do is named and not guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class WorkCost:
    """One kind of work.

    Attributes:
        work: what is done, in words, such as "fine-tuning steps".
        amount: how much of it the run needs, in images (of all epochs together), or 1.
        seconds: for all of it, from the mean rate of the trial.
        low, high: the same from the fastest and the slowest step of the trial.
        measured: how much of it the trial did.
    """

    work: str
    amount: float
    seconds: float
    low: float
    high: float
    measured: float


@dataclass(frozen=True, slots=True)
class TrainingCost:
    """One training, before it starts.

    Attributes:
        seconds, low, high: sums over ``parts``.
        parts: every kind of work that was measured.
        not_measured: work that comes on top, in words; part of no figure.
        warnings: of the trial, which the run would say again, such as memory that ran out.
        memory_bytes: the most main memory that the trial held.
        gpu_memory_bytes: the most memory of the GPU; None without a GPU.
        device: as the log of the run would name it, such as "CPU, 2 threads".
        image_size: side of the network's input, pixels.
        images: of all three parts.
        trial_seconds: what the measuring took.
    """

    seconds: float
    low: float
    high: float
    parts: tuple[WorkCost, ...]
    not_measured: tuple[str, ...]
    warnings: tuple[str, ...]
    memory_bytes: int
    gpu_memory_bytes: int | None
    device: str
    image_size: int
    images: int
    trial_seconds: float

    def as_dict(self) -> dict[str, Any]:
        """The record as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> TrainingCost:
        """The record that ``as_dict`` gave.

        Raises:
            KeyError, TypeError: it is not such a record.
        """
        parts = tuple(WorkCost(**part) for part in record["parts"])
        words = {name: tuple(record[name]) for name in ("not_measured", "warnings")}
        return cls(**{**record, "parts": parts, **words})
