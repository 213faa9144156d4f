"""Models: what is listed is really there, what is downloaded is the file, what is said is asked."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from server.domain.job import JobStatus
from server.domain.training_request import TrainingRequest
from server.store.database import Database
from server.store.jobs import JobRepository
from tests.integration.house import House, open_house
from tests.integration.model_drawer import put_model

NAME = "derma_mobilenetv2_20260102_030405"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with open_house(tmp_path / "home") as opened:
        put_model(opened.home / "models", NAME)
        yield opened


def names(house: House) -> list[str]:
    return [each["name"] for each in house.here.get("/api/models").json()["models"]]


def png(brightness: int, mode: str = "RGB") -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, (70, 50), brightness if mode == "L" else (brightness,) * 3).save(buffer, "PNG")
    return buffer.getvalue()


def ask(house: House, image: bytes, name: str = NAME, **more: Any) -> httpx.Response:
    answer: httpx.Response = house.here.post(
        f"/api/models/{name}/predict", files=[("image", ("photo.png", image))], **more
    )
    return answer


def test_a_line_of_the_list_says_what_the_metadata_says(house: House) -> None:
    (line,) = house.here.get("/api/models").json()["models"]
    assert line["name"] == NAME
    assert line["model_path"] == (house.home / "models" / f"{NAME}.h5").as_posix()
    assert line["classes"] == ["dark", "light"]
    assert line["headline"] == {
        "accuracy": 0.8,
        "balanced_accuracy": 0.7,
        "macro_f1": 0.6,
        "macro_auc": 0.9,
    }
    assert line["baseline"]["macro_auc"] is None
    assert (line["test_images"], line["test_lesions"]) == (10, 8)
    assert line["bytes"] == sum(path.stat().st_size for path in (house.home / "models").iterdir())


def test_the_newest_model_comes_first(house: House) -> None:
    models = house.home / "models"
    put_model(models, "older", created_at="2025-01-01T00:00:00+00:00")
    put_model(models, "newer", created_at="2027-01-01T00:00:00+00:00")
    assert names(house) == ["newer", NAME, "older"]


def test_a_model_names_the_version_of_its_dataset(house: House) -> None:
    put_model(house.home / "models", "versioned", data={"version": 3})
    models = house.here.get("/api/models").json()["models"]
    found = {each["name"]: each["dataset_version"] for each in models}
    assert found == {"versioned": 3, NAME: None}


def test_a_report_holds_the_metadata_whole_the_history_and_the_files(house: House) -> None:
    report = house.here.get(f"/api/models/{NAME}").json()
    stored = json.loads((house.home / "models" / f"{NAME}_metadata.json").read_text("utf-8"))
    assert report["metadata"] == stored
    assert report["first_line"] == stored["first_line"]
    assert [point["epoch"] for point in report["history"]] == [1, 2]
    assert {each["kind"] for each in report["files"]} == {"h5", "onnx", "metadata", "history"}


def test_every_file_is_downloaded_as_it_is_under_its_own_name(house: House) -> None:
    for file in house.here.get(f"/api/models/{NAME}").json()["files"]:
        answer = house.here.get(file["url"])
        assert answer.status_code == 200
        assert answer.content == (house.home / "models" / file["file"]).read_bytes()
        assert len(answer.content) == file["bytes"]
        assert f'filename="{file["file"]}"' in answer.headers["content-disposition"]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"{}", b"\xff\xfe", b"[" * 100_000],
    ids=lambda content: repr(content[:10]),
)
def test_broken_metadata_is_left_out_and_never_an_error(house: House, content: bytes) -> None:
    (house.home / "models" / "broken_metadata.json").write_bytes(content)
    assert names(house) == [NAME]
    assert house.here.get("/api/models/broken").status_code == 404


@pytest.mark.parametrize("key", ["metrics", "split", "created_at", "classes", "weights"])
def test_metadata_that_lacks_something_is_left_out_too(house: House, key: str) -> None:
    put_model(house.home / "models", "lacking", **{key: "nonsense"})
    assert names(house) == [NAME]


def test_a_figure_that_is_no_number_becomes_none_in_the_report(house: House) -> None:
    put_model(house.home / "models", "nan", extra=float("nan"))
    assert house.here.get("/api/models/nan").json()["metadata"]["extra"] is None


def test_a_model_whose_job_does_not_name_it_is_not_there(house: House) -> None:
    database = Database(f"sqlite:///{(house.home / 'dermascan.db').as_posix()}")
    job = JobRepository(database).add(
        TrainingRequest("HAM10000"), weights_sentence=None, owner="test"
    )
    put_model(house.home / "models", "half-done", job_id=job.id)
    put_model(house.home / "models", "from-elsewhere", job_id="00000000")
    assert job.status is JobStatus.QUEUED
    assert sorted(names(house)) == sorted([NAME, "from-elsewhere"])
    assert house.here.get("/api/models/half-done/files/h5").status_code == 404
    database.close()


@pytest.mark.parametrize(
    "path",
    [
        "nothing", "..", "%2e%2e", "..%2f..%2fdermascan.db", ".hidden", "a%00b",
        f"{NAME}/files/pickle", f"{NAME}/files/..%2f..%2fdermascan.db", f"{NAME}.h5",
        f"..%2fmodels%2f{NAME}", f"{NAME}/files/h5%2f..%2fonnx",
    ],
)  # fmt: skip
def test_no_path_leads_to_another_file(house: House, path: str) -> None:
    (house.home / "models" / ".hidden_metadata.json").write_text("{}")
    answer = house.here.get(f"/api/models/{path}")
    assert answer.status_code in (404, 405), answer.text
    assert "detail" in answer.json()


def test_an_unknown_kind_of_file_is_refused_with_the_known_ones(house: House) -> None:
    answer = house.here.get(f"/api/models/{NAME}/files/pickle")
    assert answer.status_code == 404
    assert "choose one of h5, onnx, metadata, history" in answer.json()["detail"]


def test_deleting_removes_every_file_and_nothing_else(house: House) -> None:
    put_model(house.home / "models", f"{NAME}_2")
    answer = house.here.delete(f"/api/models/{NAME}")
    assert answer.status_code == 200
    assert names(house) == [f"{NAME}_2"]
    left = {path.name for path in (house.home / "models").iterdir()}
    assert left == {
        f"{NAME}_2{ending}" for ending in (".h5", ".onnx", "_metadata.json", "_history.json")
    }
    assert house.here.delete(f"/api/models/{NAME}").status_code == 404


def test_the_job_of_a_deleted_model_names_it_no_longer(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{(tmp_path / 'dermascan.db').as_posix()}")
    database.migrate()
    jobs = JobRepository(database)
    jobs.add(TrainingRequest("HAM10000"), weights_sentence=None, owner="test")
    job = jobs.claim_next("test", timedelta(seconds=30))
    assert job is not None
    jobs.finish(job.id, job.token, NAME)
    database.close()
    put_model(tmp_path / "models", NAME, job_id=job.id)
    put_model(tmp_path / "models", "from-elsewhere", job_id="00000000")
    with open_house(tmp_path) as house:
        assert house.here.get(f"/api/job/{job.id}").json()["model_name"] == NAME
        for name in (NAME, "from-elsewhere"):
            assert house.here.delete(f"/api/models/{name}").status_code == 200
        detail = house.here.get(f"/api/job/{job.id}").json()
        assert (detail["status"], detail["model_name"]) == ("completed", None)
        assert detail["model_path"] is None
        assert house.here.get(f"/api/job/{job.id}/status").json()["model_path"] is None
        mirror = json.loads((tmp_path / "jobs" / f"{job.id}.json").read_text("utf-8"))
        assert mirror["model_path"] is None


def test_the_answer_is_that_of_the_network(house: House) -> None:
    for brightness in (51, 204):
        body = ask(house, png(brightness)).json()
        found = {each["label"]: each["probability"] for each in body["probabilities"]}
        assert found["light"] == pytest.approx(brightness / 255, abs=1e-5)
        assert sum(found.values()) == pytest.approx(1)
        assert body["probabilities"][0]["probability"] >= body["probabilities"][1]["probability"]
        assert "not a medical device" in body["notice"]
        assert body["model_name"] == NAME


def test_a_model_that_was_replaced_is_loaded_anew(house: House) -> None:
    assert ask(house, png(51)).status_code == 200
    (house.home / "models" / f"{NAME}.onnx").write_bytes(b"damaged")
    assert ask(house, png(51)).status_code == 422


def test_a_deleted_model_answers_no_more(house: House) -> None:
    assert ask(house, png(51)).status_code == 200
    house.here.delete(f"/api/models/{NAME}")
    answer = ask(house, png(51))
    assert answer.status_code == 404
    assert NAME in answer.json()["detail"]


@pytest.mark.parametrize("image", [b"no image", b"", b"<svg/>", png(5)[:60]])
def test_what_is_no_image_is_refused_in_a_sentence(house: House, image: bytes) -> None:
    answer = ask(house, image)
    assert answer.status_code == 422
    assert "image" in answer.json()["detail"].lower()


def test_two_images_and_no_image_are_refused(house: House) -> None:
    two = [("image", ("a.png", png(1))), ("image", ("b.png", png(2)))]
    assert house.here.post(f"/api/models/{NAME}/predict", files=two).status_code == 422
    none = house.here.post(f"/api/models/{NAME}/predict")
    assert none.status_code == 422
    assert 'curl -F "image=@photo.jpg" "…/api/predict"' in none.json()["detail"]


def test_an_image_over_the_limit_is_refused_with_the_setting(tmp_path: Path) -> None:
    with open_house(tmp_path, max_image_bytes=5000) as house:
        put_model(house.home / "models", NAME)
        for size in (5001, 200_000):
            answer = ask(house, b"x" * size)
            assert answer.status_code == 413
            assert "DERMASCAN_MAX_IMAGE_BYTES" in answer.json()["detail"]
