"""A device that is not the CPU, on any machine: tensors that say that they lie elsewhere.

What such a tensor holds lies in the CPU's memory, and PyTorch's own kernels compute with it. But
its ``device`` is another, it moves only where it is told to, and NumPy cannot read it, as on a real
device. Its numbers may be looked at from anywhere (``item``, ``tolist``), as there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

ELSEWHERE = torch.device("ipu", 0)  # a name that PyTorch knows and of which it has no kernels
_CPU = torch.device("cpu")

_DEVICE = torch.Tensor.device.__get__
_WHERE: Mapping[Any, bool] = {
    torch.Tensor.is_cpu.__get__: False,  # type: ignore[attr-defined]
    torch.Tensor.is_cuda.__get__: False,  # type: ignore[attr-defined]
    torch.Tensor.is_meta.__get__: False,  # type: ignore[attr-defined]
}
_BY_NUMPY = (torch.Tensor.numpy, torch.Tensor.__array__)


class Elsewhere(torch.Tensor):
    """A tensor on the device :data:`ELSEWHERE`."""

    @classmethod
    def __torch_function__(
        cls, func: Callable, types: Iterable, args: tuple = (), kwargs: Any = None
    ) -> Any:
        """Answer as a tensor on that device would."""
        return _answer(func, args, dict(kwargs or {}))


class OtherDevice(TorchFunctionMode):
    """While it is active, tensors can be made on the device and moved there and back."""

    def __enter__(self) -> OtherDevice:
        # a module that moves gets new parameters: other data could not move the old ones
        self._before = torch.__future__.get_overwrite_module_params_on_conversion()
        torch.__future__.set_overwrite_module_params_on_conversion(True)
        super().__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        torch.__future__.set_overwrite_module_params_on_conversion(self._before)

    def __torch_function__(
        self, func: Callable, types: Iterable, args: tuple = (), kwargs: Any = None
    ) -> Any:
        """Answer as if the device were there."""
        return _answer(func, args, dict(kwargs or {}))


def place(tensor: torch.Tensor) -> torch.Tensor:
    """Return a tensor's numbers on the device; its memory is shared."""
    with torch._C.DisableTorchFunction():
        return tensor.as_subclass(Elsewhere)


def fetch(tensor: torch.Tensor) -> torch.Tensor:
    """Return the numbers of a tensor as a plain one; its memory is shared."""
    with torch._C.DisableTorchFunction():
        return tensor.as_subclass(torch.Tensor)


def fetched(value: Any) -> Any:
    """Return a tensor that lies on the device as a plain one, and anything else as it is."""
    return fetch(value) if is_elsewhere(value) else value


def is_elsewhere(value: Any) -> bool:
    """Whether a value is a tensor on the device."""
    return isinstance(value, Elsewhere)


def _device_of(value: Any) -> torch.device | None:
    """Return the device that an argument names, or on which it lies."""
    if isinstance(value, torch.Tensor):
        return ELSEWHERE if is_elsewhere(value) else _CPU
    if isinstance(value, torch.device):
        return value
    if isinstance(value, str):
        try:
            return torch.device(value)
        except RuntimeError:
            return None
    return None


def _answer(func: Callable, args: tuple, kwargs: dict[str, Any]) -> Any:
    own = args[0] if args else None
    there = any(map(is_elsewhere, _flat((args, tuple(kwargs.values())))))
    if func == _DEVICE and there:
        return ELSEWHERE
    if func in _WHERE and there:
        return _WHERE[func]
    if func in _BY_NUMPY and there:
        raise TypeError(
            f"can't convert {ELSEWHERE} device type tensor to numpy. Use Tensor.cpu() to copy the "
            "tensor to host memory first."
        )
    name = getattr(func, "__name__", "")
    if name == "_parse_to":  # what a module asks before it moves itself
        return func(*args, **kwargs)
    if name == "_pack_padded_sequence" and is_elsewhere(args[1]):
        raise RuntimeError(
            "'lengths' argument should be a 1D CPU int64 tensor, but got 1D "
            f"{ELSEWHERE} Long tensor"
        )
    target, args, kwargs = _target(func, args, kwargs)
    if target is not None:
        there = target.type == ELSEWHERE.type
    with torch._C.DisableTorchFunction():
        if func is torch.Tensor.__deepcopy__ and own is not None and there:
            return _copied(own, args[1])
        result = func(*args, **kwargs)
        if own is not None and target is not None and result is own and there != is_elsewhere(own):
            result = result.clone()  # what was moved is another tensor
        if name in ("_pack_padded_sequence", "_pad_packed_sequence"):  # counts stay on the CPU
            return _placed(result[0], there), result[1]
        return _placed(result, there)


def _target(func: Callable, args: tuple, kwargs: dict[str, Any]) -> tuple[Any, tuple, dict]:
    """Return where the result is to lie, if that is said, and the call without it."""
    name = getattr(func, "__name__", "")
    if name == "cpu":
        return _CPU, args, kwargs
    if name == ELSEWHERE.type:
        return ELSEWHERE, args[:1], {}
    if name == "to" and len(args) > 1:
        target = _device_of(args[1])
        if target is not None and target.type in (ELSEWHERE.type, "cpu"):
            args = (
                args[0],
                args[1].dtype if isinstance(args[1], torch.Tensor) else _CPU,
                *args[2:],
            )
            return target, args, kwargs
    target = _device_of(kwargs.get("device"))
    if target is not None and target.type in (ELSEWHERE.type, "cpu"):
        return target, args, kwargs | {"device": _CPU}
    return None, args, kwargs


def _flat(values: Any) -> Iterable[Any]:
    for value in values:
        if isinstance(value, (tuple, list)):
            yield from _flat(value)
        else:
            yield value


def _copied(own: torch.Tensor, memo: dict[int, Any]) -> torch.Tensor:
    if id(own) not in memo:
        copied = place(fetch(own.detach()).clone()).requires_grad_(own.requires_grad)
        copied._is_param = isinstance(own, torch.nn.Parameter)
        memo[id(own)] = copied
    return memo[id(own)]


def _placed(result: Any, there: bool) -> Any:
    if isinstance(result, torch.Tensor):
        if is_elsewhere(result) == there:
            return result
        return result.as_subclass(Elsewhere if there else torch.Tensor)
    if isinstance(result, (tuple, list)) and not hasattr(result, "_fields"):
        return type(result)(_placed(value, there) for value in result)
    return result
