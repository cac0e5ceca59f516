"""Config, parameter count, names and shapes of the published model; clear refusals."""

import copy
import dataclasses
import pickle

import numpy as np
import pytest
import torch

from labkit.errors import ConfigError
from labkit.tacotron2 import Tacotron2, Tacotron2Config

PUBLISHED_CONFIG = {
    "mask_padding": False,
    "n_mel_channels": 80,
    "n_symbols": 148,
    "symbols_embedding_dim": 512,
    "encoder_kernel_size": 5,
    "encoder_n_convolutions": 3,
    "encoder_embedding_dim": 512,
    "attention_rnn_dim": 1024,
    "attention_dim": 128,
    "attention_location_n_filters": 32,
    "attention_location_kernel_size": 31,
    "n_frames_per_step": 1,
    "decoder_rnn_dim": 1024,
    "prenet_dim": 256,
    "max_decoder_steps": 1000,
    "gate_threshold": 0.5,
    "p_attention_dropout": 0.1,
    "p_decoder_dropout": 0.1,
    "postnet_embedding_dim": 512,
    "postnet_kernel_size": 5,
    "postnet_n_convolutions": 5,
    "decoder_no_early_stopping": False,
}


def batch_norm(name, size):
    return {
        **{f"{name}.{k}": (size,) for k in ("weight", "bias", "running_mean", "running_var")},
        f"{name}.num_batches_tracked": (),
    }


def published_shapes():
    shapes = {"embedding.weight": (148, 512)}
    for i in range(3):
        shapes[f"encoder.convolutions.{i}.0.conv.weight"] = (512, 512, 5)
        shapes[f"encoder.convolutions.{i}.0.conv.bias"] = (512,)
        shapes |= batch_norm(f"encoder.convolutions.{i}.1", 512)
    for direction in ("", "_reverse"):
        shapes[f"encoder.lstm.weight_ih_l0{direction}"] = (1024, 512)
        shapes[f"encoder.lstm.weight_hh_l0{direction}"] = (1024, 256)
        shapes[f"encoder.lstm.bias_ih_l0{direction}"] = (1024,)
        shapes[f"encoder.lstm.bias_hh_l0{direction}"] = (1024,)
    attention = "decoder.attention_layer"
    shapes |= {
        "decoder.prenet.layers.0.linear_layer.weight": (256, 80),
        "decoder.prenet.layers.1.linear_layer.weight": (256, 256),
        "decoder.attention_rnn.weight_ih": (4096, 768),
        "decoder.attention_rnn.weight_hh": (4096, 1024),
        "decoder.attention_rnn.bias_ih": (4096,),
        "decoder.attention_rnn.bias_hh": (4096,),
        f"{attention}.query_layer.linear_layer.weight": (128, 1024),
        f"{attention}.memory_layer.linear_layer.weight": (128, 512),
        f"{attention}.v.linear_layer.weight": (1, 128),
        f"{attention}.location_layer.location_conv.conv.weight": (32, 2, 31),
        f"{attention}.location_layer.location_dense.linear_layer.weight": (128, 32),
        "decoder.decoder_rnn.weight_ih": (4096, 1536),
        "decoder.decoder_rnn.weight_hh": (4096, 1024),
        "decoder.decoder_rnn.bias_ih": (4096,),
        "decoder.decoder_rnn.bias_hh": (4096,),
        "decoder.linear_projection.linear_layer.weight": (80, 1536),
        "decoder.linear_projection.linear_layer.bias": (80,),
        "decoder.gate_layer.linear_layer.weight": (1, 1536),
        "decoder.gate_layer.linear_layer.bias": (1,),
    }
    channels = [80, 512, 512, 512, 512, 80]
    for i in range(5):
        shapes[f"postnet.convolutions.{i}.0.conv.weight"] = (channels[i + 1], channels[i], 5)
        shapes[f"postnet.convolutions.{i}.0.conv.bias"] = (channels[i + 1],)
        shapes |= batch_norm(f"postnet.convolutions.{i}.1", channels[i + 1])
    return shapes


@pytest.mark.parametrize("config", [{}, PUBLISHED_CONFIG], ids=["default", "published"])
def test_full_size_model_has_the_published_names_and_shapes(config):
    with torch.device("meta"):
        model = Tacotron2(Tacotron2Config(**config))
    shapes = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    assert shapes == published_shapes()
    assert len(shapes) == 84
    assert sum(parameter.numel() for parameter in model.parameters()) == 28_193_153


