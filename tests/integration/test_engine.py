"""The contract of an engine, with real processes, a real database and a tiny training program."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from server.domain.errors import Conflict, LeaseLost
from server.domain.job import MAX_ATTEMPTS, JobStatus
from server.runner.process import training_processes
from tests.integration.job_home import PATIENCE_SECONDS, JobHome

COMPLETED, FAILED, CANCELLED = JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED
RUNNING, QUEUED = JobStatus.RUNNING, JobStatus.QUEUED


def _alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_job_runs_to_its_end_and_names_its_model(home: JobHome) -> None:
    home.dataset("good")
    job = home.add("good")
    home.engine()
    done = home.wait(job, COMPLETED)
    assert done.progress == 100
    assert done.epoch == 3
    assert done.attempt == 1
    assert done.started_at is not None
    assert done.completed_at is not None
    assert done.weights_sentence == "Random start."
    assert home.models() == [f"{done.model_name}.h5", f"{done.model_name}_metadata.json"]
    assert home.repository.stands_behind(job.id, str(done.model_name))
    assert not home.repository.stands_behind(job.id, "derma_another")


def test_the_log_ends_with_the_files_where_they_are(home: JobHome) -> None:
    home.dataset("good")
    job = home.add("good")
    home.engine()
    home.wait(job, COMPLETED)
    _, listed = home.log(job).split("Files written:\n")
    assert sorted(Path(line.strip()) for line in listed.splitlines()) == sorted(
        home.models_dir / name for name in home.models()
    )


def test_the_mirror_file_says_what_the_row_says(home: JobHome) -> None:
    home.dataset("good")
    job = home.add("good")
    assert json.loads((home.jobs_dir / f"{job.id}.json").read_text())["status"] == "queued"
    home.engine()
    done = home.wait(job, COMPLETED)
    home.engines[0].stop()
    mirror = json.loads((home.jobs_dir / f"{job.id}.json").read_text())
    assert mirror["status"] == "completed"
    assert mirror["progress"] == 100
    assert mirror["model_path"].endswith(f"models/{done.model_name}.h5")
    assert mirror["request"]["dataset_name"] == "good"


def test_a_crash_goes_on_from_the_last_checkpoint_and_says_so(home: JobHome) -> None:
    home.dataset("shaky", crash_in_epoch=3, crash_times=1)
    job = home.add("shaky", epochs=4)
    home.engine()
    done = home.wait(job, COMPLETED)
    assert (done.attempt, done.crashes) == (2, 1)
    assert "Going on from epoch 2 after a crash (attempt 2)." in home.log(job)
    assert "training from epoch 3" in home.log(job)
    points = [
        json.loads(line)
        for folder in home.runs.of_job(job.id)
        for line in folder.events.read_text().splitlines()
    ]
    assert [p["epoch"] for p in points if p["event"] == "epoch"] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("last_words", "sentence"),
    [
        ("event", "The tiny program met a bug."),
        ("text", "RuntimeError: the tiny program met a bug"),
        ("", "SIGKILL"),
        ("abandoned", "exit code 4: No heartbeat was seen."),
    ],
)
def test_a_job_that_always_crashes_is_tried_three_times_and_then_says_why(
    home: JobHome, last_words: str, sentence: str
) -> None:
    folder = home.dataset("broken", crash_in_epoch=1, last_words=last_words)
    home.dataset("good")
    broken, good = home.add("broken"), home.add("good")
    home.engine()
    failed = home.wait(broken, FAILED)
    assert (failed.attempt, failed.crashes) == (MAX_ATTEMPTS, MAX_ATTEMPTS)
    assert (folder / "crashes").read_text() == str(MAX_ATTEMPTS)
    assert sentence in failed.message
    home.wait(good, COMPLETED)
    assert all(
        name.startswith(str(home.repository.get(good.id).model_name)) for name in home.models()
    )


@pytest.mark.parametrize("how", ["refuse", "oom"])
def test_a_refusal_fails_at_once_with_the_programs_own_sentence(home: JobHome, how: str) -> None:
    home.dataset("empty", **{how: "No images found!"})
    job = home.add("empty")
    home.engine()
    failed = home.wait(job, FAILED)
    assert failed.message == "No images found!"
    assert failed.attempt == 1


def test_a_program_that_dies_before_its_first_word_is_quoted(home: JobHome) -> None:
    home.dataset("undecided")
    (home.data_dir / "undecided" / "behaviour.json").unlink()
    job = home.add("undecided")
    home.engine()
    failed = home.wait(job, FAILED)
    assert failed.crashes == MAX_ATTEMPTS
    assert "behaviour.json" in failed.message


def test_at_most_n_run_at_a_time_and_the_rest_in_order(home: JobHome) -> None:
    home.dataset("good", epoch_seconds=0.1)
    jobs = [home.add("good") for _ in range(5)]
    home.engine(max_running=2)
    most = 0
    while any(not home.repository.get(job.id).is_final for job in jobs):
        most = max(most, len(home.repository.running()))
        time.sleep(0.01)
    ended = [home.wait(job, COMPLETED) for job in jobs]
    starts = [job.started_at for job in ended if job.started_at]
    assert most == 2
    assert starts == sorted(starts)
    assert len({job.model_name for job in ended}) == 5


def test_cancelling_a_waiting_job_ends_it_at_once(home: JobHome) -> None:
    home.dataset("good")
    job = home.add("good")
    assert home.repository.request_cancel(job.id).status is CANCELLED
    with pytest.raises(Conflict, match="cancelled already"):
        home.repository.request_cancel(job.id)


@pytest.mark.parametrize(
    "manner",
    [{}, {"deaf": True}, {"fleeing": True}, {"deaf": True, "fleeing": True}],
    ids=["polite", "deaf", "with a fleeing child", "deaf, with a fleeing child"],
)
def test_cancelling_a_running_job_ends_all_that_it_started(
    home: JobHome, manner: dict[str, bool]
) -> None:
    folder = home.dataset("long", epoch_seconds=0.05, grandchild=True, **manner)
    job = home.add("long", epochs=1000)
    home.engine()
    running = home.wait_for_epoch(job, 1)
    grandchild = int((folder / "grandchild.pid").read_text())
    assert running.pid is not None
    home.repository.request_cancel(job.id)
    cancelled = home.wait(job, CANCELLED)
    assert cancelled.message == "Cancelled; no model was kept."
    assert not _alive(running.pid)
    assert not _alive(grandchild)
    assert home.models() == []


def test_what_a_crashed_process_started_does_not_live_on(home: JobHome) -> None:
    folder = home.dataset("shaky", crash_in_epoch=2, grandchild=True)
    job = home.add("shaky")
    home.engine()
    home.wait(job, FAILED)
    assert not _alive(int((folder / "grandchild.pid").read_text()))


def test_a_stopped_engine_leaves_the_process_to_the_next_which_adopts_it(home: JobHome) -> None:
    home.dataset("long", epoch_seconds=0.1)
    job = home.add("long", epochs=20)
    first = home.engine()
    before = home.wait_for_epoch(job, 1)
    first.stop()
    released = home.repository.get(job.id)
    assert released.status is RUNNING
    assert released.lease_owner is None
    home.engine()
    done = home.wait(job, COMPLETED)
    assert done.attempt == 1
    assert done.token == before.token + 1
    assert home.log(job).count("training from epoch") == 1


def test_a_process_found_dead_after_a_server_died_goes_on_and_is_no_crash(home: JobHome) -> None:
    home.dataset("long", epoch_seconds=0.1)
    job = home.add("long", epochs=30)
    for attempt in range(1, MAX_ATTEMPTS + 2):
        engine = home.engine()
        started = home.wait_for_attempt(job, attempt)
        home.wait_for_epoch(job, started.epoch + 1)
        engine.stop()
        for process in training_processes(home.jobs_dir).values():  # the power is cut
            process.end(0)
    home.engine()
    done = home.wait(job, COMPLETED)
    assert done.crashes == 0
    assert done.attempt > MAX_ATTEMPTS
    assert "after the server stopped." in home.log(job)
    assert [point["epoch"] for point in _history(home, job.id)] == list(range(1, 31))


def test_an_adopted_process_that_ends_at_once_without_a_word_is_no_crash(home: JobHome) -> None:
    home.dataset("long", epoch_seconds=0.1)
    job = home.add("long", epochs=30)
    first = home.engine()
    home.wait_for_epoch(job, 1)
    first.stop()
    home.engine()
    home.wait_for_adoption(job)
    for process in training_processes(home.jobs_dir).values():
        process.end(0)
    done = home.wait(job, COMPLETED)
    assert (done.attempt, done.crashes) == (2, 0)


def _history(home: JobHome, job_id: str) -> list[dict[str, int]]:
    from server.store.runs import RunHistory

    return [dict(point) for point in RunHistory(home.runs, job_id).read()]  # type: ignore[arg-type]


def test_a_process_whose_number_was_never_written_down_is_found_and_not_doubled(
    home: JobHome,
) -> None:
    home.dataset("long", epoch_seconds=0.1)
    job = home.add("long", epochs=20)
    first = home.engine()
    home.wait_for_epoch(job, 1)
    first.stop()
    with home.database.write() as connection:
        connection.exec_driver_sql("UPDATE jobs SET pid = NULL, pid_started_at = NULL")
    home.engine()
    assert home.wait(job, COMPLETED).attempt == 1


def test_a_model_finished_while_no_server_ran_is_published_by_the_next(home: JobHome) -> None:
    home.dataset("short", epoch_seconds=0.1)
    job = home.add("short", epochs=5)
    first = home.engine()
    home.wait_for_epoch(job, 1)
    first.stop()
    while training_processes(home.jobs_dir):
        time.sleep(0.02)
    assert home.models() == []
    home.engine()
    done = home.wait(job, COMPLETED)
    assert f"{done.model_name}.h5" in home.models()


def test_a_supervisor_whose_token_is_stale_writes_nothing_and_touches_nothing(
    home: JobHome,
) -> None:
    home.dataset("long", epoch_seconds=0.05)
    job = home.add("long", epochs=6)
    home.engine()
    before = home.wait_for_epoch(job, 1)
    stolen = home.repository.adopt(home.repository.get(job.id), "thief", timedelta(seconds=1))
    with pytest.raises(LeaseLost):
        home.repository.finish(job.id, before.token, "derma_false")
    # the engine sees a running job that nobody here watches any more, and takes it back
    done = home.wait(job, COMPLETED)
    assert done.token > stolen.token
    assert done.attempt == 1
    assert home.models() == [f"{done.model_name}.h5", f"{done.model_name}_metadata.json"]


def test_models_that_no_job_names_are_swept_at_the_start_and_others_stay(home: JobHome) -> None:
    home.dataset("good")
    job = home.add("good")
    home.repository.request_cancel(job.id)
    for stem, owner in (
        ("derma_leftover", job.id),
        ("derma_by_hand", None),
        ("derma_far", "00000000"),
    ):
        (home.models_dir / f"{stem}.h5").write_bytes(b"")
        (home.models_dir / f"{stem}_metadata.json").write_text(json.dumps({"job_id": owner}))
    home.engine()
    home.wait(home.add("good"), COMPLETED)
    left = home.models()
    assert "derma_leftover.h5" not in left
    assert "derma_leftover_metadata.json" not in left
    assert {"derma_by_hand.h5", "derma_far.h5"} <= set(left)


def test_a_job_whose_models_name_is_taken_fails_and_leaves_the_other_model_alone(
    home: JobHome,
) -> None:
    home.dataset("good", epoch_seconds=0.5)
    job = home.add("good")
    home.engine()
    home.wait_for_epoch(job, 1)
    ((run, process),) = training_processes(home.jobs_dir).items()
    words = psutil.Process(process.pid).cmdline()
    name = words[words.index("--model-name") + 1]
    (home.models_dir / f"{name}.h5").write_bytes(b"another model")
    failed = home.wait(job, FAILED)
    assert "There is a model of that name already" in failed.message
    assert home.models() == [f"{name}.h5"]
    assert (home.models_dir / f"{name}.h5").read_bytes() == b"another model"
    assert run == f"{job.id}/run-1"


def test_of_two_processes_that_no_job_names_only_the_one_of_a_job_is_ended_at_the_start(
    home: JobHome,
) -> None:
    sleep = [sys.executable, "-c", "import time; time.sleep(600)", "--run-dir"]
    by_hand = subprocess.Popen([*sleep, str(home.jobs_dir / "my own run")])
    orphan = subprocess.Popen([*sleep, str(home.jobs_dir / "0a1b2c3d" / "run-1")])
    try:
        home.dataset("good")
        home.engine()
        home.wait(home.add("good"), COMPLETED)
        assert orphan.wait(PATIENCE_SECONDS) != 0
        assert by_hand.poll() is None
    finally:
        for process in (by_hand, orphan):
            process.kill()
            process.wait()


def test_an_ended_job_keeps_its_events_and_nothing_else(home: JobHome) -> None:
    home.dataset("good")
    job = home.add("good")
    engine = home.engine()
    home.wait(job, COMPLETED)
    engine.stop()
    (folder,) = home.runs.of_job(job.id)
    assert [path.name for path in Path(folder.path).iterdir()] == ["events.jsonl"]
