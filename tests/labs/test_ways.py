"""Slips in students' words: what can be written, and what is said of what does not fit."""

from __future__ import annotations

import pytest

from grader.errors import GraderError
from grader.instructor.ways import cell, compiled, read_ways
from grader.labs import find_task

ENERGIES = find_task("attention-2")[1]
START = find_task("decoder-1")[1]
READ = find_task("inference-1")[1]


def test_a_slip_that_is_named_again_has_another_way() -> None:
    ways = read_ways(
        """
relu: torch.tanh → torch.relu
squeezed: squeeze(-1) → squeeze()
squeezed:
    squeeze(-1) →
        squeeze(1)
    self.v →
nothing:
    if query is None:

        return query
    return None
"""
    )
    assert ways == {
        "relu": "torch.tanh → torch.relu",
        "squeezed": "squeeze(-1) → squeeze()",
        "squeezed~2": "squeeze(-1) →\n    squeeze(1)\nself.v →",
        "nothing": "if query is None:\n\n    return query\nreturn None",
    }


@pytest.mark.parametrize("text", ["  indented: a → b", "two words: a → b", "no-colon"])
def test_a_line_that_names_no_slip_is_quoted(text: str) -> None:
    with pytest.raises(GraderError, match="no way to make a slip can be read from '"):
        read_ways(f"slip: a → b\nx{text}" if text.startswith(" ") else text)


def test_a_change_is_found_however_the_text_is_broken_into_lines() -> None:
    right = cell(ENERGIES)
    wrong = cell(
        ENERGIES, "self.v(torch.tanh(processed_query + processed_location + processed_memory)) → x"
    )
    assert "@method_of(Attention)\ndef get_alignment_energies(\n    self,\n    query: " in right
    assert "energies = x\n" in wrong
    assert "#" not in right and '"""' not in right


def test_only_whole_words_are_changed_and_only_in_the_body() -> None:
    wrong = cell(ENERGIES, "query → 0\nv →")
    assert "    query: torch.Tensor,\n" in wrong
    assert "processed_query = self.query_layer(0.unsqueeze(1))" in wrong
    assert "energies = self.(" in wrong


def test_new_lines_stand_where_the_old_ones_stood() -> None:
    wrong = cell(
        find_task("attention-3")[1], "energies = energies. →\n    x = 1\n    x = energies."
    )
    assert "\n        x = 1\n        x = energies.masked_fill(mask" in wrong


def test_of_several_methods_those_that_are_not_written_stay_right() -> None:
    wrong = cell(START, "def get_go_frame(...):\n    return memory")
    assert "def get_go_frame(self, memory: torch.Tensor) -> torch.Tensor:\n    return mem" in wrong
    assert cell(START).partition("\n\n")[2] == wrong.partition("\n\n")[2] != ""
    assert wrong.count("@method_of(Decoder)\n") == 2


def test_a_function_is_written_without_a_class() -> None:
    assert cell(READ).startswith("def read(\n    tacotron2: Any,\n")
    assert cell(READ, "return None").endswith(") -> tuple[" + "torch.Tensor, " * 2
        + "torch.Tensor]:\n    return None\n")  # fmt: skip
    fill = compiled(READ, {"nothing-moved": "return ids, lengths, seed"})["nothing-moved"]
    assert fill(None, 1, 2, None) == (1, 2, None)


@pytest.mark.parametrize(
    ("slip", "way", "said"),
    [
        (
            "relu",
            "torch.tan → x",
            "slip relu cannot be made: the reference holds no 'torch.tan'",
        ),
        ("relu~2", "return (", "slip relu~2 cannot be made: '(' was never closed"),
        ("relu", "squeeze → x\nreturn x", "slip relu cannot be made: 'return x' is no change"),
        ("relu", "def forward(...):\n    pass", "forward is not asked for; get_alignment_energies"),
        ("raelu", "torch.tanh → x", "attention-2 has no slip 'raelu'"),
    ],
)
def test_what_does_not_fit_is_said_in_one_line(slip: str, way: str, said: str) -> None:
    with pytest.raises(GraderError) as error:
        compiled(ENERGIES, {slip: way})
    assert said in str(error.value)
    assert str(error.value).startswith("attention-2") and "\n" not in str(error.value)


def test_a_body_of_several_methods_says_of_which() -> None:
    with pytest.raises(ValueError, match=r"^get_go_frame or initialize_decoder_states\? A body"):
        cell(START, "return memory")
