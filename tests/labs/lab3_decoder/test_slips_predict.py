"""Lab 3, ``Tacotron2.predict``: wrong ways are caught and named, whatever the decoder is like."""

from __future__ import annotations

import re
import textwrap

import pytest

from grader.judge.golden import hidden_cases
from grader.labs.lab3_decoder.tasks import LAB as DECODER
from lab_tools import Run
from labs.lab3_decoder.cells import STUB, fill
from labs.lab3_decoder.habits import PREDICT
from labs.lab3_decoder.wrong_predict import WRONG as STUDENTS
from labs.lab3_decoder.wrong_predict import way as changed_way

pytestmark = pytest.mark.lab3

TASK = "tacotron2-1"


def way(body: str) -> dict[str, str]:
    """Return all cells of the lab, right but for this body of ``predict``."""
    lines = textwrap.indent(textwrap.dedent(body).strip("\n"), " " * 8)
    head = "class Tacotron2(Tacotron2):\n    def predict(self, ids, lengths, decode):\n"
    return fill() | {TASK: f"{head}{lines}\n"}


EMBED = "x = self.embedding(ids).transpose(1, 2)"
ENCODE = "memory = self.encoder(x, lengths)"
DECODE = "mel, gate, alignments, n = decode(memory, lengths)"
CORRECT = "mel = mel + self.postnet(mel, self.hidden_frames(mel, n))"
ANSWER = "return mel, n, alignments, gate"


def lines(*parts: str) -> str:
    return "\n".join(parts)


TYPICAL = {
    "residual-missing": lines(
        EMBED, ENCODE, DECODE, "mel = self.postnet(mel, self.hidden_frames(mel, n))", ANSWER
    ),
    "residual-twice": lines(EMBED, ENCODE, DECODE, CORRECT.replace("mel +", "mel + mel +"), ANSWER),
    "postnet-skipped": lines(
        EMBED, ENCODE, DECODE, "post = mel + self.postnet(mel, self.hidden_frames(mel, n))", ANSWER
    ),
    "postnet-twice": lines(EMBED, ENCODE, DECODE, CORRECT, CORRECT, ANSWER),
    "padding-missing": lines(EMBED, ENCODE, DECODE, "mel = mel + self.postnet(mel)", ANSWER),
    "padding-of-text": lines(
        EMBED, ENCODE, DECODE, CORRECT.replace("(mel, n)", "(mel, lengths)"), ANSWER
    ),
    "transpose-missing": lines(
        "x = self.embedding(ids)", ENCODE, DECODE, CORRECT, ANSWER
    ),
    "reshaped": lines(
        "x = self.embedding(ids)",
        "x = x.view(x.size(0), x.size(2), x.size(1))",
        ENCODE, DECODE, CORRECT, ANSWER,
    ),
    "embedding-scaled": lines(
        EMBED, "x = x * x.size(1) ** 0.5", ENCODE, DECODE, CORRECT, ANSWER
    ),
    "encoder-skipped": lines(
        "memory = self.embedding(ids)", DECODE, CORRECT, ANSWER
    ),
    "lengths-full": lines(
        EMBED,
        "memory = self.encoder(x, torch.full((len(ids),), ids.shape[1]))",
        DECODE, CORRECT, ANSWER,
    ),
    "decoder-lengths-full": lines(
        EMBED, ENCODE,
        "mel, gate, alignments, n = decode(memory, torch.tensor([ids.size(1)] * len(ids)))",
        CORRECT, ANSWER,
    ),
    "memory-transposed": lines(
        EMBED, ENCODE, DECODE.replace("memory", "memory.transpose(1, 2)"), CORRECT, ANSWER
    ),
    "decoder-order": lines(EMBED, ENCODE, DECODE, CORRECT, "return mel, gate, alignments, n"),
    "gate-probability": lines(
        EMBED, ENCODE, DECODE, CORRECT, "return mel, n, alignments, torch.sigmoid(gate)"
    ),
}  # fmt: skip


@pytest.mark.parametrize("slip", TYPICAL)
def test_a_slip_in_a_students_words_is_named(judge_here: Run, slip: str) -> None:
    verdict = judge_here({TASK: way(TYPICAL[slip])[TASK]})[TASK]
    assert (verdict.slip, verdict.points) == (slip, 0), verdict.message


