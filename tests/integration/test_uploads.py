"""Uploads: a dataset comes whole or not at all, and an addition never mixes silently."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from tests.acceptance.drawings import class_folders, csv_and_images
from tests.integration.house import House, open_house

Files = list[tuple[str, bytes]]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One house; every test uses dataset names of its own."""
    with open_house(tmp_path_factory.mktemp("derma scan") / "home") as opened:
        yield opened


def upload(browser: TestClient, name: str | None, files: Files, **form: str) -> httpx.Response:
    answer: httpx.Response = browser.post(
        "/api/upload-dataset",
        params={} if name is None else {"datasetName": name},
        data=form,
        files=[("files", file) for file in files],
    )
    return answer


def zipped(files: Files) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files:
            archive.writestr(name, content)
    return buffer.getvalue()


def jpeg(colour: tuple[int, int, int], size: tuple[int, int] = (40, 30)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "JPEG")
    return buffer.getvalue()


def tree(house: House, name: str) -> dict[str, bytes]:
    """Every file of a dataset, without our own notes."""
    folder = house.home / "data" / name
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    return {
        name: path.read_bytes()
        for name, path in paths.items()
        if path.is_file() and not name.startswith(".dermascan/")
    }


def nothing_is_half_done(house: House) -> bool:
    return list((house.home / "data" / ".incoming").iterdir()) == []


def test_a_new_dataset_has_the_files_as_sent_and_the_answer_of_the_document(house: House) -> None:
    files = csv_and_images(lesions=3, views=2)
    answer = upload(house.here, "HAM10000", files)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["status"] == "success"
    assert body["dataset_name"] == "HAM10000"
    assert body["dataset_path"] == (house.home / "data" / "HAM10000").as_posix()
    assert body["files_saved"] == [name for name, _ in files]
    assert body["message"] == f"Uploaded {len(files)} file(s)"
    assert (body["images_added"], body["files_unchanged"]) == (18, 0)
    assert body["summary"]["lesions"] == 9
    assert body["summary"]["trainable"] is True
    assert tree(house, "HAM10000") == dict(files)
    assert nothing_is_half_done(house)


def test_the_name_may_be_a_form_field_or_both_if_they_agree(house: House) -> None:
    files = class_folders(images=3)
    assert upload(house.here, None, files, datasetName="in form").status_code == 200
    assert upload(house.here, "in form", files, datasetName="in form").status_code == 200
    refused = upload(house.here, "one", files, datasetName="another")
    assert refused.status_code == 422
    assert "'one'" in refused.json()["detail"]
    assert "'another'" in refused.json()["detail"]
    nameless = upload(house.here, None, files)
    assert nameless.status_code == 422
    assert "datasetName" in nameless.json()["detail"]
    assert nothing_is_half_done(house)


def test_any_field_name_and_more_than_a_thousand_files_are_taken(house: House) -> None:
    picture = jpeg((200, 100, 50))
    files = [(f"field{n % 7}", (f"{'ab'[n % 2]}/{n}.jpg", picture)) for n in range(1100)]
    answer = house.here.post("/api/upload-dataset?datasetName=many", files=files)
    assert answer.status_code == 200, answer.text
    assert answer.json()["images_added"] == 1100


def test_the_same_upload_again_changes_nothing_and_says_so(house: House) -> None:
    files = csv_and_images(lesions=3, views=1)
    upload(house.here, "again", files)
    before = tree(house, "again")
    body = upload(house.here, "again", files).json()
    assert (body["images_added"], body["files_unchanged"]) == (0, len(files))
    assert tree(house, "again") == before


def test_images_first_and_the_table_later(house: House) -> None:
    table, *images = csv_and_images(lesions=3, views=1)
    first = upload(house.here, "images first", images).json()["summary"]
    assert first["layout"] == "unlabelled"
    assert first["trainable"] is False
    assert first["classes"] == []
    second = upload(house.here, "images first", [table]).json()
    assert second["summary"]["trainable"] is True
    assert len(second["summary"]["classes"]) == 3


def test_the_table_first_and_the_images_later_in_two_parts(house: House) -> None:
    table, *images = csv_and_images(lesions=4, views=1)
    first = upload(house.here, "table first", [table])
    assert first.status_code == 200, first.text
    assert first.json()["summary"]["problem_counts"] == {"row_without_image": 12}
    upload(house.here, "table first", images[:5])
    last = upload(house.here, "table first", [("rest.zip", zipped(images[5:]))]).json()
    assert last["images_added"] == 7
    assert last["summary"]["images"] == 12
    assert last["summary"]["problem_count"] == 0
    assert set(tree(house, "table first")) >= {name for name, _ in images}


