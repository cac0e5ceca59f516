"""nbgrader's own commands, from release to export, with the judge inside.

One course is taken through all of them once; the tests look at what each step left.
"""

from __future__ import annotations

import copy
import csv
import io
import json
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook
from nbgrader.plugins import CsvExportPlugin

from conftest import MASK_AFTER_SOFTMAX, RIGHT_WHERE_IT_SHOWS, fill
from course_tools import (
    BIN,
    LAB,
    NOTEBOOK,
    Course,
    Notebook,
    Ran,
    all_of,
    cell_of,
    fill_in,
    make_course,
    run,
    shown,
    words,
)
from grader.judge.golden import hidden_cases
from grader.nbgrader.plugins import CsvExport

pytestmark = [pytest.mark.slow, pytest.mark.lab1, pytest.mark.timeout(900)]

RIGHT = fill()
ANSWER = "Both score pairs; here the location is one more term of the sum, with $a < b$."


SCRIPT = "<script>document.title = 'taken over'</script>"
# Tries whatever a cell could reach of the host; what it could do is printed below the cell.
BURGLAR = """
import os, socket, subprocess
for path in {paths!r}:
    try:
        with open(path, "a") as file:
            file.write("x")
        print("WROTE", path)
    except OSError:
        print("kept out of", path)
try:
    socket.create_connection(("127.0.0.1", {port}), timeout=2).close()
    print("CONNECTED")
except OSError:
    print("no network")
"""


def burglary(course: Course, listener: socket.socket) -> str:
    paths = ["../../gradebook.db", str(course.root / "gradebook.db"), str(course.root / "pwned")]
    paths += ["/etc/pwned", "/tmp/pwned-by-a-notebook", str(Path.home() / "pwned")]
    return BURGLAR.format(paths=paths, port=listener.getsockname()[1])


def with_scripts(notebook: Notebook) -> None:
    page = {"output_type": "display_data", "data": {"text/html": SCRIPT}, "metadata": {}}
    cell_of(notebook, "attention-1")["outputs"] = [page]
    cell_of(notebook, "attention-4")["source"] = (
        f"{SCRIPT}<img src=x onerror=alert(1)>[link](javascript:alert(1)) "
        "![](http://example.org/seen.png) BEGIN MARK SCHEME <svg onload=alert(1)>\n\n"
        "| a | b |\n|---|--:|\n| **fat** | `x < y` |\n"
    )


def student(course: Course, name: str, *command: str) -> Ran:
    """Run a command as a student, in a home of their own."""
    home = course.root.parent / "students" / name
    if not home.exists():
        home.mkdir(parents=True)
        (home / "nbgrader_config.py").write_text(
            "c = get_config()\n"
            f"c.Exchange.root = {str(course.exchange)!r}\n"
            "c.CourseDirectory.course_id = 'tacotron2-lab-kit'\n"
        )
    return run(list(command), home)


def change(path: Path, cells: dict[str, str]) -> None:
    notebook = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(fill_in(notebook, cells)), "utf-8")


