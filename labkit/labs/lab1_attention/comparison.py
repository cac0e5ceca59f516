"""The comparison that ends the first lab: the same sentence read without and with the past."""

from __future__ import annotations

from functools import cache

from torch import nn

from labkit.labs.lab1_attention import toy
from labkit.labs.lab1_attention.situation import built_once, locate, past_at, score, weigh
from labkit.notebook.alignment import draw_alignment, jumps_back, strongest
from labkit.notebook.bars import draw_bars, label_letters, named
from labkit.notebook.picture import GREY, Picture, Table, new_figure, visible
from labkit.notebook.student import expect, students_code
from labkit.notebook.view import Slider, View

NAMES = ("content only", "location-sensitive")


def compare_attention(attention_class: type[nn.Module], sentence: str = "no no never") -> View:
    """Read a sentence twice with the student's class: without its past, and with it.

    Both readings use the same weights, and both live on what they read themselves: a mistake
    has consequences. Without its past, the attention is told that it has not been anywhere.

    Args:
        attention_class: the student's Attention, with all three tasks done.
        sentence: letters and blanks, at most 40; words that repeat make it interesting.
    """
    letters = toy.clean(sentence)
    built = built_once(attention_class, "Attention", toy.ATTENTION_SIZES)

    @cache
    def readings() -> list[toy.Attempt]:
        attention = built()
        # Task by task first, so that a message names the first one that is not ready.
        past = past_at(letters, 1, 1.0, 0)
        locate(attention.location_layer, past)
        score(attention, past, 0)
        weigh(attention, past, 0)
        done = []
        for use_location in (False, True):
            with students_code("Attention"):
                reading = toy.read(attention, letters, use_location)
            shape = (len(reading.due), len(letters))
            expect(reading.weights, shape, "Attention.forward, step by step,")
            done.append(reading)
        return done

    def draw(step: int) -> Picture:
        return _draw_comparison(letters, readings(), step)

    steps = len(toy.positions_due(letters))
    return View(draw, [Slider("step", "decoder step", 1, steps, min(5, steps), play=True)])


def _draw_comparison(letters: str, both: list[toy.Attempt], step: int) -> Picture:
    """Draw both alignments side by side and, below them, the weights of one step."""
    due = both[0].due[step - 1]
    height = 4.2 + 0.12 * len(letters)
    figure = new_figure(8.6, height)
    grid = figure.add_gridspec(2, 2, height_ratios=[height - 1.9, 1.9])
    for column, (name, reading) in enumerate(zip(NAMES, both, strict=True)):
        axes = figure.add_subplot(grid[0, column])
        image = draw_alignment(axes, reading.weights, letters)
        axes.axvline(step, color="white", lw=1.2, ls="--", zorder=1)
        spelled = _spelled(reading)
        axes.set_title(f"{name}\nreads: {spelled}", fontsize=min(12, 300 / len(spelled)))
    figure.colorbar(image, ax=figure.axes, label="attention weight", shrink=0.9)
    lower = figure.add_subplot(grid[1, :])
    now = [reading.weights[step - 1] for reading in both]
    draw_bars(lower, f"weight at step {step}", [(NAMES[1], now[1]), (NAMES[0], now[0])])
    lower.axvline(due, color=GREY, lw=1, ls=":", zorder=0)
    lower.annotate("due", (due, 1.03), ha="center", va="bottom", annotation_clip=False)
    lower.set_xlim(-0.5, len(letters) - 0.5)
    lower.set_ylim(0, 1.2)
    label_letters(lower, letters)
    table = Table(
        ["step", "due", *NAMES],
        [
            [str(i + 1), f"{d + 1} {visible(letters)[d]}"]
            + [f"{reading.weights[i, d]:.2f}" for reading in both]
            for i, d in enumerate(both[0].due)
        ],
    )
    return Picture(
        figure,
        f"Reading “{letters}” without and with the past",
        _in_words(letters, both, step),
        table,
    )


def _in_words(letters: str, both: list[toy.Attempt], step: int) -> str:
    """Say what happens at one step, and what became of the whole sentence."""
    due = both[0].due[step - 1]
    lines = [f"Step {step} of {len(both[0].due)}: {named(letters, due)} is due."]
    for name, reading in zip(NAMES, both, strict=True):
        weights = reading.weights[step - 1]
        seen = [int(i) for i in weights.argsort(descending=True) if weights[i] >= 0.05][:4]
        shares = ", ".join(f"{named(letters, i)} {weights[i]:.0%}" for i in sorted(seen))
        lines.append(f"{name.capitalize()} looks at {shares or 'nothing in particular'}.")
    for name, reading in zip(NAMES, both, strict=True):
        back = jumps_back(reading.weights)
        lines.append(
            f"In all, {name} reads “{_spelled(reading)}”: {reading.right:.0%} of its weight is on "
            f"the letter that is due, and it jumps back {back} time{'' if back == 1 else 's'}."
        )
    return "\n".join(lines)


def _spelled(reading: toy.Attempt) -> str:
    return "".join(reading.letters[position] for position in strongest(reading.weights))
