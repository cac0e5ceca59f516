"""A Vocos is saved with its config and loads again; other files are refused in one line."""

import dataclasses
import json

import pytest
import torch
from safetensors.torch import save_file

import labkit
from labkit.errors import CheckpointError
from labkit.models.kind import name_of
from labkit.vocoders import Vocos, load_vocoder
from labkit.vocoders.vocos.kind import load_checkpoint, save_checkpoint
from test_vocos import SMALL, lively, noise


@pytest.fixture
def path(tmp_path):
    return tmp_path / "vocoder.safetensors"


def write(path, state_dict, config):
    metadata = {} if config is None else {"config": json.dumps(config)}
    save_file({name: tensor.contiguous() for name, tensor in state_dict.items()}, path, metadata)


def refused(path, *words):
    with pytest.raises(CheckpointError) as error:
        load_checkpoint(path)
    message = str(error.value)
    assert str(path) in message
    assert "\n" not in message
    assert all(word in message for word in words), message


def test_what_was_saved_loads(path):
    model = lively()
    save_checkpoint(model, path)
    loaded = load_checkpoint(path)
    assert loaded.config == SMALL
    assert not loaded.training
    assert torch.equal(loaded.infer(noise(1, 6, 9)), model.infer(noise(1, 6, 9)))


def test_half_precision_is_hardly_heard(path):
    model = lively()
    save_checkpoint(model, path, torch.float16)
    loaded, mel = load_checkpoint(path), noise(1, 6, 9)
    assert loaded.head.out.weight.dtype == torch.float32
    torch.testing.assert_close(loaded.infer(mel), model.infer(mel), rtol=0, atol=0.01)


def test_its_names_tell_what_it_is():
    assert name_of(lively().state_dict()) == "Vocos"


def test_without_config(path):
    write(path, lively().state_dict(), None)
    refused(path, "does not say how its mel is taken")


@pytest.mark.parametrize("config", [{"dim": 0}, {"width": 3}])
def test_config_that_cannot_be_used(path, config):
    write(path, lively().state_dict(), config)
    refused(path, "config that cannot be used", *config)


def test_tensors_of_another_size(path):
    write(path, lively().state_dict(), {**dataclasses.asdict(SMALL), "dim": 10})
    refused(path, "wrong shape")


def test_another_model(path):
    write(path, {"conv_pre.weight": torch.zeros(1)}, None)
    refused(path, "HiFi-GAN", "not of Vocos")


def test_the_file_is_recognised(path):
    save_checkpoint(lively(), path)
    assert isinstance(labkit.load_checkpoint(path), Vocos)
    assert isinstance(load_vocoder(path), Vocos)
