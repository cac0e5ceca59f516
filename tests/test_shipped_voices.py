"""The voices that come with the kit: one that reads, and one that has not yet learned to."""

from __future__ import annotations

import torch

import labkit
from conftest import ROOT
from labkit.audio import load_audio, log_mel
from labkit.corpus import read_listing
from labkit.pipeline import Synthesizer
from labkit.pipeline.voice_folder import SHIPPED_VOICE, UNALIGNED_VOICE
from labkit.text import text_to_sequence
from labkit.text.pronunciation import pronounce

CLIPS = [clip for clip in read_listing(ROOT / "data" / "mini").clips if len(clip.text) > 25][:6]


def teacher_forced_error(folder) -> float:
    """Mean absolute error of the log-mels of the mini corpus, each frame told the one before."""
    model = labkit.load_checkpoint(folder / "tacotron2.safetensors")
    errors = []
    for clip in CLIPS:
        ids = torch.tensor([text_to_sequence(pronounce(clip.text))])
        mel = log_mel(load_audio(clip.audio))[None]  # (1, 80, T)
        mel = mel[:, :, : mel.size(2) // 2 * 2]
        with torch.no_grad():
            _, predicted, *_ = model(
                ids, torch.tensor([ids.size(1)]), mel, torch.tensor([mel.size(2)])
            )
        errors.append(float((predicted - mel).abs().mean()))
    return sum(errors) / len(errors)


def failures(folder) -> list[bool]:
    speaker = Synthesizer.from_pretrained(folder)
    speeches = speaker.say([clip.text for clip in CLIPS], seed=0, on_failure="ignore")
    return [bool(speech.failures) for speech in speeches]


def test_the_shipped_voice_reads() -> None:
    assert failures(SHIPPED_VOICE) == [False] * len(CLIPS)


def test_the_unaligned_voice_predicts_well_and_cannot_read() -> None:
    assert failures(UNALIGNED_VOICE) == [True] * len(CLIPS)
    assert teacher_forced_error(UNALIGNED_VOICE) < 2 * teacher_forced_error(SHIPPED_VOICE)


def test_it_is_found_without_a_path() -> None:
    assert Synthesizer.from_pretrained().settings.name == "rms-small"
