"""Lab 3, ``Tacotron2.predict``: the named slips as code. Each is the reference with one mistake."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from grader.instructor.edits import edited
from labkit.tacotron2 import Tacotron2


def _slip(body: Any) -> type[nn.Module]:
    return type("PredictSlip", (Tacotron2,), {"predict": body})


def _embed(model: Any, ids: Any) -> Any:
    return model.embedding(ids).transpose(1, 2)


def _full(lengths: Any) -> Any:
    return torch.full_like(lengths, int(lengths.max()))


def _before(embed_and_encode: Any) -> type[nn.Module]:
    """A way whose memory is made wrongly."""

    def predict(self: Any, ids: Any, lengths: Any, decode: Any) -> Any:
        mel, gate, alignments, mel_lengths = decode(embed_and_encode(self, ids, lengths), lengths)
        mel_postnet = mel + self.postnet(mel, self.hidden_frames(mel, mel_lengths))
        return mel_postnet, mel_lengths, alignments, gate

    return _slip(predict)


def _after(correct: Any) -> type[nn.Module]:
    """A way whose mel is corrected wrongly."""

    def predict(self: Any, ids: Any, lengths: Any, decode: Any) -> Any:
        memory = self.encoder(_embed(self, ids), lengths)
        mel, gate, alignments, mel_lengths = decode(memory, lengths)
        hidden = self.hidden_frames(mel, mel_lengths)
        return correct(self, mel, hidden, lengths), mel_lengths, alignments, gate

    return _slip(predict)


def _returned(arrange: Any) -> type[nn.Module]:
    """A way whose results are right and are returned wrongly."""

    def predict(self: Any, ids: Any, lengths: Any, decode: Any) -> Any:
        return arrange(*Tacotron2.predict(self, ids, lengths, decode))

    return _slip(predict)


def _decoder_lengths_full(self: Any, ids: Any, lengths: Any, decode: Any) -> Any:
    memory = self.encoder(_embed(self, ids), lengths)
    mel, gate, alignments, mel_lengths = decode(memory, _full(lengths))
    mel_postnet = mel + self.postnet(mel, self.hidden_frames(mel, mel_lengths))
    return mel_postnet, mel_lengths, alignments, gate


def _twice(model: Any, mel: Any, hidden: Any) -> Any:
    mel = mel + model.postnet(mel, hidden)
    return mel + model.postnet(mel, hidden)


def _edit(old: str, new: str) -> type[nn.Module]:
    return edited(Tacotron2, ("predict", old, new))


_EMBEDDED = "embedded = self.embedding(ids).transpose(1, 2)"
_MEMORY = "memory = self.encoder(embedded, lengths)"
_DECODED = "mel, gate, alignments, mel_lengths = decode(memory, lengths)"
_HIDDEN = "self.hidden_frames(mel, mel_lengths)"
_SUM = "mel_postnet = mel + correction"
_RETURN = "return mel_postnet, mel_lengths, alignments, gate"
_R = "self.config.n_frames_per_step"

SLIPS: dict[str, type[nn.Module]] = {
    "residual-missing": _after(lambda s, mel, hidden, _: s.postnet(mel, hidden)),
    "residual-twice": _after(lambda s, mel, hidden, _: 2 * mel + s.postnet(mel, hidden)),
    "postnet-skipped": _after(lambda s, mel, hidden, _: mel),
    "postnet-twice": _after(lambda s, mel, hidden, _: _twice(s, mel, hidden)),
    "padding-missing": _after(lambda s, mel, hidden, _: mel + s.postnet(mel)),
    "padding-of-text": _after(
        lambda s, mel, hidden, n: mel + s.postnet(mel, s.hidden_frames(mel, n))
    ),
    "transpose-missing": _before(lambda s, ids, n: s.encoder(s.embedding(ids), n)),
    "reshaped": _before(
        lambda s, ids, n: s.encoder(s.embedding(ids).reshape(ids.size(0), -1, ids.size(1)), n)
    ),
    "embedding-scaled": _before(
        lambda s, ids, n: s.encoder(_embed(s, ids) * s.embedding.embedding_dim**0.5, n)
    ),
    "encoder-skipped": _before(lambda s, ids, n: s.embedding(ids)),
    "lengths-full": _before(lambda s, ids, n: s.encoder(_embed(s, ids), _full(n))),
    "decoder-lengths-full": _slip(_decoder_lengths_full),
    "memory-transposed": _before(lambda s, ids, n: s.encoder(_embed(s, ids), n).transpose(1, 2)),
    "decoder-order": _returned(lambda mel, n, alignments, gate: (mel, gate, alignments, n)),
    "gate-probability": _returned(
        lambda mel, n, alignments, gate: (mel, n, alignments, gate.sigmoid())
    ),
    "correction-subtracted": _edit(_SUM, "mel_postnet = mel - correction"),
    "mel-subtracted": _edit(_SUM, "mel_postnet = correction - mel"),
    "correction-multiplied": _edit(_SUM, "mel_postnet = mel * correction"),
    "correction-halved": _edit(_SUM, "mel_postnet = (mel + correction) / 2"),
    "mel-tanh": _edit(_SUM, "mel_postnet = torch.tanh(mel + correction)"),
    "mel-exponential": _edit(_SUM, "mel_postnet = torch.exp(mel + correction)"),
    "correction-joined": _edit(_SUM, "mel_postnet = torch.cat((mel, correction), dim=1)"),
    "padding-step-short": _edit(_HIDDEN, f"self.hidden_frames(mel, mel_lengths - {_R})"),
    "padding-step-long": _edit(_HIDDEN, f"self.hidden_frames(mel, mel_lengths + {_R})"),
    "padding-always": _edit(_HIDDEN, f"padding_mask(mel_lengths + {_R}, mel.size(2)).unsqueeze(1)"),
    "padding-inverted": _edit(_HIDDEN, f"~{_HIDDEN} if self.config.mask_embeddings else None"),
    "padding-inverted~2": _edit(_HIDDEN, f"~{_HIDDEN}"),
    "frames-silenced": _edit(
        _SUM,
        f"{_SUM}\n    mel_postnet = mel_postnet.masked_fill("
        "padding_mask(mel_lengths, mel.size(2)).unsqueeze(1), 0.0)",
    ),
    "frames-cut": _edit(
        _SUM,
        f"{_SUM}[:, :, : int(mel_lengths.max())]".replace("mel + correction", "(mel + correction)"),
    ),
    "embedding-masked": _edit(
        _EMBEDDED,
        f"{_EMBEDDED}\n    embedded = embedded.masked_fill("
        "padding_mask(lengths, ids.size(1)).unsqueeze(1), 0.0)",
    ),
    "encoder-residual": _edit(_MEMORY, f"{_MEMORY} + embedded.transpose(1, 2)"),
    "decode-twice": _edit(_DECODED, f"{_DECODED}\n    {_DECODED}"),
    "decode-for-each": _edit(
        _DECODED,
        "mel, gate, alignments, mel_lengths = (decode(memory, lengths)[part] for part in range(4))",
    ),
    "unpacked-as-returned": _edit(
        "mel, gate, alignments, mel_lengths = decode", "mel, mel_lengths, alignments, gate = decode"
    ),
    "lengths-of-text": _edit(_RETURN, "return mel_postnet, lengths.int(), alignments, gate"),
    "lengths-in-steps": _edit(
        _RETURN, f"return mel_postnet, mel_lengths // {_R}, alignments, gate"
    ),
    "lengths-of-mel": _edit(
        _RETURN,
        "return mel_postnet, torch.full_like(mel_lengths, mel.size(2)), alignments, gate",
    ),
    "mel-transposed": _edit(
        _RETURN, "return mel_postnet.transpose(1, 2), mel_lengths, alignments, gate"
    ),
    "alignments-transposed": _edit(
        _RETURN, "return mel_postnet, mel_lengths, alignments.transpose(1, 2), gate"
    ),
    "last-two-exchanged": _edit(_RETURN, "return mel_postnet, mel_lengths, gate, alignments"),
    "gate-decided": _edit(
        _RETURN, "return mel_postnet, mel_lengths, alignments, (gate > 0).to(gate)"
    ),
    "sorted": _edit(
        _EMBEDDED,
        f"lengths, order = lengths.sort(descending=True)\n    ids = ids[order]\n    {_EMBEDDED}",
    ),
    "embedding-relu": _edit(_EMBEDDED, f"{_EMBEDDED}.relu()"),
    "embedding-tanh": _edit(_EMBEDDED, f"{_EMBEDDED}.tanh()"),
    "memory-tanh": _edit(_MEMORY, f"{_MEMORY}.tanh()"),
    "memory-reversed": _edit(_MEMORY, f"{_MEMORY}.flip(1)"),
    "mel-of-second-reading": _edit(_DECODED, f"{_DECODED}\n    mel = decode(memory, lengths)[0]"),
    "padding-frame-long": _edit(_HIDDEN, "self.hidden_frames(mel, mel_lengths + 1)"),
    "padding-always-short": _edit(_HIDDEN, "padding_mask(mel_lengths, mel.size(2)).unsqueeze(1)"),
    "mel-hidden": _edit(
        _DECODED,
        f"{_DECODED}\n    hidden = {_HIDDEN}\n"
        "    mel = mel if hidden is None else mel.masked_fill(hidden, 0.0)",
    ),
    "postnet-of-postnet": _edit(
        "self.postnet(mel, ", f"self.postnet(self.postnet(mel, {_HIDDEN}), "
    ),
    "postnet-of-exponential": _edit("self.postnet(mel, ", "self.postnet(mel.exp(), "),
    "correction-tanh": _edit(_SUM, "mel_postnet = mel + correction.tanh()"),
    "correction-twice": _edit(_SUM, "mel_postnet = mel + 2 * correction"),
    "lengths-times-r": _edit(_RETURN, f"return mel_postnet, mel_lengths * {_R}, alignments, gate"),
    "lengths-plus-one": _edit(_RETURN, "return mel_postnet, mel_lengths + 1, alignments, gate"),
    "lengths-plus-step": _edit(
        _RETURN, f"return mel_postnet, mel_lengths + {_R}, alignments, gate"
    ),
    "alignments-second": _edit(_RETURN, "return mel_postnet, alignments, mel_lengths, gate"),
    "both-mels": _edit(_RETURN, "return mel, mel_postnet, gate, alignments"),
    "alignments-decided": _edit(
        _RETURN, "return mel_postnet, mel_lengths, alignments.argmax(2), gate"
    ),
    "gate-axis": _edit(_RETURN, "return mel_postnet, mel_lengths, alignments, gate.unsqueeze(1)"),
    "ids-shifted": _edit(_EMBEDDED, _EMBEDDED.replace("(ids)", "((ids - 1).clamp(min=0))")),
    "ids-shifted~2": _edit(_EMBEDDED, _EMBEDDED.replace("(ids)", "(ids + 1)")),
    "ids-shifted~3": _edit(_EMBEDDED, _EMBEDDED.replace("(ids)", "(ids - 1)")),
    "embedding-normalised": _edit(
        _EMBEDDED, f"{_EMBEDDED}\n    embedded = nn.functional.normalize(embedded, dim=1)"
    ),
    "embedding-normalised~2": _edit(_EMBEDDED, f"{_EMBEDDED}.softmax(1)"),
    "embedding-reversed": _edit(_EMBEDDED, f"{_EMBEDDED}.flip(2)"),
    "memory-relu": _edit(_MEMORY, f"{_MEMORY}.relu()"),
    "memory-normalised": _edit(
        _MEMORY, f"{_MEMORY}\n    memory = nn.functional.normalize(memory, dim=2)"
    ),
    "encoder-lengths-short": _edit(_MEMORY, _MEMORY.replace("lengths", "lengths - 1")),
    "decoder-lengths-short": _edit(
        _DECODED, _DECODED.replace("memory, lengths", "memory, lengths - 1")
    ),
    "mel-hidden~2": _edit(
        _DECODED,
        f"{_DECODED}\n    mel = mel.masked_fill("
        "padding_mask(mel_lengths, mel.size(2)).unsqueeze(1), 0.0)",
    ),
    "correction-relu": _edit(_SUM, "mel_postnet = mel + correction.relu()"),
    "correction-part": _edit(_SUM, "mel_postnet = mel + 0.5 * correction"),
    "mel-relu": _edit(_SUM, "mel_postnet = (mel + correction).relu()"),
    "mel-limited": _edit(_SUM, "mel_postnet = (mel + correction).clamp(-1, 1)"),
    "mel-limited~2": _edit(_SUM, "mel_postnet = mel.clamp(-1, 1) + correction"),
    "mel-maximum": _edit(_SUM, "mel_postnet = torch.maximum(mel, correction)"),
    "alignments-softmax": _edit(
        _RETURN, "return mel_postnet, mel_lengths, alignments.softmax(2), gate"
    ),
}
