"""Text to speech: from a sentence, or a page of them, to a waveform that can be heard and saved.

Read in this order: ``front_end`` (a text becomes symbols), ``splitting`` (and pieces),
``attention_check`` and ``reading`` (each piece becomes a spectrogram, again if it went wrong),
``joining`` (their sounds become one), ``speech`` (what the user gets), ``synthesizer`` (which calls
them all), ``voice`` (what a voice folder holds).
"""

from __future__ import annotations

import importlib
from typing import Any

_HOME = {
    "AttentionReport": "attention_check",
    "Characters": "front_end",
    "Failure": "attention_check",
    "Phonemes": "front_end",
    "Speech": "speech",
    "SpeechPiece": "utterance",
    "Synthesizer": "synthesizer",
    "TextPiece": "splitting",
    "VoiceSettings": "voice",
    "check_attention": "attention_check",
    "save_voice": "voice_folder",
    "split_text": "splitting",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"labkit.pipeline.{_HOME[name]}"), name)
    raise AttributeError(f"module 'labkit.pipeline' has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
