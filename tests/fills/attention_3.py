"""``Attention.forward`` in many hands."""

from __future__ import annotations

BEFORE = """
m, p, w = memory, processed_memory, attention_weights_cat
e = self.get_alignment_energies(query, p, w)
inf = float("inf")
h = e if mask is None else e.masked_fill(mask, self.score_mask_value)
a = F.softmax(h, dim=1)
c = torch.bmm(a.unsqueeze(1), m).squeeze(1)

def fetch(a):
    return torch.bmm(a.unsqueeze(1), m).squeeze(1), a
"""

WRONG: dict[str, tuple[str, ...]] = {
    "mask-weak": (
        ("if mask is not None:\n    e = e.masked_fill(mask, -10.0)\nreturn fetch(e.softmax(1))"),
        ("if mask is not None:\n    e = e.masked_fill(mask, -100.0)\nreturn fetch(e.softmax(1))"),
    ),
    "mask-none": (
        "return fetch(e.masked_fill(mask, -inf).softmax(1))",
        "e = e.masked_fill(mask.bool(), self.score_mask_value)\nreturn fetch(e.softmax(1))",
        "return fetch(torch.where(mask, -inf, e).softmax(1))",
        "a = e.softmax(1) * ~mask\nreturn fetch(a / a.sum(1, keepdim=True))",
    ),
    "truth-of-a-tensor": (
        "if mask:\n    e = e.masked_fill(mask, -inf)\nreturn fetch(e.softmax(1))",
        "if not mask:\n    return fetch(e.softmax(1))\nreturn fetch(h.softmax(1))",
        "e = e.masked_fill(mask, -inf) if mask else e\nreturn fetch(e.softmax(1))",
    ),
    "weights-without-row": (
        "return torch.bmm(a, m), a",
        "return torch.bmm(a, memory).squeeze(1), a",
    ),
    "weights-as-column": (
        "return torch.bmm(a.unsqueeze(2), m).squeeze(1), a",
        "return torch.bmm(a.unsqueeze(-1), m).squeeze(-1), a",
    ),
    "memory-first": ("return torch.bmm(m, a.unsqueeze(1)).squeeze(1), a",),
    "one-result": (
        "return c",
        "return a",
        "return c, a, e",
    ),
    "gradient-lost": (
        "return fetch(a.detach())",
        "return fetch(a.detach())[0], a",
        "return torch.bmm(a.unsqueeze(1), m.detach()).squeeze(1), a",
        "return c, a.detach()",
        "return c.detach(), a",
        "with torch.no_grad():\n    return fetch(h.softmax(1))",
        "return fetch(h.detach().softmax(1))",
        (
            "with torch.no_grad():\n"
            "    e = self.get_alignment_energies(query, p, w)\n"
            "h = e if mask is None else e.masked_fill(mask, -inf)\n"
            "return fetch(h.softmax(1))"
        ),
        "return fetch(h.data.softmax(1))",
    ),
    "dropout-added": (
        "return fetch(F.dropout(a, 0.1, self.training))",
        "return F.dropout(c, 0.5, self.training), a",
    ),
    "input-changed": (
        "if mask is not None:\n    mask.logical_not_()\nreturn c, a",
        "m *= a.unsqueeze(-1)\nreturn m.sum(1), a",
        "attention_weights_cat[:, 1] += a\nreturn c, a",
    ),
    "return-missing": (
        "context, weights = fetch(a)",
        "return None",
        "self.attention_weights = a\nself.attention_context = c",
    ),
    "unknown-name": (
        "e = get_alignment_energies(query, p, w)\nreturn c, a",
        "e = self.get_energies(query, p, w)\nreturn c, a",
        "return fetch(softmax(h, dim=1))",
        "return context, a",
        "e = e.masked_fill(mask, score_mask_value)\nreturn c, a",
    ),
    "wrong-arguments": (
        "e = self.get_alignment_energies(query, p)\nreturn c, a",
        "e = self.get_alignment_energies(query, m, p, w)\nreturn c, a",
    ),
    "": (
        "return {'context': c, 'weights': a}",
        "return torch.stack([a, a])",
        "return c * 2, a",
        "return c, a.half()",
        "return c, a.flip(1)",
        "return fetch(F.softmax(h, dim=2))",
        "return torch.tanh(c), a",
        "return fetch(F.gumbel_softmax(h, dim=1))",
        "a = a + 0.01\nreturn fetch(a / a.sum(1, keepdim=True))",
    ),
}

RIGHT: tuple[str, ...] = (
    "return c, a",
    "return fetch(torch.softmax(h, -1))",
    "return [c, a]",
    "return (a[:, :, None] * m).sum(dim=1), a",
    "return torch.einsum('bt,bte->be', a, m), a",
    "return (a.unsqueeze(1) @ m)[:, 0], a",
    "return torch.bmm(m.transpose(1, 2), a.unsqueeze(-1)).squeeze(-1), a",
    "if mask is not None:\n    e = e.masked_fill(mask, -1e4)\nreturn fetch(e.softmax(1))",
    "if mask is not None:\n    e = e - 1e9 * mask\nreturn fetch(e.softmax(1))",
    "if mask is not None:\n    e[mask] = self.score_mask_value\nreturn fetch(nn.Softmax(dim=1)(e))",
    "if mask is None:\n    mask = torch.zeros_like(e, dtype=torch.bool)\n"
    "return fetch(torch.where(mask, e.new_tensor(-inf), e).softmax(1))",
    "if mask is not None:\n    e.masked_fill_(mask, torch.finfo(e.dtype).min)\n"
    "return fetch(F.softmax(e, 1))",
    "x = (h - h.max(1, keepdim=True)[0]).exp()\nreturn fetch(x / x.sum(1, keepdim=True))",
    "a = e.softmax(1)\nif mask is not None:\n    a = a * ~mask\n"
    "a = a / a.sum(1, keepdim=True)\nreturn fetch(a)",
    "return fetch(F.log_softmax(h, dim=1).exp())",
    "m = m if mask is None else m.masked_fill(mask[:, :, None], 0.0)\n"
    "return torch.matmul(a[:, None], m).squeeze(1), a",
    "return torch.stack([x @ y for x, y in zip(a, m)]), a",
    "mask = None if mask is None else mask.bool()\n"
    "h = e if mask is None else e.masked_fill(mask, -inf)\nreturn fetch(h.softmax(dim=-1))",
)
