"""A wrong setting is refused with one sentence that names it; the right ones are frozen."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from server.domain.errors import InvalidInput
from server.settings import SERVER_FOLDER, Settings, read_settings


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("DERMASCAN_"):
            monkeypatch.delenv(name)


def test_state_lies_under_server_unless_told_otherwise() -> None:
    settings = read_settings()
    assert settings.data_dir == SERVER_FOLDER / "data"
    assert settings.store_url == f"sqlite:///{(SERVER_FOLDER / 'dermascan.db').as_posix()}"
    assert settings.max_running_jobs == 1


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DERMASCAN_HOME", str(tmp_path / "a b"))
    monkeypatch.setenv("DERMASCAN_WEIGHTS_DIR", "")
    monkeypatch.setenv("DERMASCAN_DEV_ORIGINS", "http://a:1/, http://b:2")
    settings = read_settings()
    assert settings.models_dir == tmp_path / "a b" / "models"
    assert settings.weights_dir is None
    assert settings.dev_origins == ("http://a:1", "http://b:2")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("DERMASCAN_MAX_RUNNING_JOBS", "many", "valid integer"),
        ("DERMASCAN_MAX_RUNNING_JOBS", "0", "greater than or equal to 1"),
        ("DERMASCAN_LOG_LEVEL", "loud", "'debug', 'info'"),
        ("DERMASCAN_HOMME", "/srv", "no setting DERMASCAN_HOMME"),
    ],
)
def test_a_wrong_setting_is_one_sentence_that_names_it(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidInput) as refused:
        read_settings()
    assert name in refused.value.message
    assert says in refused.value.message
    assert "\n" not in refused.value.message


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    with pytest.raises(ValidationError):
        settings.max_running_jobs = 2  # type: ignore[misc]


def test_a_home_that_cannot_be_made_is_refused_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InvalidInput, match="file"):
        Settings(home=tmp_path / "file").make_folders()
