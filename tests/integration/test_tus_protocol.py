"""The tus protocol, header by header: what is acknowledged is there, the rest is refused."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import pytest

from server.domain.account import LOCAL_RESEARCHER
from server.services.basket_files import BasketFiles
from tests.integration.house import House, open_house
from tests.integration.tus_sender import PIECE, TUS, Sender, checksum, in_base64, metadata

DATA = bytes(range(256)) * 40


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    home = tmp_path_factory.mktemp("derma scan") / "home"
    with open_house(home, max_file_bytes=1_000_000, max_unfinished_uploads=1000) as opened:
        yield opened


@pytest.fixture
def sender(house: House) -> Sender:
    return Sender(house.here)


@pytest.fixture
def upload(sender: Sender) -> str:
    """An upload that was announced as ten files of a megabyte each."""
    return str(sender.try_begin("some set", 10, 10_000_000).json()["id"])


@pytest.fixture
def place(sender: Sender, upload: str) -> str:
    """Where the pieces of one announced file go."""
    return sender.announce(upload, "a.jpg", len(DATA))


def part(house: House, place: str) -> Path:
    _, _, _, upload, _, file = place.split("/")
    return house.home / "data" / ".unfinished" / upload / f"{file}.part"


def test_the_server_tells_what_it_speaks(sender: Sender, upload: str) -> None:
    answer = sender.http.options(f"/api/uploads/{upload}/files")
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert answer.headers["Tus-Max-Size"] == "1000000"
    assert set(answer.headers["Tus-Extension"].split(",")) == {
        *("creation", "creation-with-upload", "expiration", "termination", "checksum")
    }
    assert {"sha1", "sha256"} <= set(answer.headers["Tus-Checksum-Algorithm"].split(","))


def test_an_announced_file_has_a_place_an_offset_and_an_end_of_its_time(
    sender: Sender, upload: str
) -> None:
    told = metadata(filename="images/ä b.jpg", modified="12")
    answer = sender.http.post(
        f"/api/uploads/{upload}/files", headers={**TUS, **told, "Upload-Length": "5"}
    )
    assert answer.status_code == 201
    assert answer.headers["Tus-Resumable"] == "1.0.0"
    expires = parsedate_to_datetime(answer.headers["Upload-Expires"])
    assert 6.9 < (expires - datetime.now(UTC)).total_seconds() / 86_400 <= 7
    head = sender.http.head(answer.headers["Location"], headers=TUS)
    assert head.status_code == 200
    assert head.headers["Upload-Offset"] == "0"
    assert head.headers["Upload-Length"] == "5"
    assert head.headers["Upload-Metadata"] == told["Upload-Metadata"]
    assert head.headers["Cache-Control"] == "no-store"


def test_pieces_follow_each_other_and_each_answer_tells_the_next_offset(
    house: House, sender: Sender, place: str
) -> None:
    for offset, end in ((0, 1), (1, 5000), (5000, 5000), (5000, len(DATA))):
        answer = sender.patch(place, offset, DATA[offset:end])
        assert answer.status_code == 204
        assert answer.headers["Upload-Offset"] == str(end)
        assert "Upload-Expires" in answer.headers
        assert sender.offset(place) == end
    assert part(house, place).read_bytes() == DATA


def test_the_announcement_may_bring_the_first_piece_or_all_of_it(
    sender: Sender, upload: str
) -> None:
    first = sender.try_announce(upload, "b.jpg", len(DATA), DATA[:100])
    assert (first.status_code, first.headers["Upload-Offset"]) == (201, "100")
    whole = sender.try_announce(upload, "c.jpg", len(DATA), DATA)
    assert (whole.status_code, whole.headers["Upload-Offset"]) == (201, str(len(DATA)))


def test_an_announcement_whose_answer_was_lost_finds_what_it_made(
    sender: Sender, upload: str
) -> None:
    first = sender.try_announce(upload, "b.jpg", len(DATA), DATA[:100])
    again = sender.try_announce(upload, "b.jpg", len(DATA), DATA[:100])
    assert again.status_code == 201
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Upload-Offset"] == "100"
    assert len(sender.http.get(f"/api/uploads/{upload}").json()["announced"]) == 1


def test_a_piece_at_the_wrong_offset_is_refused_with_the_right_one(
    sender: Sender, place: str
) -> None:
    sender.patch(place, 0, DATA[:100])
    for wrong in (0, 99, 101, 5000):
        answer = sender.patch(place, wrong, DATA[wrong:])
        assert answer.status_code == 409
        assert answer.json()["where"]["offset"] == 100
    assert sender.offset(place) == 100


@pytest.mark.parametrize("version", [None, "0.2.2", "2.0.0"])
def test_another_version_is_refused_with_ours(
    sender: Sender, upload: str, place: str, version: str | None
) -> None:
    headers = {} if version is None else {"Tus-Resumable": version}
    for method, path in (
        ("POST", f"/api/uploads/{upload}/files"),
        ("HEAD", place),
        ("PATCH", place),
        ("DELETE", place),
    ):
        answer = sender.http.request(method, path, headers=headers)
        assert answer.status_code == 412, method
        assert answer.headers["Tus-Version"] == "1.0.0"
        assert answer.headers["Tus-Resumable"] == "1.0.0"


def test_a_body_of_another_kind_is_refused(sender: Sender, upload: str, place: str) -> None:
    headers = {"Content-Type": "application/octet-stream"}
    assert sender.patch(place, 0, DATA, **headers).status_code == 415
    announced = {**TUS, **headers, **metadata(filename="x.jpg"), "Upload-Length": "4"}
    answer = sender.http.post(f"/api/uploads/{upload}/files", headers=announced, content=b"1234")
    assert answer.status_code == 415


@pytest.mark.parametrize(
    ("headers", "named"),
    [
        ({"Upload-Length": ""}, "Upload-Length"),
        ({"Upload-Length": "-1"}, "Upload-Length"),
        ({"Upload-Length": "1e3"}, "Upload-Length"),
        ({"Upload-Length": "9" * 40}, "Upload-Length"),
        ({"Upload-Defer-Length": "1"}, "Upload-Length"),
        ({"Upload-Metadata": ""}, "filename"),
        ({"Upload-Metadata": "filename"}, "filename"),
        ({"Upload-Metadata": "filename %%%"}, "base64"),
        ({"Upload-Metadata": f"filename {in_base64(bytes([255]))}"}, "base64"),
        ({"Upload-Metadata": f"filename {in_base64('a')},filename {in_base64('b')}"}, "twice"),
        ({"Upload-Metadata": f"filename {in_base64('a' * 9000)}"}, "longer"),
        (metadata(filename="a", sha256="abc"), "sha256"),
    ],
    ids=str,
)
def test_an_announcement_that_cannot_be_understood_names_its_header(
    sender: Sender, upload: str, headers: dict[str, str], named: str
) -> None:
    whole = {**TUS, "Upload-Length": "4", **metadata(filename="a.jpg"), **headers}
    answer = sender.http.post(f"/api/uploads/{upload}/files", headers=whole)
    assert answer.status_code == 400
    assert named in answer.json()["detail"]
    assert sender.http.get(f"/api/uploads/{upload}").json()["announced"] == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Upload-Offset": "x"},
        {"Upload-Offset": "-1"},
        {"Upload-Checksum": "crc99 AAAA"},
        {"Upload-Checksum": "sha1 %%"},
        {"Upload-Checksum": ""},
    ],
    ids=str,
)
def test_a_piece_that_cannot_be_understood_is_refused(
    sender: Sender, place: str, headers: dict[str, str]
) -> None:
    assert sender.patch(place, 0, DATA, **headers).status_code == 400
    assert sender.offset(place) == 0


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
def test_a_piece_that_arrived_changed_is_not_kept_and_may_come_again(
    house: House, sender: Sender, place: str, algorithm: str
) -> None:
    right = checksum(DATA[:3000], algorithm)
    changed = sender.patch(place, 0, DATA[:2999] + b"?", **right)
    assert changed.status_code == 460
    assert algorithm in changed.json()["detail"]
    assert sender.offset(place) == 0
    assert sender.patch(place, 0, DATA[:3000], **right).status_code == 204
    assert part(house, place).read_bytes() == DATA[:3000]


def test_a_file_whose_hash_was_told_is_whole_only_when_the_hash_is_right(
    sender: Sender, upload: str
) -> None:
    told = hashlib.sha256(DATA).hexdigest()
    place = sender.announce(upload, "told.jpg", len(DATA), sha256=told)
    assert sender.patch(place, 0, DATA[:5000]).status_code == 204
    wrong = sender.patch(place, 5000, DATA[5000:-1] + b"?")
    assert wrong.status_code == 460
    assert "'told.jpg'" in wrong.json()["detail"]
    assert sender.offset(place) == 0
    assert sender.patch(place, 0, DATA).status_code == 204
    empty = sender.try_announce(upload, "empty.jpg", 0, sha256=told)
    assert empty.status_code == 460


def test_more_than_was_announced_is_refused_however_it_comes(
    house: House, sender: Sender, place: str
) -> None:
    def unannounced() -> Iterator[bytes]:
        yield DATA
        yield b"more"

    assert sender.patch(place, 0, DATA + b"more").status_code == 413
    assert sender.patch(place, 0, unannounced()).status_code == 413
    assert sender.offset(place) == 0
    assert sender.patch(place, 0, DATA).status_code == 204
    assert sender.patch(place, len(DATA), b"more").status_code == 413
    assert part(house, place).read_bytes() == DATA


def test_a_file_over_the_limit_is_refused_and_the_setting_named(
    sender: Sender, upload: str
) -> None:
    answer = sender.try_announce(upload, "large.zip", 1_000_001)
    assert answer.status_code == 413
    assert "DERMASCAN_MAX_FILE_BYTES" in answer.json()["detail"]


def test_while_a_piece_arrives_another_one_waits(
    house: House, sender: Sender, upload: str, place: str
) -> None:
    files: BasketFiles = house.app.state.services.basket_files
    with files.piece(LOCAL_RESEARCHER, upload, place.rsplit("/", 1)[1], offset=0):
        assert sender.patch(place, 0, DATA).status_code == 423
        assert sender.http.delete(place, headers=TUS).status_code == 423
        assert sender.try_announce(upload, "a.jpg", len(DATA)).status_code == 423
        assert sender.offset(place) == 0
    assert sender.patch(place, 0, DATA).status_code == 204


def test_of_many_pieces_that_race_for_one_offset_exactly_one_wins(
    house: House, sender: Sender, place: str
) -> None:
    def race(number: int) -> int:
        return Sender(house.another_here()).patch(place, 0, bytes([number]) * 5000).status_code

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(race, range(6)))
    assert answers.count(204) == 1
    assert set(answers) <= {204, 409, 423}
    assert sender.offset(place) == 5000
    winner = answers.index(204)
    assert part(house, place).read_bytes() == bytes([winner]) * 5000


def test_a_file_that_is_taken_back_is_gone_and_its_room_free(
    house: House, sender: Sender, upload: str, place: str
) -> None:
    sender.patch(place, 0, DATA[:100])
    assert sender.http.delete(place, headers=TUS).status_code == 204
    assert not part(house, place).exists()
    for answer in (
        sender.http.head(place, headers=TUS),
        sender.patch(place, 100, DATA[100:]),
        sender.http.delete(place, headers=TUS),
    ):
        assert answer.status_code == 404
    shown = sender.http.get(f"/api/uploads/{upload}").json()
    assert (shown["files_arrived"], shown["bytes_arrived"], shown["announced"]) == (0, 0, [])


@pytest.mark.parametrize("bad", ["nothing", "0" * 32, "%2e%2e", "a.log", "é"])
def test_what_is_not_there_is_not_found(sender: Sender, upload: str, bad: str) -> None:
    assert sender.http.head(f"/api/uploads/{upload}/files/{bad}", headers=TUS).status_code == 404
    assert sender.patch(f"/api/uploads/{upload}/files/{bad}", 0, b"x").status_code == 404
    assert sender.try_announce(bad, "a.jpg", 4).status_code == 404
    assert sender.http.get(f"/api/uploads/{bad}").status_code == 404


def test_a_proxy_that_lets_only_post_through_does_not_stop_an_upload(
    sender: Sender, place: str
) -> None:
    def posted(method: str, **headers: str) -> httpx.Response:
        override = {**TUS, **headers, "X-HTTP-Method-Override": method}
        return sender.http.post(place, headers=override, content=DATA if headers else b"")

    assert posted("PATCH", **PIECE, **{"Upload-Offset": "0"}).status_code == 204
    assert sender.offset(place) == len(DATA)
    assert posted("DELETE").status_code == 204


def test_a_page_of_another_site_can_send_nothing(sender: Sender, upload: str, place: str) -> None:
    foreign = {"Origin": "https://evil.example"}
    assert sender.patch(place, 0, DATA, **foreign).status_code == 403
    assert sender.http.delete(place, headers={**TUS, **foreign}).status_code == 403
    assert sender.http.delete(f"/api/uploads/{upload}", headers=foreign).status_code == 403
    assert sender.offset(place) == 0
