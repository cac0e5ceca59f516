"""``LocationLayer.forward`` in many hands."""

from __future__ import annotations

BEFORE = "conv, dense, w = self.location_conv, self.location_dense, attention_weights_cat"

WRONG: dict[str, tuple[str, ...]] = {
    "transposed-early": (
        "return dense(conv(w.transpose(1, 2)))",
        "x = w.permute(0, 2, 1)\nx = conv(x)\nreturn dense(x.transpose(1, 2))",
    ),
    "conv-missing": (
        "return conv(dense(w.transpose(1, 2)))",
        "return dense(w.transpose(1, 2))",
    ),
    "channel-taken": (
        "return dense(conv(w[:, :1]).transpose(1, 2))",
        "return dense(conv(w[:, 1].unsqueeze(1)).transpose(1, 2))",
        "return dense(conv(w.sum(1, keepdim=True)).transpose(1, 2))",
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
        "return dense(conv(w[:, 0]).transpose(1, 2))",
        "return dense(conv(w).transpose(1, 2)), w",
        "return dense(conv(w).transpose(1, 2)).double()",
        "return dense(conv(w).transpose(1, 2)).numpy()",
        ("return F.layer_norm(dense(conv(w).transpose(1, 2)), (dense.linear_layer.out_features,))"),
        (
            "new = nn.Linear(conv.conv.out_channels, dense.linear_layer.out_features, bias=False)\n"
            "return new(conv(w).transpose(1, 2))"
        ),
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
