"""WaveGlow agrees with the published implementation, can be undone, refuses what is no use."""

import copy
import json
import math
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from labkit.errors import ConfigError, InputError
from labkit.vocoders import WaveGlow, WaveGlowConfig, WaveGlowLoss
from labkit.vocoders.waveglow.flow import Invertible1x1Conv
from labkit.vocoders.weight_norm import remove_weight_norm

DATA = Path(__file__).parent / "data"
PUBLISHED = {
    "n_mel_channels": 80,
    "n_flows": 12,
    "n_group": 8,
    "n_early_every": 4,
    "n_early_size": 2,
    "WN_config": {"n_layers": 8, "kernel_size": 3, "n_channels": 256},
}


def recorded(name):
    """Config, state dict and other tensors of a recording of the published implementation."""
    path = DATA / f"{name}.safetensors"
    with safe_open(path, "pt") as file:
        config = json.loads(file.metadata()["config"])
    tensors = load_file(path)
    state = {k.removeprefix("state."): v for k, v in tensors.items() if k.startswith("state.")}
    return WaveGlowConfig(**config), state, tensors


def agree(value, expected, tolerance=1e-5):
    torch.testing.assert_close(value, expected, atol=tolerance, rtol=tolerance)


def with_lively_ends(model):
    """Give the couplings something to do: they start at zero."""
    for wn in model.WN:
        torch.nn.init.normal_(wn.end.weight, std=0.02)
        torch.nn.init.normal_(wn.end.bias, std=0.05)
    return model.eval()


def small(**sizes):
    torch.manual_seed(0)
    defaults = {"n_mel_channels": 5, "n_flows": 4, "n_early_every": 2, "n_layers": 3}
    return with_lively_ends(WaveGlow(WaveGlowConfig(**defaults | {"n_channels": 8} | sizes)))


@pytest.fixture(scope="module")
def config():
    return recorded("waveglow_small")[0]


@pytest.fixture(scope="module")
def tensors():
    return recorded("waveglow_small")[2]


@pytest.fixture(scope="module")
def model():
    config, state, _ = recorded("waveglow_small")
    model = WaveGlow(config).eval()
    model.load_state_dict(state)
    return model


# Agreement with the published implementation


def test_forward(model, tensors):
    z, log_s_list, log_det_list = model(tensors["in.mel"], tensors["in.audio"])
    agree(z, tensors["forward.z"])
    columns = z.size(0) * z.size(2)
    for k in range(model.config.n_flows):
        agree(log_s_list[k], tensors[f"forward.log_s.{k}"])
        # Near a rotation, log|det W| is what rounding leaves of a sum of large logarithms, and the
        # recorded number is that times the columns: its rounding is, too.
        recorded_log_det = tensors[f"forward.log_det_W.{k}"].squeeze()
        agree(log_det_list[k] / columns, recorded_log_det / columns)


def test_the_log_determinants_are_those_of_float64(model, tensors):
    exact = copy.deepcopy(model).double()
    *_, log_det_list = exact(tensors["in.mel"].double(), tensors["in.audio"].double())
    columns = tensors["forward.z"].size(0) * tensors["forward.z"].size(2)
    for convinv, log_det in zip(exact.convinv, log_det_list, strict=True):
        values = torch.linalg.svdvals(convinv.matrix())
        agree(log_det, columns * values.log().sum(), 1e-9)


@pytest.mark.parametrize("layout", ["waveglow_small", "waveglow_small_fused"])
@pytest.mark.parametrize("norm_in_file", [True, False])
@pytest.mark.parametrize("norm_in_model", [True, False])
def test_infer_from_every_layout(layout, norm_in_file, norm_in_model, tensors):
    config, state, _ = recorded(layout)
    if not norm_in_file:
        for name in [name for name in state if name.endswith("weight_v")]:
            direction, length = state.pop(name), state.pop(name[:-1] + "g")
            weight = length * direction / direction.norm(dim=(1, 2), keepdim=True)
            state[name.removesuffix("_v")] = weight
    model = WaveGlow(config)
    if not norm_in_model:
        remove_weight_norm(model)
    keys = list(model.state_dict())
    given = dict(state)
    model.load_state_dict(state)
    assert list(model.state_dict()) == keys
    assert state == given  # what the caller holds is left alone
    agree(model.infer(tensors["in.mel"], 0.0), tensors["infer.audio_sigma0"])


