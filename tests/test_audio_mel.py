"""The log-mel agrees with the published one and says what is wrong with its input."""

import math
from pathlib import Path

import librosa
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file

from labkit.audio import MelConfig, exp_mel, istft, log_mel, mel_filterbank, stft
from labkit.errors import AudioError, ConfigError

ORACLE = load_file(Path(__file__).parent / "data" / "mel.safetensors")


def sine(frequency, amplitude=0.5, n=22_050):
    return amplitude * torch.sin(2 * math.pi * frequency / 22_050 * torch.arange(n))


def test_filterbank_agrees_with_the_published_one():
    ours, published = mel_filterbank(), ORACLE["mel_basis"]
    assert ours.shape == (80, 513)
    assert torch.equal(ours > 0, published > 0)
    torch.testing.assert_close(ours, published, rtol=2e-7, atol=0)


def test_librosa_finds_the_same() -> None:
    mel = MelConfig()
    bands = {"n_mels": mel.n_mels, "fmin": mel.mel_fmin, "fmax": mel.mel_fmax}
    basis = librosa.filters.mel(sr=mel.sample_rate, n_fft=mel.n_fft, **bands)
    torch.testing.assert_close(mel_filterbank(), torch.from_numpy(basis), rtol=1e-5, atol=1e-8)
    audio = ORACLE["in.audio"].numpy()
    spectrum = librosa.stft(audio, n_fft=mel.n_fft, hop_length=mel.hop_length, pad_mode="reflect")
    theirs = torch.from_numpy(basis @ np.abs(spectrum)).clamp(min=mel.log_floor)  # (80, T)
    torch.testing.assert_close(exp_mel(log_mel(ORACLE["in.audio"])), theirs, rtol=1e-5, atol=1e-6)


def test_filterbank_is_nobody_elses_to_change():
    mel_filterbank().zero_()
    assert mel_filterbank().sum() > 3


def test_log_mel_agrees_with_the_published_one():
    ours, published = log_mel(ORACLE["in.audio"]), ORACLE["out.log_mel"]
    assert ours.shape == published.shape and ours.dtype == torch.float32
    torch.testing.assert_close(exp_mel(ours), exp_mel(published), rtol=1e-5, atol=1e-6)
    # Near the floor the bands of a pure tone are rounding errors, which differ between processors.
    torch.testing.assert_close(ours, published, rtol=0, atol=0.02)
    clear = published > -4
    assert clear.float().mean() > 0.2
    torch.testing.assert_close(ours[clear], published[clear], rtol=1e-5, atol=1e-5)


