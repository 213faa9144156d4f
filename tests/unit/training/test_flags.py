"""What the flags ask for: given by hand, then the preset, then the defaults."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.domain.errors import InvalidInput
from server.domain.training_request import TrainingRequest
from server.training.cli import spec_from
from server.training.flags import parser


def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> TrainingRequest:
    """The request that these flags make."""
    monkeypatch.setenv("DERMASCAN_HOME", str(tmp_path / "home"))
    (tmp_path / "set").mkdir()
    return spec_from(parser().parse_args(["--data-dir", str(tmp_path / "set"), *words])).request


def test_without_flags_a_run_is_the_documents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert asked(tmp_path, monkeypatch) == TrainingRequest(dataset_name="set")


def test_a_preset_fills_the_flags_that_were_not_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = asked(tmp_path, monkeypatch, "--preset", "quick")
    assert (request.architecture, request.image_size) == ("MobileNetV2", 128)


def test_flags_given_by_hand_win_over_the_preset_even_when_they_say_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["--preset", "quick", "--arch", "DenseNet169", "--epochs", "30", "--image-size", "96"]
    request = asked(tmp_path, monkeypatch, *words, "--no-class-balancing")
    assert (request.architecture, request.epochs, request.image_size) == ("DenseNet169", 30, 96)
    assert request.class_balancing is False


def test_an_unknown_preset_is_refused_with_the_known_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InvalidInput, match="quick, standard, best"):
        asked(tmp_path, monkeypatch, "--preset", "fast")
