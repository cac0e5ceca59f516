"""The learning rate over a training: up, flat, and down exponentially."""

from __future__ import annotations

from labkit.training.recipe import LoopSettings


def progress(settings: LoopSettings, step: int, seconds: float) -> float:
    """Tell how far a training is, by steps or by time, whichever is further.

    Args:
        settings: how long it should be.
        step: optimiser steps done.
        seconds: time spent, over all resumptions.

    Returns:
        0 at the start, 1 at the end and after it.
    """
    by_steps = step / settings.steps if settings.steps else 0.0
    by_time = seconds / 60 / settings.minutes if settings.minutes else 0.0
    return min(max(by_steps, by_time), 1.0)


def learning_rate(settings: LoopSettings, step: int, done: float) -> float:
    """Give the learning rate of a step.

    Args:
        settings: its highest and last value, the length of the warm-up and of the flat part.
        step: optimiser steps done before this one.
        done: share of the training that is done, from :func:`progress`.

    Returns:
        Rising over the warm-up, then constant, then falling by equal factors to the final one.
    """
    falling = max(done - settings.flat_share, 0.0) / max(1.0 - settings.flat_share, 1e-9)
    warm_up = min((step + 1) / max(settings.warm_up_steps, 1), 1.0)
    ratio = settings.final_learning_rate / settings.learning_rate
    return settings.learning_rate * warm_up * ratio**falling
