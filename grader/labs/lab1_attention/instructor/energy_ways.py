"""Lab 1: the slips of ``Attention.get_alignment_energies`` as code, with the ways to make them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from labkit.tacotron2 import Attention


def _slip(body: Any) -> type[nn.Module]:
    return type("EnergiesSlip", (Attention,), {"get_alignment_energies": body})


def _scored(score: Callable[[Any, Any, Any, Any], Any]) -> type[nn.Module]:
    """Energies made wrongly from what is right: score(attention, query, memory, location)."""
    return _slip(
        lambda s, q, p, w: score(s, s.query_layer(q).unsqueeze(1), p, s.location_layer(w)),
    )


def _summed(total: Callable[[Any, Any, Any], Any], bend: Any = torch.tanh) -> type[nn.Module]:
    """Energies of a wrong sum: total(query, memory, location)."""
    return _scored(lambda s, q, p, u: s.v(bend(total(q, p, u))).squeeze(-1))


def _bent(bend: Any) -> type[nn.Module]:
    return _summed(lambda q, p, u: q + p + u, bend)


def _left(leave: Callable[[Any], Any]) -> type[nn.Module]:
    """Right energies (B, T_in, 1) that are left wrongly."""
    return _scored(lambda s, q, p, u: leave(s.v(torch.tanh(q + p + u))))


def _query(query: Callable[[Any, Any], Any]) -> type[nn.Module]:
    """Energies with another query: query(attention, query)."""
    return _slip(
        lambda s, q, p, w: s.v(torch.tanh(query(s, q) + p + s.location_layer(w))).squeeze(-1)
    )


def _memory(memory: Callable[[Any, Any], Any]) -> type[nn.Module]:
    """Energies with another memory: memory(attention, processed_memory)."""
    return _slip(
        lambda s, q, p, w: s.v(
            torch.tanh(s.query_layer(q)[:, None] + memory(s, p) + s.location_layer(w))
        ).squeeze(-1)
    )


def _past(location: Callable[[Any, Any], Any]) -> type[nn.Module]:
    """Energies with another past: location(attention, attention_weights_cat)."""
    return _slip(
        lambda s, q, p, w: s.v(torch.tanh(s.query_layer(q)[:, None] + p + location(s, w))).squeeze(
            -1
        )
    )


def _only(channel: int) -> tuple[type[nn.Module], type[nn.Module]]:
    def alone(w: torch.Tensor) -> torch.Tensor:
        kept = torch.zeros_like(w)
        kept[:, channel] = w[:, channel]
        return kept

    return (
        _past(lambda s, w: s.location_layer(w[:, [channel, channel]])),
        _past(lambda s, w: s.location_layer(alone(w))),
    )


def _dot(q: Any, p: Any) -> Any:
    return torch.einsum("bqd,btd->bt", q, p)


ENERGY_SLIPS: dict[str, tuple[type[nn.Module], ...]] = {
    "tanh-missing": (_bent(lambda x: x),),
    "tanh-outside": (_scored(lambda s, q, p, u: torch.tanh(s.v(q + p + u)).squeeze(-1)),),
    "tanh-twice": (
        _left(lambda e: e.tanh().squeeze(-1)),
        _bent(lambda x: x.tanh().tanh()),
    ),
    "tanh-each": (_scored(lambda s, q, p, u: s.v(q.tanh() + p.tanh() + u.tanh()).squeeze(-1)),),
    "tanh-early": (
        _summed(lambda q, p, u: (q + u).tanh() + p, lambda x: x),
        _summed(lambda q, p, u: (q + p).tanh() + u, lambda x: x),
        _summed(lambda q, p, u: (p + u).tanh() + q, lambda x: x),
        _summed(lambda q, p, u: q.tanh() + p + u, lambda x: x),
        _summed(lambda q, p, u: q + p.tanh() + u, lambda x: x),
        _summed(lambda q, p, u: q + p + u.tanh(), lambda x: x),
    ),
    "sigmoid": (_bent(torch.sigmoid),),
    "relu": (_bent(torch.relu),),
    "query-missing": (_summed(lambda q, p, u: p + u),),
    "memory-missing": (_summed(lambda q, p, u: q + u),),
    "location-missing": (_summed(lambda q, p, u: q + p),),
    "one-term": (
        _summed(lambda q, p, u: p),
        _summed(lambda q, p, u: u),
        _scored(lambda s, q, p, u: s.v(q.tanh()).squeeze(-1).expand(p.shape[:2])),
    ),
    "location-twice": (_summed(lambda q, p, u: q + p + u + u),),
    "memory-projected-twice": (_memory(lambda s, p: s.memory_layer(p)),),
    "query-not-projected": (_query(lambda s, q: q.unsqueeze(1)),),
    "layers-swapped": (
        _query(lambda s, q: s.memory_layer(q).unsqueeze(1)),
        _memory(lambda s, p: s.query_layer(p)),
        _slip(
            lambda s, q, p, w: s.v(
                torch.tanh(s.memory_layer(q)[:, None] + s.query_layer(p) + s.location_layer(w))
            ).squeeze(-1)
        ),
    ),
    "query-along-time": (_query(lambda s, q: s.query_layer(q).unsqueeze(0)),),
    "query-axis-last": (_query(lambda s, q: s.query_layer(q).unsqueeze(2)),),
    "first-query": (
        _query(lambda s, q: s.query_layer(q[:1])),
        _query(lambda s, q: s.query_layer(q).mean(0)),
    ),
    "multiplied": (
        _summed(lambda q, p, u: q * p + u),
        _summed(lambda q, p, u: q * p * u),
        _summed(lambda q, p, u: q * (p + u)),
        _summed(lambda q, p, u: q * p),
    ),
    "dot-product": (
        _scored(lambda s, q, p, u: _dot(q, p)),
        _scored(lambda s, q, p, u: _dot(q, p) / p.size(-1) ** 0.5),
        _scored(lambda s, q, p, u: _dot(q, p + u)),
        _scored(lambda s, q, p, u: _dot(q, p + u) / p.size(-1) ** 0.5),
        _scored(lambda s, q, p, u: torch.cosine_similarity(q, p, dim=-1)),
    ),
    "scaled": (
        _scored(
            lambda s, q, p, u: s.v(torch.tanh(q + p + u)).squeeze(-1) / p.size(-1) ** 0.5,
        ),
        _summed(lambda q, p, u: (q + p + u) / p.size(-1) ** 0.5),
        _scored(lambda s, q, p, u: s.v(torch.tanh(q + p + u)).squeeze(-1) / p.size(-1)),
    ),
    "averaged": (_summed(lambda q, p, u: (q + p + u) / 3),),
    "subtracted": (
        _summed(lambda q, p, u: q - p + u),
        _summed(lambda q, p, u: p + u - q),
        _summed(lambda q, p, u: q + p - u),
        _summed(lambda q, p, u: -q - p - u),
    ),
    "v-missing": (
        _scored(lambda s, q, p, u: torch.tanh(q + p + u).sum(-1)),
        _scored(lambda s, q, p, u: torch.tanh(q + p + u).mean(-1)),
        _scored(lambda s, q, p, u: torch.tanh(q + p + u)),
        _scored(lambda s, q, p, u: torch.tanh(q + p + u).norm(dim=-1)),
    ),
    "v-not-called": (_scored(lambda s, q, p, u: s.v * torch.tanh(q + p + u)),),
    "v-not-summed": (_scored(lambda s, q, p, u: s.v.linear_layer.weight * torch.tanh(q + p + u)),),
    "concatenated": (
        _scored(
            lambda s, q, p, u: s.v(torch.tanh(torch.cat([q, p, u], dim=1))).squeeze(-1),
        ),
    ),
    "axis-left": (
        _left(lambda e: e),
        _left(lambda e: e.squeeze(1)),
        _left(lambda e: e.transpose(1, 2)),
    ),
    "softmax-early": (
        _left(lambda e: e.squeeze(-1).softmax(-1)),
        _left(lambda e: e.squeeze(-1).log_softmax(-1)),
        _left(lambda e: e.squeeze(-1).exp()),
        _left(lambda e: e.squeeze(-1).sigmoid()),
        _left(lambda e: e.squeeze(-1).softmax(0)),
        _left(lambda e: e.softmax(-1).squeeze(-1)),
    ),
    "summed-up": (
        _left(lambda e: e.sum(1)),
        _left(lambda e: e.sum(0)),
        _left(lambda e: e.mean(1)),
        _scored(lambda s, q, p, u: s.v(torch.tanh((q + p + u).sum(1)))),
        _scored(lambda s, q, p, u: s.v(torch.tanh(q + p + u).sum(1))),
    ),
    "transposed": (_left(lambda e: e.squeeze(-1).t()),),
    "channels-swapped": (_past(lambda s, w: s.location_layer(w.flip(1))),),
    "channel-missing": (*_only(0), *_only(1)),
    "weights-transposed": (_past(lambda s, w: s.location_layer(w.transpose(1, 2))),),
    "location-untouched": (
        _past(lambda s, w: s.location_layer.location_conv(w).transpose(1, 2)),
        _past(lambda s, w: s.location_layer.location_conv(w)),
        _past(lambda s, w: w.transpose(1, 2)),
    ),
    "features-transposed": (
        _past(lambda s, w: s.location_layer(w).transpose(1, 2)),
        _memory(lambda s, p: p.transpose(1, 2)),
    ),
    "dropout-added": (
        _bent(lambda x: F.dropout(x.tanh())),
        _bent(lambda x: F.dropout(x.tanh(), 0.1)),
        _left(lambda e: F.dropout(e.squeeze(-1))),
    ),
    "batch-squeezed": (
        _left(lambda e: e.squeeze()),
        _left(lambda e: e.squeeze(-1).squeeze(0)),
    ),
}
