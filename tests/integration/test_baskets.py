"""An upload that takes its time: whole or not in the dataset at all, its owner's alone, swept."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from server.store.database import Database
from tests.acceptance.drawings import class_folders, csv_and_images
from tests.integration.house import PASSWORD, House, open_house
from tests.integration.test_uploads import jpeg, nothing_is_half_done, tree, zipped
from tests.integration.test_uploads import upload as upload_form
from tests.integration.tus_sender import TUS, Sender


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One house; every test uses dataset names of its own."""
    home = tmp_path_factory.mktemp("derma scan") / "home"
    with open_house(home, max_unfinished_uploads=1000) as opened:
        yield opened


@pytest.fixture
def sender(house: House) -> Sender:
    return Sender(house.here)


def folder(house: House, upload: str) -> Path:
    return house.home / "data" / ".unfinished" / upload


def mine(sender: Sender) -> list[dict[str, Any]]:
    return list(sender.http.get("/api/uploads").json()["uploads"])


def shown(sender: Sender, upload: str) -> dict[str, Any]:
    return dict(sender.http.get(f"/api/uploads/{upload}").json())


def test_several_files_become_a_dataset_as_the_form_would_have_made_it(
    house: House, sender: Sender
) -> None:
    files = csv_and_images(lesions=3, views=2)
    upload = sender.begin("in pieces", files)
    sender.send(upload, files)
    assert house.here.get("/api/datasets/in pieces").status_code == 404
    answer = sender.finish(upload)
    assert answer.status_code == 200, answer.text
    by_form = upload_form(house.here, "by form", files).json()
    body = answer.json()
    assert sorted(body["files_saved"]) == sorted(by_form["files_saved"])
    assert body["message"] == by_form["message"]
    assert body["images_added"] == by_form["images_added"] == 18
    assert body["summary"]["lesions"] == by_form["summary"]["lesions"]
    assert tree(house, "in pieces") == tree(house, "by form") == dict(files)
    assert nothing_is_half_done(house)
    assert [path.name for path in folder(house, upload).iterdir()] == ["basket.json"]
    assert upload not in [each["id"] for each in mine(sender)]


def test_an_archive_is_unpacked_and_an_addition_added(house: House, sender: Sender) -> None:
    first, *others = class_folders(images=3)
    for files in ([("first.zip", zipped([first]))], [("others.zip", zipped(others)), first]):
        upload = sender.begin("added to", files)
        sender.send(upload, files)
        assert sender.finish(upload).status_code == 200
    assert tree(house, "added to") == dict([first, *others])


def test_the_list_tells_what_has_arrived(sender: Sender) -> None:
    upload = str(sender.try_begin("half", 2, 300).json()["id"])
    place = sender.announce(upload, "melanoma/a.jpg", 200, modified="17")
    sender.patch(place, 0, b"x" * 150)
    sender.send(upload, [("b.jpg", b"y" * 100)])
    line = next(each for each in mine(sender) if each["id"] == upload)
    assert (line["dataset_name"], line["phase"]) == ("half", "arriving")
    assert (line["files"], line["files_arrived"]) == (2, 1)
    assert (line["bytes"], line["bytes_arrived"]) == (300, 250)
    assert shown(sender, upload)["announced"] == [
        {
            "path": "b.jpg",
            "bytes": 100,
            "bytes_arrived": 100,
            "modified": None,
            "url": f"{line['tus_url']}/" + shown(sender, upload)["announced"][0]["url"][-32:],
        },
        {
            "path": "melanoma/a.jpg",
            "bytes": 200,
            "bytes_arrived": 150,
            "modified": "17",
            "url": place,
        },
    ]
    sender.patch(place, 150, b"x" * 50)
    assert shown(sender, upload)["phase"] == "arrived"


