"""``Attention.get_alignment_energies`` in many hands."""

from __future__ import annotations

BEFORE = """
p, w = processed_memory, attention_weights_cat
q = self.query_layer(query).unsqueeze(1)
u = self.location_layer(w)
tanh = torch.tanh
"""

WRONG: dict[str, tuple[str, ...]] = {
    "tanh-missing": (
        "return self.v(q + p + u).squeeze(-1)",
        "x = q + p + u\ntanh(x)\nreturn self.v(x).squeeze(2)",
        "return (q + p + u) @ self.v.linear_layer.weight[0]",
    ),
    "tanh-outside": (
        "return tanh(self.v(q + p + u)).squeeze(-1)",
        "return self.v(q + p + u).squeeze(-1).tanh()",
    ),
    "tanh-twice": (
        "return tanh(self.v(tanh(q + p + u))).squeeze(-1)",
        "return self.v(tanh(tanh(q + p + u))).squeeze(-1)",
    ),
    "tanh-each": (
        "return self.v(tanh(q) + tanh(p) + tanh(u)).squeeze(-1)",
        "return (self.v(tanh(q)) + self.v(tanh(p)) + self.v(tanh(u))).squeeze(-1)",
    ),
    "tanh-early": (
        "return self.v(tanh(q + u) + p).squeeze(-1)",
        "return self.v(tanh(q + p) + u).squeeze(-1)",
        "return self.v(tanh(u + p) + q).squeeze(-1)",
        "return self.v(tanh(q) + p + u).squeeze(-1)",
        "return self.v(q + tanh(p) + u).squeeze(-1)",
        "return self.v(q + p + tanh(u)).squeeze(-1)",
    ),
    "sigmoid": ("return self.v(torch.sigmoid(q + p + u)).squeeze(-1)",),
    "relu": ("return self.v(F.relu(q + p + u)).squeeze(-1)",),
    "query-missing": (
        "return self.v(tanh(p + u)).squeeze(-1)",
        "self.query_layer(query)\nreturn self.v(tanh(p + u)).squeeze(-1)",
    ),
    "memory-missing": ("return self.v(tanh(q + u)).squeeze(-1)",),
    "location-missing": ("return self.v(tanh(q + p)).squeeze(-1)",),
    "one-term": (
        "return self.v(tanh(p)).squeeze(-1)",
        "return self.v(tanh(u)).squeeze(-1)",
    ),
    "memory-projected-twice": (
        "return self.v(tanh(q + self.memory_layer(p) + u)).squeeze(-1)",
        "m = self.memory_layer(processed_memory)\nreturn self.v(tanh(q + m + u)).squeeze(-1)",
    ),
    "query-not-projected": (
        "return self.v(tanh(query.unsqueeze(1) + p + u)).squeeze(-1)",
        "return self.v(tanh(query[:, None] + p + u)).squeeze(-1)",
    ),
    "layers-swapped": (
        "return self.v(tanh(self.memory_layer(query)[:, None] + p + u)).squeeze(-1)",
        "return self.v(tanh(self.memory_layer(query.unsqueeze(1)) + self.query_layer(p) + u))"
        ".squeeze(-1)",
    ),
    "query-along-time": (
        "q = self.query_layer(query)\nreturn self.v(tanh(q + p + u)).squeeze(-1)",
        "return self.v(tanh(q.transpose(0, 1) + p + u)).squeeze(-1)",
        "q = self.query_layer(query)[None]\nreturn self.v(tanh(q + p + u)).squeeze(-1)",
    ),
    "query-axis-last": (
        "q = self.query_layer(query).unsqueeze(-1)\nreturn self.v(tanh(q + p + u)).squeeze(-1)",
        "q = self.query_layer(query).unsqueeze(2)\nreturn self.v(tanh(q + p + u)).squeeze(-1)",
        "q = self.query_layer(query.unsqueeze(-1))\nreturn self.v(tanh(q + p + u)).squeeze(-1)",
    ),
    "multiplied": (
        "return self.v(tanh(q * p + u)).squeeze(-1)",
        "return self.v(tanh(q * p * u)).squeeze(-1)",
        "return self.v(tanh(q * (p + u))).squeeze(-1)",
    ),
    "dot-product": (
        "return (q * p).sum(-1)",
        "return torch.bmm(p, q.transpose(1, 2)).squeeze(-1)",
        "return torch.bmm(q, p.transpose(1, 2)).squeeze(1) / p.size(-1) ** 0.5",
        "return (q * (p + u)).sum(-1)",
        "return torch.bmm(p + u, q.transpose(1, 2)).squeeze(-1) / p.size(-1) ** 0.5",
    ),
    "scaled": (
        "return self.v(tanh(q + p + u)).squeeze(-1) / p.size(-1) ** 0.5",
        "return self.v(tanh((q + p + u) / p.size(-1) ** 0.5)).squeeze(-1)",
        "return self.v(tanh(q + p + u)).squeeze(-1) / p.size(-1)",
    ),
    "averaged": (
        "return self.v(tanh((q + p + u) / 3)).squeeze(-1)",
        "return self.v(tanh(torch.stack([q.expand_as(p), p, u]).mean(0))).squeeze(-1)",
    ),
    "subtracted": (
        "return self.v(tanh(q - p + u)).squeeze(-1)",
        "return self.v(tanh(p - q + u)).squeeze(-1)",
        "return self.v(tanh(q + p - u)).squeeze(-1)",
        "return -self.v(tanh(q + p + u)).squeeze(-1)",
    ),
    "v-missing": (
        "return tanh(q + p + u).sum(-1)",
        "return tanh(q + p + u).mean(dim=-1)",
        "return tanh(q + p + u)",
        "return tanh(q + p + u).norm(dim=-1)",
    ),
    "v-not-called": (
        "return (self.v * tanh(q + p + u)).squeeze(-1)",
        "return torch.matmul(tanh(q + p + u), self.v)",
        "return tanh(q + p + u) @ self.v",
    ),
    "v-not-summed": ("return self.v.linear_layer.weight * tanh(q + p + u)",),
    "concatenated": (
        "return self.v(tanh(torch.cat([q.expand_as(p), p, u], dim=-1))).squeeze(-1)",
        "return self.v(tanh(torch.cat([q, p, u], dim=1))).squeeze(-1)",
        "return self.v(tanh(torch.cat((q, p, u), dim=2))).squeeze(-1)",
    ),
    "axis-left": (
        "return self.v(tanh(q + p + u))",
        "e = self.v(tanh(q + p + u))\ne.squeeze(-1)\nreturn e",
        "return self.v(tanh(q + p + u)).squeeze(1)",
        "return self.v(tanh(q + p + u)).transpose(1, 2)",
    ),
    "softmax-early": (
        "return F.softmax(self.v(tanh(q + p + u)).squeeze(-1), dim=-1)",
        "return F.softmax(self.v(tanh(q + p + u)), dim=1).squeeze(-1)",
        "return self.v(tanh(q + p + u)).squeeze(-1).log_softmax(1)",
        "return self.v(tanh(q + p + u)).squeeze(-1).exp()",
        "return torch.sigmoid(self.v(tanh(q + p + u)).squeeze(-1))",
        "return F.softmax(self.v(tanh(q + p + u)).squeeze(-1), dim=0)",
    ),
    "summed-up": (
        "return self.v(tanh(q + p + u)).sum(1)",
        "return self.v(tanh(q + p + u)).sum(dim=0)",
        "return self.v(tanh((q + p + u).sum(1)))",
        "return self.v(tanh(q + p + u)).mean(1)",
    ),
    "transposed": ("return self.v(tanh(q + p + u)).squeeze(-1).t()",),
    "batch-squeezed": (
        "return self.v(tanh(q + p + u)).squeeze()",
        "return torch.squeeze(self.v(tanh(q + p + u)))",
        "return self.v(tanh(q + p + u)).squeeze(-1).squeeze(0)",
    ),
    "first-query": (
        "return self.v(tanh(q[:1] + p + u)).squeeze(-1)",
        "return self.v(tanh(q.mean(0) + p + u)).squeeze(-1)",
    ),
    "location-twice": ("return self.v(tanh(q + p + u + u)).squeeze(-1)",),
    "channels-swapped": (
        "u = self.location_layer(w.flip(1))\nreturn self.v(tanh(q + p + u)).squeeze(-1)",
        "u = self.location_layer(w[:, [1, 0]])\nreturn self.v(tanh(q + p + u)).squeeze(-1)",
    ),
    "channel-missing": (
        "u = self.location_layer(w * w.new_tensor([1.0, 0.0])[:, None])\n"
        "return self.v(tanh(q + p + u)).squeeze(-1)",
        "u = self.location_layer(w[:, :1].repeat(1, 2, 1))\n"
        "return self.v(tanh(q + p + u)).squeeze(-1)",
        "u = self.location_layer(w[:, 1:].expand_as(w))\n"
        "return self.v(tanh(q + p + u)).squeeze(-1)",
    ),
    "weights-transposed": (
        "u = self.location_layer(w.transpose(1, 2))\nreturn self.v(tanh(q + p + u)).squeeze(-1)",
        "u = self.location_layer(w.permute(0, 2, 1))\nreturn self.v(tanh(q + p + u)).squeeze(-1)",
    ),
    "location-untouched": (
        "return self.v(tanh(q + p + w.transpose(1, 2))).squeeze(-1)",
        "u = self.location_layer.location_conv(w)\nreturn self.v(tanh(q + p + u)).squeeze(-1)",
        "u = self.location_layer.location_conv(w).mT\nreturn self.v(tanh(q + p + u)).squeeze(-1)",
    ),
    "features-transposed": (
        "return self.v(tanh(q + p + u.transpose(1, 2))).squeeze(-1)",
        "return self.v(tanh(q + p.transpose(1, 2) + u)).squeeze(-1)",
    ),
    "gradient-lost": (
        "q = self.query_layer(query.detach()).unsqueeze(1)\n"
        "return self.v(tanh(q + p + u)).squeeze(-1)",
        "return self.v(tanh(q + p.detach() + u)).squeeze(-1)",
        "return self.v(tanh(q + p + u.detach())).squeeze(-1)",
        "u = self.location_layer(w.detach())\nreturn self.v(tanh(q + p + u)).squeeze(-1)",
        "return self.v(tanh(q + p + u)).squeeze(-1).detach()",
        "with torch.no_grad():\n    return self.v(tanh(q + p + u)).squeeze(-1)",
        "with torch.no_grad():\n    u = self.location_layer(w)\n"
        "return self.v(tanh(q + p + u)).squeeze(-1)",
        "return torch.tensor(self.v(tanh(q + p + u)).squeeze(-1).tolist())",
        "return self.v(tanh(q.data + p + u)).squeeze(-1)",
    ),
    "dropout-added": (
        "return self.v(F.dropout(tanh(q + p + u), 0.5, self.training)).squeeze(-1)",
        "return self.v(F.dropout(tanh(q + p + u), 0.5)).squeeze(-1)",
        "return self.v(tanh(F.dropout(q, 0.1, self.training) + p + u)).squeeze(-1)",
    ),
    "input-changed": (
        "p += q\nreturn self.v(tanh(p + u)).squeeze(-1)",
        "processed_memory.add_(u).add_(q)\nreturn self.v(processed_memory.tanh()).squeeze(-1)",
        "query.unsqueeze_(1)\nreturn self.v(tanh(self.query_layer(query) + p + u)).squeeze(-1)",
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
        "return F.cosine_similarity(q, p, dim=-1)",
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
