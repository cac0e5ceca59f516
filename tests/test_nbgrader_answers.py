"""nbgrader with what instructors change and students paste: points, pictures, folders."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback, NbGraderException
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

import grader.nbgrader.autograde
from conftest import MASK_AFTER_SOFTMAX, fill
from course_tools import LAB, NOTEBOOK, Course, cell_of, make_course, words
from grader.course.course import grade
from grader.nbgrader.pages import markdown_to_html
from grader.nbgrader.plugins import configure
from test_pictures import JPEG, PNG

pytestmark = [
    pytest.mark.slow,
    pytest.mark.lab1,
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),  # nbgrader's own
]

RIGHT = fill()
POINTS = {"attention-1-check": 30, "attention-2-check": 10, "attention-3-check": 0.5}
# what a browser fetches by itself: not the links that a reader may follow
LOADED = r"""<(?!a\s)[^>]*\s(?:src|href|data)\s*=\s*["']?(?:https?:)?//|url\(["']?(?:https?:)?//"""


def settings(course: Course) -> dict[str, Any]:
    config = Config()
    configure(config)
    config.JudgeSubmission.show_outputs = False
    coursedir = CourseDirectory(
        root=str(course.root), source_directory="notebooks", assignment_id=LAB.name
    )
    return {"coursedir": coursedir, "config": config}


def pasted(name: str, content: str, kind: str = "png") -> Any:
    def change(notebook: dict[str, Any]) -> None:
        cell_of(notebook, "attention-4")["attachments"] = {name: {f"image/{kind}": content}}

    return change


@pytest.fixture(scope="module")
def course(confined: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    made = make_course(tmp_path_factory.mktemp("answers") / "course")
    path = made.root / "notebooks" / LAB.name / NOTEBOOK
    notebook = json.loads(path.read_text("utf-8"))
    for name, points in POINTS.items():
        cell_of(notebook, name)["metadata"]["nbgrader"]["points"] = points
    path.write_text(json.dumps(notebook), "utf-8")
    GenerateAssignment(**settings(made)).start()
    answer = "Both. $a < b$ ![my plot](attachment:my%20plot.png) and so on"
    made.hand_in("ada", RIGHT | {"attention-4": answer}, pasted("my plot.png", PNG))
    made.hand_in("bea", RIGHT | {"attention-4": answer}, pasted("my plot.png", JPEG, "jpeg"))
    made.hand_in("cleo", MASK_AFTER_SOFTMAX | {"attention-4": answer})
    made.hand_in("dan", {"attention-4": answer}, pasted("my plot.png", "no picture"))
    submitted = made.root / "submitted"
    (submitted / "link").symlink_to("nowhere")
    (submitted / "loop").symlink_to("loop")
    (submitted / "eve.zip").write_text("a zip")
    (submitted / "lab is a file").mkdir()
    (submitted / "lab is a file" / LAB.name).write_text("")
    (submitted / "__MACOSX" / LAB.name).mkdir(parents=True)
    Autograde(force=True, **settings(made)).start()
    GenerateFeedback(**settings(made)).start()
    yield made
    for bench in grader.nbgrader.autograde._benches.values():
        bench.close()
    grader.nbgrader.autograde._benches.clear()


def test_nbgrader_gives_the_points_of_the_cells(course: Course) -> None:
    marks = course.marks()
    assert (marks["ada"], marks["cleo"], marks["dan"]) == (40.5, 40, 0)
    with Gradebook(f"sqlite:///{course.root}/gradebook.db") as gradebook:
        assert gradebook.find_assignment(LAB.name).max_score == 50.5


def test_the_kits_command_gives_the_same(course: Course, tmp_path: Path) -> None:
    records = grade(course.root, [], isolation="bubblewrap", jobs=1, output=tmp_path)
    assert {record["student"]: record["points"] for record in records} == course.marks()
    assert {record["max_points"] for record in records} == {40.5}
    assert "ada,lab1_attention,30,10,0.5,40.5,40.5," in (tmp_path / "scores.csv").read_text()


@pytest.mark.parametrize(
    ("student", "kind", "content"), [("ada", "png", PNG), ("bea", "jpeg", JPEG)]
)
def test_a_pasted_picture_is_on_the_page(
    course: Course, student: str, kind: str, content: str
) -> None:
    page = course.feedback(student)
    assert f'src="data:image/{kind};base64,{content}"' in page
    assert 'alt="my plot"' in page


@pytest.mark.parametrize("student", ["cleo", "dan"])
def test_a_broken_picture_is_text_and_the_page_is_there(course: Course, student: str) -> None:
    said = words(course.feedback(student))
    assert "[a picture that is not there: my%20plot.png] and so on" in said
    told = "attention-4: the picture my plot.png is not shown: it is no PNG or JPEG"
    assert (told in said) == (student == "dan")


def test_formgrader_renders_what_was_pasted(course: Course) -> None:
    """What formgrader shows is made by the same filter from the autograded notebook."""
    for student in ("ada", "bea", "cleo", "dan"):
        path = course.root / "autograded" / student / LAB.name / NOTEBOOK
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        cell = next(c for c in notebook.cells if "attachment:" in c.source)
        context: Any = {"cell": cell}
        assert ("<img" in markdown_to_html(context, cell.source)) == (student in ("ada", "bea"))


@pytest.mark.parametrize(
    ("student", "reason"),
    [
        ("link", "the folder link is a symbolic link that leads nowhere"),
        ("loop", "the folder loop is a symbolic link that leads back to itself"),
        ("eve.zip", "eve.zip is a file where a folder is needed"),
        ("lab is a file", f"{LAB.name} is a file where a folder is needed"),
    ],
)
def test_whatever_lies_in_place_of_a_folder_has_a_mark_and_a_reason(
    course: Course, student: str, reason: str
) -> None:
    assert course.marks()[student] == 0
    assert reason in words(course.feedback(student))


def test_what_macs_leave_behind_is_nobody(course: Course) -> None:
    assert "__MACOSX" not in course.marks()


@pytest.mark.parametrize("student", ["ada", "dan", "link"])
def test_a_page_loads_nothing_and_runs_nothing(course: Course, student: str) -> None:
    page = course.feedback(student)
    assert "<script" not in page.lower()
    assert "<link" not in page.lower()
    assert "mathjax" not in re.sub(r"<style.*?</style>", "", page, flags=re.S | re.I).lower()
    assert page.count("Content-Security-Policy") == 1
    assert page.index("Content-Security-Policy") < page.index("<style")
    assert "default-src 'none'" in page
    assert re.findall(LOADED, page) == []
    if student != "link":
        assert "$a &lt; b$" in page  # formulas are read as they were typed


@pytest.mark.parametrize("secret", [b"", b"short"])
def test_a_secret_that_is_none_stops_the_run_in_one_line(
    course: Course, secret: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    before, path = course.marks(), course.root / ".grader_secret"
    kept = path.read_bytes()
    path.write_bytes(secret)
    try:
        with pytest.raises(NbGraderException, match=r"\.grader_secret has \d characters"):
            Autograde(force=True, **settings(course)).start()
    finally:
        path.write_bytes(kept)
    assert "Traceback" not in capfd.readouterr().err
    assert course.marks() == before
