"""No code that students get says in other words what they have to write."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import ROOT
from grader.labs import LABS
from grader.release import edition as edition_module
from grader.release.edition import build_edition
from grader.release.leaks import Answer, find_leaks, reference_answers, solutions

pytestmark = pytest.mark.lab1
NAMES = sorted(LABS)

Build = Callable[[str], Path]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    return lambda lab: build_edition(lab, tmp_path / lab)


@pytest.fixture(scope="module")
def answers() -> list[Answer]:
    """All of them: those of lab 1's edition."""
    return reference_answers(LABS["lab1_attention"])


def found(folder: Path, answers: list[Answer]) -> list[str]:
    return find_leaks(folder, set(), answers)


@pytest.mark.parametrize("lab", NAMES)
def test_an_edition_holds_no_answer_in_other_words(lab: str, build: Build) -> None:
    source = ROOT / "notebooks" / lab / f"{LABS[lab].notebook}.ipynb"
    assert found(build(lab), reference_answers(LABS[lab]) + solutions(source, LABS[lab])) == []


def test_the_reference_itself_would_be_found(answers: list[Answer]) -> None:
    """Each answer is found in the full package, where it stands."""
    texts = {leak.split(" of ")[1] for leak in found(ROOT / "labkit", answers)}
    assert texts >= {f"{a.task} ({a.name})" for a in answers}


@pytest.mark.parametrize(
    ("lab", "file", "task"),
    [
        ("lab1_attention", "labs/lab4_inference/scoring.py", "attention-2"),
        ("lab1_attention", "fast/engine.py", "attention-3"),
        ("lab1_attention", "fast/attention_loop.py", "attention-3"),
        ("lab2_encoder", "tacotron2/postnet.py", "encoder-1"),
        ("lab2_encoder", "fast/teacher_forcing.py", "encoder-2"),
        ("lab3_decoder", "fast/teacher_forcing.py", "tacotron2-1"),
    ],
)
def test_what_an_edition_leaves_out_is_found_by_the_rule(
    lab: str, file: str, task: str, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edition_module, "GIVES_AWAY", {})
    monkeypatch.setattr(edition_module, "LEFT_OUT", ())
    monkeypatch.setattr(edition_module, "later_than", lambda name: [])
    leaks = found(build(lab), reference_answers(LABS[lab]))
    assert [leak for leak in leaks if leak.startswith(f"labkit/{file}") and f"of {task} " in leak]


# --- planted ones --------------------------------------------------------------------------------

# An answer under other names, in another layout, in place, by functions for methods and back.
PLANTED = {
    "attention-1": """
        def features_of(layer, past):
            return layer.location_dense(layer.location_conv(past).transpose(1, 2))
    """,
    "attention-2": """
        class Scorer:
            def score(me, wanted, known, before):
                where = me.location_layer(before)
                wanted = me.query_layer(wanted.unsqueeze(1))
                total = wanted + where
                total = (total + known).tanh_()
                return me.v(total).squeeze(-1)
    """,
    "attention-3": """
        def look(scores, hidden, vectors, floor):
            if hidden is not None:
                scores.masked_fill_(hidden, floor)
            share = scores.softmax(dim=1)
            seen = torch.bmm(share.unsqueeze(1), vectors)
            return seen.squeeze(1), share
    """,
    "encoder-1": """
        def blur(net, signal, silent):
            for stage in net.stages:
                if silent is not None:
                    signal = torch.masked_fill(signal, silent, 0.0)
                bent = stage(signal).relu()
                signal = F.dropout(bent, net.rate, net.training)
            return signal
    """,
    "encoder-2": """
        def recall(net, signal, sizes):
            signal = net.blur(signal, None).transpose(1, 2)
            bundle = pack_padded_sequence(
                signal, sizes.cpu(), batch_first=True, enforce_sorted=False
            )
            bundle, _ = net.memory(bundle)
            result, _ = pad_packed_sequence(
                bundle, batch_first=True, total_length=signal.size(1)
            )
            return result
    """,
    "decoder-1": """
        def begin(net, memory):
            return DecoderState(
                *(memory.new_zeros(memory.size(0), net.attention_rnn_dim) for _ in range(2)),
                *(memory.new_zeros(memory.size(0), net.decoder_rnn_dim) for _ in range(2)),
                *(memory.new_zeros(memory.shape[:2]) for _ in range(2)),
                memory.new_zeros(memory.size(0), memory.size(2)),
                net.attention_layer.memory_layer(memory),
            )

        def silence(net, memory):
            return memory.new_zeros(memory.size(0), net.n_frames_per_step * net.n_mel_channels)
    """,
    "decoder-2": """
        def once(net, heard, last, memory, hidden):
            h, c = net.attention_rnn(
                torch.cat((heard, last.attention_context), dim=1),
                (last.attention_hidden, last.attention_cell),
            )
            h = F.dropout(h, net.p_attention_dropout, net.training)
            past = torch.stack((last.attention_weights, last.attention_weights_cum), dim=1)
            context, share = net.attention_layer(h, memory, last.processed_memory, past, hidden)
            d, e = net.decoder_rnn(
                torch.cat((h, context), dim=1), (last.decoder_hidden, last.decoder_cell)
            )
            d = F.dropout(d, net.p_decoder_dropout, net.training)
            both = torch.cat((d, context), dim=1)
            total = last.attention_weights_cum + share
            after = State(h, c, d, e, share, total, context, last.processed_memory)
            return net.linear_projection(both), net.gate_layer(both), after
    """,
    "decoder-3": """
        def together(net, frames, gates, looks):
            sound = torch.stack(frames, dim=1)
            sound = sound.unflatten(2, (-1, net.bands)).flatten(1, 2).transpose(1, 2)
            return sound.contiguous(), torch.cat(gates, dim=1), torch.stack(looks, dim=1)
    """,
    "tacotron2-1": """
        def whole(net, symbols, sizes, run):
            memory = net.encoder(net.embedding(symbols).transpose(1, 2), sizes)
            sound, gate, looks, lengths = run(memory, sizes)
            better = sound + net.postnet(sound, net.hidden_frames(sound, lengths))
            return better, lengths, looks, gate
    """,
    "inference-1": """
        def go(model, symbols, sizes, where, dice=None):
            model = model.to(where).eval()
            with torch.no_grad():
                return model.infer(symbols.to(where), sizes.to(where), seed=dice)
    """,
    "inference-2": """
        def sound(pictures, counts, voice, cleaner, much, files):
            with torch.no_grad():
                waves = cleaner(voice.infer(pictures), much)
            kept = []
            for wave, count, file in zip(waves.float().cpu(), counts.tolist(), files, strict=True):
                wave = wave[: count * voice.mel.hop_length]
                save_audio(file, wave, voice.sample_rate)
                kept.append(wave)
            return kept
    """,
    "inference-3": """
        def measure(first, second, wait, now, n, warm):
            table = []
            for _ in range(n + warm):
                wait()
                a = now()
                mel = first()
                wait()
                b = now()
                sound = second(mel)
                wait()
                c = now()
                row = {"tacotron2_latency": b - a, "vocoder_latency": c - b, "latency": c - a}
                many, more = mel.size(0) * mel.size(2), sound.numel()
                row["tacotron2_items_per_sec"] = many / row["tacotron2_latency"]
                row["vocoder_items_per_sec"] = more / row["vocoder_latency"]
                row["throughput"] = more / row["latency"]
                table.append(row)
            table = table[warm:]
            return {name: [row[name] for row in table] for name in table[0]}
    """,
}
CODE = {task: textwrap.dedent(code).strip() + "\n" for task, code in PLANTED.items()}


