"""Use cases of training jobs: start, look, end, take up again, read the log."""

from __future__ import annotations

import shutil
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Generic, Literal, TypeVar

from server.domain.architectures import ARCHITECTURES
from server.domain.errors import Conflict, InvalidInput, WeightsUnavailable
from server.domain.events import EpochEnded
from server.domain.job import Job, JobStatus, Priority
from server.domain.job_history import JobChange
from server.domain.random_start import RANDOM_START_AS_ASKED
from server.domain.training_request import TrainingRequest
from server.services.job_choices import JobChoice, choices, resume, retry
from server.store.job_mirror import model_path, status_fields
from server.store.jobs import JobRepository
from server.store.log_files import JobLogs, new_lines, size_of, tail_lines
from server.store.runs import JobRuns, RunHistory

T = TypeVar("T")

WEIGHTS_BY_HTTP = ("auto", "imagenet", "none")
_WEIGHTS_KEPT_SECONDS = 60.0
_HISTORIES_KEPT = 64


@dataclass(frozen=True, slots=True)
class AutoWeights:
    """What ``auto`` would start from, right now, for one architecture."""

    used: Literal["imagenet", "random"]
    sentence: str


@dataclass(frozen=True, slots=True)
class JobView:
    """A job with what its row does not say.

    Attributes:
        queue_position: 1 = next to start; None unless it waits.
        model_path: of its ``.h5``, as answers show it; None until there is one, and when it was
            deleted.
        choices: what can be asked of it now; left out of lists.
    """

    job: Job
    queue_position: int | None
    model_path: str | None
    choices: tuple[JobChoice, ...] = ()

    @property
    def model_name(self) -> str | None:
        """None while there is no such model, also when it was deleted."""
        return self.job.model_name if self.model_path else None