def test_an_upload_outlives_the_server(tmp_path: Path) -> None:
    files = class_folders(images=2)
    with open_house(tmp_path) as house:
        sender = Sender(house.here)
        upload = sender.begin("tomorrow", files)
        (name, data), *others = files
        place = sender.announce(upload, name, len(data))
        sender.patch(place, 0, data[:300])
    with open_house(tmp_path) as house:
        sender = Sender(house.here)
        (line,) = mine(sender)
        assert (line["id"], line["bytes_arrived"]) == (upload, 300)
        assert sender.offset(place) == 300
        sender.patch(place, 300, data[300:])
        sender.send(upload, others)
        assert sender.finish(upload).status_code == 200
        assert tree(house, "tomorrow") == dict(files)


def test_it_is_not_finished_before_everything_is_there(house: House, sender: Sender) -> None:
    upload = str(sender.try_begin("too early", 2, 300).json()["id"])
    place = sender.announce(upload, "a.jpg", 200)
    sender.patch(place, 0, b"x" * 199)
    early = sender.finish(upload)
    assert early.status_code == 409
    assert early.json()["where"]["file"] == "a.jpg"
    assert "199 of 200" in early.json()["detail"]
    sender.patch(place, 199, b"x")
    assert "2 file(s)" in sender.finish(upload).json()["detail"]
    assert house.here.get("/api/datasets/too early").status_code == 404


def test_more_files_or_bytes_than_announced_are_refused(sender: Sender) -> None:
    upload = str(sender.try_begin("announced", 2, 300).json()["id"])
    assert sender.try_announce(upload, "a.jpg", 301).status_code == 409
    sender.announce(upload, "a.jpg", 100)
    sender.announce(upload, "b.jpg", 100)
    assert sender.try_announce(upload, "c.jpg", 1).status_code == 409
    assert len(shown(sender, upload)["announced"]) == 2


def test_the_answer_is_the_same_for_who_asks_again_or_at_once(house: House, sender: Sender) -> None:
    files = class_folders(images=2)
    upload = sender.begin("asked twice", files)
    sender.send(upload, files)
    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(Sender(house.another_here()).finish, upload) for _ in range(3)]
        answers = [each.result().json() for each in asked]
    again = sender.finish(upload).json()
    assert [answer["images_added"] for answer in [*answers, again]] == [6] * 4
    assert answers == [again] * 3


def test_after_the_end_nothing_more_is_taken(sender: Sender) -> None:
    files = class_folders(images=2)
    upload = sender.begin("over", files)
    sender.send(upload, files)
    place = shown(sender, upload)["announced"][0]["url"]
    sender.finish(upload)
    for answer in (
        sender.http.head(place, headers=TUS),
        sender.patch(place, 0, b"x"),
        sender.try_announce(upload, "more.jpg", 4),
    ):
        assert answer.status_code == 410


def test_a_refused_import_leaves_the_upload_as_it_was(house: House, sender: Sender) -> None:
    files = [("notes.txt", b"hello")]
    upload = sender.begin("no images", files)
    sender.send(upload, files)
    refused = sender.finish(upload)
    assert refused.status_code == 422
    assert "No images found!" in refused.json()["detail"]
    assert shown(sender, upload)["phase"] == "arrived"
    assert house.here.get("/api/datasets/no images").status_code == 404
    assert nothing_is_half_done(house)


def test_while_the_dataset_is_held_the_upload_waits_and_is_finished_later(
    house: House, sender: Sender
) -> None:
    files = class_folders(images=2)
    upload = sender.begin("held by another", files)
    sender.send(upload, files)
    held = house.app.state.services.imports.begin("held by another")
    try:
        refused = sender.finish(upload)
        assert refused.status_code == 409
        assert "in progress" in refused.json()["detail"]
    finally:
        held.discard()
    assert sender.finish(upload).status_code == 200


def test_a_discarded_upload_is_gone_and_its_room_free(house: House, sender: Sender) -> None:
    upload = str(sender.try_begin("discarded", 1, 200).json()["id"])
    place = sender.announce(upload, "a.jpg", 200)
    sender.patch(place, 0, b"x" * 150)
    assert sender.http.delete(f"/api/uploads/{upload}").status_code == 200
    assert not folder(house, upload).exists()
    for answer in (
        sender.http.get(f"/api/uploads/{upload}"),
        sender.http.delete(f"/api/uploads/{upload}"),
        sender.finish(upload),
        sender.patch(place, 150, b"x"),
    ):
        assert answer.status_code == 404


