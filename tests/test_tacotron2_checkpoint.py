"""Every published checkpoint layout loads; everything else is refused with one clear line."""

import collections
import dataclasses
import json
import os
import pickle
import random
import re
import stat
from functools import partial

import numpy as np
import pytest
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

import labkit
from labkit.errors import CheckpointError
from labkit.tacotron2 import Tacotron2, Tacotron2Config, save_checkpoint
from labkit.tacotron2.kind import load_checkpoint
from small_models import refused_by

# Every size differs from every other and from its default.
SIZES = {
    "n_mel_channels": 20,
    "n_symbols": 33,
    "symbols_embedding_dim": 18,
    "encoder_kernel_size": 3,
    "encoder_n_convolutions": 2,
    "encoder_embedding_dim": 18,
    "attention_rnn_dim": 22,
    "attention_dim": 11,
    "attention_location_n_filters": 4,
    "attention_location_kernel_size": 9,
    "n_frames_per_step": 1,
    "decoder_rnn_dim": 17,
    "prenet_dim": 13,
    "postnet_embedding_dim": 15,
    "postnet_kernel_size": 7,
    "postnet_n_convolutions": 4,
}
CONFIG = SIZES | {
    "mask_padding": False,
    "max_decoder_steps": 77,
    "gate_threshold": 0.4,
    "p_attention_dropout": 0.2,
    "p_decoder_dropout": 0.3,
    "decoder_no_early_stopping": False,
}


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return Tacotron2(Tacotron2Config(**CONFIG))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "weights"


def prefixed(model, prefix):
    return {prefix + name: tensor for name, tensor in model.state_dict().items()}


def same_weights(loaded, model, dtype=torch.float32):
    expected = {
        name: tensor.to(dtype).to(tensor.dtype) if tensor.is_floating_point() else tensor
        for name, tensor in model.state_dict().items()
    }
    state_dict = loaded.state_dict()
    return list(state_dict) == list(expected) and all(
        torch.equal(state_dict[name], tensor) for name, tensor in expected.items()
    )


refused = partial(refused_by, load_checkpoint)


# What loads


@pytest.mark.parametrize("prefix", ["", "module.", "module.1."])
@pytest.mark.parametrize("zipped", [True, False])
def test_deep_learning_examples_layout(model, path, prefix, zipped):
    optimizer = torch.optim.Adam(model.parameters())
    sum(p.sum() for p in model.parameters()).backward()
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    optimizer.step()
    model.load_state_dict(state)
    content = {
        "epoch": 1500,
        "cuda_rng_state_all": [torch.get_rng_state()],
        "random_rng_states_all": [random.getstate(), torch.get_rng_state()],
        "config": CONFIG,
        "state_dict": collections.OrderedDict(prefixed(model, prefix)),
        "optimizer": optimizer.state_dict(),
        "scaler": {"scale": 65536.0, "loss": np.float64(0.5), "step": np.int64(3), "on": np.True_},
    }
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    loaded = load_checkpoint(path)
    assert same_weights(loaded, model)
    assert loaded.config == Tacotron2Config(**CONFIG)
    assert not any(module.training for module in loaded.modules())
    assert all(parameter.requires_grad for parameter in loaded.parameters())


@pytest.mark.parametrize("version", [b"numpy.core.multiarray", b"numpy._core.multiarray"])
def test_numpy_scalars_of_both_numpy_generations(model, path, version):
    content = {"state_dict": model.state_dict(), "config": CONFIG, "loss": np.float32(0.5)}
    torch.save(content, path, _use_new_zipfile_serialization=False)
    names = rb"numpy\._?core\.multiarray\n"
    replaced, count = re.subn(names, version + b"\n", path.read_bytes())
    assert count == 1
    path.write_bytes(replaced)
    assert same_weights(load_checkpoint(path), model)


@pytest.mark.parametrize("plain", [False, True])
def test_layout_without_config_is_measured(model, path, plain):
    state_dict = prefixed(model, "module.")
    content = {"iteration": 9, "state_dict": state_dict, "optimizer": {}, "learning_rate": 1e-3}
    torch.save(state_dict if plain else content, path)
    loaded = load_checkpoint(path)
    assert same_weights(loaded, model)
    assert loaded.config == Tacotron2Config(**SIZES)


def test_incomplete_config_is_completed_from_the_tensors(model, path):
    config = {"n_symbols": 33, "gate_threshold": 0.25}
    torch.save({"state_dict": model.state_dict(), "config": config}, path)
    assert load_checkpoint(path).config == Tacotron2Config(**SIZES, gate_threshold=0.25)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_saved_checkpoint_comes_back(model, path, dtype):
    save_checkpoint(model, path, dtype)
    loaded = load_checkpoint(path)
    assert loaded.config == model.config
    assert same_weights(loaded, model, dtype)
    assert {parameter.dtype for parameter in loaded.parameters()} == {torch.float32}
    with safe_open(path, "pt") as file:
        assert json.loads(file.metadata()["config"]) == dataclasses.asdict(model.config)
        assert file.get_tensor("embedding.weight").dtype == dtype


