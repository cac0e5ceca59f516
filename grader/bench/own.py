"""One's own pipeline, timed beside the reference: a self-check."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path

from grader.bench.bench import Bench, Settings
from grader.bench.picture import draw_benchmark
from grader.bench.row import LAST, Row
from grader.errors import GraderError
from grader.labs import LABS
from grader.report.own import find_notebook, shower
from grader.sandbox.isolation import NONE, require
from grader.selfcheck.check_notebook import edition_of, recognise
from grader.submissions.graft import Submission, graft
from grader.submissions.notebook_file import read_notebook
from labkit.notebook.picture import Notice

SELF_CHECK = (
    "A self-check: your code ran with your rights, so that these figures are as honest as it is."
)

Step = Callable[[str], object]


def own_submissions(places: Sequence[Path]) -> dict[str, Submission]:
    """Find the notebooks of a pipeline.

    Args:
        places: notebooks, or a folder with them. Those of other labs are looked for beside the
            first one, as lab 4 looks for them.

    Returns:
        What is filled in, by lab.

    Raises:
        GraderError: there is nothing of any lab; or a file is no notebook of one.
    """
    found: dict[str, Path] = {}
    for place in places:
        if place.is_dir():
            continue
        if not place.exists():
            raise GraderError(f"there is no {place}: give notebooks, or the folder of a course")
        lab = recognise(read_notebook(place))
        if lab.name in found:
            raise GraderError(f"{found[lab.name]} and {place} are both of {lab.name}: give one")
        found[lab.name] = place
    around = places[0] if places[0].is_dir() else places[0].parent
    for name, lab in LABS.items():
        if name not in found and (path := find_notebook(around, lab)):
            found[name] = path
    if not found:
        names = ", ".join(f"{lab.notebook}.ipynb" for lab in LABS.values())
        raise GraderError(
            f"{around} holds neither submitted/ nor a notebook of a lab ({names}): give a "
            "course's folder, or notebooks"
        )
    return {
        name: graft(read_notebook(path), LABS[name])
        for name, path in sorted(found.items(), key=lambda item: list(LABS).index(item[0]))
    }


def bench_own(
    places: Sequence[Path],
    settings: Settings | None = None,
    *,
    isolation: str = NONE,
    step: Step = lambda line: None,
) -> Row:
    """Measure the pipeline of some notebooks.

    Args:
        places: see :func:`own_submissions`.
        settings: what is measured.
        isolation: of the code; none for one's own.
        step: is told what happens next, in one line.

    Raises:
        GraderError: there is nothing to measure, or the isolation cannot be had.
    """
    submissions = own_submissions(places)
    found = require(isolation)
    step("starting two workers, one of them for the reference")
    with contextlib.ExitStack() as stack:
        edition = stack.enter_context(edition_of(LABS[LAST]))
        bench = stack.enter_context(Bench(found, edition, settings or Settings()))
        step("measuring, turn about with the reference")
        return bench.measure(submissions, secrets.token_hex(8))


def benchmark_card(folder: str | Path = ".") -> None:
    """Show in a notebook how fast one's own pipeline is, as ``grader bench`` measures it.

    Args:
        folder: of the notebook of lab 4; those of labs 1 to 3 lie in it, beside it or below it.
    """
    show = shower()
    try:
        row = bench_own([Path(folder)], step=lambda line: show(Notice("Benchmark", f"{line} …")))
        show(draw_benchmark(row))
    except GraderError as error:
        show(Notice("No benchmark", f"{error}."))
