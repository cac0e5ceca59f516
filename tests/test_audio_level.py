"""How loud speech is does not depend on its pauses, and it can be made as loud as wanted."""

import math

import pytest
import torch

from labkit.audio import at_level, speech_level

RATE = 22_050


def spoken(amplitude=0.1, seconds=1.0):
    time = torch.arange(round(seconds * RATE)) / RATE
    return amplitude * torch.sin(2 * math.pi * 150 * time)


def test_the_level_of_a_tone():
    assert speech_level(spoken(1.0), RATE) == pytest.approx(-3.01, abs=0.01)
    assert speech_level(spoken(0.1), RATE) == pytest.approx(-23.01, abs=0.01)


def test_pauses_do_not_make_speech_quieter():
    paused = torch.cat([spoken(), torch.zeros(2 * RATE), spoken()])
    assert speech_level(paused, RATE) == pytest.approx(speech_level(spoken(), RATE), abs=0.1)


def test_silence_has_a_level():
    assert speech_level(torch.zeros(RATE), RATE) == -120


@pytest.mark.parametrize("amplitude", [0.001, 0.3, 2.0])
def test_speech_becomes_as_loud_as_wanted(amplitude):
    louder = at_level(spoken(amplitude), RATE, -21)
    assert speech_level(louder, RATE) == pytest.approx(-21, abs=0.01)


def test_nothing_is_made_to_clip():
    clicks = spoken(0.01)
    clicks[5000] = 0.5
    assert float(at_level(clicks, RATE, -10).abs().max()) == pytest.approx(0.99, abs=1e-6)


@pytest.mark.parametrize("audio", [torch.zeros(0), torch.zeros(100)])
def test_silence_stays_silence(audio):
    assert torch.equal(at_level(audio, RATE, -20), audio)
