"""Judges that work side by side in threads find what one alone finds."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch

from grader.instructor.maker import maker
from grader.labs import LABS
from grader.labs.base import Case, Lab, Tensors
from grader.labs.lab4_inference.adapter import ToyDevice
from grader.sandbox.line import answered_by, ask

pytestmark = pytest.mark.lab4

EVERY = [(lab, task.id) for lab in LABS.values() for task in lab.judged]
THREADS = 4


@pytest.fixture
def restless() -> Iterator[None]:
    """Let threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def numbers(cases: list[Case]) -> list[Tensors]:
    return [
        {**case.state, **case.inputs, **case.expected, **case.gradients, **case.given_gradients}
        for case in cases
    ]


def drawn(which: tuple[Lab, str]) -> list[Tensors]:
    lab, task_id = which
    return numbers(maker(lab.name).fresh(task_id, 20))


@pytest.mark.usefixtures("restless")
def test_fresh_cases_are_the_same_whoever_draws_beside_them() -> None:
    alone = {task_id: drawn((lab, task_id)) for lab, task_id in EVERY}
    every = [*EVERY[::-1], *EVERY, *EVERY[::-1], *EVERY]
    with ThreadPoolExecutor(THREADS) as pool:
        for (_, task_id), found in zip(every, pool.map(drawn, every), strict=True):
            for mine, wanted in zip(found, alone[task_id], strict=True):
                assert mine.keys() == wanted.keys()
                for name, want in wanted.items():
                    assert torch.equal(mine[name], want), (task_id, name)


def test_only_one_thread_draws_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules that are built throw the dice of the process, whichever lab is drawn."""
    from grader.labs.lab1_attention.instructor import cases as attention
    from grader.labs.lab4_inference.instructor import cases as inference

    inside, most = [], []

    def slowly(draw: Callable[..., Any]) -> Callable[..., Any]:
        def fresh_cases(*arguments: Any) -> Any:
            inside.append(1)
            most.append(len(inside))
            threading.Event().wait(0.01)
            inside.pop()
            return draw(*arguments)

        return fresh_cases

    for module in (attention, inference):
        monkeypatch.setattr(module, "fresh_cases", slowly(module.fresh_cases))
    tasks = [("lab1_attention", "attention-1"), ("lab4_inference", "inference-1")] * 2
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda which: maker(which[0]).fresh(which[1], 5), tasks))
    assert max(most) == 1


def test_each_thread_hears_its_own_partner() -> None:
    """Every thread has begun before any asks, and the first to begin is the first to end."""
    begun, told = threading.Barrier(THREADS), threading.Barrier(THREADS)

    def talk(number: int) -> list[float]:
        with answered_by(lambda what, said, tensors: ({"seconds": number}, {})):
            begun.wait()
            heard = [ask("clock")[0]["seconds"], ToyDevice().clock()]
        told.wait()
        return heard

    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(talk, range(THREADS)))
    assert found == [[number, number] for number in range(THREADS)]


def test_a_stand_in_may_be_asked_from_a_thread_of_the_fills_own() -> None:
    with answered_by(lambda what, said, tensors: ({"seconds": 7.0}, {})):
        toy = ToyDevice()
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(toy.clock).result() == 7
