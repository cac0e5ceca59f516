"""Attacks on the stand-ins of lab 4: none earns a mark, and whoever comes next has theirs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from attacks.standins import DULL, LAZY, MADE_UP, STANDINS
from grader.judge.judge import Judge
from grader.judge.verdict import Verdict
from grader.labs.lab4_inference.tasks import LAB as INFERENCE
from grader.release.edition import build_edition
from grader.sandbox.session import Worker
from grader.submissions.graft import Submission
from grader.submissions.reach import reaches
from labs.lab4_inference.cells import cell, fill

pytestmark = pytest.mark.lab4

# they reach for nothing: they make a noise, or say in the open what is not so
NOISY = ("a flood on the line", "junk on every line", "a mode that is said and not set")


@pytest.fixture(scope="module")
def worker(confined: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    with Worker(confined, build_edition(INFERENCE.name, tmp_path_factory.mktemp("own"))) as worker:
        yield worker


def verdict(worker: Worker, task: str, source: str, student: str) -> Verdict:
    judge = Judge(INFERENCE, worker, b"a course", "a suite")
    return next(v for v in judge.judge(Submission({task: source}), student) if v.task == task)


@pytest.mark.parametrize("name", STANDINS)
def test_an_attack_on_a_stand_in_earns_nothing_and_harms_nobody(worker: Worker, name: str) -> None:
    task, body = STANDINS[name]
    found = verdict(worker, task, cell(task, body), "eve")
    assert found.points == 0, found.message
    assert "worker was lost" not in found.message
    honest = verdict(worker, task, fill()[task], f"honest, after {name}")
    assert honest.points == honest.max_points, honest.message


@pytest.mark.parametrize(
    ("task", "body"),
    [("inference-1", LAZY), ("inference-2", DULL), ("inference-3", f"{MADE_UP}\nreturn made_up()")],
)
def test_the_work_beside_each_attack_is_wrong_by_itself(
    worker: Worker, task: str, body: str
) -> None:
    found = verdict(worker, task, cell(task, body), "eve")
    assert (found.points, found.stage) == (0, "value"), found.message
    assert not found.flags


@pytest.mark.parametrize("name", STANDINS)
def test_who_reaches_for_the_judge_or_the_interpreter_is_seen(name: str) -> None:
    task, body = STANDINS[name]
    assert bool(reaches(cell(task, body))) != (name in NOISY)
