"""labkit agrees with tensors recorded from the published implementation."""

import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from labkit.tacotron2 import Tacotron2, Tacotron2Config
from labkit.tacotron2.masking import padding_mask

DATA = Path(__file__).parent / "data"
STATES = (
    "attention_hidden",
    "attention_cell",
    "decoder_hidden",
    "decoder_cell",
    "attention_weights",
    "attention_weights_cum",
    "attention_context",
)


class Oracle:
    def __init__(self, name):
        path = DATA / f"tacotron2_{name}.safetensors"
        with safe_open(path, "pt") as file:
            self.config = json.loads(file.metadata()["config"])
        self.tensors = load_file(path)
        # The recording was made without prenet dropout.
        self.model = Tacotron2(Tacotron2Config(**self.config, p_prenet_dropout=0.0)).eval()
        self.model.load_state_dict(self.state_dict())
        self.ids, self.lengths = self["in.ids"], self["in.lengths"]
        self.checked = set()

    def __getitem__(self, name):
        return self.tensors[name]

    def state_dict(self):
        return {k.removeprefix("state."): v for k, v in self.tensors.items() if "state." in k[:6]}

    def agrees(self, name, value):
        torch.testing.assert_close(value, self[name], atol=1e-5, rtol=1e-5, msg=lambda m: name + m)
        self.checked.add(name)

    def memory(self):
        return self.model.encoder(self.model.embedding(self.ids).transpose(1, 2), self.lengths)


@pytest.fixture(params=["small", "single"])
def oracle(request):
    return Oracle(request.param)


@torch.no_grad()
def test_every_recorded_tensor(oracle):
    model, ids, lengths = oracle.model, oracle.ids, oracle.lengths
    oracle.agrees("out.embedded", model.embedding(ids).transpose(1, 2))
    memory = oracle.memory()
    oracle.agrees("out.encoder", memory)
    mask = padding_mask(lengths, ids.size(1))
    oracle.agrees("out.mask_true_is_padding", mask)

    state = model.decoder.initialize_decoder_states(memory)
    oracle.agrees("out.processed_memory", state.processed_memory)
    frame = model.decoder.get_go_frame(memory)
    for step in range(3):
        prenet = model.decoder.prenet(frame)
        oracle.agrees(f"step{step}.prenet", prenet)
        frame, gate, state = model.decoder.decode(prenet, state, memory, mask)
        oracle.agrees(f"step{step}.mel", frame)
        oracle.agrees(f"step{step}.gate", gate)
        for name in STATES:
            oracle.agrees(f"step{step}.{name}", getattr(state, name))

    attention = model.decoder.attention_layer
    query, weights_cat = oracle["attention.in.query"], oracle["attention.in.weights_cat"]
    oracle.agrees("attention.out.location", attention.location_layer(weights_cat))
    energies = attention.get_alignment_energies(query, state.processed_memory, weights_cat)
    oracle.agrees("attention.out.energies", energies)
    context, weights = attention(query, memory, state.processed_memory, weights_cat, mask)
    oracle.agrees("attention.out.context", context)
    oracle.agrees("attention.out.weights", weights)

    mel_postnet, mel_lengths, alignments = model.infer(ids, lengths)
    oracle.agrees("infer.mel_postnet", mel_postnet)
    oracle.agrees("infer.alignments", alignments)
    assert mel_lengths.dtype == oracle["infer.mel_lengths"].dtype
    assert mel_lengths.tolist() == oracle["infer.mel_lengths"].tolist()
    oracle.checked.add("infer.mel_lengths")

    recorded = {name for name in oracle.tensors if not name.startswith(("state.", "in."))}
    recorded = {name for name in recorded if ".in." not in name}
    if "forced.out.mel" in recorded:
        outputs = model(ids, lengths, oracle["forced.in.mel"], oracle["forced.in.mel_lengths"])
        names = ("mel", "mel_postnet", "gate", "alignments")
        for name, value in zip(names, outputs, strict=True):
            oracle.agrees(f"forced.out.{name}", value)
    assert recorded == oracle.checked


@torch.no_grad()
@pytest.mark.parametrize("order", [[2, 0, 1], [1, 2, 0], [2, 1, 0]])
def test_unsorted_batch_comes_back_in_input_order(order):
    oracle = Oracle("small")
    mel_postnet, mel_lengths, alignments = oracle.model.infer(
        oracle.ids[order], oracle.lengths[order]
    )
    assert mel_lengths.tolist() == oracle["infer.mel_lengths"][order].tolist()
    torch.testing.assert_close(
        mel_postnet, oracle["infer.mel_postnet"][order], atol=1e-5, rtol=1e-5
    )
    torch.testing.assert_close(alignments, oracle["infer.alignments"][order], atol=1e-5, rtol=1e-5)

    outputs = oracle.model(
        oracle.ids[order],
        oracle.lengths[order],
        oracle["forced.in.mel"][order],
        oracle["forced.in.mel_lengths"][order],
    )
    for name, value in zip(("mel", "mel_postnet", "gate", "alignments"), outputs, strict=True):
        expected = oracle[f"forced.out.{name}"][order]
        torch.testing.assert_close(value, expected, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_padded_frames_are_overwritten_only_with_mask_padding():
    oracle = Oracle("small")
    inputs = (oracle.ids, oracle.lengths, oracle["forced.in.mel"], oracle["forced.in.mel_lengths"])
    plain = Tacotron2(
        Tacotron2Config(**{**oracle.config, "mask_padding": False}, p_prenet_dropout=0.0)
    ).eval()
    plain.load_state_dict(oracle.state_dict())
    padding = padding_mask(oracle["forced.in.mel_lengths"], 23)
    for masked, unmasked, overwritten in zip(
        oracle.model(*inputs)[:3], plain(*inputs)[:3], (0.0, 0.0, 1000.0), strict=True
    ):
        mel_like = masked.dim() == 3
        at = padding.unsqueeze(1).expand_as(masked) if mel_like else padding
        assert (masked[at] == overwritten).all()
        assert (unmasked[at] != overwritten).all()
        assert torch.equal(masked[~at], unmasked[~at])
