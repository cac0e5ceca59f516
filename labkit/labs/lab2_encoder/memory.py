"""Views of encoder-2: what packing spares the memory, and what the two halves of it know."""

from __future__ import annotations

import torch
from torch import nn

from labkit.labs.lab2_encoder.convolutions import LAYERS, SENTENCE, SHORT, label_symbols
from labkit.labs.lab2_encoder.situation import (
    NOTICEABLE,
    Symbols,
    built_once,
    change,
    embed,
    hidden_in_convolutions,
    noticed,
    read,
    remember,
)
from labkit.notebook.bars import draw_bars
from labkit.notebook.picture import Picture, Table, new_figure
from labkit.notebook.view import Slider, View

HALVES = ("forward half", "backward half")


def compare_packing(encoder_class: type[nn.Module], sentence: str = SHORT) -> View:
    """Pad a sentence, and compare its memory with that of the sentence alone.

    *Packed* is the student's Encoder. *Not packed* is the same with a lie: it is told that the
    padding were symbols, so that its LSTM runs through it. The convolutions do not see the
    padding in either case.

    Args:
        encoder_class: the student's Encoder, with both tasks done.
        sentence: English, at most 50 symbols.
    """
    reading = read(sentence)
    built = built_once(encoder_class)

    def draw(padding: int) -> Picture:
        n, padded = len(reading), reading.padded(padding)
        x = embed(padded)
        encoder = built()
        alone = remember(encoder, embed(reading), n)[0]  # (n, D)
        packed = remember(encoder, x, n)[0]  # (n + padding, D)
        with hidden_in_convolutions(encoder, n):
            unpacked = remember(encoder, x, n + padding)[0]  # (n + padding, D)
        figure = new_figure(8.4, 6.4)
        rows = figure.subplots(3, 1, sharex=True)
        forms = [("packed", packed), ("not packed", unpacked)]
        lengths = [(name, halves(memory)[1].norm(dim=1)) for name, memory in forms]
        draw_bars(rows[0], "length,\nbackward half", lengths)
        moved = {}
        for axes, side in zip(rows[1:], (1, 0), strict=True):
            before = halves(alone)[side]
            moved[side] = [change(halves(memory[:n])[side], before) for _, memory in forms]
            pair = list(zip(("packed", "not packed"), moved[side], strict=True))
            draw_bars(axes, f"change,\n{HALVES[side]}", pair)
            if max(float(values.max()) for values in moved[side]) < NOTICEABLE:
                axes.text(0.5, 0.5, "no change", transform=axes.transAxes, ha="center")
            axes.set_ylim(0, max(0.1, 1.1 * max(float(values.max()) for values in moved[1])))
        for axes in rows:
            axes.axvline(n - 0.5, color="black", lw=1, ls=":")
        label_symbols(rows[-1], padded)
        title = "Memory with padding behind the sentence"
        rows[0].set_title(title, loc="left", pad=20)
        text = _packing_in_words(reading, padding, moved)
        head = [f"{HALVES[side]}, {name}" for side in (1, 0) for name, _ in forms]
        table = Table.numbered(["symbol", *head], reading.names, *moved[1], *moved[0])
        return Picture(figure, title, text, table)

    return View(draw, [Slider("padding", "symbols of padding", 0, 30, 10, play=True)])


def _packing_in_words(reading: Symbols, padding: int, moved: dict[int, list[torch.Tensor]]) -> str:
    """Say, for both forms and both halves, which symbols are remembered otherwise than alone."""
    lines = [
        f"{padding} symbol{'' if padding == 1 else 's'} of padding behind {len(reading)} symbols. "
        "Against the memory of the sentence alone:"
    ]
    for form, name in enumerate(("Packed", "Not packed")):
        said = []
        for side in (1, 0):
            values = moved[side][form]
            found = noticed(values)
            said.append(
                f"the {HALVES[side]} changes at {len(found)} symbols, at the last one by "
                f"{values[-1]:.0%}"
                if found
                else f"the {HALVES[side]} does not change"
            )
        lines.append(f"{name}: {'; '.join(said)}.")
    return "\n".join(lines)


def explore_halves(encoder_class: type[nn.Module], sentence: str = SENTENCE) -> View:
    """Change one symbol, and see where the two halves of the memory change.

    Args:
        encoder_class: the student's Encoder, with both tasks done.
        sentence: English, at most 50 symbols.
    """
    reading = read(sentence)
    built = built_once(encoder_class)

    def draw(symbol: int, layers: int) -> Picture:
        at = symbol - 1
        other, name = reading.changed(at)
        before, after = remember(built(), embed(reading, other), len(reading), layers)
        moved = [
            change(new, old) for new, old in zip(halves(after), halves(before), strict=True)
        ]  # (T_in,) each
        figure = new_figure(8.4, 3.8)
        axes = figure.subplots()
        draw_bars(axes, "change of the memory", list(zip(HALVES, moved, strict=True)))
        axes.annotate(
            f"{reading.names[at]} → {name}", (at, 0), (at, 1.0), xycoords=("data", "data"),
            textcoords=("data", "axes fraction"), ha="center", va="bottom", fontsize=9,
            arrowprops={"arrowstyle": "-", "ls": ":", "color": "black"},
        )  # fmt: skip
        label_symbols(axes, reading)
        title = "What one symbol changes in the memory"
        axes.set_title(title, loc="left", pad=22)
        text = "\n".join(
            [
                f"{reading.call(at)} is changed into {name}; {layers} "
                f"layer{'' if layers == 1 else 's'} of convolution work."
            ]
            + [
                f"The {half} changes at {len(noticed(values))} symbols: "
                f"{reading.span(noticed(values))}."
                for half, values in zip(HALVES, moved, strict=True)
            ]
        )
        table = Table.numbered(["symbol", *HALVES], reading.names, *moved)
        return Picture(figure, title, text, table)

    return View(
        draw,
        [
            Slider("symbol", "changed symbol", 1, len(reading), (len(reading) + 1) // 2),
            Slider("layers", "layers of convolution", 0, LAYERS, 0),
        ],
    )


def halves(memory: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Split ``memory: (..., D)`` into what the LSTM said going forward, and going backward."""
    forward, backward = memory.chunk(2, dim=-1)
    return forward, backward
