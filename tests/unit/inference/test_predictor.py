"""A prediction is what the network says of the photograph, and needs neither Keras nor torch."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from server.domain.errors import InvalidInput, NotFound
from server.domain.pixels import read_square
from server.inference.predictor import Predictor

ROOT = Path(__file__).resolve().parents[3]
LABELS = ["red", "green", "blue"]
SIZE = 16


def _colour_model(path: Path, **changes: Any) -> Path:
    """A small network: softmax of ten times the mean of red, green and blue."""
    size = changes.get("size", SIZE)
    tens = numpy_helper.from_array(np.asarray(10, np.float32), "tens")
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["image"], ["mean"], axes=[1, 2], keepdims=0),
            helper.make_node("Mul", ["mean", "tens"], ["logits"]),
            helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
        ],
        "colour",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", size, size, 3])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", 3])],
        [tens],
    )
    model = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])
    said = {"labels": json.dumps(LABELS), "image_size": str(SIZE), "architecture": "MobileNetV2"}
    said.update(changes.get("said", {}))
    helper.set_model_props(model, {key: value for key, value in said.items() if value is not None})
    onnx.save(model, path)
    return path


@pytest.fixture
def predictor(tmp_path: Path) -> Predictor:
    return Predictor(_colour_model(tmp_path / "model.onnx"))


def _photograph(seed: int = 0) -> bytes:
    noise = np.random.default_rng(seed).integers(0, 256, (60, 90, 3), dtype=np.uint8)
    out = BytesIO()
    Image.fromarray(noise // np.array([1, 2, 4], np.uint8)).save(out, "JPEG", quality=95)
    return out.getvalue()


def test_a_prediction_names_every_class_once_highest_first(predictor: Predictor) -> None:
    answer = predictor.predict(_photograph())
    assert [label for label, _ in answer] == ["red", "green", "blue"]
    chances = [chance for _, chance in answer]
    assert chances == sorted(chances, reverse=True)
    assert sum(chances) == pytest.approx(1, abs=1e-6)


def test_the_network_sees_the_photograph_as_training_reads_it(predictor: Predictor) -> None:
    data = _photograph()
    seen = np.asarray(read_square(data, SIZE), dtype=np.float32) / 255
    logits = 10 * seen.mean(axis=(0, 1))
    expected = np.exp(logits) / np.exp(logits).sum()
    answer = dict(predictor.predict(data))
    assert [answer[label] for label in LABELS] == pytest.approx(expected, abs=1e-6)


def test_bytes_and_an_opened_image_give_the_same(predictor: Predictor) -> None:
    data = _photograph()
    assert predictor.predict(data) == predictor.predict(Image.open(BytesIO(data)))


def test_the_card_of_the_model_can_be_read(predictor: Predictor) -> None:
    assert predictor.labels == tuple(LABELS)
    assert predictor.image_size == SIZE
    assert predictor.architecture == "MobileNetV2"


def test_many_threads_get_the_answers_that_one_gets(predictor: Predictor) -> None:
    photographs = [_photograph(seed) for seed in range(24)]
    expected = [predictor.predict(each) for each in photographs]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(predictor.predict, photographs)) == expected


@pytest.mark.parametrize("data", [b"", b"not an image", _photograph()[:700]])
def test_a_bad_image_is_refused_in_one_sentence(predictor: Predictor, data: bytes) -> None:
    with pytest.raises(InvalidInput) as refusal:
        predictor.predict(data)
    assert "image" in refusal.value.message


def test_a_model_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"gone\.onnx is not there"):
        Predictor(tmp_path / "gone.onnx")


def test_a_damaged_model_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = _colour_model(tmp_path / "model.onnx")
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InvalidInput, match=r"model\.onnx cannot be opened"):
        Predictor(path)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "changes",
    [
        {"said": {"labels": None}},
        {"said": {"labels": '["red", "green"]'}},
        {"said": {"labels": "red"}},
        {"said": {"image_size": "224"}},
        {"said": {"image_size": "large"}},
        {"said": {"architecture": None}},
        {"size": 32},
    ],
)
def test_a_foreign_onnx_file_is_refused(changes: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="was not written by this program"):
        Predictor(_colour_model(tmp_path / "foreign.onnx", **changes))


def test_the_file_may_be_deleted_while_the_predictor_lives(tmp_path: Path) -> None:
    """On Windows too: nothing keeps it open."""
    path = _colour_model(tmp_path / "model.onnx")
    predictor = Predictor(path)
    path.unlink()
    assert predictor.predict(_photograph())


def test_prediction_needs_neither_keras_nor_torch() -> None:
    program = (
        "import sys, server.inference.predictor\n"
        "print(sorted({'keras', 'torch', 'onnx', 'sklearn'} & set(sys.modules)))\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ended.stdout.strip() == "[]"
