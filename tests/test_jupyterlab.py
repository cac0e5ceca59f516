"""Each lab in a real JupyterLab, as a student does it: run, fill, check, look, hear, validate."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from browser_tools import PATIENCE, TOKEN, Server, new_page, running_browser, running_server
from conftest import ROOT
from course_tools import Course, generated_course
from grader.labs import LABS
from grader.labs.base import Lab
from grader.submissions.notebook_file import identity_of
from notebook_tools import read_notebook, stubs_of

sync_api = pytest.importorskip("playwright.sync_api")

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]
sync_api.expect.set_options(timeout=PATIENCE)

PICTURES = ROOT / "build" / "screenshots"
STDERR = "application/vnd.jupyter.stderr"  # what JupyterLab calls it
MINUTES = 60_000  # milliseconds each, for what computes

# The loudest sample of what a player would play, decoded by the browser itself.
LOUDEST = """async player => {
    const bytes = await (await fetch(player.currentSrc || player.src)).arrayBuffer();
    const audio = await new OfflineAudioContext(1, 1, 22050).decodeAudioData(bytes);
    return audio.getChannelData(0).reduce((most, one) => Math.max(most, Math.abs(one)), 0);
}"""


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return generated_course(tmp_path_factory, "jupyterlab")


@pytest.fixture(scope="module")
def server(course: Course) -> Iterator[Server]:
    with running_server(course) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with running_browser(sync_api) as program:
        yield program


class OpenNotebook:
    """The release version of a lab's notebook in JupyterLab."""

    def __init__(self, page: Any, server: Server, lab: Lab) -> None:
        self.page = page
        self.lab = lab
        path = f"release/{lab.name}/{lab.notebook}.ipynb"
        self.file = server.course.root / path
        cells = json.loads(self.file.read_text("utf-8"))["cells"]
        self.places = {name: place for place, c in enumerate(cells) for name in identity_of(c)}
        # a workspace of its own: the notebooks of others stay closed
        page.goto(f"{server.url}/lab/workspaces/{lab.notebook}/tree/{path}?token={TOKEN}")
        page.locator(".jp-NotebookPanel .jp-Cell").first.wait_for()
        # before its kernel is there, a notebook runs nothing and does not say so
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
        self.wait_until_idle()

    def wait_until_idle(self) -> None:
        idle = self.page.locator(".jp-Notebook-ExecutionIndicator[data-status='idle']")
        idle.wait_for(timeout=4 * MINUTES)

    def cell(self, name: str) -> Any:
        return self.page.locator(f".jp-Cell[data-windowed-list-index='{self.places[name]}']")

    def menu(self, menu: str, command: str) -> None:
        self.page.locator(".lm-MenuBar-item", has_text=menu).click()
        self.page.locator(f".lm-Menu-item[data-command='{command}']").click()

    def run_all(self) -> None:
        self.menu("Run", "runmenu:run-all")
        # a cell that runs or waits has a star; the last one that was asked for has it longest
        self.page.wait_for_timeout(500)
        waiting = self.page.locator(".jp-InputPrompt", has_text="[*]")
        sync_api.expect(waiting).to_have_count(0, timeout=4 * MINUTES)
        self.wait_until_idle()

    def run(self, name: str) -> None:
        """Put the cursor into a cell and press Shift+Enter."""
        editor = self.cell(name).locator(".cm-content")
        editor.scroll_into_view_if_needed()
        editor.click()
        self.page.keyboard.press("Shift+Enter")
        prompt = self.cell(name).locator(".jp-InputPrompt")
        sync_api.expect(prompt).to_have_text(re.compile(r"\[\d+\]"), timeout=MINUTES)
        self.wait_until_idle()

    def write(self, name: str, source: str) -> None:
        """Replace what stands in a cell, and run it."""
        editor = self.cell(name).locator(".cm-content")
        editor.scroll_into_view_if_needed()
        editor.click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(source)
        self.run(name)

    def complaints(self) -> list[str]:
        """Return what stands on red ground: tracebacks and warnings."""
        return self.page.locator(f".jp-RenderedText[data-mime-type='{STDERR}']").all_inner_texts()

    def picture(self, name: str) -> None:
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{self.lab.name}_{name}.png")

    def validate(self) -> str:
        """Press nbgrader's button, and return what its dialog says."""
        self.page.get_by_role("button", name="Validate").click()
        dialog = self.page.locator(".jp-Dialog-content", has_text=re.compile("passe|fail|Valid"))
        dialog.wait_for(timeout=5 * MINUTES)
        said = dialog.inner_text()
        dialog.locator("button").last.click()
        return said


@pytest.fixture(params=sorted(LABS))
def notebook(request: Any, browser: Any, server: Server) -> Iterator[OpenNotebook]:
    with new_page(browser, server) as page:
        opened = OpenNotebook(page, server, LABS[request.param])
        yield opened
        opened.picture("at_the_end")


def solutions(lab: Lab) -> dict[str, dict[str, str]]:
    """Return the solution cells of each task by their names."""
    notebook = read_notebook(ROOT / "notebooks" / lab.name / f"{lab.notebook}.ipynb")
    return {
        task.id: {cell.id: cell.source for cell in stubs_of(notebook, task.id)}
        for task in lab.judged
    }


def move_a_slider(notebook: OpenNotebook) -> None:
    """Press an arrow key on the first slider; the picture below it must become another."""
    cell = notebook.page.locator(".jp-Cell:has(.noUi-handle)").first
    cell.evaluate("cell => cell.scrollIntoView({block: 'start'})")
    picture = cell.locator("img[src^='data:image/png']").first
    before = picture.get_attribute("src")
    cell.locator(".noUi-handle").first.focus()
    notebook.page.keyboard.press("ArrowRight")
    notebook.page.wait_for_function(
        "([picture, before]) => picture.isConnected ? picture.src !== before : true",
        arg=[picture.element_handle(), before],
    )
    assert picture.get_attribute("src") != before
    notebook.picture("slider")


def test_a_student_does_the_lab(notebook: OpenNotebook) -> None:
    page, lab = notebook.page, notebook.lab
    notebook.run_all()
    first = lab.judged[0]
    sync_api.expect(notebook.cell(f"{first.id}-check")).to_contain_text("not yet")
    notebook.picture("unfilled")
    assert f'check("{first.id}"' in notebook.validate()

    for name, cells in solutions(lab).items():
        for cell_name, source in cells.items():
            notebook.write(cell_name, source)
        notebook.run(f"{name}-check")
        passed = notebook.cell(f"{name}-check").get_by_text("✓ passed")
        sync_api.expect(passed).to_be_visible()
    notebook.picture("passed")

    notebook.run_all()
    assert notebook.complaints() == []
    move_a_slider(notebook)

    players = page.locator("audio")
    assert players.count() >= 1
    cell = page.locator(".jp-Cell:has(audio)").first
    cell.evaluate("cell => cell.scrollIntoView({block: 'start'})")
    notebook.picture("heard")
    for player in players.all():
        assert player.evaluate(LOUDEST) > 0.05

    notebook.menu("File", "docmanager:save")
    page.wait_for_timeout(1000)
    # nbgrader also wants an answer to a written question, where there is one
    assert "check(" not in notebook.validate()
