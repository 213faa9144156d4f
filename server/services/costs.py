"""Use case: what a training would cost, before it starts, and never by a guess.

A cost is measured by a trial on this very machine, one at a time, and remembered for the same
images and settings. While a training runs, a trial is slower than the training it stands for will
be, since that one waits for its turn; so the answer says that it was measured beside a running one,
and is forgotten when that is over.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from server.domain.errors import Conflict
from server.domain.training_cost import TrainingCost
from server.domain.training_request import TrainingRequest
from server.services.dataset_records import footprint
from server.services.jobs import AutoWeights, refuse_weights_file

_KEPT = 256
_OF_NO_COST = ("dataset_name", "seed", "learning_rate", "class_balancing")
"""Fields that do not change what a run costs; the dataset counts by its content."""

_Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class MeasuredCost:
    """A cost, and when it was measured.

    Attributes:
        beside_running_jobs: trainings that ran at the same time and made the trial slower.
    """

    cost: TrainingCost
    measured_at: datetime
    beside_running_jobs: int


class CostService:
    """The use case.

    Args:
        require_trainable: gives the folder of a dataset, or refuses.
        trial: measures; takes seconds.
        ask_weights: what ``auto`` starts from, by architecture.
        ask_device: names what training will run on.
        running_jobs: how many trainings run now.
    """

    def __init__(
        self,
        *,
        require_trainable: Callable[[str], Path],
        trial: Callable[[TrainingRequest], TrainingCost],
        ask_weights: Callable[[], Mapping[str, AutoWeights]],
        ask_device: Callable[[], str],
        running_jobs: Callable[[], int],
    ) -> None:
        self._require_trainable = require_trainable
        self._trial = trial
        self._ask_weights = ask_weights
        self._ask_device = ask_device
        self._running_jobs = running_jobs
        self._one_at_a_time = Lock()
        self._kept: OrderedDict[_Key, MeasuredCost] = OrderedDict()
        self._kept_lock = Lock()

    def known(self, request: TrainingRequest) -> MeasuredCost | None:
        """What was measured before for these images and settings; None = nothing yet.

        Raises:
            NotFound, UnusableDataset, InvalidInput, Conflict: as for the start of a training.
        """
        return self._recall(self._key(request))

    def measure(self, request: TrainingRequest) -> MeasuredCost:
        """What is known, or a new trial.

        Raises:
            NotFound, UnusableDataset, InvalidInput: as for the start of a training.
            OutOfMemory: a single step does not fit into memory.
            Conflict: another trial is under way, or this one took too long.
        """
        key = self._key(request)
        if (known := self._recall(key)) is not None:
            return known
        if not self._one_at_a_time.acquire(blocking=False):
            raise Conflict(
                "Another cost is being measured; two at a time would disturb each other, so try "
                "again in a few seconds."
            )
        try:
            running = self._running_jobs()
            cost = self._trial(request)
            running = max(running, self._running_jobs())
        finally:
            self._one_at_a_time.release()
        measured = MeasuredCost(cost, datetime.now(UTC), running)
        self._keep(key, measured)
        return measured

    def _key(self, request: TrainingRequest) -> _Key:
        refuse_weights_file(request)
        folder = self._require_trainable(request.dataset_name)
        settings = {
            name: value for name, value in request.as_dict().items() if name not in _OF_NO_COST
        }
        start = self._ask_weights()[request.architecture].used
        return footprint(folder).digest, *settings.items(), start, self._ask_device()

    def _recall(self, key: _Key) -> MeasuredCost | None:
        with self._kept_lock:
            known = self._kept.get(key)
            if known is None or (known.beside_running_jobs and not self._running_jobs()):
                return None
            self._kept.move_to_end(key)
            return known

    def _keep(self, key: _Key, measured: MeasuredCost) -> None:
        with self._kept_lock:
            self._kept[key] = measured
            self._kept.move_to_end(key)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
