"""Lab 3, ``Tacotron2.predict``: whatever the style, a correct fill has full marks."""

from __future__ import annotations

import pytest

from grader.judge.verdict import Verdict
from lab_tools import Run
from labs.lab3_decoder.cells import BODIES, fill

pytestmark = pytest.mark.lab3


STYLES = {
    "as published": """
        embedded_inputs = self.embedding(ids).transpose(1, 2)
        encoder_outputs = self.encoder(embedded_inputs, lengths)
        mel_outputs, gate_outputs, alignments, mel_lengths = decode(encoder_outputs, lengths)
        mask = self.hidden_frames(mel_outputs, mel_lengths)
        mel_outputs_postnet = self.postnet(mel_outputs, mask)
        mel_outputs_postnet = mel_outputs + mel_outputs_postnet
        return mel_outputs_postnet, mel_lengths, alignments, gate_outputs
    """,
    "in one breath": """
        mel, gate, looks, n = decode(self.encoder(self.embedding(ids).mT, lengths), lengths)
        return mel + self.postnet(mel, self.hidden_frames(mel, n)), n, looks, gate
    """,
    "functional": """
        x = F.embedding(ids, self.embedding.weight).permute(0, 2, 1).contiguous()
        mel, gate, looks, n = decode(self.encoder.forward(x, lengths), lengths)
        hidden = self.hidden_frames(mel, n)
        return torch.add(self.postnet.forward(mel, padding=hidden), mel), n, looks, gate
    """,
    "one-hot": """
        table = self.embedding.weight
        x = torch.einsum("btv,vd->bdt", F.one_hot(ids, len(table)).to(table.dtype), table)
        mel, gate, looks, n = decode(self.encoder(x, lengths), lengths)
        return mel + self.postnet(mel, self.hidden_frames(mel, n)), n, looks, gate
    """,
    "indexing, and in place on fresh tensors": """
        memory = self.encoder(self.embedding.weight[ids].transpose(2, 1), lengths)
        outputs = decode(memory, lengths)
        mel = outputs[0].clone()
        mel += self.postnet(outputs[0], self.hidden_frames(outputs[0], outputs[3]))
        return [mel, outputs[3], outputs[2], outputs[1]]
    """,
    "by keyword": """
        x = self.embedding(input=ids).swapaxes(1, 2)
        memory = self.encoder(x=x, input_lengths=lengths)
        mel, gate, looks, n = decode(memory, memory_lengths=lengths)
        correction = self.postnet(x=mel, padding=self.hidden_frames(mel=mel, mel_lengths=n))
        return correction.add_(mel), n, looks, gate
    """,
    "a named tuple": """
        from typing import NamedTuple

        class Spoken(NamedTuple):
            mel: torch.Tensor
            lengths: torch.Tensor
            alignments: torch.Tensor
            gate: torch.Tensor

        mel, *rest = decode(self.encoder(self.embedding(ids).transpose(1, 2), lengths), lengths)
        gate, looks, n = rest
        return Spoken(mel + self.postnet(mel, self.hidden_frames(mel, n)), n, looks, gate)
    """,
    "the switch read by hand": """
        from labkit.tacotron2.masking import padding_mask

        memory = self.encoder(self.embedding(ids).transpose(1, 2), lengths)
        mel, gate, looks, n = decode(memory, lengths)
        hidden = None
        if self.config.mask_embeddings:
            hidden = padding_mask(n + self.config.n_frames_per_step, mel.size(2))[:, None]
        return mel + self.postnet(mel, hidden), n, looks, gate
    """,
    "the postnet layer by layer": """
        memory = self.encoder(self.embedding(ids).transpose(1, 2), lengths)
        mel, gate, looks, n = decode(memory, lengths)
        hidden, x = self.hidden_frames(mel, n), mel
        for i, layer in enumerate(self.postnet.convolutions, start=1):
            x = layer(x if hidden is None else x.masked_fill(hidden, 0.0))
            x = x.tanh() if i < len(self.postnet.convolutions) else x
        return mel + x, n.long(), looks, gate
    """,
    "without gradients": """
        with torch.no_grad():
            memory = self.encoder(self.embedding(ids).transpose(1, 2), lengths)
            mel, gate, looks, n = decode(memory, lengths)
            return mel + self.postnet(mel, self.hidden_frames(mel, n)), n, looks, gate
    """,
    "sorted, and put back": """
        order = lengths.argsort(descending=True)
        back = order.argsort()
        memory = self.encoder(self.embedding(ids[order]).transpose(1, 2), lengths[order])[back]
        mel, gate, looks, n = decode(memory, lengths)
        return mel + self.postnet(mel, self.hidden_frames(mel, n)), n, looks, gate
    """,
    "in place on the decoder's mel": """
        memory = self.encoder(self.embedding(ids).transpose(1, 2), lengths)
        mel, gate, looks, n = decode(memory, lengths)
        mel += self.postnet(mel, self.hidden_frames(mel, n))
        return mel, n, looks, gate
    """,
    "a dictionary of parts": """
        made = dict(zip(
            ("mel", "gate", "looks", "n"),
            decode(self.encoder(self.embedding(ids).transpose(-2, -1), lengths), lengths),
        ))
        hidden = self.hidden_frames(made["mel"], made["n"])
        made["mel"] = made["mel"] + self.postnet(made["mel"], hidden)
        return made["mel"], made["n"], made["looks"], made["gate"]
    """,
    "a postnet that is asked only where something is hidden": """
        memory = self.encoder(self.embedding(ids).transpose(1, 2), lengths)
        mel, gate, looks, n = decode(memory, lengths)
        hidden = self.hidden_frames(mel, n)
        correction = self.postnet(mel) if hidden is None else self.postnet(mel, hidden)
        return torch.stack((mel, correction)).sum(0), n, looks, gate
    """,
    "other helpers beside it": """
        def embed(symbols):
            return torch.stack([self.embedding(row).t() for row in symbols])

        mel, gate, looks, n = decode(self.encoder(embed(ids), lengths.clone()), lengths.clone())
        return sum([mel, self.postnet(mel, self.hidden_frames(mel, n))]), n, looks, gate
    """,
}