def test_loading_inside_another_module(tensors):
    config, state, _ = recorded("waveglow_small_fused")
    outer = torch.nn.ModuleDict({"vocoder": WaveGlow(config)})
    outer.load_state_dict({f"vocoder.{name}": tensor for name, tensor in state.items()})
    agree(outer["vocoder"].infer(tensors["in.mel"], 0.0), tensors["infer.audio_sigma0"])


def test_removing_weight_norm_changes_nothing(model, tensors):
    plain = copy.deepcopy(model)
    remove_weight_norm(plain)
    assert not any("weight_g" in name for name in plain.state_dict())
    agree(plain.infer(tensors["in.mel"], 0.0), tensors["infer.audio_sigma0"])
    agree(plain(tensors["in.mel"], tensors["in.audio"])[0], tensors["forward.z"])


@pytest.mark.parametrize(
    ("n_channels", "parameters", "without_norm"),
    [(256, 87_879_272, 87_731_816), (512, 268_294_760, 267_999_848)],
)
def test_published_sizes(n_channels, parameters, without_norm):
    with torch.device("meta"):
        model = WaveGlow(WaveGlowConfig(n_channels=n_channels))
    state = model.state_dict()
    assert len(state) == 938
    shapes = {
        "upsample.weight": (80, 80, 1024),
        "upsample.bias": (80,),
        "WN.0.start.weight_g": (n_channels, 1, 1),
        "WN.0.start.weight_v": (n_channels, 4, 1),
        "WN.4.start.weight_v": (n_channels, 3, 1),
        "WN.11.start.weight_v": (n_channels, 2, 1),
        "WN.3.in_layers.7.weight_v": (2 * n_channels, n_channels, 3),
        "WN.3.in_layers.7.bias": (2 * n_channels,),
        "WN.3.cond_layers.0.weight_v": (2 * n_channels, 640, 1),
        "WN.3.res_skip_layers.6.weight_v": (2 * n_channels, n_channels, 1),
        "WN.3.res_skip_layers.7.weight_v": (n_channels, n_channels, 1),
        "WN.0.end.weight": (8, n_channels, 1),
        "WN.11.end.bias": (4,),
        "convinv.0.conv.weight": (8, 8, 1),
        "convinv.7.conv.weight": (6, 6, 1),
        "convinv.11.conv.weight": (4, 4, 1),
    }
    assert {name: tuple(state[name].shape) for name in shapes} == shapes
    assert sum(p.numel() for p in model.parameters()) == parameters
    remove_weight_norm(model)
    assert sum(p.numel() for p in model.parameters()) == without_norm


# Both directions undo each other


@pytest.mark.parametrize("n_samples", [8, 40, 256, 1000, 1016, 1024 + 768])
def test_round_trip(n_samples):
    model = small()
    mel, audio = torch.randn(2, 5, 4), 0.3 * torch.randn(2, n_samples)
    with torch.no_grad():
        z, *_ = model(mel, audio)
    agree(model.inverse(z, mel), audio, 1e-4)


@pytest.mark.parametrize("sizes", [{"kernel_size": 1}, {"kernel_size": 5}, {"n_layers": 1}])
def test_round_trip_of_other_sizes(sizes):
    model = small(**sizes)
    mel, audio = torch.randn(1, 5, 3), 0.3 * torch.randn(1, 768)
    with torch.no_grad():
        z, *_ = model(mel, audio)
    agree(model.inverse(z, mel), audio, 1e-4)


