"""The training loop: everything that does not depend on what is trained.

Devices, processes and precision are Hugging Face accelerate's business. A training that was
interrupted and resumed is the same as one that was not: batches and randomness are functions of
the seed and the step, and a checkpoint holds all the rest.
"""

from __future__ import annotations

import importlib.util
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import broadcast_object_list, send_to_device
from torch import nn

from labkit.errors import LabkitError, OutputError
from labkit.training.checkpoints import list_checkpoints, load_training, save_training
from labkit.training.log import TrainingLog
from labkit.training.recipe import LoopSettings, Recipe
from labkit.training.schedule import learning_rate, progress


class TrainingError(LabkitError, RuntimeError):
    """Training cannot go on: the loss is not finite."""


@dataclass(frozen=True)
class Outcome:
    """How a training ended."""

    step: int
    """Optimiser steps done."""
    seconds: float
    """Time spent, over all resumptions."""
    interrupted: bool
    """Whether it was stopped before its end."""
    figures: dict[str, float]
    """What the last evaluation found."""


def run(
    recipe: Recipe,
    settings: LoopSettings,
    folder: Path,
    *,
    resume: bool = False,
    device: str | None = None,
    show: Callable[[str], object] = print,
) -> Outcome:
    """Train to the end, or until interrupted.

    Ctrl-C lets the step at hand finish and saves a checkpoint; a second one does not wait.

    Args:
        recipe: what to train.
        settings: how to.
        folder: for checkpoints, exported models, logs and pictures; made if it is not there.
        resume: whether to go on from the newest checkpoint in ``folder``.
        device: "cpu" keeps off an accelerator that is there; otherwise accelerate chooses.
        show: is given every line of the log.

    Returns:
        How it ended.

    Raises:
        OutputError: the folder cannot be used, or it holds a training that is not to be resumed.
        CheckpointError: there is no checkpoint to resume from, or it is damaged.
        TrainingError: the loss or its gradient is not finite. The checkpoints remain.
    """
    _prepare(folder, resume)
    return _Training(recipe, settings, folder, device, show).run(resume)