def test_what_waits_too_long_is_gone_and_swept_and_each_byte_lets_it_wait_anew(
    tmp_path: Path,
) -> None:
    with open_house(tmp_path) as house:
        sender, baskets = Sender(house.here), house.app.state.services.baskets
        upload = str(sender.try_begin("late", 1, 200).json()["id"])
        place = sender.announce(upload, "a.jpg", 200)
        start = datetime.now(UTC)
        baskets.now = lambda: start + timedelta(days=6.9)
        assert sender.patch(place, 0, b"x" * 100).status_code == 204
        baskets.now = lambda: start + timedelta(days=13.8)
        baskets.sweep()
        assert sender.offset(place) == 100
        baskets.now = lambda: start + timedelta(days=14)
        for answer in (
            sender.http.head(place, headers=TUS),
            sender.patch(place, 100, b"x" * 100),
            sender.http.get(f"/api/uploads/{upload}"),
        ):
            assert answer.status_code == 410
        assert "7 days" in answer.json()["detail"]
        assert mine(sender) == []
        baskets.sweep()
        assert not folder(house, upload).exists()
        assert sender.patch(place, 100, b"x" * 100).status_code == 404


def test_how_long_it_waits_is_a_setting_and_a_start_sweeps(tmp_path: Path) -> None:
    with open_house(tmp_path) as house:
        upload = str(Sender(house.here).try_begin("late", 1, 200).json()["id"])
    (tmp_path / "data" / ".unfinished" / "remains").mkdir()
    with open_house(tmp_path, keep_uploads_seconds=0.001):
        assert not folder(house, upload).exists()
        assert not folder(house, "remains").exists()


def test_an_upload_is_its_owners_alone(tmp_path: Path) -> None:
    with open_house(tmp_path) as house:
        house.claim("Ada")
        ada, bob = Sender(house.here), Sender(house.from_afar())
        _add_account(house, "Bob")
        signed_in = bob.http.post("/api/session", json={"name": "Bob", "password": PASSWORD})
        assert signed_in.status_code == 200
        upload = str(ada.try_begin("of Ada", 1, 200).json()["id"])
        place = ada.announce(upload, "a.jpg", 200)
        for answer in (
            bob.http.get(f"/api/uploads/{upload}"),
            bob.http.delete(f"/api/uploads/{upload}"),
            bob.finish(upload),
            bob.try_announce(upload, "b.jpg", 0),
            bob.http.head(place, headers=TUS),
            bob.patch(place, 0, b"x"),
            bob.http.delete(place, headers=TUS),
        ):
            assert answer.status_code == 404
        assert mine(bob) == []
        assert len(mine(ada)) == 1
        assert ada.offset(place) == 0


def _add_account(house: House, name: str) -> None:
    database = Database(f"sqlite:///{(house.home / 'dermascan.db').as_posix()}")
    with database.write() as connection:
        connection.execute(
            text(
                "INSERT INTO accounts (name, name_key, password_hash, role, created_at) "
                "SELECT :name, :key, password_hash, 'researcher', created_at FROM accounts"
            ),
            {"name": name, "key": name.casefold()},
        )
    database.close()


def test_what_was_begun_before_the_claim_goes_to_who_claims(tmp_path: Path) -> None:
    with open_house(tmp_path) as house:
        sender = Sender(house.here)
        upload = str(sender.try_begin("before", 1, 200).json()["id"])
        house.claim("local researcher")
        assert [each["id"] for each in mine(sender)] == [upload]


@pytest.mark.parametrize(
    ("name", "status"),
    [("../up", 422), (".hidden", 422), ("a/b", 422), ("nul", 422), ("", 422), ("CASE", 409)],
)
def test_a_dataset_name_that_cannot_be_used_is_refused_before_a_byte_is_sent(
    house: House, sender: Sender, name: str, status: int
) -> None:
    upload_form(house.here, "Case", class_folders(images=2))
    assert sender.try_begin(name, 1, 1).status_code == status