def test_round_trip_at_full_depth():
    torch.manual_seed(0)
    model = with_lively_ends(WaveGlow(WaveGlowConfig(**PUBLISHED)))
    mel, audio = torch.randn(1, 80, 2), 0.3 * torch.randn(1, 512)
    with torch.no_grad():
        z, log_s_list, _ = model(mel, audio)
    assert (z - audio.view(1, 64, 8).transpose(1, 2)).abs().max() > 0.1
    assert max(log_s.abs().max() for log_s in log_s_list) > 0.05
    agree(model.inverse(z, mel), audio, 1e-4)


def test_round_trip_over_several_chunks():
    model = small()
    mel, audio = torch.randn(2, 5, 80), 0.3 * torch.randn(2, 80 * 256)
    with torch.no_grad():
        z, *_ = model(mel, audio)
    agree(model.inverse(z, mel), audio, 1e-4)


def test_samples_beyond_the_last_whole_group_are_not_used():
    model = small()
    mel, audio = torch.randn(1, 5, 4), 0.3 * torch.randn(1, 1003)
    whole = model(mel, audio[:, :1000])
    for value, expected in zip(model(mel, audio), whole, strict=True):
        assert all(map(torch.equal, value, expected))


# Noise


def test_batch_equals_singles():
    model = small()
    mel = torch.randn(3, 5, 7)
    for sigma, seed in ((0.0, None), (0.6, 5)):
        batch = model.infer(mel, sigma, seed=seed)
        assert batch.shape == (3, 7 * 256)
        for item in range(3):
            agree(batch[item], model.infer(mel[item : item + 1], sigma, seed=seed)[0])


def test_longer_mel_begins_with_the_noise_of_a_shorter_one():
    model = small(n_layers=1, kernel_size=1)  # which sees no further than a column
    mel = torch.randn(1, 5, 9)
    audio = model.infer(mel, seed=1)
    agree(model.infer(mel[..., :4], seed=1), audio[:, : 4 * 256])


def test_seed_fixes_the_noise_and_leaves_the_global_state_alone():
    model, mel = small(), torch.randn(1, 5, 3)
    before = torch.get_rng_state()
    audio = model.infer(mel, seed=1)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(model.infer(mel, 0.6, seed=1), audio)
    assert not torch.equal(model.infer(mel, seed=2), audio)
    assert not torch.equal(model.infer(mel, 0.9, seed=1), audio)


def test_without_a_seed_the_global_state_decides():
    model, mel = small(), torch.randn(1, 5, 3).expand(2, -1, -1)
    torch.manual_seed(3)
    audio = model.infer(mel)
    assert not torch.equal(audio[0], audio[1])
    assert not torch.equal(model.infer(mel), audio)
    torch.manual_seed(3)
    assert torch.equal(model.infer(mel), audio)


def test_one_frame():
    audio = small().infer(torch.randn(1, 5, 1))
    assert audio.shape == (1, 256) and audio.dtype == torch.float32
    assert not audio.requires_grad


# Precision


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_low_precision_keeps_the_waveform_in_float32(dtype, model, tensors):
    low = copy.deepcopy(model).to(dtype)
    assert low.convinv[0].inverse().dtype == torch.float32
    audio = low.infer(tensors["in.mel"], 0.0)
    assert audio.dtype == torch.float32
    assert (audio - tensors["infer.audio_sigma0"]).abs().max() < 0.005
    z, _, log_det_list = low(tensors["in.mel"], tensors["in.audio"])
    assert all(log_det.dtype == torch.float32 for log_det in log_det_list)
    agree(low.inverse(z, tensors["in.mel"]), tensors["in.audio"], 0.01)


def test_double_precision_is_exact():
    model = small().double()
    mel, audio = torch.randn(1, 5, 3), 0.3 * torch.randn(1, 768)
    z, *_ = model(mel, audio)
    agree(model.inverse(z, mel), audio, 1e-7)