class _Step(nn.Module):
    """A recipe's loss as a module, so that whatever accelerate wraps around it sees all of it."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        self.model = recipe.model
        self.recipe = recipe

    def forward(self, batch: Any, step: int) -> dict[str, torch.Tensor]:
        return self.recipe.loss(batch, step)


class _Training:
    def __init__(
        self,
        recipe: Recipe,
        settings: LoopSettings,
        folder: Path,
        device: str | None,
        show: Callable[[str], object],
    ) -> None:
        self.recipe, self.settings, self.folder = recipe, settings, folder
        self.accelerator = Accelerator(cpu=device == "cpu")
        self.device = self.accelerator.device
        recipe.model.to(self.device)
        self.optimizer = torch.optim.AdamW(
            recipe.model.parameters(),
            lr=settings.learning_rate,
            betas=settings.betas,
            eps=settings.epsilon,
            weight_decay=settings.weight_decay,
        )
        self.loss, self.prepared_optimizer = self.accelerator.prepare(_Step(recipe), self.optimizer)
        self.log = TrainingLog(folder, show) if self.accelerator.is_main_process else None
        self.step, self.best, self.figures = 0, math.inf, dict[str, float]()
        self.started = time.monotonic()
        self.saved = 0.0  # seconds at the last checkpoint

    @property
    def seconds(self) -> float:
        """Time spent, over all resumptions; that of the main process."""
        spent = [time.monotonic() - self.started]
        if self.accelerator.num_processes > 1:
            broadcast_object_list(spent)
        return spent[0]

    def run(self, resume: bool) -> Outcome:
        if resume:
            self._restore()
        torch.set_flush_denormal(True)  # saves a CPU a tenth of the time
        try:
            with _interruption() as interrupted:
                self._train(interrupted)
                stopped = interrupted.is_set()
            self._save()
            if not stopped:
                self._export("model")
            return Outcome(self.step, self.seconds, stopped, self.figures)
        finally:
            torch.set_flush_denormal(False)
            if self.log:
                self.log.close()

    def _train(self, interrupted: threading.Event) -> None:
        settings = self.settings
        self.recipe.model.train()
        sums: dict[str, torch.Tensor] = {}
        since_log, logged = 0, self.seconds
        while not interrupted.is_set():
            done = progress(settings, self.step, self.seconds)
            if done >= 1:
                break
            rate = learning_rate(settings, self.step, done)
            for name, value in self._take_step(rate).items():
                sums[name] = sums.get(name, 0.0) + value
            self.step += 1
            since_log += 1

            now = self.seconds
            if self.step % settings.log_every == 0:
                means = {name: float(value) / since_log for name, value in sums.items()}
                speed = since_log / (now - logged)
                self._scalars("train", {**means, "rate": rate, "steps/s": speed})
                sums, since_log, logged = {}, 0, now
            if self.step in settings.export_at:
                self._export(f"step_{self.step:08d}")
            if self.step % settings.evaluate_every == 0 or progress(settings, self.step, now) >= 1:
                self._evaluate()
                logged += self.seconds - now  # what evaluating takes does not slow the steps
            if self.seconds - self.saved > 60 * settings.save_every_minutes:
                self._save()

    def _take_step(self, rate: float) -> dict[str, torch.Tensor]:
        """Learn from one batch; return the parts of the loss and the norm of the gradient."""
        # Each of N processes takes every N-th batch.
        number = self.step * self.accelerator.num_processes + self.accelerator.process_index
        torch.manual_seed(_seed(self.settings.seed, number))
        batch = send_to_device(self.recipe.batch(number), self.device)
        with torch.autocast(
            self.device.type, torch.bfloat16, enabled=self.settings.precision == "bfloat16"
        ):
            parts = self.loss(batch, self.step)
        self.accelerator.backward(parts["total"])
        gradient = self.accelerator.clip_grad_norm_(
            self.recipe.model.parameters(), self.settings.clip_norm
        )
        # An infinite loss has no finite gradient.
        if not gradient.isfinite():
            values = ", ".join(f"{name} {value.item():.4g}" for name, value in parts.items())
            kept = [path.name for path in list_checkpoints(self.folder)]
            raise TrainingError(
                f"the loss or its gradient is not finite at step {self.step + 1} ({values}); "
                f"the last good checkpoint is {kept[-1] if kept else 'none'}. "
                "Resume with a lower learning rate, or in float32 if it was bfloat16"
            )
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.prepared_optimizer.step()
        self.prepared_optimizer.zero_grad(set_to_none=True)
        return {**{name: value.detach() for name, value in parts.items()}, "gradient": gradient}

    def _evaluate(self) -> None:
        """Measure on held-out data; keep the model if it is the best so far."""
        if self.log:
            self.recipe.model.eval()
            torch.manual_seed(_seed(self.settings.seed, 0))
            with torch.no_grad():
                self.figures = self.recipe.evaluate(self.step)
            self.recipe.model.train()
            self._scalars("evaluate", self.figures)
            if importlib.util.find_spec("matplotlib"):
                self.log.pictures(self.step, self.recipe.pictures())
            if self.figures["loss"] < self.best:
                self.best = self.figures["loss"]
                self._export("best")
        self.accelerator.wait_for_everyone()

    def _scalars(self, kind: str, values: dict[str, float]) -> None:
        if self.log:
            self.log.scalars(kind, self.step, self.seconds, values)

    def _export(self, name: str) -> None:
        if self.log:
            self.recipe.export(self.folder / f"{name}.safetensors")

    def _save(self) -> None:
        self.saved = self.seconds
        if self.log:
            state = {
                "step": self.step,
                "seconds": self.seconds,
                "best": self.best,
                "figures": self.figures,
                "model": self.recipe.model.state_dict(),
                "optimizer": self.optimizer.state_dict(),
            }
            save_training(state, self.folder)

    def _restore(self) -> None:
        state = load_training(self.folder, self.device)
        self.recipe.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.best, self.figures = state["step"], state["best"], state["figures"]
        self.started = time.monotonic() - state["seconds"]
        self.saved = state["seconds"]
        if self.log:
            self.log.say(f"resumed at step {self.step}, after {state['seconds'] / 60:.1f} min")


def _prepare(folder: Path, resume: bool) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder} cannot be made: {error.strerror or error}") from error
    if list_checkpoints(folder) and not resume:
        raise OutputError(f"{folder} holds a training already; resume it, or give another folder")


def _seed(seed: int, number: int) -> int:
    """Mix two numbers to a seed whose generator shares nothing with that of its neighbours."""
    return int(np.random.SeedSequence((seed, number)).generate_state(1, np.uint64)[0] >> 1)


@contextmanager
def _interruption() -> Iterator[threading.Event]:
    """Turn the first SIGINT or SIGTERM into an event; the second one acts as usual."""
    interrupted = threading.Event()
    signals = (signal.SIGINT, signal.SIGTERM)
    if threading.current_thread() is not threading.main_thread():
        yield interrupted  # only the main thread may change what a signal does
        return
    usual = [signal.getsignal(number) for number in signals]

    def restore() -> None:
        for number, handler in zip(signals, usual, strict=True):
            signal.signal(number, handler)

    def on_signal(number: int, frame: object) -> None:
        interrupted.set()
        restore()

    for number in signals:
        signal.signal(number, on_signal)
    try:
        yield interrupted
    finally:
        restore()
