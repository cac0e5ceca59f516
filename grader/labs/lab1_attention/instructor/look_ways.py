"""Lab 1: the slips of ``Attention.forward`` as code, each with the ways to make it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from labkit.tacotron2 import Attention


def _slip(body: Any) -> type[nn.Module]:
    return type("ForwardSlip", (Attention,), {"forward": body})


def _masked(energies: Any, mask: Any, value: Any = -torch.inf) -> Any:
    return energies if mask is None else energies.masked_fill(mask, value)


def _fetch(weights: Any, memory: Any) -> Any:
    return torch.bmm(weights.unsqueeze(1), memory).squeeze(1)


def _answer(weights: Any, memory: Any) -> Any:
    return _fetch(weights, memory), weights


def _with(energies_to_weights: Any) -> type[nn.Module]:
    """A forward whose weights are made wrongly from energies and mask."""

    def forward(s: Any, q: Any, m: Any, p: Any, w: Any, mask: Any) -> Any:
        return _answer(energies_to_weights(s.get_alignment_energies(q, p, w), mask), m)

    return _slip(forward)


def _weighed(weigh: Any) -> type[nn.Module]:
    """A forward whose weights are made wrongly from masked energies."""
    return _with(lambda e, mask: weigh(_masked(e, mask)))


def _filled(value: Any) -> type[nn.Module]:
    """A forward that gives padding another energy."""
    return _with(lambda e, mask: _masked(e, mask, value).softmax(1))


def _changed(change: Any) -> type[nn.Module]:
    """A forward that changes the energies with the mask in another way: change(energies, mask)."""
    return _with(lambda e, mask: (e if mask is None else change(e, mask)).softmax(1))


def _then(weights_to_result: Any) -> type[nn.Module]:
    """A forward whose weights are right and whose result is made wrongly."""

    def forward(s: Any, q: Any, m: Any, p: Any, w: Any, mask: Any) -> Any:
        energies = s.get_alignment_energies(q, p, w)
        weights = _masked(energies, mask).softmax(1)
        return weights_to_result(weights, m, p, energies)

    return _slip(forward)


def _context(context: Callable[[Any, Any], Any]) -> type[nn.Module]:
    """A forward whose context is made wrongly from right weights and the memory."""
    return _then(lambda w, m, p, e: (context(w, m), w))


def _scaled(by: Callable[[Any, Any, Any], float]) -> type[nn.Module]:
    def forward(s: Any, q: Any, m: Any, p: Any, w: Any, mask: Any) -> Any:
        energies = s.get_alignment_energies(q, p, w) / by(q, m, p)
        return _answer(_masked(energies, mask).softmax(1), m)

    return _slip(forward)


def _asked(ask: Callable[..., Any]) -> type[nn.Module]:
    """A forward that asks for the wrong energies: ask(attention, query, …, past)."""

    def forward(s: Any, q: Any, m: Any, p: Any, w: Any, mask: Any) -> Any:
        return _answer(_masked(ask(s, q, m, p, w), mask).softmax(1), m)

    return _slip(forward)


def _past(past: Callable[[Any], Any]) -> type[nn.Module]:
    return _asked(lambda s, q, m, p, w: s.get_alignment_energies(q, p, past(w)))


def _from_past(channel: int) -> type[nn.Module]:
    def forward(s: Any, q: Any, m: Any, p: Any, w: Any, mask: Any) -> Any:
        weights = _masked(s.get_alignment_energies(q, p, w), mask).softmax(1)
        return _fetch(w[:, channel], m), weights

    return _slip(forward)


def _added_up(also_context: bool) -> type[nn.Module]:
    def forward(s: Any, q: Any, m: Any, p: Any, w: Any, mask: Any) -> Any:
        weights = _masked(s.get_alignment_energies(q, p, w), mask).softmax(1)
        together = weights + w[:, 1]
        return _fetch(together if also_context else weights, m), together

    return _slip(forward)


def _partly(context_masked: bool, weights_masked: bool, *, late: bool) -> type[nn.Module]:
    """A forward that masks only one of its results; late: with zeros after the softmax."""

    def forward(s: Any, q: Any, m: Any, p: Any, w: Any, mask: Any) -> Any:
        energies = s.get_alignment_energies(q, p, w)
        plain = energies.softmax(1)
        masked = _masked(plain, mask, 0.0) if late else _masked(energies, mask).softmax(1)
        context = _fetch(masked if context_masked else plain, m)
        return context, masked if weights_masked else plain

    return _slip(forward)


def _normalised(e: Any) -> Any:
    return e / e.sum(1, keepdim=True)


def _hard(x: Any) -> Any:
    return F.one_hot(x.argmax(1), x.size(1)).to(x.dtype)


LOOK_SLIPS: dict[str, tuple[type[nn.Module], ...]] = {
    "mask-missing": (_with(lambda e, mask: e.softmax(1)),),
    "mask-inverted": (
        _changed(lambda e, mask: e.masked_fill(~mask, -torch.inf)),
        _changed(lambda e, mask: e.masked_fill(~mask, -1e9)),
        _changed(lambda e, mask: e * mask),
        _with(lambda e, mask: _masked(e.softmax(1), None if mask is None else ~mask, 0.0)),
    ),
    "mask-after-softmax": (
        _with(lambda e, mask: _masked(e.softmax(1), mask, 0.0)),
        _with(lambda e, mask: _masked(e.softmax(1), mask)),
        _partly(False, True, late=True),
        _partly(True, False, late=True),
    ),
    "mask-with-zero": (_filled(0.0),),
    "mask-weak": (
        *(_filled(value) for value in (-1.0, -2.0, -5.0)),
        _changed(lambda e, mask: e - mask.to(e.dtype)),
        _changed(lambda e, mask: e.masked_fill(mask, e.min())),
    ),
    "mask-added": (_changed(lambda e, mask: e + mask),),
    "mask-plus-infinity": (_filled(torch.inf),),
    "mask-large": (_filled(1e9), _filled(1e4)),
    "mask-times-infinity": (_changed(lambda e, mask: e + mask * -torch.inf),),
    "mask-none": (
        _with(lambda e, mask: e.masked_fill(mask, -torch.inf).softmax(1)),
        _with(lambda e, mask: _masked(e, e == e if mask is None else mask).softmax(1)),
    ),
    "softmax-over-batch": (_weighed(lambda x: x.softmax(0)),),
    "softmax-of-one": (_weighed(lambda x: x.unsqueeze(1).softmax(1).squeeze(1)),),
    "softmax-over-all": (_weighed(lambda x: x.flatten().softmax(0).view_as(x)),),
    "softmax-missing": (
        _weighed(lambda x: x),
        _with(lambda e, mask: e),
    ),
    "exp-only": (_weighed(torch.exp),),
    "normalised-only": (
        _with(lambda e, mask: _normalised(e)),
        _with(lambda e, mask: _normalised(_masked(e, mask, 0.0))),
        _with(lambda e, mask: _normalised(_masked(e.abs(), mask, 0.0))),
        _with(lambda e, mask: _normalised(_masked(e.relu(), mask, 0.0))),
    ),
    "softmax-twice": (
        _weighed(lambda x: x.softmax(1).softmax(1)),
        _with(lambda e, mask: _masked(e.softmax(1), mask).softmax(1)),
    ),
    "softmin": (_with(lambda e, mask: _masked(-e, mask).softmax(1)),),
    "hardmax": (_weighed(_hard), _then(lambda w, m, p, e: (_fetch(_hard(w), m), w))),
    "log-softmax": (_weighed(lambda x: x.log_softmax(1)),),
    "sigmoid": (_weighed(torch.sigmoid),),
    "scaled": (
        _scaled(lambda q, m, p: p.size(-1) ** 0.5),
        _scaled(lambda q, m, p: q.size(-1) ** 0.5),
        _scaled(lambda q, m, p: m.size(-1) ** 0.5),
    ),
    "processed-memory": (_then(lambda w, m, p, e: (_fetch(w, p), w)),),
    "energies-from-memory": (
        _asked(lambda s, q, m, p, w: s.get_alignment_energies(q, m, w)),
        _asked(lambda s, q, m, p, w: s.get_alignment_energies(q, s.memory_layer(m), w)),
    ),
    "past-changed": (
        _past(lambda w: w.flip(1)),
        _past(torch.zeros_like),
        _past(lambda w: w[:, :1].expand_as(w)),
        _past(lambda w: w[:, 1:].expand_as(w)),
    ),
    "context-unweighted": (_context(lambda w, m: m.mean(1)), _context(lambda w, m: m.sum(1))),
    "context-averaged": (_context(lambda w, m: (w[..., None] * m).mean(1)),),
    "context-not-summed": (_context(lambda w, m: w[..., None] * m),),
    "context-wrong-sum": (
        _context(lambda w, m: (w[..., None] * m).sum(-1)),
        _context(lambda w, m: (w[..., None] * m).sum(0)),
    ),
    "context-crossed": (_context(lambda w, m: w @ m),),
    "context-from-energies": (
        _then(lambda w, m, p, e: (_fetch(e, m), w)),
        _slip(
            lambda s, q, m, p, w, mask: (
                _fetch(_masked(s.get_alignment_energies(q, p, w), mask), m),
                _masked(s.get_alignment_energies(q, p, w), mask).softmax(1),
            )
        ),
    ),
    "context-from-past": (_from_past(0), _from_past(1)),
    "context-unmasked": (_partly(False, True, late=False),),
    "weights-unmasked": (_partly(True, False, late=False),),
    "weights-added-up": (_added_up(False), _added_up(True)),
    "energies-returned": (
        _then(lambda w, m, p, e: (_fetch(w, m), e)),
        _slip(
            lambda s, q, m, p, w, mask: (
                Attention.forward(s, q, m, p, w, mask)[0],
                _masked(s.get_alignment_energies(q, p, w), mask),
            )
        ),
    ),
    "context-axis-left": (
        _context(lambda w, m: torch.bmm(w.unsqueeze(1), m)),
        _context(lambda w, m: torch.bmm(m.transpose(1, 2), w.unsqueeze(2))),
    ),
    "weights-axis-left": (
        _then(lambda w, m, p, e: (_fetch(w, m), w.unsqueeze(1))),
        _then(lambda w, m, p, e: (_fetch(w, m), w.unsqueeze(-1))),
    ),
    "weights-without-row": (_context(lambda w, m: torch.bmm(w, m)),),
    "weights-as-column": (_context(lambda w, m: torch.bmm(w.unsqueeze(2), m).squeeze(1)),),
    "weights-not-spread": (_context(lambda w, m: (w * m).sum(1)),),
    "memory-first": (
        _context(lambda w, m: torch.bmm(m, w.unsqueeze(2)).squeeze(2)),
        _context(lambda w, m: torch.bmm(m, w.unsqueeze(1)).squeeze(1)),
    ),
    "swapped": (_then(lambda w, m, p, e: (w, _fetch(w, m))),),
    "one-result": (_then(lambda w, m, p, e: _fetch(w, m)),),
    "dropout-added": (
        _weighed(lambda x: F.dropout(x.softmax(1))),
        _weighed(lambda x: F.dropout(x.softmax(1), 0.1)),
        _context(lambda w, m: F.dropout(_fetch(w, m))),
    ),
    "batch-squeezed": (
        _then(lambda w, m, p, e: (torch.bmm(w.unsqueeze(1), m).squeeze(), w.squeeze())),
        _then(lambda w, m, p, e: (torch.bmm(w.unsqueeze(1), m).squeeze(), w)),
        _then(lambda w, m, p, e: (_fetch(w, m), w.squeeze())),
    ),
}
