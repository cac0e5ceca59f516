"""The denoiser agrees with the published one, keeps every length, and works with any vocoder."""

import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from labkit.errors import AudioError, ConfigError, InputError
from labkit.vocoders import Denoiser, Vocoder, WaveGlow, WaveGlowConfig

RECORDED = load_file(Path(__file__).parent / "data" / "denoiser.safetensors")


class Hum(Vocoder):
    """A vocoder without noise that only hums, in bands of its own choice."""

    def infer(self, mel, sigma=None, *, seed=None):
        self.check(mel)
        if sigma is not None:
            raise InputError("this vocoder draws no noise")
        time = torch.arange(mel.size(2) * 256) / self.sample_rate
        return 0.1 * torch.cos(2 * math.pi * 1000 * time).repeat(mel.size(0), 1)


@pytest.fixture
def denoiser():
    return Denoiser(bias_spec=RECORDED["in.bias_spec"])


@pytest.mark.parametrize("strength", [0.01, 0.1, 1.0])
def test_published_audio(denoiser, strength):
    expected = RECORDED[f"out.strength_{strength}"].squeeze(1)
    audio = denoiser(RECORDED["in.audio"], strength)
    torch.testing.assert_close(audio, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("n_samples", [513, 514, 767, 768, 769, 1024, 5000])
def test_every_length_stays(denoiser, n_samples):
    audio = 0.1 * torch.randn(2, n_samples)
    assert denoiser(audio).shape == audio.shape
    torch.testing.assert_close(denoiser(audio, 0.0), audio, atol=1e-5, rtol=1e-5)


def test_takes_the_hum_of_any_vocoder():
    vocoder = Hum()
    denoiser = Denoiser(vocoder)
    assert denoiser.bias_spec.shape == (1, 513, 1)
    hum = vocoder.infer(torch.zeros(1, 80, 20))
    assert denoiser(hum, 1.0).square().mean() < 0.2 * hum.square().mean()
    assert denoiser(hum, 0.01).square().mean() > 0.9 * hum.square().mean()


def test_waveglow_without_noise_gives_the_bias():
    torch.manual_seed(0)
    config = WaveGlowConfig(n_mel_channels=5, n_flows=2, n_layers=2, n_channels=8)
    model = WaveGlow(config)
    for wn in model.WN:
        torch.nn.init.normal_(wn.end.weight, std=0.1)
    before = torch.get_rng_state()
    denoiser = Denoiser(model)
    normal = Denoiser(model, mode="normal")
    assert torch.equal(torch.get_rng_state(), before)
    audio = model.infer(torch.zeros(1, 5, 88), 0.0)
    # Frame 0 sees the beginning and its reflection.
    start = torch.cat([audio[0, 1:513].flip(0), audio[0, :512]]) * torch.hann_window(1024)
    expected = torch.fft.rfft(start).abs()
    torch.testing.assert_close(denoiser.bias_spec[0, :, 0], expected, atol=1e-5, rtol=1e-5)
    assert not torch.equal(normal.bias_spec, denoiser.bias_spec)
    assert torch.equal(normal.bias_spec, Denoiser(model, mode="normal").bias_spec)


def test_batch_equals_singles(denoiser):
    audio = 0.1 * torch.randn(3, 2000)
    singles = torch.cat([denoiser(item.unsqueeze(0)) for item in audio])
    torch.testing.assert_close(denoiser(audio), singles, atol=1e-6, rtol=1e-5)


def test_audio_above_full_scale_is_not_refused(denoiser):
    assert denoiser(3 * torch.randn(1, 1024)).abs().max() > 1


def test_bias_is_saved_with_the_module(denoiser):
    other = Denoiser(bias_spec=torch.zeros(1, 513, 1))
    other.load_state_dict(denoiser.state_dict())
    assert torch.equal(other.bias_spec, RECORDED["in.bias_spec"])


@pytest.mark.parametrize(
    ("audio", "words"),
    [
        (torch.zeros(1, 512), "too short.*at least 513"),
        (torch.zeros(0, 1024), "too short"),
        (torch.zeros(1024), r"use audio.unsqueeze\(0\)"),
        (torch.zeros(1, 1024, dtype=torch.int16), "divide by 32768"),
        (torch.zeros(1, 1024, dtype=torch.float16), "float16"),
        (torch.full((1, 1024), math.nan), "not finite"),
        ([0.0] * 1024, "tensor"),
    ],
)
def test_useless_audio_is_refused(denoiser, audio, words):
    with pytest.raises(AudioError, match=words):
        denoiser(audio)


@pytest.mark.parametrize("strength", [-0.01, math.nan, math.inf])
def test_useless_strength_is_refused(denoiser, strength):
    with pytest.raises(InputError, match="strength must be a number from 0 upwards"):
        denoiser(torch.zeros(1, 1024), strength)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "either a vocoder or a bias_spec"),
        ({"vocoder": Hum(), "bias_spec": torch.zeros(1, 513, 1)}, "either"),
        ({"vocoder": Hum(), "mode": "loud"}, "zeros or normal"),
        ({"bias_spec": torch.zeros(513)}, r"of shape \(1, 513, 1\)"),
        ({"bias_spec": torch.full((1, 513, 1), -1.0)}, "magnitudes from 0 upwards"),
        ({"bias_spec": torch.full((1, 513, 1), math.nan)}, "finite"),
    ],
)
def test_useless_arguments_are_refused(arguments, words):
    with pytest.raises(ConfigError, match=words):
        Denoiser(**arguments)
