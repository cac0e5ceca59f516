"""The judge: asks a worker for numbers, compares them, and alone decides on points.

It holds goldens, reference and tolerances; nothing of that ever enters a worker.
"""

from __future__ import annotations

import hashlib
import hmac
import importlib.util
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from grader.judge.finding import Finding, with_reason
from grader.judge.golden import hidden_cases, public_cases
from grader.judge.stage import Partner, Stage, on_its_own
from grader.judge.verdict import (
    Seen,
    Verdict,
    cell_error,
    conclude,
    conclude_hidden,
    limit_finding,
)
from grader.labs.base import Case, Lab, Task, Tensors, call_document, call_tensors
from grader.sandbox.perform import Report
from grader.sandbox.session import Answer, Worker
from grader.submissions.graft import Submission, gone_astray, is_untouched
from grader.submissions.reach import reaches


def fresh_seed(secret: bytes, suite: str, student: str, task_id: str) -> str:
    """Derive the seed of a student's fresh cases; without the secret it cannot be guessed."""
    # a folder's name need not be text: bytes that are none come back as surrogates
    text = "\0".join((suite, student, task_id)).encode("utf-8", "surrogateescape")
    return hmac.new(secret, text, hashlib.sha256).hexdigest()[:16]


def _fresh(lab: Lab, task: Task, seed: str) -> list[Case]:
    if not seed or importlib.util.find_spec("grader.instructor") is None:
        return []
    from grader.instructor.maker import maker

    return maker(lab.name).fresh(task.id, int(seed, 16))


@dataclass
class _Trial:
    """The outcome of asking about one task in one way.

    Attributes:
        finding: what the student is told; None if nothing was found.
        answers: what the worker answered to each question.
        public: passed and all public cases.
        hidden: passed and all hidden cases; none if they were not asked.
        note: how it was judged, if not in the usual way.
    """

    finding: Finding | None
    answers: list[Answer]
    public: tuple[int, int] = (0, 0)
    hidden: tuple[int, int] = (0, 0)
    note: str = ""


