"""Two pictures of the same skin agree in their detail, however they were handled; others do not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from server.training.audit.registration import Registration, agreement, spectra
from server.training.audit.search import SAME_SKIN
from tests.unit.training.audit.pictures import (
    SIZE,
    recompressed,
    record_file,
    skin,
    square,
)


def _agreement(one: Image.Image, other: Image.Image) -> float:
    return agreement(spectra(square(one)), spectra(square(other)))


def test_a_picture_agrees_with_itself_wholly() -> None:
    assert _agreement(skin(0), skin(0)) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("turn", list(Image.Transpose))
def test_turning_and_mirroring_change_nothing(turn: Image.Transpose) -> None:
    assert _agreement(skin(0), skin(0).transpose(turn)) > 0.95


def test_recompressed_and_resized_pictures_are_recognised() -> None:
    assert _agreement(skin(0), recompressed(skin(0), 60).resize((150, 150))) > SAME_SKIN


def test_a_brighter_or_paler_copy_is_recognised() -> None:
    paler = Image.fromarray((np.asarray(skin(0)) * 0.7 + 60).clip(0, 255).astype(np.uint8))
    assert _agreement(skin(0), paler) > SAME_SKIN


def test_a_shifted_crop_is_recognised() -> None:
    assert _agreement(skin(0, 160).crop((0, 0, 150, 150)), skin(0, 160).crop((8, 6, 158, 156))) > (
        SAME_SKIN
    )


def test_a_closer_crop_is_recognised_where_crops_are_asked_for(tmp_path: Path) -> None:
    edge = round(128 * 0.28 / 2)
    closer = skin(0).crop((edge, edge, 128 - edge, 128 - edge))
    records = record_file(tmp_path / "pixels.bin", [square(skin(0)), square(closer)])
    registration = Registration(records, SIZE)
    for first, second in ((0, 1), (1, 0)):
        asked = registration.agreement(first, second, enough=SAME_SKIN, cropped=True)
        plain = registration.agreement(first, second, enough=SAME_SKIN, cropped=False)
        assert plain < SAME_SKIN < asked
    records.close()


def test_the_same_spot_on_other_skin_is_not_the_same_picture() -> None:
    assert max(_agreement(skin(0), skin(seed)) for seed in range(1, 30)) < SAME_SKIN


def test_a_picture_without_detail_agrees_with_nothing() -> None:
    flat = Image.new("RGB", (64, 64), (200, 160, 150))
    assert _agreement(flat, flat) == 0
    assert _agreement(flat, skin(0)) == 0