def test_half_precision_torch_checkpoint_is_upcast(model, path):
    half = {n: t.half() if t.is_floating_point() else t for n, t in model.state_dict().items()}
    torch.save({"state_dict": half, "config": CONFIG}, path)
    assert same_weights(load_checkpoint(path), model, torch.float16)


def test_safetensors_without_config_and_without_batch_counts(model, path):
    state_dict = {n: t for n, t in model.state_dict().items() if "num_batches" not in n}
    save_file(state_dict, path)
    loaded = load_checkpoint(path)
    assert loaded.config == Tacotron2Config(**SIZES)
    assert same_weights(loaded, model)


def test_loaded_model_speaks_and_trains_like_the_saved_one(model, path):
    save_checkpoint(model, path)
    loaded = labkit.load_checkpoint(str(path))
    ids, lengths = torch.randint(1, 33, (2, 6)), torch.tensor([6, 4])
    expected = model.infer(ids, lengths, seed=1)
    for value, expectation in zip(loaded.infer(ids, lengths, seed=1), expected, strict=True):
        torch.testing.assert_close(value, expectation)
    mels, mel_lengths = torch.zeros(2, 20, 5), torch.tensor([5, 3])
    _, mel_postnet, gate, _ = loaded.train()(ids, lengths, mels, mel_lengths)
    (mel_postnet.sum() + gate.sum()).backward()
    assert all(parameter.grad is not None for parameter in loaded.parameters())


def test_loading_leaves_the_random_state_alone(model, path):
    save_checkpoint(model, path)
    state = torch.get_rng_state()
    load_checkpoint(path)
    assert torch.equal(torch.get_rng_state(), state)


def test_model_outlives_its_file(model, path):
    save_checkpoint(model, path)
    loaded = load_checkpoint(path)
    with path.open("r+b") as file:
        file.write(bytes(path.stat().st_size))
    assert same_weights(loaded, model)


# Saving


def test_saving_replaces_a_file_at_once_and_leaves_nothing_behind(model, path, monkeypatch):
    path.write_bytes(b"precious")

    def fail(tensors, file, metadata):
        file.write_bytes(b"half of it")
        raise SafetensorError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("safetensors.torch.save_file", fail)
        with pytest.raises(CheckpointError, match="No space left on device"):
            save_checkpoint(model, path)
    assert path.read_bytes() == b"precious"
    assert list(path.parent.iterdir()) == [path]
    save_checkpoint(model, path)
    assert list(path.parent.iterdir()) == [path]
    assert same_weights(load_checkpoint(path), model)


def test_saved_file_is_readable_like_any_other(model, path):
    save_checkpoint(model, path)
    other = path.with_name("other")
    other.touch()
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(other.stat().st_mode)


def test_saving_refuses_what_could_not_be_loaded(path):
    broken = Tacotron2(Tacotron2Config(**CONFIG))
    with torch.no_grad():
        broken.embedding.weight[0, 0] = 70000
    save_checkpoint(broken, path)
    with pytest.raises(CheckpointError, match=r"not finite as torch.float16: embedding.weight"):
        save_checkpoint(broken, path, torch.float16)
    with pytest.raises(CheckpointError, match="no folder"):
        save_checkpoint(broken, path / "deeper" / "weights")
    folder = path.with_name("folder")
    folder.mkdir()
    with pytest.raises(CheckpointError, match="cannot be written"):
        save_checkpoint(broken, folder)
    assert load_checkpoint(path).embedding.weight[0, 0] == 70000


# What is refused: the file


def test_no_file(path):
    refused(path, "does not exist")
    path.symlink_to(path.with_name("gone"))
    refused(path, "does not exist")


def test_folder(tmp_path):
    refused(tmp_path, "is a folder")


def test_file_below_a_file(path):
    path.touch()
    refused(path / "weights", "cannot be read")


def test_empty_file(path):
    path.touch()
    refused(path, "is empty")


@pytest.mark.parametrize(
    "content",
    [b"hello world", b"<!DOCTYPE html>", b"version https://git-lfs", b"\x00", b"\xff" * 99],
)
def test_no_weights_file(path, content):
    path.write_bytes(content)
    refused(path, "not a weights file", repr(content[:16]))


@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("layout", ["zip", "legacy", "safetensors"])
def test_cut_off_file(model, path, layout, share):
    if layout == "safetensors":
        save_checkpoint(model, path)
    else:
        content = {"state_dict": model.state_dict(), "config": CONFIG}
        torch.save(content, path, _use_new_zipfile_serialization=layout == "zip")
    os.truncate(path, int(path.stat().st_size * share))
    refused(path, "damaged or was cut off")


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04 no archive", b"\x80\x02 no pickle", b"\x80\x04K\x05."]
)
def test_file_that_only_starts_like_one(path, content):
    path.write_bytes(content)
    refused(path)


def test_pickle_that_needs_code_is_named_and_not_run(path):
    torch.save({"model": torch.nn.Linear(2, 2)}, path)
    refused(path, "torch.nn.modules.linear.Linear", "not safe")

    class Attack:
        def __reduce__(self):
            return os.mkdir, (str(path.with_name("attacked")),)

    torch.save({"state_dict": {"embedding.weight": torch.zeros(1)}, "optimizer": Attack()}, path)
    refused(path, "mkdir", "not safe")
    assert not path.with_name("attacked").exists()


