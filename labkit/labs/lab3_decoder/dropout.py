"""What the prenet's dropout does to a reading: nothing is the same twice."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import nn

from labkit.labs.lab3_decoder.decoding import Decoded, Sentence, decoder_of, encode, infer
from labkit.notebook.picture import DARK, LIGHT, Table, new_figure
from labkit.notebook.sounding import SoundingPicture, sound_of
from labkit.notebook.view import Slider, View
from labkit.pipeline.attention_check import check_attention
from labkit.text import symbols

SEEDS = range(6)
_DECIBELS = 20 / math.log(10)  # of one unit of natural-log magnitude


@dataclass(frozen=True, eq=False)
class _Attempt:
    """One reading, cut to the frames that are counted."""

    seed: int
    steps: int
    mel: torch.Tensor  # (n_mels, T)
    means: torch.Tensor  # (n_mels, T_in) the mean log-mel of each symbol
    went_wrong: str


def compare_dropout(
    decoder_class: type[nn.Module], text: str = "The river runs down to the sea."
) -> View:
    """Read a sentence with the student's ``Decoder.infer`` under six seeds, and compare.

    Args:
        decoder_class: the student's Decoder, with decoder-1 to decoder-3 done.
        text: a sentence, at most 60 symbols.
    """
    sentence = encode(text)

    @cache
    def build() -> Any:
        return decoder_of(decoder_class, "decode", "steps", "infer", "parse_decoder_outputs")

    @cache
    def attempts(tenths: int) -> list[_Attempt]:
        decoder = build()
        decoder.prenet.p_prenet_dropout = tenths / 10
        return [_attempt(decoder, sentence, tenths > 0, seed) for seed in SEEDS]

    def draw(tenths: int, seed: int) -> SoundingPicture:
        return _draw(sentence, attempts(0)[0], attempts(tenths), tenths, seed)

    sliders = [
        Slider("tenths", "units dropped, in tenths", 0, 9, 4),
        Slider("seed", "play the reading of seed", SEEDS[0], SEEDS[-1], SEEDS[0]),
    ]
    return View(draw, sliders)


def _attempt(decoder: Any, sentence: Sentence, dropout: bool, seed: int) -> _Attempt:
    reading = infer(
        decoder,
        sentence,
        prenet_dropout=dropout,
        generator=torch.Generator().manual_seed(seed),
    )
    r = decoder.n_frames_per_step
    steps = reading.frames // r
    return _Attempt(
        seed,
        steps,
        reading.mel[:, : reading.frames],
        _means(reading, r),
        _what_went_wrong(reading, sentence, r),
    )


def _means(reading: Decoded, r: int) -> torch.Tensor:
    """Average the log-mel over the time that each symbol got: (n_mels, T_in)."""
    weights = reading.weights[: reading.frames // r]  # (steps, T_in)
    by_step = reading.mel[:, : reading.frames].unflatten(1, (-1, r)).mean(2)  # (n_mels, steps)
    return by_step @ weights / weights.sum(0).clamp(min=1e-3)


def _what_went_wrong(reading: Decoded, sentence: Sentence, r: int) -> str:
    steps = reading.frames // r
    if not steps:
        return "nothing was said"
    names = [symbols[index] for index in sentence.ids[0].tolist()]
    report = check_attention(reading.weights[:steps], names, frames_per_step=r)
    found = [str(failure) for failure in report.failures]
    if steps == len(reading.gate):
        found.append("the gate never fired")
    return "; ".join(found) or "nothing"


def _draw(
    sentence: Sentence, off: _Attempt, on: list[_Attempt], tenths: int, seed: int
) -> SoundingPicture:
    figure = new_figure(9, 4.2)
    left, right = figure.subplots(1, 2, width_ratios=[1, 1.5])
    left.plot([one.steps for one in on], [one.seed for one in on], "o", color=DARK, label="dropout")
    left.axvline(off.steps, color="#5c4a10", lw=1.5, ls="--", label="without dropout")
    edges = [off.steps, *(one.steps for one in on)]
    left.set_xlim(min(edges) - 5, max(edges) + 5)
    left.set_xlabel("decoder steps")
    left.set_ylabel("seed")
    left.set_yticks(list(SEEDS))
    left.invert_yaxis()
    left.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False, fontsize=8)
    left.spines[["top", "right"]].set_visible(False)
    spread = torch.stack([one.means for one in on]).std(dim=0).mean(dim=0) * _DECIBELS  # (T_in,)
    right.bar(range(len(spread)), spread.tolist(), color=LIGHT, hatch="////", edgecolor="#5c4a10")
    right.set_xticks(range(len(spread)), sentence.names, fontsize=7)
    right.set_ylabel("spread of the mel (dB)")
    right.set_xlabel("symbol")
    right.set_ylim(0, max(3.0, 1.1 * float(spread.max())))
    right.spines[["top", "right"]].set_visible(False)
    chosen = next(one for one in on if one.seed == seed)
    sounds = (
        sound_of(chosen.mel, f"{_share(tenths)}, seed {seed}"),
        sound_of(off.mel, "without dropout"),
    )
    lengths = [one.steps for one in on]
    failed = sum(one.went_wrong != "nothing" for one in on)
    words = (
        f"{_share(tenths).capitalize()}, {len(on)} seeds: between {min(lengths)} and "
        f"{max(lengths)} steps; without dropout it is always {off.steps}.\n"
        f"From seed to seed the mean mel of a symbol differs by {float(spread.mean()):.2f} dB "
        "(standard deviation, averaged over mel bands and symbols).\n"
        f"The attention check finds something wrong in {failed} of {len(on)} readings."
    )
    table = Table(
        ["seed", "steps", "frames", "went wrong"],
        [[str(one.seed), str(one.steps), str(one.mel.size(1)), one.went_wrong] for one in on],
    )
    title = f"Six readings of “{sentence.text}”"
    return SoundingPicture(figure, title, words, table, sounds=sounds)


def _share(tenths: int) -> str:
    return f"dropout {tenths}0 %" if tenths else "no dropout"