def test_new_weights_have_a_new_inverse():
    model, mel = small(), torch.randn(1, 5, 2)
    first = model.infer(mel, seed=0)
    other = small(n_mel_channels=5)
    torch.manual_seed(1)
    for convinv in other.convinv:
        convinv.conv.weight = Invertible1x1Conv(len(convinv.conv.weight)).conv.weight
    model.load_state_dict(other.state_dict())
    assert not torch.equal(model.infer(mel, seed=0), first)
    assert torch.equal(model.infer(mel, seed=0), other.infer(mel, seed=0))


# The invertible 1×1 convolution


@pytest.mark.parametrize("c", [2, 4, 8])
def test_starts_as_a_rotation(c):
    for _ in range(5):
        matrix = Invertible1x1Conv(c).matrix()
        agree(matrix @ matrix.T, torch.eye(c))
        assert torch.linalg.det(matrix) > 0


def test_reflection_is_no_obstacle():
    model, mel, audio = small(), torch.randn(1, 5, 2), 0.3 * torch.randn(1, 512)
    log_det = model(mel, audio)[2][0]
    with torch.no_grad():
        model.convinv[0].conv.weight[0] *= -2
    z, _, log_det_list = model(mel, audio)
    agree(log_det_list[0], log_det + 64 * math.log(2))
    agree(model.inverse(z.detach(), mel), audio, 1e-4)


def test_singular_matrix_is_refused():
    model = small()
    with torch.no_grad():
        model.convinv[1].conv.weight[0] = 0
    with pytest.raises(InputError, match="singular"):
        model.infer(torch.randn(1, 5, 2))


# Loss


def test_loss_by_hand():
    z = torch.tensor([[[1.0, 2.0], [3.0, 4.0]]])
    log_s_list = [torch.tensor([[[0.5, -1.0]]]), torch.tensor([[[0.25, 0.75]]])]
    log_det_list = [torch.tensor(3.0), torch.tensor(-1.0)]
    loss = WaveGlowLoss(sigma=0.5)((z, log_s_list, log_det_list))
    assert loss.item() == pytest.approx((30 / (2 * 0.25) - 0.5 - 2.0) / 4)


def test_loss_is_the_density_of_the_waveform():
    # By the change of variables, so the log-terms must be those of the whole Jacobian.
    model = small(n_layers=1).double()
    mel, audio = torch.randn(1, 5, 1), 0.3 * torch.randn(1, 16, dtype=torch.float64)
    jacobian = torch.autograd.functional.jacobian(lambda x: model(mel, x)[0].flatten(), audio)
    z, log_s_list, log_det_list = model(mel, audio)
    expected = z.square().sum() / 2 - torch.linalg.slogdet(jacobian.view(16, 16)).logabsdet
    agree(WaveGlowLoss()((z, log_s_list, log_det_list)) * 16, expected, 1e-6)


def test_training_descends():
    torch.manual_seed(0)
    model = WaveGlow(
        WaveGlowConfig(n_mel_channels=5, n_flows=4, n_early_every=2, n_layers=2, n_channels=8)
    )
    time = torch.arange(4 * 256) / 22050
    audio = 0.1 * torch.sin(2 * math.pi * torch.tensor([[220.0], [330.0]]) * time)
    mel, loss_of = torch.randn(2, 5, 4), WaveGlowLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    losses = []
    for _ in range(15):
        optimizer.zero_grad()
        loss = loss_of(model(mel, audio))
        loss.backward()
        assert all(p.grad is None or p.grad.isfinite().all() for p in model.parameters())
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] - 0.5
    assert all(p.grad is not None for p in model.parameters())


def test_silence_gives_a_finite_gradient():
    model = small()
    loss = WaveGlowLoss()(model(torch.full((1, 5, 2), -11.5), torch.zeros(1, 512)))
    loss.backward()
    assert loss.isfinite() and all(p.grad.isfinite().all() for p in model.parameters())


