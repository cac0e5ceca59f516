"""Published HiFi-GAN files load, with and without their config; the rest is refused in one line."""

import dataclasses
import json

import pytest
import torch

import labkit
from labkit.errors import CheckpointError
from labkit.vocoders.hifigan.config import HiFiGANConfig
from labkit.vocoders.hifigan.kind import load_checkpoint, save_checkpoint
from labkit.vocoders.hifigan.model import HiFiGAN
from labkit.vocoders.weight_norm import remove_weight_norm
from test_hifigan import TYPE_1, TYPE_2, lively, noise

# As small as it gets while everything but the channels is as published.
NARROW = [
    dataclasses.replace(HiFiGANConfig.v1(), upsample_initial_channel=32),
    dataclasses.replace(HiFiGANConfig.v3(), upsample_initial_channel=16),
]
TRAINING = {"num_gpus": 0, "batch_size": 16, "fmax_for_loss": None, "dist_config": {"x": 1}}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "g_02500000"


def publish(model, path, config=True):
    torch.save({"generator": model.state_dict()}, path)
    if config:
        content = TRAINING | dataclasses.asdict(model.config)
        path.with_name("config.json").write_text(json.dumps(content))


def check_same(loaded, model):
    assert loaded.config == model.config
    assert not loaded.training
    assert not any(name.endswith("weight_g") for name in loaded.state_dict())
    mel = noise(1, model.config.num_mels, 4)
    torch.testing.assert_close(loaded.infer(mel), model.infer(mel), rtol=0, atol=1e-6)


def refused(path, *words):
    with pytest.raises(CheckpointError) as error:
        load_checkpoint(path)
    message = str(error.value)
    assert str(path.parent) in message
    assert "\n" not in message
    assert all(word in message for word in words), message


# What loads


@pytest.mark.parametrize("config", [TYPE_1, TYPE_2])
def test_published_files(path, config):
    model = lively(config)
    publish(model, path)
    check_same(load_checkpoint(path), model)
    loaded = labkit.load_checkpoint(path)
    assert isinstance(loaded, HiFiGAN)
    check_same(loaded, model)


@pytest.mark.parametrize("config", NARROW)
@pytest.mark.parametrize("normed", [True, False])
def test_the_tensors_tell_the_sizes_of_published_variants(path, config, normed):
    model = lively(config)
    if not normed:
        remove_weight_norm(model)
    publish(model, path, config=False)
    check_same(load_checkpoint(path), model)


def test_tensors_of_distributed_training(path):
    model = lively(TYPE_1)
    state_dict = {f"module.{name}": tensor for name, tensor in model.state_dict().items()}
    publish(model, path)
    torch.save({"generator": state_dict}, path)
    check_same(load_checkpoint(path), model)


@pytest.mark.parametrize("normed", [True, False])
def test_saved_files_carry_their_config(path, normed):
    model = lively(TYPE_2)
    if not normed:
        remove_weight_norm(model)
    path = path.with_suffix(".safetensors")
    save_checkpoint(model, path)
    path.with_name("config.json").write_text("that of another model")
    check_same(load_checkpoint(path), model)


# What is refused


def test_sizes_that_tensors_do_not_tell(path):
    publish(lively(TYPE_1), path, config=False)
    refused(path, "dilations", "config.json", "same folder")


@pytest.mark.parametrize("lost", ["conv_pre", "ups", "resblocks"])
def test_lost_tensors_without_config(path, lost):
    model = lively(NARROW[0])
    state_dict = {k: v for k, v in model.state_dict().items() if not k.startswith(lost)}
    torch.save({"generator": state_dict}, path)
    refused(path, "HiFi-GAN")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", ["config.json", "JSON"]),
        ("[1]", ["config.json", "list"]),
        ('{"architectures": ["other"]}', ["config.json", "upsample_rates"]),
        (b"\xff\xfe", ["config.json"]),
    ],
)
def test_config_that_cannot_be_used(path, content, words):
    publish(lively(TYPE_1), path)
    content = content if isinstance(content, bytes) else content.encode()
    path.with_name("config.json").write_bytes(content)
    refused(path, *words)


def test_config_with_values_that_do_not_fit_together(path):
    model = lively(TYPE_1)
    publish(model, path)
    content = dataclasses.asdict(model.config) | {"upsample_rates": [4, 1, 2]}
    path.with_name("config.json").write_text(json.dumps(content))
    refused(path, "config.json", "8 samples of a frame, but hop_size is 24")


def test_config_of_another_variant(path):
    publish(lively(NARROW[0]), path)
    content = dataclasses.asdict(HiFiGANConfig.v2())
    path.with_name("config.json").write_text(json.dumps(content))
    refused(path, str(path), "config.json", "conv_pre.bias is (32,) instead of (128,)")


def test_discriminators(path):
    tensors = {"discriminators.0.convs.0.bias": torch.zeros(3)}
    torch.save({"mpd": tensors, "msd": tensors, "steps": 5, "epoch": 1}, path)
    refused(path, "discriminators", "begins with g_")
