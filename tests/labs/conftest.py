"""Judges for the tests of a lab: which one is said by the folder that they stand in."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import pytest

import grader.judge.judge
from grader.labs import LABS
from grader.release.edition import build_edition
from grader.sandbox.session import Worker
from lab_tools import Here, Run, judging


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
        yield judging(LABS[request.path.parent.name], Here())
