"""How long something took on a device that answers before it is done."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from labkit.devices import synchronise


class Stopwatch:
    """Seconds by name; waits for the device at both ends, and adds up what is timed twice.

    Args:
        device: where the timed work is done.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.seconds: dict[str, float] = {}

    @contextmanager
    def time(self, name: str) -> Iterator[None]:
        """Time the block."""
        start = self._now()
        yield
        self._add(name, start)

    @contextmanager
    def watch(self, **modules: nn.Module | None) -> Iterator[None]:
        """Time every call of these modules within the block, each under its keyword."""
        starts: dict[str, float] = {}
        hooks = []
        for name, module in modules.items():
            if module is not None:

                def enter(*_: object, name: str = name) -> None:
                    starts[name] = self._now()

                def leave(*_: object, name: str = name) -> None:
                    self._add(name, starts[name])

                hooks += [
                    module.register_forward_pre_hook(enter),
                    module.register_forward_hook(leave),
                ]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def _now(self) -> float:
        synchronise(self.device)
        return time.perf_counter()

    def _add(self, name: str, start: float) -> None:
        self.seconds[name] = self.seconds.get(name, 0.0) + self._now() - start
