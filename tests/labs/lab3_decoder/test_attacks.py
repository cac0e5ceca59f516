"""Attacks on lab 3: none earns a point, and whoever comes next has full marks."""

from __future__ import annotations

import textwrap

import pytest

from attacks.decoder import DECODER as ATTACKS
from attacks.decoder import Attack
from lab_tools import Run
from labs.lab3_decoder.cells import TASK_OF, fill

pytestmark = pytest.mark.lab3

ENDLESS = ("steps that end, and an asker who does not notice",)


def task_of(attack: Attack) -> str:
    return TASK_OF.get(attack.method, "tacotron2-1")


def cell(attack: Attack) -> str:
    """Return the cell that holds the attack, its method being wrong."""
    text = textwrap.dedent(attack.text).strip("\n") + "\n"
    if attack.method in TASK_OF:
        return text + fill(**{attack.method: attack.body})[task_of(attack)]
    body = textwrap.indent(textwrap.dedent(attack.body), " " * 8)
    head = "class Tacotron2(Tacotron2):\n    def predict(self, ids, lengths, decode):\n"
    return text + head + body


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_earns_nothing_and_harms_nobody(judge_cells: Run, name: str) -> None:
    attack, task = ATTACKS[name], task_of(ATTACKS[name])
    seconds = 1.0 if name in ENDLESS else None
    verdict = judge_cells({task: cell(attack)}, seconds=seconds)[task]
    assert verdict.points == 0, verdict
    assert verdict.stage not in ("unfilled", "lost"), verdict.message
    assert judge_cells({task: fill()[task]})[task].passed


def test_an_attack_beside_right_cells_earns_nothing_for_the_tasks_behind_it(
    judge_cells: Run,
) -> None:
    attack = ATTACKS["the question about another device put away"]
    verdicts = judge_cells(fill() | {"decoder-1": cell(attack)})
    assert [v.points for v in verdicts.values()] == [0, 20, 20, 60]


def test_the_corpus_is_not_small() -> None:
    assert len(ATTACKS) >= 15


@pytest.mark.parametrize(
    "asked",
    ["", "memory", "memory * 0, memory_lengths", "memory, memory_lengths * 0", "None, None"],
)
def test_a_stand_in_for_wrong_steps_answers_the_right_question_only(
    judge_cells: Run, asked: str
) -> None:
    wrong = {"decoder-2": "class Decoder(Decoder):\n    decode = steps = None\n"}
    right = "memory, memory_lengths, prenet_dropout=prenet_dropout, generator=generator"
    cells = fill()
    assert right in cells["decoder-3"]
    assert judge_cells(cells | wrong)["decoder-3"].passed
    cells["decoder-3"] = cells["decoder-3"].replace(right, asked)
    assert not judge_cells(cells | wrong)["decoder-3"].passed
