"""Leafing through a dataset's images: every description finds exactly the images that fit it."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.integration.house import House, open_house
from tests.integration.test_uploads import upload
from tests.unit.intake.test_measuring import skin

LABELS = ("mel", "nv")
SITES = ("back", "scalp", "")
SEXES = ("female", "male")
AGES = ("", "15", "40.0", "85", "unknown")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """With a set in which every pair of sex and site has images of every age and class."""
    with open_house(tmp_path_factory.mktemp("home") / "derma scan") as opened:
        upload(opened.here, "set", described_set())
        yield opened


def rows() -> list[dict[str, str]]:
    mixed = itertools.product(LABELS, SITES, SEXES, AGES)
    names = ("dx", "localization", "sex", "age")
    return [
        {
            "image_id": f"IMG_{place:03}",
            "lesion_id": f"Les_{place // 2}",
            **dict(zip(names, cells, strict=True)),
        }
        for place, cells in enumerate(mixed)
    ]


def described_set() -> list[tuple[str, bytes]]:
    table = ["image_id,lesion_id,dx,localization,sex,age"]
    files = []
    for place, row in enumerate(rows()):
        table.append(",".join(row[name] for name in table[0].split(",")))
        buffer = io.BytesIO()
        skin(64, place).save(buffer, "PNG")
        files.append((f"images/{row['image_id']}.png", buffer.getvalue()))
    return [("metadata.csv", "\n".join(table).encode()), *files]


def ask(house: House, what: str = "", **sought: Any) -> dict[str, Any]:
    answer = house.here.get(f"/api/datasets/set/images{what}", params=sought)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def listed(house: House, **sought: Any) -> list[str]:
    return [image["image_id"] for image in ask(house, **sought)["images"]]


def years(row: dict[str, str]) -> float:
    return float(row["age"]) if row["age"] not in ("", "unknown") else float("nan")


@pytest.mark.parametrize(
    "sought",
    [
        {},
        {"label": "mel"},
        {"site": "scalp"},
        {"sex": "male"},
        {"age_from": 40},
        {"age_to": 40},
        {"age_from": 15, "age_to": 40, "label": "nv", "sex": "female", "site": "back"},
        {"text": "img_00"},
        {"text": "les_7"},
        {"label": "not there"},
    ],
    ids=str,
)
def test_a_description_finds_the_images_that_fit_it_and_no_others(
    house: House, sought: dict[str, Any]
) -> None:
    def fits(row: dict[str, str]) -> bool:
        ages = "age_from" in sought or "age_to" in sought
        return (
            sought.get("label") in (None, row["dx"])
            and sought.get("site") in (None, row["localization"])
            and sought.get("sex") in (None, row["sex"])
            and (not ages or sought.get("age_from", 0) <= years(row) <= sought.get("age_to", 150))
            and sought.get("text", "") in f"{row['image_id']} {row['lesion_id']}".casefold()
        )

    wanted = [row["image_id"] for row in rows() if fits(row)]
    assert listed(house, **sought, limit=1000) == wanted
    assert ask(house, "/ids", **sought)["image_ids"] == wanted
    assert ask(house, **sought, limit=1)["total"] == len(wanted)


def test_pages_together_are_the_whole_in_order(house: House) -> None:
    pages = [listed(house, offset=start, limit=7) for start in range(0, 70, 7)]
    assert list(itertools.chain.from_iterable(pages)) == [row["image_id"] for row in rows()]


def test_what_can_be_sought_is_counted(house: House) -> None:
    found = ask(house, "/choices")
    assert found["labels"] == [{"value": "mel", "images": 30}, {"value": "nv", "images": 30}]
    assert found["sites"] == [{"value": "back", "images": 20}, {"value": "scalp", "images": 20}]
    assert found["sexes"] == [{"value": "female", "images": 30}, {"value": "male", "images": 30}]
    assert found["ages"] == {"youngest": 15.0, "oldest": 85.0}


def test_what_is_left_out_is_found_by_that_alone_and_comes_back(tmp_path: Path) -> None:
    with open_house(tmp_path / "home") as house:
        upload(house.here, "set", described_set())
        place = "/api/datasets/set/versions"
        out = {"exclude": ["IMG_003", "IMG_004"], "relabel": {"IMG_005": "bcc"}}
        assert house.here.post(place, json=out).status_code == 200
        assert "IMG_003" not in listed(house)
        assert listed(house, fact="left_out") == ["IMG_003", "IMG_004"]
        assert listed(house, label="bcc") == ["IMG_005"]
        assert house.here.post(f"{place}/1/restore").status_code == 200
        assert listed(house, limit=1000) == [row["image_id"] for row in rows()]
        assert listed(house, fact="left_out") == []


def test_a_large_picture_is_written_anew(tmp_path: Path) -> None:
    noise = Image.effect_noise((1500, 1200), 60).convert("RGB")
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "Ada Lovelace"
    noise.save(buffer, "JPEG", exif=exif)
    with open_house(tmp_path / "home") as house:
        upload(house.here, "set", [("nv/a.jpg", buffer.getvalue())])
        answer = house.here.get("/api/datasets/set/picture", params={"image_id": "a"})
        assert answer.headers["content-type"] == "image/jpeg"
        assert b"Lovelace" not in answer.content
        with Image.open(io.BytesIO(answer.content)) as shown:
            assert shown.size == (1024, 819)
        unknown = house.here.get("/api/datasets/set/picture", params={"image_id": "b"})
        assert unknown.status_code == 404
