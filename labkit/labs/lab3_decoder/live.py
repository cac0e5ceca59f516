"""The alignment, drawn while the decoder runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn

from labkit.labs.lab3_decoder.decoding import Moment, Sentence, decoder_of, encode, walk
from labkit.labs.lab3_decoder.stepper import draw_gate
from labkit.notebook.alignment import draw_alignment
from labkit.notebook.picture import Notice, NotReadyError, Picture, new_figure
from labkit.notebook.shipped_voice import voice
from labkit.notebook.view import sliders_can_be_shown


class Live:
    """Something that is drawn again and again while it is made.

    As the last line of a cell it shows each picture in the place of the one before. Where nothing
    can be replaced (exports, a terminal, ``LABKIT_STATIC=1``), only the last one is shown.

    Args:
        pictures: starts from the beginning and yields the pictures.
    """

    def __init__(self, pictures: Callable[[], Iterator[Picture | Notice]]) -> None:
        self._pictures = pictures

    def last(self) -> Picture | Notice:
        """Make all pictures and return the last one."""
        *_, last = self._pictures()
        return last

    def __repr__(self) -> str:
        return repr(self.last())

    def _ipython_display_(self) -> None:
        from IPython.display import display

        if not sliders_can_be_shown():
            display(self.last())
            return
        pictures = self._pictures()
        shown = display(next(pictures), display_id=True)
        for picture in pictures:
            shown.update(picture)


def watch_decoder(
    decoder_class: type[nn.Module],
    text: str = "The river runs down to the sea.",
    *,
    every: int = 8,
    prenet_dropout: bool = False,
) -> Live:
    """Watch the student's ``Decoder.steps`` at work.

    Args:
        decoder_class: the student's Decoder, with decoder-1 and decoder-2 done.
        text: a sentence, at most 60 symbols.
        every: steps from one picture to the next.
        prenet_dropout: whether the prenet drops units.
    """
    sentence = encode(text)

    def pictures() -> Iterator[Picture | Notice]:
        done: list[Moment] = []
        seconds = 0.0
        try:
            decoder = decoder_of(decoder_class, "decode", "steps")
            running = walk(decoder, sentence, prenet_dropout=prenet_dropout)
            while True:
                start = time.perf_counter()
                moment = next(running, None)
                seconds += time.perf_counter() - start
                if moment is None:
                    break
                done.append(moment)
                if len(done) % every == 0:
                    yield _draw(decoder, sentence, done, seconds, running=True)
        except NotReadyError as problem:
            yield problem.notice
            return
        yield _draw(decoder, sentence, done, seconds, running=False)

    return Live(pictures)


def _draw(
    decoder: Any, sentence: Sentence, done: list[Moment], seconds: float, *, running: bool
) -> Picture:
    figure = new_figure(8.4, 5.2)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[4, 1])
    draw_alignment(upper, torch.stack([one.weights for one in done]), None)
    upper.set_yticks(range(len(sentence.names)), sentence.names, fontsize=7.5)
    upper.set_xlabel("")
    upper.set_xlim(0.5, max(len(done), 4 * len(sentence.names)) + 0.5)
    upper.set_title(sentence.text, loc="left")
    draw_gate(lower, [one.gate for one in done], decoder.gate_threshold)
    lower.set_xlabel("decoder step")
    at = int(done[-1].weights.argmax())
    if running:
        state = f"is at {sentence.named(at)} and goes on"
    elif done[-1].gate > decoder.gate_threshold:
        state = f"has ended by its gate, at {sentence.named(at)}"
    else:
        state = f"was given up at {sentence.named(at)}: the gate has never fired"
    frames = len(done) * decoder.n_frames_per_step
    spoken = frames * frame_seconds()
    words = (
        f"After {len(done)} steps the decoder {state}. It has made {frames} frames, {spoken:.2f} s "
        f"of speech, in {seconds:.2f} s without the time for drawing."
    )
    return Picture(figure, f"Reading “{sentence.text}”", words)


def frame_seconds() -> float:
    """Seconds from one frame of the shipped voice to the next."""
    mel = voice().settings.mel
    return mel.hop_length / mel.sample_rate
