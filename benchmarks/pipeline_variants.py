"""Pipelines that differ from the solutions in one thing: slow ones, honest ones, and cheats.

``benchmarks/pipelines.py`` measures them, and the tests look at what becomes of the cheats.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from grader.labs import LABS
from grader.submissions.graft import Submission, graft
from grader.submissions.notebook_file import read_notebook

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"


@dataclass(frozen=True)
class Variant:
    """A pipeline that differs from the solutions in one thing.

    Attributes:
        name: what it does.
        expected: what the bench should find: a class that is slow, ``wrong``, ``failed``, or
            nothing.
        changes: for a task, texts and what stands in their place.
    """

    name: str
    expected: str = ""
    changes: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)


def _change(task: str, *pairs: tuple[str, str]) -> dict[str, tuple[tuple[str, str], ...]]:
    return {task: pairs}


_STEP = "        frame, gate_output, state = self.decode(decoder_input, state, memory, mask)\n"
_APPEND = "        mel_outputs.append(frame)\n"
_GIVE = "    return mel_output, gate_output, DecoderState("
_RETURN = (
    "    return (*self.parse_decoder_outputs(mel_outputs, gate_outputs, alignments), mel_lengths)"
)

RIGHT = Variant("the solutions themselves")
SLOW = (
    Variant(
        "sleeps 2 ms a step",
        "Decoder",
        _change("decoder-2", (_STEP, f"        import time; time.sleep(0.002)\n{_STEP}")),
    ),
    Variant(
        "projects the memory anew each step",
        "Decoder",
        _change(
            "decoder-2",
            (
                "attention_hidden, memory, state.processed_memory,",
                "attention_hidden, memory, self.attention_layer.memory_layer(memory),",
            ),
        ),
    ),
    Variant(
        "concatenates a growing tensor",
        "Decoder",
        _change(
            "decoder-3",
            (
                _APPEND,
                "        frames = (frame.unsqueeze(1) if not mel_outputs\n"
                "                  else torch.cat((frames, frame.unsqueeze(1)), dim=1))\n"
                f"{_APPEND}",
            ),
            (_RETURN, f"    mel_outputs = list(frames.unbind(1))\n{_RETURN}"),
        ),
    ),
    Variant(
        "computes in the attention what nobody needs",
        "Attention",
        _change(
            "attention-2",
            (
                "    processed_query =",
                "    for _ in range(8):\n"
                "        torch.tanh(processed_memory)\n"
                "    processed_query =",
            ),
        ),
    ),
    Variant(
        "encodes five times",
        "Encoder",
        _change(
            "encoder-2",
            (
                "    packed_outputs, _ =",
                "    for _ in range(4):\n        self.lstm(packed)\n    packed_outputs, _ =",
            ),
        ),
    ),
)
HONEST = (
    Variant(
        "einsum for the location's filters",
        "",
        _change(
            "attention-1",
            (
                "return self.location_dense(processed_attention)",
                'return torch.einsum("btf,df->btd", processed_attention, '
                "self.location_dense.linear_layer.weight)",
            ),
        ),
    ),
    Variant(
        "softmax by hand",
        "",
        _change(
            "attention-3",
            (
                "attention_weights = F.softmax(energies, dim=1)",
                "scores = (energies - energies.max(1, keepdim=True).values).exp()\n"
                "    attention_weights = scores / scores.sum(1, keepdim=True)",
            ),
        ),
    ),
    Variant(
        "an LSTM cell of its own gates",
        "",
        _change(
            "decoder-2",
            (
                "    decoder_hidden, decoder_cell = self.decoder_rnn("
                "  # both (B, decoder_rnn_dim)\n"
                "        decoder_rnn_input, (state.decoder_hidden, state.decoder_cell))\n",
                "    cell = self.decoder_rnn\n"
                "    gates = (F.linear(decoder_rnn_input, cell.weight_ih, cell.bias_ih)\n"
                "             + F.linear(state.decoder_hidden, cell.weight_hh, cell.bias_hh))\n"
                "    i, f, g, o = gates.chunk(4, dim=1)\n"
                "    decoder_cell = f.sigmoid() * state.decoder_cell + i.sigmoid() * g.tanh()\n"
                "    decoder_hidden = o.sigmoid() * decoder_cell.tanh()\n",
            ),
        ),
    ),
)
CHEATS = (
    Variant(
        "answers with what it said before",
        "wrong",
        _change(
            "decoder-3",
            (
                "    for frame, gate_output, state in islice",
                "    kept = type(self).__dict__.get('kept', {})\n"
                "    type(self).kept, key = kept, (max_decoder_steps, *memory.shape[:2])\n"
                "    if key in kept:\n"
                "        return kept[key]\n"
                "    for frame, gate_output, state in islice",
            ),
            (_RETURN, f"{_RETURN.replace('return', 'kept[key] =')}\n    return kept[key]"),
        ),
    ),
    Variant(
        "takes half of the steps and repeats them",
        "wrong",
        _change(
            "decoder-3",
            ("islice(steps, max_decoder_steps)", "islice(steps, (max_decoder_steps + 1) // 2)"),
            (
                _RETURN,
                "    double = lambda every: [\n"
                "        x for x in every for _ in range(2)][:max_decoder_steps]\n"
                "    mel_outputs, gate_outputs, alignments = map(\n"
                "        double, (mel_outputs, gate_outputs, alignments))\n"
                "    mel_lengths = (2 * mel_lengths).clamp(\n"
                "        max=self.n_frames_per_step * len(mel_outputs))\n"
                f"{_RETURN}",
            ),
        ),
    ),
    Variant(
        "leaves the work to a thread",
        "wrong",
        _change(
            "tacotron2-1",
            (
                "    embedded =",
                "    import threading\n"
                "    late = []\n"
                "    def work():\n"
                "        memory = self.encoder(self.embedding(ids).transpose(1, 2), lengths)\n"
                "        late.append(decode(memory, lengths))\n"
                "    threading.Thread(target=work, daemon=True).start()\n"
                "    T = globals().get('T_out', 0)\n"
                "    if T:\n"
                "        return (torch.zeros(len(ids), 80, T), torch.full((len(ids),), T),\n"
                "                torch.zeros(len(ids), T // 2, ids.size(1)),\n"
                "                torch.zeros(len(ids), T // 2))\n"
                "    embedded =",
            ),
            (
                "    return mel_postnet,",
                "    globals()['T_out'] = mel.size(2)\n    return mel_postnet,",
            ),
        ),
    ),
    Variant(
        "patches the clocks of its process",
        "Decoder",
        _change(
            "decoder-2",
            (
                _STEP,
                "        import time\n"
                "        if not hasattr(time, 'real_sleep'):\n"
                "            time.real_sleep = time.sleep\n"
                "            for name in ('time', 'perf_counter', 'monotonic', 'process_time'):\n"
                "                setattr(time, name, lambda: 0.0)\n"
                "            time.perf_counter_ns = time.monotonic_ns = time.time_ns = lambda: 0\n"
                "        time.real_sleep(0.002)\n"
                f"{_STEP}",
            ),
        ),
    ),
    Variant(
        "returns a promise",
        "failed",
        _change(
            "tacotron2-1",
            (
                "    mel_postnet = mel + correction",
                "    class Later(torch.Tensor):\n"
                "        pass\n"
                "    mel_postnet = (mel + correction).as_subclass(Later)",
            ),
        ),
    ),
    Variant(
        "burns the machine in threads",
        "",
        _change(
            "encoder-1",
            (
                "    for convolution in self.convolutions:",
                "    import threading\n"
                "    if not hasattr(threading, 'burning'):\n"
                "        def burn():\n"
                "            while True:\n"
                "                pass\n"
                "        threading.burning = [threading.Thread(target=burn, daemon=True)\n"
                "                             for _ in range(3)]\n"
                "        for thread in threading.burning:\n"
                "            thread.start()\n"
                "    for convolution in self.convolutions:",
            ),
        ),
    ),
)
VARIANTS = (RIGHT, *SLOW, *HONEST, *CHEATS)


def solved(variant: Variant = RIGHT) -> dict[str, Submission]:
    """Return what a variant hands in, by lab.

    Raises:
        ValueError: a text that is to be changed does not stand in the solution.
    """
    found = {}
    for name, lab in LABS.items():
        submission = graft(read_notebook(NOTEBOOKS / name / f"{lab.notebook}.ipynb"), lab)
        cells = dict(submission.cells)
        for task in cells.keys() & variant.changes.keys():
            for old, new in variant.changes[task]:
                if old not in cells[task]:
                    raise ValueError(f"{variant.name}: {task} has no {old!r}")
                cells[task] = cells[task].replace(old, new, 1)
        found[name] = Submission(cells)
    return found
