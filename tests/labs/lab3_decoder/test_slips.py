"""Lab 3: wrong decoders are caught and named, and one wrong task costs only itself."""

from __future__ import annotations

import re
from typing import Any

import pytest

from grader.judge.golden import hidden_cases, public_cases
from grader.labs.lab3_decoder.tasks import LAB as DECODER
from grader.selfcheck.check import run_check
from lab_tools import Run
from labkit.tacotron2 import Decoder
from labs.lab3_decoder.cells import BODIES, STUB, TASK_OF, fill
from labs.lab3_decoder.habits import MORE
from labs.lab3_decoder.wrong import WRONG as STUDENTS

pytestmark = pytest.mark.lab3

TASKS = {task.id: task for task in DECODER.judged if task.defines == "Decoder"}
POINTS = {"decoder-1": 20, "decoder-2": 20, "decoder-3": 20, "tacotron2-1": 60}


# method: what stands in a right cell, what a student may have written instead
CHANGES: dict[tuple[str, str], tuple[str, str, str]] = {
    ("decoder-1", "go-ones"): ("get_go_frame", "new_zeros", "new_ones"),
    ("decoder-1", "go-one-frame"): ("get_go_frame", "self.n_frames_per_step * ", ""),
    ("decoder-1", "go-random"): (
        "get_go_frame",
        "memory.new_zeros(memory.size(0), self.n_frames_per_step * self.n_mel_channels)",
        "torch.randn(memory.size(0), self.n_frames_per_step * self.n_mel_channels).to(memory)",
    ),
    ("decoder-1", "go-axis"): ("get_go_frame", "(memory.size(0),", "(1, memory.size(0),"),
    ("decoder-1", "ones"): ("initialize_decoder_states", "new_zeros", "new_ones"),
    ("decoder-1", "batch-of-one"): ("initialize_decoder_states", "new_zeros(B", "new_zeros(1"),
    ("decoder-1", "weights-uniform"): (
        "initialize_decoder_states",
        "memory.new_zeros(B, T_in),\n            memory.new_zeros(B, T_in)",
        "memory.new_ones(B, T_in) / T_in, memory.new_zeros(B, T_in)",
    ),
    ("decoder-1", "weights-as-context"): (
        "initialize_decoder_states",
        "B, T_in, D = memory.shape",
        "B, D, T_in = memory.shape",
    ),
    ("decoder-1", "sizes-swapped"): (
        "initialize_decoder_states",
        "B, T_in, D = memory.shape",
        "B, T_in, D = memory.shape\n"
        "        a, d = self.attention_rnn_dim, self.decoder_rnn_dim\n"
        "        z = memory.new_zeros\n"
        "        return DecoderState(z(B, d), z(B, d), z(B, a), z(B, a), z(B, T_in), z(B, T_in),\n"
        "                            z(B, D), self.attention_layer.memory_layer(memory))",
    ),
    ("decoder-1", "context-mean"): (
        "initialize_decoder_states",
        "memory.new_zeros(B, D)",
        "memory.mean(dim=1)",
    ),
    ("decoder-1", "context-last"): (
        "initialize_decoder_states",
        "memory.new_zeros(B, D)",
        "memory[:, -1]",
    ),
    ("decoder-1", "memory-unprocessed"): (
        "initialize_decoder_states",
        "self.attention_layer.memory_layer(memory)",
        "memory",
    ),
    ("decoder-1", "query-layer"): ("initialize_decoder_states", "memory_layer", "query_layer"),
    ("decoder-1", "memory-tanh"): (
        "initialize_decoder_states",
        "self.attention_layer.memory_layer(memory)",
        "torch.tanh(self.attention_layer.memory_layer(memory))",
    ),
    ("decoder-1", "place-ignored"): (
        "initialize_decoder_states",
        "memory.new_zeros",
        "torch.zeros",
    ),
    ("decoder-2", "previous-twice"): (
        "decode",
        "(state.attention_weights, state.attention_weights_cum)",
        "(state.attention_weights, state.attention_weights)",
    ),
    ("decoder-2", "cumulative-twice"): (
        "decode",
        "(state.attention_weights, state.attention_weights_cum)",
        "(state.attention_weights_cum, state.attention_weights_cum)",
    ),
    ("decoder-2", "channels-swapped"): (
        "decode",
        "(state.attention_weights, state.attention_weights_cum)",
        "(state.attention_weights_cum, state.attention_weights)",
    ),
    ("decoder-2", "attention-input-order"): (
        "decode",
        "(decoder_input, state.attention_context)",
        "(state.attention_context, decoder_input)",
    ),
    ("decoder-2", "decoder-input-order"): (
        "decode",
        "torch.cat((attention_hidden, context), dim=1)",
        "torch.cat((context, attention_hidden), dim=1)",
    ),
    ("decoder-2", "projection-input-order"): (
        "decode",
        "both = torch.cat((decoder_hidden, context), dim=1)",
        "both = torch.cat((context, decoder_hidden), dim=1)",
    ),
    ("decoder-2", "attention-forgets"): (
        "decode",
        "cell_input, (state.attention_hidden, state.attention_cell)",
        "cell_input",
    ),
    ("decoder-2", "decoder-forgets"): (
        "decode",
        "(state.decoder_hidden, state.decoder_cell),",
        "None",
    ),
    ("decoder-2", "attention-cell-first"): (
        "decode",
        "attention_hidden, attention_cell = self",
        "attention_cell, attention_hidden = self",
    ),
    ("decoder-2", "decoder-cell-first"): (
        "decode",
        "decoder_hidden, decoder_cell = self",
        "decoder_cell, decoder_hidden = self",
    ),
    ("decoder-2", "query-old"): (
        "decode",
        "attention_hidden, memory, state",
        "state.attention_hidden, memory, state",
    ),
    ("decoder-2", "query-decoder"): (
        "decode",
        "attention_hidden, memory, state",
        "state.decoder_hidden, memory, state",
    ),
    ("decoder-2", "memory-unprocessed"): (
        "decode",
        "memory, state.processed_memory, past",
        "memory, memory, past",
    ),
    ("decoder-2", "mask-missing"): ("decode", "past, mask", "past, None"),
    ("decoder-2", "context-old-for-projection"): (
        "decode",
        "both = torch.cat((decoder_hidden, context)",
        "both = torch.cat((decoder_hidden, state.attention_context)",
    ),
    ("decoder-2", "mel-from-query"): (
        "decode",
        "self.linear_projection(both)",
        "self.linear_projection(torch.cat((attention_hidden, context), dim=1))",
    ),
    ("decoder-2", "gate-probability"): (
        "decode",
        "self.gate_layer(both)",
        "torch.sigmoid(self.gate_layer(both))",
    ),
    ("decoder-2", "state-unchanged"): (
        "decode",
        "return mel_output, gate_output, DecoderState(",
        "return mel_output, gate_output, state\n        DecoderState(",
    ),
    ("decoder-2", "cumulative-stale"): (
        "decode",
        "state.attention_weights_cum + weights",
        "state.attention_weights_cum",
    ),
    ("decoder-2", "cumulative-replaced"): (
        "decode",
        "state.attention_weights_cum + weights",
        "weights",
    ),
    ("decoder-2", "context-stale"): (
        "decode",
        "weights, context, state.processed_memory,",
        "weights, state.attention_context, state.processed_memory,",
    ),
    ("decoder-2", "weights-stale"): (
        "decode",
        "weights, state.attention_weights_cum + weights",
        "state.attention_weights, state.attention_weights_cum + weights",
    ),
    ("decoder-2", "dropout-left-on"): ("decode", ", self.training)", ")"),
    ("decoder-2", "prenet-dropout-off"): ("steps", "dropout=prenet_dropout", "dropout=False"),
    ("decoder-2", "prenet-dropout-on"): ("steps", "dropout=prenet_dropout, ", ""),
    ("decoder-2", "generator-forgotten"): ("steps", ", generator=generator", ""),
    ("decoder-2", "prenet-skipped"): (
        "steps",
        "self.prenet(frame, dropout=prenet_dropout, generator=generator)",
        "frame",
    ),
    ("decoder-2", "go-again"): ("steps", "frame, gate_output, state", "mel, gate_output, state"),
    ("decoder-2", "state-again"): ("steps", "frame, gate_output, state", "frame, gate_output, new"),
    ("decoder-2", "mask-not-passed"): ("steps", "memory, mask", "memory, None"),
    ("decoder-2", "one-step"): ("steps", "while True:", "for _ in range(1):"),
    ("decoder-3", "logit-as-probability"): (
        "infer",
        "torch.sigmoid(gate_output)[:, 0]",
        "gate_output[:, 0]",
    ),
    ("decoder-3", "at-threshold"): ("infer", "<= gate", "< gate"),
    ("decoder-3", "inverted"): ("infer", "<= gate", "> gate"),
    ("decoder-3", "threshold-ignored"): ("infer", "<= gate_threshold", "<= 0.5"),
    ("decoder-3", "all-counted"): ("infer", "_step * not_finished", "_step"),
    ("decoder-3", "revives"): ("infer", "not_finished & (", "("),
    ("decoder-3", "one-ends-all"): ("infer", "not not_finished.any()", "not not_finished.all()"),
    ("decoder-3", "first-decides"): ("infer", "not not_finished.any()", "not not_finished[0]"),
    ("decoder-3", "lengths-in-steps"): ("infer", "self.n_frames_per_step * ", ""),
    ("decoder-3", "never-stops"): ("infer", "break", "pass"),
    ("decoder-3", "stops-always"): ("infer", "self.early_stopping and ", ""),
    ("decoder-3", "limit-one-short"): ("infer", "max_decoder_steps)", "max_decoder_steps - 1)"),
    ("decoder-3", "limit-one-long"): ("infer", "max_decoder_steps)", "max_decoder_steps + 1)"),
    ("decoder-3", "limit-ignored"): ("infer", "islice(steps, max_decoder_steps)", "steps"),
    ("decoder-3", "alignments-cumulative"): ("infer", "attention_weights", "attention_weights_cum"),
    ("decoder-3", "mel-not-transposed"): ("parse_decoder_outputs", ".transpose(1, 2)", ""),
    ("decoder-3", "mel-reshaped"): (
        "parse_decoder_outputs",
        "-1, self.n_mel_channels).transpose(1, 2)",
        "self.n_mel_channels, -1)",
    ),
    ("decoder-3", "frames-interleaved"): (
        "parse_decoder_outputs",
        "mel.reshape(mel.size(0), -1, self.n_mel_channels).transpose(1, 2)",
        "mel.transpose(1, 2).reshape(mel.size(0), self.n_mel_channels, -1, mel.size(1))"
        ".transpose(2, 3).flatten(2)",
    ),
    ("decoder-3", "alignments-transposed"): (
        "parse_decoder_outputs",
        "torch.stack(alignments, dim=1)",
        "torch.stack(alignments, dim=2)",
    ),
    ("decoder-3", "gate-axis"): ("parse_decoder_outputs", "torch.cat(gate", "torch.stack(gate"),
    ("decoder-3", "gate-probability"): (
        "parse_decoder_outputs",
        "torch.cat(gate_outputs, dim=1)",
        "torch.sigmoid(torch.cat(gate_outputs, dim=1))",
    ),
}


