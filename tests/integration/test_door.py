"""Who may come in: an unclaimed server serves its own computer, a claimed one its accounts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from fastapi.routing import APIRoute
from sqlalchemy import text

from server.store.database import Database
from tests.integration.house import PASSWORD, House, open_house

CLAIM = {"name": "Ada", "password": PASSWORD}
CLINICIANS_ROUTES = {
    ("GET", "presets"),
    ("GET", "training-options"),
    ("GET", "jobs"),
    ("GET", "job/nothing"),
    ("GET", "job/nothing/status"),
    ("GET", "job/nothing/history"),
    ("GET", "job/nothing/log"),
    ("GET", "job/nothing/events"),
    ("GET", "models"),
    ("GET", "models/nothing"),
    ("GET", "models/nothing/report"),
    ("GET", "models/nothing/files/nothing"),
    ("GET", "compare-models"),
    ("POST", "predict"),
    ("POST", "models/nothing/predict"),
}
"""What reads models and predicts; every new route is a researcher's unless it stands here."""
OPEN_ROUTES = {"/api/health", "/api/session", "/api/claim"}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with open_house(tmp_path / "home") as opened:
        yield opened


@pytest.fixture(scope="module")
def unclaimed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One house for the tests that change nothing in it."""
    with open_house(tmp_path_factory.mktemp("unclaimed")) as opened:
        yield opened


def _routes(house: House) -> list[tuple[str, str]]:
    """Every guarded method and path of the API, with its parameters filled in."""
    # what was not drawn is refused at once, so that nobody waits for a sample set to be drawn
    (house.home / "data" / "Sample").mkdir(exist_ok=True)
    found = []
    for path, operations in house.app.openapi()["paths"].items():
        if path.startswith("/api/") and path not in OPEN_ROUTES:
            filled = re.sub(r"\{[^}]+\}", "nothing", path)
            found += [(method.upper(), filled) for method in operations]
    assert len(found) > 10
    return found


def test_no_route_escapes_the_description_that_the_matrix_is_made_of(unclaimed: House) -> None:
    described = set(unclaimed.app.openapi()["paths"])
    real = {
        route.path
        for route in unclaimed.app.routes
        if isinstance(route, APIRoute) and route.path.startswith("/api")
    }
    assert real - {"/api/{path:path}"} <= described


def test_unclaimed_every_route_serves_this_computer_and_no_other(unclaimed: House) -> None:
    for method, path in _routes(unclaimed):
        assert unclaimed.here.request(method, path).status_code not in (401, 403), path
        answer = unclaimed.from_afar().request(method, path)
        assert answer.status_code == 401, f"{method} {path}: {answer.text}"
        assert method == "HEAD" or "claim" in answer.json()["detail"]


@pytest.mark.fault(15, "every route without, and with, a session", "no way around")
def test_claimed_every_route_serves_who_is_signed_in_and_nobody_else(house: House) -> None:
    house.claim()
    for method, path in _routes(house):
        assert house.here.request(method, path).status_code not in (401, 403), path
        for stranger in (house.another_here(), house.from_afar()):
            answer = stranger.request(method, path)
            assert answer.status_code == 401, f"{method} {path}: {answer.text}"
            assert method == "HEAD" or answer.json()["detail"] == "Sign in first."


def test_the_session_of_another_computer_works_everywhere(house: House) -> None:
    house.claim()
    afar = house.from_afar()
    assert afar.post("/api/session", json=CLAIM).status_code == 200
    assert afar.get("/api/models").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"X-Real-IP": "127.0.0.1"},
        {"Host": "evil.example:8000"},
        {"Host": "localhost.evil.example"},
        {"Host": "127.0.0.1.evil.example:8000"},
        {"Host": "localhost@evil.example"},
        {"Host": "[::1"},
        {"Host": ""},
    ],
    ids=str,
)
def test_a_proxy_or_a_foreign_host_name_is_not_this_computer(
    unclaimed: House, headers: dict[str, str]
) -> None:
    assert unclaimed.here.get("/api/models", headers=headers).status_code == 401
    assert unclaimed.here.get("/api/session", headers=headers).json()["local"] is False


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:5173", "[::1]:8000", "LOCALHOST:8000"])
def test_this_computer_may_be_called_by_each_of_its_names(unclaimed: House, host: str) -> None:
    assert unclaimed.here.get("/api/models", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_every_loopback_address_is_this_computer(unclaimed: House, peer: str) -> None:
    browser = unclaimed.from_afar(peer)
    assert browser.get("/api/models", headers={"Host": "localhost"}).status_code == 200


def test_claiming_closes_the_door_for_good_even_across_a_restart(tmp_path: Path) -> None:
    with open_house(tmp_path) as house:
        house.claim()
        assert house.another_here().get("/api/models").status_code == 401
    with open_house(tmp_path) as house:
        assert house.here.get("/api/models").status_code == 401
        assert house.here.post("/api/claim", json=CLAIM).status_code == 409
        assert not (tmp_path / "claim-code").exists()


def test_the_first_account_is_an_admin_who_may_do_research(house: House) -> None:
    house.claim("Ada Lovelace")
    session = house.here.get("/api/session").json()
    assert session["person"] == {"name": "Ada Lovelace", "role": "admin"}
    assert house.here.get("/api/datasets").status_code == 200


def test_from_another_computer_only_the_claim_code_claims(house: House) -> None:
    afar = house.from_afar()
    without = afar.post("/api/claim", json=CLAIM)
    assert without.status_code == 403
    assert "claim code" in without.json()["detail"]
    assert afar.post("/api/claim", json={**CLAIM, "claim_code": "0000"}).status_code == 403

    file = house.home / "claim-code"
    assert file.stat().st_mode & 0o077 == 0 or file.drive
    code = file.read_text("utf-8")
    claimed = afar.post("/api/claim", json={**CLAIM, "claim_code": code})
    assert claimed.status_code == 200, claimed.text
    assert afar.get("/api/models").status_code == 200
    assert not file.exists()


def test_of_many_claims_at_once_exactly_one_wins(house: House) -> None:
    def claim(number: int) -> int:
        browser = house.another_here()
        claimed = {"name": f"person {number}", "password": PASSWORD}
        return int(browser.post("/api/claim", json=claimed).status_code)

    with ThreadPoolExecutor(6) as pool:
        answers = sorted(pool.map(claim, range(6)))
    assert answers == [200, 409, 409, 409, 409, 409]


def test_the_cookie_is_kept_from_scripts_and_other_sites(house: House) -> None:
    plain = house.here.post("/api/claim", json=CLAIM).headers["set-cookie"]
    assert plain.startswith("dermascan=")
    assert "HttpOnly" in plain
    assert "SameSite=strict" in plain
    assert "Path=/" in plain

    secure = house.from_afar()
    secure.base_url = "https://lab-server"
    cookie = secure.post("/api/session", json=CLAIM).headers["set-cookie"]
    assert cookie.startswith("__Host-dermascan=")
    assert "Secure" in cookie
    assert "Domain" not in cookie


def test_the_database_holds_no_password_and_no_token(house: House) -> None:
    house.claim()
    token = house.here.cookies["dermascan"]
    stored = (house.home / "dermascan.db").read_bytes()
    assert token.encode() not in stored
    assert PASSWORD.encode() not in stored


def test_signing_out_ends_the_session_on_the_server_too(house: House) -> None:
    house.claim()
    token = house.here.cookies["dermascan"]
    answer = house.here.delete("/api/session")
    assert answer.json()["person"] is None
    thief = house.another_here()
    thief.cookies.set("dermascan", token)
    assert thief.get("/api/models").status_code == 401


def test_a_session_ends_after_its_time(house: House) -> None:
    house.claim()
    database = Database(f"sqlite:///{(house.home / 'dermascan.db').as_posix()}")
    with database.write() as connection:
        connection.execute(text("UPDATE sessions SET expires_at = '2020-01-01 00:00:00'"))
    database.close()
    assert house.here.get("/api/models").status_code == 401


def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(house: House) -> None:
    house.claim()
    wrong = [
        house.from_afar().post("/api/session", json={"name": name, "password": "wrong one"})
        for name in ("Ada", "nobody")
    ]
    assert [answer.status_code for answer in wrong] == [401, 401]
    assert wrong[0].json() == wrong[1].json()


@pytest.mark.fault(15, "passwords guessed for one name", "5 in five minutes")
def test_guessing_is_stopped_for_the_name_and_then_even_the_right_password_waits(
    house: House,
) -> None:
    house.claim()
    guesser = house.from_afar("10.6.6.6")
    guesses = [
        guesser.post("/api/session", json={"name": "ADA", "password": f"guess {number}"})
        for number in range(6)
    ]
    assert [answer.status_code for answer in guesses] == [401] * 5 + [429]
    assert 0 < int(guesses[-1].headers["Retry-After"]) <= 300
    assert "wait" in guesses[-1].json()["detail"]
    assert guesser.post("/api/session", json=CLAIM).status_code == 429


@pytest.mark.fault(15, "passwords guessed for many names", "20 from one computer, others unharmed")
def test_one_computer_cannot_try_many_names(house: House) -> None:
    house.claim()
    guesser = house.from_afar("10.6.6.6")
    answers = [
        guesser.post("/api/session", json={"name": f"name {number}", "password": "x"}).status_code
        for number in range(21)
    ]
    assert answers == [401] * 20 + [429]
    assert house.from_afar("10.7.7.7").post("/api/session", json=CLAIM).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:9999"},
        {"Origin": "http://[::1"},
        {"Origin": "//"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://localhost:8000", "Sec-Fetch-Site": "cross-site"},
    ],
    ids=str,
)
def test_a_change_asked_for_by_another_sites_page_is_refused(
    unclaimed: House, headers: dict[str, str]
) -> None:
    for method, path in [
        ("DELETE", "/api/models/nothing"),
        ("POST", "/api/claim"),
        ("POST", "/api/session"),
        ("DELETE", "/api/session"),
    ]:
        answer = unclaimed.here.request(method, path, headers=headers, json=CLAIM)
        assert answer.status_code == 403, f"{method} {path}: {answer.text}"
        assert "another site" in answer.json()["detail"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost:8000", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "http://localhost:5173", "Sec-Fetch-Site": "same-site"},
        {"Origin": "http://localhost:5173", "Host": "localhost:5173"},
        {"Sec-Fetch-Site": "none"},
    ],
    ids=str,
)
def test_curl_the_own_page_and_the_development_page_pass(
    unclaimed: House, headers: dict[str, str]
) -> None:
    assert unclaimed.here.delete("/api/models/nothing", headers=headers).status_code == 404


def test_the_state_of_the_door_is_told_to_everybody(house: House) -> None:
    afar = house.from_afar().get("/api/session").json()
    assert (afar["claimed"], afar["local"], afar["person"]) == (False, False, None)
    here = house.here.get("/api/session").json()
    assert (here["claimed"], here["local"]) == (False, True)
    assert here["person"]["role"] == "researcher"
    house.claim()
    assert house.another_here().get("/api/session").json()["message"] == "Sign in first."


@pytest.mark.parametrize(
    "bad",
    [
        {"name": "Ada", "password": "short"},
        {"name": "", "password": PASSWORD},
        {"name": " \t", "password": PASSWORD},
        {"name": "A\nB", "password": PASSWORD},
        {"name": "Ada", "password": "x" * 257},
    ],
    ids=str,
)
def test_a_bad_name_or_password_makes_no_account(unclaimed: House, bad: dict[str, str]) -> None:
    assert unclaimed.here.post("/api/claim", json=bad).status_code == 422
    assert unclaimed.here.get("/api/session").json()["claimed"] is False


@pytest.mark.fault(15, "every route as a clinician", "no way around")
def test_a_clinician_predicts_and_reads_models_but_changes_nothing(house: House) -> None:
    house.claim()
    database = Database(f"sqlite:///{(house.home / 'dermascan.db').as_posix()}")
    with database.write() as connection:
        connection.execute(text("UPDATE accounts SET role = 'clinician'"))
    database.close()
    served = set()
    for method, path in _routes(house):
        answer = house.here.request(method, path)
        assert answer.status_code != httpx.codes.UNAUTHORIZED, path
        if answer.status_code != httpx.codes.FORBIDDEN:
            served.add((method, path))
        elif method != "HEAD":
            assert "a researcher is needed" in answer.json()["detail"]
    assert served == {(method, f"/api/{path}") for method, path in CLINICIANS_ROUTES}
