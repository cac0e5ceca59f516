"""Lab 3, ``Tacotron2.predict``: the named slips as code. Each is the reference with one mistake."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

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
}
