"""The facts of a dataset, from the picture to the answer, each with the images behind it."""

from __future__ import annotations

import io
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageFilter

from tests.integration.house import House, open_house
from tests.integration.test_uploads import upload
from tests.unit.intake.test_measuring import skin

PATIENCE = 60


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with open_house(tmp_path / "home") as opened:
        yield opened


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def spoilt_set() -> list[tuple[str, bytes]]:
    """24 good pictures; one blurred, one dark, one copied, one copied into the other class, one
    saved again smaller, mirrored and as another lesion."""
    rows = ["image_id,label,lesion_id,dx_type"]
    files = []

    def add(name: str, label: str, lesion: str, content: bytes) -> None:
        files.append((f"images/{name}.png", content))
        rows.append(f"{name},{label},{lesion},{'histo' if label == 'mel' else 'follow_up'}")

    for place in range(24):
        label = "mel" if place % 3 == 0 else "nv"
        add(f"good_{place:02}", label, f"L{place}", png(skin(96, place)))
    add("blurred", "nv", "L100", png(skin(96, 100).filter(ImageFilter.GaussianBlur(5))))
    add("dark", "nv", "L101", png(skin(96, 101).point(lambda value: value // 8)))
    add("copy", "nv", "L1", files[1][1])
    add("contradiction", "mel", "L2", files[2][1])
    again = skin(96, 4).transpose(Image.Transpose.FLIP_LEFT_RIGHT).resize((80, 80))
    add("again", "mel", "L102", png(again))
    return [("metadata.csv", "\n".join(rows).encode()), *files]


def facts(house: House, name: str = "set") -> dict[str, Any]:
    answer = house.here.get(f"/api/datasets/{name}/facts")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def images(house: House, **asked: Any) -> dict[str, Any]:
    answer = house.here.get("/api/datasets/set/facts/images", params=asked)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def ids(page: dict[str, Any]) -> list[list[str]]:
    return [[image["image_id"] for image in group["images"]] for group in page["groups"]]


def test_an_upload_brings_its_facts_and_each_number_its_images(house: House) -> None:
    upload(house.here, "set", spoilt_set())
    found = facts(house)
    assert (found["state"], found["images"], found["not_measured"]) == ("done", 29, 0)
    numbers = {each["kind"]: (each["groups"], each["images"]) for each in found["facts"]}
    for kind, (groups, _) in numbers.items():
        assert images(house, kind=kind)["total"] == groups
    assert "blurred" in ids(images(house, kind="unsharp"))[0]
    assert ids(images(house, kind="dark"))[0] == ["dark"]
    assert ids(images(house, kind="copies")) == [["contradiction", "good_02"], ["copy", "good_01"]]
    assert numbers["copies_labelled_apart"] == (1, 2)
    assert ids(images(house, kind="copies_labelled_apart")) == [["contradiction", "good_02"]]
    assert ids(images(house, kind="lesions_labelled_apart")) == [["contradiction", "good_02"]]
    assert numbers["lesions"] == (2, 4)
    for kind in ("alike", "alike_of_other_lesions", "alike_labelled_apart"):
        page = images(house, kind=kind)
        assert ids(page) == [["again", "good_04"]]
        assert page["groups"][0]["likeness"] > 0.94
    shown = images(house, kind="dark")["groups"][0]["images"][0]
    assert (shown["label"], shown["lesion_id"], shown["width"]) == ("nv", "L101", 96)
    assert shown["brightness"] < found["brightness"]["low"]


def test_classes_sizes_and_cells_open_their_images_page_by_page(house: House) -> None:
    upload(house.here, "set", spoilt_set())
    assert images(house, label="mel")["total"] == 10
    assert images(house, width=96, height=96)["total"] == 28
    assert images(house, column="dx_type", value="follow_up")["total"] == 19
    first = ids(images(house, label="nv", limit=10))
    rest = ids(images(house, label="nv", limit=10, offset=10))
    assert (len(first), len(rest)) == (10, 9)
    assert not {each[0] for each in first} & {each[0] for each in rest}
    (column,) = facts(house)["leaking_columns"]
    assert (column["column"], column["different"], column["guessed"]) == ("dx_type", 2, 1)
    assert column["values"][0]["labels"] == [{"label": "nv", "images": 19}]


def test_whose_images_are_wanted_must_be_said_once(house: House) -> None:
    upload(house.here, "set", spoilt_set())
    for asked in ({}, {"label": "mel", "kind": "dark"}, {"width": 96}):
        answer = house.here.get("/api/datasets/set/facts/images", params=asked)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert house.here.get("/api/datasets/nowhere/facts").status_code == 404


def test_leaving_an_image_out_changes_the_facts_and_looks_at_nothing_again(house: House) -> None:
    upload(house.here, "set", spoilt_set())
    file = house.home / "data" / "set" / ".dermascan" / "facts" / "looks.json"
    before = file.stat().st_mtime_ns
    change = {"exclude": ["dark", "contradiction"]}
    assert house.here.post("/api/datasets/set/versions", json=change).status_code == 200
    assert (facts(house)["state"], facts(house)["images"]) == ("done", 27)
    assert "dark" not in [group[0] for group in ids(images(house, kind="dark"))]
    assert images(house, kind="copies_labelled_apart")["total"] == 0
    assert file.stat().st_mtime_ns == before


def test_what_is_left_out_is_shown_and_can_be_taken_back_in(house: House) -> None:
    upload(house.here, "set", spoilt_set())
    complete = facts(house)
    assert images(house, kind="left_out")["total"] == 0
    versions = "/api/datasets/set/versions"
    house.here.post(versions, json={"exclude": ["dark", "copy"]})
    assert ids(images(house, kind="left_out")) == [["copy"], ["dark"]]
    thumbnail = house.here.get("/api/datasets/set/thumbnail", params={"image_id": "dark"})
    assert thumbnail.status_code == 200
    done = house.here.post(versions, json={"include": ["dark", "copy"]})
    assert done.json()["versions"][0]["reason"] == "2 images taken back in."
    assert done.json()["versions"][0]["left_out"] == 0
    assert facts(house) == {**complete, "version": 3}
    refused = house.here.post(versions, json={"include": ["dark"]})
    assert refused.status_code == 422
    assert "left out of" in refused.json()["detail"]


def test_an_image_that_is_taken_back_in_keeps_the_label_that_was_decided(house: House) -> None:
    upload(house.here, "set", spoilt_set())
    versions = "/api/datasets/set/versions"
    house.here.post(versions, json={"relabel": {"dark": "mel"}})
    house.here.post(versions, json={"exclude": ["dark"]})
    house.here.post(versions, json={"include": ["dark"]})
    assert "dark" in [group[0] for group in ids(images(house, label="mel"))]


def test_a_version_names_who_decided_it(house: House) -> None:
    house.claim("Ada")
    upload(house.here, "set", spoilt_set())
    done = house.here.post("/api/datasets/set/versions", json={"exclude": ["dark"]}).json()
    assert [each["by"] for each in done["versions"]] == ["Ada", None]


def test_a_dataset_without_facts_says_so_and_looks_when_asked(house: House) -> None:
    upload(house.here, "set", spoilt_set())
    complete = facts(house)
    shutil.rmtree(house.home / "data" / "set" / ".dermascan" / "facts")
    found = facts(house)
    assert found["state"] == "not_yet"
    assert images(house, kind="copies")["total"] == 2, "copies are known by their hashes"
    refused = house.here.get("/api/datasets/set/facts/images", params={"kind": "dark"})
    assert refused.status_code == 409
    assert house.here.post("/api/datasets/set/facts").status_code == 202
    assert looked(house) == complete


def test_an_addition_is_looked_at_too(house: House) -> None:
    upload(house.here, "set", spoilt_set())
    rows = b"image_id,label,lesion_id,dx_type\nwhite,mel,L300,histo"
    white = png(Image.new("RGB", (96, 96), "white"))
    upload(house.here, "set", [("more.csv", rows), ("images/white.png", white)])
    assert (facts(house)["state"], facts(house)["images"]) == ("done", 30)
    assert ids(images(house, kind="bright"))[0] == ["white"]


def test_notes_that_came_with_an_upload_are_not_believed(house: House) -> None:
    forged = ("x/.dermascan/facts/looks.json", b'{"format": 1, "images": []}')
    upload(house.here, "set", [*spoilt_set(), forged])
    assert facts(house)["state"] == "done"


def looked(house: House) -> dict[str, Any]:
    give_up = time.monotonic() + PATIENCE
    while (found := facts(house))["state"] == "looking":
        assert time.monotonic() < give_up
        time.sleep(0.05)
    return found
