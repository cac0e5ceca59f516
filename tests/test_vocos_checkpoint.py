"""A Vocos is saved with its config and loads again; other files are refused in one line."""

import json
from functools import partial

import pytest
import torch
from safetensors.torch import save_file

from labkit.vocoders.vocos.kind import load_checkpoint, save_checkpoint
from small_models import refused_by
from test_vocos import lively, noise


@pytest.fixture
def path(tmp_path):
    return tmp_path / "vocoder.safetensors"


def write(path, state_dict, config):
    metadata = {} if config is None else {"config": json.dumps(config)}
    save_file({name: tensor.contiguous() for name, tensor in state_dict.items()}, path, metadata)


refused = partial(refused_by, load_checkpoint)


def test_half_precision_is_hardly_heard(path):
    model = lively()
    save_checkpoint(model, path, torch.float16)
    loaded, mel = load_checkpoint(path), noise(1, 6, 9)
    assert loaded.head.out.weight.dtype == torch.float32
    torch.testing.assert_close(loaded.infer(mel), model.infer(mel), rtol=0, atol=0.01)


def test_without_config(path):
    write(path, lively().state_dict(), None)
    refused(path, "does not say how its mel is taken")


@pytest.mark.parametrize(
    ("config", "words"), [({"dim": 0}, "config that cannot be used: dim"), ({}, "wrong shape")]
)
def test_config_of_something_else(path, config, words):
    write(path, lively().state_dict(), config)
    refused(path, words)
