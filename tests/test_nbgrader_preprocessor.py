"""The judge inside nbgrader, piece by piece: what it shows, when it refuses, what it lets pass."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde, GenerateAssignment, NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import determine_grade
from traitlets import TraitError
from traitlets.config import Config

import grader.nbgrader.autograde
from conftest import fill
from course_tools import LAB, NOTEBOOK, Course, all_of, cell_of, make_course, run, shown
from grader.errors import IsolationError
from grader.judge.judge import Verdict
from grader.nbgrader.autograde import JudgeSubmission, _verdict_outputs
from grader.nbgrader.pages import harmless
from grader.nbgrader.plugins import configure
from grader.sandbox.session import Answer, Worker

pytestmark = [
    pytest.mark.lab1,
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),  # nbgrader's own
]

RIGHT = fill()


def settings(course: Course, assignment: str = LAB.name, **judge: Any) -> dict[str, Any]:
    """Return what nbgrader's commands make of the kit's configuration."""
    config = Config()
    configure(config)
    for name, value in judge.items():
        config.JudgeSubmission[name] = value
    coursedir = CourseDirectory(
        root=str(course.root), source_directory="notebooks", assignment_id=assignment
    )
    return {"coursedir": coursedir, "config": config}


def autograde(course: Course, student: str = "*", **more: Any) -> None:
    """Do what `nbgrader autograde` does, in this process."""
    arguments = settings(course, **more)
    arguments["coursedir"].student_id = student
    Autograde(force=True, **arguments).start()


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    made = make_course(tmp_path_factory.mktemp("preprocessor") / "course")
    GenerateAssignment(**settings(made)).start()
    yield made
    for bench in grader.nbgrader.autograde._benches.values():
        bench.close()
    grader.nbgrader.autograde._benches.clear()


# --- what is shown -------------------------------------------------------------------------------

SHOWING = """
from IPython.display import HTML, SVG, Image, Javascript, Latex, Markdown, display
import matplotlib.pyplot as plt

