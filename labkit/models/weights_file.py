"""Read a weights file of any published layout without running code from it.

A PyTorch file is a pickle, and a pickle can run anything. Everything here goes through
``weights_only=True`` or safetensors, which can only yield tensors and plain values.
"""

from __future__ import annotations

import json
import pickle
import re
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from safetensors import SafetensorError, safe_open

from labkit.errors import CheckpointError

# DistributedDataParallel puts "module." before every name, and so do other wrappers within it.
_WRAPPERS = re.compile(r"^(module\.(1\.)?)+")


def _numpy_scalar(module: str) -> Callable[[np.dtype, bytes], np.generic]:
    """Make a stand-in for NumPy's unpickling function, under its name in a NumPy version."""

    def scalar(dtype: np.dtype, value: bytes) -> np.generic:
        return np.frombuffer(value, dtype, count=1)[0]

    scalar.__module__, scalar.__qualname__ = module, "scalar"
    return scalar


# Losses and learning rates are often left in checkpoints as NumPy scalars: numbers, not code.
_NUMPY_SCALARS: list[Any] = [
    _numpy_scalar("numpy.core.multiarray"),  # NumPy 1
    _numpy_scalar("numpy._core.multiarray"),  # NumPy 2
    np.dtype,
    *(type(np.dtype(code)) for code in "?bBhHiIlLqQefd"),
]


# HiFi-GAN publishes its state dict under the name of the network.
_STATE_DICT_NAMES = ("state_dict", "generator", "model")


class WeightsFile(NamedTuple):
    """What a weights file holds."""

    state_dict: dict[str, torch.Tensor]  # on the CPU, floating point as float32
    config: dict[str, Any] | None  # constructor arguments, if the file has them


def read_weights_file(path: str | Path) -> WeightsFile:
    """Read the tensors, and the config if there is one.

    Known layouts: safetensors (config as JSON in the metadata); a dict with ``state_dict`` (or
    ``generator`` or ``model``) and perhaps ``config`` among other things; a plain state dict.
    Names with or without the ``module.`` and ``module.1.`` of distributed training; any
    floating-point type.

    Args:
        path: the file.

    Returns:
        State dict and config.

    Raises:
        CheckpointError: the file is missing, damaged, needs code to be read, or is no weights
            file.
    """
    path = Path(path)
    start = _read_start(path)
    if start[8:9] == b"{":  # 8 bytes of length, then JSON
        state_dict, config = _read_safetensors(path)
    elif start.startswith((b"PK", b"\x80")):  # a zip archive, or the bare pickle of old PyTorch
        state_dict, config = _read_torch(path)
    else:
        raise CheckpointError(
            f"{path} is not a weights file: it starts with {start[:16]!r}; "
            "expected a PyTorch checkpoint or a .safetensors file (was the download a web page?)"
        )
    return WeightsFile(
        {_WRAPPERS.sub("", name): _to_float32(tensor) for name, tensor in state_dict.items()},
        config,
    )


def _read_start(path: Path) -> bytes:
    if path.is_dir():
        raise CheckpointError(f"{path} is a folder; give the path of a weights file in it")
    try:
        with path.open("rb") as file:
            start = file.read(64)
    except FileNotFoundError:
        raise CheckpointError(
            f"{path} does not exist; check the path of the weights file"
        ) from None
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}") from error
    if not start:
        raise CheckpointError(f"{path} is empty; download or copy the weights file again")
    return start


def _damaged(path: Path) -> CheckpointError:
    # PyTorch's own message advises to load the file unsafely, so it is not passed on.
    return CheckpointError(
        f"{path} is damaged or was cut off (or neither torch.save nor safetensors wrote it); "
        "download or copy it again"
    )


def _read_safetensors(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any] | None]:
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            metadata = file.metadata() or {}
            # Copied, because the file may be overwritten while the model is in use.
            state_dict = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise _damaged(path) from error
    if "config" not in metadata:
        return state_dict, None
    try:
        config = json.loads(metadata["config"])
    except json.JSONDecodeError as error:
        raise CheckpointError(f"{path} has a config that is not JSON: {error}") from error
    return state_dict, _checked_config(path, config)


def _read_torch(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any] | None]:
    content = _unpickle(path)
    if not isinstance(content, Mapping):
        raise CheckpointError(
            f"{path} is no checkpoint: expected a dict of tensors, "
            f"found an object of type {type(content).__name__}"
        )
    if {"mpd", "msd"} <= set(content):
        raise CheckpointError(
            f"{path} holds HiFi-GAN's discriminators, which only training needs; the generator is "
            "in the file whose name begins with g_ instead of do_"
        )
    named = [content[name] for name in _STATE_DICT_NAMES if isinstance(content.get(name), Mapping)]
    state_dict = named[0] if named else content.get("state_dict", content)
    if not isinstance(state_dict, Mapping) or not state_dict:
        raise CheckpointError(f"{path} has an empty or unreadable state_dict")
    for name, tensor in state_dict.items():
        if not isinstance(name, str) or not isinstance(tensor, torch.Tensor):
            raise CheckpointError(
                f"{path} holds no state dict: expected tensors under their names, "
                f"but {name!r} is of type {type(tensor).__name__}"
            )
    config = content.get("config") if "state_dict" in content else None
    return dict(state_dict), _checked_config(path, config)


def _unpickle(path: Path) -> Any:
    try:
        with torch.serialization.safe_globals(_NUMPY_SCALARS), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about pickle versions that load all the same
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        code = re.search(r"(?:GLOBAL |function |got <class ')([\w.]+)", str(error))
        if code is None:
            raise _damaged(path) from error
        raise CheckpointError(
            f"{path} needs the code of {code[1]} to be read, and a file that runs code "
            "is not safe to open; save its state_dict() where that code is trusted, and load that"
        ) from error
    # A damaged pickle can end in any exception.
    except Exception as error:
        if "TorchScript" in str(error):
            raise CheckpointError(
                f"{path} is a TorchScript program, not a weights file; "
                "save the state_dict() of the model it was made from, and load that"
            ) from error
        raise _damaged(path) from error


def _checked_config(path: Path, config: object) -> dict[str, Any] | None:
    if config is None or (isinstance(config, dict) and all(isinstance(key, str) for key in config)):
        return config
    raise CheckpointError(
        f"{path} has a config of type {type(config).__name__}; expected a dict of arguments"
    )


def _to_float32(tensor: torch.Tensor) -> torch.Tensor:
    tensor = tensor.detach()
    return tensor.float() if tensor.is_floating_point() else tensor
