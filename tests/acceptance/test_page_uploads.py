"""A large upload in a real Chromium: reloaded, cut off, paused, discarded."""

from __future__ import annotations

import io
import os
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page, Request, expect

from tests.acceptance.drawings import csv_and_images
from tests.acceptance.running_server import RunningServer
from tests.acceptance.test_the_page import _look, browser, complaints, page

pytestmark = [pytest.mark.browser, pytest.mark.slow]
__all__ = ["browser", "complaints", "page"]  # fixtures under their own names

MB = 1_000_000
PIECE = 8 * 1024**2
GONE = re.compile("net::ERR_|status of 423")  # what a browser says while nobody answers
CHOOSE = "input[type=file]:not([webkitdirectory])"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A zip of drawn lesions that is three pieces long."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as written:
        for name, content in csv_and_images(lesions=4, views=1):
            written.writestr(name, content)
        written.writestr("notes.txt", os.urandom(22 * MB))
    path = tmp_path / "Lesions.zip"
    path.write_bytes(buffer.getvalue())
    return path


def _slow(page: Page, bytes_a_second: float) -> CDPSession:
    """The network of a place where uploads take their time; -1 = as fast as it goes."""
    session = page.context.new_cdp_session(page)
    _speed(session, bytes_a_second)
    return session


def _speed(session: CDPSession, bytes_a_second: float, *, offline: bool = False) -> None:
    session.send(
        "Network.emulateNetworkConditions",
        {
            "offline": offline,
            "latency": 0,
            "downloadThroughput": -1,
            "uploadThroughput": bytes_a_second,
        },
    )


def _unfinished(server: RunningServer) -> dict[str, Any]:
    (upload,) = server.http.get("/api/uploads").json()["uploads"]
    return dict(upload)


def _wait(page: Page, fact: Callable[[], bool]) -> None:
    for _ in range(600):
        if fact():
            return
        page.wait_for_timeout(100)
    raise AssertionError("it did not come to that in a minute")


def _begin(page: Page, archive: Path) -> None:
    page.goto("/datasets")
    page.locator(CHOOSE).set_input_files(archive)
    expect(page.get_by_label("Dataset name")).to_have_value("Lesions")
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_text("Uploading Lesions…")).to_be_visible()


def _until_a_piece_has_arrived(page: Page, server: RunningServer) -> None:
    def arrived() -> bool:
        uploads = server.http.get("/api/uploads").json()["uploads"]
        return any(each["bytes_arrived"] >= PIECE for each in uploads)

    _wait(page, arrived)


def test_an_upload_goes_on_after_the_page_was_reloaded_in_the_middle(
    page: Page, server: RunningServer, archive: Path
) -> None:
    network = _slow(page, 6 * MB)
    _begin(page, archive)
    _until_a_piece_has_arrived(page, server)
    _look(page, "11-uploading")
    page.reload()
    expect(page.get_by_role("heading", name="Unfinished uploads")).to_be_visible()
    arrived = _unfinished(server)["bytes_arrived"]
    assert PIECE <= arrived < archive.stat().st_size
    _look(page, "12-unfinished")

    _speed(network, -1)
    pieces: list[Request] = []
    page.on("request", lambda each: pieces.append(each) if each.method == "PATCH" else None)
    page.locator(CHOOSE).set_input_files(archive)
    expect(page.get_by_text("Going on with an upload of Lesions from")).to_be_visible()
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_role("heading", name="Lesions", exact=True)).to_be_visible(timeout=60_000)
    expect(page.get_by_text("melanoma", exact=True).first).to_be_visible()
    offsets = [int(piece.headers["upload-offset"]) for piece in pieces]
    assert offsets
    assert min(offsets) == arrived, "what had arrived was sent again"
    assert server.http.get("/api/datasets/Lesions").json()["images"] == 12
    assert server.http.get("/api/uploads").json()["uploads"] == []


def test_while_the_network_is_gone_the_upload_waits_and_then_goes_on_by_itself(
    page: Page, server: RunningServer, archive: Path, complaints: list[str]
) -> None:
    network = _slow(page, 6 * MB)
    _begin(page, archive)
    _until_a_piece_has_arrived(page, server)
    _speed(network, -1, offline=True)
    expect(page.get_by_text("The connection is gone.")).to_be_visible(timeout=30_000)
    expect(page.get_by_text(re.compile(r"(8\.4|16\.8) MB of .* waiting"))).to_be_visible()
    _look(page, "13-waiting")
    _speed(network, -1)
    expect(page.get_by_role("heading", name="Lesions", exact=True)).to_be_visible(timeout=90_000)
    complaints[:] = [each for each in complaints if not GONE.search(each)]


def test_an_upload_goes_on_after_the_server_was_killed(
    page: Page, server: RunningServer, archive: Path, complaints: list[str]
) -> None:
    _slow(page, 6 * MB)
    _begin(page, archive)
    _until_a_piece_has_arrived(page, server)
    server.kill_9()
    expect(page.get_by_text("The connection is gone.")).to_be_visible(timeout=30_000)
    server.start()
    expect(page.get_by_role("heading", name="Lesions", exact=True)).to_be_visible(timeout=90_000)
    complaints[:] = [each for each in complaints if not GONE.search(each)]


def test_an_upload_is_paused_gone_on_with_cancelled_and_leaves_nothing(
    page: Page, server: RunningServer, archive: Path
) -> None:
    network = _slow(page, 3 * MB)
    _begin(page, archive)
    _wait(page, lambda: bool(server.http.get("/api/uploads").json()["uploads"]))
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text(", paused")).to_be_visible()
    page.get_by_role("button", name="Go on", exact=True).click()
    expect(page.get_by_text(re.compile("/s, (about|less)"))).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_role("button", name="Cancel the upload").click()
    expect(page.get_by_role("button", name="Choose files")).to_be_visible()
    _wait(page, lambda: server.http.get("/api/uploads").json()["uploads"] == [])
    folder = server.home / "data" / ".unfinished"
    _wait(page, lambda: list(folder.iterdir()) == [])
    _speed(network, -1)


def test_an_unfinished_upload_asks_for_its_files_and_can_be_discarded(
    page: Page, server: RunningServer, archive: Path
) -> None:
    _slow(page, 6 * MB)
    _begin(page, archive)
    _until_a_piece_has_arrived(page, server)
    page.reload()
    page.get_by_role("button", name="Go on with the upload of Lesions").click()
    expect(page.get_by_text("Choose the same file again")).to_be_visible()
    page.locator(CHOOSE).set_input_files(
        {"name": "other.jpg", "mimeType": "image/jpeg", "buffer": b"x"}
    )
    expect(page.get_by_role("alert")).to_contain_text("These are not the files")
    page.get_by_role("button", name="Not now").click()
    page.get_by_role("button", name="Discard").click()
    page.get_by_role("button", name="Discard upload").click()
    expect(page.get_by_role("heading", name="Unfinished uploads")).not_to_be_visible()
    assert server.http.get("/api/uploads").json()["uploads"] == []
    assert list((server.home / "data" / ".unfinished").iterdir()) == []


def test_a_folder_of_many_files_goes_as_one_upload(
    page: Page, server: RunningServer, tmp_path: Path
) -> None:
    folder = tmp_path / "My set"
    for name, content in csv_and_images(lesions=10, views=2):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    page.goto("/datasets")
    page.locator("input[webkitdirectory]").set_input_files(folder)
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_role("heading", name="My_set", exact=True)).to_be_visible(timeout=60_000)
    assert server.http.get("/api/datasets/My_set").json()["images"] == 60
