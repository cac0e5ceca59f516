"""Audio files: read as float32 samples, written as 16-bit PCM."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import torch

from labkit.audio.checks import as_float_tensor, check_finite, check_range
from labkit.audio.config import DEFAULT
from labkit.audio.resampling import resample
from labkit.errors import AudioError
from labkit.files import whole_file

_FORMATS = {".wav": "WAV", ".flac": "FLAC"}


def load_audio(
    path: str | os.PathLike[str],
    sample_rate: int = DEFAULT.sample_rate,
    *,
    allow_resampling: bool = False,
) -> torch.Tensor:
    """Read an audio file; several channels are averaged into one.

    Args:
        path: a WAV, FLAC, OGG or MP3 file.
        sample_rate: the rate wanted in Hz.
        allow_resampling: convert a file of another rate instead of refusing it.

    Returns:
        (N,) float32 samples; in [-1, 1] unless a file of floats says otherwise.

    Raises:
        AudioError: if the file is missing, unreadable, empty or of another rate.
    """
    import soundfile

    path = Path(path)
    if not path.is_file():
        raise AudioError(f"{path}: no such audio file")
    try:
        samples, file_rate = soundfile.read(path, dtype="float32", always_2d=True)  # (N, channels)
    except soundfile.SoundFileError as error:
        raise AudioError(f"{path}: cannot be read as audio ({error})") from error
    if len(samples) == 0:
        raise AudioError(f"{path}: holds no samples")
    audio = torch.from_numpy(samples.mean(axis=1))  # (N,)
    if file_rate == sample_rate:
        return audio
    if not allow_resampling:
        raise AudioError(
            f"{path}: is at {file_rate} Hz, but {sample_rate} Hz is needed; convert it with "
            "load_audio(path, allow_resampling=True), or a corpus with labkit corpus prepare "
            "--resample"
        )
    return resample(audio, file_rate, sample_rate)


def save_audio(
    path: str | os.PathLike[str],
    samples: torch.Tensor | np.ndarray,
    sample_rate: int = DEFAULT.sample_rate,
) -> Path:
    """Write one channel of audio as 16-bit PCM. The file appears whole or not at all.

    Args:
        path: ends in .wav or .flac; its folder must exist.
        samples: (N,) floats in [-1, 1].
        sample_rate: samples per second.

    Returns:
        The path.

    Raises:
        AudioError: for samples that are not finite or outside [-1, 1], a wrong type or shape, or
            a path that cannot be written.
    """
    import soundfile

    path = Path(path)
    if path.suffix.lower() not in _FORMATS:
        raise AudioError(f"{path}: the name must end in {' or '.join(_FORMATS)}")
    audio = as_float_tensor(samples).detach().cpu()
    if audio.ndim != 1 or len(audio) == 0:
        raise AudioError(
            f"{path}: audio must be of shape (N,) and not empty, got {tuple(audio.shape)}"
        )
    check_finite(audio)
    check_range(audio)
    # The inverse of reading, so that a file that is read and saved again stays the same.
    pcm = np.clip(np.rint(audio.double().numpy() * 32_768), -32_768, 32_767).astype(np.int16)
    encoded = io.BytesIO()
    soundfile.write(
        encoded, pcm, sample_rate, subtype="PCM_16", format=_FORMATS[path.suffix.lower()]
    )
    with whole_file(path, AudioError) as unfinished:
        # Not by libsndfile, which would call a full disk a "system error".
        unfinished.write_bytes(encoded.getbuffer())
    return path