@pytest.mark.parametrize(
    ("value", "name"), [(np.zeros(3), "_reconstruct"), (np.str_("x"), "StrDType")]
)
def test_other_numpy_values_need_code(path, value, name):
    torch.save({"state_dict": {}, "value": value}, path)
    refused(path, name, "not safe")


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_torchscript(path):
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), path)
    refused(path, "TorchScript", "state_dict()")


# What is refused: the content


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (torch.zeros(3), ["Tensor", "expected a dict"]),
        ([1, 2], ["list"]),
        ({}, ["empty"]),
        ({"state_dict": {}}, ["empty"]),
        ({"state_dict": 3}, ["unreadable"]),
        ({"epoch": 3}, ["no state dict", "'epoch'", "int"]),
        ({1: torch.zeros(1)}, ["no state dict"]),
        ({"state_dict": {"embedding.weight": "x"}}, ["'embedding.weight'", "str"]),
        ({"conv.weight": torch.zeros(1)}, ["not hold the weights of Tacotron 2", "conv.weight"]),
        ({"state_dict": {"WN.0.start.bias": torch.zeros(1)}}, ["WaveGlow"]),
        ({"state_dict": {"module.convinv.0.conv.weight": torch.zeros(1)}}, ["WaveGlow"]),
        ({"generator": {"conv_pre.bias": torch.zeros(1)}}, ["HiFi-GAN"]),
        ({"backbone.embed.weight": torch.zeros(1)}, ["Vocos"]),
        ({"model": {"decoder.flows.0.logs": torch.zeros(1)}}, ["Glow-TTS"]),
        ({"decoder.flows.0.logs": torch.zeros(1)}, ["Glow-TTS"]),
        ({"transcript_embedding.weight": torch.zeros(1)}, ["Tacotron2-VAE"]),
        (
            {"embedding.weight": torch.zeros(1), "mi.proj.0.linear_layer.bias": torch.zeros(1)},
            ["MMI"],
        ),
    ],
)
def test_other_content(path, content, words):
    torch.save(content, path)
    refused(path, *words)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (CONFIG | {"prenet_dims": 3}, ["prenet_dims", "did you mean"]),
        (CONFIG | {"gate_threshold": 3}, ["gate_threshold"]),
        ([1], ["config", "list"]),
        ({1: 2}, ["config", "dict"]),
    ],
)
def test_unusable_config(model, path, config, words):
    torch.save({"state_dict": model.state_dict(), "config": config}, path)
    refused(path, *words)


@pytest.mark.parametrize(("config", "word"), [("{", "not JSON"), ("[1]", "list"), ("3", "int")])
def test_unusable_config_in_safetensors(model, path, config, word):
    save_file(model.state_dict(), path, {"config": config})
    refused(path, "config", word)


def test_several_frames_per_step_are_measured_without_config(path):
    model = Tacotron2(Tacotron2Config(**{**SIZES, "n_frames_per_step": 3}))
    torch.save(model.state_dict(), path)
    loaded = load_checkpoint(path)
    assert loaded.config.n_frames_per_step == 3
    assert same_weights(loaded, model)


def test_misfits_are_named_and_counted(model, path):
    state_dict = model.state_dict()
    missing = [name for name in state_dict if name.startswith("encoder.lstm")]
    for name in missing:
        del state_dict[name]
    state_dict["decoder.extra"] = torch.zeros(2)
    state_dict["decoder.attention_layer.v.linear_layer.weight"] = torch.zeros(1, 99)
    state_dict["decoder.gate_layer.linear_layer.bias"] = torch.zeros(1, dtype=torch.int64)
    torch.save({"state_dict": state_dict, "config": CONFIG}, path)
    refused(
        path,
        "8 missing: encoder.lstm.weight_ih_l0, encoder.lstm.weight_hh_l0, "
        "encoder.lstm.bias_ih_l0, ...",
        "1 unexpected: decoder.extra",
        "1 of the wrong shape: decoder.attention_layer.v.linear_layer.weight is (1, 99) "
        "instead of (1, 11)",
        "1 of the wrong type: decoder.gate_layer.linear_layer.bias is torch.int64",
    )


def test_config_and_tensors_must_agree(model, path):
    torch.save({"state_dict": model.state_dict(), "config": CONFIG | {"n_symbols": 34}}, path)
    refused(path, "embedding.weight is (33, 18) instead of (34, 18)")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_diverged_weights(model, path, value):
    state_dict = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    state_dict["encoder.convolutions.1.1.running_var"][3] = value
    state_dict["decoder.decoder_rnn.bias_hh"][0] = value
    torch.save(state_dict, path)
    refused(
        path, "NaN or infinite", "2 tensors", "encoder.convolutions.1.1.running_var", "diverged"
    )


def test_pickled_by_hand(model, path):
    with path.open("wb") as file:
        pickle.dump({"state_dict": 1}, file)
    refused(path)
