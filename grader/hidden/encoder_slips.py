"""Lab 2: the named slips as code. Each is the reference with one mistake.

Their outputs on the public cases are stored, so that a student edition can recognise a slip
without holding this code; the same classes are the mutants that the hidden cases must catch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from labkit.tacotron2 import Encoder
from labkit.tacotron2.masking import padding_mask


def _zero(x: Any, padding: Any) -> Any:
    return x if padding is None else x.masked_fill(padding, 0.0)


def _drop(s: Any, x: Any) -> Any:
    return F.dropout(x, s.p_encoder_dropout, s.training)


def _convolve_slip(convolve: Any) -> type[nn.Module]:
    return type("ConvolveSlip", (Encoder,), {"convolve": convolve})


def _layer(layer: Callable[[Any, Any, Any], Any], mask: Any = _zero) -> type[nn.Module]:
    """A stack whose layers do the wrong thing: layer(encoder, convolution, x)."""

    def convolve(s: Any, x: Any, padding: Any) -> Any:
        for convolution in s.convolutions:
            x = layer(s, convolution, mask(x, padding))
        return x

    return _convolve_slip(convolve)


def _masked(mask: Any) -> type[nn.Module]:
    """A stack of right layers before which the padding is treated wrongly."""
    return _layer(lambda s, c, x: _drop(s, c(x).relu()), mask)


def _stacked(choose: Callable[[Any], Iterable[Any]]) -> type[nn.Module]:
    """A stack of the wrong layers."""

    def convolve(s: Any, x: Any, padding: Any) -> Any:
        for convolution in choose(s.convolutions):
            x = _drop(s, convolution(_zero(x, padding)).relu())
        return x

    return _convolve_slip(convolve)


def _finished(finish: Callable[[Any, Any], Any]) -> type[nn.Module]:
    """Right layers, and a result to which something is done: finish(result, padding)."""
    return _convolve_slip(lambda s, x, padding: finish(Encoder.convolve(s, x, padding), padding))


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


def _inverted(x: Any, padding: Any) -> Any:
    return _zero(x, None if padding is None else ~padding)


def _minus_infinity(x: Any, padding: Any) -> Any:
    return x if padding is None else x.masked_fill(padding, -torch.inf)


def _forward_slip(forward: Any) -> type[nn.Module]:
    return type("ForwardSlip", (Encoder,), {"forward": forward})


def _padding(s: Any, x: Any, lengths: Any) -> Any:
    return padding_mask(lengths, x.size(2)).unsqueeze(1) if s.mask_embeddings else None


def _convolved(s: Any, x: Any, lengths: Any) -> Any:
    """Return (B, T_in, D) what should enter the LSTM."""
    return s.convolve(x, _padding(s, x, lengths)).transpose(1, 2)


def _read(
    s: Any, x: Any, lengths: Any, pack_batch_first: bool = True, unpack_batch_first: bool = True
) -> Any:
    """Return (B, T_in, D) what the LSTM says to an input (B, T_in, D)."""
    packed = pack_padded_sequence(x, lengths, pack_batch_first, enforce_sorted=False)
    return pad_packed_sequence(s.lstm(packed)[0], unpack_batch_first, total_length=x.size(1))[0]


def _entered(enter: Callable[[Any, Any, Any], Any]) -> type[nn.Module]:
    """A forward whose LSTM gets the wrong thing: enter(encoder, x, lengths)."""
    return _forward_slip(lambda s, x, lengths: _read(s, enter(s, x, lengths), lengths))


def _run(run: Callable[[Any, Any, Any], Any]) -> type[nn.Module]:
    """A forward whose LSTM is run wrongly: run(encoder, convolved, lengths)."""
    return _forward_slip(lambda s, x, lengths: run(s, _convolved(s, x, lengths), lengths))


def _left(leave: Callable[[Any, int], Any]) -> type[nn.Module]:
    """A forward whose right memory is spoilt at last: leave(memory, size of one half)."""
    return _run(lambda s, x, lengths: leave(_read(s, x, lengths), x.size(2) // 2))


def _order_enforced(s: Any, x: Any, lengths: Any) -> Any:
    packed = pack_padded_sequence(x, lengths, batch_first=True)
    return pad_packed_sequence(s.lstm(packed)[0], batch_first=True, total_length=x.size(1))[0]


def _order_sorted(s: Any, x: Any, lengths: Any) -> Any:
    lengths, order = lengths.sort(descending=True)
    return _read(s, x[order], lengths)


def _packed(s: Any, x: Any, lengths: Any) -> Any:
    return s.lstm(pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False))


def _reshaped(s: Any, x: Any, lengths: Any) -> Any:
    return s.convolve(x, _padding(s, x, lengths)).reshape(x.size(0), x.size(2), x.size(1))


def _untransposed(s: Any, x: Any, lengths: Any) -> Any:
    return s.convolve(x, _padding(s, x, lengths))


def _masked_not_packed(s: Any, x: Any, lengths: Any) -> Any:
    return s.lstm(x)[0].masked_fill(padding_mask(lengths, x.size(1)).unsqueeze(2), 0.0)


SLIPS: dict[str, dict[str, type[nn.Module]]] = {
    "encoder-1": {
        "relu-missing": _layer(lambda s, c, x: _drop(s, c(x))),
        "relu-before": _layer(lambda s, c, x: _drop(s, c(x.relu()))),
        "relu-before-norm": _layer(lambda s, c, x: _drop(s, c[1](c[0](x).relu()))),
        "relu-at-end": _convolve_slip(_relu_at_end),
        "tanh": _layer(lambda s, c, x: _drop(s, c(x).tanh())),
        "dropout-left-on": _layer(lambda s, c, x: F.dropout(c(x).relu(), s.p_encoder_dropout)),
        "dropout-missing": _layer(lambda s, c, x: c(x).relu()),
        "dropout-before": _layer(lambda s, c, x: c(_drop(s, x)).relu()),
        "not-chained": _stacked(lambda layers: layers[-1:]),
        "first-layer-only": _stacked(lambda layers: layers[:1]),
        "reversed": _stacked(reversed),
        "batch-norm-skipped": _layer(lambda s, c, x: _drop(s, c[0](x).relu())),
        "residual": _layer(lambda s, c, x: x + _drop(s, c(x).relu())),
        "padding-inverted": _masked(_inverted),
        "padding-ignored": _masked(lambda x, padding: x),
        "padding-once": _convolve_slip(_padding_once),
        "padding-after": _convolve_slip(_padding_after),
        "padding-also-after": _finished(_zero),
        "padding-minus-infinity": _masked(_minus_infinity),
        "padding-none": _masked(lambda x, padding: x.masked_fill(padding, 0.0)),
        "transposed": _finished(lambda x, padding: x.transpose(1, 2)),
        "batch-squeezed": _finished(lambda x, padding: x.squeeze()),
    },
    "encoder-2": {
        "transpose-missing": _entered(_untransposed),
        "reshaped": _entered(_reshaped),
        "not-packed": _run(lambda s, x, lengths: s.lstm(x)[0]),
        "masked-not-packed": _run(_masked_not_packed),
        "order-enforced": _run(_order_enforced),
        "order-sorted": _run(_order_sorted),
        "pack-time-first": _run(lambda s, x, lengths: _read(s, x, lengths, False, True)),
        "unpack-time-first": _run(lambda s, x, lengths: _read(s, x, lengths, True, False)),
        "time-first": _run(lambda s, x, lengths: _read(s, x, lengths, False, False)),
        "not-unpacked": _run(lambda s, x, lengths: _packed(s, x, lengths)[0].data),
        "total-length-missing": _run(
            lambda s, x, lengths: pad_packed_sequence(_packed(s, x, lengths)[0], True)[0]
        ),
        "lengths-off-by-one": _run(lambda s, x, lengths: _read(s, x, lengths - 1)),
        "final-state": _run(lambda s, x, lengths: _packed(s, x, lengths)[1][0]),
        "forward-half": _left(lambda memory, half: memory[..., :half]),
        "backward-half": _left(lambda memory, half: memory[..., half:]),
        "halves-swapped": _left(lambda memory, half: memory.roll(half, -1)),
        "halves-summed": _left(lambda memory, half: memory[..., :half] + memory[..., half:]),
        "convolve-skipped": _entered(lambda s, x, lengths: x.transpose(1, 2)),
        "padding-forgotten": _entered(lambda s, x, lengths: s.convolve(x, None).transpose(1, 2)),
        "residual": _run(lambda s, x, lengths: x + _read(s, x, lengths)),
        "transposed-back": _left(lambda memory, half: memory.transpose(1, 2)),
        "batch-squeezed": _left(lambda memory, half: memory.squeeze()),
    },
}
