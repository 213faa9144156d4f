"""Model files from strangers: nothing in them is executed, and nothing outside them is read.

Much of it is the care of Keras, torch and ONNX Runtime. These tests hold us to versions that take
it, and to ways of opening a file that let them.
"""

from __future__ import annotations

import marshal
import pickle
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from PIL import Image

from server.domain.architectures import architecture
from server.domain.errors import InvalidInput
from server.inference.predictor import Predictor
from server.training.engine.backbone import backbone
from server.training.engine.checkpoint import (
    CHECKPOINT_NAME,
    UnusableCheckpoint,
    load_checkpoint,
    load_weights,
)
from server.training.engine.keras_backend import keras
from server.training.engine.weights import resolve
from tests.faults.rows import Measured
from tests.unit.training.engine.networks import write_keras_weights

SIDE = 32
SECRET = 0.123456


class _Evil:
    """Leaves a mark as soon as it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str, str]]:
        return (open, (str(self.mark), "w"))


def _as_pickle(path: Path, mark: Path) -> None:
    path.write_bytes(pickle.dumps({"epoch": 1, "weights": _Evil(mark)}))


def _as_torch(path: Path, mark: Path) -> None:
    torch.save({"epoch": 1, "weights": _Evil(mark)}, path)


def _as_old_torch(path: Path, mark: Path) -> None:
    torch.save({"weights": _Evil(mark)}, path, _use_new_zipfile_serialization=False)


def _as_script(path: Path, mark: Path) -> None:
    """A zip as TorchScript's, with a hostile pickle in the place of its data."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(_Evil(mark)))
        archive.writestr("archive/constants.pkl", pickle.dumps(_Evil(mark)))
        archive.writestr("archive/version", b"3\n")


