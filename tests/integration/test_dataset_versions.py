"""A dataset has versions that never change; what is decided makes a new one, and can be undone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from server.domain.errors import UnusableDataset
from server.intake.versions import Decisions, manifest_to_train_on, read_version
from server.services import version_records
from server.training.dataset import prepare_dataset
from tests.acceptance.drawings import class_folders
from tests.integration.house import House, open_house
from tests.integration.test_uploads import jpeg, upload, zipped


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with open_house(tmp_path / "home") as opened:
        yield opened


def versions(house: House, name: str = "set") -> dict[str, Any]:
    answer = house.here.get(f"/api/datasets/{name}/versions")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def change(house: House, **what: Any) -> Any:
    return house.here.post("/api/datasets/set/versions", json=what)


def restore(house: House, number: int) -> Any:
    return house.here.post(f"/api/datasets/set/versions/{number}/restore")


def test_an_upload_is_the_first_version_with_the_hash_of_every_image(house: House) -> None:
    upload(house.here, "set", class_folders(images=3))
    found = versions(house)
    assert (found["current"], [each["number"] for each in found["versions"]]) == (1, [1])
    whole = house.here.get("/api/datasets/set/versions/1").json()
    assert len(whole["files"]) == whole["images"] == 9
    assert all(len(each["sha256"]) == 64 for each in whole["files"])
    assert house.here.get("/api/datasets/set").json()["version"] == 1
    assert house.here.get("/api/datasets/set/versions/2").status_code == 404


def test_leaving_out_and_relabelling_make_a_version_and_the_older_one_stays(house: House) -> None:
    upload(house.here, "set", class_folders(images=4))
    folder = house.home / "data" / "set"
    first = (folder / ".dermascan" / "versions" / "00001.json").read_bytes()
    files = house.here.get("/api/datasets/set/versions/1").json()["files"]
    out, other = files[0], files[-1]
    label = next(each["label"] for each in files if each["label"] != other["label"])
    answer = change(house, exclude=[out["image_id"]], relabel={other["image_id"]: label})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["current"], found["versions"][0]["parent"]) == (2, 1)
    assert found["versions"][0]["images"] == found["versions"][1]["images"] - 1
    assert found["versions"][0]["reason"] == "1 image left out and 1 image labelled otherwise."
    shown = house.here.get("/api/datasets/set").json()
    assert (shown["images"], shown["version"]) == (11, 2)
    assert (folder / ".dermascan" / "versions" / "00001.json").read_bytes() == first
    assert (folder / out["path"]).is_file(), "the older version still needs it"

    trained = manifest_to_train_on(folder)
    assert trained.version == 2
    labels = {image.path: image.label for image in trained.images}
    assert out["path"] not in labels
    assert labels[other["path"]] == label


def test_undo_makes_an_older_version_count_again_and_redo_the_newer(house: House) -> None:
    upload(house.here, "set", class_folders(images=4))
    files = house.here.get("/api/datasets/set/versions/1").json()["files"]
    change(house, exclude=[files[0]["image_id"]])
    assert restore(house, 1).json()["current"] == 1
    assert house.here.get("/api/datasets/set").json()["images"] == 12
    assert manifest_to_train_on(house.home / "data" / "set").version == 1
    assert restore(house, 2).json()["current"] == 2
    assert house.here.get("/api/datasets/set").json()["images"] == 11
    assert restore(house, 9).status_code == 404


def test_an_addition_is_a_version_that_keeps_what_was_decided(house: House) -> None:
    upload(house.here, "set", class_folders(images=4))
    files = house.here.get("/api/datasets/set/versions/1").json()["files"]
    out, other = files[0], files[-1]
    label = next(each["label"] for each in files if each["label"] != other["label"])
    change(house, exclude=[out["image_id"]], relabel={other["image_id"]: label})
    upload(house.here, "set", [("melanoma/new.jpg", jpeg((1, 2, 3)))])
    assert versions(house)["current"] == 3
    now = house.here.get("/api/datasets/set/versions/3").json()
    labels = {each["path"]: each["label"] for each in now["files"]}
    assert len(labels) == 12
    assert out["path"] not in labels
    assert labels[other["path"]] == label

    restore(house, 1)
    trained = manifest_to_train_on(house.home / "data" / "set")
    assert len(trained.images) == 12
    assert "melanoma/new.jpg" not in {image.path for image in trained.images}


def test_files_changed_by_hand_are_a_new_version_for_the_server_and_seen_at_a_shell(
    house: House,
) -> None:
    upload(house.here, "set", class_folders(images=4))
    folder = house.home / "data" / "set"
    files = house.here.get("/api/datasets/set/versions/1").json()["files"]
    change(house, exclude=[files[0]["image_id"]])
    (folder / "melanoma" / "by hand.jpg").write_bytes(jpeg((7, 7, 7)))
    at_a_shell = manifest_to_train_on(folder)
    assert (at_a_shell.version, len(at_a_shell.images)) == (None, 12)
    assert house.here.get("/api/datasets/set").json()["images"] == 12
    assert versions(house)["current"] == 3
    assert manifest_to_train_on(folder).version == 3


def test_nothing_is_learnt_from_a_file_that_is_not_the_one_of_the_version(house: House) -> None:
    upload(house.here, "set", class_folders(images=4))
    folder = house.home / "data" / "set"
    image = next(iter(read_version(folder, 1).manifest.images))  # type: ignore[union-attr]
    file = folder / image.path
    content = bytearray(file.read_bytes())
    content[-3] ^= 1
    file.unlink()
    file.write_bytes(bytes(content))
    manifest = manifest_to_train_on(folder)
    assert manifest.version == 1
    with pytest.raises(UnusableDataset, match="not the one of version 1"):
        prepare_dataset(folder, manifest, 1, 32, 32)


def test_a_copy_of_the_folder_is_trained_on_as_the_same_version(
    house: House, tmp_path: Path
) -> None:
    upload(house.here, "set", class_folders(images=4))
    shutil.copytree(house.home / "data" / "set", tmp_path / "elsewhere", copy_function=shutil.copy)
    assert manifest_to_train_on(tmp_path / "elsewhere").version == 1


def test_a_version_that_was_tampered_with_is_not_believed(house: House) -> None:
    upload(house.here, "set", class_folders(images=4))
    folder = house.home / "data" / "set"
    file = folder / ".dermascan" / "versions" / "00001.json"
    said = json.loads(file.read_text("utf-8"))
    said["manifest"]["images"][0]["label"] = "another"
    file.write_text(json.dumps(said), "utf-8")
    assert read_version(folder, 1) is None
    assert manifest_to_train_on(folder).version is None


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ({}, "change nothing"),
        ({"exclude": ["nobody"]}, "no image 'nobody'"),
        ({"relabel": {"nobody": "nevus"}}, "no image 'nobody'"),
        ({"relabel": {"melanoma__img0": " "}}, "cannot be used"),
        ({"relabel": {"melanoma__img0": "melanoma"}}, "change nothing"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(
    house: House, what: dict[str, Any], sentence: str
) -> None:
    upload(house.here, "set", class_folders(images=3))
    answer = change(house, **what)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert versions(house)["current"] == 1


def test_notes_of_a_server_without_versions_become_the_first_one(tmp_path: Path) -> None:
    with open_house(tmp_path) as house:
        upload(house.here, "set", class_folders(images=3))
        notes = tmp_path / "data" / "set" / ".dermascan"
        said = json.loads((notes / "versions" / "00001.json").read_text("utf-8"))["manifest"]
    shutil.rmtree(notes / "versions")
    (notes / "current.json").unlink()
    for image in said["images"]:
        del image["sha256"], image["orientation"]
    del said["version"]
    (notes / "manifest.json").write_text(json.dumps(said), "utf-8")
    with open_house(tmp_path) as house:
        assert house.here.get("/api/datasets/set").json()["images"] == 9
        assert versions(house)["current"] == 1
        whole = house.here.get("/api/datasets/set/versions/1").json()
        assert all(len(each["sha256"]) == 64 for each in whole["files"])


def test_the_same_upload_to_two_datasets_costs_its_bytes_once(house: House) -> None:
    for name in ("one", "two"):
        upload(house.here, name, class_folders(images=3))
    data = house.home / "data"
    one, two = sorted((data / "one").rglob("*.jpg")), sorted((data / "two").rglob("*.jpg"))
    assert len(one) == 9
    assert all(a.samefile(b) for a, b in zip(one, two, strict=True))
    assert house.here.delete("/api/datasets/one").status_code == 200
    assert [file.stat().st_nlink for file in two] == [2] * 9
    house.here.delete("/api/datasets/two")
    assert not list((data / ".content").iterdir())


def test_no_byte_of_what_a_photograph_told_is_left_anywhere_in_the_home(house: House) -> None:
    """Neither loose nor in an archive; the pixels are those that were sent."""
    told = b"Jane-Roe-52.2297N"
    plain = [(path, content) for path, content in class_folders(images=3) if path.endswith("jpg")]
    sent = [
        (path, content[:2] + b"\xff\xfe" + (len(told) + 2).to_bytes(2, "big") + told + content[2:])
        for path, content in plain
    ]
    upload(house.here, "loose", sent)
    upload(house.here, "packed", [("all.zip", zipped(sent))])
    for name in ("loose", "packed"):
        found = house.here.get(f"/api/datasets/{name}").json()
        assert (found["images"], found["problem_count"]) == (9, 0)
    files = [file for file in house.home.rglob("*") if file.is_file()]
    assert len(files) > 18
    assert not [file for file in files if told in file.read_bytes()]
    for path, content in plain:
        clean = (house.home / "data" / "loose" / path).read_bytes()
        before, after = (Image.open(BytesIO(each)).convert("RGB") for each in (content, clean))
        assert before.tobytes() == after.tobytes()


def test_a_crash_before_a_version_counts_leaves_the_older_one_in_force(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(house.here, "set", class_folders(images=4))
    files = house.here.get("/api/datasets/set/versions/1").json()["files"]
    folder = house.home / "data" / "set"

    class PowerCut(BaseException):
        pass

    def cut(*_: object) -> None:
        raise PowerCut

    with monkeypatch.context() as patched:
        patched.setattr(version_records, "make_current", cut)
        manifest = manifest_to_train_on(folder)
        decisions = Decisions(frozenset({files[0]["path"]}))
        with pytest.raises(PowerCut):
            version_records.publish(folder, decisions.applied(manifest), decisions, "Cut short.")
    assert manifest_to_train_on(folder).version == 1
    assert house.here.get("/api/datasets/set").json()["images"] == 12
    assert change(house, exclude=[files[1]["image_id"]]).json()["current"] == 3
