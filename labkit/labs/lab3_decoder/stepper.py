"""The decoder, one step at a time: what it hears, what it looks at, what it makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from labkit.labs.lab3_decoder.decoding import Layer, Moment, Sentence, decoder_of, encode, walk
from labkit.notebook.alignment import draw_alignment
from labkit.notebook.picture import DARK, GREY, LIGHT, NotReadyError, Picture, Table, new_figure
from labkit.notebook.view import Slider, View
from labkit.notebook.waves import draw_mel

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLUMNS = 12  # of a grid of prenet units


class Stepper(View):
    """A view with a step slider, and buttons that move it."""

    def _controls(self) -> tuple[dict[str, Any], Any]:
        import ipywidgets as widgets

        controls, box = super()._controls()
        slider = controls["step"]

        def button(label: str, target: Any) -> Any:
            made = widgets.Button(description=label, layout={"width": "10em"})
            made.on_click(lambda _: setattr(slider, "value", target()))
            return made

        row = widgets.HBox(
            [
                button("Back to the start", lambda: slider.min),
                button("One step", lambda: min(slider.value + 1, slider.max)),
                button("To the end", lambda: slider.max),
            ]
        )
        box.children = (*box.children, row)
        return controls, box


def step_decoder(
    decoder_class: type[nn.Module],
    text: str = "The river runs down to the sea.",
    *,
    prenet_dropout: bool = True,
    seed: int = 0,
    step: int = 30,
) -> View:
    """Walk through a sentence with the student's ``Decoder.steps`` and the shipped voice's weights.

    Args:
        decoder_class: the student's Decoder, with decoder-1 and decoder-2 done.
        text: a sentence, at most 60 symbols.
        prenet_dropout: whether the prenet drops units.
        seed: fixes which.
        step: where to begin, and what is shown where there are no buttons.
    """
    sentence = encode(text)
    try:
        decoder = decoder_of(decoder_class, "decode", "steps")
        done = list(walk(decoder, sentence, prenet_dropout=prenet_dropout, seed=seed))
    except NotReadyError as problem:
        notice = problem.notice
        return View(lambda: notice, [])

    def draw(step: int) -> Picture:
        return _draw(decoder, sentence, done, step)

    first = max(1, min(step, len(done)))
    return Stepper(draw, [Slider("step", "decoder step", 1, len(done), first, play=True)])


def _draw(decoder: Any, sentence: Sentence, done: list[Moment], step: int) -> Picture:
    now, so_far = done[step - 1], done[:step]
    r, total = decoder.n_frames_per_step, len(done)
    figure = new_figure(9.6, 6.6)
    grid = figure.add_gridspec(12, 2, width_ratios=[2.6, 1])
    upper = figure.add_subplot(grid[:4, 0])
    middle = figure.add_subplot(grid[4:9, 0], sharex=upper)
    lower = figure.add_subplot(grid[9:, 0], sharex=upper)
    whole = torch.cat([one.frames for one in done]).T  # (n_mels, T)
    low, high = float(whole.min()), float(whole.max())
    draw_mel(upper, whole[:, : step * r], low, high, (0.5, step + 0.5))
    upper.set_title(f"step {step} of {total}", loc="left")
    draw_alignment(middle, torch.stack([one.weights for one in so_far]), None)
    middle.set_yticks(range(len(sentence.names)), sentence.names, fontsize=6.5)
    middle.set_ylim(-0.5, len(sentence.names) - 0.5)
    middle.set_ylabel("looks at")
    draw_gate(lower, [one.gate for one in so_far], decoder.gate_threshold)
    lower.set_xlim(0.5, total + 0.5)
    lower.set_xlabel("decoder step")
    for axes in (upper, middle):
        axes.set_xlabel("")
        axes.tick_params(labelbottom=False)
    places = (grid[1:6, 1], grid[7:12, 1])
    for number, (place, layer) in enumerate(zip(places, now.prenet, strict=False), start=1):
        _draw_units(figure.add_subplot(place), layer, f"prenet, layer {number}")
    words = _in_words(decoder, sentence, done, step)
    title = f"Decoder step {step} of “{sentence.text}”"
    return Picture(figure, title, words, _table(sentence, so_far))


def draw_gate(axes: Axes, gates: list[float], threshold: float) -> None:
    """Draw gate probabilities up to now, and the threshold."""
    axes.plot(range(1, len(gates) + 1), gates, ".-", color=DARK, lw=1, ms=3)
    axes.axhline(threshold, color="black", lw=1, ls="--")
    axes.text(1, threshold + 0.04, "threshold", fontsize=8, va="bottom")
    axes.set_ylim(-0.05, 1.05)
    axes.set_ylabel("gate")
    axes.spines[["top", "right"]].set_visible(False)


def _draw_units(axes: Axes, layer: Layer, name: str) -> None:
    """Draw each unit as a square: how loud it is; a cross if dropped, empty if silent."""
    from matplotlib.patches import Rectangle

    top = max(float(layer.kept.max()), 1e-6)
    rows = -(-len(layer.kept) // _COLUMNS)
    for unit, (kept, dropped) in enumerate(
        zip(layer.kept.tolist(), layer.dropped.tolist(), strict=True)
    ):
        row, column = divmod(unit, _COLUMNS)
        strength = 0.25 + 0.75 * kept / top if kept else 0.0
        colour = (*_rgb(DARK), strength) if kept else (*_rgb(LIGHT), 1.0) if dropped else "white"
        axes.add_patch(Rectangle((column - 0.45, row - 0.45), 0.9, 0.9, fc=colour, ec=GREY, lw=0.4))
        if dropped:
            axes.plot(column, row, "x", color="black", ms=4.5, mew=1.1)
    axes.set_xlim(-0.6, _COLUMNS - 0.4)
    axes.set_ylim(rows - 0.4, -0.6)
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_title(f"{name}: {int(layer.dropped.sum())} dropped (×)", fontsize=9)


def _rgb(colour: str) -> tuple[float, float, float]:
    from matplotlib.colors import to_rgb

    red, green, blue = to_rgb(colour)
    return red, green, blue


def _in_words(decoder: Any, sentence: Sentence, done: list[Moment], step: int) -> str:
    now, r = done[step - 1], decoder.n_frames_per_step
    last = (step - 1) * r
    heard = f"frame{'s' if r > 1 else ''} {_range(last - r + 1, last)}" if last else "the go frame"
    lines = [f"Step {step} of {len(done)}. It hears {heard}."]
    for number, layer in enumerate(now.prenet, start=1):
        awake = int((~layer.silent).sum())
        lines.append(
            f"Prenet, layer {number}: {awake} of its {len(layer.silent)} units are awake; the "
            f"dropout sets {int(layer.dropped.sum())} of these to zero."
        )
    at = int(now.weights.argmax())
    lines.append(f"It looks at {sentence.named(at)} with {now.weights[at]:.0%} of its weight.")
    fires = now.gate > decoder.gate_threshold
    verdict = "the gate fires: this step is the last" if fires else "it goes on"
    if not fires and step == len(done):
        verdict = "it is given up: the gate has never fired"
    lines.append(
        f"It makes frame{'s' if r > 1 else ''} {_range(last + 1, last + r)}. The gate says "
        f"{now.gate:.1%}: {verdict}."
    )
    return "\n".join(lines)


def _range(first: int, last: int) -> str:
    return str(last) if first == last else f"{first} and {last}" if last - first == 1 else (
        f"{first} to {last}"
    )  # fmt: skip


def _table(sentence: Sentence, so_far: list[Moment]) -> Table:
    rows = []
    for number, one in enumerate(so_far, start=1):
        at = int(one.weights.argmax())
        dropped = [str(int(layer.dropped.sum())) for layer in one.prenet]
        rows.append(
            [
                str(number),
                f"{at + 1} {sentence.names[at]}",
                f"{one.weights[at]:.2f}",
                f"{one.gate:.3f}",
                " + ".join(dropped) or "-",
            ]
        )
    return Table(["step", "looks at", "weight", "gate", "units dropped"], rows)
