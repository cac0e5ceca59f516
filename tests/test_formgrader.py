"""nbgrader's formgrader in a real browser, in a course that the kit's judge has graded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browser_tools import PATIENCE, TOKEN, Server, new_page, running_browser, running_server
from conftest import MASK_AFTER_SOFTMAX, fill
from course_tools import LAB, Course, cell_of, generated_course
from test_pictures import PNG

sync_api = pytest.importorskip("playwright.sync_api")

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.lab1, pytest.mark.timeout(600)]

sync_api.expect.set_options(timeout=PATIENCE)
ANSWER = """\
They **both** compare. <script>window.takenOver = 1</script>
<img src="x" onerror="window.takenOver = 2"> [more](javascript:window.takenOver=3)
![my plot](attachment:my%20plot.png) ![gone](attachment:gone.png)
"""


def paste(notebook: dict[str, Any]) -> None:
    """Paste a picture into the answer, as JupyterLab does it."""
    cell_of(notebook, "attention-4")["attachments"] = {"my plot.png": {"image/png": PNG}}


@pytest.fixture(scope="module")
def course(confined: str, tmp_path_factory: pytest.TempPathFactory) -> Course:
    made = generated_course(tmp_path_factory, "formgrader")
    made.hand_in("ada", fill() | {"attention-4": ANSWER}, paste)
    made.hand_in("cleo", MASK_AFTER_SOFTMAX)
    ran = made.nbgrader("autograde", LAB.name)
    assert ran.code == 0, ran.text
    return made


@pytest.fixture(scope="module")
def server(course: Course) -> Iterator[Server]:
    with running_server(course) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with running_browser(sync_api) as program:
        yield program


@pytest.fixture
def page(server: Server, browser: Any) -> Iterator[Any]:
    """A page of a browser that is logged in; dialogs, which nothing here should open, fail."""
    with new_page(browser, server) as opened:
        dialogs: list[str] = []
        opened.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        opened.goto(f"{server.url}/formgrader/manage_assignments?token={TOKEN}")
        yield opened
    assert dialogs == []


def submission(server: Server, student: str) -> str:
    found = server.get(f"formgrader/api/submitted_notebooks/{LAB.name}/{LAB.notebook}")
    return next(item["id"] for item in found if item["student"] == student)


def go(page: Any, server: Server, path: str) -> None:
    page.goto(f"{server.url}/formgrader/{path}")


def row_of(page: Any, text: str) -> Any:
    row = page.locator("tr", has_text=text)
    row.wait_for()
    return row


def test_the_assignment_is_listed(page: Any, server: Server) -> None:
    row = row_of(page, LAB.name)
    sync_api.expect(row.locator(".num-submissions")).to_have_text("2")
    sync_api.expect(row.locator(".name")).to_have_text(LAB.name)


def test_the_marks_are_shown(page: Any, server: Server, tmp_path: Path) -> None:
    go(page, server, f"gradebook/{LAB.name}/{LAB.notebook}")
    rows = page.locator("tbody tr")
    sync_api.expect(rows).to_have_count(2)
    shown = {
        row.locator(".code-score").inner_text(): (
            row.locator(".needs-manual-grade").inner_html() != "",
            row.locator(".tests-failed").inner_html() != "",
        )
        for row in rows.all()
    }
    assert shown == {"60 / 60": (True, False), "40 / 60": (False, True)}
    page.screenshot(path=tmp_path / "gradebook.png")
    assert (tmp_path / "gradebook.png").stat().st_size > 10_000


def test_a_submission_shows_what_the_judge_says(page: Any, server: Server) -> None:
    go(page, server, f"submissions/{submission(server, 'cleo')}/")
    said = page.get_by_text("The mask is applied after the softmax.").first
    sync_api.expect(said).to_be_visible()
    sync_api.expect(page.get_by_text("Do the weights of a padded sentence").first).to_be_visible()
    # the points come after the page, by requests of its own
    for task_id, points in {"attention-1": "20", "attention-2": "20", "attention-3": "0"}.items():
        box = page.locator(f"[id='{task_id}-check'].score")
        sync_api.expect(box).to_have_attribute("placeholder", points)
    # graders need the mark scheme
    sync_api.expect(page.get_by_text("Mark scheme, 10 points")).to_be_visible()
    pictures = page.locator("img[src^='data:image/png']")
    assert pictures.count() >= 5
    widths = [picture.bounding_box()["width"] for picture in pictures.all()]
    assert all(100 < width < 1000 for width in widths)


def test_an_answer_runs_nothing(page: Any, server: Server) -> None:
    go(page, server, f"submissions/{submission(server, 'ada')}/")
    sync_api.expect(page.get_by_text("window.takenOver = 1").first).to_be_visible()
    assert page.evaluate("window.takenOver === undefined")
    assert page.locator("a[href^='javascript:window']").count() == 0
    assert page.locator("strong", has_text="both").count() == 1


def test_a_pasted_picture_is_shown_and_one_that_is_gone_is_text(page: Any, server: Server) -> None:
    go(page, server, f"submissions/{submission(server, 'ada')}/")
    picture = page.locator("img[alt='my plot']")
    sync_api.expect(picture).to_be_visible()
    assert picture.get_attribute("src") == f"data:image/png;base64,{PNG}"
    sync_api.expect(page.get_by_text("[a picture that is not there: gone.png]")).to_be_visible()


def test_a_written_answer_is_marked_by_hand(page: Any, server: Server) -> None:
    go(page, server, f"submissions/{submission(server, 'ada')}/")
    # the class comes with the grade, and only then does the page listen to the box
    page.locator("[id='attention-4'].score.needs_manual_grade").wait_for()
    box = page.locator("[id='attention-4'].score")
    with page.expect_response(
        lambda answer: "/api/grade/" in answer.url and answer.request.method == "PUT"
    ) as saved:
        box.fill("7")
        box.press("Tab")
    assert saved.value.ok
    (found,) = [
        item
        for item in server.get(f"formgrader/api/submissions/{LAB.name}")
        if item["student"] == "ada"
    ]
    assert (found["score"], found["needs_manual_grade"]) == (67, False)


def test_the_judge_can_be_called_from_the_page(page: Any, server: Server) -> None:
    page.goto(f"{server.url}/formgrader/manage_submissions/{LAB.name}")
    for _ in range(2):  # formgrader still finds the course after it
        row = row_of(page, "cleo")
        row.locator(".autograde a").click()
        done = page.locator(".modal-title", has_text="Success")
        done.wait_for()
        sync_api.expect(page.locator(".modal-body")).to_contain_text("Successfully autograded")
        page.locator(".modal-footer button", has_text=re.compile("OK|Close")).click()
        done.wait_for(state="detached")
    assert server.course.marks() == {"ada": 60, "cleo": 40}
    rows = {item["student"] for item in server.get(f"formgrader/api/submissions/{LAB.name}")}
    assert rows == {"ada", "cleo"}
