"""Every published layout of WaveGlow loads; everything else is refused with one clear line."""

from functools import partial

import pytest
import torch
from safetensors.torch import save_file

import labkit
from labkit.vocoders import WaveGlow, WaveGlowConfig
from labkit.vocoders.waveglow.kind import load_checkpoint, save_checkpoint
from small_models import refused_by

# Every size differs from its default.
SIZES = {
    "n_mel_channels": 5,
    "n_flows": 5,
    "n_group": 16,
    "n_early_every": 2,
    "n_early_size": 4,
}
WN_SIZES = {"n_layers": 3, "n_channels": 6, "kernel_size": 5}


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    model = WaveGlow(WaveGlowConfig(**SIZES, **WN_SIZES)).eval()
    for wn in model.WN:
        torch.nn.init.normal_(wn.end.weight, std=0.1)
    return model


@pytest.fixture(scope="module")
def mel():
    return torch.randn(1, 5, 3, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "weights"


def state_of(model):
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def fused(state, n_layers=3):
    """The layout of NVIDIA/waveglow."""
    state = dict(state)
    for name in [name for name in state if ".cond_layers.0." in name]:
        layers = [
            state.pop(name.replace(".cond_layers.0.", f".cond_layers.{i}."))
            for i in range(n_layers)
        ]
        state[name.replace(".cond_layers.0.", ".cond_layer.")] = torch.cat(layers)
    return state


def unnormed(state):
    state = dict(state)
    for name in [name for name in state if name.endswith("weight_v")]:
        direction, length = state.pop(name), state.pop(name[:-1] + "g")
        weight = length * direction / direction.norm(dim=(1, 2), keepdim=True)
        state[name.removesuffix("_v")] = weight
    return state


refused = partial(refused_by, load_checkpoint)


# What loads


@pytest.mark.parametrize("prefix", ["", "module.", "module.1."])
@pytest.mark.parametrize("conditioning", [dict, fused])
@pytest.mark.parametrize("norm", [dict, unnormed])
def test_every_layout(model, mel, path, prefix, conditioning, norm):
    state = conditioning(norm(state_of(model)))
    content = {
        "epoch": 1000,
        "config": SIZES | {"WN_config": WN_SIZES},
        "state_dict": {prefix + name: tensor for name, tensor in state.items()},
    }
    torch.save(content, path)
    loaded = load_checkpoint(path)
    torch.testing.assert_close(loaded.infer(mel, 0.0), model.infer(mel, 0.0), atol=1e-5, rtol=1e-5)
    assert loaded.config == model.config
    assert not any(module.training for module in loaded.modules())
    assert not any("weight_g" in name for name in loaded.state_dict())


@pytest.mark.parametrize("conditioning", [dict, fused])
def test_sizes_come_from_the_tensors(model, mel, path, conditioning):
    torch.save(conditioning(state_of(model)), path)
    assert load_checkpoint(path).config == model.config


def test_sizes_without_early_outputs(path):
    config = WaveGlowConfig(n_mel_channels=5, n_flows=3, n_early_every=3, n_channels=6, n_layers=2)
    torch.save(WaveGlow(config).state_dict(), path)
    assert load_checkpoint(path).config == config


def test_half_precision_safetensors(model, mel, path):
    state = {name: tensor.half() for name, tensor in fused(state_of(model)).items()}
    save_file(state, path)
    loaded = load_checkpoint(path)
    assert all(tensor.dtype == torch.float32 for tensor in loaded.state_dict().values())
    assert (loaded.infer(mel, 0.0) - model.infer(mel, 0.0)).abs().max() < 0.01


def test_training_goes_on_from_a_saved_model(model, mel, path):
    save_checkpoint(load_saved(model, path), path)
    resumed = WaveGlow(model.config)
    resumed.load_state_dict(labkit.models.read_weights_file(path).state_dict)
    assert "WN.0.start.weight_g" in resumed.state_dict()
    resumed(mel, torch.zeros(1, 256))[0].sum().backward()
    assert resumed.WN[0].start.weight_v.grad is not None


def load_saved(model, path):
    save_checkpoint(model, path)
    return load_checkpoint(path)


# What is refused


def test_other_width_than_its_config(model, path):
    content = {"config": SIZES | {"WN_config": WN_SIZES | {"n_channels": 512}}}
    torch.save(content | {"state_dict": state_of(model)}, path)
    refused(path, "n_channels=512", "n_channels=6")


def test_useless_config(model, path):
    torch.save({"config": {"n_flow": 5}, "state_dict": state_of(model)}, path)
    refused(path, "config that cannot be used", "'n_flow'")


def test_missing_tensors(model, path):
    state = state_of(model)
    del state["WN.1.end.bias"], state["upsample.weight"]
    torch.save(state, path)
    refused(path, "2 missing", "upsample.weight", "WN.1.end.bias")


@pytest.mark.parametrize("name", ["WN.0.start.bias", "WN.0.in_layers.0.weight_g", "upsample.bias"])
def test_missing_tensor_that_tells_a_size(model, path, name):
    state = state_of(model)
    del state[name]
    torch.save(state, path)
    refused(path, "missing", name.removesuffix("_g"))


def test_lone_half_of_a_fused_layer(model, path):
    state = fused(state_of(model))
    state["WN.2.cond_layer.bias"] = state["WN.2.cond_layer.bias"][:-1]
    torch.save(state, path)
    refused(path, "WN.2.cond_layers.0.bias", "WN.2.cond_layer.bias")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["WN.3.in_layers.1.weight_g", "convinv.2.conv.weight"])
def test_weights_that_are_not_finite(model, path, name, value):
    state = state_of(model)
    state[name][0] = value
    torch.save(state, path)
    refused(path, "NaN or infinite", name.removesuffix("_g"))


def test_singular_matrix(model, path):
    state = state_of(model)
    state["convinv.1.conv.weight"][0] = 0
    torch.save(state, path)
    refused(path, "singular")


def test_older_generation(model, path):
    state = state_of(model)
    for name in [name for name in state if "res_skip_layers" in name]:
        state[name.replace("res_skip", "skip")] = state.pop(name)
    torch.save(state, path)
    refused(path, "older generation", "convert_model.py")
