"""What a run starts from is decided beforehand, in words, and never silently at random."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from server.domain.architectures import ARCHITECTURES, Architecture
from server.domain.errors import InvalidInput, WeightsUnavailable
from server.training.engine.weights import ResolvedWeights, answers, keras_cache, resolve

ROOT = Path(__file__).resolve().parents[4]
ALL = tuple(ARCHITECTURES.values())
MOBILE = ARCHITECTURES["MobileNetV2"]


def _offline(_url: str) -> bool:
    return False


def _online(_url: str) -> bool:
    return True


@pytest.fixture(autouse=True)
def _no_keras_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))


def _put(folder: Path, content: bytes = b"weights") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / MOBILE.weights_file
    file.write_bytes(content)
    return file


@pytest.mark.parametrize("requested", ["auto", "imagenet", " ImageNet "])
def test_a_file_in_the_weights_folder_is_taken_before_anything_else(
    requested: str, tmp_path: Path
) -> None:
    _put(keras_cache())
    file = _put(tmp_path / "given", b"the given ones")
    found = resolve(MOBILE, requested, tmp_path / "given", _online)
    assert (found.used, found.path) == ("imagenet", file)
    assert found.sha256 == hashlib.sha256(b"the given ones").hexdigest()
    assert str(file) in found.sentence


def test_kerass_own_folder_is_looked_into_next(tmp_path: Path) -> None:
    file = _put(tmp_path / "keras" / "models")
    assert resolve(MOBILE, "auto", tmp_path / "empty", _offline).path == file


def test_keras_downloads_when_its_server_answers() -> None:
    asked = []

    def online(url: str) -> bool:
        asked.append(url)
        return True

    found = resolve(MOBILE, "auto", None, online)
    assert (found.used, found.path, found.sha256) == ("imagenet", None, None)
    assert "download" in found.sentence
    assert asked == [MOBILE.weights_url]


@pytest.mark.parametrize("chosen", ALL, ids=lambda each: each.name)
def test_auto_without_any_way_starts_at_random_and_says_so_loudly(chosen: Architecture) -> None:
    found = resolve(chosen, "auto", None, _offline)
    assert (found.used, found.path) == ("random", None)
    assert found.sentence.startswith("RANDOM START")
    assert chosen.weights_file in found.sentence


@pytest.mark.parametrize("chosen", ALL, ids=lambda each: each.name)
def test_imagenet_without_any_way_is_refused_with_both_ways_out(chosen: Architecture) -> None:
    with pytest.raises(WeightsUnavailable) as refusal:
        resolve(chosen, "imagenet", None, _offline)
    for part in ("internet", chosen.weights_file, "--weights-dir", "DERMASCAN_WEIGHTS_DIR"):
        assert part in refusal.value.message


def test_a_weights_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsUnavailable, match="no such does not exist"):
        resolve(MOBILE, "imagenet", tmp_path / "no such", _offline)


def test_none_is_random_and_asks_nobody(tmp_path: Path) -> None:
    _put(tmp_path)

    def never(_url: str) -> bool:
        raise AssertionError("the internet was asked")

    found = resolve(MOBILE, "none", tmp_path, never)
    assert found.used == "random"
    assert "as asked for" in found.sentence


def test_a_path_is_that_file(tmp_path: Path) -> None:
    file = tmp_path / "my own weights.h5"
    file.write_bytes(b"mine")
    found = resolve(MOBILE, str(file), None, _offline)
    assert (found.used, found.path) == ("file", file)
    assert str(file) in found.sentence


def test_what_is_neither_a_word_nor_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="neither 'auto', 'imagenet' or 'none' nor a file"):
        resolve(MOBILE, str(tmp_path / "nothing.h5"), None, _offline)


class _Server(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self.send_response(200 if self.path == "/there" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def test_an_answer_counts_and_a_refusal_does_not() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        place = f"http://127.0.0.1:{server.server_port}"
        assert answers(f"{place}/there")
        assert not answers(f"{place}/elsewhere")
    finally:
        server.shutdown()
        server.server_close()
    assert not answers(f"{place}/there")


def test_deciding_needs_neither_keras_nor_torch_nor_numpy() -> None:
    program = (
        "import sys\n"
        "from server.domain.architectures import architecture\n"
        "from server.training.engine.weights import resolve\n"
        "resolve(architecture('MobileNetV2'), 'none', None)\n"
        "print(sorted({'keras', 'torch', 'numpy', 'h5py'} & set(sys.modules)))\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ended.stdout.strip() == "[]"


def test_the_answer_names_what_was_asked_for() -> None:
    assert isinstance(resolve(MOBILE, "none", None), ResolvedWeights)
    assert resolve(MOBILE, "auto", None, _offline).requested == "auto"
