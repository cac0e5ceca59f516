"""Boxes and arrows: the pictures that open a lab."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from labkit.notebook.picture import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Point = tuple[float, float]

PALE = "#e7ecf5"
INK = "#444444"  # of what explains


def canvas(width: float, height: float, x: Point, y: Point) -> tuple[Figure, Axes]:
    """Make a figure of ``width`` x ``height`` inches to draw on between these limits."""
    figure = new_figure(width, height)
    axes = figure.add_subplot()
    axes.set_xlim(*x)
    axes.set_ylim(*y)
    axes.axis("off")
    return figure, axes


def box(
    axes: Axes, at: Point, text: str, colour: str, size: Point, fontsize: float, hatch: str = ""
) -> None:
    """Draw a box of a ``size`` around a point, with a text in it."""
    from matplotlib.patches import Rectangle

    (x, y), (width, height) = at, size
    corner = (x - width / 2, y - height / 2)
    axes.add_patch(Rectangle(corner, width, height, fc=colour, ec="black", lw=1, hatch=hatch))
    axes.text(x, y, text, ha="center", va="center", fontsize=fontsize)


def arrow(axes: Axes, start: Point, end: Point, **look: Any) -> None:
    """Draw an arrow; ``look`` is that of matplotlib's arrows."""
    look = {"arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 0} | look
    axes.annotate("", end, start, arrowprops=look)


def name_rows(axes: Axes, x: float, rows: Iterable[tuple[float, str, str]]) -> None:
    """Write beside the rows of a drawing what they are, and below that what it means."""
    for height, name, meaning in rows:
        axes.text(x, height + 0.1, name, weight="bold", va="bottom", fontsize=10)
        axes.text(x, height + 0.03, meaning, va="top", fontsize=8.5, color=INK)
