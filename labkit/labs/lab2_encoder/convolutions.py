"""Views of encoder-1: what convolutions see, and why padding is hidden from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from labkit.labs.lab2_encoder.situation import (
    Symbols,
    behind,
    built_once,
    change,
    convolve,
    embed,
    noticed,
    read,
)
from labkit.notebook.bars import draw_bars
from labkit.notebook.picture import DARK, Picture, Table, new_figure
from labkit.notebook.view import Slider, View

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SENTENCE = "The white rose in the garden."
SHORT = "The white rose."
LAYERS = 3


def explore_convolutions(encoder_class: type[nn.Module], sentence: str = SENTENCE) -> View:
    """Change each symbol in turn, and see which outputs of the convolutions change with it.

    Args:
        encoder_class: the student's Encoder, with ``convolve`` done.
        sentence: English, at most 50 symbols.
    """
    reading = read(sentence)
    built = built_once(encoder_class)

    def draw(symbol: int, layers: int) -> Picture:
        influence = _influence(built(), reading, layers)  # (changed, output)
        at = symbol - 1
        seen = influence[:, at]  # (T_in,)
        figure = new_figure(8.4, 6.2)
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[2.6, 1])
        image = upper.imshow(influence.numpy(), cmap="viridis", aspect="auto", vmin=0)
        figure.colorbar(image, ax=upper, label="change of the output", pad=0.01)
        upper.set_yticks(range(len(reading)), reading.names, fontsize="small")
        upper.set_ylabel("symbol that is changed")
        for edge in (at - 0.5, at + 0.5):
            upper.axvline(edge, color="white", lw=1.2, ls="--")
        title = f"What {layers} layer{'' if layers == 1 else 's'} of convolution can see"
        upper.set_title(title, loc="left")
        lower.bar(range(len(reading)), seen.numpy(), color=DARK)
        lower.spines[["top", "right"]].set_visible(False)
        lower.set_ylabel(f"seen at {reading.names[at]}")
        label_symbols(lower, reading)
        found = noticed(seen)
        text = (
            f"Each symbol was changed in turn. After {layers} layer{'' if layers == 1 else 's'} "
            f"the output at {reading.call(at)} changes with {len(found)} of {len(reading)} "
            f"symbols: {reading.span(found)}."
        )
        if found:
            text += (
                f" That is {at - found[0]} to the left and {found[-1] - at} to the right; "
                f"{reading.call(int(seen.argmax()))} matters most."
            )
        head = ["symbol that is changed", "change of the output"]
        table = Table.numbered(head, reading.names, seen)
        return Picture(figure, title, text, table)

    return View(
        draw,
        [
            Slider("symbol", "output at symbol", 1, len(reading), (len(reading) + 1) // 2),
            Slider("layers", "layers of convolution", 1, LAYERS, 1),
        ],
    )


def _influence(encoder: object, reading: Symbols, layers: int) -> torch.Tensor:
    """Change every symbol in turn: (T_in changed, T_in outputs), how much each output moves."""
    others = [reading.changed(position)[0] for position in range(len(reading))]
    outputs = convolve(encoder, embed(reading, *others), None, layers)  # (1 + T_in, D, T_in)
    outputs = outputs.transpose(1, 2)  # (1 + T_in, T_in, D)
    return change(outputs[1:], outputs[:1])


def compare_hiding(encoder_class: type[nn.Module], sentence: str = SHORT) -> View:
    """Pad a sentence, and see what the convolutions make of its symbols then.

    Args:
        encoder_class: the student's Encoder, with ``convolve`` done.
        sentence: English, at most 50 symbols.
    """
    reading = read(sentence)
    built = built_once(encoder_class)

    def draw(padding: int, layers: int) -> Picture:
        n = len(reading)
        hide = behind(n, n + padding)
        x = embed(reading.padded(padding))  # (1, D, n + padding)
        encoder = built()
        alone = convolve(encoder, embed(reading), None, layers)
        outputs = {
            "not hidden": convolve(encoder, x, None, layers),
            "hidden once, before the first layer": convolve(
                encoder, x.masked_fill(hide, 0.0), None, layers
            ),
            "hidden before every layer": convolve(encoder, x, hide, layers),
        }
        moved = {
            name: change(output[0, :, :n].T, alone[0].T) for name, output in outputs.items()
        }  # (n,) each
        never, once, always = moved.values()
        figure = new_figure(8.4, 3.6)
        axes = figure.subplots()
        names = list(moved)
        draw_bars(axes, "change of the output", [(names[1], once), (names[0], never)])
        axes.set_ylim(bottom=0, top=max(0.1, 1.1 * float(never.max())))
        label_symbols(axes, reading)
        title = "The same symbols, with padding behind them"
        axes.set_title(title, loc="left", pad=22)
        text = "\n".join(
            [
                f"{padding} symbols of padding stand behind the sentence, {layers} "
                f"layer{'' if layers == 1 else 's'} work. Against the sentence alone, this changes:"
            ]
            + [
                f"{name.capitalize()}: {_most(reading, values)}."
                for name, values in zip(names, (never, once, always), strict=True)
            ]
        )
        table = Table.numbered(["symbol", *names], reading.names, never, once, always)
        return Picture(figure, title, text, table)

    return View(
        draw,
        [
            Slider("padding", "symbols of padding", 0, 12, 8),
            Slider("layers", "layers of convolution", 1, LAYERS, LAYERS),
        ],
    )


def _most(reading: Symbols, moved: torch.Tensor) -> str:
    found = noticed(moved)
    if not found:
        return "nothing"
    most = int(moved.argmax())
    return f"{reading.span(found)}, most of all {reading.call(most)} by {moved[most]:.0%}"


def label_symbols(axes: Axes, reading: Symbols) -> None:
    """Write the symbols, and their numbers if there is room, below the chart."""
    numbered = [f"{name}\n{number}" for number, name in enumerate(reading.names, start=1)]
    crowded = len(reading) > 30
    labels = reading.names if crowded else numbered
    axes.set_xticks(range(len(reading)), labels, fontsize="x-small" if crowded else "small")
    axes.tick_params(axis="x", labelbottom=True)
    axes.set_xlabel("input symbol")
