"""What holds of every lab's notebook: form, agreement with labkit, help, runs, release."""

from __future__ import annotations

import ast
import re
import shutil
from functools import cache
from importlib import import_module
from pathlib import Path

import nbformat
import pytest
from nbformat.notebooknode import NotebookNode
from nbgrader.api import Gradebook

import labkit
from course_tools import Course, generated_course
from labkit.labs.curriculum import LESSONS, Exercise, Lesson
from notebook_tools import (
    NOTEBOOKS,
    Shows,
    cells_of,
    class_in,
    emptied,
    execute,
    failed,
    first_line,
    function_in,
    lines_to_write,
    points_of,
    quoted_errors,
    read_notebook,
    same_function,
    same_methods,
    showing,
    shown,
    solutions_in,
    source_for,
    source_of,
    statements_to_write,
    stubs_of,
    telling_lines,
    with_pictures,
)

EVERY = [(lesson, task) for lesson in LESSONS for task in lesson.exercises]
TASKS, ESSAYS = (
    [pytest.param(*one, id=one[1].id) for one in EVERY if one[1].is_essay == essay]
    for essay in (False, True)
)
NUMBERS = ("one", "two", "three", "four", "five")
BY_HAND = {"attention-4": 10, "inference-4": 10}  # points beside those of the original card
# What labs 1 to 4 always had; a question more is fine, one less was lost.
ROWS = {"lab1_attention": 5, "lab2_encoder": 4, "lab3_decoder": 6, "lab4_inference": 9}

each_lab = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
each_task = pytest.mark.parametrize(("lesson", "task"), TASKS)
each_essay = pytest.mark.parametrize(("lesson", "task"), ESSAYS)


@cache
def notebook_of(lesson: Lesson) -> NotebookNode:
    return read_notebook(NOTEBOOKS / lesson.place)


def cell(lesson: Lesson, name: str) -> NotebookNode:
    return cells_of(notebook_of(lesson))[name]


def shows(lesson: Lesson) -> Shows:
    if not (Path(__file__).parent / lesson.name / "notebook.py").is_file():
        what = f"tests/labs/{lesson.name}/notebook.py is missing: docs/adding_a_lab.md says why"
        pytest.fail(what, pytrace=False)
    return import_module(f"labs.{lesson.name}.notebook").SHOWS


def reference(task: Exercise):
    return import_module(f"labkit.{task.module}")


def judged(lesson: Lesson) -> list[Exercise]:
    return [task for task in lesson.exercises if not task.is_essay]


# --- form ----------------------------------------------------------------------------------------


@each_lab
def test_the_file_is_what_nbformat_writes_without_outputs(lesson: Lesson) -> None:
    path, notebook = NOTEBOOKS / lesson.place, notebook_of(lesson)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    assert path.read_text("utf-8") == nbformat.writes(notebook) + "\n"
    assert path.stat().st_size < 150_000
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert len(code) >= 12
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    for cell in notebook.cells:
        assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", cell.id), cell.id
        assert cell.metadata.get("nbgrader", {}).get("grade_id", cell.id) == cell.id


@each_lab
def test_points_are_those_of_the_curriculum(lesson: Lesson) -> None:
    worth = {f"{task.id}-check": task.points for task in judged(lesson)}
    worth |= {task.id: task.points for task in lesson.exercises if task.is_essay}
    assert points_of(notebook_of(lesson)) == worth
    table = [line for line in cell(lesson, "title").source.split("\n") if line.startswith("| ")]
    rows = re.findall(r"^\| .* \| \d+ min \| (\d*) ?\|$", "\n".join(table), re.M)
    assert len(rows) == len(table) - 1 == ROWS.get(lesson.name, len(rows))
    assert sum(int(points or 0) for points in rows) == sum(worth.values())


@each_lab
def test_it_is_short_and_reads_well_in_a_plain_editor(lesson: Lesson) -> None:
    read, no_words = [], re.compile(r"\$\$.*?\$\$|<[^>]+>", re.S)
    for cell in notebook_of(lesson).cells:
        if cell.id == lesson.exercises[0].id:
            assert sum(bool(re.search(r"[^\W\d_]", word)) for word in read) <= 700
        read += no_words.sub(" ", cell.source).split() if cell.cell_type == "markdown" else []
        for line in cell.source.split("\n"):
            assert len(line) <= 120 or quoted_errors(line), (cell.id, line)
    assert lesson.exercises[0].id in cells_of(notebook_of(lesson))


