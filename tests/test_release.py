"""What students get: a notebook to fill in and two wheels, the same bytes from the same sources."""

from __future__ import annotations

import ast
import json
import re
import shutil
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

import labkit
from conftest import ROOT
from course_tools import LAB, NOTEBOOK, Course, cell_of, graded_functions, make_course, run
from grader.errors import GraderError
from grader.labs import GRADED, LABS, Graded
from grader.release.edition import GIVES_AWAY, LEFT_OUT, ablate, build_edition, graded_from
from grader.release.leaks import find_leaks, solution_lines
from grader.release.release import Release, build_wheels, release
from grader.submissions.notebook_file import source_of

pytestmark = pytest.mark.lab1


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return make_course(tmp_path_factory.mktemp("release") / "course")


@pytest.fixture(scope="module")
def released(course: Course) -> Callable[[str], Release]:
    """Release a lab as an instructor types it, once."""

    @cache
    def release_once(lab: str) -> Release:
        ran = run(["grader", "release", lab, "--json"], course.root, PYTHONPATH=str(ROOT))
        assert ran.code == 0, ran.text
        said = json.loads(ran.out)  # the course is where one stands
        assert len(said["wheels"]) == 2
        for place in (said["notebook"], said["folder"], *said["wheels"]):
            assert (course.root / place).exists()
        return Release(
            course.root / said["notebook"],
            course.root / said["folder"],
            tuple(course.root / wheel for wheel in said["wheels"]),
        )

    return release_once


@pytest.fixture(scope="module")
def made(released: Callable[[str], Release]) -> Release:
    return released(LAB.name)


# Up to the first thing that is to be written, a notebook runs on the edition alone.
AS_A_STUDENT = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
for cell in json.load(open(sys.argv[1]))["cells"]:
    if cell["cell_type"] == "code":
        done = shell.run_cell("".join(cell["source"]))
        if not done.success:
            error = done.error_before_exec or done.error_in_exec
            print("\\nSTOPPED", cell["id"], type(error).__name__, error)
            break