@pytest.mark.fault(14, "checkpoints with code in them", "nothing executed")
@pytest.mark.parametrize("written", [_as_pickle, _as_torch, _as_old_torch, _as_script])
def test_a_checkpoint_with_code_is_refused_and_the_code_never_runs(
    tmp_path: Path, written: Callable[[Path, Path], None]
) -> None:
    mark, file = tmp_path / "mark", tmp_path / CHECKPOINT_NAME
    written(file, mark)
    with pytest.raises(UnusableCheckpoint, match="damaged"):
        load_checkpoint(file, "any", tmp_path)
    with pytest.raises(UnusableCheckpoint, match="damaged"):
        load_weights(file)
    assert not mark.exists()


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of MobileNetV2 as Keras writes them."""
    model = keras.applications.MobileNetV2(
        weights=None, include_top=False, pooling="avg", input_shape=(SIDE, SIDE, 3)
    )
    path = tmp_path_factory.mktemp("weights") / "good.h5"
    write_keras_weights(model, path)
    return path


def _load(path: Path) -> Any:
    which = architecture("MobileNetV2")
    return backbone(which, SIDE, resolve(which, str(path), None))[0]


def _first_array(group: h5py.Group) -> tuple[h5py.Group, str]:
    """The array of the first convolution, and the group that holds it."""
    for name, entry in group.items():
        if isinstance(entry, h5py.Dataset):
            if entry.ndim == 4:
                return group, name
        else:
            found = _first_array(entry)
            if found[1]:
                return found
    return group, ""


def _external_link(group: h5py.Group, name: str, secret: Path) -> None:
    group[name] = h5py.ExternalLink(str(secret), "/numbers")


def _external_storage(group: h5py.Group, name: str, secret: Path) -> None:
    raw = secret.with_suffix(".raw")
    raw.write_bytes(np.full(864, SECRET, np.float32).tobytes())
    group.create_dataset(name, (3, 3, 3, 32), "f4", external=[(str(raw), 0, h5py.h5f.UNLIMITED)])


def _virtual(group: h5py.Group, name: str, secret: Path) -> None:
    layout = h5py.VirtualLayout((3, 3, 3, 32), "f4")
    layout[:] = h5py.VirtualSource(str(secret), "numbers", (3, 3, 3, 32))
    group.create_virtual_dataset(name, layout)


def _soft_link(group: h5py.Group, name: str, secret: Path) -> None:
    group[name] = h5py.SoftLink("/somewhere/else")


def _endless(group: h5py.Group, name: str, secret: Path) -> None:
    group["again"] = group.file["/"]


def _absurd(group: h5py.Group, name: str, secret: Path) -> None:
    group.create_dataset(name, (10**7, 10**6), "f4", chunks=(1024, 1024))


@pytest.mark.fault(14, "weights files that point outside or claim too much", "nothing read")
@pytest.mark.parametrize(
    "hostile", [_external_link, _external_storage, _virtual, _soft_link, _endless, _absurd]
)
def test_a_weights_file_that_points_elsewhere_is_refused_in_a_sentence(
    tmp_path: Path, good: Path, hostile: Callable[[h5py.Group, str, Path], None]
) -> None:
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["numbers"] = np.full((3, 3, 3, 32), SECRET, np.float32)
    path = tmp_path / "hostile.h5"
    path.write_bytes(good.read_bytes())
    with h5py.File(path, "r+") as file:
        group, name = _first_array(file)
        del group[name]
        hostile(group, name, secret)
    with pytest.raises(InvalidInput, match="cannot be used for MobileNetV2") as refused:
        _load(path)
    assert str(secret) not in str(refused.value)


@pytest.mark.fault(14, "weights files cut short or damaged", "refused in a sentence, or whole")
def test_a_damaged_weights_file_is_refused_or_read_whole(
    tmp_path: Path, good: Path, measured: Measured
) -> None:
    whole, path = good.read_bytes(), tmp_path / "damaged.h5"
    refused = 0
    damages = [whole[: len(whole) * part // 8] for part in range(8)]
    places = range(0, 4096, 512)
    damages += [whole[:place] + b"\xff" * 64 + whole[place + 64 :] for place in places]
    for damaged in damages:
        path.write_bytes(damaged)
        try:
            _load(path)
        except InvalidInput:
            refused += 1
    assert refused >= 8
    measured(f"{refused} of {len(damages)} refused")


@pytest.mark.fault(14, "a Keras model with a Lambda layer as weights", "nothing executed")
def test_a_model_with_code_gives_its_weights_at_most(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    code = compile(f"open({str(mark)!r}, 'w')", "evil", "eval")
    layer = {"class_name": "Lambda", "config": {"name": "x", "function": marshal.dumps(code).hex()}}
    path = tmp_path / "model.h5"
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = str(
            {"class_name": "Sequential", "config": {"layers": [layer]}}
        )
        file.attrs["keras_version"] = "3"
        file.create_group("model_weights").attrs["layer_names"] = [b"x"]
        file["model_weights"].create_group("x").attrs["weight_names"] = np.array([], "S1")
    with pytest.raises(InvalidInput, match="cannot be used for MobileNetV2"):
        _load(path)
    assert not mark.exists()


def _onnx(tensor: TensorProto, *nodes: onnx.NodeProto) -> bytes:
    shape = ["n", SIDE, SIDE, 3]
    graph = helper.make_graph(
        list(nodes) or [helper.make_node("Identity", ["w"], ["probabilities"])],
        "hostile",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", 2])],
        [tensor],
    )
    model = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])
    facts = {"labels": '["a", "b"]', "image_size": str(SIDE), "architecture": "MobileNetV2"}
    helper.set_model_props(model, facts)
    return bytes(model.SerializeToString())


@pytest.mark.fault(14, "ONNX files that point outside", "nothing read")
@pytest.mark.parametrize("place", ["secret.bin", "../secret.bin", "{absolute}"])
def test_an_onnx_file_cannot_read_another_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    models = tmp_path / "models"
    models.mkdir()
    monkeypatch.chdir(models)
    for folder in (tmp_path, models):
        (folder / "secret.bin").write_bytes(np.full(2, SECRET, np.float32).tobytes())
    tensor = TensorProto(
        name="w", data_type=TensorProto.FLOAT, dims=[1, 2], data_location=TensorProto.EXTERNAL
    )
    named = place.format(absolute=tmp_path / "secret.bin")
    for key, value in (("location", named), ("offset", "0"), ("length", "8")):
        tensor.external_data.add(key=key, value=value)
    (models / "hostile.onnx").write_bytes(_onnx(tensor))
    with pytest.raises(InvalidInput, match=r"hostile\.onnx"):
        Predictor(models / "hostile.onnx").predict(_picture())


def test_the_same_onnx_file_with_its_numbers_inside_is_answered(tmp_path: Path) -> None:
    """Otherwise the tests beside this one would prove nothing."""
    tensor = helper.make_tensor("w", TensorProto.FLOAT, [1, 2], [0.25, 0.75])
    path = tmp_path / "good.onnx"
    path.write_bytes(_onnx(tensor))
    assert Predictor(path).predict(_picture()) == [("b", 0.75), ("a", 0.25)]


@pytest.mark.fault(14, "ONNX files with operators of others", "nothing executed")
def test_an_onnx_file_with_a_foreign_operator_is_refused(tmp_path: Path) -> None:
    tensor = helper.make_tensor("w", TensorProto.FLOAT, [1, 2], [0.5, 0.5])
    node = helper.make_node("PyOp", ["w"], ["probabilities"], domain="ai.onnx.contrib", code="1")
    path = tmp_path / "hostile.onnx"
    path.write_bytes(_onnx(tensor, node))
    with pytest.raises(InvalidInput, match=r"hostile\.onnx"):
        Predictor(path)


def _picture() -> bytes:
    made = BytesIO()
    Image.new("RGB", (SIDE, SIDE)).save(made, "PNG")
    return made.getvalue()
