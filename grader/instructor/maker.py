"""How the cases of a lab are made, whichever lab it is."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol

from grader.errors import GraderError
from grader.judge.golden import Cases
from grader.labs.base import Case, Task

# Judges work side by side in threads, and some things there are once in a process: the dice that
# modules throw as they are built, the way in which PyTorch moves them, how deep Python may call.
_ALONE = threading.RLock()


class Answer(Protocol):
    """Computes what must come out of a case, whatever it expects already."""

    def __call__(self, task: Task, case: Case, *, gradients: bool, slips: bool) -> Case:
        """Return the case with its expected outputs.

        Args:
            task: the task.
            case: the call: state, inputs and options are used as they are.
            gradients: whether gradients are expected, too.
            slips: whether the outputs of the named slips are stored beside them.
        """


@dataclass(frozen=True)
class Maker:
    """Makes the cases of a lab.

    Attributes:
        public: fixed cases that students may see, with the outputs of every slip.
        hidden: fixed cases that they may not.
        fresh: new cases of a task from a seed, whatever other threads draw.
        answer: puts into a case what the reference answers to it.
    """

    public: Callable[[], Cases]
    hidden: Callable[[], Cases]
    fresh: Callable[[str, int], list[Case]]
    answer: Answer


def maker(lab_name: str) -> Maker:
    """Return the case maker of a lab, made of the functions in its ``instructor/cases.py``.

    Raises:
        GraderError: a file is missing that every lab has there.
    """
    for name in ("slips", "cases"):
        if find_spec(f"grader.labs.{lab_name}.instructor.{name}") is None:
            raise GraderError(
                f"grader/labs/{lab_name}/instructor/{name}.py is missing: every lab has its slips "
                "as code and makes its cases (docs/adding_a_lab.md, 6)"
            )
    module = import_module(f"grader.labs.{lab_name}.instructor.cases")

    def fresh(task_id: str, seed: int) -> list[Case]:
        with _ALONE:
            return module.fresh_cases(task_id, seed)

    return Maker(module.public_cases, module.hidden_cases, fresh, module.answer)