@pytest.mark.parametrize("task", CODE)
def test_an_answer_under_other_names_is_found(
    task: str, tmp_path: Path, answers: list[Answer]
) -> None:
    (tmp_path / "some.py").write_text(f"import torch\n\n{CODE[task]}")
    leaks = found(tmp_path, answers)
    assert leaks
    assert all(f"of {task} " in leak for leak in leaks), leaks


def _quoted(code: str) -> str:
    return f'"""A view.\n\n{textwrap.indent(code, "    ")}\nThat was it.\n"""\n'


def _as_notebook(kind: str, source: str) -> str:
    return json.dumps({"cells": [{"cell_type": kind, "id": "look", "source": source}]})


HIDING_PLACES: dict[str, Callable[[str], tuple[str, str]]] = {
    "a function in a function": lambda code: (
        "x.py", f"def outer():\n{textwrap.indent(code, '    ')}\n    return 1\n"
    ),
    "a docstring": lambda code: ("x.py", _quoted(code)),
    "a string": lambda code: ("x.py", f"SOURCE = {code!r}\n"),
    "comments": lambda code: ("x.py", "x = 1\n" + textwrap.indent(code, "# ", lambda _: True)),
    "a cell": lambda code: ("x.ipynb", _as_notebook("code", f"%matplotlib inline\n{code}")),
    "a fenced block": lambda code: (
        "x.ipynb", _as_notebook("markdown", f"Look:\n\n```python\n{code}```\n\nNice.")
    ),
    "an indented block": lambda code: (
        "README.md", f"Look:\n\n{textwrap.indent(code, '    ')}\nNice.\n"
    ),
}  # fmt: skip


@pytest.mark.parametrize("place", HIDING_PLACES)
@pytest.mark.parametrize("task", ["attention-2", "encoder-1", "decoder-3"])
def test_an_answer_is_found_wherever_it_hides(
    place: str, task: str, tmp_path: Path, answers: list[Answer]
) -> None:
    name, text = HIDING_PLACES[place](CODE[task])
    (tmp_path / name).write_text(text, "utf-8")
    leaks = found(tmp_path, answers)
    assert leaks and all(f"of {task} " in leak for leak in leaks), leaks


def test_a_solution_of_the_notebook_alone_is_an_answer(tmp_path: Path) -> None:
    """An instructor's own solution, other than labkit's, is compared as well."""
    lab = LABS["lab1_attention"]
    notebook = json.loads((ROOT / "notebooks" / lab.name / "attention.ipynb").read_text("utf-8"))
    own = """\
class LocationLayer(nn.Module):
    def forward(self, attention_weights_cat):
        ### BEGIN SOLUTION
        kernel = self.location_conv.conv.weight.flatten(1)
        rows = attention_weights_cat.unfold(2, 31, 1).permute(0, 2, 1, 3).flatten(2)
        return torch.einsum("bnk,fk,af->bna", rows, kernel, self.location_dense.weight)
        ### END SOLUTION
"""
    for cell in notebook["cells"]:
        if cell["id"] == "attention-1":
            cell["source"] = own
    (tmp_path / "source").mkdir()
    source = tmp_path / "source" / "attention.ipynb"
    source.write_text(json.dumps(notebook), "utf-8")
    planted = tmp_path / "handed_out"
    planted.mkdir()
    (planted / "x.py").write_text(
        "def f(l, past):\n"
        "    cut = past.unfold(2, 31, 1)\n"
        "    cut = cut.permute(0, 2, 1, 3).flatten(2)\n"
        "    k = l.location_conv.conv.weight.flatten(1)\n"
        "    return torch.einsum('bnk,fk,af->bna', cut, k, l.location_dense.weight)\n"
    )
    assert found(planted, reference_answers(lab)) == []
    assert "of attention-1 (LocationLayer.forward)" in found(planted, solutions(source, lab))[0]
