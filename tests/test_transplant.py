"""Other classes for the parts of a model: the same weights, and the code of a student."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from labkit.errors import ConfigError
from labkit.tacotron2 import Attention, Decoder, Encoder, LocationLayer, Tacotron2, transplant
from test_tacotron2_infer import batch, build


class OwnLocation(LocationLayer):
    """A student's."""


class OwnAttention(Attention):
    """A student's."""


class OwnEncoder(Encoder):
    """A student's."""


class OwnDecoder(Decoder):
    """A student's."""


class OwnTacotron2(Tacotron2):
    """A student's."""


OWN: dict[str, Any] = {
    "LocationLayer": OwnLocation,
    "Attention": OwnAttention,
    "Encoder": OwnEncoder,
    "Decoder": OwnDecoder,
    "Tacotron2": OwnTacotron2,
}


def part(model: Any, name: str) -> torch.nn.Module:
    return {
        "LocationLayer": model.decoder.attention_layer.location_layer,
        "Attention": model.decoder.attention_layer,
        "Encoder": model.encoder,
        "Decoder": model.decoder,
        "Tacotron2": model,
    }[name]


@pytest.mark.parametrize("names", [[], *([name] for name in OWN), list(OWN)])
@pytest.mark.parametrize("frames_per_step", [1, 2])
def test_the_same_weights_speak_the_same(names: list[str], frames_per_step: int) -> None:
    model = build(n_frames_per_step=frames_per_step, mask_embeddings=True)
    own = transplant(model, {name: OWN[name] for name in names})
    for name, cls in OWN.items():
        assert (type(part(own, name)) is cls) == (name in names)
    assert not own.training
    for one, other in zip(own.infer(*batch(), seed=3), model.infer(*batch(), seed=3), strict=True):
        assert torch.allclose(one, other, atol=1e-5)


def test_the_model_is_left_as_it_is() -> None:
    model = build()
    own = transplant(model, OWN)
    with torch.no_grad():
        for parameter in own.parameters():
            parameter.zero_()
    assert all(bool(parameter.abs().sum()) for parameter in model.encoder.parameters())
    assert type(model.decoder) is Decoder


def test_a_part_that_does_not_exist_is_named() -> None:
    with pytest.raises(ConfigError, match="no part of a Tacotron 2 is called 'Vocoder': Tacotron2"):
        transplant(build(), {"Vocoder": OwnDecoder})


def test_parameters_that_differ_are_named_in_one_line() -> None:
    class Wider(Encoder):
        def __init__(self, **sizes: Any) -> None:
            super().__init__(**sizes)
            self.more = torch.nn.Linear(2, 2)

    with pytest.raises(ConfigError, match=r"do not fit the classes Encoder: .*encoder\.more") as e:
        transplant(build(), {"Encoder": Wider})
    assert "\n" not in str(e.value)
