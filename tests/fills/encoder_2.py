"""``Encoder.forward`` in many hands."""

from __future__ import annotations

BEFORE = """
n, total = input_lengths, x.size(2)
y = x
z = self.convolve(x, padding).transpose(1, 2)

def pack(z, n=n, **more):
    return pack_padded_sequence(z, n.cpu(), batch_first=True, enforce_sorted=False, **more)

def unpack(out, **more):
    return pad_packed_sequence(out, batch_first=True, total_length=total, **more)[0]

def read(z, n=n):
    return unpack(self.lstm(pack(z, n))[0])
"""

WRONG: dict[str, tuple[str, ...]] = {
    "transpose-missing": (
        "return read(self.convolve(x, padding))",
        "z = self.convolve(x, padding)\nz.transpose(1, 2)\nreturn read(z)",
        "return read(self.convolve(x, padding).contiguous())",
    ),
    "transposed-early": (
        "x = x.permute(0, 2, 1)\nreturn read(self.convolve(x, padding).transpose(1, 2))",
    ),
    "wrong-axes": ("return read(self.convolve(x, padding).transpose(0, 1))",),
    "reshaped": (
        "z = self.convolve(x, padding)\nreturn read(z.view(z.size(0), z.size(2), z.size(1)))",
        "z = self.convolve(x, padding)\nreturn read(z.reshape(z.size(0), -1, z.size(1)))",
    ),
    "not-packed": (
        "return self.lstm(z)[0]",
        "out, _ = self.lstm(z)\nreturn out",
        "return read(z, torch.full_like(n, total))",
        "out, (h, c) = self.lstm(z)\nreturn out",
    ),
    "masked-not-packed": (
        "return self.lstm(z)[0] * ~padding_mask(n, total)[..., None]",
        "return self.lstm(z)[0].masked_fill(padding_mask(n, total).unsqueeze(-1), 0.0)",
    ),
    "zeroed-not-packed": (
        "return self.lstm(z.masked_fill(padding_mask(n, total).unsqueeze(-1), 0.0))[0]",
        "k = padding_mask(n, total)[..., None]\n"
        "return self.lstm(z.masked_fill(k, 0.0))[0].masked_fill(k, 0.0)",
    ),
    "order-enforced": (
        "o = pack_padded_sequence(z, n.cpu(), batch_first=True)\nreturn unpack(self.lstm(o)[0])",
        "o = pack_padded_sequence(z, n.cpu(), True, True)\nreturn unpack(self.lstm(o)[0])",
    ),
    "order-sorted": (
        "n, order = n.sort(descending=True)\nreturn read(z[order], n)",
        "n, order = torch.sort(n, descending=True)\n"
        "o = pack_padded_sequence(z[order], n, batch_first=True)\nreturn unpack(self.lstm(o)[0])",
    ),
    "order-not-inverted": (
        "n, order = n.sort(descending=True)\nreturn read(z[order], n)[order]",
        "order = torch.argsort(n, descending=True)\nreturn read(z[order], n[order])[order]",
    ),
    "lengths-sorted": (
        "return read(z, n.sort(descending=True)[0])",
        "n = torch.sort(n, descending=True).values\n"
        "o = pack_padded_sequence(z, n, batch_first=True)\nreturn unpack(self.lstm(o)[0])",
    ),
    "pack-time-first": (
        "return read(self.convolve(x, padding).permute(2, 0, 1))",
        "o = pack_padded_sequence(z, n.cpu(), enforce_sorted=False)\n"
        "return unpack(self.lstm(o)[0])",
    ),
    "unpack-time-first": (
        "return pad_packed_sequence(self.lstm(pack(z))[0], total_length=total)[0]",
        "return read(z).transpose(0, 1)",
    ),
    "time-first": (
        "o = self.lstm(pack_padded_sequence(z, n.cpu(), enforce_sorted=False))[0]\n"
        "return pad_packed_sequence(o, total_length=total)[0]",
    ),
    "not-unpacked": (
        "return self.lstm(pack(z))[0].data",
        "return self.lstm(pack(z))[0]",
        "out, _ = self.lstm(pack(z))\nreturn out",
    ),
    "two-results": (
        "return self.lstm(pack(z))",
        "return pad_packed_sequence(self.lstm(pack(z))[0], batch_first=True, total_length=total)",
        "out = pad_packed_sequence(self.lstm(pack(z))[0], batch_first=True)\nreturn out",
        "return self.lstm(z)",
    ),
    "pair-unpacked": (
        "return unpack(self.lstm(pack(z)))",
        "out = self.lstm(pack(z))\nreturn pad_packed_sequence(out, batch_first=True)[0]",
    ),
    "several-results": (
        "out = pad_packed_sequence(self.lstm(pack(z))[0], batch_first=True)\n"
        "return out.transpose(1, 2)",
        "out = self.lstm(pack(z))\nreturn out.data",
    ),
    "total-length-missing": (
        "return pad_packed_sequence(self.lstm(pack(z))[0], batch_first=True)[0]",
        "out, lengths = pad_packed_sequence(self.lstm(pack(z))[0], True)\nreturn out",
        "return read(z)[:, : int(n.max())]",
    ),
    "lengths-off-by-one": (
        "return read(z, n - 1)",
        "return read(z, (n - 1).clamp(min=1))",
    ),
    "lengths-too-long": ("return read(z, n + 1)",),
    "final-state": (
        "return self.lstm(pack(z))[1][0]",
        "out, (h, c) = self.lstm(pack(z))\nreturn h",
        "out, (h, c) = self.lstm(pack(z))\nreturn c",
        "out, (h, c) = self.lstm(pack(z))\nreturn h.transpose(0, 1)",
        "out, (h, c) = self.lstm(pack(z))\nreturn torch.cat([h[0], h[1]], -1)",
        "out, (h, c) = self.lstm(pack(z))\n"
        "return torch.cat([h[0], h[1]], -1)[:, None].expand(-1, total, -1)",
    ),
    "last-output": (
        "return read(z)[:, -1]",
        "return read(z)[:, -1:]",
        "return read(z)[torch.arange(len(n)), n - 1]",
    ),
    "forward-half": (
        "return read(z)[..., : z.size(2) // 2]",
        "return read(z).chunk(2, -1)[0]",
        "o = read(z)\no = torch.cat([o[..., : z.size(2) // 2]] * 2, -1)\nreturn o",
    ),
    "backward-half": (
        "return read(z)[..., z.size(2) // 2 :]",
        "return read(z).chunk(2, -1)[1]",
    ),
    "halves-swapped": (
        "return torch.cat(read(z).chunk(2, -1)[::-1], -1)",
        "f, b = read(z).split(z.size(2) // 2, -1)\nreturn torch.cat([b, f], 2)",
        "return read(z).roll(z.size(2) // 2, -1)",
    ),
    "halves-summed": (
        "f, b = read(z).chunk(2, -1)\nreturn f + b",
        "return read(z).view(len(z), total, 2, -1).sum(2)",
        "f, b = read(z).chunk(2, -1)\nreturn (f + b) / 2",
        "return read(z).view(len(z), total, 2, -1).mean(2)",
    ),
    "halves-mixed": (
        "return read(z).view(len(z), total, 2, -1).transpose(2, 3).flatten(2)",
        "return torch.stack(read(z).chunk(2, -1), -1).flatten(2)",
    ),
    "backward-flipped": ("f, b = read(z).chunk(2, -1)\nreturn torch.cat([f, b.flip(1)], -1)",),
    "convolve-skipped": (
        "return read(x.transpose(1, 2))",
        "self.convolve(x, padding)\nreturn read(x.transpose(1, 2))",
    ),
    "convolve-twice": ("return read(self.convolve(z.transpose(1, 2), padding).transpose(1, 2))",),
    "padding-forgotten": (
        "return read(self.convolve(x, None).transpose(1, 2))",
        "padding = None\nreturn read(self.convolve(x, padding).transpose(1, 2))",
    ),
    "padding-always": (
        "padding = padding_mask(n, total).unsqueeze(1)\n"
        "return read(self.convolve(x, padding).transpose(1, 2))",
    ),
    "padding-inverted": (
        "k = None if padding is None else ~padding\n"
        "return read(self.convolve(x, k).transpose(1, 2))",
    ),
    "padding-axis": (
        "k = None if padding is None else padding.squeeze(1)\n"
        "return read(self.convolve(x, k).transpose(1, 2))",
        "k = None if padding is None else padding.transpose(1, 2)\n"
        "return read(self.convolve(x, k).transpose(1, 2))",
    ),
    "padding-argument": (
        "return read(self.convolve(x).transpose(1, 2))",
        "x = self.convolve(x)\nreturn read(x.transpose(1, 2))",
    ),
    "lengths-as-padding": (
        "return read(self.convolve(x, n).transpose(1, 2))",
        "return read(self.convolve(x, input_lengths).transpose(1, 2))",
    ),
    "lstm-skipped": (
        "return z",
        "return unpack(pack(z))",
        "self.lstm(pack(z))\nreturn z",
    ),
    "lstm-twice": (
        "return read(read(z))",
        "out = self.lstm(pack(z))[0]\nreturn unpack(self.lstm(out)[0])",
    ),
    "residual": (
        "return z + read(z)",
        "return x.transpose(1, 2) + read(z)",
        "return (z + read(z)) * ~padding_mask(n, total)[..., None]",
    ),
    "activation-added": (
        "return torch.tanh(read(z))",
        "return F.relu(read(z))",
        "return torch.sigmoid(read(z))",
        "return read(F.relu(z))[..., :].relu()",
        "return read(z).softmax(-1)",
    ),
    "padding-value": (
        "return unpack(self.lstm(pack(z))[0], padding_value=1.0)",
        "return unpack(self.lstm(pack(z))[0], padding_value=-1.0)",
        "return unpack(self.lstm(pack(z))[0], padding_value=-float('inf'))",
    ),
    "transposed-back": (
        "return read(z).transpose(1, 2)",
        "return read(z).permute(0, 2, 1)",
    ),
    "batch-squeezed": (
        "return read(z).squeeze()",
        "return read(z).squeeze(0)",
    ),
    "reversed": (
        "return read(z).flip(1)",
        "return read(z.flip(1))",
    ),
    "dropout-added": (
        "return F.dropout(read(z), 0.5, self.training)",
        "return F.dropout(read(z), self.p_encoder_dropout, self.training)",
        "return F.dropout(read(z), 0.5)",
    ),
    "mode-set": (
        "self.eval()\nreturn read(self.convolve(x, padding).transpose(1, 2))",
        "self.train()\nreturn read(self.convolve(x, padding).transpose(1, 2))",
    ),
    "gradient-lost": (
        "return read(z.detach())",
        "return read(z).detach()",
        "return read(z).data",
        "with torch.no_grad():\n    z = self.convolve(x, padding).transpose(1, 2)\nreturn read(z)",
        "with torch.no_grad():\n    return read(z)",
        "x = x.detach()\nreturn read(self.convolve(x, padding).transpose(1, 2))",
        "return torch.tensor(read(z).tolist())",
        "return torch.from_numpy(read(z).detach().numpy())",
    ),
    "input-changed": (
        "r = read(z)\nx.zero_()\nreturn r",
        "r = read(z)\ninput_lengths.fill_(total)\nreturn r",
    ),
    "return-missing": (
        "out = read(z)",
        "self.memory = read(z)",
    ),
    "unknown-name": (
        "return unpack(lstm(pack(z))[0])",
        "return read(convolve(x, padding).transpose(1, 2))",
        "return unpack(self.rnn(pack(z))[0])",
        "o = pack_padded_sequence(z, lengths, batch_first=True, enforce_sorted=False)\n"
        "return unpack(self.lstm(o)[0])",
        "o = pack_sequence(z)\nreturn unpack(self.lstm(o)[0])",
        "return read(self.conv(x, padding).transpose(1, 2))",
    ),
    "lengths-of-packing": (
        "o = pack_padded_sequence(z, n, batch_first=True, enforce_sorted=False)\n"
        "return unpack(self.lstm(o)[0])",
        "o = pack_padded_sequence(z, n.to(z.device), True, False)\nreturn unpack(self.lstm(o)[0])",
        "o = pack_padded_sequence(z, n.clone().long(), True, False)\n"
        "return unpack(self.lstm(o)[0])",
        "n, order = n.sort(descending=True)\n"
        "o = pack_padded_sequence(z[order], n, True)\n"
        "return unpack(self.lstm(o)[0])[order.argsort()]",
    ),
    "wrong-arguments": ("return unpack(self.lstm(pack_padded_sequence(z, batch_first=True))[0])",),
    "still-packed": ("return self.lstm(pack(z))[0].transpose(1, 2)",),
    "": (
        "return read(self.convolve(x.transpose(1, 2), padding))",
        "input_lengths -= 1\nreturn read(z)",
        "return read(z).double()",
        "return read(z) * 2",
        "return F.layer_norm(read(z), (z.size(2),))",
        "return read(z).max(1)[0]",
        "return read(z).mean(1)",
        "return read(z - z.mean())",
        "return read(z)[:1]",
        "return unpack(self.lstm(pack(z.double()))[0])",
        "return read(z).tolist()",
    ),
}