@dataclass
class Judge:
    """Judges submissions of one lab with one worker.

    Attributes:
        lab: whose tasks are judged.
        worker: confined, or not, as the caller chose.
        secret: of the course; empty for the self-check, which has no fresh cases.
        suite: see :func:`grader.judge.suite.suite_version`.
        public_only: judge on the public cases alone, as a self-check does.
    """

    lab: Lab
    worker: Worker
    secret: bytes = b""
    suite: str = ""
    public_only: bool = False
    _fatal: set[str] = field(default_factory=set)
    _sources: dict[str, str] = field(default_factory=dict)

    def judge(self, submission: Submission, student: str = "") -> list[Verdict]:
        """Judge every task of a submission, each on its own."""
        self._fatal = set()
        self._sources = dict(submission.cells)
        verdicts: list[Verdict] = []
        for task in self.lab.judged:
            verdicts.append(self._judge_task(task, submission, student, verdicts))
        return verdicts

    def _judge_task(
        self, task: Task, submission: Submission, student: str, earlier: list[Verdict]
    ) -> Verdict:
        source = submission.cells.get(task.id)
        if source is None:
            return self._refuse(task, "unfilled", "the solution cell is missing.")
        seed = fresh_seed(self.secret, self.suite, student, task.id) if self.secret else ""
        public = public_cases(self.lab)[task.id]
        hidden = []
        if not self.public_only:
            hidden = [*hidden_cases(self.lab).get(task.id, []), *_fresh(self.lab, task, seed)]

        trials: list[_Trial] = []
        telling: _Trial | None = None
        for sources in self._readings(task, submission):
            for cells, alone in self._ways(task, sources, earlier):
                trials.append(self._try(task, cells, public, hidden, alone))
                if trials[-1].finding is None:
                    self._sources, telling = sources, trials[-1]
                    break
            if telling is not None and telling.finding is None:
                break
            if telling is None and trials:  # of the first reading: it is what stood at the check
                telling = _most_telling(trials)
        if telling is None:
            unfilled = Finding("unfilled", f"{task.unwritten()}.")
            said = with_reason(unfilled, gone_astray(task, source))
            return self._refuse(task, said.stage, said.message)
        trial = telling
        found = trial.finding
        if found is not None and found.stage == "unfilled":
            found = with_reason(found, gone_astray(task, source))
        return Verdict(
            task=task.id,
            points=task.points if found is None else 0,
            max_points=task.points,
            message=f"{task.id}: " + ("passed." if found is None else found.message),
            hint=found.hint if found else "",
            slip=found.slip if found else "",
            stage=found.stage if found else "passed",
            public=trial.public,
            hidden=trial.hidden,
            note=trial.note,
            flags=reaches(self._sources[task.id]),
            seed=seed,
            seconds=sum(answer.seconds for t in trials for answer in t.answers),
            peak_bytes=max(answer.peak_bytes for t in trials for answer in t.answers),
        )

    def _refuse(self, task: Task, stage: str, reason: str) -> Verdict:
        return Verdict(task.id, 0, task.points, f"{task.id}: {reason}", stage=stage)

    def _readings(self, task: Task, submission: Submission) -> Iterable[dict[str, str]]:
        """Yield the sources of all tasks, with the task's own by each reading of the notebook."""
        before = self._sources
        yield before
        for source in submission.otherwise.get(task.id, ()):
            yield before | {task.id: source}

    def _ways(
        self, task: Task, sources: dict[str, str], earlier: list[Verdict]
    ) -> Iterable[tuple[list[tuple[str, str]], bool]]:
        """Yield what to run: first everything up to the task, then the task by itself.

        The second way answers earlier tasks with given numbers, or asks only what stand-ins take
        the earlier tasks' places in, so that one mistake costs its own points and no others. It is
        needed only if an earlier task has failed.
        """
        tasks = self.lab.judged[: self.lab.judged.index(task) + 1]
        filled = [
            (other, sources[other.id])
            for other in tasks
            if other.id in sources and not is_untouched(other, sources[other.id])
        ]
        same = [(other, source) for other, source in filled if other.defines == task.defines]
        if not same:
            return
        if not any(other.id in self._fatal for other, _ in filled if other != task):
            yield [(other.id, source) for other, source in filled], False
        if any(not verdict.passed for verdict in earlier):
            own = [(other, source) for other, source in same if other == task] or same
            yield [(other.id, source) for other, source in own], True

    def _try(
        self,
        task: Task,
        cells: list[tuple[str, str]],
        public: list[Case],
        hidden: list[Case],
        alone: bool,
    ) -> _Trial:
        """Ask about the public cases and, if they pass, about the hidden ones.

        These are two questions: what an error on a public case says is shown to the student, and
        must not be able to hold a hidden number.
        """
        note = "judged on its own, with the results of earlier tasks given" if alone else ""
        if alone:
            public, hidden = on_its_own(task, public), on_its_own(task, hidden)
        answer = self._ask(task, cells, public, alone)
        own = cells[-1][0] == task.id
        if answer.status != "ok":
            if own:
                self._fatal.add(task.id)
            return _Trial(limit_finding(task, answer), [answer], note=note)
        seen = Seen(task, public, *_sort(answer, len(public)), alone)
        trial = _Trial(
            conclude(seen, cell_error(answer) if own else None),
            [answer],
            public=seen.count,
            note=note,
        )
        if trial.finding is not None or not hidden:
            return trial
        answer = self._ask(task, cells, hidden, alone)
        trial.answers.append(answer)
        if answer.status != "ok":
            trial.finding = limit_finding(task, answer, hidden=True)
            return trial
        seen = Seen(task, hidden, *_sort(answer, len(hidden)), alone)
        trial.finding, trial.hidden = conclude_hidden(seen), seen.count
        return trial

    def _ask(
        self, task: Task, cells: list[tuple[str, str]], cases: list[Case], alone: bool
    ) -> Answer:
        setup = self.lab.setup
        if alone:
            functions = [other for other in self.lab.judged if not other.methods]
            setup += "".join(f"from {other.home} import {other.defines}\n" for other in functions)
        document = {
            "kind": "calls",
            "seconds": task.seconds,
            "setup": setup,
            "cells": cells,
            "calls": [call_document(task, case, given=alone) for case in cases],
        }
        tensors = {
            f"{index}/{name}": tensor
            for index, case in enumerate(cases)
            for name, tensor in call_tensors(task, case, given=alone).items()
        }
        if not any(case.partner for case in cases):
            return self.worker.ask(document, tensors)
        stage = Stage(task, cases)
        answer = self.worker.ask(document, tensors, stage)
        return replace(answer, partners=tuple(stage.partners))


def _sort(
    answer: Answer, count: int
) -> tuple[list[Report], list[Tensors], Sequence[Partner | None]]:
    """Split an answer by calls; whatever is missing or malformed counts as nothing returned."""
    said = answer.document.get("calls")
    said = said if isinstance(said, list) else []
    reports = [
        said[index] if index < len(said) and isinstance(said[index], dict) else {}
        for index in range(count)
    ]
    returned: list[Tensors] = [{} for _ in range(count)]
    for key, tensor in answer.tensors.items():
        number, _, name = key.partition("/")
        if number.isdigit() and int(number) < count:
            returned[int(number)][name] = tensor
    return reports, returned, answer.partners or [None] * count


def _most_telling(trials: list[_Trial]) -> _Trial:
    """A pass wins; else the last way that could run at all (it depends on the least)."""
    for trial in reversed(trials):
        if trial.finding is None:
            return trial
    for trial in reversed(trials):
        if trial.finding is not None and trial.finding.stage not in ("unfilled", "limit"):
            return trial
    return trials[0]