import grader, labkit
print("FROM", grader.__file__, labkit.__file__)
"""


@pytest.mark.parametrize("name", sorted(LABS))
def test_every_lab_is_released_and_runs_up_to_its_first_task(
    released: Callable[[str], Release], name: str, tmp_path: Path
) -> None:
    made = released(name)
    for wheel in made.wheels:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(tmp_path / "site")
    ran = run(
        ["python", "-c", AS_A_STUDENT, str(made.folder / made.notebook.name)],
        tmp_path,
        PYTHONPATH=str(tmp_path / "site"),
        LABKIT_STATIC="1",
    )
    assert ran.out.count(str(tmp_path / "site")) >= 2, ran.text
    (stopped,) = re.findall(r"^STOPPED (\S+) (.*)", ran.out, re.M)
    first = LABS[name].judged[0]
    assert stopped[0] == f"{first.id}-check", ran.text
    assert "is not written yet" in stopped[1]


def test_the_students_folder_is_complete(course: Course, made: Release) -> None:
    assert made.folder == course.root / "student" / LAB.name
    names = {path.name for path in made.folder.iterdir()}
    assert names == {NOTEBOOK, "README.txt", *(wheel.name for wheel in made.wheels)}
    assert [re.match(r"tacotron2_(\w+)-", wheel.name)[1] for wheel in made.wheels] == [
        "labkit",
        "grader",
    ]
    how_to = (made.folder / "README.txt").read_text("utf-8")
    assert all(wheel.name in how_to for wheel in made.wheels)
    assert "torch==" in how_to
    assert (made.folder / NOTEBOOK).read_bytes() == made.notebook.read_bytes()


def test_the_notebook_asks_for_every_task_and_answers_none(made: Release) -> None:
    notebook = json.loads(made.notebook.read_text("utf-8"))
    for task in LAB.judged:
        source = source_of(cell_of(notebook, task.id))
        assert f"TODO {task.id}" in source
        assert "raise NotImplementedError()" in source
        assert "SOLUTION" not in source
        assert task.id in source_of(cell_of(notebook, f"{task.id}-check"))
    for cell in notebook["cells"]:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


def test_a_wheel_says_what_it_needs(made: Release) -> None:
    for wheel, needed in zip(made.wheels, ("numpy", "tacotron2-labkit=="), strict=True):
        with zipfile.ZipFile(wheel) as archive:
            name = next(n for n in archive.namelist() if n.endswith("METADATA"))
            text = archive.read(name).decode()
        assert f"Requires-Dist: {needed}" in text
        assert "Requires-Dist: torch" in text
        assert "nbgrader" not in text


def test_two_builds_are_the_same_to_the_last_byte(
    made: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("out").mkdir()
    wheels = build_wheels(LAB, Path("out"))
    assert [wheel.name for wheel in wheels] == [wheel.name for wheel in made.wheels]
    assert [w.read_bytes() for w in wheels] == [w.read_bytes() for w in made.wheels]


def test_a_release_can_be_repeated_and_goes_where_it_should(
    course: Course, made: Release, tmp_path: Path
) -> None:
    shutil.copytree(made.folder, tmp_path / "out")
    stale = tmp_path / "out" / made.wheels[0].name.replace("-0.", "-00.")
    stale.touch()  # of an earlier version of the kit
    again = release(course.root, LAB.name, output=tmp_path / "out")
    assert again.folder == tmp_path / "out"
    assert not stale.exists()
    assert {p.name: p.read_bytes() for p in again.folder.iterdir()} == {
        p.name: p.read_bytes() for p in made.folder.iterdir()
    }
    assert again.notebook.read_bytes() == made.notebook.read_bytes()
    assert not [path for path in course.root.iterdir() if path.name.startswith(".release-")]


@pytest.mark.parametrize(
    ("lab", "missing", "message"),
    [
        ("lab9_dancing", None, "no lab is called 'lab9_dancing'; the kit has: .*lab1_attention"),
        (LAB.name, "nbgrader_config.py", "is no course"),
        (LAB.name, f"notebooks/{LAB.name}/{NOTEBOOK}", "source notebook .* is missing"),
    ],
)
def test_wrong_use_is_told(tmp_path: Path, lab: str, missing: str | None, message: str) -> None:
    made = make_course(tmp_path / "course")
    if missing:
        (made.root / missing).unlink()
    with pytest.raises(GraderError, match=message):
        release(made.root, lab)


# --- the guard -----------------------------------------------------------------------------------


SECRETS = {
    "solution": "energies = energies.masked_fill(mask, self.score_mask_value)",
    "mark scheme": "Equivalent reasons count. Half points where a claim is right but no reason is "
    "given.",
    "model answer": "nonlinear, and it takes queries and keys of different sizes.",
}


@pytest.mark.parametrize("kind", SECRETS)
def test_a_planted_answer_is_found(made: Release, tmp_path: Path, kind: str) -> None:
    secrets = solution_lines(ROOT / "notebooks" / LAB.name / NOTEBOOK, LAB)
    assert SECRETS[kind] in secrets
    assert find_leaks(made.folder, secrets, []) == []
    planted = {"source": ["x\n", f'  {SECRETS[kind]}  # said "so"\n']}
    (tmp_path / "some.ipynb").write_text(json.dumps(planted), "utf-8")
    assert find_leaks(tmp_path, secrets, []) == [f"some.ipynb: {SECRETS[kind]}"]


@pytest.mark.parametrize(
    ("member", "content"),
    [
        ("labkit/notebook/hint.py", f"# {SECRETS['solution']}\n"),
        ("grader/instructor/__init__.py", ""),
        ("grader/labs/lab1_attention/instructor/hidden.safetensors", ""),
    ],
)
def test_a_planted_file_is_found(tmp_path: Path, member: str, content: str) -> None:
    secrets = solution_lines(ROOT / "notebooks" / LAB.name / NOTEBOOK, LAB)
    wheel = tmp_path / "some.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("labkit/__init__.py", "")
    assert find_leaks(tmp_path, secrets, []) == []
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr(member, content)
    assert [leak for leak in find_leaks(tmp_path, secrets, []) if member in leak]


@pytest.mark.parametrize("mark", ["BEGIN SOLUTION", "BEGIN MARK SCHEME", "BEGIN HIDDEN TESTS"])
def test_a_mark_of_an_answer_is_found(tmp_path: Path, mark: str) -> None:
    (tmp_path / "some.ipynb").write_text(json.dumps({"source": [f"### {mark}"]}), "utf-8")
    assert find_leaks(tmp_path, set(), []) == [f"some.ipynb: {mark}"]


# --- the student edition -------------------------------------------------------------------------


def test_what_editors_leave_behind_stays_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "labkit"
    shutil.copytree(ROOT / "labkit", package, ignore=shutil.ignore_patterns("__pycache__"))
    reference = package / "tacotron2" / "attention.py"
    names = ("attention.py~", "attention.py.orig", ".attention.py.swp", "attention.py.bak")
    for name in (*names, ".ipynb_checkpoints/attention-checkpoint.py"):
        path = reference.parent / name
        path.parent.mkdir(exist_ok=True)
        shutil.copyfile(reference, path)
    monkeypatch.setattr(labkit, "__file__", str(package / "__init__.py"))
    edition = build_edition(LAB.name, tmp_path / "edition")
    for path in (edition / "labkit").rglob("*.*"):
        if path.is_file():
            assert SECRETS["solution"] not in path.read_text("utf-8", "replace"), path


@pytest.mark.parametrize("lab", sorted({name for name, _ in GRADED}))
def test_an_edition_lacks_the_answers_of_its_lab_and_of_later_ones(
    lab: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LABS, lab, LAB)  # also labs whose tasks are still to be written
    edition = build_edition(lab, tmp_path / "edition")
    missing = graded_from(lab)
    assert missing == [graded for name, graded in GRADED if name >= lab]
    for _, graded in GRADED:
        path = f"labkit/{graded.path}"
        ours = _method(ROOT / path, graded)
        theirs = _method(edition / path, graded)
        assert ast.unparse(theirs.args) == ast.unparse(ours.args)
        assert ast.get_docstring(theirs) == ast.get_docstring(ours)
        if graded not in missing:
            assert ast.unparse(theirs) == ast.unparse(ours)
            continue
        body = theirs.body[1:] if ast.get_docstring(theirs) else theirs.body
        assert len(body) == 1
        assert ast.unparse(body[0]).startswith(f"raise NotImplementedError('{graded.task}: ")


CONFIG = str(ROOT / "configs/voice_small.yaml")


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (
            f"from labkit.cli import main; main(['train', {CONFIG!r}, '--data=a', '--out=b'])",
            "labkit: this edition of the kit cannot train an acoustic model, which would give away",
        ),
        (
            "from labkit.cli import main; main(['say', 'hello'])",
            "labkit: this edition of the kit lacks what a lab still asks for: tacotron2-1: this is",
        ),
        (
            "from labkit.notebook import compare_scoring",
            "ImportError: cannot import name",
        ),
        (
            "import torch; from labkit import Tacotron2, Tacotron2Config; "
            "Tacotron2(Tacotron2Config()).postnet(torch.zeros(1, 80, 5))",
            "NotImplementedError: encoder-1: left out of this edition, because it says what that",
        ),
    ],
)
def test_an_edition_says_why_it_cannot(code: str, says: str, edition: Path, tmp_path: Path) -> None:
    ran = run(["python", "-c", code], tmp_path, PYTHONPATH=str(edition))
    assert ran.code != 0
    assert ran.err.strip().splitlines()[-1].startswith(says), ran.err


@pytest.mark.parametrize("lab", sorted({name for name, _ in GRADED}))
def test_no_other_module_says_what_is_graded(
    lab: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A decoder step anywhere else would show in the layers that it must read."""
    monkeypatch.setitem(LABS, lab, LAB)
    edition = build_edition(lab, tmp_path / "edition")
    for name, last_lab in GIVES_AWAY.items():
        assert (edition / "labkit" / name).exists() == (lab > last_lab)
    for last_lab, method in LEFT_OUT:
        theirs = ast.unparse(_method(edition / "labkit" / method.path, method))
        assert ("left out of this edition" in theirs) == (lab <= last_lab)
    if lab > "lab3_decoder":  # by then the decoder has been written
        return
    for path in (edition / "labkit").rglob("*.py"):
        layers = {"attention_rnn", "decoder_rnn", "linear_projection", "gate_layer"}
        if path.name not in {"decoder.py", "checkpoint.py"}:
            assert not layers <= set(re.findall(r"\w+", path.read_text("utf-8"))), path


