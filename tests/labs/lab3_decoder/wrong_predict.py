"""Wrong ways from symbols to a spectrogram, as students write them from the notebook's text.

Each changes a line of a right way; lines are named as below.
"""

from __future__ import annotations

EMBED = "x = self.embedding(ids).transpose(1, 2)"
ENCODE = "memory = self.encoder(x, lengths)"
DECODE = "mel, gate, alignments, n = decode(memory, lengths)"
HIDE = "hidden = self.hidden_frames(mel, n)"
CORRECT = "correction = self.postnet(mel, hidden)"
ADD = "post = mel + correction"
ANSWER = "return post, n, alignments, gate"
LINES = (EMBED, ENCODE, DECODE, HIDE, CORRECT, ADD, ANSWER)

WRONG: list[tuple[str, str]] = [
    (EMBED, "x = self.embedding(ids)"),
    (EMBED, "x = self.embedding(ids).view(ids.size(0), -1, ids.size(1))"),
    (EMBED, "x = self.embedding(ids).reshape(ids.size(0), -1, ids.size(1))"),
    (EMBED, "x = self.embedding(ids).permute(2, 0, 1)"),
    (EMBED, "x = self.embedding(ids).transpose(0, 1)"),
    (EMBED, f"{EMBED} * self.embedding.embedding_dim ** 0.5"),
    (EMBED, f"{EMBED}.relu()"),
    (EMBED, f"{EMBED}.tanh()"),
    (EMBED, "x = self.embedding(ids - 1).transpose(1, 2)"),
    (EMBED, "x = self.embedding(ids.flip(1)).transpose(1, 2)"),
    (EMBED, "x = self.embedding.weight[lengths].unsqueeze(2).expand(-1, -1, ids.size(1))"),
    (
        EMBED,
        f"{EMBED}\nhide = torch.arange(ids.size(1)) >= lengths.unsqueeze(1)\n"
        "x = x.masked_fill(hide.unsqueeze(1), 0.0)",
    ),
    (EMBED, f"lengths, order = lengths.sort(descending=True)\nids = ids[order]\n{EMBED}"),
    (EMBED, f"ids.clamp_(min=1)\n{EMBED}"),
    (EMBED, f"lengths.fill_(ids.size(1))\n{EMBED}"),
    (
        EMBED,
        f"ids = ids[:, : int(lengths.min())]\nlengths = lengths.clamp(max=ids.size(1))\n{EMBED}",
    ),
    (ENCODE, "memory = x.transpose(1, 2)"),
    (ENCODE, "memory = self.encoder(x)"),
    (ENCODE, "memory = self.encoder(self.embedding(ids), lengths)"),
    (ENCODE, "memory = self.encoder(x, torch.full_like(lengths, ids.size(1)))"),
    (ENCODE, "memory = self.encoder(x, torch.tensor([ids.size(1)] * len(ids)))"),
    (ENCODE, "memory = self.encoder(x, lengths).transpose(1, 2)"),
    (ENCODE, "memory = self.encoder(x, lengths) + x.transpose(1, 2)"),
    (ENCODE, "memory = self.encoder(x, lengths).tanh()"),
    (ENCODE, "memory = self.encoder(x, lengths)[:, :1]"),
    (ENCODE, "memory = self.encoder(x, lengths).flip(1)"),
    (ENCODE, "memory = self.encoder(x, lengths.clamp(max=int(lengths.min())))"),
    (DECODE, "mel, gate, alignments, n = decode(x.transpose(1, 2), lengths)"),
    (DECODE, "mel, gate, alignments, n = decode(memory.transpose(1, 2), lengths)"),
    (DECODE, "mel, gate, alignments, n = decode(memory, torch.full_like(lengths, ids.size(1)))"),
    (DECODE, "mel, n, alignments, gate = decode(memory, lengths)"),
    (DECODE, "mel, gate, n, alignments = decode(memory, lengths)"),
    (DECODE, "mel, alignments, gate, n = decode(memory, lengths)"),
    (DECODE, "mel, gate, alignments = decode(memory, lengths)"),
    (DECODE, "mel = decode(memory, lengths)"),
    (DECODE, f"{DECODE}\n{DECODE}"),
    (DECODE, f"{DECODE}\nmel = decode(memory, lengths)[0]"),
    (
        DECODE,
        "mel = decode(memory, lengths)[0]\ngate = decode(memory, lengths)[1]\n"
        "alignments = decode(memory, lengths)[2]\nn = decode(memory, lengths)[3]",
    ),
    (DECODE, "mel, gate, alignments, n = self.decoder.infer(memory, lengths)"),
    (DECODE, "mel, gate, alignments, n = decode(memory)"),
    (DECODE, "mel, gate, alignments, n = decode(memory, ids)"),
    (DECODE, f"{DECODE}\nmel = mel.transpose(1, 2)"),
    (HIDE, "hidden = None"),
    (HIDE, "hidden = n"),
    (HIDE, "hidden = self.hidden_frames(mel, lengths)"),
    (HIDE, "hidden = self.hidden_frames(mel, n - self.config.n_frames_per_step)"),
    (HIDE, "hidden = self.hidden_frames(mel, n + self.config.n_frames_per_step)"),
    (HIDE, "hidden = self.hidden_frames(mel, n + 1)"),
    (HIDE, "hidden = self.hidden_frames(x, n)"),
    (HIDE, f"{HIDE}\nif hidden is not None:\n    hidden = ~hidden"),
    (HIDE, f"{HIDE}\nif hidden is not None:\n    mel = mel.masked_fill(hidden, 0.0)"),
    (HIDE, "hidden = (torch.arange(mel.size(2)) >= n.unsqueeze(1)).unsqueeze(1)"),
    (
        HIDE,
        "hidden = (torch.arange(mel.size(2)) >= n.unsqueeze(1)).unsqueeze(1)\n"
        "hidden = hidden if self.config.mask_embeddings else None",
    ),
    (CORRECT, "correction = self.postnet(mel)"),
    (CORRECT, "correction = self.postnet(self.postnet(mel, hidden), hidden)"),
    (CORRECT, "correction = self.postnet(mel, hidden).tanh()"),
    (CORRECT, "correction = self.postnet(mel.transpose(1, 2), hidden)"),
    (CORRECT, "correction = self.postnet(mel.exp(), hidden)"),
    (CORRECT, "correction = self.postnet(mel, hidden)[:, :, : int(n.max())]"),
    (ADD, "post = correction"),
    (ADD, "post = mel"),
    (ADD, "post = mel - correction"),
    (ADD, "post = correction - mel"),
    (ADD, "post = mel * correction"),
    (ADD, "post = mel + mel + correction"),
    (ADD, "post = (mel + correction) / 2"),
    (ADD, "post = torch.tanh(mel + correction)"),
    (ADD, "post = torch.exp(mel + correction)"),
    (ADD, "post = torch.cat((mel, correction), dim=1)"),
    (ADD, "post = mel + correction\npost = post + self.postnet(post, hidden)"),
    (ADD, "post = mel + 2 * correction"),
    (ADD, "post = (mel + correction).double()"),
    (ADD, "post = (mel + correction).transpose(1, 2)"),
    (ADD, "post = (mel + correction)[:, :, : int(n.max())]"),
    (ADD, "post = mel.masked_fill(hidden, 0.0) + correction if hidden is not None else mel"),
    (
        ADD,
        "post = mel + correction\n"
        "post = post * (torch.arange(post.size(2)) < n.unsqueeze(1)).unsqueeze(1)",
    ),
    (ANSWER, "return post, gate, alignments, n"),
    (ANSWER, "return post, n, gate, alignments"),
    (ANSWER, "return post, alignments, n, gate"),
    (ANSWER, "return mel, n, alignments, gate"),
    (ANSWER, "return mel, post, gate, alignments"),
    (ANSWER, "return post, n, alignments"),
    (ANSWER, "return post"),
    (ANSWER, "return [post, n], alignments, gate"),
    (ANSWER, "return post, lengths, alignments, gate"),
    (ANSWER, "return post, n // self.config.n_frames_per_step, alignments, gate"),
    (ANSWER, "return post, n * self.config.n_frames_per_step, alignments, gate"),
    (ANSWER, "return post, torch.full_like(n, post.size(2)), alignments, gate"),
    (ANSWER, "return post, n.tolist(), alignments, gate"),
    (ANSWER, "return post, n.float(), alignments, gate"),
    (ANSWER, "return post, n + 1, alignments, gate"),
    (ANSWER, "return post, n.max(), alignments, gate"),
    (ANSWER, "return post, n, alignments.transpose(1, 2), gate"),
    (ANSWER, "return post, n, alignments.argmax(2), gate"),
    (ANSWER, "return post, n, alignments, torch.sigmoid(gate)"),
    (ANSWER, "return post, n, alignments, gate > 0"),
    (ANSWER, "return post, n, alignments, (gate > 0).float()"),
    (ANSWER, "return post, n, alignments, gate.unsqueeze(1)"),
    (ANSWER, "post, n, alignments, gate"),
]


def way(*changes: tuple[str, str]) -> str:
    """Return the body of ``predict``, right but for these lines."""
    lines = list(LINES)
    for old, new in changes:
        lines[lines.index(old)] = new
    return "\n".join(lines)
