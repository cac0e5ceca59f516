"""A release comes as a whole or not at all: what was released before stays where it is refused."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook

from course_tools import LAB, NOTEBOOK, Course, cell_of, make_course
from grader.cli import main
from grader.course import placing
from grader.course.placing import check_target, placed, scratch_in
from grader.errors import GraderError
from grader.release import release as release_module
from grader.release.release import release

pytestmark = pytest.mark.lab1

VERSION = f"9.9+{LAB.name.replace('_', '.')}"


def quick_wheels(lab: Any, folder: Path, text: str = "") -> tuple[Path, ...]:
    """Stand in for the builder, which takes seconds."""
    wheels = []
    for package in ("labkit", "grader"):
        wheels.append(folder / f"tacotron2_{package}-{VERSION}-py3-none-any.whl")
        with zipfile.ZipFile(wheels[-1], "w") as archive:
            archive.writestr(f"{package}/__init__.py", text)
    return tuple(wheels)


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course with a release, and with one submission in its gradebook."""
    course = make_course(tmp_path_factory.mktemp("whole") / "course")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(release_module, "build_wheels", quick_wheels)
        release(course.root, LAB.name)
    with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}") as gradebook:
        gradebook.add_student("ada")
        gradebook.add_submission(LAB.name, "ada")
    return course


