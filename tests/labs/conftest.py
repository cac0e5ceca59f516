"""Judges for the tests of a lab: which one is said by the folder that they stand in."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import pytest
import torch

import grader.judge.judge
from grader.judge.judge import Judge
from grader.judge.verdict import Verdict
from grader.labs import LABS
from grader.labs.base import Lab, Tensors
from grader.release.edition import build_edition
from grader.sandbox.perform import perform
from grader.sandbox.session import Answer, Worker
from grader.submissions.graft import Submission
from lab_tools import Run


class _Here:
    """Answers as a worker would, in this process: no sandbox, and labkit with its answers in it."""

    def ask(self, document: dict, tensors: Tensors, stage: object = None) -> Answer:
        learns = torch.is_grad_enabled()
        try:
            return Answer("ok", 0, 0.0, 0, *perform(document, tensors))
        finally:
            torch.set_grad_enabled(learns)


def judging(lab: Lab, worker: object) -> Run:
    def run(cells: dict[str, str], *, public_only: bool = False) -> dict[str, Verdict]:
        judge = Judge(lab, worker, b"a course", "a suite", public_only)  # type: ignore[arg-type]
        return {v.task: v for v in judge.judge(Submission(cells), "ada")}

    return run


@pytest.fixture(scope="module")
def judge_cells(
    request: pytest.FixtureRequest, confined: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Run]:
    """Judge solution cells as `grader grade` would; verdicts by task."""
    lab = LABS[request.path.parent.name]
    with Worker(confined, build_edition(lab.name, tmp_path_factory.mktemp("edition"))) as worker:
        yield judging(lab, worker)


@pytest.fixture(scope="module")
def judge_here(request: pytest.FixtureRequest) -> Iterator[Run]:
    """Judge solution cells that do nothing but compute; fresh cases are drawn once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grader.judge.judge, "_fresh", lru_cache(grader.judge.judge._fresh))
        yield judging(LABS[request.path.parent.name], _Here())