@each_task
def test_a_stub_fits_on_a_screen(lesson: Lesson, task: Exercise) -> None:
    for stub in stubs_of(notebook_of(lesson), task.id):
        lines = emptied(stub.source).split("\n")  # nbgrader puts a line above each raise
        assert len(lines) + len(solutions_in(stub.source)) <= 45, stub.id
        assert 1 <= lines_to_write(stub.source) <= 15, stub.id


@each_lab
def test_nothing_but_the_tasks_defines_what_a_judge_would_call_foreign(lesson: Lesson) -> None:
    stubs = {stub.id for task in judged(lesson) for stub in stubs_of(notebook_of(lesson), task.id)}
    for cell in notebook_of(lesson).cells:
        if cell.cell_type == "code" and cell.id not in stubs:
            assert not re.search(r"^(class|def)\s", cell.source, re.M), cell.id


@each_task
def test_the_check_is_one_locked_call_directly_below(lesson: Lesson, task: Exercise) -> None:
    names = list(cells_of(notebook_of(lesson)))
    stubs = stubs_of(notebook_of(lesson), task.id)
    place = names.index(task.id)
    last = place + len(stubs)
    assert names[place : last + 1] == [*(stub.id for stub in stubs), f"{task.id}-check"]
    below = cell(lesson, f"{task.id}-check")
    assert below.source == f'check("{task.id}", {task.defines})'
    check = below.metadata.nbgrader
    assert (check.solution, check.grade, check.locked, check.task) == (False, True, True, False)
    for stub in (one.metadata.nbgrader for one in stubs):
        assert (stub.solution, stub.grade, stub.locked, stub.task) == (True, False, False, False)
        assert stub.schema_version == check.schema_version == 3


@each_task
def test_each_solution_stands_below_its_todo(lesson: Lesson, task: Exercise) -> None:
    for stub in stubs_of(notebook_of(lesson), task.id):
        lines = [line.strip() for line in stub.source.split("\n")]
        begins = [n for n, line in enumerate(lines) if line == "### BEGIN SOLUTION"]
        todos = [n for n, line in enumerate(lines) if line.startswith(f"# TODO {task.id}: ")]
        assert begins == [todo + 1 for todo in todos]
        assert stub.source.count("# TODO") == len(begins) == len(solutions_in(stub.source)) >= 1
        assert len(begins) > 1 or lines[-1] == "### END SOLUTION"


@each_task
def test_the_heading_names_task_time_points_and_length(lesson: Lesson, task: Exercise) -> None:
    text, source = cell(lesson, f"{task.id}-text").source, source_for(notebook_of(lesson), task.id)
    named = " and ".join(f"`{'.'.join(filter(None, (task.owner, m)))}`" for m in task.writes)
    assert text.startswith(f"## {task.id} · {named}: ")
    ((minutes, points, lines, places),) = re.findall(
        r"^\*(\d+) minutes · (\d+) points · about (\d+) lines(?:, in (\w+) places)?", text, re.M
    )
    assert (int(minutes), int(points)) == (task.minutes, task.points)
    assert f"| {minutes} min | {points} |" in cell(lesson, "title").source
    assert int(lines) == statements_to_write(source) <= 15
    asked = NUMBERS.index(places) + 1 if places else len(task.writes)
    assert len(solutions_in(source)) == asked


@each_task
def test_nothing_but_the_stub_remains(lesson: Lesson, task: Exercise) -> None:
    """Every function of the task raises before anything of the answer could have happened."""
    stub = emptied(source_for(notebook_of(lesson), task.id))
    for name in task.writes:
        body = function_in(stub, name).body
        if task.owner:
            assert any(isinstance(node, ast.Raise) for node in body)
        if stub.count("raise NotImplementedError()") == 1:
            assert ast.unparse(body[-1]) == "raise NotImplementedError()"
        assert any(isinstance(node, ast.Raise) for one in body for node in ast.walk(one))


