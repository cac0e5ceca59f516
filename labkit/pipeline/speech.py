"""What a synthesizer returns: sound, and all that is known about how it came about."""

from __future__ import annotations

import os
from pathlib import Path

from labkit.audio import save_audio
from labkit.errors import SpeechError
from labkit.files import whole_file
from labkit.pipeline.utterance import Utterance

LONGEST_PLAYER = 300.0
"""Seconds of sound that a notebook keeps, about 9 MB; more is left to `Speech.save`."""

_MOST_NOTES = 10  # that a repr shows


class Speech(Utterance):
    """A text, spoken. As the last line of a notebook cell it plays and shows itself."""

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the sound to a .wav or .flac file, whole or not at all, and return its path.

        Raises:
            AudioError: nothing was said, or the file cannot be written.
        """
        return save_audio(path, self.audio, self.sample_rate)

    def plot(self, path: str | os.PathLike[str]) -> Path:
        """Write a picture of waveform, mel and alignment; its suffix (.png, .svg) picks the format.

        Raises:
            SpeechError: matplotlib is not installed, or the file cannot be written.
        """
        path = Path(path)
        try:
            from labkit.notebook.speech_picture import draw_speech

            picture = draw_speech(self)
        except ImportError as error:
            raise SpeechError(
                f"a picture needs {error.name}: pip install 'tacotron2-lab-kit[lab]'"
            ) from error
        with whole_file(path, SpeechError) as unfinished:
            try:
                picture.save(unfinished)
            except ValueError as error:  # a suffix that matplotlib does not know
                raise SpeechError(f"{path}: the picture cannot be written ({error})") from error
        return path

    def __repr__(self) -> str:
        pieces = f" in {len(self.pieces)} pieces" if len(self.pieces) > 1 else ""
        text = self.text if len(self.text) <= 60 else self.text[:57] + "..."
        lines = [f"<Speech {text!r}: {self.seconds:.2f} s{pieces}, {self.sample_rate} Hz>"]
        lines += [f"  {note}" for note in self.notes[:_MOST_NOTES]]
        if len(self.notes) > _MOST_NOTES:
            lines.append(f"  and {len(self.notes) - _MOST_NOTES} more, see speech.notes")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        try:
            from labkit.notebook.speech_picture import draw_speech

            picture = draw_speech(self)._repr_mimebundle_()["text/html"]
        except ImportError:
            picture = "<p>(The picture needs matplotlib.)</p>"
        return self._player() + picture

    def _player(self) -> str:
        if not 0 < self.seconds <= LONGEST_PLAYER:
            reason = "Nothing was said." if not self.seconds else "Too long to be kept here."
            return f"<p>{reason} {self.seconds:.0f} s; speech.save(path) writes a file.</p>"
        from labkit.notebook.player import flac, player

        return player(self.text[:200], flac(self.audio, self.sample_rate))
