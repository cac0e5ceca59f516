"""Pictures of how a training goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from labkit.training.evaluate import FreeReading

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_readings(readings: Sequence[FreeReading]) -> Figure:
    """Draw alignment, spectrogram and recording of some free readings, a row for each."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(14, 3 * len(readings)), layout="constrained")
    axes = figure.subplots(len(readings), 3, squeeze=False)
    for (left, middle, right), reading in zip(axes, readings, strict=True):
        left.imshow(reading.alignment.t(), origin="lower", aspect="auto", cmap="viridis", vmax=1)
        left.set(title=str(reading.report)[:80], xlabel="decoder step", ylabel="symbol")
        for panel, mel, title in (
            (middle, reading.mel, "read" if reading.stopped else "read, never stopped"),
            (right, reading.target, "recorded"),
        ):
            panel.imshow(mel, origin="lower", aspect="auto", cmap="viridis", vmin=-11.5, vmax=1)
            panel.set(title=title, xlabel="frame", ylabel="mel band")
    return figure
