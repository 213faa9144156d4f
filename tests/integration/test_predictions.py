"""``POST /api/predict``: an image as a form or as text in JSON; a model named, or the newest."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.integration.house import House, open_house
from tests.integration.model_drawer import put_model

LIGHT, DARK = 204, 51


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with open_house(tmp_path / "derma scan") as opened:
        yield opened


def png(grey: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), (grey, grey, grey)).save(buffer, "PNG")
    return buffer.getvalue()


def as_form(house: House, image: bytes, **query: str) -> httpx.Response:
    answer: httpx.Response = house.here.post(
        "/api/predict", params=query, files=[("image", ("photo.png", image))]
    )
    return answer


def as_json(house: House, body: Any, **query: str) -> httpx.Response:
    answer: httpx.Response = house.here.post("/api/predict", params=query, json=body)
    return answer


def in_text(image: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(image).decode()


def put_report(house: House, name: str, point: dict[str, Any] | str) -> None:
    report = {"format": 1, "operating_point": point}
    path = house.home / "models" / f"{name}_report.json"
    path.write_text(json.dumps(report), "utf-8")


def test_without_a_model_it_says_that_there_is_none(house: House) -> None:
    for answer in (as_form(house, png(LIGHT)), as_json(house, {"image": in_text(png(LIGHT))})):
        assert answer.status_code == 404
        assert "There is no trained model yet" in answer.json()["detail"]


def test_a_form_and_json_give_the_same_answer(house: House) -> None:
    put_model(house.home / "models", "only")
    form = as_form(house, png(LIGHT)).raise_for_status().json()
    assert form["model_name"] == "only"
    assert form["malignancy"] is None
    assert [each["label"] for each in form["probabilities"]] == ["light", "dark"]
    assert form["probabilities"][0]["probability"] == pytest.approx(LIGHT / 255, abs=1e-4)
    assert "not a medical device" in form["notice"]
    for text in (in_text(png(LIGHT)), base64.b64encode(png(LIGHT)).decode()):
        told = as_json(house, {"image": text}).raise_for_status().json()
        assert told | {"milliseconds": 0} == form | {"milliseconds": 0}


def test_the_newest_model_answers_unless_one_is_named(house: House) -> None:
    models = house.home / "models"
    put_model(models, "older", created_at="2025-01-01T00:00:00+00:00")
    put_model(models, "newer", created_at="2026-01-01T00:00:00+00:00")
    assert as_form(house, png(DARK)).json()["model_name"] == "newer"
    assert as_form(house, png(DARK), model="older").json()["model_name"] == "older"
    body = {"image": in_text(png(DARK))}
    assert as_json(house, body, model="older").json()["model_name"] == "older"
    assert as_json(house, body, model="gone").status_code == 404


def test_the_threshold_of_the_report_decides_what_is_suspicious(house: House) -> None:
    put_model(house.home / "models", "only")
    share = {"value": 0.9, "low": 0.8, "high": 1.0}
    put_report(
        house,
        "only",
        {
            "malignant_classes": ["dark"],
            "threshold": 0.5,
            "wanted_sensitivity": 0.95,
            "test": {"sensitivity": share, "specificity": share},
        },
    )
    dark = as_form(house, png(DARK)).json()["malignancy"]
    assert dark["suspicious"]
    assert dark["score"] == pytest.approx(1 - DARK / 255, abs=1e-4)
    assert (dark["threshold"], dark["classes"]) == (0.5, ["dark"])
    assert (dark["sensitivity"], dark["specificity"]) == (0.9, 0.9)
    assert not as_form(house, png(LIGHT)).json()["malignancy"]["suspicious"]


def test_a_model_without_a_threshold_says_nothing_of_malignancy(house: House) -> None:
    put_model(house.home / "models", "only")
    put_report(house, "only", "No class is known to be malignant.")
    assert as_form(house, png(DARK)).json()["malignancy"] is None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "no JSON object with the image as text"),
        ({"image": 5}, "no JSON object with the image as text"),
        ([], "no JSON object with the image as text"),
        ({"image": ""}, "No image was sent"),
        ({"image": "data:image/png;base64,"}, "No image was sent"),
        ({"image": "https://example.org,photo.png"}, "encode its bytes as base64"),
        ({"image": "data:image/png;base64,@@@"}, "base64 is damaged"),
        ({"image": base64.b64encode(b"no picture").decode()}, "image"),
    ],
    ids=str,
)
def test_json_that_holds_no_image_is_refused_in_a_sentence(
    house: House, body: Any, said: str
) -> None:
    put_model(house.home / "models", "only")
    answer = as_json(house, body)
    assert answer.status_code == 422
    assert said in answer.json()["detail"]


def test_json_over_the_limit_is_refused_with_the_setting(tmp_path: Path) -> None:
    with open_house(tmp_path, max_image_bytes=5000) as house:
        put_model(house.home / "models", "only")
        answer = as_json(house, {"image": "A" * 300_000})
        assert answer.status_code == 413
        assert "DERMASCAN_MAX_IMAGE_BYTES" in answer.json()["detail"]
