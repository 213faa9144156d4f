"""What can go wrong with places and names is found before the training, not after it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from server.domain.architectures import ARCHITECTURES
from server.domain.errors import InvalidInput, WeightsUnavailable
from server.training.cli import spec_from
from server.training.engine.backbone import backbone
from server.training.engine.keras_backend import keras
from server.training.engine.weights import resolve
from server.training.flags import parser
from server.training.spec import reserve_model_name


def test_runs_that_start_in_the_same_second_get_names_of_their_own(tmp_path: Path) -> None:
    names: list[str] = []
    starters = [
        threading.Thread(target=lambda: names.append(reserve_model_name("ResNet50", tmp_path)))
        for _ in range(8)
    ]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join()
    assert len(set(names)) == 8


@pytest.mark.parametrize("flag", ["--output-dir", "--run-dir", "--log-file"])
def test_a_place_that_cannot_be_written_to_is_refused_with_its_flag(
    tmp_path: Path, flag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DERMASCAN_HOME", str(tmp_path / "home"))
    (tmp_path / "data").mkdir()
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    place = str(tmp_path / "file" / "below" / "it")
    flags = parser().parse_args(["--data-dir", str(tmp_path / "data"), flag, place])
    with pytest.raises(InvalidInput, match=flag):
        spec_from(flags)


def test_auto_starts_at_random_and_says_so_when_the_download_itself_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chosen = ARCHITECTURES["MobileNetV2"]

    def broken(*_: object, **__: object) -> str:
        raise OSError("the line went dead")

    monkeypatch.setattr(keras.utils, "get_file", broken)
    monkeypatch.setenv("KERAS_HOME", "/nowhere")
    answered = resolve(chosen, "auto", None, reachable=lambda _: True)
    _, started_from = backbone(chosen, 32, answered)
    assert started_from.used == "random"
    assert started_from.sentence.startswith("RANDOM START")
    asked_for = resolve(chosen, "imagenet", None, reachable=lambda _: True)
    with pytest.raises(WeightsUnavailable):
        backbone(chosen, 32, asked_for)