@pytest.fixture(scope="module")
def generated(confined: str, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course with the lab generated, and nothing handed in."""
    made = make_course(tmp_path_factory.mktemp("flow") / "generated")
    made.log["generate"] = made.nbgrader("generate_assignment", LAB.name)
    return made


@pytest.fixture(scope="module")
def listener() -> Iterator[socket.socket]:
    """A server on this machine that nobody should reach from inside."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.fixture(scope="module")
def course(generated: Course, listener: socket.socket) -> Course:
    """A course after all of nbgrader's steps; what each printed is in its log."""
    made = generated.copy("course")
    log = made.log
    log["release"] = made.nbgrader("release_assignment", LAB.name)
    log["list"] = student(made, "cleo", "nbgrader", "list")
    log["fetch"] = student(made, "cleo", "nbgrader", "fetch_assignment", LAB.name)
    fetched = made.root.parent / "students" / "cleo" / LAB.name / NOTEBOOK
    for name, cells in (("right", RIGHT), ("wrong", MASK_AFTER_SOFTMAX)):
        change(fetched, cells | {"attention-4": ANSWER})
        log[f"validate {name}"] = student(
            made, "cleo", "nbgrader", "validate", f"{LAB.name}/{NOTEBOOK}"
        )
    log["submit"] = student(made, "cleo", "nbgrader", "submit", LAB.name, "--student=cleo")
    log["collect"] = made.nbgrader("collect", LAB.name)
    # these came by mail
    made.hand_in("ada", RIGHT | {"attention-4": ANSWER})
    made.hand_in("ben", {"attention-1": RIGHT["attention-1"]})
    made.hand_in("dan")
    made.hand_in("fay", RIGHT_WHERE_IT_SHOWS)
    made.hand_in('=1+1, "x"', RIGHT)
    made.hand_in("scripts", RIGHT, with_scripts)
    made.hand_in(
        "burglar", RIGHT | {"attention-1": RIGHT["attention-1"] + burglary(made, listener)}
    )
    counting = "\nfor i in range(10**5): print(i)"
    made.hand_in("prints for ever", RIGHT | {"attention-1": RIGHT["attention-1"] + counting})
    log["autograde"] = made.nbgrader("autograde", LAB.name)
    log["generate_feedback"] = made.nbgrader("generate_feedback", LAB.name)
    log["release_feedback"] = made.nbgrader("release_feedback", LAB.name)
    log["fetch_feedback"] = student(
        made, "cleo", "nbgrader", "fetch_feedback", LAB.name, "--student=cleo"
    )
    log["export"] = made.nbgrader("export")
    return made


@pytest.mark.parametrize(
    "step",
    [
        *("release", "list", "fetch", "submit", "collect"),
        *("autograde", "generate_feedback", "release_feedback", "fetch_feedback", "export"),
    ],
)
def test_every_step_succeeds(course: Course, step: str) -> None:
    ran = course.log[step]
    assert ran.code == 0, ran.text
    assert "Traceback" not in ran.text
    assert "| ERROR]" not in ran.text


def test_students_are_offered_the_lab(course: Course) -> None:
    assert LAB.name in course.log["list"].text


def test_the_release_has_no_solution_and_no_mark_scheme(course: Course) -> None:
    text = json.dumps(course.released())
    assert "NotImplementedError" in text
    assert "SOLUTION" not in text
    assert "mark scheme" not in text.lower()


def test_marks_are_those_that_were_earned(course: Course) -> None:
    assert course.marks() == {
        "ada": 60,
        "ben": 20,
        "cleo": 40,
        "dan": 0,
        "fay": 40,
        **dict.fromkeys(("scripts", "burglar", "prints for ever", '=1+1, "x"'), 60),
    }


def test_only_a_written_answer_waits_for_a_person(course: Course) -> None:
    waiting = {
        (name, cell)
        for name, cells in course.grades().items()
        for cell, (_, waits) in cells.items()
        if waits
    }
    assert waiting == {(name, "attention-4") for name in ("ada", "cleo", "scripts")}
    assert course.grades()["dan"]["attention-4"] == (0, False)


def test_validate_tells_right_from_wrong(course: Course) -> None:
    assert "Success" in course.log["validate right"].text
    assert "attention-3" in course.log["validate wrong"].text
    assert "Success" not in course.log["validate wrong"].text


def test_feedback_names_the_slip_and_asks(course: Course) -> None:
    page = words(course.feedback("cleo"))
    assert "The mask is applied after the softmax." in page
    assert "Do the weights of a padded sentence still sum to one?" in page
    assert "The mask is applied after the softmax." not in words(course.feedback("ada"))


def test_feedback_shows_the_marks_and_the_answer(course: Course) -> None:
    page = words(course.feedback("ada"))
    assert re.search(r"Score: 60\.0 / 70\.0", page)
    assert "one more term of the sum, with $a < b$" in page


def test_feedback_holds_no_mark_scheme(course: Course) -> None:
    assert "Mark scheme" in json.dumps(course.autograded("ada"))  # graders see it
    for name in ("ada", "dan"):
        assert "mark scheme" not in course.feedback(name).lower()


def test_feedback_tells_of_a_hidden_case_without_its_numbers(course: Course) -> None:
    judged = shown(course.autograded("fay"), "attention-3-check")
    assert "a hidden case (the sizes of the paper) does not: the numbers are wrong" in judged
    assert "Public cases 3 of 3" in judged
    assert not re.search(r"\d\.\d", judged), "a number of a hidden case"
    page = course.feedback("fay")
    numbers = [
        f"{number:.6g}"
        for cases in hidden_cases(LAB).values()
        for case in cases
        for tensor in case.expected.values()
        for number in tensor.flatten()[:50].tolist()
        if len(f"{number:.6g}") > 6
    ]
    assert len(numbers) > 500
    assert not [number for number in numbers if number in page]


def test_the_judge_repeats_itself(course: Course) -> None:
    before = course.grades()
    again = course.nbgrader("autograde", LAB.name, "--force", "--student=[ac]*")
    assert again.code == 0, again.text
    assert course.grades() == before


def test_released_feedback_arrives(course: Course) -> None:
    found = list((course.root.parent / "students" / "cleo" / LAB.name).rglob("*.html"))
    assert len(found) == 1
    assert found[0].read_text("utf-8") == course.feedback("cleo")
    # whoever handed in by mail has no receipt; that is said, and stops nobody
    said = course.log["release_feedback"].text
    assert said.count("Not handed in through the exchange") == len(course.marks()) - 1
    assert f"left in {course.root}/feedback/ben/{LAB.name}" in said


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_exported_table_is_right(course: Course) -> None:
    table = rows((course.root / "grades.csv").read_text("utf-8"))
    by_name = {row["student_id"]: row for row in table}
    scores = {name.removeprefix("'"): float(row["score"]) for name, row in by_name.items()}
    assert scores == course.marks()
    assert '\'=1+1, "x"' in by_name
    assert {row["max_score"] for row in table} == {"70.0"}
    assert by_name["cleo"]["timestamp"]
    assert not by_name["ben"]["timestamp"]


def test_the_exported_table_is_nbgraders_but_for_names_that_break_it(course: Course) -> None:
    with Gradebook(f"sqlite:///{course.root}/gradebook.db") as gradebook:
        CsvExportPlugin(to=str(course.root / "plain.csv")).export(gradebook)
    ours = (course.root / "grades.csv").read_text("utf-8").splitlines()
    theirs = (course.root / "plain.csv").read_text("utf-8").splitlines()
    different = [pair for pair in zip(ours, theirs, strict=True) if pair[0] != pair[1]]
    assert len(ours) == len(course.marks()) + 1
    assert len(different) == 1
    assert "=1+1" in different[0][1]


def test_a_lab_can_be_generated_again_when_submissions_are_there(course: Course) -> None:
    before = course.grades()
    again = course.nbgrader("generate_assignment", LAB.name, "--force")
    assert again.code == 0, again.text
    assert course.grades() == before


def test_a_cell_reaches_nothing_of_the_host(course: Course, listener: socket.socket) -> None:
    said = shown(course.autograded("burglar"), "attention-1")
    assert said.count("kept out of") == 6
    assert "no network" in said
    assert "WROTE" not in said
    assert "CONNECTED" not in said
    for place in (course.root, Path("/etc"), Path.home()):
        assert not (place / "pwned").exists()
    assert not Path("/tmp/pwned-by-a-notebook").exists()
    listener.setblocking(False)
    with pytest.raises(BlockingIOError):
        listener.accept()


def test_outputs_are_cut(course: Course) -> None:
    said = shown(course.autograded("prints for ever"), "attention-1")
    assert said.startswith("0\n1\n")
    assert "Output truncated" in said
    assert len(said) < 25_000


def test_pictures_are_shown_with_their_text(course: Course) -> None:
    page = course.feedback("ada")
    assert page.count("data:image/png;base64,") >= 5
    assert "From past weights to location features" in page


def test_pages_run_nothing_that_a_student_wrote(course: Course) -> None:
    page = course.feedback("scripts")
    answer = page[page.index("taken over") - 400 :][:1500]
    assert "&lt;script&gt;" in answer
    assert SCRIPT not in page
    assert "<svg onload" not in page
    assert not re.search(r"<[^>]*\bonerror", page)
    assert not re.search(r"<[^>]*javascript:alert", page)
    assert not re.search(r"<[^>]*example\.org", page)
    # what Markdown is for is still there
    assert "<strong>fat</strong>" in answer
    assert re.search(r'<td style="text-align: ?right', answer)
    assert "BEGIN MARK SCHEME" in answer


def test_nothing_is_left_lying_about(course: Course) -> None:
    assert not [path.name for path in course.root.iterdir() if path.name.startswith(".grader-")]


def test_nbgrader_works_without_an_activated_environment(course: Course) -> None:
    """It starts alembic by its bare name, when it makes a gradebook."""
    path = os.pathsep.join(
        part for part in os.environ["PATH"].split(os.pathsep) if Path(part) != BIN
    )
    fresh = make_course(course.root.parent / "fresh")
    ran = run(["nbgrader", "generate_assignment", LAB.name], fresh.root, PATH=path)
    assert ran.code == 0, ran.text
    assert (fresh.root / "gradebook.db").exists()


# --- what may come back from students ------------------------------------------------------------

WRONG = fill(
    attention_1="return self.location_dense(self.location_conv(attention_weights_cat * 2).mT)",
    attention_2="return self.query_layer(query) @ processed_memory[0].T",
    attention_3="return memory.mean(1), attention_weights_cat[:, 0]",
)


def without_check(notebook: Notebook) -> None:
    notebook["cells"] = [c for c in notebook["cells"] if not c["id"].endswith("-check")]


def with_doubles(notebook: Notebook) -> None:
    for name in ("attention-1", "attention-1-check"):
        double = copy.deepcopy(cell_of(notebook, name))
        double["id"] = f"{name}-again"
        notebook["cells"].append(double)


def retyped(notebook: Notebook) -> None:
    for task in LAB.judged:
        cell = cell_of(notebook, f"{task.id}-check")
        cell["cell_type"] = "markdown"
        del cell["outputs"], cell["execution_count"]


def in_format_3(notebook: Notebook) -> Notebook:
    cells = [
        {
            "cell_type": "code",
            "input": cell["source"],
            "language": "python",
            "metadata": cell["metadata"],
            "outputs": [],
        }
        for cell in notebook["cells"]
        if cell["cell_type"] == "code"
    ]
    sheet = {"cells": cells, "metadata": {}}
    return {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [sheet]}


def with_tags(notebook: Notebook) -> None:
    for task in LAB.judged:
        cell_of(notebook, f"{task.id}-check")["metadata"]["tags"] = ["skip-execution"]


def with_other_rules(notebook: Notebook) -> None:
    for task in LAB.judged:
        cell = cell_of(notebook, f"{task.id}-check")
        cell["metadata"]["nbgrader"] |= {"points": 1000, "locked": False, "solution": True}
        cell["source"] = "1000"
        cell["outputs"] = [
            {
                "output_type": "execute_result",
                "data": {"text/plain": "1000"},
                "metadata": {},
                "execution_count": 1,
            }
        ]


def with_large_output(notebook: Notebook) -> None:
    text = {"output_type": "stream", "name": "stdout", "text": "A" * 5_000_000}
    cell_of(notebook, "attention-1")["outputs"] = [text]


CHANGED: dict[str, tuple[dict[str, str], Any]] = {
    "doubled cells": (WRONG, with_doubles),
    "deleted checks": (WRONG, without_check),
    "retyped checks": (WRONG, retyped),
    "format 3": (RIGHT, in_format_3),
    "skip-execution": (WRONG, with_tags),
    "other points": (WRONG, with_other_rules),
    "large output": (RIGHT, with_large_output),
    "ends the process": (RIGHT | {"attention-3": "import os\nos._exit(0)"}, None),
    "half a character": (RIGHT | {"attention-1": "# \ud800\n" + RIGHT["attention-1"]}, None),
    "white space": (RIGHT, None),
    "ünï 名": (RIGHT, None),
    "=cmd|' -C calc'!A0": (RIGHT, None),
}


def lay_out_attacks(course: Course) -> None:
    for name, (cells, how) in CHANGED.items():
        course.hand_in(name, cells, how)
    (course.hand_in("not json", RIGHT) / NOTEBOOK).write_text("{ not json", "utf-8")
    notebook = course.hand_in("link to the source", WRONG) / NOTEBOOK
    notebook.unlink()
    notebook.symlink_to(course.root / "notebooks" / LAB.name / NOTEBOOK)
    folder = course.hand_in("link beside", RIGHT)
    (folder / "data").symlink_to("/etc/passwd")
    (folder / "etc").symlink_to("/etc")
    os.mkfifo(course.hand_in("pipe beside", RIGHT) / "pipe")
    folder = course.hand_in("shadows", WRONG)
    (folder / "labkit").mkdir()
    for name in ("torch.py", "sitecustomize.py", "conftest.py", "labkit/__init__.py"):
        (folder / name).write_text(f"open({str(course.root / 'pwned')!r}, 'w')\nraise SystemExit")
    course.hand_in("another name", RIGHT, name="attention-Copy1.ipynb")
    course.hand_in("one more notebook", RIGHT)
    course.hand_in("one more notebook", WRONG, name="zz.ipynb")
    course.submitted("no notebook").mkdir(parents=True)
    folder = course.submitted("folder is a link")
    folder.parent.mkdir()
    folder.symlink_to(course.root / "notebooks" / LAB.name)
    owner = course.root / "somebody"
    (owner / LAB.name).mkdir(parents=True)
    (owner / LAB.name / NOTEBOOK).write_text(json.dumps(fill_in(course.released(), RIGHT)))
    (course.root / "submitted" / "student is a link").symlink_to(owner)
    (course.hand_in("no time", RIGHT) / "timestamp.txt").write_text("yesterday, I think")
    (course.hand_in("time is a link", RIGHT) / "timestamp.txt").symlink_to("/etc/passwd")
    os.mkfifo(course.hand_in("time is a pipe", RIGHT) / "timestamp.txt")
    course.submitted("line\nbreak").mkdir(parents=True)
    course.hand_in("ada", RIGHT)


@pytest.fixture(scope="module")
def attacked(generated: Course) -> Course:
    """A course whose students handed in all kinds of things; autograded, and fed back."""
    made = generated.copy("attacked")
    lay_out_attacks(made)
    made.log["autograde"] = made.nbgrader(
        "autograde", LAB.name, "--JudgeSubmission.show_outputs=False"
    )
    made.log["generate_feedback"] = made.nbgrader("generate_feedback", LAB.name)
    return made


ZERO = {
    *("doubled cells", "deleted checks", "retyped checks", "format 3", "skip-execution"),
    *("other points", "not json", "link to the source", "shadows", "another name"),
    *("no notebook", "folder is a link", "student is a link"),
}


def test_no_submission_stops_the_others(attacked: Course) -> None:
    assert attacked.log["autograde"].code == 0, attacked.log["autograde"].text[-3000:]
    assert attacked.log["generate_feedback"].code == 0, attacked.log["generate_feedback"].text
    assert "Traceback" not in attacked.log["autograde"].text
    assert attacked.marks()["ada"] == 60


def test_nobody_gains_and_nobody_loses(attacked: Course) -> None:
    students = {path.name for path in (attacked.root / "submitted").iterdir()} - {"line\nbreak"}
    expected = dict.fromkeys(students, 60.0) | dict.fromkeys(ZERO, 0.0)
    expected["ends the process"] = 40.0
    assert attacked.marks() == expected
    assert students >= ZERO
    full = all_of(LAB, 1)
    for name in students - ZERO - {"ends the process"}:
        assert {cell: attacked.grades()[name][cell][0] for cell in full} == full


def test_a_name_that_no_gradebook_can_hold_is_reported(attacked: Course) -> None:
    said = attacked.log["autograde"].text
    assert f"line\\nbreak/{LAB.name}' was not graded: rename the student's folder" in said


@pytest.mark.parametrize(
    ("student", "reason"),
    [
        ("not json", "broken JSON"),
        ("format 3", "format 3"),
        ("link to the source", "is a symbolic link"),
        ("folder is a link", "is a symbolic link"),
        ("another name", "no notebook attention.ipynb was handed in"),
        ("no notebook", "no notebook attention.ipynb was handed in"),
    ],
)
def test_a_zero_has_a_reason(attacked: Course, student: str, reason: str) -> None:
    assert reason in words(attacked.feedback(student))


def test_outputs_that_came_along_are_dropped(attacked: Course) -> None:
    path = attacked.root / "autograded" / "large output" / LAB.name / NOTEBOOK
    assert path.stat().st_size < 100_000


def test_only_the_notebook_goes_on_to_graders_and_students(attacked: Course) -> None:
    for step in ("autograded", "feedback"):
        files = {path.name for path in (attacked.root / step).rglob("*") if not path.is_dir()}
        assert files == {NOTEBOOK if step == "autograded" else f"{LAB.notebook}.html"}


def test_what_was_handed_in_stays_as_it_was(attacked: Course) -> None:
    assert (attacked.submitted("link beside") / "data").is_symlink()
    assert (attacked.submitted("pipe beside") / "pipe").is_fifo()
    assert (attacked.submitted("shadows") / "torch.py").exists()


def test_what_is_no_receipt_is_set_aside(attacked: Course) -> None:
    for name in ("no time", "time is a link", "time is a pipe"):
        assert [path.name for path in attacked.submitted(name).glob("timestamp*")] == [
            "timestamp.txt.set_aside"
        ]


def test_no_name_becomes_a_formula(attacked: Course) -> None:
    with Gradebook(f"sqlite:///{attacked.root}/gradebook.db") as gradebook:
        CsvExport(to=str(attacked.root / "table.csv")).export(gradebook)
    table = rows((attacked.root / "table.csv").read_text("utf-8"))
    assert not [row for row in table if row["student_id"].startswith("=")]
    assert {"ünï 名", "white space", "'=cmd|' -C calc'!A0"} <= {row["student_id"] for row in table}


# --- the exchange --------------------------------------------------------------------------------


def test_collect_follows_no_link(course: Course) -> None:
    """A student can make links in the exchange; the instructor's rights must not follow them."""
    inbound = course.exchange / "tacotron2-lab-kit" / "inbound"
    source = course.root / "notebooks" / LAB.name
    stamp = "2030-01-01 00:00:00.000000 UTC"
    thief = inbound / f"thief+{LAB.name}+{stamp}+abc"
    thief.mkdir()
    (thief / NOTEBOOK).symlink_to(source / NOTEBOOK)
    (thief / "timestamp.txt").write_text(stamp)
    os.mkfifo(thief / "pipe")
    (inbound / f"folder-thief+{LAB.name}+{stamp}+abc").symlink_to(source)
    hoarder = inbound / f"hoarder+{LAB.name}+{stamp}+abc"
    hoarder.mkdir()
    with (hoarder / "zeros").open("wb") as file:
        file.truncate(2 * 10**8)
    (hoarder / NOTEBOOK).write_text(json.dumps(course.released()), "utf-8")
    ran = course.nbgrader("collect", LAB.name)
    assert ran.code == 0, ran.text
    assert [path.name for path in course.submitted("thief").iterdir()] == ["timestamp.txt"]
    assert list(course.submitted("folder-thief").iterdir()) == []
    assert [path.name for path in course.submitted("hoarder").iterdir()] == [NOTEBOOK]
    assert f"thief+{LAB.name}+{stamp}+abc/{NOTEBOOK}" in ran.text
