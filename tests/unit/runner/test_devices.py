"""Which devices take jobs, how many each, and that a job sees its own alone."""

from __future__ import annotations

import pytest

from server.domain.errors import InvalidInput
from server.runner import device
from server.runner.device import device_slots, only
from server.settings import read_settings


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nvidia-smi answers where there are two; everything above it is real."""
    monkeypatch.setattr(device, "_torch_knows_cuda", lambda: True)
    monkeypatch.setattr(device, "_gpu_names", lambda: ["NVIDIA H100", "NVIDIA H100"])
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def test_without_a_gpu_the_processor_takes_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "_torch_knows_cuda", lambda: False)
    assert device_slots(1, {}) == {"cpu": 1}
    assert device_slots(1, {"cpu": 3, "cuda:0": 2}) == {"cpu": 3}


@pytest.mark.usefixtures("two_gpus")
def test_with_gpus_each_takes_its_own_number_and_the_processor_only_when_it_is_named() -> None:
    assert device_slots(1, {}) == {"cuda:0": 1, "cuda:1": 1}
    assert device_slots(2, {"cuda:1": 0}) == {"cuda:0": 2, "cuda:1": 0}
    assert device_slots(1, {"cpu": 1}) == {"cuda:0": 1, "cuda:1": 1, "cpu": 1}


@pytest.mark.usefixtures("two_gpus")
def test_a_server_that_may_use_some_gpus_gives_jobs_those(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1,3")
    assert device_slots(1, {}) == {"cuda:1": 1, "cuda:3": 1}


def test_a_job_sees_the_device_that_it_was_given_and_no_other() -> None:
    assert only("cpu") == {"CUDA_VISIBLE_DEVICES": ""}
    assert only("cuda:3") == {"CUDA_VISIBLE_DEVICES": "3"}
    assert only(None) == {}


def test_the_numbers_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DERMASCAN_JOBS_PER_DEVICE", "cpu=1, cuda:0=2")
    assert read_settings().jobs_per_device == {"cpu": 1, "cuda:0": 2}


@pytest.mark.parametrize("wrong", ["gpu=1", "cpu", "cpu=many", "cuda:0=-1", "cpu=1000"])
def test_a_number_that_makes_no_sense_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    monkeypatch.setenv("DERMASCAN_JOBS_PER_DEVICE", wrong)
    with pytest.raises(InvalidInput, match="DERMASCAN_JOBS_PER_DEVICE"):
        read_settings()