def changed(method: str, old: str, new: str) -> dict[str, str]:
    """Return all cells, right but for a change in one method."""
    assert old in BODIES[method]
    return fill(**{method: BODIES[method].replace(old, new)})


@pytest.mark.parametrize(("task", "slip"), CHANGES)
def test_a_slip_in_a_students_words_is_named(judge_here: Run, task: str, slip: str) -> None:
    cells = changed(*CHANGES[task, slip])
    verdict = judge_here({task: cells[task]})[task]
    assert (verdict.slip, verdict.points) == (slip, 0), verdict.message


WORDS = {
    "firing-counted": """
        for frame, gate_output, state in islice(steps, max_decoder_steps):
            mel_outputs.append(frame)
            gate_outputs.append(gate_output)
            alignments.append(state.attention_weights)
            mel_lengths += self.n_frames_per_step * not_finished
            not_finished = not_finished & (torch.sigmoid(gate_output)[:, 0] <= gate_threshold)
            if self.early_stopping and not not_finished.any():
                break
        return (*self.parse_decoder_outputs(mel_outputs, gate_outputs, alignments), mel_lengths)
    """,
    "stops-late": """
        for frame, gate_output, state in islice(steps, max_decoder_steps):
            mel_outputs.append(frame)
            gate_outputs.append(gate_output)
            alignments.append(state.attention_weights)
            if self.early_stopping and not not_finished.any():
                break
            not_finished = not_finished & (torch.sigmoid(gate_output)[:, 0] <= gate_threshold)
            mel_lengths += self.n_frames_per_step * not_finished
        return (*self.parse_decoder_outputs(mel_outputs, gate_outputs, alignments), mel_lengths)
    """,
}


