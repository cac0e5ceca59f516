"""How far honest float32 solutions and named slips are from the float64 reference.

    python benchmarks/tolerance.py

Prints, for each task, the largest error of correct fills over all stored cases and those of 50
fresh draws (those of labs 1 and 2 in many hands, the others' as labkit has them), and the smallest
error of a named slip: the judge's tolerance must lie between them.
"""

from __future__ import annotations

import importlib
import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

KIT = Path(__file__).parent.parent
sys.path[:0] = [str(KIT), str(KIT / "tests")]

from grader.instructor.maker import maker  # noqa: E402
from grader.judge.compare import ABSOLUTE_TOLERANCE, RELATIVE_TOLERANCE  # noqa: E402
from grader.judge.golden import hidden_cases, public_cases  # noqa: E402
from grader.judge.stage import partner_of  # noqa: E402
from grader.labs import LABS  # noqa: E402
from grader.labs.base import Case, Task, Tensors, call_document, call_tensors  # noqa: E402
from grader.sandbox.line import answered_by  # noqa: E402
from grader.sandbox.perform import perform_call  # noqa: E402
from test_fills import TASKS, defined, fills  # noqa: E402

FRESH = 50


def errors(task: Task, case: Case, outputs: Tensors) -> list[float]:
    """Return the largest |error| / (absolute + relative * |expected|) of each output."""
    found = []
    for name, want in case.expected.items():
        if name not in outputs or outputs[name].shape != want.shape:
            found.append(float("inf"))
        else:
            bound = ABSOLUTE_TOLERANCE + RELATIVE_TOLERANCE * want.double().abs()
            error = (outputs[name].double() - want.double()).abs().nan_to_num(1e9) / bound
            found.append(float(error.max()))
    return found


def right_fills(task: Task) -> list[Any]:
    if task.id in TASKS:
        return [defined(task.id, body)[task.defines] for body in fills(task.id).RIGHT]
    return [getattr(importlib.import_module(task.home), task.defines)]


def run(task: Task, case: Case, fill: Any) -> Tensors:
    """Call a fill as a worker does; what other tasks define is the reference's."""
    names = vars(importlib.import_module(task.home)) | {task.defines: fill}
    case = replace(case, gradients={})
    partner = partner_of(task, case)
    with answered_by(partner.answer) if partner else nullcontext():
        report, outputs = perform_call(
            call_document(task, case), call_tensors(task, case), dict(names)
        )
    assert "error" not in report, report
    return {name: outputs[name] for name in case.expected}


def main() -> None:
    print("errors in units of the tolerance", ABSOLUTE_TOLERANCE, "+", RELATIVE_TOLERANCE, "* |x|")
    for lab in LABS.values():
        for task in lab.judged:
            cases = [*public_cases(lab)[task.id], *hidden_cases(lab)[task.id]]
            for seed in range(FRESH):
                cases += maker(lab.name).fresh(task.id, seed)
            # dropout in training and sound are compared in other ways
            cases = [case for case in cases if not case.dropped and case.compare == "numbers"]
            honest = max(
                max(errors(task, case, run(task, case, fill)))
                for fill in right_fills(task)
                for case in cases
            )
            public = public_cases(lab)[task.id]
            slips = {
                slip.id: max(max(errors(task, case, case.slips[slip.id])) for case in public)
                for slip in task.slips
                if all(slip.id in case.slips for case in public)  # others show by an error
            }
            nearest = min(slips, key=lambda name: slips[name])
            print(
                f"{task.id}: {len(cases)} cases; honest at most {honest:.3f}; "
                f"nearest slip {nearest} at {slips[nearest]:.0f}"
            )


if __name__ == "__main__":
    main()
