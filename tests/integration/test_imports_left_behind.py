"""What a server finds of an import that another server left: taken up, published once, given up."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from server.domain.dataset_import import DatasetImport, Fault, ImportState
from server.store.import_records import ImportRecords
from tests.acceptance.drawings import class_folders
from tests.integration.house import open_house
from tests.integration.test_imports import arrived, begin, ended, read


def _left_running(home: Path, import_id: str, **changed: Any) -> None:
    """Write into the note what a server that was killed would have left."""
    note = home / "data" / ".imports" / f"{import_id}.json"
    left = {"state": "running", "result": None, "ended_at": None, **changed}
    note.write_text(json.dumps(json.loads(note.read_text("utf-8")) | left), "utf-8")


def test_a_record_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    fault = Fault("too_large", "Too large.", {"file": "a.zip"})
    kept = DatasetImport(
        "a" * 32, "b" * 32, "Haut ä", "ada", ImportState.FAILED, now, now, now, 2, True, None, fault
    )
    records = ImportRecords(tmp_path)
    records.save(kept)
    (tmp_path / ".imports" / "broken.json").write_text("{", "utf-8")
    assert list(records.all()) == [kept]


def test_a_server_that_died_after_the_dataset_showed_gives_the_answer_it_owed(
    tmp_path: Path,
) -> None:
    with open_house(tmp_path) as house:
        upload = arrived(house.here, "once", class_folders(images=2))
        begun = begin(house.here, upload)["id"]
        before = ended(house.here, begun)["result"]
    _left_running(tmp_path, begun)
    basket = tmp_path / "data" / ".unfinished" / upload / "basket.json"
    basket.write_text(json.dumps(json.loads(basket.read_text("utf-8")) | {"imported": None}))
    with open_house(tmp_path) as house:
        over = ended(house.here, begun)
        assert over["state"] == "done"
        assert over["result"] == before
        assert over["result"]["images_added"] > 0


def test_an_import_that_took_the_server_down_too_often_is_given_up_with_a_sentence(
    tmp_path: Path,
) -> None:
    with open_house(tmp_path) as house:
        upload = arrived(house.here, "deadly", class_folders(images=1))
        begun = begin(house.here, upload)["id"]
        ended(house.here, begun)
    _left_running(tmp_path, begun, attempts=5)
    with open_house(tmp_path) as house:
        over = read(house.here, begun)
        assert over["state"] == "failed"
        assert "5 times" in over["refusal"]["detail"]


def test_an_import_whose_cancellation_was_heard_is_not_taken_up(tmp_path: Path) -> None:
    with open_house(tmp_path) as house:
        upload = arrived(house.here, "heard", class_folders(images=1))
        begun = begin(house.here, upload)["id"]
        ended(house.here, begun)
        house.here.delete("/api/datasets/heard")
    _left_running(tmp_path, begun, cancel_requested=True)
    with open_house(tmp_path) as house:
        assert read(house.here, begun)["state"] == "cancelled"


def test_what_is_over_is_forgotten_in_time(tmp_path: Path) -> None:
    with open_house(tmp_path) as house:
        begun = begin(house.here, arrived(house.here, "old", class_folders(images=1)))["id"]
        ended(house.here, begun)
    long_ago = (datetime.now(UTC) - timedelta(days=8)).isoformat()
    _left_running(tmp_path, begun, state="done", ended_at=long_ago)
    with open_house(tmp_path) as house:
        assert house.here.get(f"/api/imports/{begun}").status_code == 404
