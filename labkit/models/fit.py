"""Make a model out of tensors from a file, or say in one line why they do not fit it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from labkit.errors import CheckpointError, ConfigError

Model = TypeVar("Model", bound=nn.Module)


def fit(
    path: str | Path, name: str, build: Callable[[], Model], state_dict: dict[str, torch.Tensor]
) -> Model:
    """Build a model whose every tensor comes from a file.

    Args:
        path: the file, for messages.
        name: what the model is called, for messages.
        build: makes the model; raises ConfigError, or TypeError as a dataclass does, if the file's
            config cannot be used.
        state_dict: the tensors of the file, on the CPU; they become the model's own.

    Returns:
        The model on the CPU, in eval mode.

    Raises:
        CheckpointError: the config cannot be used, tensors are missing, unexpected, of a wrong
            shape or type, or not finite.
    """
    try:
        # Built without memory or random numbers.
        with torch.device("meta"), _NoInitialisation():
            model = build()
    except (ConfigError, TypeError) as error:  # a plain dataclass refuses a key by its type
        raise CheckpointError(f"{path} has a config that cannot be used: {error}") from error
    expected = model.state_dict()
    for key in expected:
        # Not stored by PyTorch before 0.4.1, and not used by batch norm in these models.
        if key.endswith("num_batches_tracked"):
            state_dict.setdefault(key, torch.tensor(0))
    _refuse_misfits(path, name, state_dict, expected)
    model.load_state_dict(state_dict, assign=True)
    return model.eval()


class _NoInitialisation(TorchFunctionMode):
    """Leaves out ``torch.nn.init``: for tensors without memory it would first import a compiler."""

    def __torch_function__(
        self,
        function: Any,
        types: Any,
        arguments: tuple[Any, ...] = (),
        options: dict[str, Any] | None = None,
    ) -> Any:
        options = options or {}
        if getattr(function, "__module__", None) == "torch.nn.init":
            return arguments[0] if arguments else options["tensor"]
        return function(*arguments, **options)


def read_sizes(
    state_dict: Mapping[str, torch.Tensor],
    axes: Mapping[str, tuple[str, int]],
    layers: Mapping[str, str],
) -> dict[str, int]:
    """Read the sizes of a model off its tensors, as far as they are there.

    Args:
        state_dict: the tensors.
        axes: for each size the tensor that tells it, and which axis of it.
        layers: for each number of layers a pattern of the name that one tensor of each layer has.
    """
    sizes = {
        size: state_dict[name].shape[axis]
        for size, (name, axis) in axes.items()
        if name in state_dict and state_dict[name].dim() > axis
    }
    counts = {
        size: sum(1 for name in state_dict if re.fullmatch(pattern, name))
        for size, pattern in layers.items()
    }
    return sizes | {size: count for size, count in counts.items() if count}


def not_finite(tensors: dict[str, torch.Tensor]) -> list[str]:
    """Name the tensors that hold NaN or infinity."""
    return [name for name, tensor in tensors.items() if not tensor.isfinite().all()]


def few(names: Iterable[str]) -> str:
    """Name the first three."""
    names = list(names)
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


def _refuse_misfits(
    path: str | Path,
    name: str,
    state_dict: dict[str, torch.Tensor],
    expected: dict[str, torch.Tensor],
) -> None:
    common = [key for key in expected if key in state_dict]
    misfits = {
        "missing": [key for key in expected if key not in state_dict],
        "unexpected": [key for key in state_dict if key not in expected],
        "of the wrong shape": [
            f"{key} is {tuple(state_dict[key].shape)} instead of {tuple(expected[key].shape)}"
            for key in common
            if state_dict[key].shape != expected[key].shape
        ],
        "of the wrong type": [
            f"{key} is {state_dict[key].dtype}"
            for key in common
            if state_dict[key].dtype != expected[key].dtype
        ],
    }
    found = [f"{len(keys)} {kind}: {few(keys)}" for kind, keys in misfits.items() if keys]
    if found:
        raise CheckpointError(f"{path} does not fit this {name}; tensors {'; '.join(found)}")
    broken = not_finite(state_dict)
    if broken:
        raise CheckpointError(
            f"{path} holds NaN or infinite weights in {len(broken)} tensors: {few(broken)}; "
            "its training had diverged, use an earlier checkpoint"
        )
