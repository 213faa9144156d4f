"""The files that a user takes away answer as the network that was trained."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from server.training.engine.graph import UnknownLayer
from server.training.engine.keras_backend import keras
from server.training.engine.network import Network
from server.training.engine.onnx_export import export_onnx
from server.training.engine.onnx_operators import OPERATORS, OnnxWriter, write_graph
from server.training.engine.saved_model import save_h5
from server.training.engine.translate import translate
from tests.unit.training.engine.networks import (
    CLASSES,
    FOUR,
    Floats,
    enliven,
    pictures,
    random_network,
    real_mobilenet,
    torch_probabilities,
)

ROOT = Path(__file__).resolve().parents[4]
LABELS = ("melanoma", "nævus", "basal cell carcinoma", "角化症")
SIZE = 48
CLOSE = 1e-4
"""Probabilities. Networks of random weights multiply rounding errors; with real ones: ``EXACT``."""
EXACT = 1e-5


def _trained(name: str) -> Network:
    """A network whose answers are neither all alike nor all certain."""
    network = random_network(name, SIZE)
    enliven(network)
    return network


def _answers(path: Path, images: Floats) -> Floats:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    probabilities: Floats = session.run(["probabilities"], {"image": images})[0]
    return probabilities


@pytest.mark.parametrize("name", FOUR)
def test_h5_and_onnx_answer_as_the_trained_network(name: str, tmp_path: Path) -> None:
    network = _trained(name)
    images = pictures(SIZE)
    expected = torch_probabilities(network, images)
    assert expected.std(axis=0).max() > 0.01, "answers that are all alike would prove nothing"

    network.module.train()
    save_h5(network, tmp_path / "model.h5")
    export_onnx(network, tmp_path / "model.onnx", LABELS)

    opened = keras.models.load_model(tmp_path / "model.h5")
    assert np.abs(opened.predict(images, verbose=0) - expected).max() < CLOSE
    assert np.abs(_answers(tmp_path / "model.onnx", images) - expected).max() < CLOSE
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.h5", "model.onnx"]


@pytest.mark.parametrize("views", [2, 4])
def test_a_picture_and_its_mirror_image_get_one_answer_in_every_shape(
    views: int, tmp_path: Path
) -> None:
    """Of two views the other is the picture mirrored sideways; of four, it is each way of both."""
    network = _trained("MobileNetV2")
    network.module.views = views
    images = pictures(SIZE)
    expected = torch_probabilities(network, images)
    save_h5(network, tmp_path / "model.h5")
    export_onnx(network, tmp_path / "model.onnx", LABELS)
    opened = keras.models.load_model(tmp_path / "model.h5")
    mirrored = [np.flip(images, axes).copy() for axes in ((2,), (1,), (1, 2))][: views - 1]
    for pixels in (images, *mirrored):
        assert np.abs(torch_probabilities(network, pixels) - expected).max() < CLOSE
        assert np.abs(opened.predict(pixels, verbose=0) - expected).max() < CLOSE
        assert np.abs(_answers(tmp_path / "model.onnx", pixels) - expected).max() < CLOSE
    network.module.views = 1
    assert np.abs(torch_probabilities(network, mirrored[0]) - expected).max() > CLOSE


@pytest.mark.real_data
@pytest.mark.parametrize("views", [1, 4])
def test_with_real_weights_h5_and_onnx_answer_exactly(views: int, tmp_path: Path) -> None:
    network = real_mobilenet(96)
    network.module.views = views
    images = pictures(96)
    for parameter in network.module.head_parameters():
        parameter.data.mul_(5)
    expected = torch_probabilities(network, images)
    save_h5(network, tmp_path / "model.h5")
    export_onnx(network, tmp_path / "model.onnx", LABELS)
    opened = keras.models.load_model(tmp_path / "model.h5")
    assert np.abs(opened.predict(images, verbose=0) - expected).max() < EXACT
    assert np.abs(_answers(tmp_path / "model.onnx", images) - expected).max() < EXACT


@pytest.mark.parametrize("name", FOUR)
@pytest.mark.parametrize("views", [1, 4])
def test_the_h5_holds_stock_layers_only(name: str, views: int) -> None:
    network = random_network(name, 32)
    network.module.views = views
    model = network.keras_model
    inner = [layer for layer in model.layers if isinstance(layer, keras.Model)]
    assert len(inner) == (views > 1)
    layers = [each for part in (model, *inner) for each in part.layers if each not in inner]
    kinds = {type(layer).__module__ for layer in layers}
    assert all(kind.startswith("keras.src.layers.") for kind in kinds)


OPEN_ELSEWHERE = """
import sys
import numpy as np
import keras
assert keras.backend.backend() == "jax"
model = keras.models.load_model(sys.argv[1])
np.save(sys.argv[3], model.predict(np.load(sys.argv[2]), verbose=0))
"""


@pytest.mark.slow
@pytest.mark.parametrize(("name", "views"), [("MobileNetV2", 4), ("ResNet50", 1)])
def test_the_h5_answers_alike_in_plain_keras_on_another_back_end(
    name: str, views: int, tmp_path: Path
) -> None:
    network = _trained(name)
    network.module.views = views
    images = pictures(SIZE)
    save_h5(network, tmp_path / "model.h5")
    np.save(tmp_path / "images.npy", images)
    names = [str(tmp_path / each) for each in ("model.h5", "images.npy", "answers.npy")]
    subprocess.run(
        [sys.executable, "-c", OPEN_ELSEWHERE, *names],
        env={**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
        cwd=tmp_path,
        check=True,
    )
    elsewhere = np.load(tmp_path / "answers.npy")
    assert np.abs(elsewhere - torch_probabilities(network, images)).max() < CLOSE


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("exported") / "model.onnx"
    export_onnx(random_network("MobileNetV2", 32), path, LABELS)
    return path


def test_onnx_takes_any_number_of_images(exported: Path) -> None:
    for count in (1, 2, 7):
        answers = _answers(exported, pictures(32, count))
        assert answers.shape == (count, CLASSES)
        np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-5)


def test_onnx_says_what_a_reader_must_know(exported: Path) -> None:
    said = {entry.key: entry.value for entry in onnx.load(exported).metadata_props}
    assert json.loads(said["labels"]) == list(LABELS)
    assert said["image_size"] == "32"
    assert said["architecture"] == "MobileNetV2"
    assert json.loads(said["preprocessing"])["range"] == [0.0, 1.0]


def test_onnx_holds_nothing_that_is_only_for_training(exported: Path) -> None:
    operators = {node.op_type for node in onnx.load(exported).graph.node}
    assert not operators & {"Dropout", "Identity", "RandomUniform", "RandomUniformLike"}


def test_export_is_silent(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    network = random_network("MobileNetV2", 32)
    capfd.readouterr()
    save_h5(network, tmp_path / "model.h5")
    export_onnx(network, tmp_path / "model.onnx", LABELS)
    assert capfd.readouterr() == ("", "")


def test_as_many_labels_as_classes_are_needed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="2 labels for 4 classes"):
        export_onnx(random_network("MobileNetV2", 32), tmp_path / "model.onnx", ("a", "b"))


@pytest.mark.parametrize("save", ["h5", "onnx"])
def test_a_save_that_fails_leaves_nothing_behind_and_the_old_file_whole(
    save: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = random_network("MobileNetV2", 32)
    path = tmp_path / f"model.{save}"
    path.write_bytes(b"the old one")

    def disk_full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", disk_full)
    write = save_h5 if save == "h5" else partial(export_onnx, labels=LABELS)
    with pytest.raises(OSError, match="No space left"):
        write(network, path)
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
    assert path.read_bytes() == b"the old one"


def test_every_kind_of_layer_computes_the_same_in_onnx(tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    layers = keras.layers
    image = keras.Input((9, 8, 6), name="image")
    x = layers.Rescaling([1.0, 2, 3, 4, 5, 6], [0.1, 0, 0, 0, 0, 0.5])(image)
    x = layers.ZeroPadding2D(((1, 2), (0, 3)))(x)
    x = layers.ReLU(negative_slope=0.1)(layers.Conv2D(6, 4, padding="same")(x))
    x = layers.Concatenate()([layers.MaxPooling2D(3, 2)(x), layers.AveragePooling2D(3, 2)(x)])
    x = layers.BatchNormalization(epsilon=0.1)(x)
    gate = layers.Reshape((1, 1, 12))(layers.GlobalAveragePooling2D()(x))
    gate = layers.Conv2D(12, 1, activation="sigmoid")(gate)
    kept = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Add()([layers.Multiply()([x, gate]), kept, layers.ReLU(6.0)(x), layers.ReLU()(x)])
    x = layers.Activation("swish")(layers.Dropout(0.5, noise_shape=(None, 1, 1, 1))(x))
    x = layers.Dense(24, activation="tanh")(layers.Dropout(0.5)(layers.Reshape((300,))(x)))
    x = layers.BatchNormalization(scale=False, center=False)(x)
    x = layers.Activation("linear")(layers.Reshape((2, 3, 4))(x))
    model = keras.Model(image, layers.Softmax()(layers.GlobalAveragePooling2D()(x)))
    translation = translate(model)
    assert {type(part) for part in translation.module.children()} == set(OPERATORS)

    path = tmp_path / "every.onnx"
    _write(translation.module, path)
    images = np.random.default_rng(0).random((2, 9, 8, 6), dtype=np.float32)
    expected = model(images, training=False).detach().numpy()
    np.testing.assert_allclose(_answers(path, images), expected, atol=1e-6)


def _write(module: object, path: Path) -> None:
    from onnx import TensorProto, helper

    writer = OnnxWriter()
    entry = writer.emit("Transpose", ["image"], perm=[0, 3, 1, 2])
    result = write_graph(writer, module, entry)  # type: ignore[arg-type]
    writer.nodes.append(helper.make_node("Identity", [result], ["probabilities"]))
    graph = helper.make_graph(
        writer.nodes,
        "every",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 9, 8, 6])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", 4])],
        writer.constants,
    )
    opset = helper.make_opsetid("", 17)
    onnx.save(helper.make_model(graph, ir_version=8, opset_imports=[opset]), path)


def test_a_module_without_a_translation_to_onnx_is_refused_by_name() -> None:
    image = keras.Input((8, 8, 3))
    module = translate(keras.Model(image, keras.layers.ReLU()(image))).module
    from torch import nn

    module.add_module(next(iter(dict(module.named_children()))), nn.Softplus())
    with pytest.raises(UnknownLayer, match="Softplus has no translation to ONNX"):
        write_graph(OnnxWriter(), module, "image")