display(HTML("<b id='theirs'>bold</b>"), Javascript("alert(1)"), SVG("<svg><g/></svg>"))
display({"text/html": "<script>alert(1)</script>", "text/plain": "only this"}, raw=True)
print("\\x1b[31mred\\x1b[0m", "<script>alert(1)</script>")
plt.plot([1, 2])
"""


def test_only_text_and_pictures_are_shown(course: Course, confined: str) -> None:
    course.hand_in("shows", RIGHT | {"attention-1": RIGHT["attention-1"] + SHOWING})
    autograde(course, "shows")
    notebook = course.autograded("shows")
    outputs = cell_of(notebook, "attention-1")["outputs"]
    assert {output["output_type"] for output in outputs} == {"stream", "display_data"}
    pictures = [output for output in outputs if output["output_type"] == "display_data"]
    assert [set(output["data"]) for output in pictures] == [{"image/png", "text/plain"}]
    said = shown(notebook, "attention-1")
    assert "only this" in said
    assert "\\u001b[31mred" in said  # what a terminal would obey is spelled out
    assert "theirs" not in json.dumps(outputs)
    for task in LAB.judged:
        for output in cell_of(notebook, f"{task.id}-check")["outputs"]:
            html = "".join(output.get("data", {}).get("text/html", ""))
            assert not html or html.startswith(f"<p>{task.id}: passed.</p>")


def png(width: int, height: int) -> str:
    """Return a PNG picture whose header names this size."""
    header = struct.pack(">II5B", width, height, 8, 0, 0, 0, 0)
    chunk = struct.pack(">I", len(header)) + b"IHDR" + header
    chunk += struct.pack(">I", zlib.crc32(b"IHDR" + header))
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + chunk).decode()


def show(returned: Any) -> list[Any]:
    """Return what is shown below a cell whose worker returned this."""
    return outputs_of(Answer("ok", document={"cells": {"a": returned}}), "a").get("a", [])


def outputs_of(answer: Answer, *names: str) -> dict[str, list[Any]]:
    """Return what is shown below the cells of these names if a worker answers this."""
    bench: Any = SimpleNamespace(worker=SimpleNamespace(ask=lambda document, tensors: answer))
    cells = [nbformat.v4.new_code_cell("1", id=name) for name in names]
    notebook = nbformat.v4.new_notebook(cells=cells)
    found = JudgeSubmission()._outputs(bench, notebook, {})
    for cell in notebook.cells:
        cell.outputs = found.get(cell["id"], [])
    nbformat.validate(notebook)
    return found


@pytest.mark.parametrize(
    "returned",
    [
        "a text",
        None,
        {"0": 1},
        [None, 3, "text", ["text"]],
        [{"text": 3}, {"text": ["a"]}, {"html": "<b>"}],
        [{"png": 'x" onerror="alert(1)'}],
        [{"png": base64.b64encode(b"GIF89a" + bytes(40)).decode()}],
        [{"png": png(5, 5)[:16]}],
        [{"png": png(100_000, 5)}, {"png": png(5, 100_000)}, {"png": png(0, 5)}],
        [{"png": "A" * 10**6}],
    ],
)
def test_what_no_honest_worker_returns_is_not_shown(returned: Any) -> None:
    assert show(returned) == []


def test_a_picture_is_shown_with_its_text_and_fits_the_page() -> None:
    (output,) = show([{"png": png(1318, 500), "alt": 'a "curve" <b>'}])
    assert output.data["image/png"] == png(1318, 500)
    assert output.data["text/plain"] == 'a "curve" <b>'
    assert output.metadata["image/png"] == {"alt": 'a "curve" <b>', "width": 800}
    assert show([{"png": png(90, 50), "alt": 3}])[0].metadata["image/png"]["width"] == 90


def test_outputs_are_limited_whatever_the_worker_says() -> None:
    outputs = show([{"text": "x" * 10**6}] * 1000)
    assert len(outputs) < 20
    assert all(len(output.text) < 25_000 for output in outputs)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer("time"), "it may take 180 s"),
        (Answer("ok", seconds=162.5), "it may take 180 s"),  # the last cell was interrupted
        (Answer("died"), "its process ended (died)"),
        (Answer("ok"), "its process ended (ok)"),  # it left by itself
        (Answer("output"), "it showed too much"),
        (Answer("lost"), "its process ended (lost)"),
    ],
)
@pytest.mark.parametrize("came", [0, 1, 2])
def test_where_the_outputs_end_is_said_and_what_came_before_is_kept(
    answer: Answer, reason: str, came: int
) -> None:
    found = {name: [{"text": name}] for name in "abc"[:came]}
    shown = outputs_of(replace(answer, document={"cells": found}), *"abc")
    assert [shown[name][0].text for name in found] == list(found)
    assert len(shown) == came + 1
    (said,) = shown["abc"[came]]
    assert said.text == (
        f"The outputs end here: the notebook was run for them, and {reason}. What came before is "
        "kept, and no mark depends on it.\n"
    )


def test_a_notebook_without_cells_shows_nothing() -> None:
    assert outputs_of(Answer("died")) == {}


# --- points --------------------------------------------------------------------------------------


def graded_cell(outputs: list[Any], points: int = 20) -> Any:
    cell = nbformat.v4.new_code_cell("check()", outputs=outputs)
    nbgrader = {"grade": True, "solution": False, "points": points, "grade_id": "a-check"}
    cell.metadata["nbgrader"] = nbformat.from_dict(nbgrader)
    return cell


def test_no_verdict_is_no_points() -> None:
    outputs = _verdict_outputs(None, [], "bubblewrap")
    assert determine_grade(graded_cell(outputs)) == (0, 20)
    assert "no verdict" in outputs[0].evalue


@given(
    message=st.text(max_size=300),
    hint=st.text(max_size=50),
    points=st.sampled_from([0, 7, 20]),
    repairs=st.lists(st.text(max_size=40), max_size=3),
)
def test_points_are_the_verdicts_whatever_it_says(
    message: str, hint: str, points: int, repairs: list[str]
) -> None:
    """Messages quote students: nbgrader, which reads points from outputs, must not be misled."""
    stage = "passed" if points == 20 else "value"
    verdict = Verdict("a", points, 20, f"a: {message}", hint=hint, stage=stage)
    outputs = _verdict_outputs(verdict, repairs, "bubblewrap")
    cell = graded_cell(outputs)
    assert determine_grade(cell) == (20 if stage == "passed" else 0, 20)
    notebook = nbformat.v4.new_notebook(cells=[cell])
    nbformat.validate(nbformat.reads(nbformat.writes(notebook), as_version=4))
    assert set(Tags.of(outputs[0].data["text/html"])) <= {"p"}


def test_a_graded_cell_that_nobody_judged_earns_nothing(course: Course, confined: str) -> None:
    notebook = nbformat.from_dict(course.released())
    extra = graded_cell([], points=5)
    notebook.cells.append(extra)
    resources = {"nbgrader": {"assignment": LAB.name, "student": "ada"}}
    arguments = settings(course)
    exporter = SimpleNamespace(coursedir=arguments["coursedir"])
    judge = JudgeSubmission(show_outputs=False)
    judge.__dict__["_trait_values"]["parent"] = SimpleNamespace(parent=exporter)
    notebook, _ = judge.preprocess(notebook, resources)
    assert determine_grade(notebook.cells[-1]) == (0, 5)


# --- when it refuses -----------------------------------------------------------------------------


def names_in(course: Course) -> set[str]:
    with Gradebook(f"sqlite:///{course.root}/gradebook.db") as gradebook:
        return {student.id for student in gradebook.students}


def test_without_a_sandbox_nothing_is_graded(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    course.hand_in("unsafe", RIGHT)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NbGraderException) as refusal:
        autograde(course, "unsafe")
    said = str(refusal.value)
    assert said.startswith("grading refused: the program bwrap is not installed")
    assert "apt-get install bubblewrap" in said
    assert 'c.JudgeSubmission.isolation = "none"' in said
    assert "unsafe" not in names_in(course)
    assert not (course.root / "autograded" / "unsafe").exists()


@pytest.mark.slow
def test_the_command_refuses_in_one_line(course: Course, tmp_path: Path) -> None:
    course.hand_in("unsafe", RIGHT)
    ran = run(["nbgrader", "autograde", LAB.name], course.root, PATH=str(tmp_path))
    assert ran.code == 1
    assert ran.text.count("grading refused") == 1
    assert "Traceback" not in ran.text
    assert "unsafe" not in names_in(course)


def test_a_machine_that_runs_no_worker_is_no_mark(
    course: Course, confined: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Answer:
        raise IsolationError("the worker does not start")

    course.hand_in("unlucky", RIGHT)
    with monkeypatch.context() as broken:
        broken.setattr(Worker, "ask", fail)
        with pytest.raises(NbGraderException):
            autograde(course, "unlucky")
    assert {score for score, _ in course.grades()["unlucky"].values()} == {None}
    assert not (course.root / "autograded" / "unlucky" / LAB.name).exists()
    autograde(course, "unlucky", show_outputs=False)
    assert course.marks()["unlucky"] == 60


def test_unconfined_grading_must_be_asked_for_and_is_noted(course: Course) -> None:
    course.hand_in("trusted", RIGHT)
    autograde(course, "trusted", isolation="none", show_outputs=False)
    cells = course.grades()["trusted"]
    assert {name: cells[name][0] for name in all_of(LAB, 1)} == all_of(LAB, 1)
    for task in LAB.judged:
        assert "(judged unconfined)" in shown(course.autograded("trusted"), f"{task.id}-check")


@pytest.mark.parametrize("kind", ["", "docker", "None", None, False])
def test_there_are_two_kinds_of_isolation_and_no_other(kind: Any) -> None:
    assert JudgeSubmission().isolation == "bubblewrap"
    with pytest.raises(TraitError):
        JudgeSubmission(isolation=kind)


def test_an_assignment_of_another_course_is_refused(course: Course) -> None:
    folder = course.root / "submitted" / "ada" / "homework_9"
    folder.mkdir(parents=True)
    (folder / "homework.ipynb").write_text("{}")
    with pytest.raises(NbGraderException, match="'homework_9' is not one of the kit's labs"):
        autograde(course, assignment="homework_9")


def test_a_lab_that_was_not_generated_is_refused(tmp_path: Path, course: Course) -> None:
    other = make_course(tmp_path / "course")
    folder = other.submitted("ada")
    folder.mkdir(parents=True)
    (folder / NOTEBOOK).write_text(json.dumps(course.released()))
    with pytest.raises(NbGraderException, match=f"run `nbgrader generate_assignment {LAB.name}`"):
        autograde(other)


# --- pages ---------------------------------------------------------------------------------------


class Tags(HTMLParser):
    """Reads HTML as a browser would, and keeps tags and attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []

    @classmethod
    def read(cls, html: str) -> Tags:
        parser = cls()
        parser.feed(html)
        parser.close()
        return parser

    @classmethod
    def of(cls, html: str) -> list[str]:
        return cls.read(html).tags

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