def test_what_an_added_archive_holds_in_vain_is_said(house: House) -> None:
    upload(house.here, "vain", class_folders(images=3))
    more = zipped([("melanoma/new.jpg", jpeg((1, 2, 3))), ("melanoma/scan.gif", b"GIF89a")])
    answer = upload(house.here, "vain", [("more.zip", more)])
    assert answer.status_code == 200, answer.text
    assert answer.json()["images_added"] == 1
    (problem,) = answer.json()["summary"]["problems"]
    assert problem["file"] == "more.zip/melanoma/scan.gif"


@pytest.mark.parametrize("there_before", [False, True])
def test_an_upload_of_which_no_image_can_be_used_says_so(house: House, there_before: bool) -> None:
    name = f"unusable {there_before}"
    if there_before:
        upload(house.here, name, class_folders(images=3))
    for _ in range(1 if there_before else 2):
        answer = upload(house.here, name, [("melanoma/damaged.jpg", b"no image")])
        assert answer.status_code == 200, answer.text
        assert answer.json()["summary"]["problem_count"] > 0
        assert answer.json()["message"] == (
            "Uploaded 1 file(s); no image in them could be used, see the problems"
        )


def test_a_table_alone_and_an_upload_sent_twice_have_the_documents_message(house: House) -> None:
    table, *images = csv_and_images(lesions=3, views=1)
    for files in ([table], images, images, [table]):
        answer = upload(house.here, "nothing wrong", files)
        assert answer.json()["message"] == f"Uploaded {len(files)} file(s)"


def test_another_file_of_the_same_name_is_refused_and_nothing_changes(house: House) -> None:
    files = class_folders(images=3)
    upload(house.here, "clash", files)
    before = tree(house, "clash")
    added = [("melanoma/new.jpg", jpeg((1, 2, 3))), ("melanoma/img1.jpg", jpeg((4, 5, 6)))]
    refused = upload(house.here, "clash", added)
    assert refused.status_code == 409
    assert refused.json()["where"]["file"] == "melanoma/img1.jpg"
    assert "'melanoma/img1.jpg'" in refused.json()["detail"]
    assert tree(house, "clash") == before
    assert nothing_is_half_done(house)


@pytest.mark.parametrize("table_names_them", [True, False])
def test_a_table_that_changes_or_loses_a_label_is_refused(
    house: House, table_names_them: bool
) -> None:
    name = f"labels {table_names_them}"
    upload(house.here, name, class_folders(images=3))
    before = tree(house, name)
    rows = ["image_id,image_path,label"]
    if table_names_them:
        rows += [f"m{n},melanoma/img{n}.jpg,benign" for n in range(3)]
    rows += ["x,melanoma/x.jpg,benign"]
    table = ("metadata.csv", "\n".join(rows).encode())
    refused = upload(house.here, name, [table, ("melanoma/x.jpg", jpeg((9, 9, 9)))])
    assert refused.status_code == 409, refused.text
    assert "labelled" in refused.json()["detail"]
    assert refused.json()["where"]["file"].endswith(".jpg")
    assert tree(house, name) == before
    assert nothing_is_half_done(house)


