"""Alignments: which input symbol was looked at in which decoder step."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch

from labkit.errors import InputError
from labkit.notebook.picture import Picture, new_figure, visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TIE = 0.01  # weights closer than this look alike in a picture; the first symbol is taken
MOST_LABELS = 60  # more symbols than that are numbered instead of spelled out


def strongest(alignments: torch.Tensor) -> list[int]:
    """Return, for each row of ``alignments: (T, T_in)``, where its largest weight is.

    Weights within one hundredth of the largest count as equal; the first of them is taken.
    """
    top = alignments.max(dim=1, keepdim=True).values  # (T, 1)
    return (alignments >= top - TIE).int().argmax(dim=1).tolist()


def jumps_back(alignments: torch.Tensor) -> int:
    """Count the steps after which the strongest symbol lies before the last one."""
    path = strongest(alignments)
    return sum(after < before for before, after in itertools.pairwise(path))


def plot_alignment(
    alignments: Any, symbols: str | Sequence[str] | None = None, title: str = "Alignment"
) -> Picture:
    """Draw attention weights over time, with the path of the strongest symbol.

    A good alignment climbs from the lower left to the upper right without a break.

    Args:
        alignments: (T, T_in) or (1, T, T_in) weights; one row for each decoder step.
        symbols: the T_in input symbols, to label the vertical axis.
        title: the heading of the picture.

    Returns:
        The picture; its ``text`` says how long, how sharp and how steady the alignment is.

    Raises:
        InputError: the shape is another one, or the number of symbols does not fit.
    """
    weights = torch.as_tensor(alignments).detach().float().cpu()
    if weights.dim() == 3 and len(weights) == 1:
        weights = weights[0]  # (T, T_in)
    if weights.dim() != 2 or not weights.numel():
        raise InputError(
            "alignments must be (T, T_in), one row of weights for each decoder step of one "
            f"sentence; got the shape {tuple(weights.shape)}."
        )
    if symbols is not None and len(symbols) != weights.shape[1]:
        raise InputError(
            f"There are {len(symbols)} symbols for {weights.shape[1]} columns of weights."
        )
    steps, length = weights.shape
    figure = new_figure(7.5, min(2.0 + 0.18 * length, 6.0))
    axes = figure.add_subplot()
    image = draw_alignment(axes, weights, symbols)
    axes.set_title(title)
    figure.colorbar(image, ax=axes, label="attention weight")
    back = jumps_back(weights)
    text = (
        f"{steps} decoder steps over {length} input symbols. On average the largest weight of a "
        f"step is {weights.max(dim=1).values.mean():.2f} (1.00 is perfectly sharp). The "
        f"strongest symbol begins at {strongest(weights)[0] + 1}, ends at "
        f"{strongest(weights)[-1] + 1} and moves back {back} time{'' if back == 1 else 's'}."
    )
    return Picture(figure, title, text)


def draw_alignment(
    axes: Axes,
    weights: torch.Tensor,
    symbols: str | Sequence[str] | None = None,
    *,
    span: tuple[float, float] | None = None,
    base: int = 0,
) -> Any:
    """Draw attention weights into ``axes`` and return the image, for a colour bar.

    Args:
        axes: where to.
        weights: (T, T_in) weights; one row for each decoder step.
        symbols: the T_in input symbols, to label the vertical axis.
        span: where the first step begins and the last one ends; steps are counted if None.
        base: height of the first symbol.
    """
    from matplotlib.ticker import MaxNLocator

    steps, length = weights.shape
    left, right = span or (0.5, steps + 0.5)
    image = axes.imshow(
        weights.T.numpy(),
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        cmap="viridis",
        vmin=0,
        vmax=1,
        extent=(left, right, base - 0.5, base + length - 0.5),
    )
    # White dots say where the strongest weight is without relying on colour.
    width = (right - left) / steps
    places = [left + (step + 0.5) * width for step in range(steps)]
    path = [base + symbol for symbol in strongest(weights)]
    size, edge = (2.0, "white") if span else (3.5, "black")
    axes.plot(places, path, "o", color="white", ms=size, mec=edge)
    if span is None:
        axes.set_xlabel("decoder step")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylabel("input symbol")
    if symbols is not None and length <= MOST_LABELS:
        labels = visible(symbols) if isinstance(symbols, str) else list(symbols)
        axes.set_yticks(range(length), labels)
    return image
