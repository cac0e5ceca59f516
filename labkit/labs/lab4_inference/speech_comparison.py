"""What the student's pipeline says: its files, beside those of the reference or another vocoder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from labkit.audio import load_audio
from labkit.errors import LabkitError
from labkit.notebook.ab_player import Comparison, compare_sounds
from labkit.notebook.picture import Notice
from labkit.notebook.student import NotReadyError, students_code
from labkit.vocoders import Denoiser
from labkit.vocoders.protocol import Vocoder

_CHECK = "Run the check below the task: it says more."


def hear_speech(
    read: Callable[..., Any],
    speak: Callable[..., Any],
    models: Mapping[str, Any],
    ids: torch.Tensor,
    lengths: torch.Tensor,
    vocoder: Vocoder,
    device: torch.device,
    *,
    strength: float = 0.01,
    sentence: int = 1,
    folder: str | Path = "speech",
    seed: int = 1,
) -> Comparison | Notice:
    """Let several acoustic models read the same batch by the student's functions, and compare.

    Args:
        read: the student's function.
        speak: the student's function.
        models: acoustic models by label; the first one is what the others are measured against.
        ids: (B, T_in) symbol ids, padded on the right.
        lengths: (B,) number of symbols of each sentence.
        vocoder: makes the mels audible; on ``device``.
        device: where to compute.
        strength: of the denoiser.
        sentence: which one to compare, counted from 1; all are saved.
        folder: gets ``<label>_<sentence>.wav``.
        seed: of the prenet's dropout, the same for every model.

    Returns:
        What was saved, to be played in turn; or a notice if a function is not ready.
    """
    denoiser = Denoiser(vocoder)
    sounds = {}
    try:
        for label, model in models.items():
            with students_code("inference-1"):
                mel, mel_lengths, _ = read(model, ids, lengths, device, seed=seed)
            paths = _paths(folder, label, len(ids))
            _speak(speak, mel, mel_lengths, vocoder, denoiser, strength, paths)
            sounds[label] = _load(paths[sentence - 1], vocoder.sample_rate)
    except NotReadyError as problem:
        return problem.notice
    return compare_sounds(sounds, vocoder.sample_rate)


def hear_vocoders(
    speak: Callable[..., Any],
    vocoders: Mapping[str, Vocoder],
    mel: torch.Tensor,
    mel_lengths: torch.Tensor,
    *,
    strength: float = 0.0,
    sentence: int = 1,
    folder: str | Path = "speech",
) -> Comparison | Notice:
    """Let several vocoders make the same mel audible by the student's ``speak``, and compare.

    Args:
        speak: the student's function.
        vocoders: by label; the first one is what the others are measured against.
        mel: (B, n_mels, T) natural-log mel.
        mel_lengths: (B,) frames of each sentence.
        strength: of each vocoder's denoiser.
        sentence: which one to compare, counted from 1; all are saved.
        folder: gets ``<label>_<sentence>.wav``.

    Returns:
        What was saved, to be played in turn; or a notice if ``speak`` is not ready.
    """
    sounds = {}
    try:
        for label, vocoder in vocoders.items():
            paths = _paths(folder, label, len(mel))
            _speak(speak, mel, mel_lengths, vocoder, Denoiser(vocoder), strength, paths)
            sounds[label] = _load(paths[sentence - 1], vocoder.sample_rate)
    except NotReadyError as problem:
        return problem.notice
    return compare_sounds(sounds, next(iter(vocoders.values())).sample_rate)


def _paths(folder: str | Path, label: str, count: int) -> list[Path]:
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    name = "".join(mark if mark.isalnum() else "_" for mark in label.lower()).strip("_")
    paths = [folder / f"{name}_{number}.wav" for number in range(1, count + 1)]
    for path in paths:  # so that nothing old is taken for new
        path.unlink(missing_ok=True)
    return paths


def _speak(speak: Callable[..., Any], *arguments: Any) -> None:
    with students_code("inference-2"):
        speak(*arguments)


def _load(path: Path, sample_rate: int) -> torch.Tensor:
    try:
        return load_audio(path, sample_rate)
    except LabkitError as problem:
        raise NotReadyError(Notice(f"speak has not saved it: {problem}", _CHECK)) from None
