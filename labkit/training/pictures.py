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

    from labkit.notebook.alignment import draw_alignment
    from labkit.notebook.waves import draw_mel

    figure = Figure(figsize=(14, 3 * len(readings)), layout="constrained")
    axes = figure.subplots(len(readings), 3, squeeze=False)
    for (left, middle, right), reading in zip(axes, readings, strict=True):
        draw_alignment(left, reading.alignment)
        found = ", ".join(failure.kind for failure in reading.report.failures) or "no failure"
        title = f"{found}, peak {reading.report.peak:.2f}"
        left.set_title(title)
        for panel, mel, title in (
            (middle, reading.mel, "read" if reading.stopped else "read, never stopped"),
            (right, reading.target, "recorded"),
        ):
            draw_mel(panel, mel, -11.5, 1)
            panel.set(title=title, xlabel="frame")
    return figure