@pytest.mark.parametrize("sigma", [0, -1, math.nan, math.inf])
def test_loss_refuses_a_useless_sigma(sigma):
    with pytest.raises(ConfigError, match="sigma must be a positive number"):
        WaveGlowLoss(sigma)


# Config


def test_published_config():
    config = WaveGlowConfig(**PUBLISHED)
    assert config == WaveGlowConfig(n_channels=256)
    assert config.flow_channels == (8, 8, 8, 8, 6, 6, 6, 6, 4, 4, 4, 4)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"n_chanels": 3}, "unknown key 'n_chanels'.* in WaveGlowConfig"),
        ({"WN_config": {"width": 3}}, "unknown key 'width' in WN_config"),
        ({"WN_config": 3}, "WN_config must be a dict"),
        ({"n_flows": 0}, "n_flows must be a positive whole number, but is 0"),
        ({"n_channels": 2.5}, "n_channels must be a positive whole number"),
        ({"n_channels": True}, "n_channels must be a positive whole number"),
        ({"kernel_size": 2}, "kernel_size must be odd"),
        ({"n_group": 6}, "n_group must divide the hop"),
        ({"n_group": 1}, "n_group must be even"),
        ({"n_early_size": 3}, "n_early_size must be even"),
        ({"n_flows": 20}, "nothing is left after 20"),
    ],
)
def test_useless_config_is_refused(config, words):
    with pytest.raises(ConfigError, match=words):
        WaveGlowConfig(**config)


# Inputs


@pytest.mark.parametrize(
    ("mel", "words"),
    [
        (torch.zeros(1, 80, 4), "mels of 5 bands"),
        (torch.zeros(5, 4), r"use mel.unsqueeze\(0\)"),
        (torch.zeros(1, 4, 5), r"use mel.transpose\(1, 2\)"),
        (torch.full((1, 5, 2), math.nan), r"mel\[0, 0, 0\] is nan"),
        (torch.full((1, 5, 2), -math.inf), r"mel\[0, 0, 0\] is -inf"),
        (torch.zeros(1, 5, 2, dtype=torch.long), "floating point"),
        (torch.zeros(1, 5, 0), "empty"),
    ],
)
def test_useless_mel_is_refused(mel, words):
    model = small()
    with pytest.raises(InputError, match=words):
        model.infer(mel)
    with pytest.raises(InputError, match=words):
        model(mel, torch.zeros(1, 512))


@pytest.mark.parametrize("sigma", [-0.1, math.nan, math.inf])
def test_useless_sigma_is_refused(sigma):
    with pytest.raises(InputError, match="sigma must be a number from 0 upwards"):
        small().infer(torch.zeros(1, 5, 2), sigma)


@pytest.mark.parametrize(
    ("audio", "words"),
    [
        (torch.zeros(512), r"must have the shape \(1, N\)"),
        (torch.zeros(2, 512), r"must have the shape \(1, N\)"),
        (torch.zeros(1, 512 + 769), "a mel of 2 frames goes with 8 to 1280 samples"),
        (torch.zeros(1, 7), "7 samples long"),
        (torch.zeros(1, 512, dtype=torch.int16), "floating point, but is torch.int16"),
        (torch.full((1, 512), math.nan), "NaN"),
    ],
)
def test_useless_audio_is_refused(audio, words):
    with pytest.raises(InputError, match=words):
        small()(torch.zeros(1, 5, 2), audio)


@pytest.mark.parametrize("name", ["upsample.bias", "WN.1.end.weight", "convinv.2.conv.weight"])
def test_broken_weights_never_become_sound(name):
    model = small()
    with torch.no_grad():
        model.get_parameter(name)[0] = math.nan
    with pytest.raises(InputError, match=r"not finite|singular"):
        model.infer(torch.zeros(1, 5, 2))
