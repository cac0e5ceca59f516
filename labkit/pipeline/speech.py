"""What a synthesizer returns: sound, and all that is known about how it came about."""

from __future__ import annotations

import base64
import html
import io
import os
from dataclasses import dataclass
from pathlib import Path

import torch

from labkit.audio import save_audio
from labkit.errors import InputError, SpeechError
from labkit.pipeline.attention_check import AttentionReport, Failure
from labkit.text import symbols

LONGEST_PLAYER = 300.0
"""Seconds of sound that a notebook keeps, about 18 MB; more is left to `Speech.save`."""

_MOST_NOTES = 10  # that a repr shows


@dataclass(frozen=True, repr=False)
class SpeechPiece:
    """A part of a speech that was read in one go.

    Args:
        text: the part of the text as it was written.
        ids: the symbol ids that were read.
        words: what each stretch of symbols between two blanks says, with its marks.
        mel: (n_mels, T) float32 log-mel; T is 0 if nothing was said.
        alignment: (T, T_in) attention weights; a row for each decoder step, a column for each id.
        gate: (T,) logits of "this step is the last one", one for each decoder step; None if the
            model does not tell.
        stop_reason: "gate" if it ended by itself, "limit" if it was given up.
        attention: what the alignment says about the reading; None if nothing was said.
        failures: what went wrong, empty for a good reading.
        seed: what the model read it under.
        attempts: how often it was read; the best reading was kept.
        start: second of the speech at which it begins.
        seconds: how long it takes, with the silence that the model made at its ends.
    """

    text: str
    ids: tuple[int, ...]
    words: tuple[str, ...]
    mel: torch.Tensor
    alignment: torch.Tensor
    gate: torch.Tensor | None
    stop_reason: str
    attention: AttentionReport | None
    failures: tuple[Failure, ...]
    seed: int
    attempts: int
    start: float
    seconds: float

    @property
    def spoken(self) -> str:
        """What was read, with numbers and abbreviations written out."""
        return " ".join(self.words)

    @property
    def symbols(self) -> list[str]:
        """The symbol of each id; ARPAbet begins with ``@``."""
        return [symbols[index] for index in self.ids]

    def __repr__(self) -> str:
        state = "; ".join(map(str, self.failures)) or "well read"
        return f"<SpeechPiece {self.spoken!r}, {self.start:.2f} s + {self.seconds:.2f} s, {state}>"


@dataclass(frozen=True, repr=False)
class Speech:
    """A text, spoken. As the last line of a notebook cell it plays and shows itself.

    Args:
        text: the text as it was given.
        audio: (N,) float32 samples in [-1, 1], on the CPU.
        sample_rate: samples per second.
        pieces: the parts that were read one by one.
        notes: what was left out, split, read again or went wrong, in words.
        seed: gives the same speech again, from the same call.
    """

    text: str
    audio: torch.Tensor
    sample_rate: int
    pieces: tuple[SpeechPiece, ...]
    notes: tuple[str, ...]
    seed: int

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.audio) / self.sample_rate

    @property
    def mel(self) -> torch.Tensor:
        """(n_mels, T) log-mel of all pieces, one after the other, without the pauses between."""
        return torch.cat([piece.mel for piece in self.pieces], dim=1)

    @property
    def alignment(self) -> torch.Tensor:
        """(T, T_in) attention weights of a speech of one piece.

        Raises:
            InputError: there are several pieces, and so there are several alignments.
        """
        if len(self.pieces) > 1:
            raise InputError(
                f"this speech was read in {len(self.pieces)} pieces, each with its own alignment: "
                "use speech.alignments, or speech.pieces[0].alignment"
            )
        return self.pieces[0].alignment

    @property
    def gate(self) -> torch.Tensor | None:
        """(T,) gate logits of all pieces, one after the other; None if the model does not tell."""
        gates = [piece.gate for piece in self.pieces if piece.gate is not None]
        return torch.cat(gates) if len(gates) == len(self.pieces) else None

    @property
    def alignments(self) -> list[torch.Tensor]:
        """(T, T_in) attention weights of each piece."""
        return [piece.alignment for piece in self.pieces]

    @property
    def stop_reason(self) -> str:
        """Tell "gate" if every piece ended by itself, else "limit"."""
        reasons = {piece.stop_reason for piece in self.pieces}
        return "limit" if "limit" in reasons else "gate"

    @property
    def failures(self) -> list[Failure]:
        """What went wrong in any piece."""
        return [failure for piece in self.pieces for failure in piece.failures]

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
            from labkit.notebook.speech import draw_speech

            picture = draw_speech(self)
        except ImportError as error:
            raise SpeechError(
                f"a picture needs {error.name}: pip install 'tacotron2-lab-kit[lab]'"
            ) from error
        unfinished = path.with_name(f".{os.getpid()}.{path.name}")
        try:
            picture.save(unfinished)
            unfinished.replace(path)
        except (OSError, ValueError) as error:
            raise SpeechError(f"{path}: the picture cannot be written ({error})") from error
        finally:
            unfinished.unlink(missing_ok=True)
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
            from labkit.notebook.speech import draw_speech

            picture = draw_speech(self)._repr_mimebundle_()["text/html"]
        except ImportError:
            picture = "<p>(The picture needs matplotlib.)</p>"
        return self._player() + picture

    def _player(self) -> str:
        if not 0 < self.seconds <= LONGEST_PLAYER:
            reason = "Nothing was said." if not self.seconds else "Too long to be kept here."
            return f"<p>{reason} {self.seconds:.0f} s; speech.save(path) writes a file.</p>"
        import soundfile

        wav = io.BytesIO()
        soundfile.write(wav, self.audio.numpy(), self.sample_rate, "PCM_16", format="WAV")
        label = html.escape(self.text[:200], quote=True)
        source = base64.b64encode(wav.getvalue()).decode()
        return (
            f'<audio controls aria-label="{label}" style="width:100%;max-width:40em" '
            f'src="data:audio/wav;base64,{source}"></audio>'
        )