PIECES = st.sampled_from(
    [
        *(
            "<script>",
            "</script>",
            "<img src=x onerror=",
            "alert(1)",
            ">",
            '"',
            "'",
            "<svg onload=",
        ),
        *("<a href=", "javascript:", "java\tscript:", "&#106;avascript:", "data:text/html,", "<p "),
        *("style=", "background:url(http://a)", "<iframe src=", "<!--", "-->", "<math>", "<style>"),
        *("<svg onload=", "<p class=", "modal", "<p id=", "save"),
        *("<b>", "</b>", "<details>", "<table>", "`", "\n", "<form action=", "<base href=", "<"),
    ]
)


@given(st.lists(PIECES | st.text(max_size=5), max_size=12).map("".join))
def test_no_html_of_a_student_acts(text: str) -> None:
    parsed = Tags.read(harmless(text))
    assert not set(parsed.tags) & {"script", "style", "iframe", "svg", "math", "form", "base"}
    for name, value in parsed.attributes:
        assert not name.startswith("on")
        assert "script:" not in value.replace("\t", "").lower()
        assert "url(" not in value or name in ("title", "alt", "class", "id")
        if name == "src":
            assert value.startswith("data:image/")
        if name in ("class", "id"):
            assert value not in ("modal", "save")


@pytest.mark.parametrize(
    "html",
    [
        '<h2 id="a">a<a class="anchor-link" href="#a">¶</a></h2>',
        '<table><thead><tr><th>a</th></tr></thead><tbody><tr><td style="text-align: right;">b</td>'
        "</tr></tbody></table>",
        "<details><summary>more</summary><p>text</p></details>",
        '<p><a href="https://example.org/a?b=c&amp;d">link</a></p>',
        '<img alt="a" src="data:image/png;base64,AAAA">',
        "<p>$a &lt; b$ and <kbd>Shift</kbd></p>",
        '<pre><code class="language-python">x &lt; 3</code></pre>',
        '<div class="highlight"><pre><span class="mi">3</span></pre></div>',
    ],
)
def test_what_markdown_makes_stays(html: str) -> None:
    assert harmless(html) == html
