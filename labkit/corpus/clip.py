"""One recording of a generated corpus: spoken, trimmed, brought to rate and level."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from labkit.audio import MelConfig, resample, save_audio
from labkit.corpus.flite import STYLES, speak

SAMPLE_RATE = MelConfig().sample_rate

_SILENT_RMS = 0.004
_WINDOW_SECONDS = 0.01
_MARGIN_SECONDS = 0.05
_HIGHEST_PEAK = 0.99


@dataclass(frozen=True)
class Order:
    """What is to be recorded.

    Args:
        name: of the recording.
        text: what is said.
        speaker: a key of `labkit.corpus.flite.VOICES`.
        style: a key of `labkit.corpus.flite.STYLES`.
        suffix: ".wav" or ".flac".
    """

    name: str
    text: str
    speaker: str
    style: str
    suffix: str = ".wav"

    @property
    def file(self) -> str:
        """Name of the file that it is recorded to."""
        return self.name + self.suffix


def record(order: Order, folder: Path) -> dict[str, Any]:
    """Make one recording.

    Args:
        order: what to record.
        folder: where the file goes. It appears whole or not at all.

    Returns:
        Its labels: id, text, speaker, style, what the style changed, length in seconds, the
        phonemes that are heard and where each of them ends in seconds.

    Raises:
        CorpusError: it cannot be spoken.
        AudioError: it cannot be written.
    """
    spoken = speak(order.text, order.speaker, STYLES[order.style])
    first, last = _sounding(spoken.audio, spoken.sample_rate)
    audio = resample(spoken.audio[first:last], spoken.sample_rate, SAMPLE_RATE)
    audio = audio * 10 ** (spoken.style.gain_db / 20)
    audio = audio * min(1.0, _HIGHEST_PEAK / float(audio.abs().max()))
    save_audio(folder / order.file, audio)
    seconds = len(audio) / SAMPLE_RATE
    begin = first / spoken.sample_rate
    ends = [min(max(end - begin, 0.0), seconds) for end in spoken.ends]
    return {
        "id": order.name,
        "text": order.text,
        "speaker": order.speaker,
        "style": order.style,
        **asdict(spoken.style),
        "seconds": round(seconds, 4),
        "phonemes": " ".join(spoken.phonemes),
        "ends": [round(end, 3) for end in ends],
    }


def _sounding(audio: torch.Tensor, sample_rate: int) -> tuple[int, int]:
    """First and last sample of what is heard, with 50 ms of silence before and after it."""
    window = round(_WINDOW_SECONDS * sample_rate)
    levels = torch.stack([part.square().mean().sqrt() for part in audio.split(window)])
    loud = (levels >= _SILENT_RMS).nonzero().flatten().tolist() or [0, len(levels)]
    margin = round(_MARGIN_SECONDS * sample_rate)
    return max(0, loud[0] * window - margin), min(len(audio), (loud[-1] + 1) * window + margin)
