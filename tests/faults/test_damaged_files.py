"""Table 13: damaged images and tables. No crash, every good image kept, every bad one named."""

from __future__ import annotations

import contextlib
import io
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from server.domain.errors import DermaScanError
from server.intake.understand import understand
from tests.faults.counts import count
from tests.faults.import_process import take_in
from tests.faults.rows import Measured
from tests.integration.test_uploads import jpeg


def _picture(chance: random.Random, form: str) -> bytes:
    made = io.BytesIO()
    size = (chance.randint(20, 80), chance.randint(20, 80))
    picture = Image.effect_noise(size, 80).convert(chance.choice(["RGB", "L"]))
    picture.save(made, form, **({"progressive": True} if form == "JPEG" and size[0] % 2 else {}))
    return made.getvalue()


def _flipped(whole: bytes, chance: random.Random) -> bytes:
    data = bytearray(whole)
    for _ in range(chance.randint(1, 40)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data)


@pytest.mark.fault(13, "damaged images", "no crash, every good image kept, every bad one named")
def test_every_good_image_is_kept_and_every_bad_one_named(
    tmp_path: Path, measured: Measured
) -> None:
    chance = random.Random(13)
    good: set[str] = set()
    cut: set[str] = set()
    changed: set[str] = set()
    for number in range(count(60, 1000)):
        form = chance.choice(["JPEG", "PNG"])
        whole, ending = _picture(chance, form), ".jpg" if form == "JPEG" else ".png"
        for kind, names, data in (
            ("good", good, whole),
            ("cut", cut, whole[: chance.randrange(len(whole) // 2)]),
            ("changed", changed, _flipped(whole, chance)),
        ):
            path = f"{'ab'[number % 2]}/{kind}{number}{ending}"
            (tmp_path / path).parent.mkdir(exist_ok=True)
            (tmp_path / path).write_bytes(data)
            names.add(path)
    done = take_in(tmp_path)
    assert done.exit_code == 0, done.answer
    assert good <= done.images
    assert cut <= done.named
    assert not done.images & done.named
    assert changed <= done.images | done.named
    measured(
        f"{len(good)} good, {len(cut)} cut, {len(changed)} with changed bytes: all good kept, all "
        "cut ones named"
    )


TABLES = st.one_of(
    st.binary(max_size=400),
    st.lists(
        st.lists(
            st.sampled_from(
                [
                    "image_id",
                    "dx",
                    "label",
                    "a",
                    "b",
                    "nv",
                    "a.jpg",
                    '"',
                    "\n",
                    "",
                    "é",
                    "\0",
                    "1e9",
                ]
            ),
            max_size=6,
        ).flatmap(lambda row: st.sampled_from([sep.join(row) for sep in (",", ";", "\t", "|")])),
        max_size=12,
    ).flatmap(
        lambda rows: st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"]).map(
            lambda code: "\r\n".join(rows).encode(code, "replace")
        )
    ),
)


@pytest.mark.fault(13, "a fuzzer on the tables", "no crash")
@settings(
    max_examples=count(100, 5000),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(content=TABLES)
def test_no_table_whatever_its_bytes_makes_the_reader_fail_itself(
    tmp_path: Path, content: bytes
) -> None:
    for name in ("a", "b"):
        if not (tmp_path / f"{name}.jpg").exists():
            (tmp_path / f"{name}.jpg").write_bytes(jpeg((80, 70, 60)))
    (tmp_path / "labels.csv").write_bytes(content)
    with contextlib.suppress(DermaScanError):  # a refusal is an answer
        manifest = understand(tmp_path)
        assert {image.path for image in manifest.images} <= {"a.jpg", "b.jpg"}