def test_log_mel_of_a_known_sine():
    mel = log_mel(sine(440))
    assert mel.shape == (80, 22_050 // 256 + 1)
    assert mel[:, 40].argmax() == 11
    assert mel.max().item() == pytest.approx(1.443, abs=5e-4)


def test_silence_is_the_floor():
    torch.testing.assert_close(log_mel(torch.zeros(600)), torch.full((80, 3), math.log(1e-5)))


@settings(max_examples=20)
@given(n=st.integers(513, 3000), batch=st.integers(1, 3), seed=st.integers(0, 99))
def test_batch_gives_what_its_items_give(n, batch, seed):
    audio = 2 * torch.rand(batch, n, generator=torch.Generator().manual_seed(seed)) - 1
    mels = log_mel(audio)
    assert mels.shape == (batch, 80, n // 256 + 1)
    for item, mel in zip(audio, mels, strict=True):
        torch.testing.assert_close(log_mel(item), mel, rtol=1e-4, atol=1e-4)


@settings(max_examples=20)
@given(gain=st.floats(0.05, 1.0))
def test_louder_audio_moves_the_log_mel_up(gain):
    noise = 2 * torch.rand(2000, generator=torch.Generator().manual_seed(0)) - 1
    expected = log_mel(noise) + math.log(gain)
    torch.testing.assert_close(log_mel(gain * noise), expected, rtol=1e-4, atol=1e-4)


def test_numpy_input_gives_the_same():
    audio = sine(300)
    expected = log_mel(audio)
    assert torch.equal(log_mel(audio.numpy()), expected)
    assert torch.equal(log_mel(audio.numpy().astype(np.float64)), expected)
    assert torch.equal(log_mel(audio.numpy()[::-1]), log_mel(audio.flip(0)))


def test_gradient_is_the_slope():
    generator = torch.Generator().manual_seed(0)
    audio = 0.5 * torch.randn(1200, generator=generator).clamp(-1, 1)
    direction = torch.randn(1200, generator=generator)
    audio.requires_grad_()
    log_mel(audio).mean().backward()
    step = 1e-3
    with torch.no_grad():
        rise = log_mel(audio + step * direction).mean() - log_mel(audio - step * direction).mean()
    assert (audio.grad @ direction).item() == pytest.approx(rise.item() / (2 * step), rel=0.02)


def test_gradient_of_silence_is_zero_not_nan():
    audio = torch.zeros(2, 1000, requires_grad=True)
    log_mel(audio).sum().backward()
    assert torch.equal(audio.grad, torch.zeros(2, 1000))


def test_inference_mode_leaves_nothing_behind_that_breaks_training():
    config = MelConfig(n_mels=20)
    with torch.inference_mode():
        log_mel(sine(200), config=config)
    audio = sine(200).requires_grad_()
    log_mel(audio, config=config).sum().backward()
    assert audio.grad.abs().max() > 0


def test_autocast_does_not_coarsen_the_mel():
    with torch.autocast("cpu", dtype=torch.bfloat16):
        coarse = log_mel(ORACLE["in.audio"])
    assert torch.equal(coarse, log_mel(ORACLE["in.audio"]))


def test_other_configs_change_the_mel_as_they_say():
    config = MelConfig(
        sample_rate=16_000, n_fft=512, hop_length=100, win_length=400, n_mels=40, mel_fmax=7600
    )
    tone = 0.5 * torch.sin(2 * math.pi * 1000 / 16_000 * torch.arange(16_000))
    mel = log_mel(tone, 16_000, config)
    assert mel.shape == (40, 161)
    bank = mel_filterbank(config)
    assert bank.shape == (40, 257)
    assert mel[:, 80].argmax() == bank[:, round(1000 / 16_000 * 512)].argmax()


@pytest.mark.parametrize(
    "wrong", [{"mel_fmax": 12_000}, {"mel_fmin": 9000}, {"hop_length": 0}, {"win_length": 2048}]
)
def test_configs_that_do_not_fit_together_are_refused(wrong):
    with pytest.raises(ConfigError, match=f"{next(iter(wrong))}={next(iter(wrong.values()))}"):
        MelConfig(**wrong)


def with_sample(value, position):
    audio = torch.zeros(2, 1000)
    audio[position] = value
    return audio


@pytest.mark.parametrize(
    ("audio", "message"),
    [
        (torch.zeros(1000, dtype=torch.int16), r"int16 samples; divide by 32768"),
        (np.zeros(1000, np.int16), r"int16 samples; divide by 32768"),
        (np.zeros(1000, np.int32), r"int32 samples; divide by 2147483648"),
        (torch.zeros(1000, dtype=torch.float16), r"float16 samples; float32 in \[-1, 1\]"),
        (torch.zeros(1000, dtype=torch.complex64), r"complex64 samples"),
        ([0.0] * 1000, r"torch tensor or a numpy array, got list"),
        (torch.zeros(512), r"too short: 512 samples, at least 513"),
        (torch.zeros(44_100, 2), r"too short: 2 samples.*is \(44100, 2\) \(samples, channels\)\?"),
        (torch.zeros(0), r"empty: its shape is \(0,\)"),
        (torch.zeros(0, 1000), r"empty: its shape is \(0, 1000\)"),
        (torch.zeros(1, 2, 1000), r"\(N,\) or \(B, N\), got \(1, 2, 1000\)"),
        (torch.tensor(0.5), r"got \(\)"),
        (with_sample(math.nan, (1, 7)), r"audio\[1, 7\] = nan \(1 of 2000 samples"),
        (with_sample(-math.inf, (0, 9)), r"audio\[0, 9\] = -inf"),
        (
            with_sample(-1.25, (1, 30)),
            r"audio\[1, 30\] = -1.25 is outside \[-1, 1\].*0.05 %.*by up to 0.25.*by the peak",
        ),
        (with_sample(12_000.0, (0, 3)), r"outside.*16-bit samples, divide by 32768"),
    ],
)
def test_wrong_audio_is_refused_in_one_clear_line(audio, message):
    with pytest.raises(AudioError, match=message) as error:
        log_mel(audio)
    assert "\n" not in str(error.value)


def test_wrong_sample_rate_says_how_to_convert():
    with pytest.raises(
        AudioError, match=r"is at 16000 Hz, but 22050 Hz.*resample\(audio, 16000, 22050\)"
    ):
        log_mel(sine(440), 16_000)


def test_full_scale_is_allowed():
    assert log_mel(torch.tensor([1.0, -1.0]).repeat(300)).max() < 0


@settings(max_examples=20)
@given(frames=st.integers(4, 20), batch=st.none() | st.integers(1, 3))
def test_istft_undoes_stft(frames, batch):
    n = 256 * (frames - 1)
    shape = (n,) if batch is None else (batch, n)
    audio = torch.rand(shape, generator=torch.Generator().manual_seed(1)) - 0.5
    spectrum = stft(audio)
    assert spectrum.shape == (*shape[:-1], 513, frames)
    torch.testing.assert_close(istft(spectrum), audio, rtol=0, atol=1e-6)


def test_both_fourier_transforms_agree():
    audio = ORACLE["in.audio"]
    mel = mel_filterbank() @ stft(audio).abs()
    torch.testing.assert_close(exp_mel(log_mel(audio)), mel.clamp(min=1e-5), rtol=1e-5, atol=1e-6)
