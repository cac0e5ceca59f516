"""Lab 1: the slips of ``LocationLayer.forward`` as code, each with the ways to make it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from labkit.tacotron2 import LocationLayer

Change = Callable[[Any], Any]


def _same(x: Any) -> Any:
    return x


def _dropped_little(x: Any) -> Any:
    return F.dropout(x, 0.1)


def _swapped(x: Any) -> Any:
    return x.transpose(1, 2)


def _slip(body: Any) -> type[nn.Module]:
    return type("LocationSlip", (LocationLayer,), {"forward": body})


def _with(
    weights: Change = _same, features: Change = _swapped, result: Change = _same
) -> type[nn.Module]:
    """A layer that changes what comes in, what is between its parts, or what goes out."""
    return _slip(
        lambda s, w: result(s.location_dense(features(s.location_conv(weights(w))))),
    )


def _filtered(convolve: Callable[[Any, Any], Any]) -> type[nn.Module]:
    """A layer that convolves in its own way: convolve(weights, filters)."""
    return _slip(
        lambda s, w: s.location_dense(convolve(w, s.location_conv.conv.weight).transpose(1, 2))
    )


def _scaled(by: Callable[[LocationLayer], float]) -> type[nn.Module]:
    return _slip(lambda s, w: LocationLayer.forward(s, w) / by(s))


def _one_channel(channel: int) -> tuple[type[nn.Module], type[nn.Module]]:
    def alone(w: torch.Tensor) -> torch.Tensor:
        kept = torch.zeros_like(w)
        kept[:, channel] = w[:, channel]
        return kept

    return _with(lambda w: w[:, [channel, channel]]), _with(alone)


LOCATION_SLIPS: dict[str, tuple[type[nn.Module], ...]] = {
    "transpose-missing": (_with(features=_same),),
    "transposed-late": (_with(features=_same, result=_swapped),),
    "transposed-early": (_with(_swapped),),
    "wrong-axes": (
        _with(features=lambda x: x.permute(2, 0, 1)),
        _with(features=lambda x: x.transpose(0, 1)),
        _with(features=lambda x: x.transpose(0, 2)),
    ),
    "reshaped": (
        _with(features=lambda x: x.reshape(x.size(0), x.size(2), -1)),
        _slip(
            lambda s, w: s.location_dense(
                s.location_conv(w).reshape(-1, s.location_conv.conv.out_channels)
            ).view(w.size(0), w.size(2), -1)
        ),
    ),
    "dense-missing": (
        _slip(lambda s, w: s.location_conv(w).transpose(1, 2)),
        _slip(lambda s, w: s.location_conv(w)),
    ),
    "dense-twice": (_slip(lambda s, w: s.location_dense(LocationLayer.forward(s, w))),),
    "conv-missing": (
        _slip(lambda s, w: s.location_dense(w.transpose(1, 2))),
        _slip(lambda s, w: s.location_dense(w)),
    ),
    "weight-transposed": (
        _slip(lambda s, w: s.location_conv(w).mT @ s.location_dense.linear_layer.weight),
    ),
    "transposed-back": (_with(result=_swapped),),
    "channels-swapped": (_with(lambda w: w.flip(1)),),
    "previous-only": _one_channel(0),
    "cumulative-only": _one_channel(1),
    "channels-mixed": (
        _with(lambda w: w.sum(1, keepdim=True).expand_as(w)),
        _with(lambda w: w.mean(1, keepdim=True).expand_as(w)),
    ),
    "channel-taken": (_with(lambda w: w[:, :1]),),
    "relu-added": (
        _with(features=lambda x: _swapped(x.relu())),
        _with(result=F.relu),
    ),
    "tanh-added": (
        _with(result=torch.tanh),
        _with(features=lambda x: _swapped(x.tanh())),
        _with(features=lambda x: _swapped(x.tanh()), result=torch.tanh),
    ),
    "sigmoid-added": (
        _with(result=torch.sigmoid),
        _with(features=lambda x: _swapped(x.sigmoid())),
    ),
    "softmax-added": (
        _with(result=lambda x: x.softmax(-1)),
        _with(result=lambda x: x.softmax(1)),
        _with(features=lambda x: _swapped(x.softmax(-1))),
        _with(features=lambda x: _swapped(x.softmax(1))),
        _with(lambda w: w.softmax(-1)),
    ),
    "scaled": (
        _scaled(lambda s: s.location_dense.linear_layer.out_features**0.5),
        _scaled(lambda s: s.location_conv.conv.out_channels**0.5),
        _scaled(lambda s: s.location_dense.linear_layer.out_features),
    ),
    "weights-normalised": (
        _with(lambda w: w / w.sum(-1, keepdim=True)),
        _with(lambda w: w / w.sum(1, keepdim=True)),
    ),
    "tap-shifted": (
        _with(lambda w: F.pad(w, (1, 0))[..., :-1]),
        _with(lambda w: F.pad(w, (0, 1))[..., 1:]),
        _with(features=lambda x: _swapped(F.pad(x, (1, 0))[..., :-1])),
        _with(features=lambda x: _swapped(F.pad(x, (0, 1))[..., 1:])),
    ),
    "causal": (
        _filtered(lambda w, k: F.conv1d(F.pad(w, (k.size(2) - 1, 0)), k)),
        _filtered(lambda w, k: F.conv1d(F.pad(w, (0, k.size(2) - 1)), k)),
    ),
    "rolled": (
        _with(lambda w: w.roll(1, -1)),
        _with(lambda w: w.roll(-1, -1)),
        _with(result=lambda x: x.roll(1, 1)),
        _with(result=lambda x: x.roll(-1, 1)),
    ),
    "padding-missing": (_filtered(F.conv1d),),
    "filter-flipped": (_filtered(lambda w, k: F.conv1d(w, k.flip(-1), padding=k.size(2) // 2)),),
    "reversed": (
        _with(result=lambda x: x.flip(1)),
        _with(lambda w: w.flip(-1)),
    ),
    "first-sentence": (
        _with(lambda w: w[:1]),
        _with(result=lambda x: x[0]),
        _with(lambda w: w[:1].expand_as(w)),
    ),
    "summed-up": (
        _with(result=lambda x: x.sum(1)),
        _with(result=lambda x: x.mean(1)),
        _with(result=lambda x: x.sum(-1)),
        _with(result=lambda x: x.mean(-1)),
    ),
    "negated": (_with(result=lambda x: -x),),
    "dropout-added": (
        _with(result=F.dropout),
        _with(result=_dropped_little),
        _with(features=lambda x: F.dropout(_swapped(x))),
        _with(features=lambda x: _swapped(F.dropout(x))),
    ),
    "batch-squeezed": (
        _with(result=lambda x: x.squeeze()),
        _with(features=lambda x: x.squeeze().transpose(-1, -2)),
    ),
}