def test_initial_weights_have_the_published_spread():
    torch.manual_seed(0)
    model = Tacotron2(Tacotron2Config())
    embedding = model.embedding.weight
    assert embedding.abs().max().item() == pytest.approx((3 * 2 / (148 + 512)) ** 0.5, rel=1e-3)

    def gain(weight):
        """The gain of a Xavier-uniform weight: its standard deviation over that of gain 1."""
        fan = weight[0][0].numel() * (weight.size(0) + weight.size(1))
        return weight.std().item() / (2 / fan) ** 0.5

    decoder = model.decoder
    for weight, expected in (
        (model.encoder.convolutions[0][0].conv.weight, 2**0.5),
        (model.postnet.convolutions[0][0].conv.weight, 5 / 3),
        (model.postnet.convolutions[4][0].conv.weight, 1.0),
        (decoder.prenet.layers[0].linear_layer.weight, 1.0),
        (decoder.attention_layer.query_layer.linear_layer.weight, 5 / 3),
        (decoder.linear_projection.linear_layer.weight, 1.0),
        (decoder.gate_layer.linear_layer.weight, 1.0),
    ):
        assert gain(weight) == pytest.approx(expected, rel=0.06)


def test_extra_keys_have_the_documented_defaults():
    config = Tacotron2Config(**PUBLISHED_CONFIG)
    assert config.p_prenet_dropout == 0.5
    assert config.p_encoder_dropout == config.p_postnet_dropout == 0.5
    assert config.mask_embeddings is False
    assert config.mask_padding is False
    assert set(dataclasses.asdict(config)) == {
        *PUBLISHED_CONFIG,
        "p_prenet_dropout",
        "mask_embeddings",
        "p_encoder_dropout",
        "p_postnet_dropout",
    }


def test_config_can_be_copied_pickled_and_replaced():
    config = Tacotron2Config(n_symbols=80)
    assert copy.deepcopy(config) == config
    assert pickle.loads(pickle.dumps(config)) == config
    assert dataclasses.replace(config, prenet_dim=32).n_symbols == 80
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.n_symbols = 3


def test_numbers_of_any_library_become_plain_ones():
    config = Tacotron2Config(
        n_symbols=np.int64(80), gate_threshold=np.float32(0.25), p_prenet_dropout=0
    )
    assert type(config.n_symbols) is int
    assert type(config.gate_threshold) is float
    assert type(config.p_prenet_dropout) is float


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"encoder_kernel_size": 4}, ["encoder_kernel_size", "odd", "4"]),
        ({"attention_location_kernel_size": 30}, ["attention_location_kernel_size", "odd", "30"]),
        ({"postnet_kernel_size": 2}, ["postnet_kernel_size", "odd", "2"]),
        (
            {"encoder_embedding_dim": 511, "symbols_embedding_dim": 511},
            ["encoder_embedding_dim", "even", "511"],
        ),
        ({"symbols_embedding_dim": 256}, ["symbols_embedding_dim", "256", "512", "equal"]),
        ({"n_symbols": 0}, ["n_symbols", "positive", "0"]),
        ({"prenet_dim": -3}, ["prenet_dim", "positive", "-3"]),
        ({"prenet_dim": 2.5}, ["prenet_dim", "whole", "2.5"]),
        ({"postnet_n_convolutions": True}, ["postnet_n_convolutions", "whole", "True"]),
        ({"max_decoder_steps": "1000"}, ["max_decoder_steps", "whole", "'1000'"]),
        ({"gate_threshold": 0}, ["gate_threshold", "between 0 and 1"]),
        ({"gate_threshold": 1.0}, ["gate_threshold", "1.0"]),
        ({"gate_threshold": float("nan")}, ["gate_threshold", "nan"]),
        ({"p_decoder_dropout": 1}, ["p_decoder_dropout", "below 1"]),
        ({"p_prenet_dropout": -0.1}, ["p_prenet_dropout", "-0.1"]),
        ({"mask_padding": "False"}, ["mask_padding", "True or False", "'False'"]),
        ({"mask_embeddings": 1}, ["mask_embeddings", "True or False"]),
        ({"n_frames_per_step": 0}, ["n_frames_per_step", "0"]),
        ({"prenet_dims": 256}, ["'prenet_dims'", "did you mean", "prenet_dim"]),
        ({"n_speakers": 3, "xyz": 1}, ["'n_speakers'", "'xyz'"]),
    ],
)
def test_wrong_values_are_refused_with_their_name(config, words):
    with pytest.raises(ConfigError) as error:
        Tacotron2Config(**config)
    message = str(error.value)
    assert all(word in message for word in words), message
    assert "\n" not in message
