"""Vocos: its sizes and computation, frames and samples in step, under the vocoder protocol."""

import math

import numpy as np
import pytest
import torch

from labkit.audio import mel_filterbank
from labkit.errors import ConfigError, InputError
from labkit.vocoders.vocos.config import VocosConfig
from labkit.vocoders.vocos.model import Vocos

SMALL = VocosConfig(
    dim=12,
    intermediate_dim=20,
    num_layers=2,
    sample_rate=8000,
    n_fft=64,
    hop_length=16,
    n_mels=6,
    mel_fmax=4000.0,
)


def lively(config=SMALL, seed=0):
    """Random weights, large enough that every layer is heard."""
    torch.manual_seed(seed)
    model = Vocos(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "norm" not in name and "gamma" not in name:
                parameter.normal_(std=0.3)
            elif "bias" in name:
                parameter.normal_(std=0.1)
    return model


def noise(*shape, seed=1):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)) - 4


# Sizes and names


def test_the_small_voice_has_2_4_million_parameters():
    with torch.device("meta"):
        model = Vocos()
    assert sum(parameter.numel() for parameter in model.parameters()) == 2_396_674
    assert (model.sample_rate, model.mel.hop_length, model.mel.n_mels) == (22_050, 256, 80)
    assert model.context_frames == 23


def test_names_are_the_published_ones():
    assert set(lively().state_dict()) == {
        *(f"backbone.{name}.{kind}" for name in ("embed", "norm") for kind in ("weight", "bias")),
        *(
            f"backbone.convnext.{block}.{name}.{kind}"
            for block in range(2)
            for name in ("dwconv", "norm", "pwconv1", "pwconv2")
            for kind in ("weight", "bias")
        ),
        *(f"backbone.convnext.{block}.gamma" for block in range(2)),
        *(f"backbone.final_layer_norm.{kind}" for kind in ("weight", "bias")),
        *(f"head.out.{kind}" for kind in ("weight", "bias")),
    }


# The computation, once more: numpy, loops, float64, straight from the description


def naive_conv(x, weight, bias):
    padded = np.pad(x, ((0, 0), (3, 3)))
    taps = [weight[:, :, i] @ padded[:, i : i + x.shape[1]] for i in range(7)]
    return sum(taps) + bias[:, None]


def naive_norm(x, weights, name):
    centred = x - x.mean(0)
    spread = np.sqrt((centred**2).mean(0) + 1e-6)
    return centred / spread * weights[f"{name}.weight"][:, None] + weights[f"{name}.bias"][:, None]


def naive_dense(x, weights, name):
    return weights[f"{name}.weight"] @ x + weights[f"{name}.bias"][:, None]


