"""Lab 4: cases of the whole pipeline, in which the shipped voice says real sentences."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import torch

from grader.judge.sound import heard
from grader.labs.base import Case
from grader.labs.lab4_inference.adapter import DENOISING, voice
from labkit.tacotron2.masking import pad_symbols

SENTENCES = (
    "The old bridge was closed, so we walked along the river.",
    "She keeps two bicycles in the garage.",
    "They arrived late because the train had broken down.",
    "Nobody noticed that the picture was upside down.",
    "We planted the apple trees in the spring.",
    "His brother repairs clocks in a small shop.",
    "The children were singing when the rain began.",
    "It takes a whole day to reach the coast.",
    "Most of the letters were never answered.",
    "The kitchen smelled of cinnamon and fresh bread.",
    "A tall stranger was waiting at the corner.",
    "The doctor told him to rest for a week.",
)


@lru_cache(maxsize=1)
def _exact_voice() -> tuple[Any, Any]:
    """Return acoustic model and vocoder of the shipped voice in float64."""
    tacotron2, vocoder, _ = voice()
    return copy.deepcopy(tacotron2).double(), copy.deepcopy(vocoder).double()


@lru_cache(maxsize=len(SENTENCES))
def _ids(sentence: str) -> list[int]:
    from labkit.pipeline.voice_folder import SHIPPED_VOICE, read_voice

    *_, settings = read_voice(SHIPPED_VOICE)
    return list(settings.front_end.read(sentence).ids)


def voice_case(label: str, sentences: Sequence[str], seed: int, *, whole: bool) -> Case:
    """Say sentences with the shipped voice; what is expected is how they sound.

    Args:
        label: of the case.
        sentences: what is said.
        seed: of the prenet's dropout.
        whole: whether the student's own ``read`` comes before ``speak``.
    """
    ids, lengths = pad_symbols([_ids(sentence) for sentence in sentences])  # (B, T_in), (B,)
    inputs = {"ids": ids, "lengths": lengths}
    if not whole:
        mel, mel_lengths, _ = _exact_voice()[0].infer(ids, lengths, seed=seed)
        inputs = {"mel": mel.float(), "mel_lengths": mel_lengths}
    options = {"voice": "whole" if whole else "given", "reading_seed": seed}
    case = Case(label, {}, {}, inputs, {}, options=options, alone=not whole, compare="audio")
    return hear(case)


def hear(case: Case) -> Case:
    """Put into a case with a voice how its sentences sound, computed in float64."""
    tacotron2, vocoder = _exact_voice()
    _, _, denoiser = voice()
    inputs = case.inputs
    if case.options["voice"] == "whole":
        seed = case.options["reading_seed"]
        mel, mel_lengths, _ = tacotron2.infer(inputs["ids"], inputs["lengths"], seed=seed)
    else:
        mel, mel_lengths = inputs["mel"].double(), inputs["mel_lengths"]
    audio = denoiser(vocoder.infer(mel), DENOISING)  # (B, T · hop_length)
    hop = vocoder.mel.hop_length
    expected = {
        f"file_{index}": heard(audio[index, : frames * hop])
        for index, frames in enumerate(mel_lengths.tolist())
    }
    expected["sample_rates"] = torch.full((len(audio),), float(vocoder.sample_rate))
    return replace(case, expected=expected)