@each_essay
def test_the_mark_scheme_adds_up(lesson: Lesson, task: Exercise) -> None:
    scheme = cell(lesson, f"{task.id}-text")
    assert scheme.metadata.nbgrader.task and scheme.metadata.nbgrader.points == 0
    worth = BY_HAND.get(task.id, task.points)
    assert sum(int(n) for n in re.findall(r"^- (\d+): ", scheme.source, re.M)) == worth
    sections = re.findall(r"^\*\d\..*\((\d+)\)\*$", scheme.source, re.M)
    assert sum(map(int, sections)) == worth == task.points
    assert "150 to 250 words" in scheme.source
    assert 150 <= len(re.findall(r"[a-zA-Z]{2,}", cell(lesson, task.id).source)) <= 250


# --- labkit --------------------------------------------------------------------------------------


@each_task
def test_the_solution_is_labkits(lesson: Lesson, task: Exercise) -> None:
    source = source_for(notebook_of(lesson), task.id)
    for changed, expected in ((source, True), (emptied(source), False)):
        if task.owner:
            found = same_methods(changed, reference(task), task.owner, task.writes)
        else:
            found = same_function(changed, reference(task), task.defines)
        assert found == expected


@each_task
def test_setup_has_what_the_reference_is_written_with(lesson: Lesson, task: Exercise) -> None:
    """The layers of a class, too: students may paste the class; nobody pastes the whole model."""
    module, names = reference(task), {}
    exec(cell(lesson, "setup").source, names)
    source = source_of(module)
    written = [function_in(source, name) for name in task.writes if not task.owner]
    if task.owner:
        cls = class_in(source, task.owner)
        whole = list(map(ast.unparse, cls.bases)) == ["nn.Module"]
        written = [cls] if whole else [f for f in cls.body if getattr(f, "name", "") in task.writes]
    used = {node.id for one in written for node in ast.walk(one) if isinstance(node, ast.Name)}
    wanted = {name for name in used if hasattr(module, name)}
    assert len(wanted) >= 2
    given = {one.defines for one in judged(lesson)}  # of these the notebook has its own
    assert {n for n in wanted - given if names.get(n) is not getattr(module, n)} == set()


@each_lab
def test_setup_can_be_run_twice(lesson: Lesson) -> None:
    """A module of the same name as what it holds would take its place."""
    names: dict[str, object] = {}
    kinds = []
    for _ in range(2):
        exec(cell(lesson, "setup").source, names)
        kinds.append({name: type(value) for name, value in names.items()})
    assert kinds[0] == kinds[1]


@each_lab
def test_no_view_holds_an_answer(lesson: Lesson) -> None:
    """No statement of a solution stands in what notebooks are shown with."""
    answers, written = set(), 0
    for task in judged(lesson):
        source = source_for(notebook_of(lesson), task.id)
        written += statements_to_write(source)
        given = {ast.dump(n) for n in ast.walk(ast.parse(emptied(source)))}
        answers |= {
            ast.dump(node)
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.stmt) and len(ast.unparse(node)) > 12
        } - given
    assert len(answers) > 0.8 * written
    for room in ("notebook", "labs"):
        for path in (Path(labkit.__file__).parent / room).rglob("*.py"):
            tree = ast.parse(path.read_text("utf-8"))
            found = {ast.dump(node) for node in ast.walk(tree) if isinstance(node, ast.stmt)}
            assert not answers & found, path


# --- help ----------------------------------------------------------------------------------------


@each_task
def test_help_quotes_the_errors_that_really_come_and_no_other(
    lesson: Lesson, task: Exercise
) -> None:
    quoted = quoted_errors(cell(lesson, f"{task.id}-help").source)
    unseen = set(quoted)
    for number, mistake in enumerate(shows(lesson).mistakes[task.id]):
        with pytest.raises(Exception) as caught:
            mistake()
        # A student has a GPU where a test has a device that computes nothing.
        said = first_line(caught.value).replace("meta", "cuda:0")
        same = {q for q in quoted if q == said or (q[-1] == "…" and said.startswith(q[:-1]))}
        assert same, (number, said)
        unseen -= same
    assert not unseen
    assert len(quoted) == len(shows(lesson).mistakes[task.id])


