"""Charts that stand on the letters of a sentence, and the words for those letters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from labkit.notebook.picture import DARK, LIGHT, visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_features(axes: Axes, features: torch.Tensor) -> None:
    """Draw ``features: (T_in, attention_dim)`` as a heat map; grey in the middle is zero."""
    from matplotlib.ticker import MaxNLocator

    limit = max(float(features.abs().max()), 1e-6)
    image = axes.imshow(
        features.T.numpy(), aspect="auto", cmap="cividis", vmin=-limit, vmax=limit,
        interpolation="nearest",
    )  # fmt: skip
    axes.figure.colorbar(image, ax=axes, label="feature", pad=0.01)
    axes.set_ylabel("attention_dim")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))


def draw_bars(axes: Axes, name: str, pair: list[tuple[str, torch.Tensor]]) -> None:
    """Draw two (T_in,) values for each letter: one dark and plain, one light and hatched."""
    looks: list[dict[str, Any]] = [
        {"color": DARK},
        {"color": LIGHT, "hatch": "////", "edgecolor": "#5c4a10", "linewidth": 0.5},
    ]
    for side, ((label, values), look) in enumerate(zip(pair, looks, strict=True)):
        places = torch.arange(len(values)) + (side - 0.5) * 0.4
        axes.bar(places.numpy(), values.numpy(), width=0.38, label=label, **look)
    axes.legend(
        loc="lower right", bbox_to_anchor=(1.0, 0.98), ncols=2, frameon=False, fontsize="small",
        borderaxespad=0,
    )  # fmt: skip
    axes.spines[["top", "right"]].set_visible(False)
    axes.axhline(0, color="black", lw=0.8)
    axes.set_ylabel(name)


def label_letters(axes: Axes, letters: str) -> None:
    """Write the letters, and their numbers if there is room, below the chart."""
    labels = [f"{letter}\n{number}" for number, letter in enumerate(visible(letters), start=1)]
    axes.set_xticks(range(len(letters)), labels if len(letters) <= 30 else visible(letters))
    axes.tick_params(axis="x", labelbottom=True)
    axes.set_xlabel("input letter")


def tied(values: torch.Tensor) -> list[int]:
    """List the positions whose value is within a hundredth of the range from the largest."""
    margin = 0.01 * float(values.max() - values.min())
    return [int(i) for i in (values >= values.max() - margin).nonzero().flatten()]


def named(letters: str, position: int) -> str:
    """Call a letter by itself and its number, counted from 1."""
    return f"{visible(letters)[position]} (letter {position + 1})"


def listed(letters: str, positions: list[int]) -> str:
    """Call several letters, as in a sentence."""
    names = [named(letters, position) for position in positions]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
