"""Spectral losses: the numbers of torch's STFT and of the kit's mel, and what sounds cost."""

import math

import pytest
import torch

from labkit.audio import MelConfig, log_mel
from labkit.training.spectral_losses import FLOOR, SpectralLoss, log_mels, magnitudes


def voice(n_samples=8192, pitch=120.0, shift=0.0, batch=1):
    """A buzz with harmonics that fade towards the treble, and a little noise."""
    time = torch.arange(n_samples) / 22_050
    harmonics = [torch.sin(2 * torch.pi * pitch * k * time + shift * k) / k for k in range(1, 40)]
    noise = torch.randn(n_samples, generator=torch.Generator().manual_seed(0))
    return (0.1 * torch.stack(harmonics).sum(0) + 0.003 * noise).repeat(batch, 1)


@pytest.mark.parametrize("n_fft", [64, 256, 1024, 2048])
def test_magnitudes_are_those_of_torch(n_fft):
    audio = voice(8192 + 100, batch=2)
    expected = torch.stft(
        audio, n_fft, n_fft // 4, window=torch.hann_window(n_fft), center=False, return_complex=True
    ).abs()
    found = magnitudes(audio, n_fft)
    torch.testing.assert_close(found, expected.transpose(1, 2), rtol=1e-5, atol=1e-4)


def test_log_mels_are_those_of_the_kit():
    audio = voice(batch=2)
    found = log_mels(magnitudes(audio, 1024)).transpose(1, 2)
    torch.testing.assert_close(found, log_mel(audio)[..., 2:-2], rtol=0, atol=1e-3)


def test_silence_has_the_mel_of_silence_and_no_gradient_that_is_not_finite():
    audio = torch.zeros(1, 8192, requires_grad=True)
    assert (log_mels(magnitudes(audio, 1024)) == torch.tensor(1e-5).log()).all()
    SpectralLoss()(audio, torch.zeros(1, 8192))["total"].backward()
    assert audio.grad.isfinite().all()


def test_the_same_sound_costs_nothing():
    audio = voice()
    assert all(part == 0 for part in SpectralLoss()(audio, audio).values())


def test_the_parts_are_what_they_are_called():
    audio, target = 2 * voice(), voice()
    parts = SpectralLoss(n_ffts=(1024,))(audio, target)
    assert parts["convergence"] == pytest.approx(1.0)  # as far away as the target is large
    assert parts["mel"] == pytest.approx(math.log(2), abs=1e-3)
    magnitude = magnitudes(target, 1024)
    expected = ((2 * magnitude + FLOOR) / (magnitude + FLOOR)).log().mean()
    assert parts["magnitude"] == pytest.approx(float(expected), abs=1e-5)
    total = parts["convergence"] + parts["magnitude"] + 2 * parts["mel"]
    assert parts["total"] == pytest.approx(float(total))


def test_a_wrong_pitch_costs_more_than_other_phases():
    target, loss = voice(), SpectralLoss()
    shifted, detuned = loss(voice(shift=1.0), target), loss(voice(pitch=150.0), target)
    assert shifted["total"] < 0.5 * detuned["total"]


def test_gradients_lead_towards_the_target():
    target, audio = voice(), (0.1 * torch.randn(1, 8192)).requires_grad_()
    loss, optimizer = SpectralLoss(), torch.optim.Adam([audio], lr=0.01)
    before = loss(audio, target)["total"].item()
    for _ in range(30):
        optimizer.zero_grad()
        loss(audio, target)["total"].backward()
        optimizer.step()
    assert loss(audio, target)["total"].item() < 0.6 * before


def test_quieter_than_the_floor_is_silence():
    noise = 1e-6 * torch.randn(1, 8192)
    assert SpectralLoss()(noise, torch.zeros(1, 8192))["magnitude"] < 0.05


def test_another_mel():
    mel = MelConfig(
        sample_rate=8000, n_fft=256, win_length=256, hop_length=64, n_mels=20, mel_fmax=4000
    )
    audio = voice(2048)
    parts = SpectralLoss(n_ffts=(128, 256), mel=mel)(audio, 0.5 * audio)
    assert parts["mel"] == pytest.approx(math.log(2), abs=1e-2)