@pytest.mark.parametrize(
    "name",
    ["../escape.jpg", "a/../../b.jpg", "..\\up.jpg", "a\nb.jpg", "\x00", "/", "x" * 201, "d/" * 17],
    ids=ascii,
)
def test_a_name_that_leads_out_or_cannot_be_a_file_is_refused(
    house: House, sender: Sender, name: str
) -> None:
    upload = str(sender.try_begin("hostile", 1, 10).json()["id"])
    before = sorted((house.home / "data").rglob("*"))
    assert sender.try_announce(upload, name, 1, b"x").status_code == 422
    assert sorted((house.home / "data").rglob("*")) == before


def test_odd_names_become_files_that_every_system_can_have(house: House, sender: Sender) -> None:
    names = ["C:\\scans\\b.jpg", "/abs/c.jpg", "e/con.jpg", "f:?.jpg", "Ä/ö.jpg"]
    files = [(name, jpeg((n, n, n))) for n, name in enumerate(names)]
    files.append((".dermascan/summary.json", b"{}"))
    upload = sender.begin("odd", files)
    sender.send(upload, files)
    assert sender.finish(upload).status_code == 200
    saved = {"scans/b.jpg", "abs/c.jpg", "e/_con.jpg", "f__.jpg", "Ä/ö.jpg"}
    assert set(tree(house, "odd")) == saved


def test_two_names_that_would_be_one_file_are_refused(sender: Sender) -> None:
    upload = str(sender.try_begin("clash", 2, 20).json()["id"])
    sender.announce(upload, "a/b.jpg", 4)
    for other in ("A/B.JPG", "a\\b.jpg", "./a/b.jpg"):
        answer = sender.try_announce(upload, other, 4)
        assert answer.status_code == 409
        assert "'a/b.jpg'" in answer.json()["detail"]


@pytest.mark.parametrize("now", [{"size": 5}, {"modified": "2"}, {"sha256": "0" * 64}], ids=str)
def test_a_file_that_changed_since_it_was_announced_is_not_mixed_with_the_old_one(
    sender: Sender, now: dict[str, Any]
) -> None:
    upload = str(sender.try_begin("changed", 1, 9).json()["id"])
    sender.try_announce(upload, "a.jpg", 4, b"ab", modified="1")
    told = {"size": 4, "modified": "1", **now}
    answer = sender.try_announce(upload, "a.jpg", **told)
    assert answer.status_code == 409
    assert "has changed" in answer.json()["detail"]


def test_limits_are_named_before_a_byte_is_sent(tmp_path: Path) -> None:
    limits = {"max_upload_bytes": 2**52, "max_upload_files": 3, "max_unfinished_uploads": 2}
    with open_house(tmp_path, **limits) as house:
        sender = Sender(house.here)
        for files, size, status, named in (
            (1, 2**52 + 1, 413, "DERMASCAN_MAX_UPLOAD_BYTES"),
            (4, 1, 413, "DERMASCAN_MAX_UPLOAD_FILES"),
            (1, 2**52, 507, "does not fit"),
        ):
            answer = sender.try_begin("limits", files, size)
            assert answer.status_code == status
            assert named in answer.json()["detail"]
        assert [sender.try_begin("two", 1, 1).status_code for _ in range(3)] == [201, 201, 409]
        refused = sender.try_begin("two", 1, 1).json()["detail"]
        assert "DERMASCAN_MAX_UNFINISHED_UPLOADS" in refused
        assert len(mine(sender)) == 2


def test_what_one_person_leaves_unfinished_has_a_limit_in_bytes(tmp_path: Path) -> None:
    limits = {"max_upload_bytes": 60, "max_file_bytes": 60, "max_unfinished_bytes": 100}
    with open_house(tmp_path, **limits) as house:
        sender = Sender(house.here)
        first = str(sender.try_begin("first", 1, 60).json()["id"])
        refused = sender.try_begin("second", 1, 41)
        assert refused.status_code == 413
        assert "DERMASCAN_MAX_UNFINISHED_BYTES" in refused.json()["detail"]
        assert sender.try_begin("second", 1, 40).status_code == 201
        assert sender.http.delete(f"/api/uploads/{first}").status_code == 200
        assert sender.try_begin("third", 1, 60).status_code == 201