@pytest.mark.parametrize("slip", WORDS)
def test_a_loop_in_another_order_is_named(judge_here: Run, slip: str) -> None:
    verdict = judge_here({"decoder-3": fill(infer=WORDS[slip])["decoder-3"]})["decoder-3"]
    assert (verdict.slip, verdict.points) == (slip, 0), verdict.message


@pytest.mark.parametrize("method", BODIES)
def test_only_the_method_that_was_reached_is_called_unwritten(judge_here: Run, method: str) -> None:
    verdict = judge_here(fill(**{method: STUB}))[TASK_OF[method]]
    assert f": Decoder.{method} is not written yet in line" in verdict.message


@pytest.mark.parametrize("method", BODIES)
@pytest.mark.parametrize("body", [STUB, "return ((("])
def test_a_wrong_method_costs_only_the_points_of_its_task(
    judge_cells: Run, method: str, body: str
) -> None:
    verdicts = judge_cells(fill(**{method: body}))
    task = TASK_OF[method]
    assert {name: v.points for name, v in verdicts.items()} == POINTS | {task: 0}
    later = list(verdicts.values())[list(verdicts).index(task) + 1 :]
    assert all(v.note.startswith("judged on its own") for v in later)


STEPS = BODIES["steps"]
WRONG = {
    "a go frame of doubles": (
        {"get_go_frame": BODIES["get_go_frame"].rstrip() + ".double()"},
        "dtype",
        r"go_frame is torch\.float64; expected torch\.float32",
    ),
    "no state": ({"initialize_decoder_states": "return None"}, "error", "DecoderState.*NoneType"),
    "seven parts of a state": (
        {"initialize_decoder_states": "return (memory,) * 7"},
        "error",
        "must be a DecoderState, or its eight tensors in order, not a tuple of 7",
    ),
    "a state of nothing": (
        {"initialize_decoder_states": "return (None,) * 8"},
        "type",
        "attention_hidden must be a torch.Tensor, not NoneType",
    ),
    "zeros that stay where they are": (
        {"initialize_decoder_states": BODIES["initialize_decoder_states"].replace(
            "memory.new_zeros(B, D)", "torch.zeros(B, D, dtype=memory.dtype)")},
        "error",
        "Type or device of the memory are not followed.*attention_context lies on cpu",
    ),
    "a step without state": (
        {"decode": BODIES["decode"].replace("return mel_output, gate_output, DecoderState",
                                            "return mel_output, gate_output; tuple")},
        "error",
        "decode must return frame, gate_output and state, not a tuple of 2",
    ),
    "a step that returns nothing": ({"decode": "state = memory"}, "type", "returns None"),
    "a gate without its axis": (
        {"decode": BODIES["decode"].replace("gate_layer(both)", "gate_layer(both).squeeze(1)")},
        "rank",
        r"gate_output has 1 axis too few: its shape is \(2\); expected \(B, 1\) = \(2, 1\)",
    ),
    "a step that changes the memory": (
        {"decode": "        memory += 1; memory -= 1; memory *= 1.000001\n" + BODIES["decode"]},
        "changed",
        "changed its own input memory",
    ),
    "steps that are returned": (
        {"steps": STEPS.replace("yield ", "return ")},
        "error",
        "steps must yield frame, gate_output and state, not Tensor",
    ),
    "steps that yield frames only": (
        {"steps": STEPS.replace("yield frame, gate_output, state", "yield frame")},
        "error",
        "steps must yield frame, gate_output and state, not Tensor",
    ),
    "steps that end before they begin": (
        {"steps": STEPS.replace("while True", "while False")},
        "error",
        "it ended before the first",
    ),
    "steps without return or yield": ({"steps": "pass"}, "error", "it returned NoneType"),
    "frames that are no numbers": (
        {"steps": STEPS.replace("yield frame", "yield frame / 0 * 0")},
        "finite",
        r"frames holds 24 of 24 numbers that are NaN",
    ),
    "a loop that returns nothing": ({"infer": "pass"}, "type", "returns None: is there a `return`"),
    "a loop without lengths": (
        {"infer": BODIES["infer"].replace("return (*", "return (").replace(", mel_lengths)", ")")},
        "type",
        "4 values are expected .*, not tuple of 3",
    ),
    "lengths that are no whole numbers": (
        {"infer": BODIES["infer"].replace("alignments), mel_lengths)",
                                          "alignments), mel_lengths.float())")},
        "dtype",
        r"mel_lengths is torch\.float32; expected torch\.int32",
    ),
    "lengths in a list": (
        {"infer": BODIES["infer"].replace("alignments), mel_lengths)",
                                          "alignments), mel_lengths.tolist())")},
        "type",
        "mel_lengths must be a torch.Tensor, not list",
    ),
    "a loop without end": (
        {"infer": BODIES["infer"].replace("break", "continue").replace(
            "islice(steps, max_decoder_steps)", "steps")},
        "error",
        r"a step was asked for after \d+ of them, when decoding should have ended",
    ),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_a_message_says_what_is_wrong(judge_here: Run, wrong: str) -> None:
    bodies, stage, message = WRONG[wrong]
    task = TASK_OF[next(iter(bodies))]
    cells = fill(**bodies)
    verdict = judge_here({name: cells[name] for name in list(TASKS) if name <= task})[task]
    assert (verdict.points, verdict.stage) == (0, stage), verdict.message
    assert re.search(message, verdict.message), verdict.message
    assert "\n" not in verdict.message


@pytest.mark.parametrize("task", STUDENTS)
def test_no_wrong_fill_of_a_hundred_passes_and_the_self_check_knows(
    judge_here: Run, task: str
) -> None:
    said, told = 0, ("type", "dtype", "rank", "axes", "size", "gradient", "changed")
    for method, old, new in STUDENTS[task]:
        verdict = judge_here({task: changed(method, old, new)[task]})[task]
        assert verdict.points == 0, (old, new)
        assert verdict.public[0] < verdict.public[1], (old, new, verdict.message)
        said += bool(verdict.slip) or verdict.stage in told
    assert len(STUDENTS[task]) >= 60
    assert said >= 0.75 * len(STUDENTS[task])


@pytest.mark.parametrize("task", MORE)
def test_what_people_write_out_of_habit_has_a_name(judge_here: Run, task: str) -> None:
    for method, old, new in MORE[task]:
        verdict = judge_here({task: changed(method, old, new)[task]})[task]
        assert verdict.points == 0, (old, new)
        assert verdict.slip, (old, new, verdict.message)
        assert verdict.public[0] < verdict.public[1], (old, new, verdict.message)


def test_a_plain_tuple_is_a_state_for_the_later_tasks(judge_here: Run) -> None:
    body = BODIES["initialize_decoder_states"].replace("return DecoderState(", "return (")
    verdicts = judge_here(fill(initialize_decoder_states=body))
    assert [verdicts[task].points for task in TASKS] == [20, 20, 20]


@pytest.mark.parametrize("task", TASKS)
def test_the_self_check_needs_nothing_but_the_class(task: str) -> None:
    result = run_check(task, Decoder)
    assert result.finding is None
    assert all(case.alone for case in public_cases(DECODER)[task])


def test_the_self_check_of_a_later_task_uses_no_earlier_fill() -> None:
    def missing(self: Any, *_: Any, **__: Any) -> Any:
        raise NotImplementedError

    first = dict.fromkeys(("get_go_frame", "initialize_decoder_states"), missing)
    assert run_check("decoder-2", type("Decoder", (Decoder,), first)).finding is None
    both = first | dict.fromkeys(("decode", "steps"), missing)
    assert run_check("decoder-3", type("Decoder", (Decoder,), both)).finding is None


def test_hidden_cases_hold_the_edges() -> None:
    cases = hidden_cases(DECODER)
    ends = [case for case in cases["decoder-3"] if "mel_lengths" in case.expected]
    assert any(bool((case.expected["mel_lengths"] == 0).all()) for case in ends)
    assert any(case.expected["gate_outputs"].size(1) == 1 for case in ends)
    assert any(not case.init["early_stopping"] for case in ends)
    rates = {case.init["n_frames_per_step"] for case in ends}
    assert rates == {1, 2, 3}
    assert any(len(case.expected["mel_lengths"]) == 1 for case in ends)
    for task in ("decoder-2", "decoder-3"):
        assert {case.alone for case in cases[task]} == {True, False}