# --- runs ----------------------------------------------------------------------------------------


def run_in(folder: Path, lesson: Lesson, notebook: NotebookNode, **more: bool):
    """Run a notebook as that lab's, beside those that lie there already."""
    here = folder / lesson.name
    here.mkdir(exist_ok=True)
    nbformat.write(notebook, here / f"{lesson.notebook}.ipynb")
    return execute(notebook, resources={"metadata": {"path": str(here)}}, **more)


@pytest.mark.slow
@each_lab
def test_solutions_pass_and_views_show_them(lesson: Lesson, tmp_path: Path) -> None:
    for one in LESSONS:
        shutil.copytree(NOTEBOOKS / one.name, tmp_path / one.name)
    done, expected = run_in(tmp_path, lesson, notebook_of(lesson)), shows(lesson)
    for task in judged(lesson):
        assert "passed" in shown(done[f"{task.id}-check"])
    for name, texts in expected.says.items():
        for text in (texts,) if isinstance(texts, str) else texts:
            assert text in shown(done[name])
    assert tuple(with_pictures(done)) == expected.pictures
    assert tuple(showing(done, "<audio controls aria-label=")) == expected.players
    for file in expected.saves:
        assert (tmp_path / lesson.name / file).is_file()


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course in which nbgrader has generated the assignments."""
    return generated_course(tmp_path_factory, "notebooks")


def released(course: Course, lesson: Lesson) -> NotebookNode:
    return read_notebook(course.root / "release" / lesson.place)


@pytest.mark.slow
@each_lab
def test_the_release_holds_no_answer(course: Course, lesson: Lesson) -> None:
    text = "\n".join(cell.source for cell in released(course, lesson).cells)
    for task in lesson.exercises:
        source = source_for(notebook_of(lesson), task.id)
        telling, least = telling_lines(source), 2
        if task.is_essay:
            scheme = cell(lesson, f"{task.id}-text").source
            question, scheme = scheme.split("=== BEGIN MARK SCHEME ===")
            assert question.split("\n")[0] in text
            telling = [line for line in scheme.split("\n") if len(line) > 25]
            telling += [line for line in cell(lesson, task.id).source.split("\n") if line]
            least = 20
        assert len(telling) >= least
        for line in telling:
            assert line not in text
    assert "SOLUTION" not in text and "MARK SCHEME" not in text


@pytest.mark.slow
@each_lab
def test_stubs_remain_in_the_release(course: Course, lesson: Lesson) -> None:
    cells = cells_of(released(course, lesson))
    for task in lesson.exercises:
        if task.is_essay:
            assert cells[task.id].source == "YOUR ANSWER HERE"
            continue
        for before in stubs_of(notebook_of(lesson), task.id):
            source = cells[before.id].source
            assert re.sub(r" *# YOUR CODE HERE\n", "", source) == emptied(before.source)
            assert source.count("raise NotImplementedError()") == source.count("# TODO")


@pytest.mark.slow
@each_lab
def test_graders_see_the_mark_scheme(course: Course, lesson: Lesson) -> None:
    """What nbgrader puts back into a submission before it is marked."""
    with Gradebook(f"sqlite:///{course.root}/gradebook.db") as gradebook:
        worth = sum(task.points for task in lesson.exercises)
        assert gradebook.find_assignment(lesson.name).max_score == worth
        for name in (f"{task.id}-text" for task in lesson.exercises if task.is_essay):
            found = gradebook.find_source_cell(name, lesson.notebook, lesson.name)
            assert found.source == cell(lesson, name).source


@pytest.mark.slow
@each_lab
def test_unfilled_views_say_which_task_is_missing(
    course: Course, lesson: Lesson, tmp_path: Path
) -> None:
    """Checks stop a run; the views only say what is to do first."""
    done = run_in(tmp_path, lesson, released(course, lesson), allow_errors=True)
    assert failed(done) == [f"{task.id}-check" for task in judged(lesson)]
    for view, missing in shows(lesson).waits.items():
        assert f"{missing} is not filled in yet" in shown(done[view])
    for name, text in shows(lesson).says_unfilled.items():
        assert text in shown(done[name])