def naive_vocos(config, weights, mel):
    x = (mel + 5.4) / 2.2
    x = naive_conv(x, weights["backbone.embed.weight"], weights["backbone.embed.bias"])
    x = naive_norm(x, weights, "backbone.norm")
    gelu = np.vectorize(lambda value: value * (1 + math.erf(value / math.sqrt(2))) / 2)
    for block in range(config.num_layers):
        name = f"backbone.convnext.{block}"
        filters = weights[f"{name}.dwconv.weight"]
        y = np.stack(
            [
                naive_conv(x[i : i + 1], filters[i : i + 1], weights[f"{name}.dwconv.bias"][[i]])[0]
                for i in range(config.dim)
            ]
        )
        y = naive_norm(y, weights, f"{name}.norm")
        y = naive_dense(
            gelu(naive_dense(y, weights, f"{name}.pwconv1")), weights, f"{name}.pwconv2"
        )
        x = x + weights[f"{name}.gamma"][:, None] * y
    x = naive_norm(x, weights, "backbone.final_layer_norm")
    correction, phase = np.split(naive_dense(x, weights, "head.out"), 2)

    inverse = np.linalg.pinv(mel_filterbank(config.mel).double().numpy())
    magnitude = np.maximum(inverse @ np.exp(mel), 1e-4) * np.exp(correction)
    magnitude = np.minimum(magnitude, np.exp(7))
    spectrum = magnitude * np.exp(1j * phase)

    n_fft, hop, n_frames = config.n_fft, config.hop_length, mel.shape[1]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)
    audio, envelope = np.zeros((2, (n_frames - 1) * hop + n_fft))
    for frame in range(n_frames):
        where = slice(frame * hop, frame * hop + n_fft)
        audio[where] += window * np.fft.irfft(spectrum[:, frame])
        envelope[where] += window**2
    where = slice(n_fft // 2, n_fft // 2 + n_frames * hop)
    return audio[where] / envelope[where]


def test_a_second_computation_agrees():
    model, mel = lively(), noise(2, 6, 9)
    weights = {name: tensor.double().numpy() for name, tensor in model.state_dict().items()}
    audio = model.infer(mel)
    assert 0.1 < audio.std() < 10
    for item in range(2):
        expected = naive_vocos(SMALL, weights, mel[item].double().numpy())
        np.testing.assert_allclose(audio[item], expected, rtol=1e-5, atol=1e-5)


# Frames and samples


@pytest.mark.parametrize("frame", [0, 3, 7])
def test_a_frame_is_heard_around_its_first_sample(frame):
    model = lively()
    with torch.no_grad():
        model.head.out.weight.zero_()
        model.head.out.bias.zero_()
        # The phases of a click in the middle of the window.
        model.head.out.bias[33:66] = math.pi * torch.arange(33)
    mel = torch.full((1, 6, 8), math.log(1e-5))
    mel[:, :, frame] = 0.0
    audio = model.infer(mel)[0]
    assert audio.abs().argmax() == frame * 16
    assert audio[frame * 16].abs() > 10 * audio.abs().median()


@pytest.mark.parametrize("n_frames", [1, 2, 5, 300])
def test_infer_gives_a_hop_of_samples_for_each_frame(n_frames):
    model, mel = lively(), noise(1, 6, n_frames)
    audio = model.infer(mel)
    assert audio.shape == (1, n_frames * 16)
    assert audio.dtype == torch.float32
    assert not audio.requires_grad
    with torch.no_grad():
        torch.testing.assert_close(audio, model(mel).squeeze(1))


def test_a_batch_gives_what_its_items_give():
    model, mel = lively(), noise(3, 6, 20)
    singles = torch.cat([model.infer(item[None]) for item in mel])
    torch.testing.assert_close(model.infer(mel), singles, rtol=0, atol=1e-5)


def test_a_stretch_with_its_context_is_that_of_the_whole():
    model, mel = lively(), noise(1, 6, 60)
    whole, context = model.infer(mel), model.context_frames
    assert context == 11  # three for each of three filters, and two windows that overlap
    with torch.no_grad():
        stretch = model(mel[..., 20 - context : 30 + context], context, context)
        torch.testing.assert_close(stretch[0], whole[:, 20 * 16 : 30 * 16], rtol=0, atol=1e-5)
        start = model(mel[..., : 5 + context], 0, context)
        torch.testing.assert_close(start[0], whole[:, : 5 * 16], rtol=0, atol=1e-5)
        end = model(mel[..., 50 - context :], context, 0)
        torch.testing.assert_close(end[0], whole[:, 50 * 16 :], rtol=0, atol=1e-5)


@pytest.mark.parametrize("chunk_frames", [1, 7, 32, 100])
def test_chunks_are_the_whole(chunk_frames):
    model, mel = lively(), noise(2, 6, 60)
    for source in (mel, iter(mel.split([5, 1, 54], dim=2))):
        audio = torch.cat(list(model.stream(source, chunk_frames)), dim=1)
        torch.testing.assert_close(audio, model.infer(mel), rtol=0, atol=1e-5)


def test_what_is_farther_away_than_the_context_is_not_heard():
    model, mel = lively(), noise(1, 6, 60)
    changed = mel.clone()
    changed[..., 30] += 1
    difference = (model.infer(changed) - model.infer(mel))[0].unflatten(0, (60, 16))
    heard = (difference.abs().amax(1) > 1e-6).nonzero().flatten()
    assert heard[0] >= 30 - 11
    assert heard[-1] == 30 + 11 - 1  # a window starts two frames before its centre, and ends sooner


# The protocol


def test_infer_takes_other_floating_types_and_strides():
    model, mel = lively(), noise(2, 6, 9)
    expected = model.infer(mel)
    torch.testing.assert_close(model.infer(mel.double()), expected, rtol=0, atol=1e-5)
    turned = mel.transpose(1, 2).contiguous().transpose(1, 2)
    torch.testing.assert_close(model.infer(turned), expected, rtol=0, atol=1e-5)


def test_bfloat16_is_heard_as_little_more_than_rounding():
    model, mel = lively(), noise(1, 6, 40)
    expected = model.infer(mel)
    with torch.autocast("cpu", torch.bfloat16):
        rounded = model.infer(mel)
    assert rounded.dtype == torch.float32
    assert (rounded - expected).norm() < 0.05 * expected.norm()


def test_the_random_state_is_left_alone_and_the_seed_changes_nothing():
    model, mel = lively(), noise(1, 6, 9)
    state = torch.get_rng_state()
    assert torch.equal(model.infer(mel, seed=1), model.infer(mel, seed=2))
    assert torch.equal(torch.get_rng_state(), state)


def test_gradients_reach_every_weight():
    model = lively().train()
    model(noise(2, 6, 9)).square().mean().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in model.parameters())


def test_absurd_mels_stay_finite():
    model = lively()
    assert model.infer(torch.full((1, 6, 5), 60.0)).isfinite().all()
    assert model.infer(torch.full((1, 6, 5), -60.0)).isfinite().all()


@pytest.mark.parametrize(
    ("mel", "options", "message"),
    [
        (torch.zeros(1, 7, 5), {}, "mels of 6 bands"),
        (torch.zeros(6, 5), {}, "unsqueeze"),
        (torch.zeros(1, 6, 0), {}, "empty"),
        (torch.full((1, 6, 5), float("nan")), {}, r"mel\[0, 0, 0\] is nan"),
        (torch.zeros(1, 6, 5), {"sigma": 0.6}, "no sigma"),
    ],
)
def test_what_cannot_be_made_audible_is_refused(mel, options, message):
    with pytest.raises(InputError, match=message):
        lively().infer(mel, **options)


# The config


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"dim": 0}, "dim must be a positive whole number, but is 0"),
        ({"num_layers": 2.5}, "num_layers must be a positive whole number"),
        ({"n_mels": True}, "n_mels must be a positive whole number"),
        ({"hop_length": 300}, "n_fft=1024 must be a multiple of hop_length=300"),
        ({"hop_length": 1024}, "at least twice"),
        ({"mel_fmax": 20_000}, "mel_fmax"),
    ],
)
def test_values_that_do_not_fit_are_refused(values, message):
    with pytest.raises(ConfigError, match=message):
        VocosConfig(**values)