def _method(path: Path, graded: Graded) -> ast.FunctionDef:
    (found,) = graded_functions(path.read_text("utf-8"), [graded])
    return found[0]


SOURCE = """\
class A:
    def before(self):
        return "before"

    def graded(self, x: int = 3) -> int:{docstring}
        # secret: above
        y = x + 1  # secret: beside
        if y:
            y += 1
            # secret: inside, at the end
        return y
        # secret: below

            # secret: further in

    # about the next one
    def after(self):
        return "after"
"""


@pytest.mark.parametrize(
    "docstring", ["", '\n        """Say it.\n\n        At length.\n        """']
)
def test_ablation_takes_the_body_with_its_comments(docstring: str) -> None:
    source = SOURCE.format(docstring=docstring)
    assert source.count("secret") == 5
    ablated = ablate(source, [Graded("a", "A", "graded", "a-1")])
    assert "secret" not in ablated
    assert "# about the next one" in ablated
    names: dict = {}
    exec(ablated, names)
    assert names["A"]().before() == "before"
    assert names["A"]().after() == "after"
    with pytest.raises(NotImplementedError, match="a-1"):
        names["A"]().graded()
    assert bool(names["A"].graded.__doc__) == bool(docstring)


def test_a_method_that_has_moved_is_missed() -> None:
    with pytest.raises(GraderError, match=r"A\.gone is not in labkit\.tacotron2\.a"):
        ablate(SOURCE.format(docstring=""), [Graded("tacotron2.a", "A", "gone", "a-1")])
