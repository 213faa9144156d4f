"""A backup is made while the server runs and a job trains; restored, nothing is missing."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.domain.errors import InvalidInput
from server.domain.job import JobStatus
from server.services.backups import BackupService
from server.store.database import Database
from server.store.job_mirror import JobMirror
from server.store.jobs import JobRepository
from tests.integration.job_home import JobHome
from tests.integration.job_server import ROOT, JobServer

COMPLETED, RUNNING = JobStatus.COMPLETED, JobStatus.RUNNING


def _backup(what: str, file: Path, home: Path) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DERMASCAN")}
    return subprocess.run(
        [sys.executable, "-m", "server.backup", what, str(file)],
        cwd=ROOT,
        env=kept | {"DERMASCAN_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _contents(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def server(home: JobHome) -> Iterator[JobServer]:
    made = JobServer(home)
    made.start()
    yield made
    made.close()


def test_a_backup_of_a_running_server_restored_goes_on_where_its_job_was(
    server: JobServer, tmp_path: Path
) -> None:
    home = server.home
    home.dataset("good", checkpoint_bytes=1000)
    home.dataset("long", epoch_seconds=0.1, checkpoint_bytes=1000)
    (home.data_dir / "good" / ".dermascan").mkdir(exist_ok=True)
    (home.data_dir / "good" / ".dermascan" / "pixels_64_aa.bin").write_bytes(b"computed again")
    made = home.wait(home.repository.get(server.start_training("good", epochs=2)), COMPLETED)
    job = home.repository.get(server.start_training("long", epochs=1000))
    home.wait_for_epoch(job, 3)
    archive = tmp_path / "backup.zip"
    created = _backup("create", archive, home.home)
    assert created.returncode == 0, created.stderr
    assert "found right" in created.stdout
    assert [path.name for path in home.home.glob(".backup*")] == []
    if sys.platform != "win32":
        assert archive.stat().st_mode & 0o077 == 0  # it holds the hashes of passwords
    later = home.wait_for_epoch(job, home.repository.get(job.id).epoch + 2)
    assert later.attempt == 1  # the job never noticed
    server.http.post(f"/api/job/{job.id}/cancel").raise_for_status()

    restored = tmp_path / "another home"
    done = _backup("restore", archive, restored)
    assert done.returncode == 0, done.stderr
    for dataset in ("good", "long"):
        before = _contents(home.data_dir / dataset)
        after = _contents(restored / "data" / dataset)
        assert after == {n: h for n, h in before.items() if "pixels_" not in n}
    assert set(_contents(restored / "models")) == {
        f"{made.model_name}.h5",
        f"{made.model_name}_metadata.json",
    }
    database = Database(f"sqlite:///{(restored / 'dermascan.db').as_posix()}")
    rows = JobRepository(database, JobMirror(restored / "jobs", restored / "models"))
    assert rows.get(made.id) == made
    waiting = rows.get(job.id)
    assert (waiting.status, waiting.pid, waiting.lease_owner) == (JobStatus.QUEUED, None, None)
    assert rows.history(job.id)[-1].who == "the restore"
    database.close()

    second = JobHome.over(restored)
    other = JobServer(second)
    try:
        other.start()
        second.wait_for_attempt(job, 2)
        second.wait_for_epoch(job, waiting.epoch + 1)
        other.http.post(f"/api/job/{job.id}/stop").raise_for_status()
        again = second.wait(job, COMPLETED)
        history = other.http.get(f"/api/job/{job.id}").json()["history"]
        assert [point["epoch"] for point in history] == list(range(1, again.epoch + 1))
        assert second.log(job).count("training from epoch 1\n") == 1
        assert f"{made.model_name}.h5" in second.models()
        assert f"{again.model_name}.h5" in second.models()
    finally:
        other.close()
        second.close()

    refused = _backup("restore", archive, restored)
    assert refused.returncode == 2
    assert "is not empty" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.fixture
def archive(home: JobHome, tmp_path: Path) -> Path:
    home.dataset("good")
    home.add("good")
    made = tmp_path / "backup.zip"
    BackupService(home.home, home.database, "1.0").create(made)
    return made


def test_a_backup_that_exists_is_not_written_over(home: JobHome, archive: Path) -> None:
    before = archive.read_bytes()
    with pytest.raises(InvalidInput, match="already"):
        BackupService(home.home, home.database, "1.0").create(archive)
    assert archive.read_bytes() == before


def test_a_damaged_or_foreign_file_is_refused_and_leaves_the_home_empty(
    archive: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(archive) as packed:
        entries = {name: packed.read(name) for name in packed.namelist()}
    manifest = json.loads(entries["manifest.json"])
    image = next(name for name in entries if name.endswith((".jpg", ".png")))
    outside = manifest | {"files": manifest["files"] | {"../out.txt": [1, "0"]}}
    newer = manifest | {"revision": "9999", "version": "99.0"}
    wrong: dict[str, dict[str, bytes]] = {
        "is damaged": entries | {image: entries[image][:-1] + b"?"},
        "does not hold": {name: data for name, data in entries.items() if name != image},
        "cannot be placed": entries | {"manifest.json": json.dumps(outside).encode()},
        "is newer": entries | {"manifest.json": json.dumps(newer).encode()},
        "is not a whole backup": {image: entries[image]},
    }
    for place, (sentence, content) in enumerate(wrong.items()):
        file, home = tmp_path / f"{place}.zip", tmp_path / f"home {place}"
        with zipfile.ZipFile(file, "w") as packed:
            for name, data in content.items():
                packed.writestr(name, data)
        _refused(file, home, sentence)
        assert _contents(home) == {}
    file = tmp_path / "cut.zip"
    file.write_bytes(archive.read_bytes()[:-100])
    _refused(file, tmp_path / "h", "is not a whole backup")
    _refused(tmp_path / "no", tmp_path / "h", "There is no backup")


def _refused(archive: Path, home: Path, sentence: str) -> None:
    home.mkdir(exist_ok=True)
    database = Database(f"sqlite:///{(home / 'dermascan.db').as_posix()}")
    with pytest.raises(InvalidInput, match=sentence):
        BackupService(home, database, "1.0").restore(archive)
    database.close()
