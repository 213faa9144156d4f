"""Datasets that are there: also those that somebody placed or changed by hand."""

from __future__ import annotations

import io
import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from server.intake.manifest import Manifest
from server.intake.versions import hash_of
from tests.acceptance.drawings import class_folders, csv_and_images
from tests.integration.house import House, open_house
from tests.integration.job_home import TINY_PROGRAM
from tests.integration.test_uploads import Files, jpeg, upload

PATIENCE_SECONDS = 60


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with open_house(tmp_path / "home", training_program=TINY_PROGRAM) as opened:
        yield opened


def place(home: Path, name: str, files: Files) -> Path:
    """As a person would with a file manager."""
    folder = home / "data" / name
    for path, content in files:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).unlink(missing_ok=True)  # shared files are read-only: replaced, not written
        (folder / path).write_bytes(content)
    return folder


def when_read(house: House, name: str) -> dict[str, object]:
    """The line of the list, once its folder has been read."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < give_up:
        listed = house.here.get("/api/datasets").json()["datasets"]
        (line,) = (each for each in listed if each["name"] == name)
        if not line["being_read"]:
            return dict(line)
    raise AssertionError(f"{name} is still being read")


def test_a_folder_placed_before_the_start_is_a_dataset_like_any_other(tmp_path: Path) -> None:
    folder = place(tmp_path, "by hand", class_folders(images=3))
    with open_house(tmp_path) as house:
        line = when_read(house, "by hand")
        assert line["trainable"] is True
        assert line["images"] == 9
        whole = house.here.get("/api/datasets/by hand").json()
        assert whole["layout"] == "class_folders"
        assert whole["bytes_on_disk"] == sum(len(data) for _, data in class_folders(images=3))
    assert (folder / ".dermascan" / "versions" / "00001.json").is_file()


def test_a_folder_placed_while_the_server_runs_is_found_too(house: House) -> None:
    place(house.home, "later", class_folders(images=3))
    assert when_read(house, "later")["trainable"] is True


def test_files_added_by_hand_are_seen_at_the_next_look(house: House) -> None:
    upload(house.here, "grows", class_folders(images=3))
    created = house.here.get("/api/datasets/grows").json()["created_at"]
    place(house.home, "grows", [("melanoma/more.jpg", jpeg((1, 2, 3)))])
    whole = house.here.get("/api/datasets/grows").json()
    assert whole["images"] == 10
    assert whole["created_at"] == created
    assert whole["updated_at"] > created


def test_a_folder_that_cannot_be_understood_says_why(house: House) -> None:
    place(house.home, "papers", [("paper.pdf", b"%PDF")])
    (house.home / "data" / "empty").mkdir()
    for name in ("papers", "empty"):
        assert when_read(house, name)["trainable"] is False
        whole = house.here.get(f"/api/datasets/{name}").json()
        assert "No images found!" in whole["not_trainable_because"]
        refused = house.here.post("/api/start-training", json={"dataset_name": name})
        assert refused.status_code == 422
        assert "No images found!" in refused.json()["detail"]


def test_images_without_labels_cannot_be_trained_on_and_it_is_said(house: House) -> None:
    upload(house.here, "bare", csv_and_images(lesions=3, views=1)[1:])
    refused = house.here.post("/api/start-training", json={"dataset_name": "bare"})
    assert refused.status_code == 422
    assert "label" in refused.json()["detail"]


def test_an_unknown_dataset_is_refused_with_what_there_is(house: House) -> None:
    upload(house.here, "known", class_folders(images=3))
    for answer in (
        house.here.get("/api/datasets/nowhere"),
        house.here.delete("/api/datasets/nowhere"),
        house.here.get("/api/datasets/nowhere/thumbnail?image_id=x"),
        house.here.post("/api/start-training", json={"dataset_name": "nowhere"}),
        house.here.delete("/api/datasets/.incoming"),
        house.here.delete("/api/datasets/%2e%2e"),
    ):
        assert answer.status_code in (404, 405), answer.text
    detail = house.here.get("/api/datasets/nowhere").json()["detail"]
    assert "there is: known" in detail


def test_the_summary_tells_classes_lesions_sizes_and_every_problem(house: House) -> None:
    files = csv_and_images(lesions=3, views=2)
    files[0] = (files[0][0], files[0][1] + b"\ngone,images/gone.jpg,benign,benign-9")
    upload(house.here, "told", [*files, ("images/broken.jpg", b"no image"), ("x.pdf", b"x")])
    whole = house.here.get("/api/datasets/told").json()
    assert {each["label"]: each["images"] for each in whole["classes"]} == {
        "benign": 6,
        "keratosis": 6,
        "melanoma": 6,
    }
    assert [each["lesions"] for each in whole["classes"]] == [3, 3, 3]
    for each in whole["classes"]:
        shown = each["example_image_ids"]
        assert len(shown) == 6
        assert len({image_id.rsplit("_", 1)[0] for image_id in shown[:3]}) == 3
    assert whole["image_sizes"] == [{"width": 48, "height": 48, "images": 18}]
    problems = {each["kind"]: each for each in whole["problems"]}
    assert problems["row_without_image"]["row"] == 20
    assert problems["row_without_image"]["file"] == "metadata.csv"
    assert whole["problem_count"] == len(whole["problems"]) == sum(whole["problem_counts"].values())


def test_a_dataset_in_use_can_neither_be_deleted_nor_added_to(house: House) -> None:
    slow = ("behaviour.json", json.dumps({"epoch_seconds": 0.5}).encode())
    upload(house.here, "used", [*class_folders(images=3), slow])
    job = house.here.post(
        "/api/start-training",
        json={"dataset_name": "used", "epochs": 500, "weights": "none"},
    ).json()["job_id"]
    more = [("melanoma/more.jpg", jpeg((1, 2, 3)))]
    for answer in (house.here.delete("/api/datasets/used"), upload(house.here, "used", more)):
        assert answer.status_code == 409
        assert job in answer.json()["detail"]
    house.here.post(f"/api/job/{job}/cancel")
    _wait_until_over(house, job)
    assert upload(house.here, "used", more).status_code == 200
    assert house.here.delete("/api/datasets/used").status_code == 200
    assert not (house.home / "data" / "used").exists()
    assert list((house.home / "data" / ".incoming").iterdir()) == []


def _wait_until_over(house: House, job: str) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while house.here.get(f"/api/job/{job}/status").json()["status"] in ("queued", "running"):
        assert time.monotonic() < give_up
        time.sleep(0.05)


def test_a_deleted_name_may_be_used_again(house: House) -> None:
    upload(house.here, "twice", class_folders(images=3))
    house.here.get("/api/datasets/twice")
    house.here.delete("/api/datasets/twice")
    again = upload(house.here, "twice", csv_and_images(lesions=3, views=1)).json()
    assert again["summary"]["layout"] == "csv"
    assert again["summary"]["images"] == 9


def test_a_thumbnail_is_small_upright_and_carries_no_exif(house: House) -> None:
    photograph = Image.new("RGB", (1200, 800), (200, 150, 120))
    exif = Image.Exif()
    exif[0x0112] = 6  # lying on its side
    exif[0x010E] = "Jane Doe, 1970-01-01"
    buffer = io.BytesIO()
    photograph.save(buffer, "JPEG", exif=exif)
    upload(house.here, "thumbs", [("a/photo.jpg", buffer.getvalue()), *class_folders(images=3)])
    answer = house.here.get("/api/datasets/thumbs/thumbnail?image_id=photo")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/jpeg"
    assert b"Jane" not in answer.content
    with Image.open(io.BytesIO(answer.content)) as small:
        assert small.size == (171, 256)
        assert not small.getexif()
    same = house.here.get(
        "/api/datasets/thumbs/thumbnail?image_id=photo",
        headers={"If-None-Match": answer.headers["etag"]},
    )
    assert (same.status_code, same.content) == (304, b"")


@pytest.mark.parametrize("image_id", ["läsion & 1 #?", "a'b", "100%", "x..y", "日本"])
def test_odd_ids_have_thumbnails_too(house: House, image_id: str) -> None:
    rows = ["image_id,image_path,label", f"{image_id},1.jpg,a", "other,2.jpg,b"]
    files = [("1.jpg", jpeg((1, 2, 3))), ("2.jpg", jpeg((3, 2, 1)))]
    upload(house.here, "odd", [("metadata.csv", "\n".join(rows).encode()), *files])
    answer = house.here.get("/api/datasets/odd/thumbnail", params={"image_id": image_id})
    assert answer.status_code == 200, answer.text


def test_a_manifest_that_came_with_a_folder_cannot_lead_outside(house: House) -> None:
    upload(house.here, "hostile", class_folders(images=3))
    (house.home / "secret.jpg").write_bytes(jpeg((9, 9, 9)))
    folder = (house.home / "data" / "hostile").rename(house.home / "data" / "copied")
    file = folder / ".dermascan" / "versions" / "00001.json"
    version = json.loads(file.read_text("utf-8"))
    version["manifest"]["images"][0]["path"] = "../../secret.jpg"
    version["sha256"] = hash_of(Manifest.from_dict(version["manifest"]).images)
    image_id = version["manifest"]["images"][0]["image_id"]
    file.write_text(json.dumps(version), "utf-8")
    answer = house.here.get("/api/datasets/copied/thumbnail", params={"image_id": image_id})
    assert answer.status_code == 404


def test_a_picture_that_was_damaged_later_is_said(house: House) -> None:
    upload(house.here, "damaged", class_folders(images=3))
    place(house.home, "damaged", [("melanoma/img0.jpg", b"no image")])
    image_id = "melanoma__img0"
    answer = house.here.get("/api/datasets/damaged/thumbnail", params={"image_id": image_id})
    assert answer.status_code == 422, answer.text
    assert "can no longer be read" in answer.json()["detail"]


@pytest.mark.slow
def test_the_sample_set_is_drawn_once_and_marked(house: House) -> None:
    first = house.here.post("/api/sample-dataset").json()
    assert first["dataset_name"] == "Sample"
    assert first["summary"]["is_sample"] is True
    assert first["summary"]["trainable"] is True
    assert len(first["summary"]["classes"]) >= 4
    again = house.here.post("/api/sample-dataset").json()
    assert (again["status"], again["images_added"]) == ("success", 0)
    assert again["files_unchanged"] == len(first["files_saved"])
    assert again["summary"] == first["summary"]


def test_a_dataset_that_only_happens_to_be_called_sample_is_not_mixed_with_drawings(
    house: House,
) -> None:
    upload(house.here, "Sample", class_folders(images=3))
    refused = house.here.post("/api/sample-dataset")
    assert refused.status_code == 409
    assert house.here.get("/api/datasets/Sample").json()["images"] == 9


def test_notes_that_cannot_be_read_are_made_again(house: House) -> None:
    upload(house.here, "notes", class_folders(images=3))
    shutil.rmtree(house.home / "data" / "notes" / ".dermascan")
    place(house.home, "notes", [(".dermascan/dataset.json", b"{ half"), (".dermascan/x", b"")])
    assert when_read(house, "notes")["images"] == 9
