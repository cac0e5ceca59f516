"""The log of a training: lines for people, JSON lines for programs, TensorBoard if installed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class TrainingLog:
    """Appends to ``train.log`` and ``train.jsonl``, and to ``tensorboard/`` if it can.

    Args:
        folder: where these files lie; what they hold already is kept.
        show: is given every line as well.
    """

    def __init__(self, folder: Path, show: Callable[[str], object]) -> None:
        self._folder = folder
        self._show = show
        self._lines = (folder / "train.log").open("a", encoding="utf-8")
        self._records = (folder / "train.jsonl").open("a", encoding="utf-8")
        self._board: Any = None
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            return
        self._board = SummaryWriter(str(folder / "tensorboard"))

    def say(self, line: str) -> None:
        """Write a line for people."""
        self._lines.write(line + "\n")
        self._lines.flush()
        self._show(line)

    def scalars(self, kind: str, step: int, seconds: float, values: dict[str, float]) -> None:
        """Write one line of numbers.

        Args:
            kind: "train" or "evaluate".
            step: optimiser steps done.
            seconds: time spent.
            values: the numbers, by their names.
        """
        record = {"kind": kind, "step": step, "seconds": round(seconds, 1), **values}
        self._records.write(json.dumps(record) + "\n")
        self._records.flush()
        numbers = "  ".join(f"{name} {value:.4g}" for name, value in values.items())
        self.say(f"{kind:8}  step {step:6d}  {seconds / 60:6.1f} min  {numbers}")
        if self._board is not None:
            for name, value in values.items():
                self._board.add_scalar(f"{kind}/{name}", value, step)

    def pictures(self, step: int, pictures: dict[str, Figure]) -> None:
        """Save figures as ``pictures/NAME_STEP.png`` and show them in TensorBoard."""
        (self._folder / "pictures").mkdir(exist_ok=True)
        for name, figure in pictures.items():
            figure.savefig(self._folder / "pictures" / f"{name}_{step:08d}.png")
            if self._board is not None:
                self._board.add_figure(name, figure, step)

    def close(self) -> None:
        """Close all files."""
        self._lines.close()
        self._records.close()
        if self._board is not None:
            self._board.close()
