"""A device is found by name; one that is not there is refused with a list of what is."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

import labkit.devices
from labkit.devices import device_name, find_device, present_devices, synchronise
from labkit.errors import DeviceError

CPU = torch.device("cpu")


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A machine with two CUDA devices and one of MPS; what is waited for is appended."""
    waited: list[Any] = []
    modules = {
        "cuda": SimpleNamespace(
            is_available=lambda: True,
            device_count=lambda: 2,
            get_device_name=lambda device: f"Card {device.index}",
            synchronize=waited.append,
        ),
        "mps": SimpleNamespace(
            is_available=lambda: True,
            device_count=lambda: 1,
            synchronize=lambda: waited.append("mps"),
        ),
    }

    def get_device_module(device: str | torch.device) -> SimpleNamespace:
        kind = device.type if isinstance(device, torch.device) else device
        if kind not in modules:
            raise RuntimeError(kind)
        return modules[kind]

    monkeypatch.setattr(torch, "get_device_module", get_device_module)
    return waited


@pytest.fixture
def only_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    count = labkit.devices._count
    monkeypatch.setattr(labkit.devices, "_count", lambda kind: count(kind) if kind == "cpu" else 0)


@pytest.mark.usefixtures("only_cpu")
def test_without_an_accelerator_it_is_the_cpu() -> None:
    assert find_device() == find_device("auto") == find_device("cpu") == CPU
    assert present_devices() == [CPU]
    synchronise(CPU)


@pytest.mark.usefixtures("only_cpu")
@pytest.mark.parametrize("name", ["cuda", "gpu", "cuda:0", "mlu", "mps", "xpu"])
def test_what_is_not_there_is_refused_with_what_is(name: str) -> None:
    with pytest.raises(DeviceError) as error:
        find_device(name)
    assert (
        str(error.value) == f"there is no device {name!r} here; there is cpu ({device_name(CPU)})"
    )


@pytest.mark.parametrize("name", ["", "gpu8", "cuda:", "cuda:x", "cuda:-1", "cpu:1", "meta", "CPU"])
def test_what_is_no_device_is_refused(name: str) -> None:
    with pytest.raises(DeviceError, match="there is no device"):
        find_device(name)


def test_cuda_is_taken_where_it_is_there_mps_never_silently(machine: list[Any]) -> None:
    assert find_device() == find_device("auto") == torch.device("cuda")
    assert find_device("gpu") == torch.device("cuda")
    assert find_device("cuda:1") == torch.device("cuda:1")
    assert find_device("mps") == torch.device("mps")
    assert find_device("cpu") == CPU
    with pytest.raises(DeviceError) as error:
        find_device("cuda:2")
    assert "cuda:0 (Card 0), cuda:1 (Card 1), mps:0 (mps)" in str(error.value)


def test_waiting_reaches_the_right_device(machine: list[Any]) -> None:
    for name in ("cpu", "cuda:1", "mps"):
        synchronise(torch.device(name))
    assert machine == [torch.device("cuda:1"), "mps"]


def test_the_processor_has_a_name() -> None:
    assert device_name(CPU).strip()