def full_marks(verdicts: dict[str, Verdict]) -> bool:
    return [v.points for v in verdicts.values()] == [20, 20, 20, 60]


@pytest.mark.parametrize("style", STYLES)
def test_predict_in_every_style(judge_here: Run, style: str) -> None:
    verdicts = judge_here(fill(predict=STYLES[style]))
    assert full_marks(verdicts), [v.message for v in verdicts.values()]


def test_a_model_of_ones_own_class_costs_nothing(judge_here: Run) -> None:
    own = """
import labkit


class Tacotron2(labkit.Tacotron2):
    '''Eigene Schreibweise: 全模型.'''

    def __init__(self, config):
        super().__init__(config)
        self.said = []

    def _memory(self, ids: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        return self.encoder(self.embedding(ids).transpose(1, 2), lengths)

    def predict(self, ids, lengths, decode):
        mel, gate, alignments, n = decode(self._memory(ids, lengths), lengths)
        self.said.append(n)
        return mel + self.postnet(mel, self.hidden_frames(mel, n)), n, alignments, gate


print(Tacotron2)
raise RuntimeError("left over from debugging")
"""
    assert full_marks(judge_here(fill() | {"tacotron2-1": own}))


def test_a_state_that_is_a_plain_tuple_costs_nothing_here_if_it_did_not_before(
    judge_here: Run,
) -> None:
    plain = BODIES["initialize_decoder_states"].replace("DecoderState(", "(")
    verdicts = judge_here(fill(initialize_decoder_states=plain))
    assert full_marks(verdicts), [v.message for v in verdicts.values()]