RIGHT: tuple[str, ...] = (
    "return read(z)",
    "return read(z.contiguous())",
    "return read(self.convolve(x, padding).permute(0, 2, 1))",
    "return read(self.convolve(x, padding).mT)",
    "return read(self.convolve(padding=padding, x=x).swapaxes(1, 2))",
    "n, order = n.sort(descending=True)\nreturn read(z[order], n)[order.argsort()]",
    "n, order = n.sort(descending=True)\no = read(z[order], n)\nr = torch.empty_like(o)\n"
    "r[order] = o\nreturn r",
    "order = n.argsort(descending=True)\nback = torch.argsort(order)\n"
    "o = pack_padded_sequence(z[order], n[order].cpu(), batch_first=True)\n"
    "return unpack(self.lstm(o)[0]).index_select(0, back)",
    "o, m = pad_packed_sequence(self.lstm(pack(z))[0], batch_first=True)\n"
    "return F.pad(o, (0, 0, 0, total - o.size(1)))",
    "r = torch.zeros_like(z)\nfor i in range(len(n)):\n"
    "    r[i, : n[i]] = self.lstm(z[i : i + 1, : n[i]])[0][0]\nreturn r",
    "parts = [self.lstm(a[:k])[0] for a, k in zip(z, n.tolist())]\n"
    "return torch.stack([F.pad(a, (0, 0, 0, total - len(a))) for a in parts])",
    "h = z.new_zeros(2, len(z), z.size(2) // 2)\nreturn unpack(self.lstm(pack(z), (h, h))[0])",
    "self.lstm.flatten_parameters()\nreturn read(z)",
    "n = n.to('cpu', torch.int64)\nreturn read(z, n)",
    "return read(z).masked_fill(padding_mask(n, total).unsqueeze(2), 0.0)",
    "o = pack_padded_sequence(z.transpose(0, 1), n.cpu(), enforce_sorted=False)\n"
    "return pad_packed_sequence(self.lstm(o)[0], total_length=total)[0].transpose(0, 1)",
    "o = nn.utils.rnn.pack_sequence([a[:k] for a, k in zip(z, n)], enforce_sorted=False)\n"
    "return unpack(self.lstm(o)[0])",
    "z = z.masked_fill(padding_mask(n, total)[..., None], 9.0)\nreturn read(z)",
)
