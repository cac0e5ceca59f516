"""Waveform to log-mel and back, files, and a look at what may be wrong with a recording."""

from __future__ import annotations

from labkit.audio.config import MelConfig
from labkit.audio.files import load_audio, save_audio
from labkit.audio.fourier import istft, stft
from labkit.audio.inversion import griffin_lim, mel_to_magnitude
from labkit.audio.level import at_level, speech_level
from labkit.audio.measuring import AudioReport, audio_report
from labkit.audio.mel import exp_mel, log_mel, mel_filterbank
from labkit.audio.resampling import resample

__all__ = [
    "AudioReport",
    "MelConfig",
    "at_level",
    "audio_report",
    "exp_mel",
    "griffin_lim",
    "istft",
    "load_audio",
    "log_mel",
    "mel_filterbank",
    "mel_to_magnitude",
    "resample",
    "save_audio",
    "speech_level",
    "stft",
]
