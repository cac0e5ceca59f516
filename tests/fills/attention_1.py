"""``LocationLayer.forward`` in many hands."""

from __future__ import annotations

BEFORE = "conv, dense, w = self.location_conv, self.location_dense, attention_weights_cat"

WRONG: dict[str, tuple[str, ...]] = {
    "transpose-missing": (
        "return dense(conv(w))",
        "x = conv(w)\nx.transpose(1, 2)\nreturn dense(x)",
        "x = conv(w)\nx.permute(0, 2, 1)\nx = dense(x)\nreturn x",
        "return F.linear(conv(w), dense.linear_layer.weight)",
        "return dense(conv(w).transpose(1, 2).transpose(1, 2))",
    ),
    "transposed-late": (
        "return dense(conv(w)).transpose(1, 2)",
        "x = dense(conv(w))\nreturn x.permute(0, 2, 1)",
    ),
    "transposed-early": (
        "return dense(conv(w.transpose(1, 2)))",
        "x = w.permute(0, 2, 1)\nx = conv(x)\nreturn dense(x.transpose(1, 2))",
    ),
    "wrong-axes": (
        "return dense(conv(w).transpose(0, 1))",
        "return dense(conv(w).permute(2, 0, 1))",
        "return dense(conv(w).transpose(0, 2))",
        "return dense(conv(w).permute(2, 1, 0))",
        "return dense(conv(w).T)",
    ),
    "reshaped": (
        "x = conv(w)\nreturn dense(x.view(x.size(0), x.size(2), x.size(1)))",
        "x = conv(w)\nreturn dense(x.reshape(x.shape[0], -1, x.shape[1]))",
        "x = conv(w)\nreturn dense(x.reshape(len(x), x.size(2), -1))",
        "x = conv(w)\nb, f, t = x.shape\nreturn dense(x.view(b * t, f)).view(b, t, -1)",
    ),
    "dense-missing": (
        "return conv(w).transpose(1, 2)",
        "x = conv(w).permute(0, 2, 1)\ndense(x)\nreturn x",
        "return conv(w)",
    ),
    "conv-missing": (
        "return conv(dense(w.transpose(1, 2)))",
        "return dense(w.transpose(1, 2))",
        "return dense(w)",
    ),
    "transposed-back": (
        "return dense(conv(w).transpose(1, 2)).transpose(1, 2)",
        "return dense(conv(w).permute(0, 2, 1)).permute(0, 2, 1)",
    ),
    "channels-swapped": (
        "return dense(conv(w.flip(1)).transpose(1, 2))",
        "return dense(conv(w[:, [1, 0]]).transpose(1, 2))",
        "w = torch.cat([w[:, 1:], w[:, :1]], dim=1)\nreturn dense(conv(w).transpose(1, 2))",
    ),
    "previous-only": (
        "w = torch.stack([w[:, 0], w[:, 0]], dim=1)\nreturn dense(conv(w).transpose(1, 2))",
        "w = w * w.new_tensor([1.0, 0.0])[:, None]\nreturn dense(conv(w).transpose(1, 2))",
        "k = conv.conv.weight[:, :1]\n"
        "return dense(F.conv1d(w[:, :1], k, padding=k.size(2) // 2).transpose(1, 2))",
    ),
    "cumulative-only": (
        "w = w[:, 1:].expand(-1, 2, -1)\nreturn dense(conv(w).transpose(1, 2))",
        "w = torch.stack([torch.zeros_like(w[:, 0]), w[:, 1]], 1)\n"
        "return dense(conv(w).transpose(1, 2))",
    ),
    "channel-taken": (
        "return dense(conv(w[:, :1]).transpose(1, 2))",
        "return dense(conv(w[:, 1].unsqueeze(1)).transpose(1, 2))",
        "return dense(conv(w.sum(1, keepdim=True)).transpose(1, 2))",
    ),
    "channels-mixed": (
        "w = w.sum(1, keepdim=True).expand(-1, 2, -1)\nreturn dense(conv(w).transpose(1, 2))",
        "w = w.mean(1, keepdim=True).repeat(1, 2, 1)\nreturn dense(conv(w).transpose(1, 2))",
    ),
    "relu-added": (
        "return dense(conv(w).relu().transpose(1, 2))",
        "return dense(F.relu(conv(w)).transpose(1, 2))",
        "return F.relu(dense(conv(w).transpose(1, 2)))",
    ),
    "tanh-added": (
        "return torch.tanh(dense(conv(w).transpose(1, 2)))",
        "return dense(torch.tanh(conv(w)).transpose(1, 2))",
        "return torch.tanh(dense(torch.tanh(conv(w)).transpose(1, 2)))",
    ),
    "sigmoid-added": (
        "return torch.sigmoid(dense(conv(w).transpose(1, 2)))",
        "return dense(torch.sigmoid(conv(w)).transpose(1, 2))",
    ),
    "softmax-added": (
        "return F.softmax(dense(conv(w).transpose(1, 2)), dim=-1)",
        "return F.softmax(dense(conv(w).transpose(1, 2)), dim=1)",
        "return dense(F.softmax(conv(w), dim=-1).transpose(1, 2))",
        "return dense(conv(w.softmax(-1)).transpose(1, 2))",
    ),
    "scaled": (
        "x = dense(conv(w).transpose(1, 2))\nreturn x / x.size(-1) ** 0.5",
        "x = conv(w)\nreturn dense(x.transpose(1, 2)) / x.size(1) ** 0.5",
    ),
    "weights-normalised": (
        "w = w / w.sum(-1, keepdim=True)\nreturn dense(conv(w).transpose(1, 2))",
        "w = w / w.sum(1, keepdim=True)\nreturn dense(conv(w).transpose(1, 2))",
    ),
    "tap-shifted": (
        "w = F.pad(w, (1, 0))[..., :-1]\nreturn dense(conv(w).transpose(1, 2))",
        "return dense(F.pad(conv(w), (1, 0))[..., :-1].transpose(1, 2))",
        "w = F.pad(w, (0, 1))[..., 1:]\nreturn dense(conv(w).transpose(1, 2))",
    ),
    "causal": (
        "k = conv.conv.weight\n"
        "return dense(F.conv1d(F.pad(w, (k.size(2) - 1, 0)), k).transpose(1, 2))",
        "k = conv.conv.weight\n"
        "return dense(F.conv1d(F.pad(w, (0, k.size(2) - 1)), k).transpose(1, 2))",
    ),
    "rolled": (
        "return dense(conv(torch.roll(w, 1, dims=-1)).transpose(1, 2))",
        "return dense(conv(w).transpose(1, 2)).roll(1, 1)",
        "return dense(conv(w.roll(-1, 2)).transpose(1, 2))",
    ),
    "padding-missing": (
        "return dense(F.conv1d(w, conv.conv.weight).transpose(1, 2))",
        "return dense(F.conv1d(w, conv.conv.weight, padding=0).permute(0, 2, 1))",
    ),
    "filter-flipped": (
        "k = conv.conv.weight.flip(-1)\n"
        "return dense(F.conv1d(w, k, padding=k.size(2) // 2).transpose(1, 2))",
    ),
    "weight-transposed": ("return conv(w).transpose(1, 2) @ dense.linear_layer.weight",),
    "dense-twice": ("return dense(dense(conv(w).transpose(1, 2)))",),
    "batch-squeezed": (
        "return dense(conv(w).transpose(1, 2)).squeeze()",
        "return dense(conv(w.squeeze()).transpose(-1, -2))",
        "return dense(conv(w).squeeze().transpose(-2, -1))",
    ),
    "first-sentence": (
        "return dense(conv(w[:1]).transpose(1, 2))",
        "return dense(conv(w[0]).transpose(0, 1))",
        "return dense(conv(w).transpose(1, 2))[0]",
        "x = dense(conv(w).transpose(1, 2))\nreturn x[:1].expand_as(x)",
    ),
    "summed-up": (
        "return dense(conv(w).transpose(1, 2)).sum(1)",
        "return dense(conv(w).transpose(1, 2)).mean(dim=1)",
        "return dense(conv(w).transpose(1, 2)).sum(-1)",
        "return dense(conv(w).sum(-1))",
    ),
    "reversed": (
        "return dense(conv(w).transpose(1, 2)).flip(1)",
        "return dense(conv(w.flip(-1)).transpose(1, 2))",
    ),
    "gradient-lost": (
        "return dense(conv(w.detach()).transpose(1, 2))",
        "with torch.no_grad():\n    return dense(conv(w).transpose(1, 2))",
        "with torch.no_grad():\n    x = conv(w)\nreturn dense(x.transpose(1, 2))",
        "return dense(conv(w).detach().transpose(1, 2))",
        "return dense(conv(w).transpose(1, 2)).data",
        "w = torch.tensor(w.tolist())\nreturn dense(conv(w).transpose(1, 2))",
        "return torch.from_numpy(dense(conv(w).transpose(1, 2)).detach().numpy())",
        "with torch.inference_mode():\n    return dense(conv(w).transpose(1, 2))",
    ),
    "dropout-added": (
        "return dense(F.dropout(conv(w), 0.5, self.training).transpose(1, 2))",
        "return F.dropout(dense(conv(w).transpose(1, 2)), 0.1, self.training)",
        "return F.dropout(dense(conv(w).transpose(1, 2)), 0.5)",
    ),
    "input-changed": (
        "x = dense(conv(w).transpose(1, 2))\nw.zero_()\nreturn x",
        "x = dense(conv(w).transpose(1, 2))\nw[:, 1] += w[:, 0]\nreturn x",
    ),
    "return-missing": (
        "x = dense(conv(w).transpose(1, 2))",
        "x = conv(w).transpose(1, 2)\nprint(dense(x).shape)",
        "self.features = dense(conv(w).transpose(1, 2))",
        "for sentence in w:\n    if sentence.size(0) > 2:\n        return sentence",
    ),
    "unknown-name": (
        "return location_dense(location_conv(w).transpose(1, 2))",
        "x = self.conv(w)\nreturn dense(x.transpose(1, 2))",
        "return self.location_linear(conv(w).transpose(1, 2))",
        "return dense(conv(attention_weights).transpose(1, 2))",
        "return np.transpose(w)",
    ),
    "": (
        "w /= w.sum(-1, keepdim=True)\nreturn dense(conv(w).transpose(1, 2))",
        "return dense(conv(w[:, 0]).transpose(1, 2))",
        "return dense(conv(w).transpose(1, 2)), w",
        "return dense(conv(w).transpose(1, 2)).double()",
        "return dense(conv(w).transpose(1, 2)).numpy()",
        "return -dense(conv(w).transpose(1, 2))",
        "return F.layer_norm(dense(conv(w).transpose(1, 2)), (dense.linear_layer.out_features,))",
        "return nn.Linear(conv.conv.out_channels, dense.linear_layer.out_features, bias=False)("
        "conv(w).transpose(1, 2))",
        "return dense(conv(w).transpose(1, 2)) + 1e-3",
        "return torch.zeros(w.size(0), w.size(2), dense.linear_layer.out_features)",
        "x = dense(conv(w).transpose(1, 2))\nreturn x + x.roll(1, 1)",
    ),
}

