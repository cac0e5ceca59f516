"""Make a speech of pieces that were made audible, and tell what went wrong on the way."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import torch

from labkit.errors import SpeechError
from labkit.pipeline.joining import join
from labkit.pipeline.reading import Reading
from labkit.pipeline.speech import Speech
from labkit.pipeline.splitting import TextPiece
from labkit.pipeline.utterance import SpeechPiece


class Said(NamedTuple):
    """A piece that has been made audible."""

    piece: TextPiece
    reading: Reading
    audio: torch.Tensor  # (N,); N is 0 if nothing was said


def assemble(text: str, said: list[Said], notes: list[str], rate: int, seed: int) -> Speech:
    """Make a speech of what was said of one text.

    Args:
        text: as it was given.
        said: its pieces.
        notes: what is known so far, in words.
        rate: samples per second.
        seed: of the whole speech.
    """
    starts: dict[int, int] = {}
    chunks: list[torch.Tensor] = []
    position = 0
    audible = [number for number, one in enumerate(said) if len(one.audio)]
    sounds = ((said[number].audio, said[number].piece.boundary) for number in audible)
    for number, (parts, offset) in zip([*audible, -1], join(sounds, rate), strict=False):
        starts[number] = position + offset
        position += sum(map(len, parts))
        chunks += parts
    audio = torch.cat(chunks) if chunks else torch.zeros(0)  # (N,)
    notes = notes + _notes(said)
    peak = float(audio.abs().max()) if len(audio) else 0.0
    if peak > 1:
        audio /= peak
        notes.append(f"made quieter, because its loudest sample was {peak:.2f}")
    pieces = tuple(
        SpeechPiece(
            text=piece.text,
            ids=tuple(piece.ids),
            words=piece.words,
            **vars(reading),
            start=starts.get(number, position) / rate,
            seconds=len(sound) / rate,
        )
        for number, (piece, reading, sound) in enumerate(said)
    )
    return Speech(text, audio, rate, pieces, tuple(notes), seed)


def _notes(said: list[Said]) -> list[str]:
    """Say of each piece that was not read well at once what happened to it."""
    notes = []
    for piece, reading, _ in said:
        if reading.attempts == 1 and not reading.failures:
            continue
        where = f"{name_of(piece)}: " if len(said) > 1 else ""
        what = "; ".join(map(str, reading.failures)) or "is well read now"
        tried = f" (read {reading.attempts} times)" if reading.attempts > 1 else ""
        notes.append(f"{where}{what}{tried}")
    return notes


def name_of(piece: TextPiece) -> str:
    """Quote the beginning of what a piece says."""
    text = piece.spoken
    return repr(text if len(text) <= 40 else text[:37] + "...")


def complain(speech: Speech, where: str, on_failure: str) -> None:
    """Raise or warn of what went wrong, if anything did and somebody wants to know."""
    failed = [piece for piece in speech.pieces if piece.failures]
    if not failed or on_failure == "ignore":
        return
    parts = []
    for piece in failed[:3]:
        named = f"{piece.spoken[:40]!r} " if len(speech.pieces) > 1 else ""
        parts.append(f"{named}{'; '.join(map(str, piece.failures))}")
    more = f"; and {len(failed) - 3} more pieces" if len(failed) > 3 else ""
    message = f"{where}the voice did not read it well: {', '.join(parts)}{more}"
    if on_failure == "raise":
        raise SpeechError(f"{message}; try another seed, or a voice that was trained for longer")
    warnings.warn(message, UserWarning, stacklevel=3)
