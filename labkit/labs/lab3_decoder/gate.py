"""Where a sentence ends: the gate, its threshold, and the step at which it fires."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import torch
from torch import nn

from labkit.labs.lab3_decoder.decoding import Decoded, Sentence, decoder_of, encode, infer
from labkit.notebook.picture import DARK, LIGHT, Table, new_figure
from labkit.notebook.sounding import Sound, SoundingPicture, sound_of
from labkit.notebook.view import Slider, View
from labkit.notebook.waves import draw_mel

_NEVER = 1 - 1e-9  # no gate is that sure


def explore_gate(
    decoder_class: type[nn.Module], text: str = "The river runs down to the sea."
) -> View:
    """Move the gate's threshold and hear where the student's ``Decoder.infer`` ends the sentence.

    The threshold moves in log-odds, in which the gate counts: 0 is 50 %, 2.2 is 90 %, -2.2 is 10 %.

    Args:
        decoder_class: the student's Decoder, with decoder-1 to decoder-3 done.
        text: a sentence, at most 60 symbols.
    """
    sentence = encode(text)

    @cache
    def build() -> tuple[Any, Decoded]:
        decoder = decoder_of(decoder_class, "decode", "steps", "infer", "parse_decoder_outputs")
        return decoder, infer(decoder, sentence, gate_threshold=_NEVER)

    def draw(threshold: float, kept: int) -> SoundingPicture:
        probability = 1 / (1 + math.exp(-threshold))
        decoder, whole = build()
        reading = infer(decoder, sentence, gate_threshold=probability)
        return _draw(decoder.n_frames_per_step, sentence, whole, reading, threshold, kept)

    sliders = [
        Slider("threshold", "threshold (log-odds)", -11.0, 11.0, 0.0, step=0.5),
        Slider("kept", "steps kept behind the count", 0, 20, 0),
    ]
    return View(draw, sliders)


def _draw(
    r: int, sentence: Sentence, whole: Decoded, reading: Decoded, threshold: float, kept: int
) -> SoundingPicture:
    made, counted = len(reading.gate), reading.frames // r
    fired = counted < made
    heard = min(counted + kept, len(whole.gate)) * r
    figure = new_figure(9, 5)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[1.3, 1])
    steps = len(whole.gate)
    draw_mel(upper, whole.mel, span=(0.5, steps + 0.5))
    upper.axvline(heard / r + 0.5, color="white", lw=2)
    upper.axvline(heard / r + 0.5, color="black", lw=1.2, ls="--")
    upper.set_title("heard: what lies left of the dashed line", loc="left", fontsize=10)
    lower.plot(range(1, steps + 1), whole.gate.tolist(), ".-", color=DARK, lw=1, ms=3)
    lower.axhline(threshold, color="black", lw=1, ls="--")
    lower.annotate("threshold", (steps + 0.5, threshold + 0.4), fontsize=8, ha="right")
    if fired:
        lower.axvspan(made - 0.5, made + 0.5, color=LIGHT, hatch="////", ec=DARK, lw=0)
        lower.annotate(
            f"fires in step {made}", (made, lower.get_ylim()[0]), (5, 5),
            textcoords="offset points", fontsize=9,
        )  # fmt: skip
    lower.set_ylabel("gate (log-odds)")
    lower.set_xlabel("decoder step")
    lower.spines[["top", "right"]].set_visible(False)
    sound = sound_of(whole.mel[:, :heard], f"“{sentence.text}”, {heard // r} steps")
    words = _in_words(r, whole, reading, threshold, kept, sound)
    table = Table(
        ["step", "log-odds", "probability", "mean log-mel"],
        [
            [str(step + 1), f"{odds:.1f}", percent(_sigmoid(odds)), f"{level:.1f}"]
            for step, (odds, level) in enumerate(
                zip(whole.gate.tolist(), _levels(whole, r), strict=True)
            )
        ],
    )
    title = f"Where “{sentence.text}” ends"
    return SoundingPicture(figure, title, words, table, sounds=(sound,))


def _in_words(
    r: int, whole: Decoded, reading: Decoded, threshold: float, kept: int, sound: Sound
) -> str:
    made, counted = len(reading.gate), reading.frames // r
    lines = [f"Threshold {percent(_sigmoid(threshold))} (log-odds {threshold:g})."]
    if counted < made:
        frames = f"{r} frames" if r > 1 else "frame"
        level = _levels(whole, r)[made - 1]
        lines.append(
            f"The gate fires in step {made}. That step was made but is not counted: {counted} "
            f"steps, {counted * r} frames. The {frames} of step {made} have a mean log-mel of "
            f"{level:.1f}; the floor, silence, is {math.log(1e-5):.1f}."
        )
    else:
        lines.append(f"The gate never fires: it was given up after {made} steps.")
    behind = f", {kept} of them behind the count" if kept else ""
    lines.append(f"Heard are {sound.seconds:.2f} s{behind}.")
    return "\n".join(lines)


def _levels(whole: Decoded, r: int) -> list[float]:
    """Mean log-mel of each step."""
    return whole.mel.unflatten(1, (-1, r)).mean(dim=(0, 2)).tolist()


def _sigmoid(odds: float) -> float:
    return float(torch.sigmoid(torch.tensor(odds, dtype=torch.float64)))


def percent(probability: float) -> str:
    """Write a probability; more digits where it is nearly sure."""
    digits = 0 if 0.01 <= probability <= 0.99 else 3
    return f"{100 * probability:.{digits}f} %"