def test_no_wrong_way_of_a_hundred_passes_and_the_self_check_knows(judge_here: Run) -> None:
    said, told = 0, ("type", "dtype", "rank", "axes", "size")
    for change in STUDENTS:
        verdict = judge_here({TASK: way(changed_way(change))[TASK]})[TASK]
        assert verdict.points == 0, change
        assert verdict.public[0] < verdict.public[1], (change, verdict.message)
        said += bool(verdict.slip) or verdict.stage in told
    assert len(STUDENTS) >= 60
    assert said >= 0.75 * len(STUDENTS)
    assert judge_here({TASK: way(changed_way())[TASK]})[TASK].passed


def test_what_people_write_out_of_habit_has_a_name(judge_here: Run) -> None:
    for change in PREDICT:
        verdict = judge_here({TASK: way(changed_way(change))[TASK]})[TASK]
        assert verdict.points == 0, change
        assert verdict.slip, (change, verdict.message)
        assert verdict.public[0] < verdict.public[1], (change, verdict.message)


def test_the_models_own_decoder_is_not_taken_for_decode(judge_cells: Run) -> None:
    own = changed_way((DECODE, DECODE.replace("decode(", "self.decoder.infer(")))
    verdict = judge_cells(way(own))[TASK]
    assert (verdict.points, verdict.slip) == (0, "own-decoder"), verdict.message


@pytest.mark.parametrize("method", ["get_go_frame", "decode", "infer"])
def test_a_wrong_decoder_costs_this_task_nothing(judge_cells: Run, method: str) -> None:
    verdicts = judge_cells(fill(**{method: STUB}))
    assert verdicts[TASK].points == 60
    assert verdicts[TASK].note.startswith("judged on its own")
    assert sum(v.points for v in verdicts.values()) < 120


_RIGHT = lines(EMBED, ENCODE, DECODE, CORRECT)
WRONG = {
    "nothing": ("pass", "type", r"returns None: is there a `return`"),
    "the mel alone": (
        "return mel",
        "type",
        r"4 values are expected \(mel_postnet, mel_lengths, alignments, gate\), not Tensor",
    ),
    "three values": ("return mel, n, alignments", "type", "not tuple of 3"),
    "double": ("return mel.double(), n, alignments, gate", "dtype", "mel_postnet is torch.float64"),
    "a list of lengths": (
        "return mel, n.tolist(), alignments, gate", "type", "mel_lengths must be a torch.Tensor"
    ),
    "time first": (
        "return mel.transpose(1, 2), n, alignments, gate", "axes", r"\(3, 14, 5\); expected .*order"
    ),
    "a frame short": ("return mel[:, :, 1:], n, alignments, gate", "size", r"\(3, 5, 13\)"),
    "not a number": ("return mel / 0, n, alignments, gate", "finite", "NaN or infinite"),
    "one length off": ("return mel, n + 1, alignments, gate", "value", r"mel_lengths\[0\] is 9"),
    "the ids changed": ("ids.zero_(); return mel, n, alignments, gate", "changed", "input ids"),
    "an exception": ("raise ValueError('what now')", "error", r"ValueError: what now in line \d+"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_a_message_says_what_is_wrong(judge_here: Run, wrong: str) -> None:
    ending, stage, message = WRONG[wrong]
    verdict = judge_here({TASK: way(f"{_RIGHT}\n{ending}")[TASK]})[TASK]
    assert (verdict.points, verdict.stage) == (0, stage), verdict.message
    assert re.search(message, verdict.message), verdict.message
    assert "\n" not in verdict.message


def test_hidden_cases_hold_the_edges() -> None:
    cases = hidden_cases(DECODER)[TASK]
    assert {case.alone for case in cases} == {True, False}
    assert {case.init["mask_embeddings"] for case in cases if not case.alone} == {True, False}
    assert any(case.inputs["ids"].size(1) == 1 for case in cases)
    assert any(case.init["n_frames_per_step"] > 1 for case in cases)
    for case in cases:
        lengths = case.expected["mel_lengths"]
        assert lengths.min() > 0
        assert len(lengths) == 1 or len(set(lengths.tolist())) > 1
