"""The program that the server starts: one JSON object, a plain exit code, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from server.intake.manifest import Manifest, ProblemKind
from server.intake.understand import understand
from tests.unit.intake.archives import zip_of
from tests.unit.intake.folders import files_in, picture, put, put_pictures
from tests.unit.intake.published_sets import dermamnist, isic_2024

_ROOT = Path(__file__).resolve().parents[3]


def _run(*words: object, expect: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "server.intake", *map(str, words)],
        cwd=_ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == expect, done.stderr
    return done.stdout if "--human" not in words or not expect else done.stderr


def _answer(*words: object, expect: int = 0) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(_run(*words, expect=expect))
    return answer


def _set(folder: Path) -> Path:
    content = [(f"{label}/{n}.jpg", picture(n)) for label in ("mel", "nävus") for n in range(3)]
    put(folder, "x.html", "<")
    zip_of(folder / "set.zip", [*content, ("virus.exe", b"MZ")])
    return folder


def test_archives_are_unpacked_and_their_problems_stand_in_the_manifest(tmp_path: Path) -> None:
    folder = _set(tmp_path / "")
    answer = _answer(folder)
    assert answer["ok"] is True
    assert answer["unpacked"] == 1
    manifest = Manifest.from_dict(answer["manifest"])
    assert manifest.classes == {"mel": 3, "nävus": 3}
    unknown = [each.file for each in manifest.problems if each.kind is ProblemKind.UNKNOWN_ENDING]
    assert unknown == ["set.zip/virus.exe", "x.html"]
    assert not (folder / "set.zip").exists()


@pytest.mark.parametrize("flag", ["--as-it-is", "--no-unpack", "--human"])
def test_as_it_is_changes_nothing(tmp_path: Path, flag: str) -> None:
    put_pictures(_set(tmp_path), ["a/1.jpg", "b/2.jpg"])
    before = files_in(tmp_path)
    _run(tmp_path, flag)
    assert files_in(tmp_path) == before


def test_the_program_says_what_the_function_says(tmp_path: Path) -> None:
    put_pictures(tmp_path, ["a/1.jpg", "b/2.jpg"])
    answer = _answer(tmp_path, "--as-it-is")
    assert Manifest.from_dict(answer["manifest"]) == understand(tmp_path)


def test_a_refusal_is_json_with_code_sentence_and_place(tmp_path: Path) -> None:
    put(tmp_path, "broken.zip", b"PK\x03\x04 nothing")
    answer = _answer(tmp_path, expect=2)
    assert answer["ok"] is False
    assert answer["error"]["code"] == "unusable_dataset"
    assert "broken.zip" in answer["error"]["message"]
    assert answer["error"]["where"] == {"file": "broken.zip"}


def test_limits_are_flags(tmp_path: Path) -> None:
    assert _answer(_set(tmp_path), "--max-files=3", expect=2)["error"]["code"] == "too_large"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_memory_is_limited_and_running_out_of_it_is_said(tmp_path: Path) -> None:
    rows = "".join(f"{n},label{n}\n" for n in range(400_000))
    put(tmp_path, "metadata.csv", f"image_id,label\n{rows}")
    answer = _answer(tmp_path, f"--max-memory={150 << 20}", expect=2)
    assert answer["error"]["code"] == "too_large"
    assert "memory" in answer["error"]["message"]


def test_a_person_reads_words(tmp_path: Path) -> None:
    put_pictures(tmp_path, ["mel/1.jpg", "nävus/2.jpg", "nävus/3.jpg", "x.gif"])
    said = _run(tmp_path, "--human")
    assert "class_folders" in said
    assert "nävus" in said
    assert "2 images of 2 lesions" in said
    assert "x.gif" in said
    assert "Cannot be trained on" in said


def test_a_person_gets_the_same_advice_without_a_traceback(tmp_path: Path) -> None:
    said = _run(tmp_path, "--human", expect=2)
    assert said.startswith("No images found! Check that:")
    assert "Traceback" not in said


def test_neither_numpy_nor_torch_is_loaded() -> None:
    """The program must start at once, and have as little to attack as can be."""
    code = "import sys, server.intake.__main__; print(sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=_ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(eval(done.stdout))
    assert "PIL.Image" in loaded
    assert not loaded & {"numpy", "torch", "keras", "fastapi", "pydantic", "sklearn"}


def test_images_in_hdf5_and_npz_become_files_within_the_programs_memory(tmp_path: Path) -> None:
    """NumPy and HDF5 are loaded under the limit that the program puts on itself."""
    for make, name in ((isic_2024, "isic"), (dermamnist, "mnist")):
        folder = tmp_path / name
        folder.mkdir()
        make(folder)
        manifest = Manifest.from_dict(_answer(folder)["manifest"])
        assert manifest.problems == ()
        assert len(manifest.images) in (12, 20)


def test_a_bundle_of_something_else_is_named_once(tmp_path: Path) -> None:
    put_pictures(tmp_path, [f"{label}/{n}.jpg" for label in ("mel", "nv") for n in range(3)])
    put(tmp_path, "model.h5", b"no HDF5")
    manifest = Manifest.from_dict(_answer(tmp_path)["manifest"])
    assert [problem.file for problem in manifest.problems] == ["model.h5"]
    assert "is damaged, or is no HDF5 file" in manifest.problems[0].message
