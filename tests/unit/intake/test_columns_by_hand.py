"""What nothing could understand is read once a person has said what its columns mean."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from server.intake.column_map import column_names
from server.intake.manifest import Layout, Manifest, ProblemKind
from server.intake.readiness import why_not_trainable
from server.intake.table_seen import TableSeen
from server.intake.understand import understand
from server.training.evaluation.patient_columns import find_columns
from tests.unit.intake import published_sets as published
from tests.unit.intake.folders import labels, put, put_pictures, the_one

_HEADER = "Nr;Bild;Befund;Läsion;Pat;Alter;Geschlecht;Ort;Hauttyp;Bemerkung"
_CHOSEN = {
    "image": "Bild",
    "label": "Befund",
    "lesion": "Läsion",
    "patient": "Pat",
    "age": "Alter",
    "sex": "Geschlecht",
    "site": "Ort",
    "skin_tone": "Hauttyp",
}


def _german(folder: Path, name: str = "Liste.csv") -> None:
    rows = [
        f"{n};Foto {n}.jpg;{('Nävus', 'Melanom')[n // 2 % 2]};L{n // 2};P{n // 2};{40 + n};"
        f"{'mw'[n % 2]};Rücken;II;keine"
        for n in range(12)
    ]
    put(folder, name, "\n".join([_HEADER, *rows]) + "\n")
    put_pictures(folder, [f"fotos/Foto {n}.jpg" for n in range(12)])


def _choose(folder: Path, **tables: dict[str, str]) -> None:
    content = {"version": 1, "tables": {f"{name}.csv": chosen for name, chosen in tables.items()}}
    put(folder, "dermascan-columns.json", json.dumps(content))


def _seen(manifest: Manifest) -> TableSeen:
    (table,) = manifest.tables
    return table


def test_a_table_that_is_not_understood_is_shown_with_samples_and_a_guess(tmp_path: Path) -> None:
    _german(tmp_path)
    manifest = understand(tmp_path)
    assert manifest.layout is Layout.UNLABELLED
    seen = _seen(manifest)
    assert (seen.path, seen.by_hand, seen.understood) == ("Liste.csv", False, False)
    assert seen.columns[1].samples == ("Foto 0.jpg", "Foto 1.jpg", "Foto 2.jpg")
    assert seen.columns[2].samples == ("Nävus", "Melanom")
    assert seen.roles == _CHOSEN
    assert "what the columns of 'Liste.csv' mean" in (why_not_trainable(manifest) or "")


def test_columns_named_by_hand_make_the_dataset_whole(tmp_path: Path) -> None:
    """All eight meanings arrive where training, subgroups and the baseline look for them."""
    _german(tmp_path)
    _choose(tmp_path, Liste=_CHOSEN)
    manifest = understand(tmp_path)
    assert manifest.layout is Layout.MAPPED
    assert manifest.classes == {"Melanom": 6, "Nävus": 6}
    assert manifest.problems == ()
    assert "chosen by hand" in manifest.reason
    first = manifest.images[0]
    assert (first.lesion_id, first.patient_id) == ("L0", "P0")
    found = find_columns(manifest.images)
    assert set(found) == {"age", "sex", "body_site", "skin_tone"}
    assert found["body_site"].values[0] == "rücken"
    assert _seen(manifest).by_hand


def test_a_column_that_was_not_chosen_never_stands_in_for_one_that_was(tmp_path: Path) -> None:
    put_pictures(tmp_path, ["a.jpg", "b.jpg"])
    put(tmp_path, "m.csv", "image_id,label,age,true age\na,x,1,41\nb,y,2,42\n")
    _choose(tmp_path, m={"image": "image_id", "label": "label", "age": "true age"})
    ages = find_columns(understand(tmp_path).images)["age"].values
    assert ages == ("41", "42")


def test_a_choice_overrules_what_the_names_say(tmp_path: Path) -> None:
    put_pictures(tmp_path, ["a.jpg", "b.jpg"])
    put(tmp_path, "m.csv", "image_id,label,second opinion\na,x,p\nb,y,q\n")
    _choose(tmp_path, m={"image": "image_id", "label": "second opinion"})
    assert labels(understand(tmp_path)) == {"a.jpg": "p", "b.jpg": "q"}


def test_a_choice_counts_for_every_table_with_the_same_columns(tmp_path: Path) -> None:
    _german(tmp_path)
    rows = (tmp_path / "Liste.csv").read_text("utf-8").splitlines()
    put(tmp_path, "Liste.csv", "\n".join(rows[:7]) + "\n")
    put(tmp_path, "Liste 2.csv", "\n".join([rows[0], *rows[7:]]) + "\n")
    _choose(tmp_path, Liste=_CHOSEN)
    assert understand(tmp_path).classes == {"Melanom": 6, "Nävus": 6}


def test_the_choice_travels_with_a_folder_around_it(tmp_path: Path) -> None:
    _german(tmp_path / "Studie 7")
    _choose(tmp_path / "Studie 7", Liste=_CHOSEN)
    assert understand(tmp_path).classes == {"Melanom": 6, "Nävus": 6}


def test_columns_without_a_name_and_of_one_name_can_be_chosen(tmp_path: Path) -> None:
    put_pictures(tmp_path, ["a.jpg", "b.jpg"])
    put(tmp_path, "m.csv", "x,,x\na,p,1\nb,q,2\n")
    assert [c.name for c in _seen(understand(tmp_path)).columns] == [
        "x (column 1)",
        "column 2",
        "x (column 3)",
    ]
    _choose(tmp_path, m={"image": "x (column 1)", "label": "column 2"})
    assert labels(understand(tmp_path)) == {"a.jpg": "p", "b.jpg": "q"}


def test_a_table_that_lost_its_chosen_columns_is_named_and_read_by_its_names(
    tmp_path: Path,
) -> None:
    put_pictures(tmp_path, ["a.jpg", "b.jpg"])
    put(tmp_path, "m.csv", "image_id,label\na,x\nb,y\n")
    _choose(tmp_path, m={"image": "Bild", "label": "Befund"})
    manifest = understand(tmp_path)
    assert labels(manifest) == {"a.jpg": "x", "b.jpg": "y"}
    assert "no longer has the columns" in the_one(manifest, ProblemKind.TABLE).message


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"version": 9}', '{"version": 1, "tables": {"m.csv": 7}}', "\0"]
)
def test_a_choice_that_cannot_be_read_is_named_and_harms_nothing(
    tmp_path: Path, content: str
) -> None:
    put_pictures(tmp_path, ["a.jpg", "b.jpg"])
    put(tmp_path, "m.csv", "image_id,label\na,x\nb,y\n")
    put(tmp_path, "dermascan-columns.json", content)
    manifest = understand(tmp_path)
    assert labels(manifest) == {"a.jpg": "x", "b.jpg": "y"}
    assert the_one(manifest, ProblemKind.TABLE).file == "dermascan-columns.json"


def test_what_was_seen_of_a_table_survives_json(tmp_path: Path) -> None:
    _german(tmp_path)
    manifest = understand(tmp_path)
    again = Manifest.from_dict(json.loads(json.dumps(manifest.as_dict())))
    assert again.tables == manifest.tables


def test_a_published_set_keeps_its_codes_and_pictures_when_chosen_as_it_was_read(
    tmp_path: Path,
) -> None:
    """Whoever opens the form and changes nothing, or one thing, loses nothing."""
    for make in (published.isic_2020_half_known, published.derm7pt, published.ph2_png):
        folder = tmp_path / make.__name__
        make(folder)
        before = understand(folder)
        (table,) = (seen for seen in before.tables if "label" in seen.roles)
        content = {"version": 1, "tables": {table.path: dict(table.roles)}}
        put(folder, "dermascan-columns.json", json.dumps(content))
        after = understand(folder)
        assert after.layout is Layout.MAPPED
        assert after.classes == before.classes
        assert after.lesions_by_class == before.lesions_by_class
        assert after.problems == before.problems
        assert after.notes == before.notes


def test_one_column_a_class_stays_when_only_the_lesion_is_chosen(tmp_path: Path) -> None:
    put_pictures(tmp_path, [f"x{n}.jpg" for n in range(6)])
    rows = "".join(f"x{n},{n % 2},{1 - n % 2},L{n}\n" for n in range(6))
    put(tmp_path, "m.csv", f"image,MEL,NV,Fall\n{rows}")
    _choose(tmp_path, m={"image": "image", "lesion": "Fall"})
    manifest = understand(tmp_path)
    assert manifest.classes == {"MEL": 3, "NV": 3}
    assert manifest.images[0].lesion_id == "L0"


@given(st.lists(st.sampled_from(["", " ", "x", "x (column 1)", "x (column 2)", "column 1"])))
def test_every_column_has_a_name_of_its_own(header: list[str]) -> None:
    names = column_names(header)
    assert len(set(names)) == len(header)
    assert all(names)


_NAME = st.text(st.characters(categories=["L", "N", "Zs", "P"]), max_size=8)
_LABELS = st.lists(st.sampled_from(["a", "b", "c d", "nävus"]), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(header=st.tuples(_NAME, _NAME, _NAME), written=_LABELS, order=st.permutations(range(3)))
def test_whatever_the_columns_are_called_a_choice_gives_every_image_its_label(
    header: tuple[str, str, str], written: list[str], order: list[int]
) -> None:
    """Image, label and lesion, in any order, under any names, also under each other's."""
    text = io.StringIO(newline="")
    rows = [[f"x{n}", label, f"L{n}"] for n, label in enumerate(written)]
    names = [header[place] for place in order]
    assume(any(name.strip() for name in names))
    csv.writer(text).writerows([names, *([row[place] for place in order] for row in rows)])
    shown = column_names(names)
    chosen = {
        role: shown[order.index(place)] for place, role in enumerate(("image", "label", "lesion"))
    }
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root)
        put_pictures(folder, [f"x{n}.jpg" for n in range(len(written))])
        put(folder, "m.csv", text.getvalue())
        _choose(folder, m=chosen)
        manifest = understand(folder)
        assert [image.label for image in manifest.images] == written
        assert [image.lesion_id for image in manifest.images] == [
            f"L{n}" for n in range(len(written))
        ]
