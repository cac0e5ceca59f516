"""Lab 3: wrong decoders are caught and named, and one wrong task costs only itself."""

from __future__ import annotations

import re
from typing import Any

import pytest

from grader.instructor.ways import cell
from grader.judge.golden import hidden_cases, public_cases
from grader.labs.lab3_decoder.tasks import LAB as DECODER
from grader.selfcheck.check import run_check
from lab_tools import Run
from labkit.tacotron2 import Decoder
from labs.lab3_decoder.cells import BODIES, STUB, TASK_OF, fill
from labs.lab3_decoder.wrong import WRONG as STUDENTS

pytestmark = pytest.mark.lab3

ALL = {task.id: task for task in DECODER.judged}
TASKS = {name: task for name, task in ALL.items() if task.defines == "Decoder"}
POINTS = {"decoder-1": 20, "decoder-2": 20, "decoder-3": 20, "tacotron2-1": 60}


@pytest.mark.parametrize("method", list(BODIES)[:-1])
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


WRONG = {
    "a go frame of doubles": ("decoder-1", "dtype",
        "self.n_mel_channels) → self.n_mel_channels).double()",
        r"go_frame is torch\.float64; expected torch\.float32"),
    "a go frame of whole numbers": ("decoder-1", "dtype",
        "self.n_mel_channels) → self.n_mel_channels).long()",
        r"go_frame is torch\.int64; expected torch\.float32"),
    "a beginning that changes the memory": ("decoder-1", "changed",
        "return DecoderState → memory *= 1.0001; return DecoderState",
        "changed its own input memory"),
    "no state": ("decoder-1", "error", "return DecoderState → return None; DecoderState",
        "DecoderState.*NoneType"),
    "seven parts of a state": ("decoder-1", "error",
        "return DecoderState → return (memory,) * 7; DecoderState",
        "must be a DecoderState, or its eight tensors in order, not a tuple of 7"),
    "a state of nothing": ("decoder-1", "type",
        "return DecoderState → return (None,) * 8; DecoderState",
        "attention_hidden must be a torch.Tensor, not NoneType"),
    "zeros that stay where they are": ("decoder-1", "error",
        "memory.new_zeros(B, encoder_embedding_dim) →"
        "torch.zeros(B, encoder_embedding_dim, dtype=memory.dtype)",
        "Type or device of the memory are not followed.*attention_context lies on cpu"),
    "a step without state": ("decoder-2", "error",
        "return (mel_output, gate_output, → return mel_output, gate_output; (",
        "decode must return frame, gate_output and state, not a tuple of 2"),
    "a step that returns nothing": ("decoder-2", "type", "return (mel_output → (mel_output",
        "returns None"),
    "a gate without its axis": ("decoder-2", "rank",
        "mel_output, gate_output → mel_output, gate_output.squeeze(1)",
        r"gate_output has 1 axis too few: its shape is \(2\); expected \(B, 1\) = \(2, 1\)"),
    "a step that changes the memory": ("decoder-2", "changed",
        "cell_input = → memory += 1; memory -= 1; memory *= 1.000001; cell_input =",
        "changed its own input memory"),
    "steps that are returned": ("decoder-2", "error", "yield → return",
        "steps must yield frame, gate_output and state, not Tensor"),
    "steps that yield frames only": ("decoder-2", "error",
        "yield frame, gate_output, state → yield frame",
        "steps must yield frame, gate_output and state, not Tensor"),
    "steps that end before they begin": ("decoder-2", "error", "while True → while False",
        "it ended before the first"),
    "a thousand steps": ("decoder-2", "error", "while True → for _ in range(1000)",
        "steps has no end, whoever asks decides; here it ended by itself"),
    "steps without return or yield": ("decoder-2", "error", "def steps(...):\n    pass",
        "it returned NoneType"),
    "frames that are no numbers": ("decoder-2", "finite", "yield frame → yield frame / 0 * 0",
        "frames holds 24 of 24 numbers that are NaN"),
    "a loop that returns nothing": ("decoder-3", "type", "def infer(...):\n    pass",
        "returns None: is there a `return`"),
    "a loop without lengths": ("decoder-3", "type",
        "return (*self → return (self\n, mel_lengths) → )",
        "4 values are expected .*, not tuple of 3"),
    "lengths that are no whole numbers": ("decoder-3", "dtype",
        ", mel_lengths) → , mel_lengths.float())",
        r"mel_lengths is torch\.float32; expected torch\.int32"),
    "lengths in a list": ("decoder-3", "type", ", mel_lengths) → , mel_lengths.tolist())",
        "mel_lengths must be a torch.Tensor, not list"),
    "a loop without end": ("decoder-3", "error",
        "break → continue\nislice(steps, max_decoder_steps) → steps",
        r"a step was asked for after \d+ of them, when decoding should have ended"),
    "a way that returns nothing": ("tacotron2-1", "type", "return → pass;",
        "returns None: is there a `return`"),
    "the mel alone": ("tacotron2-1", "type", "mel_postnet, mel_lengths, alignments, gate → mel",
        r"4 values are expected \(mel_postnet, mel_lengths, alignments, gate\), not Tensor"),
    "three values": ("tacotron2-1", "type", "alignments, gate → alignments", "not tuple of 3"),
    "a mel of doubles": ("tacotron2-1", "dtype", "return mel_postnet → return mel_postnet.double()",
        "mel_postnet is torch.float64"),
    "lengths twice": ("tacotron2-1", "dtype", "alignments, gate → mel_lengths, gate",
        "alignments is torch.int32; expected"),
    "a list of lengths": ("tacotron2-1", "type",
        "return mel_postnet, mel_lengths → return mel_postnet, mel_lengths.tolist()",
        "mel_lengths must be a torch.Tensor"),
    "time first": ("tacotron2-1", "axes", "return mel_postnet → return mel_postnet.transpose(1, 2)",
        r"\(3, 14, 5\); expected .*order"),
    "a frame short": ("tacotron2-1", "size", "return mel_postnet → return mel_postnet[:, :, 1:]",
        r"\(3, 5, 13\)"),
    "not a number": ("tacotron2-1", "finite", "return mel_postnet → return mel_postnet / 0",
        "NaN or infinite"),
    "one length off": ("tacotron2-1", "value",
        "mel_lengths, alignments → mel_lengths + 1, alignments",
        r"mel_lengths\[0\] is 9"),
    "the ids changed": ("tacotron2-1", "changed", "return → ids.zero_(); return", "input ids"),
    "an exception": ("tacotron2-1", "error", "return → raise ValueError('what now'); return",
        r"ValueError: what now in line \d+"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_a_message_says_what_is_wrong(judge_here: Run, wrong: str) -> None:
    task, stage, way, message = WRONG[wrong]
    earlier = {name: cell(ALL[name]) for name in TASKS if name < task in TASKS}
    verdict = judge_here(earlier | {task: cell(ALL[task], way)})[task]
    assert (verdict.points, verdict.stage) == (0, stage), verdict.message
    assert re.search(message, verdict.message), verdict.message
    assert "\n" not in verdict.message


@pytest.mark.parametrize("task", STUDENTS)
def test_what_is_wrong_in_yet_another_way_has_a_name_and_the_self_check_knows(
    judge_here: Run, task: str
) -> None:
    for way in STUDENTS[task]:
        verdict = judge_here({task: cell(ALL[task], way)})[task]
        assert verdict.points == 0, way
        assert verdict.slip, (way, verdict.message)
        assert verdict.public[0] < verdict.public[1], (way, verdict.message)


def test_the_models_own_decoder_is_not_taken_for_decode(judge_cells: Run) -> None:
    own = cell(ALL["tacotron2-1"], "decode(memory → self.decoder.infer(memory")
    verdict = judge_cells(fill() | {"tacotron2-1": own})["tacotron2-1"]
    assert (verdict.points, verdict.slip) == (0, "own-decoder"), verdict.message


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


def test_hidden_cases_of_the_whole_model_hold_the_edges() -> None:
    cases = hidden_cases(DECODER)["tacotron2-1"]
    assert {case.alone for case in cases} == {True, False}
    assert {case.init["mask_embeddings"] for case in cases if not case.alone} == {True, False}
    assert any(case.inputs["ids"].size(1) == 1 for case in cases)
    assert any(case.init["n_frames_per_step"] > 1 for case in cases)
    for case in cases:
        lengths = case.expected["mel_lengths"]
        assert lengths.min() > 0
        assert len(lengths) == 1 or len(set(lengths.tolist())) > 1
