"""Griffin-Lim keeps the protocol of the vocoders, and is heard to say what the mel says."""

import pytest
import torch

from labkit.audio import MelConfig, exp_mel, log_mel, mel_filterbank, mel_to_magnitude, stft
from labkit.errors import ConfigError, InputError
from labkit.vocoders.griffin_lim import GriffinLim
from labkit.vocoders.protocol import Vocoder
from test_audio_inversion import mel_distance, voiced


@pytest.fixture(scope="module")
def mel():
    return log_mel(torch.stack([voiced(120), voiced(220)]))


def test_a_hop_of_samples_for_each_frame(mel):
    vocoder = GriffinLim()
    assert isinstance(vocoder, Vocoder)
    assert vocoder.sample_rate == 22_050
    audio = vocoder.infer(mel, seed=0)
    assert audio.shape == (2, mel.size(2) * 256)
    assert audio.dtype == torch.float32
    for item in range(2):
        # One frame more, because the audio is one hop longer than that of the mel.
        assert mel_distance(audio[item, :-256], mel[item]) < 0.2


@pytest.mark.parametrize("n_frames", [1, 2, 3, 4, 5])
def test_short_mels(mel, n_frames):
    audio = GriffinLim(n_iter=4).infer(mel[:, :, 20 : 20 + n_frames], seed=0)
    assert audio.shape == (2, n_frames * 256)
    assert audio.isfinite().all()
    assert audio.std() > 0.01


def test_a_batch_gives_what_its_items_give(mel):
    # Every round takes over the phase of sums that may be near zero, so rounding grows with the
    # rounds; items that are mixed up are 1.5 apart.
    vocoder = GriffinLim(n_iter=4)
    singles = torch.cat([vocoder.infer(item[None], seed=3) for item in mel])
    torch.testing.assert_close(vocoder.infer(mel, seed=3), singles, rtol=0, atol=0.01)


def test_the_seed_decides_and_leaves_the_random_state_alone(mel):
    vocoder, mel = GriffinLim(n_iter=2), mel[:1, :, :20]
    state = torch.get_rng_state()
    first = vocoder.infer(mel, seed=1)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(vocoder.infer(mel, seed=1), first)
    assert not torch.allclose(vocoder.infer(mel, seed=2), first, atol=0.01)
    torch.manual_seed(5)
    drawn = vocoder.infer(mel)
    assert not torch.allclose(vocoder.infer(mel), drawn, atol=0.01)
    torch.manual_seed(5)
    assert torch.equal(vocoder.infer(mel), drawn)


def test_momentum_comes_nearer_in_as_many_rounds(mel):
    with_momentum = GriffinLim().infer(mel, seed=0)[:, :-256]
    without = GriffinLim(momentum=0).infer(mel, seed=0)[:, :-256]
    for item in range(2):
        # Measured: 0.09 and 0.12 against 0.11 and 0.16.
        assert mel_distance(with_momentum[item], mel[item]) < mel_distance(without[item], mel[item])


def test_another_mel_config():
    config = MelConfig(sample_rate=16_000, n_fft=800, hop_length=200, win_length=800, n_mels=40)
    mel = log_mel(voiced(120), 16_000, config)[None]
    audio = GriffinLim(config).infer(mel, seed=0)
    assert audio.shape == (1, mel.size(2) * 200)
    found = log_mel(audio[0, :-200].clamp(-1, 1), 16_000, config)
    assert (found - mel[0]).abs().mean() < 0.25


@pytest.mark.parametrize("f0", [90, 120, 220])
def test_magnitudes_from_a_mel_come_near_the_true_ones(f0):
    audio = voiced(f0)
    mel, true = exp_mel(log_mel(audio)), stft(audio).abs()
    magnitude = mel_to_magnitude(mel)
    # Measured: 0.0004 to 0.0008; 0.12 to 0.17.
    assert ((mel_filterbank() @ magnitude).log() - mel.log()).abs().mean() < 0.002
    assert torch.linalg.norm(magnitude - true) / torch.linalg.norm(true) < 0.2


def test_silence_stays_silent():
    silence = torch.full((1, 80, 20), -11.5129)
    assert GriffinLim(n_iter=2).infer(silence, seed=0).abs().max() < 1e-3


@pytest.mark.parametrize(
    ("mel", "options", "message"),
    [
        (torch.zeros(1, 79, 5), {}, "mels of 80 bands"),
        (torch.zeros(80, 5), {}, "unsqueeze"),
        (torch.full((1, 80, 5), float("nan")), {}, "is nan"),
        (torch.zeros(1, 80, 5), {"sigma": 0.6}, "no sigma"),
    ],
)
def test_what_cannot_be_made_audible_is_refused(mel, options, message):
    with pytest.raises(InputError, match=message):
        GriffinLim().infer(mel, **options)


@pytest.mark.parametrize(
    "options", [{"n_iter": -1}, {"n_iter": 2.5}, {"momentum": 1}, {"momentum": -0.1}]
)
def test_wrong_settings_are_refused(options):
    with pytest.raises(ConfigError, match=next(iter(options))):
        GriffinLim(**options)
