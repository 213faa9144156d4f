"""An import is work of its own: kept, looked at, cancelled, taken up again, published once."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from PIL import Image

from tests.acceptance.drawings import class_folders
from tests.acceptance.running_server import RunningServer
from tests.integration.house import House, open_house
from tests.integration.test_uploads import nothing_is_half_done, tree, zipped
from tests.integration.tus_sender import Files, Sender

PATIENCE_SECONDS = 60
FINAL = ("done", "failed", "cancelled")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One house; every test uses dataset names of its own."""
    with open_house(tmp_path_factory.mktemp("imports") / "home") as opened:
        yield opened


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    running = RunningServer(tmp_path / "derma scan" / "home")
    running.home.mkdir(parents=True)
    running.start()
    try:
        yield running
    finally:
        running.stop()
        running.http.close()


def until(fact: Callable[[], Any]) -> Any:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not (found := fact()):
        assert time.monotonic() < give_up, "it never came true"
        time.sleep(0.02)
    return found


def arrived(http: httpx.Client, name: str, files: Files) -> str:
    """An upload of which everything is safe on the server; returns its id."""
    sender = Sender(http)
    upload = sender.begin(name, files)
    sender.send(upload, files)
    return upload


def begin(http: httpx.Client, upload: str) -> dict[str, Any]:
    answer = http.post(f"/api/uploads/{upload}/import")
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


def read(http: httpx.Client, import_id: str) -> dict[str, Any]:
    return dict(http.get(f"/api/imports/{import_id}").raise_for_status().json())


def ended(http: httpx.Client, import_id: str) -> dict[str, Any]:
    def once_over() -> dict[str, Any] | None:
        found = read(http, import_id)
        return found if found["state"] in FINAL else None

    return dict(until(once_over))


def busy_archive(images: int) -> bytes:
    """A zip whose import takes long enough to fall into: every picture has nine megapixels."""
    drawn = io.BytesIO()
    Image.new("RGB", (3000, 3000), (90, 50, 30)).save(drawn, "PNG")
    return zipped([(f"{'ab'[n % 2]}/{n}.png", drawn.getvalue()) for n in range(images)])


def import_programs(home: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
            dead = process.status() == psutil.STATUS_ZOMBIE
        except psutil.Error:
            continue
        if "server.intake" in words and any(str(home) in word for word in words) and not dead:
            found.append(process)
    return found


def test_an_import_in_the_background_brings_what_waiting_for_it_brings(house: House) -> None:
    files = class_folders(images=3)
    upload = arrived(house.here, "background", files)
    begun = begin(house.here, upload)
    assert begun["dataset_name"] == "background"
    assert begin(house.here, upload)["id"] == begun["id"]
    over = ended(house.here, begun["id"])
    assert (over["state"], over["attempts"], over["refusal"]) == ("done", 1, None)
    assert tree(house, "background") == dict(files)
    waited = house.here.post(f"/api/uploads/{upload}/finish").json()
    assert over["result"] == waited
    assert waited["images_added"] == len(files)
    listed = house.here.get("/api/imports").json()["imports"]
    assert begun["id"] in [each["id"] for each in listed]
    assert house.here.delete(f"/api/imports/{begun['id']}").status_code == 200
    assert house.here.get(f"/api/imports/{begun['id']}").status_code == 404


def test_a_failed_import_keeps_its_sentence_and_can_be_begun_again(house: House) -> None:
    upload = arrived(house.here, "refused", [("broken.zip", b"PK no zip at all")])
    first = ended(house.here, begin(house.here, upload)["id"])
    assert first["state"] == "failed"
    assert "broken.zip" in first["refusal"]["detail"]
    assert house.here.get("/api/datasets/refused").status_code == 404
    phase = house.here.get(f"/api/uploads/{upload}").json()["phase"]
    assert phase == "arrived"
    again = begin(house.here, upload)
    assert again["id"] != first["id"]
    assert ended(house.here, again["id"])["state"] == "failed"
    mine = house.here.get("/api/imports").json()["imports"]
    assert [each["id"] for each in mine if each["upload_id"] == upload] == [again["id"]]
    assert nothing_is_half_done(house)


def test_an_import_of_an_upload_that_is_not_whole_is_refused(house: House) -> None:
    upload = Sender(house.here).try_begin("early", 2, 300).json()["id"]
    assert house.here.post(f"/api/uploads/{upload}/import").status_code == 409
    assert upload not in [
        each["upload_id"] for each in house.here.get("/api/imports").json()["imports"]
    ]


def test_another_persons_import_is_not_there(tmp_path: Path) -> None:
    with open_house(tmp_path) as house:
        begun = begin(house.here, arrived(house.here, "mine", class_folders(images=1)))
        ended(house.here, begun["id"])
        stranger = house.from_afar()
        for path in ("", f"/{begun['id']}"):
            assert stranger.get(f"/api/imports{path}").status_code == 401
        assert stranger.post(f"/api/imports/{begun['id']}/cancel").status_code in (401, 403)
        assert house.here.get("/api/imports/0123").status_code == 404


def test_progress_is_what_was_done_and_a_cancelled_import_leaves_nothing(
    server: RunningServer,
) -> None:
    http = server.http
    upload = arrived(http, "cancelled", [("all.zip", busy_archive(500))])
    begun = begin(http, upload)
    seen = until(lambda: (step := read(http, begun["id"])["progress"]) and step["done"] and step)
    assert seen["total"] == 500
    assert 0 < seen["done"] <= 500
    assert http.delete(f"/api/uploads/{upload}").status_code == 409
    over = http.post(f"/api/imports/{begun['id']}/cancel").json()
    assert over["state"] == "cancelled"
    assert import_programs(server.home) == []
    assert list((server.home / "data" / ".incoming").iterdir()) == []
    assert http.get("/api/datasets").json()["datasets"] == []
    assert http.post(f"/api/imports/{begun['id']}/cancel").json()["state"] == "cancelled"
    assert http.get(f"/api/uploads/{upload}").json()["phase"] == "arrived"
    assert http.delete(f"/api/uploads/{upload}").status_code == 200


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9")
def test_after_kill_9_no_program_stays_and_the_import_is_taken_up_and_published_once(
    server: RunningServer,
) -> None:
    upload = arrived(server.http, "killed", [("all.zip", busy_archive(40))])
    begun = begin(server.http, upload)
    until(lambda: read(server.http, begun["id"])["progress"])
    server.kill_9()
    until(lambda: not import_programs(server.home))
    server.start()
    over = ended(server.http, begun["id"])
    assert (over["state"], over["attempts"]) == ("done", 2)
    assert over["result"]["images_added"] == over["result"]["summary"]["images"] == 40
    answer = server.http.post(f"/api/uploads/{upload}/finish").json()
    assert answer["images_added"] == 40
    assert list((server.home / "data" / ".incoming").iterdir()) == []