class JobService:
    """The use cases.

    Args:
        repository, runs, logs: the store.
        models_dir: where finished models lie.
        require_trainable: gives the folder of a dataset, or refuses (``NotFound``,
            ``UnusableDataset``) with a sentence that says why it cannot be trained on.
        ask_weights: asks the training program what ``auto`` starts from, by architecture.
        ring: tells the engine that something changed.
        ask_device: names what training will run on.
    """

    def __init__(
        self,
        repository: JobRepository,
        runs: JobRuns,
        logs: JobLogs,
        *,
        models_dir: Path,
        require_trainable: Callable[[str], Path],
        ask_weights: Callable[[], Mapping[str, AutoWeights]],
        ring: Callable[[], None],
        ask_device: Callable[[], str],
    ) -> None:
        self._repository = repository
        self._runs = runs
        self._logs = logs
        self._models_dir = models_dir
        self._require_trainable = require_trainable
        self._weights = _Remembered(ask_weights, _WEIGHTS_KEPT_SECONDS)
        self._ring = ring
        self._device = _Remembered(ask_device, _WEIGHTS_KEPT_SECONDS)
        self._histories: OrderedDict[str, RunHistory] = OrderedDict()
        self._history_lock = Lock()

    # --- starting ----------------------------------------------------------------------------

    def start(
        self, request: TrainingRequest, owner: str, priority: Priority = Priority.NORMAL
    ) -> JobView:
        """Queue a training.

        Raises:
            NotFound, UnusableDataset: the dataset is not there, or cannot be trained on.
            InvalidInput: ``weights`` is a path, which only a person at the server may give.
            WeightsUnavailable: ImageNet weights were asked for and cannot be had.
        """
        refuse_weights_file(request)
        self._require_trainable(request.dataset_name)
        sentence = self._weights_sentence(request)
        job = self._repository.add(
            request, weights_sentence=sentence, owner=owner, priority=priority
        )
        self._ring()
        return self._view(job)

    def auto_weights(self) -> Mapping[str, AutoWeights]:
        """What ``auto`` would start from, by architecture; at most a minute old."""
        return self._weights()

    def device(self) -> str:
        """What training will run on, in words."""
        return self._device()

    def _weights_sentence(self, request: TrainingRequest) -> str:
        if request.weights == "none":
            return RANDOM_START_AS_ASKED
        auto = self._weights()[request.architecture]
        if request.weights == "imagenet" and auto.used != "imagenet":
            wanted = ARCHITECTURES[request.architecture]
            raise WeightsUnavailable(
                f"The ImageNet weights of {wanted.name} cannot be had: connect the server to the "
                f"internet, or put {wanted.weights_file} (from {wanted.weights_url}) into the "
                "folder that DERMASCAN_WEIGHTS_DIR names; or choose auto or none.",
                field="weights",
            )
        return auto.sentence

    # --- looking -----------------------------------------------------------------------------

    def get(self, job_id: str) -> JobView:
        """Raises NotFound: when there is no such job."""
        return self._view(self._repository.get(job_id))

    def changes(self, job_id: str) -> list[JobChange]:
        """Every change of its state, oldest first.

        Raises:
            NotFound: when there is no such job.
        """
        self._repository.get(job_id)
        return self._repository.history(job_id)

    def newest_first(self) -> list[JobView]:
        positions = self._positions()
        return [self._view(job, positions) for job in self._repository.newest_first()]

    def status(self, job_id: str) -> dict[str, Any]:
        """The document's answer of ``GET /api/job/{job_id}/status``."""
        return status_fields(self._repository.get(job_id), self._models_dir)

    def counts(self) -> tuple[int, int]:
        """How many jobs run, and how many wait."""
        counts = self._repository.counts()
        return counts.get(JobStatus.RUNNING, 0), counts.get(JobStatus.QUEUED, 0)

    def disk_free_bytes(self) -> int:
        """Room left where models are kept."""
        return shutil.disk_usage(self._models_dir).free

    def history(self, job_id: str) -> list[EpochEnded]:
        """The curve so far, over all attempts that count, one point an epoch."""
        begins_at = self._repository.get(job_id).begins_at
        with self._history_lock:
            return self._history(job_id).read(begins_at)

    def warnings(self, job_id: str) -> list[str]:
        """What its runs warned of so far, each sentence once."""
        with self._history_lock:
            return self._history(job_id).warnings()

    def _history(self, job_id: str) -> RunHistory:
        history = self._histories.setdefault(job_id, RunHistory(self._runs, job_id))
        self._histories.move_to_end(job_id)
        if len(self._histories) > _HISTORIES_KEPT:
            self._histories.popitem(last=False)
        return history

    # --- asking ------------------------------------------------------------------------------

    def cancel(self, job_id: str, who: str) -> JobView:
        """End a job: at once when it waits, within seconds when it runs.

        Raises:
            NotFound: when there is no such job.
            Conflict: when it is over already.
        """
        job = self._repository.request_cancel(job_id, who)
        if job.is_final:
            # of attempts before it was put back to the queue
            self._runs.keep_checkpoint(job_id, job.begins_at, job.token)
        self._ring()
        return self._view(job)

    def stop_early(self, job_id: str, who: str) -> JobView:
        """Let a running job end its training now, and test and save the best epoch so far.

        Raises:
            NotFound: when there is no such job.
            Conflict: when it does not run, or is being cancelled.
        """
        job = self._repository.request_stop(job_id, who)
        self._ring()
        return self._view(job)

    def resume(self, job_id: str, who: str) -> JobView:
        """Let a failed or cancelled job go on from its last checkpoint.

        Raises:
            NotFound, UnusableDataset: there is no such job, or its dataset is not what it was.
            Conflict: when it cannot go on; the sentence says why.
        """
        job = self._repository.get(job_id)
        epoch = self._checkpoint_epoch(job)
        possible = resume(job, epoch)
        if epoch is None or not possible.possible:
            raise Conflict(possible.sentence)
        self._require_trainable(job.request.dataset_name)
        job = self._repository.resume(job_id, epoch, who)
        self._ring()
        return self._view(job)

    def retry(self, job_id: str, who: str) -> JobView:
        """Let a failed or cancelled job begin anew.

        Raises:
            NotFound, UnusableDataset: there is no such job, or its dataset is not what it was.
            Conflict: when it cannot; the sentence says why.
        """
        job = self._repository.get(job_id)
        possible = retry(job)
        if not possible.possible:
            raise Conflict(possible.sentence)
        self._require_trainable(job.request.dataset_name)
        ended = job.token
        job = self._repository.retry(job_id, who)
        self._runs.tidy(job_id, ended)
        self._ring()
        return self._view(job)

    def set_priority(self, job_id: str, priority: Priority, who: str) -> JobView:
        """Let a waiting job go earlier or later.

        Raises:
            NotFound: when there is no such job.
            Conflict: when it does not wait any more.
        """
        return self._view(self._repository.set_priority(job_id, priority, who))

    # --- its log -----------------------------------------------------------------------------

    def log_tail(self, job_id: str, lines: int) -> str:
        """The last lines of its log; empty before it started."""
        return tail_lines(self._logs.of_job(self._repository.get(job_id).id), lines)

    def log_since(self, job_id: str, offset: int) -> tuple[str, int]:
        """Whole new lines after byte ``offset``, and where to go on."""
        return new_lines(self._logs.of_job(job_id), offset)

    def log_size(self, job_id: str) -> int:
        """Bytes in its log."""
        return size_of(self._logs.of_job(job_id))

    # --- how ---------------------------------------------------------------------------------

    def _positions(self) -> dict[str, int]:
        return {job.id: place for place, job in enumerate(self._repository.queue(), start=1)}

    def _view(self, job: Job, positions: Mapping[str, int] | None = None) -> JobView:
        offered = () if positions is not None else choices(job, self._checkpoint_epoch(job))
        if job.status is not JobStatus.QUEUED:
            return JobView(job, None, model_path(job, self._models_dir), offered)
        places = self._positions() if positions is None else positions
        return JobView(job, places.get(job.id), None, offered)

    def _checkpoint_epoch(self, job: Job) -> int | None:
        """Of the checkpoint that a job which is over could go on from."""
        if job.status not in (JobStatus.FAILED, JobStatus.CANCELLED):
            return None
        found = self._runs.newest_checkpoint(job.id, job.begins_at)
        return None if found is None else found[0]


def refuse_weights_file(request: TrainingRequest) -> None:
    """Refuse what only a person at the server itself may name.

    Raises:
        InvalidInput: ``weights`` is a path.
    """
    if request.weights not in WEIGHTS_BY_HTTP:
        raise InvalidInput(
            f"weights must be one of {', '.join(WEIGHTS_BY_HTTP)}, not {request.weights!r}; "
            "a weights file can be given to train.py on the server itself.",
            field="weights",
        )


class _Remembered(Generic[T]):
    """An answer that costs something, asked again when it is too old."""

    def __init__(self, ask: Callable[[], T], seconds: float) -> None:
        self._ask = ask
        self._seconds = seconds
        self._lock = Lock()
        self._answer: tuple[float, T] | None = None

    def __call__(self) -> T:
        with self._lock:
            now = time.monotonic()
            if self._answer is None or now - self._answer[0] > self._seconds:
                self._answer = now, self._ask()
            return self._answer[1]
