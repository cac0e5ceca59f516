"""HiFi-GAN: the published sizes, names and computation, under the vocoder protocol."""

import dataclasses

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from labkit.errors import ConfigError, InputError
from labkit.vocoders.hifigan.config import HiFiGANConfig
from labkit.vocoders.hifigan.model import HiFiGAN
from labkit.vocoders.weight_norm import remove_weight_norm

SMALL = {
    "num_mels": 6,
    "upsample_initial_channel": 16,
    "upsample_rates": (4, 3, 2),
    "upsample_kernel_sizes": (8, 7, 4),
    "resblock_kernel_sizes": (3, 5),
    "hop_size": 24,
    "win_size": 96,
    "n_fft": 96,
}
TYPE_1 = HiFiGANConfig(**SMALL, resblock="1", resblock_dilation_sizes=((1, 3, 5), (1, 2, 4)))
TYPE_2 = HiFiGANConfig(**SMALL, resblock="2", resblock_dilation_sizes=((1, 2), (2, 6)))


def lively(config, seed=0):
    """A generator with random weights large enough that every layer is heard."""
    torch.manual_seed(seed)
    model = HiFiGAN(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("weight_g"):
                parameter.mul_(2)
            elif name.endswith("bias"):
                parameter.normal_(std=0.2)
    return model


def noise(*shape, seed=1):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


# Sizes and names


@pytest.mark.parametrize(
    ("config", "entries", "bare_parameters"),
    [
        (HiFiGANConfig.v1(), 234, 13_926_017),
        (HiFiGANConfig.v2(), 234, 925_985),
        (HiFiGANConfig.v3(), 69, 1_462_273),
    ],
)
def test_published_sizes(config, entries, bare_parameters):
    with torch.device("meta"):
        model = HiFiGAN(config)
    assert len(model.state_dict()) == entries
    remove_weight_norm(model)
    assert len(model.state_dict()) == entries * 2 // 3
    assert sum(parameter.numel() for parameter in model.parameters()) == bare_parameters
    assert model.sample_rate == 22_050
    assert (model.mel.hop_length, model.mel.n_mels, model.mel.mel_fmax) == (256, 80, 8000)


def test_published_names_and_shapes():
    with torch.device("meta"):
        large, fast = HiFiGAN(HiFiGANConfig.v1()), HiFiGAN(HiFiGANConfig.v3())
    shapes = {name: tuple(tensor.shape) for name, tensor in large.state_dict().items()}
    assert shapes["conv_pre.weight_v"] == (512, 80, 7)
    assert shapes["conv_pre.weight_g"] == (512, 1, 1)
    assert shapes["ups.0.weight_v"] == (512, 256, 16)
    assert shapes["ups.0.weight_g"] == (512, 1, 1)  # one for each *input* channel
    assert shapes["ups.3.bias"] == (32,)
    assert shapes["resblocks.0.convs1.0.weight_v"] == (256, 256, 3)
    assert shapes["resblocks.11.convs2.2.weight_v"] == (32, 32, 11)
    assert shapes["conv_post.weight_v"] == (1, 32, 7)
    layers = {name.rpartition(".")[0] for name in fast.state_dict()}
    assert layers == {"conv_pre", "conv_post", "ups.0", "ups.1", "ups.2"} | {
        f"resblocks.{block}.convs.{conv}" for block in range(9) for conv in range(2)
    }


# The computation, once more: numpy, loops, straight from the description


def naive_conv(x, weight, bias, dilation=1):
    _, _, width = weight.shape
    reach = (width - 1) // 2 * dilation
    padded = np.pad(x, ((0, 0), (reach, reach)))
    y = np.repeat(bias[:, None], x.shape[1], axis=1)
    for tap in range(width):
        y += weight[:, :, tap] @ padded[:, tap * dilation : tap * dilation + x.shape[1]]
    return y


def naive_upsampling(x, weight, bias, rate):
    _, out_channels, width = weight.shape
    y = np.zeros((out_channels, (x.shape[1] - 1) * rate + width))
    for time in range(x.shape[1]):
        for tap in range(width):
            y[:, time * rate + tap] += x[:, time] @ weight[:, :, tap]
    cut = (width - rate) // 2
    return y[:, cut : y.shape[1] - cut] + bias[:, None]


def naive_lrelu(x, slope):
    return np.where(x > 0, x, slope * x)


def naive_generator(config, state_dict, mel):
    def weight(name):
        v = state_dict[f"{name}.weight_v"]
        length = np.sqrt((v**2).sum(axis=(1, 2), keepdims=True))
        return state_dict[f"{name}.weight_g"] * v / length, state_dict[f"{name}.bias"]

    x = naive_conv(mel, *weight("conv_pre"))
    for stage, rate in enumerate(config.upsample_rates):
        x = naive_upsampling(naive_lrelu(x, 0.1), *weight(f"ups.{stage}"), rate)
        outputs = []
        for block, dilations in enumerate(config.resblock_dilation_sizes):
            name = f"resblocks.{stage * len(config.resblock_dilation_sizes) + block}"
            y = x
            for i, dilation in enumerate(dilations):
                if config.resblock == "1":
                    inner = naive_conv(naive_lrelu(y, 0.1), *weight(f"{name}.convs1.{i}"), dilation)
                    y = y + naive_conv(naive_lrelu(inner, 0.1), *weight(f"{name}.convs2.{i}"))
                else:
                    y = y + naive_conv(naive_lrelu(y, 0.1), *weight(f"{name}.convs.{i}"), dilation)
            outputs.append(y)
        x = sum(outputs) / len(outputs)
    return np.tanh(naive_conv(naive_lrelu(x, 0.01), *weight("conv_post")))


@pytest.mark.parametrize("config", [TYPE_1, TYPE_2])
def test_a_second_computation_agrees(config):
    model, mel = lively(config), noise(2, 6, 9)
    state_dict = {name: tensor.double().numpy() for name, tensor in model.state_dict().items()}
    with torch.no_grad():
        audio = model(mel)
    assert audio.shape == (2, 1, 9 * 24)
    assert audio.std() > 0.1
    for item in range(2):
        expected = naive_generator(config, state_dict, mel[item].double().numpy())
        np.testing.assert_allclose(audio[item], expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("config", [TYPE_1, TYPE_2])
def test_removing_the_weight_norm_changes_nothing(config):
    model, mel = lively(config), noise(2, 6, 9)
    before = model.infer(mel)
    remove_weight_norm(model)
    torch.testing.assert_close(model.infer(mel), before, rtol=1e-5, atol=1e-6)


# The cost


def operations_per_frame(config):
    """Multiplications and additions for one frame inside a long mel."""
    channels = config.upsample_initial_channel
    products = 7 * config.num_mels * channels
    samples, convolutions = 1, 2 if config.resblock == "1" else 1
    for rate, width in zip(config.upsample_rates, config.upsample_kernel_sizes, strict=True):
        products += samples * channels * channels // 2 * width
        channels, samples = channels // 2, samples * rate
        for kernel_size, dilations in zip(
            config.resblock_kernel_sizes, config.resblock_dilation_sizes, strict=True
        ):
            products += samples * channels**2 * kernel_size * len(dilations) * convolutions
    return 2 * (products + samples * channels * 7)


@pytest.mark.parametrize("config", [TYPE_1, TYPE_2, HiFiGANConfig.v2(), HiFiGANConfig.v3()])
def test_operations_are_those_of_the_formula(config):
    model, n_frames = HiFiGAN(config), 10
    with FlopCounterMode(display=False) as counter:
        model.infer(torch.zeros(1, config.num_mels, n_frames))
    assert counter.get_total_flops() == n_frames * operations_per_frame(config)


# The protocol


@pytest.mark.parametrize("n_frames", [1, 2, 5, 300])
def test_infer_gives_a_hop_of_samples_for_each_frame(n_frames):
    model, mel = lively(TYPE_1), noise(1, 6, n_frames)
    audio = model.infer(mel)
    assert audio.shape == (1, n_frames * 24)
    assert audio.dtype == torch.float32
    assert not audio.requires_grad
    with torch.no_grad():
        torch.testing.assert_close(audio, model(mel).squeeze(1), rtol=0, atol=1e-5)


@pytest.mark.parametrize("n_frames", [9, 200])
def test_a_batch_gives_what_its_items_give(n_frames):
    model, mel = lively(TYPE_2), noise(3, 6, n_frames)
    singles = torch.cat([model.infer(item[None]) for item in mel])
    torch.testing.assert_close(model.infer(mel), singles, rtol=0, atol=1e-5)


def test_infer_takes_other_floating_types_and_strides():
    model, mel = lively(TYPE_1), noise(2, 6, 9)
    expected = model.infer(mel)
    torch.testing.assert_close(model.infer(mel.double()), expected, rtol=0, atol=1e-5)
    turned = mel.transpose(1, 2).contiguous().transpose(1, 2)
    torch.testing.assert_close(model.infer(turned), expected, rtol=0, atol=1e-5)


def test_the_random_state_is_left_alone_and_the_seed_changes_nothing():
    model, mel = lively(TYPE_1), noise(1, 6, 9)
    state = torch.get_rng_state()
    assert torch.equal(model.infer(mel, seed=1), model.infer(mel, seed=2))
    assert torch.equal(torch.get_rng_state(), state)


def test_gradients_reach_every_weight_and_the_mel():
    model, mel = lively(TYPE_1).train(), noise(2, 6, 5).requires_grad_()
    model(mel).square().mean().backward()
    assert mel.grad.abs().sum() > 0
    assert all(parameter.grad.abs().sum() > 0 for parameter in model.parameters())


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
        lively(TYPE_1).infer(mel, **options)


# The config


def test_a_published_config_has_more_keys_and_lists():
    published = dataclasses.asdict(HiFiGANConfig.v3())
    published["upsample_rates"] = [8, 8, 4]
    published["resblock_dilation_sizes"] = [[1, 2], [2, 6], [3, 12]]
    published |= {"batch_size": 16, "segment_size": 8192, "fmax_for_loss": None, "seed": 1234}
    assert HiFiGANConfig.from_published(published) == HiFiGANConfig.v3()


def test_no_upper_edge_is_half_the_sampling_rate():
    assert HiFiGANConfig(fmax=None).mel.mel_fmax == 11_025


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"resblock": "3"}, "resblock must be '1' or '2', but is '3'"),
        ({"upsample_rates": (8, 8, 4)}, "equally many"),
        ({"upsample_rates": 8}, "upsample_rates must be a list"),
        ({"upsample_rates": (8, 8, 2, 2.0)}, "positive whole numbers, but has 2.0"),
        ({"upsample_kernel_sizes": (16, 16, 4, 3)}, "kernel of 3 does not fit the rate 2"),
        ({"upsample_kernel_sizes": (16, 16, 6, 1)}, "kernel of 1 does not fit the rate 2"),
        ({"hop_size": 300}, "make 256 samples of a frame, but hop_size is 300"),
        ({"upsample_initial_channel": 24}, "cannot be halved 4 times"),
        ({"resblock_kernel_sizes": (3, 7)}, "equally many"),
        ({"resblock_kernel_sizes": (3, 7, 10)}, "must be odd, but one is 10"),
        ({"resblock_dilation_sizes": 5}, "must be a list of lists"),
        ({"resblock_dilation_sizes": ((1,), (1,), 3)}, "must be a list of whole numbers"),
        ({"num_mels": 0}, "num_mels"),
        ({"fmin": 9000}, "mel_fmin"),
        ({"fmin": "low"}, "fmin"),
        ({"win_size": "wide"}, "win_size"),
    ],
)
def test_values_that_do_not_fit_are_refused(values, message):
    with pytest.raises(ConfigError, match=message):
        HiFiGANConfig(**values)


def test_missing_keys_are_named():
    published = dataclasses.asdict(HiFiGANConfig.v1())
    del published["upsample_rates"], published["fmax"]
    with pytest.raises(ConfigError, match="has upsample_rates, fmax, but"):
        HiFiGANConfig.from_published(published)
