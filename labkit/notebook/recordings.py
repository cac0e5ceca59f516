"""Recordings to be played beside each other, each with its alignment."""

from __future__ import annotations

import html
from dataclasses import dataclass

from labkit.notebook.picture import Picture
from labkit.notebook.player import player


@dataclass(frozen=True)
class Recording:
    """One reading of the sentence.

    Args:
        title: how it was read.
        sound: a FLAC file.
        picture: the alignment.
    """

    title: str
    sound: bytes
    picture: Picture


@dataclass(frozen=True)
class Hearing:
    """Recordings to be compared. As the last line of a cell they can be played.

    Args:
        sentence: what is read.
        recordings: the readings.
    """

    sentence: str
    recordings: list[Recording]

    def __repr__(self) -> str:
        parts = [f"“{self.sentence}”"]
        parts += [f"{one.title}\n{one.picture.text}" for one in self.recordings]
        return "\n\n".join(parts)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        parts = [f"<p>“{html.escape(self.sentence)}”</p>"]
        for one in self.recordings:
            parts += [player(one.title, one.sound), one.picture._repr_mimebundle_()["text/html"]]
        return {"text/html": "".join(parts), "text/plain": repr(self)}
