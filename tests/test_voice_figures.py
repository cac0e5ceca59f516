"""How voices are measured: words, levels, pitch."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))

from common import edit_distance
from voice.recognition import error_rate
from voice.sound import pitch, pitch_error

from labkit.audio.warping import warp

SAMPLE_RATE = 22_050


def hum(start: float, end: float, seconds: float = 1.0) -> torch.Tensor:
    """Twenty harmonics that glide from one pitch to another."""
    share = torch.linspace(0, 1, round(seconds * SAMPLE_RATE))
    phase = 2 * math.pi * torch.cumsum(start + (end - start) * share, 0) / SAMPLE_RATE
    return 0.05 * torch.stack([torch.sin(k * phase) / k for k in range(1, 21)]).sum(dim=0)


@pytest.mark.parametrize(
    ("understood", "errors"),
    [
        ("the old bridge", 0),
        ("the bridge", 1),
        ("the cold bridge", 1),
        ("the very old bridge", 1),
        ("a bridge", 2),
        ("", 3),
    ],
)
def test_a_word_that_is_wrong_missing_or_too_many_is_an_error(understood: str, errors: int) -> None:
    assert edit_distance(["the", "old", "bridge"], understood.split()) == errors


def test_a_rate_lies_in_its_interval_which_narrows_with_more_sentences() -> None:
    few, many = (error_rate([0, 1, 3, 0] * count, [8, 9, 10, 7] * count) for count in (5, 50))
    assert few.value == many.value == 4 / 34
    assert few.interval and many.interval
    assert few.interval[0] < many.interval[0] < 4 / 34 < many.interval[1] < few.interval[1]
    assert error_rate([1], [8]).interval is None


def test_differences_of_the_same_sentences_say_more_than_rates() -> None:
    errors, words = [0, 4, 0, 4] * 10, [8] * 40
    more = error_rate([1] * 40, words)
    assert more.points == "+12.5 (+12.5 to +12.5)"
    rate = error_rate(errors, words)
    assert rate.interval and rate.interval[1] - rate.interval[0] > 0.1


@pytest.mark.parametrize(("start", "end"), [(70, 70), (90, 160), (220, 130), (330, 330)])
def test_pitch_follows_a_glide(start: float, end: float) -> None:
    found = pitch(hum(start, end))
    wanted = torch.linspace(start, end, len(found))
    assert (12 * (found / wanted).log2()).abs()[4:-4].max() < 0.3


def test_noise_and_silence_have_no_pitch() -> None:
    noise = torch.randn(SAMPLE_RATE, generator=torch.Generator().manual_seed(0))
    assert (pitch(0.1 * noise) > 0).float().mean() < 0.05
    assert not pitch(torch.zeros(SAMPLE_RATE)).any()


def test_pitch_error_is_in_semitones() -> None:
    higher = 2 ** (2 / 12)
    error = pitch_error(hum(100, 140), hum(100 * higher, 140 * higher), same_timing=True)
    assert error and error.median == pytest.approx(2, abs=0.1)
    assert error.within_semitone == 0
    assert error.spread == pytest.approx(1, abs=0.1)


def test_warping_finds_what_was_stretched() -> None:
    mel = torch.randn(80, 40, generator=torch.Generator().manual_seed(0))
    total, path = warp(torch.cdist(mel.T, mel.repeat_interleave(2, dim=1).T, p=1))
    assert total == 0
    assert torch.equal(path[:, 0], path[:, 1] // 2)
