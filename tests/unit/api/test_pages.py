"""The built page is served whole, and an address of the page is never taken for the API's."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from server.api.errors import install_error_handlers
from server.api.pages import page_router

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    return tmp_path / "dist"


@pytest.fixture
def browser(dist: Path) -> TestClient:
    app = FastAPI()
    install_error_handlers(app)

    @app.get("/api/thing")
    def thing() -> dict[str, int]:
        raise RuntimeError("a secret in a traceback")

    app.include_router(page_router(dist))
    return TestClient(app, raise_server_exceptions=False)


def _build(dist: Path) -> None:
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text("<p>page</p>", encoding="utf-8")
    (dist / "favicon.svg").write_text("<svg/>", encoding="utf-8")
    (dist / "assets" / "app-1a2b.js").write_text("1", encoding="utf-8")
    (dist.parent / "secret.txt").write_text("hidden words", encoding="utf-8")


def test_without_a_built_page_it_says_how_to_build_one(browser: TestClient) -> None:
    answer = browser.get("/")
    assert answer.status_code == 200
    assert "npm run build" in answer.text


def test_every_address_of_the_page_gets_the_page_and_asks_for_it_anew(
    browser: TestClient, dist: Path
) -> None:
    _build(dist)
    for path in ("/", "/jobs/a1b2c3d4", "/apiary", "/deep/er/page"):
        answer = browser.get(path)
        assert answer.text == "<p>page</p>"
        assert answer.headers["cache-control"] == "no-cache"


def test_assets_are_kept_for_ever_and_a_missing_one_is_not_the_page(
    browser: TestClient, dist: Path
) -> None:
    _build(dist)
    found = browser.get("/assets/app-1a2b.js")
    assert "immutable" in found.headers["cache-control"]
    assert "javascript" in found.headers["content-type"]
    assert browser.get("/assets/old.js").status_code == 404
    assert browser.get("/favicon.svg").text == "<svg/>"


@pytest.mark.parametrize(
    "path", ["/../secret.txt", "/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt", "/%00"]
)
def test_nothing_outside_the_built_page_is_served(
    browser: TestClient, dist: Path, path: str
) -> None:
    _build(dist)
    assert "hidden words" not in browser.get(path).text


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nowhere", "/api/nowhere/deeper"])
def test_an_unknown_path_of_the_api_is_refused_as_json(browser: TestClient, path: str) -> None:
    for answer in (browser.get(path), browser.post(path)):
        assert answer.status_code == 404
        assert answer.json()["code"] == "not_found"


def test_an_unexpected_error_shows_no_traceback(browser: TestClient) -> None:
    answer = browser.get("/api/thing")
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal_error"
    assert "secret" not in answer.text


def test_scripts_travel_compressed_to_whoever_takes_that(browser: TestClient, dist: Path) -> None:
    _build(dist)
    script = dist / "assets" / "app-1a2b.js"
    for content in ("let a = 1;" * 100, "let b = 2;" * 100):
        script.write_text(content, encoding="utf-8")
        for accepted, encoding in (("gzip", "gzip"), ("identity", None)):
            answer = browser.get("/assets/app-1a2b.js", headers={"Accept-Encoding": accepted})
            assert answer.text == content
            assert answer.headers.get("content-encoding") == encoding
            assert "javascript" in answer.headers["content-type"]
