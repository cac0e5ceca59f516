"""The student's own Decoder and Tacotron2, speaking."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from labkit.labs.lab3_decoder.decoding import encode, infer, require
from labkit.notebook.picture import Table, new_figure
from labkit.notebook.shipped_voice import voice
from labkit.notebook.sounding import SoundingPicture, sound_of
from labkit.notebook.student import expect, or_notice, students_code, unexpected
from labkit.notebook.waves import draw_mel
from labkit.pipeline import Speech, Synthesizer
from labkit.tacotron2 import transplant

_NEEDED = {
    "Decoder": ("decode", "steps", "infer", "parse_decoder_outputs"),
    "Tacotron2": ("predict",),
}


@or_notice
def show_postnet(
    classes: Mapping[str, Any], text: str = "The river runs down to the sea."
) -> SoundingPicture:
    """Draw and play what the postnet corrects in the student's ``Tacotron2.predict``.

    Args:
        classes: the student's ``Decoder`` and ``Tacotron2``, by these names.
        text: a sentence, at most 60 symbols.
    """
    sentence = encode(text)
    model = _build(classes)
    before: list[torch.Tensor] = []

    def decode(memory: torch.Tensor, lengths: torch.Tensor) -> tuple[torch.Tensor, ...]:
        results = model.decoder.infer(memory, lengths, prenet_dropout=False)
        before.append(results[0])
        return results

    reading = infer(model.decoder, sentence)  # so that a message names the decoder's tasks
    with students_code("Tacotron2"), torch.no_grad():
        results = model.predict(sentence.ids, sentence.lengths, decode)
    if not isinstance(results, tuple) or len(results) != 4:
        raise unexpected(
            "Tacotron2.predict should return four things: mel, lengths, alignments and gate"
        )
    if not before:
        raise unexpected("Tacotron2.predict did not call decode")
    shape = tuple(before[0].shape)
    after = expect(results[0], shape, "Tacotron2.predict, as the mel,")[0]
    frames = reading.frames
    raw, final = before[0][0, :, :frames], after[:, :frames]  # (n_mels, T)
    change = final - raw
    figure = new_figure(9, 6)
    rows = figure.subplots(3, 1, sharex=True)
    low, high = float(final.min()), float(final.max())
    limit = max(float(change.abs().max()), 1e-6)
    for axes, values, name, (least, most) in (
        (rows[0], raw, "from the decoder", (low, high)),
        (rows[1], change, "what the postnet adds", (-limit, limit)),
        (rows[2], final, "together", (low, high)),
    ):
        axes.set_title(name, loc="left", fontsize=10)
        figure.colorbar(draw_mel(axes, values, least, most), ax=axes, pad=0.01)
    rows[2].set_xlabel("frame")
    busiest = int(change.abs().mean(dim=0).argmax())
    symbol = int(reading.weights[busiest // model.decoder.n_frames_per_step].argmax())
    words = (
        f"{frames} frames. On average the postnet changes a number of the log-mel by "
        f"{float(change.abs().mean()):.2f}, at most by {float(change.abs().max()):.2f}; "
        f"on average over the bands it changes most in frame {busiest + 1}, while the decoder "
        f"looks at {sentence.named(symbol)}."
    )
    bands = change.abs().mean(dim=1).unflatten(0, (-1, 10)).mean(dim=1)  # tens of bands
    table = Table(
        ["mel bands", "mean change"],
        [[f"{10 * n} to {10 * n + 9}", f"{size:.3f}"] for n, size in enumerate(bands.tolist())],
    )
    sounds = (sound_of(raw, "from the decoder"), sound_of(final, "with the postnet"))
    return SoundingPicture(figure, f"The postnet on “{text}”", words, table, sounds=sounds)


@or_notice
def say_with(classes: Mapping[str, Any], text: str) -> Speech:
    """Let the shipped voice speak with the student's classes in place of labkit's.

    Args:
        classes: the student's ``Decoder`` and ``Tacotron2``, by these names.
        text: anything in English, of any length.

    Returns:
        The speech; as the last line of a cell it plays and shows itself.

    Raises:
        TextError: nothing in the text can be spoken.
    """
    voice().settings.front_end.read(text)  # refused here, the text is not the student's fault
    model = _build(classes)
    infer(model.decoder, encode("Yes."))  # so that a message names the decoder's tasks
    speaker = Synthesizer(model, voice().vocoder, settings=voice().settings)
    with students_code("Tacotron2"):
        return speaker.say(text, seed=0)


def _build(classes: Mapping[str, Any]) -> Any:
    """Build the voice's model with the student's classes.

    Raises:
        NotReadyError: it cannot be built, or a method is still to come.
    """
    with students_code(" and ".join(classes)):
        model = transplant(voice().tacotron2, classes)
    for name in classes:
        require(model.decoder if name == "Decoder" else model, name, *_NEEDED.get(name, ()))
    return model
