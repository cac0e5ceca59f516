"""Vocoders: log-mel to waveform, all under one protocol."""

from __future__ import annotations

from labkit.vocoders.protocol import Vocoder

__all__ = ["Vocoder"]
