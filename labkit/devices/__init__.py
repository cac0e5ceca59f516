"""Where the arithmetic is done: find a device, say what there is, and wait for it."""

from __future__ import annotations

import platform
from pathlib import Path

import torch

from labkit.errors import DeviceError

__all__ = ["device_name", "find_device", "present_devices", "synchronise"]

_ACCELERATORS = ("cuda", "mlu", "xpu", "mps")
_ALIASES = {"gpu": "cuda"}


def find_device(name: str | None = None) -> torch.device:
    """Find a device by its name.

    Args:
        name: ``"cpu"``, ``"cuda"`` (or ``"gpu"``), ``"cuda:1"``, ``"mps"``, ...; for None or
            ``"auto"``, CUDA where it is there and the CPU otherwise.

    Returns:
        A device that is there.

    Raises:
        DeviceError: it is not; the message lists what is.
    """
    if name is None or name == "auto":
        return torch.device("cuda" if _count("cuda") else "cpu")
    kind, colon, index = _ALIASES.get(name, name).partition(":")
    exists = kind in ("cpu", *_ACCELERATORS) and (not colon or index.isdecimal())
    if not exists or int(index or 0) >= _count(kind):
        raise DeviceError(f"there is no device {name!r} here; there is {_listing()}")
    return torch.device(kind + colon + index)


def present_devices() -> list[torch.device]:
    """List every device of this machine that PyTorch can use, the CPU first."""
    return [
        torch.device("cpu"),
        *(torch.device(kind, index) for kind in _ACCELERATORS for index in range(_count(kind))),
    ]


def device_name(device: torch.device) -> str:
    """Say what a device is, as its maker calls it.

    Args:
        device: a device that is there.
    """
    if device.type == "cpu":
        return _processor()
    module = torch.get_device_module(device)
    name = getattr(module, "get_device_name", None)
    return str(name(device)) if name else device.type


def synchronise(device: torch.device) -> None:
    """Wait until a device has done everything it was given; the CPU always has.

    Args:
        device: a device that is there.
    """
    if device.type == "cpu":
        return
    module = torch.get_device_module(device)
    if device.type == "mps":  # the only one that there cannot be two of
        module.synchronize()
    else:
        module.synchronize(device)


def _count(kind: str) -> int:
    if kind == "cpu":
        return 1
    try:
        module = torch.get_device_module(kind)
    except RuntimeError:  # a kind that this PyTorch does not know
        return 0
    return int(module.device_count()) if module.is_available() else 0


def _listing() -> str:
    return ", ".join(f"{device} ({device_name(device)})" for device in present_devices())


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:  # not Linux
        pass
    return platform.processor() or platform.machine()
