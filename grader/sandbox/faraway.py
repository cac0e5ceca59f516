"""A pretended computing device that even old ways of making a tensor cannot leave unnoticed.

It computes below autograd, where every tensor passes that PyTorch makes, so that it also sees what
:mod:`grader.sandbox.elsewhere` does not, and refuses to let devices meet.

PyTorch's ``meta`` device shows where a tensor was made, but its tensors hold no numbers, so all
that could be said of them is a word. Here a tensor says that it lies on ``meta`` and keeps its
numbers inside; it computes as an accelerator does, and refuses to meet a tensor that was left
behind. Whoever makes something on the device gets it home with a number added that the judge
chose; what never was there comes home without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only

DEVICE = torch.device("meta")


class Faraway(torch.Tensor):
    """A tensor on the pretended device.

    Attributes:
        numbers: what it holds, as a plain tensor.
    """

    numbers: torch.Tensor

    @staticmethod
    def __new__(cls, numbers: torch.Tensor) -> Faraway:
        """Wrap a plain tensor."""
        return torch.Tensor._make_wrapper_subclass(
            cls,
            numbers.shape,
            strides=numbers.stride(),
            storage_offset=numbers.storage_offset(),
            dtype=numbers.dtype,
            device=DEVICE,
        )

    def __init__(self, numbers: torch.Tensor) -> None:
        self.numbers = numbers

    @classmethod
    def __torch_dispatch__(  # type: ignore[override]
        cls, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Compute there."""
        return _compute(func, args, kwargs or {})


@contextmanager
def faraway() -> Iterator[None]:
    """While this is entered, what is made on the pretended device is made with numbers."""
    with torch.no_grad(), _Computing(), _Making():
        yield


class _Computing(TorchDispatchMode):
    """Computes there what is there, or is to be, and anything else as usual."""


def _dispatch(
    self: Any, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
) -> Any:
    return _compute(func, args, kwargs or {})


# Set from outside: in the body of the class PyTorch would wrap it in a function whose first call
# imports the compiler, which takes a second.
_Computing.__torch_dispatch__ = _dispatch  # type: ignore[method-assign]


class _Making(TorchFunctionMode):
    """Makes tensors of Python's numbers there, which PyTorch does without asking a mode."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        options = dict(kwargs or {})
        device = options.get("device")
        if func is torch.Tensor.new_tensor and isinstance(args[0], Faraway) and device is None:
            options.setdefault("dtype", args[0].dtype)
            func, args, device = torch.tensor, args[1:], DEVICE
        if func not in _MAKERS or device is None or torch.device(device) != DEVICE:
            return func(*args, **options)
        made = func(*args, **options | {"device": "cpu"})
        return made if isinstance(made, Faraway) else Faraway(made)


_MAKERS = (torch.tensor, torch.as_tensor, torch.asarray)


def _compute(func: Callable[..., Any], args: Any, kwargs: Mapping[str, Any]) -> Any:
    seen: list[torch.Tensor] = []
    tree_map_only(torch.Tensor, seen.append, (args, dict(kwargs)))
    there = any(isinstance(tensor, Faraway) for tensor in seen)
    options = dict(kwargs)
    target = options.get("device")
    if target is not None and torch.device(target) == DEVICE:
        options["device"] = torch.device("cpu")
        goes_there = True
    else:
        goes_there = there and target is None
    moves = func in _MOVES
    if there and not moves and any(_left_behind(tensor) for tensor in seen):
        raise RuntimeError(
            "Expected all tensors to be on the same device, but found at least two devices, "
            "the memory's and cpu!"
        )
    if not there and not goes_there:
        return func(*args, **kwargs)
    found = func(*_numbers(args), **_numbers(options))
    return tree_map_only(torch.Tensor, Faraway, found) if goes_there else found


_MOVES = (torch.ops.aten._to_copy.default, torch.ops.aten.copy_.default)


def _left_behind(tensor: torch.Tensor) -> bool:
    return not isinstance(tensor, Faraway) and tensor.dim() > 0


def _numbers(values: Any) -> Any:
    return tree_map_only(Faraway, lambda tensor: tensor.numbers, values)


def move_away(module: nn.Module) -> None:
    """Move what a module holds to the pretended device."""
    for part in module.modules():
        for held in (part._parameters, part._buffers):
            for name, tensor in held.items():
                if tensor is not None:
                    held[name] = Faraway(tensor.detach())  # type: ignore[assignment]


def bring_home(tensor: torch.Tensor, mark: torch.Tensor) -> torch.Tensor:
    """Return a tensor's numbers, with the mark added if they come from the pretended device."""
    return tensor.numbers + mark if isinstance(tensor, Faraway) else tensor
