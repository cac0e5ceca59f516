"""Lab 2: the slips of ``Encoder.convolve`` as code, each with the ways to make it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from labkit.tacotron2 import Encoder


def _zero(x: Any, padding: Any) -> Any:
    return x if padding is None else x.masked_fill(padding, 0.0)


def _drop(s: Any, x: Any) -> Any:
    return F.dropout(x, s.p_encoder_dropout, s.training)


def _slip(convolve: Any) -> type[nn.Module]:
    return type("ConvolveSlip", (Encoder,), {"convolve": convolve})


def _layer(layer: Callable[[Any, Any, Any], Any], mask: Any = _zero) -> type[nn.Module]:
    """A stack whose layers do the wrong thing: layer(encoder, convolution, x)."""

    def convolve(s: Any, x: Any, padding: Any) -> Any:
        for convolution in s.convolutions:
            x = layer(s, convolution, mask(x, padding))
        return x

    return _slip(convolve)


def _numbered(layer: Callable[[Any, Any, Any, bool, bool], Any]) -> type[nn.Module]:
    """A stack whose layers differ: layer(encoder, convolution, x, is first, is last)."""

    def convolve(s: Any, x: Any, padding: Any) -> Any:
        last = len(s.convolutions) - 1
        for number, convolution in enumerate(s.convolutions):
            x = layer(s, convolution, _zero(x, padding), number == 0, number == last)
        return x

    return _slip(convolve)


def _bent(bend: Callable[[Any], Any]) -> type[nn.Module]:
    """A stack with another function in the place of the ReLU."""
    return _layer(lambda s, c, x: _drop(s, bend(c(x))))


def _dropped(drop: Callable[[Any, Any], Any]) -> type[nn.Module]:
    """A stack with another dropout: drop(encoder, x)."""
    return _layer(lambda s, c, x: drop(s, c(x).relu()))


def _masked(mask: Any) -> type[nn.Module]:
    """A stack of right layers before which the padding is treated wrongly."""
    return _layer(lambda s, c, x: _drop(s, c(x).relu()), mask)


def _filled(value: float) -> type[nn.Module]:
    return _masked(lambda x, padding: x if padding is None else x.masked_fill(padding, value))


def _stacked(choose: Callable[[Any], Iterable[Any]]) -> type[nn.Module]:
    """A stack of the wrong layers."""

    def convolve(s: Any, x: Any, padding: Any) -> Any:
        for convolution in choose(s.convolutions):
            x = _drop(s, convolution(_zero(x, padding)).relu())
        return x

    return _slip(convolve)


def _finished(finish: Callable[[Any, Any, Any], Any]) -> type[nn.Module]:
    """Right layers, and a result to which something is done: finish(result, x, padding)."""
    return _slip(lambda s, x, padding: finish(Encoder.convolve(s, x, padding), x, padding))


def _relu_at_end(s: Any, x: Any, padding: Any) -> Any:
    for convolution in s.convolutions:
        x = _drop(s, convolution(_zero(x, padding)))
    return x.relu()


def _padding_once(s: Any, x: Any, padding: Any) -> Any:
    return Encoder.convolve(s, _zero(x, padding), None)


def _padding_after(s: Any, x: Any, padding: Any) -> Any:
    for convolution in s.convolutions:
        x = _zero(_drop(s, convolution(x).relu()), padding)
    return x


def _padding_not_first(s: Any, x: Any, padding: Any) -> Any:
    for number, convolution in enumerate(s.convolutions):
        x = _drop(s, convolution(_zero(x, padding if number else None)).relu())
    return x


def _set_mode(training: bool) -> type[nn.Module]:
    def convolve(s: Any, x: Any, padding: Any) -> Any:
        return Encoder.convolve(s.train(training), x, padding)

    return _slip(convolve)


def _inverted(x: Any, padding: Any) -> Any:
    return _zero(x, None if padding is None else ~padding)


def _squeezed(x: Any, padding: Any) -> Any:
    return _zero(x, None if padding is None else padding.squeeze(1))


def _subtracted(x: Any, padding: Any) -> Any:
    return x if padding is None else x * (1 - padding)


def _together(axis: int) -> type[nn.Module]:
    def drop(s: Any, x: Any) -> Any:
        return x * _drop(s, torch.ones_like(x.narrow(axis, 0, 1)))

    return _dropped(drop)


CONVOLVE_SLIPS: dict[str, tuple[type[nn.Module], ...]] = {
    "relu-missing": (_bent(lambda x: x),),
    "relu-before": (_layer(lambda s, c, x: _drop(s, c(x.relu()))),),
    "relu-before-norm": (_layer(lambda s, c, x: _drop(s, c[1](c[0](x).relu()))),),
    "relu-at-end": (_slip(_relu_at_end),),
    "relu-not-last": (
        _numbered(lambda s, c, x, first, last: c(x) if last else _drop(s, c(x).relu())),
        _numbered(lambda s, c, x, first, last: _drop(s, c(x) if last else c(x).relu())),
    ),
    "tanh": (_bent(torch.tanh),),
    "other-activation": tuple(
        _bent(bend)
        for bend in (torch.sigmoid, F.leaky_relu, F.gelu, F.elu, F.silu, F.softplus, torch.abs)
    ),
    "dropout-left-on": (
        _dropped(lambda s, x: F.dropout(x, s.p_encoder_dropout)),
        _dropped(lambda s, x: F.dropout(x)),
    ),
    "dropout-missing": (_dropped(lambda s, x: x),),
    "dropout-inverted": (_dropped(lambda s, x: F.dropout(x, s.p_encoder_dropout, not s.training)),),
    "dropout-before": (_layer(lambda s, c, x: c(_drop(s, x)).relu()),),
    "dropout-between": (_layer(lambda s, c, x: c[1](_drop(s, c[0](x))).relu()),),
    "dropout-once": (
        _numbered(lambda s, c, x, first, last: _drop(s, c(x).relu()) if last else c(x).relu()),
        _numbered(lambda s, c, x, first, last: _drop(s, c(x).relu()) if first else c(x).relu()),
        _numbered(lambda s, c, x, first, last: c(x).relu() if last else _drop(s, c(x).relu())),
    ),
    "dropout-kept-share": (
        _dropped(lambda s, x: F.dropout(x, 1 - s.p_encoder_dropout, s.training)),
    ),
    "dropout-unscaled": (
        _dropped(lambda s, x: _drop(s, x) * (1 - s.p_encoder_dropout if s.training else 1)),
    ),
    "dropout-share": (
        _dropped(lambda s, x: F.dropout(x, 0.1, s.training)),
        _dropped(lambda s, x: _drop(s, _drop(s, x))),
    ),
    "dropout-together": (_together(2), _together(1), _together(0)),
    "not-chained": (_stacked(lambda layers: layers[-1:]),),
    "first-layer-only": (_stacked(lambda layers: layers[:1]),),
    "last-layer-skipped": (_stacked(lambda layers: layers[:-1]),),
    "first-layer-skipped": (_stacked(lambda layers: layers[1:]),),
    "same-layer": (
        _stacked(lambda layers: [layers[0]] * len(layers)),
        _stacked(lambda layers: [layers[-1]] * len(layers)),
    ),
    "three-layers": (_stacked(lambda layers: [layers[0], layers[1], layers[2]]),),
    "reversed": (_stacked(reversed),),
    "list-called": (_slip(lambda s, x, padding: _drop(s, s.convolutions(x).relu())),),
    "batch-norm-skipped": (_layer(lambda s, c, x: _drop(s, c[0](x).relu())),),
    "norm-before": (_layer(lambda s, c, x: _drop(s, c[0](c[1](x)).relu())),),
    "residual": (
        _layer(lambda s, c, x: x + _drop(s, c(x).relu())),
        _layer(lambda s, c, x: _drop(s, (x + c(x)).relu())),
        _finished(lambda y, x, padding: y + x),
    ),
    "padding-inverted": (_masked(_inverted),),
    "padding-ignored": (_masked(lambda x, padding: x),),
    "padding-once": (_slip(_padding_once),),
    "padding-after": (_slip(_padding_after),),
    "padding-also-after": (_finished(lambda y, x, padding: _zero(y, padding)),),
    "padding-at-end": (_slip(lambda s, x, padding: _zero(Encoder.convolve(s, x, None), padding)),),
    "padding-not-first": (_slip(_padding_not_first),),
    "padding-minus-infinity": (_filled(-torch.inf),),
    "padding-filled": tuple(_filled(value) for value in (1.0, -1.0, -1e9, -1e4)),
    "padding-none": (_masked(lambda x, padding: x.masked_fill(padding, 0.0)),),
    "padding-subtracted": (_masked(_subtracted),),
    "padding-axis": (_masked(_squeezed),),
    "transposed": (_finished(lambda y, x, padding: y.transpose(1, 2)),),
    "transposed-early": (
        _slip(lambda s, x, padding: Encoder.convolve(s, x.transpose(1, 2), padding)),
    ),
    "mode-set": (_set_mode(False), _set_mode(True)),
    "batch-squeezed": (
        _finished(lambda y, x, padding: y.squeeze()),
        _finished(lambda y, x, padding: y.squeeze(0)),
    ),
}
