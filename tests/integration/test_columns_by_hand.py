"""An upload that nothing understood is put right over the API, without sending it again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server.intake.understand import understand
from tests.integration.house import House, open_house
from tests.integration.job_home import TINY_PROGRAM
from tests.integration.test_uploads import Files, jpeg, upload

_ROLES = {"image": "Bild", "label": "Befund", "lesion": "Fall"}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with open_house(tmp_path / "home", training_program=TINY_PROGRAM) as opened:
        yield opened


def _german() -> Files:
    rows = [f"foto{n},{('Nävus', 'Melanom')[n % 2]},F{n}" for n in range(8)]
    table = "\n".join(["Bild,Befund,Fall", *rows]) + "\n"
    images = [(f"foto{n}.jpg", jpeg((n, 2 * n, 3 * n))) for n in range(8)]
    return [("Liste.csv", table.encode()), *images]


def _choose(house: House, roles: dict[str, str], table: str = "Liste.csv") -> Any:
    return house.here.put("/api/datasets/study/columns", json={"table": table, "roles": roles})


def test_from_an_upload_that_was_not_understood_to_one_that_can_be_trained_on(
    house: House,
) -> None:
    upload(house.here, "study", _german())
    before = house.here.get("/api/datasets/study").json()
    assert (before["layout"], before["trainable"]) == ("unlabelled", False)
    (table,) = house.here.get("/api/datasets/study/tables").json()["tables"]
    assert [each["name"] for each in table["columns"]] == ["Bild", "Befund", "Fall"]
    assert table["columns"][0]["samples"] == ["foto0", "foto1", "foto2"]
    guessed = {role: name for role, name in table["roles"].items() if name}
    assert guessed == {"image": "Bild", "label": "Befund", "patient": "Fall"}

    answer = _choose(house, _ROLES)
    assert answer.status_code == 200, answer.text
    after = answer.json()
    assert (after["layout"], after["trainable"]) == ("mapped", True)
    assert (after["images"], after["lesions"]) == (8, 8)
    assert after["created_at"] == before["created_at"]
    (table,) = house.here.get("/api/datasets/study/tables").json()["tables"]
    assert table["by_hand"] is True
    assert {role: name for role, name in table["roles"].items() if name} == _ROLES
    # the training program reads the folder by itself
    manifest = understand(house.home / "data" / "study")
    assert manifest.classes == {"Melanom": 4, "Nävus": 4}
    started = house.here.post("/api/start-training", json={"dataset_name": "study", "epochs": 1})
    assert started.status_code == 200, started.text


def test_a_later_upload_to_the_dataset_keeps_the_choice(house: House) -> None:
    upload(house.here, "study", _german())
    _choose(house, _ROLES)
    more: Files = [
        ("Liste 2.csv", b"Bild,Befund,Fall\nfoto9,Melanom,F9\n"),
        ("foto9.jpg", jpeg((9, 9, 90))),
    ]
    answer = upload(house.here, "study", more).json()
    assert answer["summary"]["layout"] == "mapped"
    assert answer["summary"]["images"] == 9


def test_taken_back_the_dataset_is_as_it_was(house: House) -> None:
    upload(house.here, "study", _german())
    _choose(house, _ROLES)
    answer = house.here.delete("/api/datasets/study/columns", params={"table": "Liste.csv"})
    assert answer.json()["layout"] == "unlabelled"
    assert not (house.home / "data" / "study" / "dermascan-columns.json").exists()


@pytest.mark.parametrize(
    ("roles", "why"),
    [
        ({"label": "Befund"}, "names the images"),
        ({"image": "Bild"}, "at least one more column"),
        ({"image": "Bild", "label": "Diagnose"}, "has no column 'Diagnose'"),
        ({"image": "Bild", "label": "Bild"}, "cannot be both"),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused_in_a_sentence(
    house: House, roles: dict[str, str], why: str
) -> None:
    upload(house.here, "study", _german())
    answer = _choose(house, roles)
    assert answer.status_code == 422
    assert why in answer.json()["detail"]
    assert house.here.get("/api/datasets/study").json()["layout"] == "unlabelled"


def test_a_table_or_dataset_that_is_not_there_is_named(house: House) -> None:
    upload(house.here, "study", _german())
    answer = _choose(house, _ROLES, table="../other/Liste.csv")
    assert answer.status_code == 404
    assert "there is: Liste.csv" in answer.json()["detail"]
    assert house.here.get("/api/datasets/nowhere/tables").status_code == 404


def test_notes_of_an_older_version_are_read_again_and_keep_their_age(tmp_path: Path) -> None:
    """It knew fewer layouts, so what it could not understand may be understood now."""
    home = tmp_path / "home"
    with open_house(home) as house:
        upload(house.here, "study", _german())
        created = house.here.get("/api/datasets/study").json()["created_at"]
    notes = home / "data" / "study" / ".dermascan"
    record = json.loads((notes / "dataset.json").read_text("utf-8")) | {"version": 1}
    (notes / "dataset.json").write_text(json.dumps(record), encoding="utf-8")
    manifest = json.loads((notes / "versions" / "00001.json").read_text("utf-8"))["manifest"]
    shutil.rmtree(notes / "versions")
    (notes / "current.json").unlink()
    for added in ("notes", "leaking_columns", "tables", "version"):
        manifest.pop(added, None)
    (notes / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with open_house(home) as house:
        (table,) = house.here.get("/api/datasets/study/tables").json()["tables"]
        assert table["path"] == "Liste.csv"
        assert house.here.get("/api/datasets/study").json()["created_at"] == created
