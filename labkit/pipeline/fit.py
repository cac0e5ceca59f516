"""Refuse parts of a synthesizer that are something else, or that do not fit together."""

from __future__ import annotations

from typing import Any

from labkit.errors import SpeechError
from labkit.pipeline.voice import VoiceSettings, mel_differences
from labkit.text import symbols
from labkit.vocoders.protocol import Vocoder


def require_parts(tacotron2: Any, vocoder: Any) -> None:
    """Refuse what is no acoustic model and no vocoder.

    Raises:
        SpeechError: naming what was given.
    """
    if not callable(getattr(tacotron2, "infer", None)) or isinstance(tacotron2, Vocoder):
        raise SpeechError(
            "the acoustic model must have an infer(ids, lengths) as labkit.Tacotron2 has; "
            f"{type(tacotron2).__name__} does not"
        )
    if not isinstance(vocoder, Vocoder):
        raise SpeechError(
            f"the vocoder must be a labkit.vocoders.Vocoder, but is a {type(vocoder).__name__}"
        )


def require_fit(tacotron2: Any, vocoder: Vocoder, settings: VoiceSettings) -> None:
    """Refuse parts whose sizes or mels differ, as far as they can be known.

    Raises:
        SpeechError: naming all that differs.
    """
    differences = mel_differences(settings.mel, vocoder.mel)
    config = getattr(tacotron2, "config", None)
    bands = getattr(config, "n_mel_channels", settings.mel.n_mels)
    if bands != settings.mel.n_mels:
        differences.insert(0, f"mel bands {bands} and {settings.mel.n_mels}")
    if differences:
        raise SpeechError(
            "the acoustic model and the vocoder do not fit together: "
            f"{', '.join(differences)}; use a vocoder that was trained on the same mels"
        )
    n_symbols = getattr(config, "n_symbols", len(symbols))
    if n_symbols != len(symbols):
        raise SpeechError(
            f"the acoustic model knows {n_symbols} symbols, but a text is turned into the "
            f"{len(symbols)} of labkit.text: it was trained on another symbol table"
        )