@pytest.fixture
def course(released: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    shutil.copytree(released.root, tmp_path / "course")
    monkeypatch.setattr(release_module, "build_wheels", quick_wheels)
    return Course(tmp_path / "course", released.exchange)


def state(course: Course) -> dict[str, Any]:
    """Return every file of a course, and what its gradebook holds."""
    files = {
        str(path.relative_to(course.root)): path.read_bytes() if path.is_file() else b""
        for path in course.root.rglob("*")
        if "notebooks" not in path.parts
    }
    files.pop("gradebook.db")
    with closing(sqlite3.connect(course.root / "gradebook.db")) as database:
        return files | {"gradebook": list(database.iterdump())}


def change(course: Course, name: str, source: str | None) -> None:
    """Change a cell of the source notebook, or take it out."""
    path = course.root / "notebooks" / LAB.name / NOTEBOOK
    notebook = json.loads(path.read_text("utf-8"))
    cell = cell_of(notebook, name)
    if source is None:
        notebook["cells"].remove(cell)
    else:
        cell["source"] = source
    path.write_text(json.dumps(notebook), "utf-8")


def a_line_of_an_answer(course: Course, patch: pytest.MonkeyPatch) -> None:
    hint = "energies = energies.masked_fill(mask, self.score_mask_value)"
    change(course, "title", f"A hint:\n    {hint}\n")


def an_answer_in_a_wheel(course: Course, patch: pytest.MonkeyPatch) -> None:
    text = "def f(x, past):\n    return x.location_dense(x.location_conv(past).transpose(1, 2))\n"
    patch.setattr(release_module, "build_wheels", lambda *to: quick_wheels(*to, text))


def a_graded_cell_is_gone(course: Course, patch: pytest.MonkeyPatch) -> None:
    change(course, "attention-3-check", None)


def a_notebook_that_nbgrader_cannot_read(course: Course, patch: pytest.MonkeyPatch) -> None:
    change(course, "attention-1", "### BEGIN SOLUTION\nx = 1\n")


def a_builder_that_fails(course: Course, patch: pytest.MonkeyPatch) -> None:
    patch.undo()
    patch.setattr(release_module, "_PROJECT", "[project\n{package}")


def a_full_disk(course: Course, patch: pytest.MonkeyPatch) -> None:
    def build(lab: Any, folder: Path) -> tuple[Path, ...]:
        (folder / "half of a wheel").write_text("half")
        raise OSError(28, os.strerror(28), "half of a wheel")

    patch.setattr(release_module, "build_wheels", build)


def an_impatient_instructor(course: Course, patch: pytest.MonkeyPatch) -> None:
    def build(lab: Any, folder: Path) -> tuple[Path, ...]:
        raise KeyboardInterrupt

    patch.setattr(release_module, "build_wheels", build)


def a_folder_that_cannot_be_moved(course: Course, patch: pytest.MonkeyPatch) -> None:
    renamed = placing._move
    calls: list[Path] = []

    def move(start: Path, end: Path, moved: list[tuple[Path, Path]]) -> None:
        calls.append(start)
        if len(calls) == 4:  # the last of them: students' files to their place
            raise PermissionError(13, os.strerror(13), str(start))
        renamed(start, end, moved)

    patch.setattr(placing, "_move", move)


def a_gradebook_that_is_none(course: Course, patch: pytest.MonkeyPatch) -> None:
    (course.root / "gradebook.db").write_text("no database, but some text that is long enough")


REFUSALS = {
    a_line_of_an_answer: "an answer would leak: attention.ipynb: energies = ",
    an_answer_in_a_wheel: "labkit/__init__.py:f: says 1?[0-9]+% of attention-1 ",
    a_graded_cell_is_gone: "submissions associated with it. Release the graded cells .* nbgrader "
    f"db assignment remove {LAB.name} --force",
    a_notebook_that_nbgrader_cannot_read: "nbgrader generate_assignment failed in .*: .*Error",
    a_builder_that_fails: "building the labkit wheel failed: .*TOML",
    a_full_disk: "all is as before: half of a wheel: No space left on device",
    a_folder_that_cannot_be_moved: "all is as before: .*: Permission denied",
    a_gradebook_that_is_none: "nbgrader generate_assignment failed in .*: .*not a database",
}


@pytest.mark.parametrize("reason", REFUSALS, ids=lambda reason: reason.__name__)
def test_a_refused_release_changes_nothing(
    reason: Callable[..., None], course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    reason(course, monkeypatch)
    broken = reason is a_gradebook_that_is_none
    before = (course.root / "gradebook.db").read_bytes() if broken else state(course)
    with pytest.raises(GraderError, match=REFUSALS[reason]) as caught:
        release(course.root, LAB.name)
    assert str(caught.value).startswith("nothing was released")
    assert "\n" not in str(caught.value)
    after = (course.root / "gradebook.db").read_bytes() if broken else state(course)
    assert after == before


def test_an_interrupted_release_changes_nothing(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_impatient_instructor(course, monkeypatch)
    before = state(course)
    with pytest.raises(KeyboardInterrupt):
        release(course.root, LAB.name)
    assert state(course) == before


def test_a_first_release_that_is_refused_leaves_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = make_course(tmp_path / "course")
    a_full_disk(course, monkeypatch)
    with pytest.raises(GraderError, match="No space left"):
        release(course.root, LAB.name, output=tmp_path / "far" / "away")
    assert {path.name for path in course.root.iterdir()} == {"notebooks", "nbgrader_config.py"}
    assert not (tmp_path / "far").exists()


def test_what_another_program_writes_meanwhile_is_not_overwritten(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    def build(lab: Any, folder: Path) -> tuple[Path, ...]:
        with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}") as gradebook:
            gradebook.update_or_create_student("ben")
        return quick_wheels(lab, folder)

    monkeypatch.setattr(release_module, "build_wheels", build)
    before = state(course)
    with pytest.raises(GraderError, match=r"changed by another program.*run the command again"):
        release(course.root, LAB.name)
    after = state(course)
    assert any("'ben'" in line for line in set(after.pop("gradebook")) - set(before["gradebook"]))
    assert after == {name: content for name, content in before.items() if name != "gradebook"}


def test_a_release_with_submissions_keeps_them_and_takes_new_text(course: Course) -> None:
    change(course, "title", "# Another title")
    made = release(course.root, LAB.name)
    assert made.notebook == course.root / "release" / LAB.name / NOTEBOOK
    for path in (made.notebook, made.folder / NOTEBOOK):
        assert "# Another title" in path.read_text("utf-8")
    with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}") as gradebook:
        assert gradebook.find_submission(LAB.name, "ada")


def test_nbgraders_own_places_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release_module, "build_wheels", quick_wheels)
    settings = (
        'c.CourseDirectory.release_directory = "handed_out"\n'
        f"c.CourseDirectory.db_url = 'sqlite:///{tmp_path}/elsewhere.db'\n"
    )
    course = make_course(tmp_path / "course", settings=settings)
    made = release(course.root, LAB.name)
    assert made.notebook == course.root / "handed_out" / LAB.name / NOTEBOOK
    assert made.notebook.exists()
    assert not (course.root / "gradebook.db").exists()
    with Gradebook(f"sqlite:///{tmp_path}/elsewhere.db") as gradebook:
        assert [assignment.name for assignment in gradebook.assignments] == [LAB.name]


# --- where students' files go --------------------------------------------------------------------


def a_file(folder: Path) -> Path:
    (folder / "notes.txt").write_text("mine")
    return folder / "notes.txt"


def a_folder_with_work(folder: Path) -> Path:
    (folder / "thesis").mkdir()
    (folder / "thesis" / "thesis.tex").write_text("three years")
    return folder / "thesis"


def work_beside_a_release(folder: Path) -> Path:
    quick_wheels(LAB, folder)
    (folder / "marks.ods").write_text("mine")
    return folder


def another_labs_release(folder: Path) -> Path:
    quick_wheels(LAB, folder)
    for wheel in folder.glob("*.whl"):
        wheel.rename(folder / wheel.name.replace("lab1.attention", "lab2.encoder"))
    return folder


def a_source_notebook_alone(folder: Path) -> Path:
    (folder / NOTEBOOK).write_text("{}")
    return folder


def a_folder_named_like_a_file(folder: Path) -> Path:
    quick_wheels(LAB, folder)
    (folder / "README.txt").mkdir()
    return folder


def a_link_to_nowhere(folder: Path) -> Path:
    (folder / "link").symlink_to(folder / "gone")
    return folder / "link"


FOREIGN = {
    a_file: "notes.txt is a file; give a folder",
    a_folder_with_work: r"thesis holds what no release of lab1_attention made \(thesis.tex\); give",
    work_beside_a_release: r"made \(marks.ods\)",
    another_labs_release: r"made \(tacotron2_grader-9.9\+lab2.encoder-py3-none-any.whl",
    a_source_notebook_alone: r"made \(attention.ipynb\)",
    a_folder_named_like_a_file: r"made \(README.txt\)",
    a_link_to_nowhere: "link is a link to nowhere; give a folder",
}


@pytest.mark.parametrize("kind", FOREIGN, ids=lambda kind: kind.__name__)
def test_foreign_things_are_never_deleted(
    kind: Callable[[Path], Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    released: Course,
) -> None:
    (tmp_path / "there").mkdir()
    target = kind(tmp_path / "there")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(GraderError, match=FOREIGN[kind]):
        check_target(target, LAB, apart_from=())
    with pytest.raises(SystemExit) as ended:
        main(["release", LAB.name, "--course", str(released.root), "--output", str(target)])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("grader: ") and said.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("output", ["/proc/x", "/proc/self/fd/x/y", "/dev/null/x", "/sys/kernel/x"])
def test_where_nothing_can_be_written_one_line_says_so(
    output: str, released: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    before = state(released)
    with pytest.raises(SystemExit) as ended:
        main(["release", LAB.name, "--course", str(released.root), "--output", output])
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert said.count("\n") == 1
    assert said.startswith(f"grader: nothing was released, nothing can be written in {output[:5]}")
    assert state(released) == before


@pytest.mark.parametrize("output", [".", "", "..", "notebooks", f"release/{LAB.name}", "release"])
def test_the_courses_own_folders_are_spared(
    output: str, released: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(released.root)
    before = state(released)
    with pytest.raises(GraderError, match=r"cannot go to|holds what no release"):
        release(Path(), LAB.name, output=Path(output))
    assert state(released) == before


def test_an_earlier_release_an_empty_and_a_new_folder_are_taken(tmp_path: Path) -> None:
    earlier = tmp_path / "earlier"
    earlier.mkdir()
    quick_wheels(LAB, earlier)
    for name in (NOTEBOOK, "README.txt"):
        (earlier / name).touch()
    (earlier / ".ipynb_checkpoints").mkdir()
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    for name in ("earlier", "empty", "link", "new", "new/and/deep"):
        check_target(tmp_path / name, LAB, apart_from=())


def test_a_link_to_a_folder_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with scratch_in(tmp_path) as scratch:
        (scratch / "new").mkdir()
        (scratch / "new" / "file").touch()
        with placed([(scratch / "new", tmp_path / "link")]):
            pass
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "file").exists()
