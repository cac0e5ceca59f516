"""Lab 1: the named slips as code. Each is the reference with one mistake.

Their outputs on the public cases are stored, so that a student edition can recognise a slip
without holding this code; the same classes are the mutants that the hidden cases must catch.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from labkit.tacotron2 import Attention, LocationLayer


def _location_slip(body: Any) -> type[nn.Module]:
    return type("LocationSlip", (LocationLayer,), {"forward": body})


def _energies_slip(body: Any) -> type[nn.Module]:
    return type("EnergiesSlip", (Attention,), {"get_alignment_energies": body})


def _forward_slip(body: Any) -> type[nn.Module]:
    return type("ForwardSlip", (Attention,), {"forward": body})


def _parts(self: Any, q: Any, p: Any, w: Any) -> tuple[Any, Any, Any]:
    return self.query_layer(q.unsqueeze(1)), p, self.location_layer(w)


def _tanh_outside(s: Any, q: Any, p: Any, w: Any) -> Any:
    return torch.tanh(s.v(sum(_parts(s, q, p, w)))).squeeze(-1)


def _multiplied(s: Any, q: Any, p: Any, w: Any) -> Any:
    query, memory, location = _parts(s, q, p, w)
    return s.v(torch.tanh(query * memory + location)).squeeze(-1)


def _masked(energies: Any, mask: Any, value: float = -torch.inf) -> Any:
    return energies if mask is None else energies.masked_fill(mask, value)


def _answer(weights: Any, memory: Any) -> Any:
    return torch.bmm(weights.unsqueeze(1), memory).squeeze(1), weights


def _mask_after(weights: Any, mask: Any) -> Any:
    return weights if mask is None else weights.masked_fill(mask, 0.0)


def _with(energies_to_weights: Any) -> type[nn.Module]:
    """A forward whose weights are made wrongly from energies and mask."""

    def forward(s: Any, q: Any, m: Any, p: Any, w: Any, mask: Any) -> Any:
        return _answer(energies_to_weights(s.get_alignment_energies(q, p, w), mask), m)

    return _forward_slip(forward)


def _then(weights_to_result: Any) -> type[nn.Module]:
    """A forward whose weights are right and whose result is made wrongly."""

    def forward(s: Any, q: Any, m: Any, p: Any, w: Any, mask: Any) -> Any:
        energies = s.get_alignment_energies(q, p, w)
        weights = _masked(energies, mask).softmax(1)
        return weights_to_result(weights, m, p, energies)

    return _forward_slip(forward)


SLIPS: dict[str, dict[str, type[nn.Module]]] = {
    "attention-1": {
        "transpose-missing": _location_slip(lambda s, w: s.location_dense(s.location_conv(w))),
        "reshaped": _location_slip(
            lambda s, w: s.location_dense(s.location_conv(w).reshape(w.size(0), w.size(2), -1))
        ),
        "dense-missing": _location_slip(lambda s, w: s.location_conv(w).transpose(1, 2)),
        "transposed-back": _location_slip(
            lambda s, w: s.location_dense(s.location_conv(w).transpose(1, 2)).transpose(1, 2)
        ),
        "channels-swapped": _location_slip(
            lambda s, w: s.location_dense(s.location_conv(w.flip(1)).transpose(1, 2))
        ),
        "previous-only": _location_slip(
            lambda s, w: s.location_dense(
                s.location_conv(torch.stack([w[:, 0], w[:, 0]], 1)).transpose(1, 2)
            )
        ),
        "cumulative-only": _location_slip(
            lambda s, w: s.location_dense(
                s.location_conv(torch.stack([w[:, 1], w[:, 1]], 1)).transpose(1, 2)
            )
        ),
        "relu-added": _location_slip(
            lambda s, w: s.location_dense(s.location_conv(w).relu().transpose(1, 2))
        ),
        "tanh-added": _location_slip(
            lambda s, w: torch.tanh(s.location_dense(s.location_conv(w).transpose(1, 2)))
        ),
        "tap-shifted": _location_slip(
            lambda s, w: s.location_dense(
                s.location_conv(F.pad(w, (1, 0))[..., :-1]).transpose(1, 2)
            )
        ),
        "batch-squeezed": _location_slip(
            lambda s, w: s.location_dense(s.location_conv(w).transpose(1, 2)).squeeze()
        ),
    },
    "attention-2": {
        "tanh-missing": _energies_slip(lambda s, q, p, w: s.v(sum(_parts(s, q, p, w))).squeeze(-1)),
        "tanh-outside": _energies_slip(_tanh_outside),
        "tanh-each": _energies_slip(
            lambda s, q, p, w: s.v(sum(torch.tanh(x) for x in _parts(s, q, p, w))).squeeze(-1)
        ),
        "sigmoid": _energies_slip(
            lambda s, q, p, w: s.v(torch.sigmoid(sum(_parts(s, q, p, w)))).squeeze(-1)
        ),
        "relu": _energies_slip(
            lambda s, q, p, w: s.v(torch.relu(sum(_parts(s, q, p, w)))).squeeze(-1)
        ),
        "query-missing": _energies_slip(
            lambda s, q, p, w: s.v(torch.tanh(p + s.location_layer(w))).squeeze(-1)
        ),
        "memory-missing": _energies_slip(
            lambda s, q, p, w: s.v(
                torch.tanh(s.query_layer(q.unsqueeze(1)) + s.location_layer(w))
            ).squeeze(-1)
        ),
        "location-missing": _energies_slip(
            lambda s, q, p, w: s.v(torch.tanh(s.query_layer(q.unsqueeze(1)) + p)).squeeze(-1)
        ),
        "memory-projected-twice": _energies_slip(
            lambda s, q, p, w: s.v(torch.tanh(sum(_parts(s, q, s.memory_layer(p), w)))).squeeze(-1)
        ),
        "query-not-projected": _energies_slip(
            lambda s, q, p, w: s.v(torch.tanh(q.unsqueeze(1) + p + s.location_layer(w))).squeeze(-1)
        ),
        "query-along-time": _energies_slip(
            lambda s, q, p, w: s.v(
                torch.tanh(s.query_layer(q).unsqueeze(0) + p + s.location_layer(w))
            ).squeeze(-1)
        ),
        "multiplied": _energies_slip(_multiplied),
        "axis-left": _energies_slip(lambda s, q, p, w: s.v(torch.tanh(sum(_parts(s, q, p, w))))),
        "softmax-early": _energies_slip(
            lambda s, q, p, w: s.v(torch.tanh(sum(_parts(s, q, p, w)))).squeeze(-1).softmax(-1)
        ),
        "batch-squeezed": _energies_slip(
            lambda s, q, p, w: s.v(torch.tanh(sum(_parts(s, q, p, w)))).squeeze()
        ),
    },
    "attention-3": {
        "mask-missing": _with(lambda e, mask: e.softmax(1)),
        "mask-inverted": _with(
            lambda e, mask: _masked(e, None if mask is None else ~mask).softmax(1)
        ),
        "mask-after-softmax": _with(lambda e, mask: _mask_after(e.softmax(1), mask)),
        "mask-with-zero": _with(lambda e, mask: _masked(e, mask, 0.0).softmax(1)),
        "softmax-over-batch": _with(lambda e, mask: _masked(e, mask).softmax(0)),
        "softmax-missing": _with(lambda e, mask: _masked(e, mask)),
        "log-softmax": _with(lambda e, mask: _masked(e, mask).log_softmax(1)),
        "sigmoid": _with(lambda e, mask: _masked(e, mask).sigmoid()),
        "processed-memory": _then(lambda w, m, p, e: _answer(w, p)),
        "context-unweighted": _then(lambda w, m, p, e: (m.mean(1), w)),
        "context-from-energies": _then(lambda w, m, p, e: (_answer(e, m)[0], w)),
        "context-axis-left": _then(lambda w, m, p, e: (torch.bmm(w.unsqueeze(1), m), w)),
        "swapped": _then(lambda w, m, p, e: (w, _answer(w, m)[0])),
        "batch-squeezed": _then(
            lambda w, m, p, e: (torch.bmm(w.unsqueeze(1), m).squeeze(), w.squeeze())
        ),
    },
}
