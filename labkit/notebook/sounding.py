"""A picture that can be heard as well."""

from __future__ import annotations

import html
from dataclasses import dataclass

import torch

from labkit.notebook.picture import Picture
from labkit.notebook.player import flac, player

_MOST_SECONDS = 30


@dataclass(frozen=True)
class Sound:
    """Something to play.

    Args:
        title: what is heard.
        audio: (N,) samples in [-1, 1]; may be empty.
        sample_rate: samples per second.
    """

    title: str
    audio: torch.Tensor
    sample_rate: int

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.audio) / self.sample_rate

    def __str__(self) -> str:
        return f"{self.title}: {self.seconds:.2f} s" if len(self.audio) else f"{self.title}: silent"

    def as_html(self) -> str:
        """Write a player with a label that a screen reader can say."""
        if not len(self.audio):
            return f"<p>{html.escape(self.title)}: nothing to hear.</p>"
        sound = flac(self.audio[: _MOST_SECONDS * self.sample_rate], self.sample_rate)
        return f"<p>{html.escape(str(self))}<br/>{player(self.title, sound)}</p>"


@dataclass(frozen=True)
class SoundingPicture(Picture):
    """A picture with players above it.

    Args:
        sounds: what can be played.
    """

    sounds: tuple[Sound, ...] = ()

    def __repr__(self) -> str:
        return "\n\n".join([super().__repr__(), *map(str, self.sounds)])

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        bundle = super()._repr_mimebundle_(include, exclude)
        players = "".join(sound.as_html() for sound in self.sounds)
        return {**bundle, "text/html": players + bundle["text/html"]}


def sound_of(mel: torch.Tensor, title: str) -> Sound:
    """Let the shipped voice's vocoder make ``mel: (n_mels, T)`` audible; T may be 0."""
    from labkit.audio import at_level
    from labkit.notebook.shipped_voice import voice

    vocoder, level = voice().vocoder, voice().settings.level
    if not mel.size(1):
        return Sound(title, torch.zeros(0), vocoder.sample_rate)
    with torch.no_grad():
        audio = vocoder.infer(mel[None])[0]  # (T · hop_length,)
    if level is not None:
        audio = at_level(audio, vocoder.sample_rate, level)
    return Sound(title, audio, vocoder.sample_rate)
