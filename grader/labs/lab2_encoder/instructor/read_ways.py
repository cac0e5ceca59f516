"""Lab 2: the slips of ``Encoder.forward`` as code, each with the ways to make it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from labkit.tacotron2 import Encoder
from labkit.tacotron2.masking import padding_mask


def _slip(forward: Any) -> type[nn.Module]:
    return type("ForwardSlip", (Encoder,), {"forward": forward})


def _padding(s: Any, x: Any, lengths: Any) -> Any:
    if not s.mask_embeddings:
        return None
    return padding_mask(lengths.to(x.device), x.size(2)).unsqueeze(1)


def _convolved(s: Any, x: Any, lengths: Any) -> Any:
    """Return (B, T_in, D) what should enter the LSTM."""
    return s.convolve(x, _padding(s, x, lengths)).transpose(1, 2)


def _pack(x: Any, lengths: Any, **more: Any) -> Any:
    settings = {"batch_first": True, "enforce_sorted": False, **more}
    return pack_padded_sequence(x, lengths.cpu(), **settings)


def _read(s: Any, x: Any, lengths: Any, **more: Any) -> Any:
    """Return (B, T_in, D) what the LSTM says to an input (B, T_in, D)."""
    return _unpack(x, s.lstm(_pack(x, lengths))[0], **more)


def _unpack(x: Any, packed: Any, **more: Any) -> Any:
    return pad_packed_sequence(packed, **{"batch_first": True, "total_length": x.size(1), **more})[
        0
    ]


def _entered(enter: Callable[[Any, Any, Any], Any]) -> type[nn.Module]:
    """A forward whose LSTM gets the wrong thing: enter(encoder, x, lengths)."""
    return _slip(lambda s, x, lengths: _read(s, enter(s, x, lengths), lengths))


def _put(put: Callable[[Any], Any]) -> type[nn.Module]:
    """A forward that puts the axes in another order: put(what convolve says)."""
    return _entered(lambda s, x, lengths: put(s.convolve(x, _padding(s, x, lengths))))


def _hidden(hide: Callable[[Any], Any]) -> type[nn.Module]:
    """A forward that hides the wrong padding: hide(the right one)."""

    def enter(s: Any, x: Any, lengths: Any) -> Any:
        padding = _padding(s, x, lengths)
        return s.convolve(x, None if padding is None else hide(padding)).transpose(1, 2)

    return _entered(enter)


def _run(run: Callable[[Any, Any, Any], Any]) -> type[nn.Module]:
    """A forward whose LSTM is run wrongly: run(encoder, convolved, lengths)."""
    return _slip(lambda s, x, lengths: run(s, _convolved(s, x, lengths), lengths))


def _counted(count: Callable[[Any], Any]) -> type[nn.Module]:
    """A forward with other lengths: count(lengths)."""
    return _run(lambda s, x, lengths: _read(s, x, count(lengths)))


def _left(leave: Callable[[Any, int], Any]) -> type[nn.Module]:
    """A forward whose right memory is spoilt at last: leave(memory, size of one half)."""
    return _run(lambda s, x, lengths: leave(_read(s, x, lengths), x.size(2) // 2))


def _finally(leave: Callable[[Any, Any], Any]) -> type[nn.Module]:
    """A forward that returns a state of the LSTM: leave(hidden, cell)."""

    def run(s: Any, x: Any, lengths: Any) -> Any:
        _, (hidden, cell) = s.lstm(_pack(x, lengths))
        return leave(hidden, cell)

    return _run(run)


def _order_sorted(s: Any, x: Any, lengths: Any) -> Any:
    lengths, order = lengths.sort(descending=True)
    return _read(s, x[order], lengths)


def _order_not_inverted(s: Any, x: Any, lengths: Any) -> Any:
    lengths, order = lengths.sort(descending=True)
    return _read(s, x[order], lengths)[order]


def _outside(x: Any, lengths: Any) -> Any:
    return padding_mask(lengths.to(x.device), x.size(1)).unsqueeze(2)


def _swap(x: Any) -> Any:
    return x.transpose(1, 2)


def _not_read(s: Any, x: Any, lengths: Any) -> Any:
    return _unpack(x, _pack(x, lengths))


def _flipped(memory: Any, half: int) -> Any:
    return torch.cat([memory[..., :half], memory[..., half:].flip(1)], -1)


def _set_mode(training: bool) -> type[nn.Module]:
    return _slip(lambda s, x, lengths: Encoder.forward(s.train(training), x, lengths))


READ_SLIPS: dict[str, tuple[type[nn.Module], ...]] = {
    "transpose-missing": (_put(lambda x: x),),
    "transposed-early": (
        _slip(lambda s, x, lengths: Encoder.forward(s, x.transpose(1, 2), lengths)),
    ),
    "wrong-axes": (
        _put(lambda x: x.transpose(0, 1)),
        _put(lambda x: x.permute(2, 1, 0)),
    ),
    "reshaped": (_put(lambda x: x.reshape(x.size(0), x.size(2), x.size(1))),),
    "not-packed": (
        _run(lambda s, x, lengths: s.lstm(x)[0]),
        _counted(lambda lengths: torch.full_like(lengths, int(lengths.max()))),
    ),
    "masked-not-packed": (
        _run(lambda s, x, lengths: s.lstm(x)[0].masked_fill(_outside(x, lengths), 0.0)),
    ),
    "zeroed-not-packed": (
        _run(lambda s, x, lengths: s.lstm(x.masked_fill(_outside(x, lengths), 0.0))[0]),
        _run(
            lambda s, x, lengths: s.lstm(x.masked_fill(_outside(x, lengths), 0.0))[0].masked_fill(
                _outside(x, lengths), 0.0
            )
        ),
    ),
    "order-enforced": (
        _run(lambda s, x, n: _unpack(x, s.lstm(_pack(x, n, enforce_sorted=True))[0])),
    ),
    "order-sorted": (_run(_order_sorted),),
    "order-not-inverted": (_run(_order_not_inverted),),
    "lengths-sorted": (_counted(lambda lengths: lengths.sort(descending=True)[0]),),
    "pack-time-first": (
        _run(lambda s, x, n: _unpack(x, s.lstm(_pack(x, n, batch_first=False))[0])),
    ),
    "unpack-time-first": (_run(lambda s, x, n: _read(s, x, n, batch_first=False)),),
    "time-first": (
        _run(
            lambda s, x, n: _unpack(x, s.lstm(_pack(x, n, batch_first=False))[0], batch_first=False)
        ),
    ),
    "not-unpacked": (_run(lambda s, x, lengths: s.lstm(_pack(x, lengths))[0].data),),
    "two-results": (_run(lambda s, x, lengths: s.lstm(x)),),
    "pair-unpacked": (_run(lambda s, x, lengths: _unpack(x, s.lstm(_pack(x, lengths)))),),
    "still-packed": (_run(lambda s, x, lengths: _swap(s.lstm(_pack(x, lengths))[0])),),
    "total-length-missing": (_run(lambda s, x, n: _read(s, x, n, total_length=None)),),
    "lengths-off-by-one": (
        _counted(lambda lengths: lengths - 1),
        _counted(lambda lengths: (lengths - 1).clamp(min=1)),
    ),
    "lengths-too-long": (_counted(lambda lengths: lengths + 1),),
    "final-state": (
        _finally(lambda hidden, cell: hidden),
        _finally(lambda hidden, cell: cell),
        _finally(lambda hidden, cell: hidden.transpose(0, 1)),
        _finally(lambda hidden, cell: torch.cat([hidden[0], hidden[1]], -1)),
        _finally(lambda hidden, cell: torch.cat([hidden[0], hidden[1]], -1).unsqueeze(1)),
        _run(lambda s, x, n: torch.cat(tuple(s.lstm(_pack(x, n))[1][0]), -1)[:, None].expand_as(x)),
    ),
    "last-output": (
        _left(lambda memory, half: memory[:, -1]),
        _left(lambda memory, half: memory[:, -1:]),
        _run(lambda s, x, n: _read(s, x, n)[torch.arange(len(n)), n.cpu().long() - 1]),
    ),
    "forward-half": (
        _left(lambda memory, half: memory[..., :half]),
        _left(lambda memory, half: torch.cat([memory[..., :half]] * 2, -1)),
    ),
    "backward-half": (
        _left(lambda memory, half: memory[..., half:]),
        _left(lambda memory, half: torch.cat([memory[..., half:]] * 2, -1)),
    ),
    "halves-swapped": (_left(lambda memory, half: memory.roll(half, -1)),),
    "halves-summed": (
        _left(lambda memory, half: memory[..., :half] + memory[..., half:]),
        _left(lambda memory, half: (memory[..., :half] + memory[..., half:]) / 2),
    ),
    "halves-mixed": (_left(lambda memory, half: memory.unflatten(-1, (2, half)).mT.flatten(2)),),
    "backward-flipped": (_left(_flipped),),
    "convolve-skipped": (_entered(lambda s, x, lengths: x.transpose(1, 2)),),
    "convolve-twice": (
        _entered(
            lambda s, x, lengths: _swap(
                s.convolve(_swap(_convolved(s, x, lengths)), _padding(s, x, lengths))
            )
        ),
    ),
    "padding-forgotten": (_entered(lambda s, x, lengths: s.convolve(x, None).transpose(1, 2)),),
    "padding-always": (
        _entered(
            lambda s, x, lengths: _swap(s.convolve(x, _outside(_swap(x), lengths).mT)),
        ),
    ),
    "padding-inverted": (_hidden(torch.logical_not),),
    "padding-axis": (_hidden(lambda padding: padding.squeeze(1)),),
    "padding-argument": (_entered(lambda s, x, lengths: _swap(s.convolve(x))),),
    "lengths-as-padding": (_entered(lambda s, x, lengths: _swap(s.convolve(x, lengths))),),
    "lstm-skipped": (_run(lambda s, x, lengths: x), _run(_not_read)),
    "lstm-twice": (_run(lambda s, x, lengths: _read(s, _read(s, x, lengths), lengths)),),
    "residual": (
        _run(lambda s, x, lengths: x + _read(s, x, lengths)),
        _slip(lambda s, x, lengths: x.transpose(1, 2) + Encoder.forward(s, x, lengths)),
        _run(lambda s, x, n: (x + _read(s, x, n)).masked_fill(_outside(x, n), 0.0)),
    ),
    "activation-added": (
        _left(lambda memory, half: memory.tanh()),
        _left(lambda memory, half: memory.relu()),
        _left(lambda memory, half: memory.sigmoid()),
        _left(lambda memory, half: memory.softmax(-1)),
        _left(lambda memory, half: memory.softmax(1)),
    ),
    "padding-value": (
        _run(lambda s, x, n: _read(s, x, n, padding_value=1.0)),
        _run(lambda s, x, n: _read(s, x, n, padding_value=-1.0)),
        _run(lambda s, x, n: _read(s, x, n, padding_value=-torch.inf)),
    ),
    "reversed": (
        _left(lambda memory, half: memory.flip(1)),
        _run(lambda s, x, lengths: _read(s, x.flip(1), lengths)),
    ),
    "dropout-added": (
        _left(lambda memory, half: F.dropout(memory)),
        _run(lambda s, x, n: F.dropout(_read(s, x, n), s.p_encoder_dropout, s.training)),
    ),
    "mode-set": (_set_mode(True),),
    "transposed-back": (_left(lambda memory, half: memory.transpose(1, 2)),),
    "batch-squeezed": (
        _left(lambda memory, half: memory.squeeze()),
        _left(lambda memory, half: memory.squeeze(0)),
    ),
}
