"""Comparing models over HTTP, and the files of a report: the real program, the real server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.integration.house import House, open_house
from tests.integration.model_drawer import put_model
from tests.integration.report_drawer import put_report


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    home = tmp_path_factory.mktemp("a home with spaces")
    with open_house(home) as opened:
        models = opened.home / "models"
        for name, content in MODELS.items():
            put_model(models, name)
            if content is not None:
                put_report(models, name, **content)
        put_model(models, "damaged")
        (models / "damaged_report.json").write_text("{", "utf-8")
        (models / "good_report.html").write_text("<!doctype html><h1>Report</h1>", "utf-8")
        yield opened


MODELS: dict[str, dict[str, Any] | None] = {
    "good": {"skill": 4},
    "bad": {"skill": 0, "seed": 1, "epochs": 3},
    "elsewhere": {"tested": range(40, 80), "trained": range(40)},
    "before-reports": None,
}


def ask(house: House, a: str, b: str) -> httpx.Response:
    answer: httpx.Response = house.here.get("/api/compare-models", params={"a": a, "b": b})
    return answer


def test_the_better_model_is_named_with_figures_intervals_and_what_differs(house: House) -> None:
    body = ask(house, "good", "bad").json()
    assert body["sentence"].startswith("good has the higher balanced accuracy on the 40 lesions")
    assert (body["better"], body["lesions"], body["images"]) == ("a", 40, 80)
    assert body["models"] == {"a": ["good"], "b": ["bad"]}
    assert [each["figure"] for each in body["sensitivities"]] == ["bkl", "mel", "nv"]
    assert body["settings"] == [{"name": "epochs", "a": ["30"], "b": ["3"]}]
    assert body["mcnemar"]["p"] < 0.01


def test_a_model_and_itself_show_no_difference(house: House) -> None:
    body = ask(house, "good", "good").json()
    assert body["sentence"].startswith("No difference shown")
    assert {each["difference"] for each in body["figures"]} == {0.0}


def test_the_same_question_has_the_same_answer(house: House) -> None:
    assert ask(house, "bad", "good").json() == ask(house, "bad", "good").json()


@pytest.mark.parametrize(
    ("other", "status", "sentence"),
    [
        ("before-reports", 404, "has no report, because an older version trained it"),
        ("nowhere", 404, "There is no model 'nowhere'"),
        ("elsewhere", 422, "elsewhere was trained on or chosen by 40 lesions"),
        ("damaged", 422, "is not a report"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_one_sentence(
    house: House, other: str, status: int, sentence: str
) -> None:
    answer = ask(house, "good", other)
    assert answer.status_code == status
    assert sentence in answer.json()["detail"]


def test_both_sides_must_be_named(house: House) -> None:
    answer = house.here.get("/api/compare-models", params={"a": "good"})
    assert answer.status_code == 422
    assert "b is missing" in answer.json()["detail"]


def test_a_model_says_what_its_report_shows_and_nothing_of_single_images(house: House) -> None:
    body = house.here.get("/api/models/good").json()
    assert body["report"]["headline"]["accuracy"] == {"value": 0.7, "low": 0.6, "high": 0.8}
    assert {"test_answers", "recipe"}.isdisjoint(body["report"])
    assert body["report_url"] == "/api/models/good/report"
    assert {"report", "report_html"} <= {each["kind"] for each in body["files"]}


@pytest.mark.parametrize("name", ["before-reports", "damaged"])
def test_a_model_without_a_readable_report_keeps_showing_what_it_has(
    house: House, name: str
) -> None:
    body = house.here.get(f"/api/models/{name}").json()
    assert (body["report"], body["report_url"]) == (None, None)
    assert body["headline"]["accuracy"] == 0.8


def test_the_list_says_which_models_can_be_compared(house: House) -> None:
    lines = house.here.get("/api/models").json()["models"]
    assert {line["name"]: line["has_report"] for line in lines}["before-reports"] is False
    assert {line["name"]: line["has_report"] for line in lines}["good"] is True


def test_the_reports_page_is_shown_inline_in_a_sandbox_that_runs_nothing(house: House) -> None:
    answer = house.here.get("/api/models/good/report")
    assert answer.text == "<!doctype html><h1>Report</h1>"
    assert answer.headers["content-type"].startswith("text/html")
    assert "attachment" not in answer.headers.get("content-disposition", "")
    policy = [part.strip() for part in answer.headers["content-security-policy"].split(";")]
    assert {"default-src 'none'", "sandbox", "frame-ancestors 'self'"} <= set(policy)
    assert not any(part.startswith("script-src") for part in policy)
    assert house.here.get("/api/models/bad/report").status_code == 404


def test_strangers_are_shown_no_report(house: House) -> None:
    afar = house.from_afar()
    for path in ("/api/models/good/report", "/api/compare-models?a=good&b=bad"):
        assert afar.get(path).status_code == 401