def test_a_name_that_differs_in_case_only_is_refused(house: House) -> None:
    upload(house.here, "Case", class_folders(images=3))
    refused = upload(house.here, "cASE", class_folders(images=3))
    assert refused.status_code == 409
    assert "'Case'" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([("notes.txt", b"hello")], "No images found!"),
        ([], "curl -F"),
        ([("../../escape.jpg", b"x")], ".."),
        ([("a.jpg", b"x"), ("A.JPG", b"y")], "Two files"),
        ([("a", b"x"), ("a/b.jpg", b"y")], "same name"),
        ([("broken.zip", b"PK\x03\x04 nothing")], "broken.zip"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_used_is_refused_and_leaves_nothing(
    house: House, files: Files, said: str
) -> None:
    answer = upload(house.here, "refused", files, another_field="so that the form is not empty")
    assert answer.status_code == 422, answer.text
    assert said in answer.json()["detail"]
    assert house.here.get("/api/datasets/refused").status_code == 404
    assert nothing_is_half_done(house)


def test_a_form_without_a_file_is_refused(house: House) -> None:
    empty = b'--x\r\nContent-Disposition: form-data; name="files"; filename=""\r\n\r\n\r\n--x--\r\n'
    answer = house.here.post(
        "/api/upload-dataset?datasetName=refused",
        content=empty,
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    )
    assert answer.status_code == 422
    assert "No file was sent" in answer.json()["detail"]


@pytest.mark.parametrize("name", ["../up", ".hidden", "a/b", "nul", "x" * 65, ""])
def test_a_bad_name_is_refused_before_anything_is_saved(house: House, name: str) -> None:
    assert upload(house.here, name, class_folders(images=3)).status_code == 422
    assert nothing_is_half_done(house)


def test_of_two_uploads_that_race_for_one_name_one_is_told_to_wait(house: House) -> None:
    def send(number: int) -> httpx.Response:
        files = [(f"{label}/{number}-{n}.jpg", data) for n, (label, data) in enumerate(_pictures())]
        return upload(house.another_here(), "race", files)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(send, range(2)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses in ([200, 200], [200, 409])
    if statuses == [200, 409]:
        (loser,) = (answer for answer in answers if answer.status_code == 409)
        assert "in progress" in loser.json()["detail"]
    images = house.here.get("/api/datasets/race").json()["images"]
    assert images == 6 * statuses.count(200)


def _pictures() -> Files:
    return [("ab"[n % 2], jpeg((n * 20, 50, 100))) for n in range(6)]


def test_while_an_upload_is_held_open_the_name_is_taken_for_all_others(house: House) -> None:
    imports = house.app.state.services.imports
    upload(house.here, "held", class_folders(images=3))
    held = imports.begin("held")
    try:
        for answer in (
            upload(house.here, "held", class_folders(images=3)),
            upload(house.here, "HELD", class_folders(images=3)),
            upload(house.here, None, class_folders(images=3), datasetName="held"),
            house.here.delete("/api/datasets/held"),
            house.here.post("/api/start-training", json={"dataset_name": "held"}),
        ):
            assert answer.status_code == 409, answer.text
            assert "in progress" in answer.json()["detail"]
    finally:
        held.discard()
    assert upload(house.here, "held", class_folders(images=3)).status_code == 200
    assert nothing_is_half_done(house)


def test_limits_are_named_and_leave_nothing(tmp_path: Path) -> None:
    with open_house(tmp_path, max_file_bytes=20_000, max_upload_bytes=50_000) as small:
        one = upload(small.here, "big", [("a.jpg", b"x" * 20_001)])
        assert one.status_code == 413
        assert "DERMASCAN_MAX_FILE_BYTES" in one.json()["detail"]
        assert "'a.jpg'" in one.json()["detail"]
        three = upload(small.here, "big", [(f"{n}.jpg", b"x" * 19_000) for n in range(3)])
        assert three.status_code == 413
        assert "DERMASCAN_MAX_UPLOAD_BYTES" in three.json()["detail"]
        assert nothing_is_half_done(small)
        assert small.here.get("/api/datasets").json() == {"datasets": []}
    with open_house(tmp_path, max_upload_files=2) as few:
        many = upload(few.here, "many", [(f"{n}.jpg", b"x") for n in range(3)])
        assert many.status_code == 413
        assert "DERMASCAN_MAX_UPLOAD_FILES" in many.json()["detail"]


def test_an_announced_length_over_the_limit_is_refused_before_the_body(tmp_path: Path) -> None:
    with open_house(tmp_path, max_upload_bytes=1000, max_upload_files=1) as small:
        answer = upload(small.here, "big", [("a.zip", b"x" * 2_000_000)])
        assert answer.status_code == 413
        assert "DERMASCAN_MAX_UPLOAD_BYTES" in answer.json()["detail"]


def test_the_form_is_described_for_the_generated_client(house: House) -> None:
    described = house.here.get("/openapi.json").json()["paths"]["/api/upload-dataset"]["post"]
    form = described["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert form["properties"]["files"]["type"] == "array"
    assert [each["name"] for each in described["parameters"]] == ["datasetName"]


@pytest.mark.real_data
def test_ham10000_as_people_download_it(house: House, real_data: Path) -> None:
    with (real_data / "HAM10000_small.zip").open("rb") as archive:
        answer = house.here.post(
            "/api/upload-dataset?datasetName=HAM small",
            files=[("files", ("HAM10000_small.zip", archive))],
        )
    assert answer.status_code == 200, answer.text
    summary = answer.json()["summary"]
    assert (summary["images"], summary["lesions"]) == (351, 252)
    assert len(summary["classes"]) == 7
    assert summary["layout"] == "ham10000"
    assert summary["trainable"] is True
