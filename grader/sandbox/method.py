"""Calls one method of a module that is built from sizes and weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from grader.sandbox.adapter import Namespace, Report
from grader.sandbox.elsewhere import ELSEWHERE, OtherDevice, fetched, place

_OTHER_MODE = "the call left the module in another mode (training or not) than it found it in"


class MethodAdapter:
    """Builds the student's class, gives it the case's weights, and calls the task's method."""

    def build(self, call: Report, tensors: dict[str, torch.Tensor], namespace: Namespace) -> Any:
        """Build the class of the student's that the call names."""
        instance = namespace[call["construct"]](**call["init"])
        return self.furnish(instance, call, tensors)

    def furnish(self, instance: Any, call: Report, tensors: dict[str, torch.Tensor]) -> Any:
        """Load weights, set the mode, and put given answers in place of earlier tasks."""
        if call["state"]:
            instance.load_state_dict({name: tensors[f"state.{name}"] for name in call["state"]})
        instance.train(call["options"].get("training", False))
        for name, tensor in call["given"].items():
            answer = tensors[f"in.{tensor}"]
            asks = {name: tensors.get(f"in.{name}") for name in call["asks"]}
            given = answering(answer, asks) if asks else returning(answer.clone())
            is_module = isinstance(getattr(instance, name, None), nn.Module)
            setattr(instance, name, _GivenModule(given) if is_module else given)
        return instance

    def call(self, subject: Any, call: Report, inputs: dict[str, torch.Tensor]) -> Any:
        """Call the method with the arguments in order; one that the case lacks is None.

        With the option ``elsewhere``, module and arguments lie on a device that is not the CPU.
        """
        arguments = [None if name is None else inputs[name] for name in call["arguments"]]
        if call["options"].get("elsewhere"):
            with OtherDevice():
                placed = [None if value is None else place(value) for value in arguments]
                result = _ask(subject.to(ELSEWHERE), call["method"], placed)
            return fetched(result)
        return _ask(subject, call["method"], arguments)


def _ask(subject: Any, method: str, arguments: list[Any]) -> Any:
    modes = _modes(subject)
    result = (subject if method == "forward" else getattr(subject, method))(*arguments)
    if _modes(subject) != modes:
        raise RuntimeError(_OTHER_MODE)
    return result


def _modes(subject: Any) -> dict[str, bool]:
    modules = subject.named_modules() if isinstance(subject, nn.Module) else ()
    return {name: module.training for name, module in modules}


class _GivenModule(nn.Module):
    """Stands in for a submodule of an earlier task."""

    def __init__(self, given: Callable[..., torch.Tensor]) -> None:
        super().__init__()
        self.given = given

    def forward(self, *arguments: Any, **more: Any) -> torch.Tensor:
        return self.given(*arguments, **more)


def answering(
    answer: torch.Tensor, expected: dict[str, torch.Tensor | None]
) -> Callable[..., torch.Tensor]:
    """Return a function that gives this answer to these arguments, and another one to others.

    What is added for other arguments is zero for the right ones, but not its gradient: so the
    answer depends on them, as that of an earlier task does.

    Args:
        answer: to the expected arguments.
        expected: the arguments by name, in order; None where a mask stands that may be left out.
    """
    masks = [want for want in expected.values() if want is not None and want.dtype == torch.bool]
    seen = ~masks[0] if masks else torch.tensor(True)  # what a mask hides does not matter

    def given(*arguments: Any, **more: Any) -> torch.Tensor:
        asked = dict(zip(expected, arguments, strict=False)) | more
        if asked.keys() != expected.keys() or len(arguments) > len(expected):
            raise TypeError(f"the arguments should be {', '.join(expected)}")
        other = sum(_distance(asked[name], want, seen) for name, want in expected.items())
        # unlike in each place: a softmax would not see what is the same in all of them
        places = torch.arange(1.0, answer.numel() + 1).cos().view_as(answer)
        return answer + other + places * torch.as_tensor(other).detach()

    return given


def _distance(asked: Any, want: torch.Tensor | None, seen: torch.Tensor) -> torch.Tensor | float:
    """Return zero if an argument is as expected, and something that depends on it if not."""
    if want is None or asked is None:
        other = want if asked is None else asked
        return float(other is not None and bool(torch.as_tensor(other).any()))
    if asked.shape != want.shape:
        return 1.0
    if not want.is_floating_point():
        return float(not torch.equal(asked, want))
    weights = torch.arange(1.0, want.numel() + 1).cos().view_as(want)
    return ((asked - want.detach().to(asked.dtype)) * weights * seen).sum()


def returning(answer: Any) -> Callable[..., Any]:
    """Return a function that gives the same answer to everything."""
    return lambda *_, **__: answer


def as_numbers(value: Any) -> Any:
    """Return whole numbers as float32, the only type in which results travel."""
    if isinstance(value, torch.Tensor) and value.dtype in (torch.int32, torch.int64):
        return value.float()
    return value


METHOD = MethodAdapter()
