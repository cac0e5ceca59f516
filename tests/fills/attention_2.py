"""``Attention.get_alignment_energies`` in many hands."""

from __future__ import annotations

BEFORE = """
p, w = processed_memory, attention_weights_cat
q = self.query_layer(query).unsqueeze(1)
u = self.location_layer(w)
tanh = torch.tanh
"""

WRONG: dict[str, tuple[str, ...]] = {
    "query-axis-last": (
        ("q = self.query_layer(query.unsqueeze(-1))\nreturn self.v(tanh(q + p + u)).squeeze(-1)"),
    ),
    "v-not-called": (
        "return (self.v * tanh(q + p + u)).squeeze(-1)",
        "return torch.matmul(tanh(q + p + u), self.v)",
        "return tanh(q + p + u) @ self.v",
    ),
    "concatenated": (
        "return self.v(tanh(torch.cat([q.expand_as(p), p, u], dim=-1))).squeeze(-1)",
        "return self.v(tanh(torch.cat((q, p, u), dim=2))).squeeze(-1)",
    ),
    "weights-transposed": (
        ("u = self.location_layer(w.transpose(1, 2))\nreturn self.v(tanh(q + p + u)).squeeze(-1)"),
        ("u = self.location_layer(w.permute(0, 2, 1))\nreturn self.v(tanh(q + p + u)).squeeze(-1)"),
    ),
    "location-untouched": ("return self.v(tanh(q + p + w.transpose(1, 2))).squeeze(-1)",),
    "gradient-lost": (
        (
            "q = self.query_layer(query.detach()).unsqueeze(1)\n"
            "return self.v(tanh(q + p + u)).squeeze(-1)"
        ),
        "return self.v(tanh(q + p.detach() + u)).squeeze(-1)",
        "return self.v(tanh(q + p + u.detach())).squeeze(-1)",
        "u = self.location_layer(w.detach())\nreturn self.v(tanh(q + p + u)).squeeze(-1)",
        "return self.v(tanh(q + p + u)).squeeze(-1).detach()",
        "with torch.no_grad():\n    return self.v(tanh(q + p + u)).squeeze(-1)",
        (
            "with torch.no_grad():\n"
            "    u = self.location_layer(w)\n"
            "return self.v(tanh(q + p + u)).squeeze(-1)"
        ),
        "return torch.tensor(self.v(tanh(q + p + u)).squeeze(-1).tolist())",
        "return self.v(tanh(q.data + p + u)).squeeze(-1)",
    ),
    "dropout-added": (
        "return self.v(F.dropout(tanh(q + p + u), 0.5, self.training)).squeeze(-1)",
        "return self.v(tanh(F.dropout(q, 0.1, self.training) + p + u)).squeeze(-1)",
    ),
    "input-changed": (
        "p += q\nreturn self.v(tanh(p + u)).squeeze(-1)",
        ("processed_memory.add_(u).add_(q)\nreturn self.v(processed_memory.tanh()).squeeze(-1)"),
        ("query.unsqueeze_(1)\nreturn self.v(tanh(self.query_layer(query) + p + u)).squeeze(-1)"),
    ),
    "return-missing": (
        "energies = self.v(tanh(q + p + u)).squeeze(-1)",
        "self.energies = self.v(tanh(q + p + u)).squeeze(-1)",
    ),
    "unknown-name": (
        "return self.v(tanh(q + p + location_layer(w))).squeeze(-1)",
        "return self.v(tanh(q + p + self.location(w))).squeeze(-1)",
        "return v(tanh(q + p + u)).squeeze(-1)",
        "return self.v(tanh(q + memory + u)).squeeze(-1)",
    ),
    "broadcast": ("return self.v(tanh(q + p + w)).squeeze(-1)",),
    "": (
        "return self.v(F.gelu(q + p + u)).squeeze(-1)",
        "return self.v(tanh(q + p + u)).squeeze(-1).tolist()",
        "return self.v(tanh(q + p + u)).squeeze(-1), u",
        "return self.v(tanh(2 * q + p + u)).squeeze(-1)",
        "return self.v(tanh(q + p + u)).squeeze(-1).abs()",
        "return self.v(nn.Tanh(q + p + u)).squeeze(-1)",
        "return self.v(tanh(q + p + u)).squeeze(-1)[:, :-1]",
        "e = self.v(tanh(q + p + u)).squeeze(-1)\nreturn e - e.max()",
        "return self.v(tanh(q + p + u)).squeeze(-1).flip(1)",
    ),
}

RIGHT: tuple[str, ...] = (
    "return self.v(tanh(q + p + u)).squeeze(-1)",
    "return self.v(tanh(q + p + u)).squeeze(2)",
    "return self.v(nn.Tanh()(u + (q + p)))[:, :, 0]",
    "return F.linear(tanh(q + p + u), self.v.linear_layer.weight).flatten(1)",
    "return (tanh(q + p + u) * self.v.linear_layer.weight.view(1, 1, -1)).sum(-1)",
    "return torch.einsum('bta,ka->bt', tanh(q + p + u), self.v.linear_layer.weight)",
    "return self.v(F.tanh(q.expand(-1, p.size(1), -1) + p + u)).view(p.size(0), p.size(1))",
    "return self.v(tanh(sum([q, p, u]))).reshape(p.shape[:2])",
    "x = q.repeat(1, p.size(1), 1)\nx = x + p\nx = x + u\nx = x.tanh()\nreturn self.v(x)[..., 0]",
    "x = torch.cat([self.v(tanh(q[b] + p[b] + u[b])) for b in range(len(p))], dim=1)\nreturn x.t()",
    "x = (q + p).add_(u)\nreturn self.v(x.tanh_()).squeeze(dim=-1)",
    "x = q + p + u\nreturn self.v((x.exp() - (-x).exp()) / (x.exp() + (-x).exp())).squeeze(-1)",
    "return torch.matmul(tanh(q + u + p), self.v.linear_layer.weight[0])",
    "self.last = u\nreturn self.v(tanh(q + p + u)).squeeze(-1)",
    "q = self.query_layer(query[:, None, :])\nreturn self.v.linear_layer(tanh(q + p + u)).mT[:, 0]",
    "return torch.stack([self.v(tanh(q[:, 0] + p[:, t] + u[:, t]))[:, 0] "
    "for t in range(p.size(1))], 1)",
    "e = self.v(tanh(q + p + u))\nassert e.shape[-1] == 1\nreturn e.squeeze(-1).contiguous()",
)
