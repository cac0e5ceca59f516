"""``Encoder.convolve`` in many hands."""

from __future__ import annotations

BEFORE = """
layers, p, training = self.convolutions, self.p_encoder_dropout, self.training

def drop(x):
    return F.dropout(x, p, training)

def hide(x):
    return x if padding is None else x.masked_fill(padding, 0.0)

y = x
"""


def each(line: str, before: str = "x = hide(x)") -> str:
    """Return a loop over the layers: what is done before each, and what each does."""
    lines = "".join(f"    {part}\n" for part in (before, line) if part)
    return f"for layer in layers:\n{lines}return x"


WRONG: dict[str, tuple[str, ...]] = {
    "relu-missing": (
        each("x = drop(layer(x))"),
        each("x = layer(x); F.relu(x); x = drop(x)"),
    ),
    "relu-before": (each("x = drop(layer(F.relu(x)))"),),
    "relu-before-norm": (each("x = drop(layer[1](F.relu(layer[0](x))))"),),
    "relu-at-end": ("for layer in layers:\n    x = drop(layer(hide(x)))\nreturn F.relu(x)",),
    "relu-not-last": (
        "for i, layer in enumerate(layers):\n    x = layer(hide(x))\n"
        "    if i < len(layers) - 1:\n        x = drop(F.relu(x))\nreturn x",
        "for i, layer in enumerate(layers):\n    x = layer(hide(x))\n"
        "    if i < len(layers) - 1:\n        x = F.relu(x)\n    x = drop(x)\nreturn x",
    ),
    "tanh": (each("x = drop(torch.tanh(layer(x)))"),),
    "other-activation": (
        each("x = drop(torch.sigmoid(layer(x)))"),
        each("x = drop(F.leaky_relu(layer(x)))"),
        each("x = drop(F.gelu(layer(x)))"),
        each("x = drop(F.elu(layer(x)))"),
        each("x = drop(F.silu(layer(x)))"),
        each("x = drop(layer(x).abs())"),
    ),
    "dropout-left-on": (
        each("x = F.dropout(F.relu(layer(x)), p)"),
        each("x = F.dropout(F.relu(layer(x)), p, True)"),
        each("x = nn.Dropout(p)(F.relu(layer(x)))"),
        each("x = F.dropout(F.relu(layer(x)))"),
    ),
    "dropout-missing": (
        each("x = F.relu(layer(x))"),
        each("x = F.relu(layer(x)); drop(x)"),
        each("x = F.dropout(F.relu(layer(x)), p, False)"),
    ),
    "dropout-inverted": (each("x = F.dropout(F.relu(layer(x)), p, not self.training)"),),
    "dropout-before": (each("x = F.relu(layer(drop(x)))"),),
    "dropout-between": (each("x = F.relu(layer[1](drop(layer[0](x))))"),),
    "dropout-once": (
        "for layer in layers:\n    x = F.relu(layer(hide(x)))\nreturn drop(x)",
        "for i, layer in enumerate(layers):\n    x = F.relu(layer(hide(x)))\n"
        "    if i == 0:\n        x = drop(x)\nreturn x",
        "for i, layer in enumerate(layers):\n    x = F.relu(layer(hide(x)))\n"
        "    if i < len(layers) - 1:\n        x = drop(x)\nreturn x",
    ),
    "dropout-kept-share": (
        each("x = F.dropout(F.relu(layer(x)), 1 - p, training)"),
        each("x = nn.Dropout(1 - p).train(training)(F.relu(layer(x)))"),
    ),
    "dropout-share": (
        each("x = F.dropout(F.relu(layer(x)), 0.1, training)"),
        each("x = drop(drop(F.relu(layer(x))))"),
        each("x = F.dropout(F.relu(layer(x)), 2 * p if p < 0.4 else 0.9, training)"),
    ),
    "dropout-together": (
        each("x = F.dropout1d(F.relu(layer(x)), p, training)"),
        each(
            "x = F.relu(layer(x))\n    k = F.dropout(torch.ones_like(x[:1]), p, training)\n"
            "    x = x * k"
        ),
        each(
            "x = F.relu(layer(x))\n    k = F.dropout(torch.ones_like(x[:, :1]), p, training)\n"
            "    x = x * k"
        ),
    ),
    "not-chained": (
        "for layer in layers:\n    y = drop(F.relu(layer(hide(x))))\nreturn y",
        "out = None\nfor layer in layers:\n    out = drop(layer(hide(x)).relu())\nreturn out",
    ),
    "first-layer-only": (
        "for layer in layers:\n    x = drop(F.relu(layer(hide(x))))\n    return x",
        "return drop(F.relu(layers[0](hide(x))))",
    ),
    "last-layer-skipped": (
        "for layer in layers[:-1]:\n    x = drop(F.relu(layer(hide(x))))\nreturn x",
        "for i in range(len(layers) - 1):\n    x = drop(F.relu(layers[i](hide(x))))\nreturn x",
    ),
    "first-layer-skipped": (
        "for layer in layers[1:]:\n    x = drop(F.relu(layer(hide(x))))\nreturn x",
        "for i in range(1, len(layers)):\n    x = drop(F.relu(layers[i](hide(x))))\nreturn x",
    ),
    "same-layer": ("for _ in layers:\n    x = drop(F.relu(layers[0](hide(x))))\nreturn x",),
    "three-layers": (
        "for i in range(3):\n    x = drop(F.relu(layers[i](hide(x))))\nreturn x",
        "a, b, c = layers\nfor layer in (a, b, c):\n    x = drop(F.relu(layer(hide(x))))\nreturn x",
    ),
    "reversed": (
        "for layer in reversed(layers):\n    x = drop(F.relu(layer(hide(x))))\nreturn x",
        "for layer in layers[::-1]:\n    x = drop(F.relu(layer(hide(x))))\nreturn x",
    ),
    "batch-norm-skipped": (
        each("x = drop(F.relu(layer[0](x)))"),
        each("x = drop(F.relu(layer[0].conv(x)))"),
    ),
    "norm-before": (each("x = drop(F.relu(layer[0](layer[1](x))))"),),
    "residual": (
        each("x = x + drop(F.relu(layer(x)))"),
        "for layer in layers:\n    x = drop(F.relu(layer(hide(x))))\nreturn x + y",
        each("x = F.relu(x + layer(x))\n    x = drop(x)"),
    ),
    "padding-inverted": (
        each("x = drop(F.relu(layer(x)))", "x = x if padding is None else x * padding"),
        each(
            "x = drop(F.relu(layer(x)))",
            "x = x if padding is None else x.masked_fill(~padding, 0.0)",
        ),
    ),
    "padding-ignored": (
        each("x = drop(F.relu(layer(x)))", ""),
        each("x = drop(F.relu(layer(x)))", "hide(x)"),
    ),
    "padding-once": (
        "x = hide(x)\nfor layer in layers:\n    x = drop(F.relu(layer(x)))\nreturn x",
    ),
    "padding-after": (
        each("x = hide(drop(F.relu(layer(x))))", ""),
        each("x = drop(hide(F.relu(layer(x))))", ""),
        each("x = drop(F.relu(hide(layer(x))))", ""),
    ),
    "padding-also-after": (
        "for layer in layers:\n    x = drop(F.relu(layer(hide(x))))\nreturn hide(x)",
        "x = hide(x)\nfor layer in layers:\n    x = hide(drop(F.relu(layer(x))))\nreturn x",
    ),
    "padding-at-end": ("for layer in layers:\n    x = drop(F.relu(layer(x)))\nreturn hide(x)",),
    "padding-not-first": (
        "for i, layer in enumerate(layers):\n    x = hide(x) if i else x\n"
        "    x = drop(F.relu(layer(x)))\nreturn x",
    ),
    "padding-minus-infinity": (
        each(
            "x = drop(F.relu(layer(x)))",
            "x = x if padding is None else x.masked_fill(padding, -float('inf'))",
        ),
    ),
    "padding-filled": (
        each(
            "x = drop(F.relu(layer(x)))",
            "x = x if padding is None else x.masked_fill(padding, 1.0)",
        ),
        each(
            "x = drop(F.relu(layer(x)))",
            "x = x if padding is None else x.masked_fill(padding, -1e9)",
        ),
        each(
            "x = drop(F.relu(layer(x)))",
            "x = x if padding is None else x.masked_fill(padding, -1.0)",
        ),
    ),
    "padding-none": (
        each("x = drop(F.relu(layer(x)))", "x = x.masked_fill(padding, 0.0)"),
        each("x = drop(F.relu(layer(x)))", "x = x * ~padding"),
        each("x = drop(F.relu(layer(x)))", "x = torch.where(padding, 0.0, x)"),
    ),
    "truth-of-a-tensor": (
        each("x = drop(F.relu(layer(x)))", "x = x.masked_fill(padding, 0.0) if padding else x"),
    ),
    "padding-subtracted": (
        each("x = drop(F.relu(layer(x)))", "x = x if padding is None else x * (1 - padding)"),
    ),
    "padding-axis": (
        each(
            "x = drop(F.relu(layer(x)))",
            "x = x if padding is None else x.masked_fill(padding.squeeze(1), 0.0)",
        ),
        each(
            "x = drop(F.relu(layer(x)))",
            "x = x if padding is None else x.masked_fill(padding.transpose(1, 2), 0.0)",
        ),
    ),
    "list-called": (
        "return self.convolutions(x)",
        "x = hide(x)\nx = drop(F.relu(self.convolutions(x)))\nreturn x",
    ),
    "transposed": (
        "for layer in layers:\n    x = drop(F.relu(layer(hide(x))))\nreturn x.transpose(1, 2)",
        "for layer in layers:\n    x = drop(F.relu(layer(hide(x))))\nreturn x.permute(0, 2, 1)",
    ),
    "transposed-early": (
        "x = x.transpose(1, 2)\nfor layer in layers:\n    x = drop(F.relu(layer(x)))\nreturn x",
        each("x = drop(F.relu(layer(x.transpose(1, 2)))).transpose(1, 2)"),
    ),
    "batch-squeezed": (
        "for layer in layers:\n    x = drop(F.relu(layer(hide(x))))\nreturn x.squeeze()",
        "for layer in layers:\n    x = drop(F.relu(layer(hide(x))))\nreturn x.squeeze(0)",
    ),
    "mode-set": (
        "self.eval()\n" + each("x = F.dropout(F.relu(layer(x)), p, self.training)"),
        "self.train()\n" + each("x = F.dropout(F.relu(layer(x)), p, self.training)"),
    ),
    "gradient-lost": (
        each("x = drop(F.relu(layer(x.detach())))"),
        each("x = drop(F.relu(layer(x)))", "x = hide(x.detach())"),
        "with torch.no_grad():\n    for f in layers:\n        x = drop(F.relu(f(hide(x))))\n"
        "return x",
        "x = x.detach()\n" + each("x = drop(F.relu(layer(x)))"),
        "for layer in layers:\n    x = drop(F.relu(layer(hide(x))))\nreturn x.data",
        "x = torch.tensor(x.tolist())\n" + each("x = drop(F.relu(layer(x)))"),
    ),
    "input-changed": (
        each(
            "x = drop(F.relu(layer(x)))",
            "x = x if padding is None else x.masked_fill_(padding, 0.0)",
        ),
        "if padding is not None:\n    x *= ~padding\n" + each("x = drop(F.relu(layer(x)))"),
        "z = drop(F.relu(layers[0](hide(x))))\nx.zero_()\n"
        "for layer in layers[1:]:\n    z = drop(F.relu(layer(hide(z))))\nreturn z",
    ),
    "return-missing": (
        "for layer in layers:\n    x = drop(F.relu(layer(hide(x))))",
        "def run(x):\n    for layer in layers:\n        x = drop(F.relu(layer(hide(x))))\n"
        "    return x\nrun(x)",
    ),
    "unknown-name": (
        "for layer in convolutions:\n    x = drop(F.relu(layer(hide(x))))\nreturn x",
        each("x = self.dropout(F.relu(layer(x)))"),
        each("x = F.dropout(self.relu(layer(x)), p, training)"),
        each("x = F.dropout(relu(layer(x)), 0.5, self.training)"),
        each("x = F.dropout(F.relu(layer(x)), self.p_dropout, self.training)"),
    ),
    "": (
        each("x = drop(F.relu(layer(x)))", "x = x if padding is None else x[:, :, ~padding[0, 0]]"),
        each("x = drop(F.relu(layer(x))) / 2"),
        each("x = drop(F.relu(layer(x)))").replace("return x", "return x, padding"),
        each("x = drop(F.relu(layer(x))).double()"),
        "outs = []\nfor layer in layers:\n    x = drop(F.relu(layer(hide(x))))\n"
        "    outs.append(x)\nreturn outs",
        "outs = []\nfor layer in layers:\n    x = drop(F.relu(layer(hide(x))))\n"
        "    outs.append(x)\nreturn torch.stack(outs)",
        each("x = drop(F.max_pool1d(F.relu(layer(x)), 3, 1, 1))"),
        each("x = F.relu(layer(x)) * (torch.rand_like(x) < 1 - p if training else 1)"),
        each("x = F.alpha_dropout(F.relu(layer(x)), p, training)"),
        each("x = drop(F.relu(layer(x)))").replace("return x", "return x[:, :, :-1]"),
    ),
}