RIGHT: tuple[str, ...] = (
    "return dense(conv(w).transpose(1, 2))",
    "return dense(conv(w).transpose(2, 1).contiguous())",
    "return dense(conv(w).permute(0, 2, 1))",
    "return dense(conv(w).mT)",
    "return dense(conv(w).swapaxes(-1, -2))",
    "x = conv(w)\nx = torch.transpose(x, 1, 2)\nx = dense(x)\nreturn x",
    "x = conv.conv(w)\nreturn dense.linear_layer(x.transpose(1, 2))",
    "return torch.stack([dense(f.t()) for f in conv(w)])",
    "return torch.einsum('bft,af->bta', conv(w), dense.linear_layer.weight)",
    "return torch.cat([dense(conv(s[None]).mT) for s in w], dim=0)",
    "return F.conv1d(conv(w), dense.linear_layer.weight[:, :, None]).transpose(1, 2)",
    "x = conv(w).transpose(1, 2)\nb, t, f = x.shape\nreturn dense(x.reshape(-1, f)).view(b, t, -1)",
    "return torch.tensordot(conv(w), dense.linear_layer.weight, dims=([1], [1]))",
    "x = w.clone()\nx = conv(x)\nreturn torch.matmul(x.mT, dense.linear_layer.weight.T)",
    "k = conv.conv.weight\nx = F.conv1d(w[:, :1], k[:, :1], padding='same')\n"
    "x = x + F.conv1d(w[:, 1:], k[:, 1:], padding='same')\nreturn dense(x.movedim(1, 2))",
    "if w.requires_grad:\n    pass\nreturn dense(conv(w).transpose(-2, -1))",
    "return nn.Sequential(conv, nn.Identity())(w).transpose(1, 2) @ dense.linear_layer.weight.t()",
    "with torch.set_grad_enabled(torch.is_grad_enabled()):\n"
    "    return dense(conv(w).transpose(1, 2))",
)
