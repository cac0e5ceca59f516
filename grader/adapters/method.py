"""Calls one method of a module that is built from sizes and weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from grader.adapters import Namespace, Report


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
            answer = tensors[f"in.{tensor}"].clone()
            if isinstance(getattr(instance, name, None), nn.Module):
                setattr(instance, name, _GivenModule(answer))
            else:
                setattr(instance, name, returning(answer))
        return instance

    def call(self, subject: Any, call: Report, inputs: dict[str, torch.Tensor]) -> Any:
        """Call the method with the arguments in order; one that the case lacks is None."""
        arguments = [None if name is None else inputs[name] for name in call["arguments"]]
        method = call["method"]
        return (subject if method == "forward" else getattr(subject, method))(*arguments)


class _GivenModule(nn.Module):
    """Stands in for a submodule of an earlier task and answers with a fixed tensor."""

    def __init__(self, answer: torch.Tensor) -> None:
        super().__init__()
        self.answer = answer

    def forward(self, *_: Any, **__: Any) -> torch.Tensor:
        return self.answer


def returning(answer: Any) -> Callable[..., Any]:
    """Return a function that gives the same answer to everything."""
    return lambda *_, **__: answer


def as_numbers(value: Any) -> Any:
    """Return whole numbers as float32, the only type in which results travel."""
    if isinstance(value, torch.Tensor) and value.dtype in (torch.int32, torch.int64):
        return value.float()
    return value


METHOD = MethodAdapter()