_RIGHT = "x = drop(F.relu(layer(x)))"
RIGHT: tuple[str, ...] = (
    each(_RIGHT),
    each("x = F.relu(drop(layer(x)))"),
    each("x = F.dropout(F.relu(layer(x)), 0.5, self.training)"),
    each("x = nn.Dropout(p).train(self.training)(nn.ReLU()(layer(x)))"),
    each("x = torch.relu(layer[1](layer[0](x)))\n    x = drop(x)"),
    each("x = layer(x).clamp_min(0)\n    x = drop(x)"),
    each("x = layer(x)\n    x = drop(x * (x > 0))"),
    each("x = torch.maximum(layer(x), torch.zeros(()))\n    x = drop(x)"),
    each(_RIGHT, "x = x if padding is None else torch.where(padding, 0.0, x)"),
    each(_RIGHT, "x = x if padding is None else x * (1 - padding.float())"),
    each(_RIGHT, "x = x if padding is None else x.masked_fill(padding.expand_as(x), 0)"),
    "padding = torch.zeros_like(x[:, :1], dtype=torch.bool) if padding is None else padding\n"
    + each(_RIGHT, "x = x.masked_fill(padding, 0.0)"),
    "for i in range(len(layers)):\n    x = drop(F.relu(layers[i](hide(x))))\nreturn x",
    "import functools\nreturn functools.reduce(lambda x, f: drop(F.relu(f(hide(x)))), layers, x)",
    "x = hide(x)\nfor i, layer in enumerate(layers):\n    x = drop(F.relu(layer(x)))\n"
    "    x = hide(x) if i + 1 < len(layers) else x\nreturn x",
    each("x = F.relu(layer(x))\n    if self.training:\n        x = F.dropout(x, p)"),
    each(
        "x = F.relu(layer(x))\n    keep = torch.bernoulli(torch.full_like(x, 1 - p))\n"
        "    x = x * keep / (1 - p) if self.training else x"
    ),
    each("x = F.relu(F.relu(layer(x)))\n    x = drop(x)"),
)
