"""What the training loop asks of a recipe, and what may be set for the loop."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from torch import Tensor, nn

from labkit.errors import ConfigError, check_sizes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PRECISIONS = ("float32", "bfloat16")


class Recipe(Protocol):
    """A model, its data, its loss, and what shows whether it learns.

    Everything random in :meth:`batch` must come from the step alone, and everything random in
    :meth:`loss` from torch's global generator, which the loop seeds anew for every step. Then a
    training that was interrupted goes on exactly as if it had not been.
    """

    @property
    def model(self) -> nn.Module:
        """The module that is trained; its parameters and buffers are what a checkpoint holds."""

    def batch(self, step: int) -> Any:
        """Give the training batch of a step: tensors on the CPU, in any tuple, list or dict."""

    def loss(self, batch: Any, step: int) -> dict[str, Tensor]:
        """Give scalars to log, of which ``"total"`` is minimised."""

    def evaluate(self, step: int) -> dict[str, float]:
        """Measure on held-out data; of ``"loss"``, less is better. Called in eval mode."""

    def pictures(self) -> dict[str, Figure]:
        """Draw what the last :meth:`evaluate` saw; only called where matplotlib is installed."""

    def export(self, path: Path) -> None:
        """Write the model as others load it: a ``.safetensors`` file."""


@dataclass(frozen=True, kw_only=True)
class LoopSettings:
    """How long, how fast and how exactly to train, and how often to look and to save.

    Args:
        steps: optimiser steps after which to stop; None if only time counts.
        minutes: wall-clock time after which to stop, over all resumptions; None if only steps
            count. With both, the learning rate follows whichever is further.
        learning_rate: at its highest.
        final_learning_rate: at the end.
        warm_up_steps: steps over which the learning rate rises linearly from zero.
        flat_share: share of the training before the learning rate begins to fall.
        betas: decay of Adam's two running means.
        epsilon: Adam's guard against division by zero.
        weight_decay: AdamW's decay, times the learning rate, of all weights.
        clip_norm: largest norm of the gradient; longer ones are shortened to it.
        precision: ``bfloat16`` runs matrix products in bfloat16 (autocast), the rest in float32.
        seed: fixes batches, dropout and everything else random.
        log_every: steps between two lines of the log.
        evaluate_every: steps between two evaluations.
        save_every_minutes: time between two checkpoints.
        export_at: steps after which the model is also exported, for instance to show what it
            could not do yet.

    Raises:
        ConfigError: a value is out of range, or neither steps nor minutes are given.
    """

    steps: int | None = None
    minutes: float | None = None
    learning_rate: float = 1e-3
    final_learning_rate: float = 1e-5
    warm_up_steps: int = 100
    flat_share: float = 0.3
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-6
    weight_decay: float = 1e-6
    clip_norm: float = 1.0
    precision: str = "float32"
    seed: int = 0
    log_every: int = 50
    evaluate_every: int = 500
    save_every_minutes: float = 3.0
    export_at: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.steps is None and self.minutes is None:
            raise ConfigError("say how long to train: steps, minutes, or both")
        for name in ("steps", "minutes", "learning_rate", "final_learning_rate", "clip_norm"):
            value = getattr(self, name)
            if value is not None and not (isinstance(value, (int, float)) and value > 0):
                raise ConfigError(f"{name} must be a number above 0, but is {value!r}")
        check_sizes(self, "log_every", "evaluate_every")
        if not 0 <= self.flat_share <= 1:
            raise ConfigError(f"flat_share must lie between 0 and 1, but is {self.flat_share}")
        if self.precision not in PRECISIONS:
            raise ConfigError(
                f"precision must be {' or '.join(PRECISIONS)}, but is {self.precision!r}"
            )
