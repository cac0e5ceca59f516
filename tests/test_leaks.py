"""Nothing that belongs to the instructor reaches a student.

A copy of the kit gets a token of its own at every place that holds an answer. A lab is released
and a class is graded from that copy, and no token may be in anything that students get.
"""

from __future__ import annotations

import ast
import json
import re
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile, copytree, ignore_patterns
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from safetensors import safe_open

from conftest import RIGHT_WHERE_IT_SHOWS, ROOT, fill
from course_tools import (
    LAB,
    NOTEBOOK,
    Course,
    Ran,
    cell_of,
    fill_in,
    graded_functions,
    make_course,
    run,
    shown,
)
from grader.judge.golden import PLACES, golden_file
from grader.labs import GRADED
from grader.release.edition import graded_from

pytestmark = [pytest.mark.slow, pytest.mark.lab1]

RIGHT = fill()
SLIP = fill(
    attention_3="""
        energies = self.get_alignment_energies(query, processed_memory, attention_weights_cat)
        weights = F.softmax(energies, dim=1)
        return torch.bmm(weights.unsqueeze(1), memory).squeeze(1), weights
    """
)
LABEL_WRITER = """
import json, sys
from safetensors import safe_open
from safetensors.torch import save_file
path, label = sys.argv[1:]
with safe_open(path, framework="pt") as file:
    metadata = file.metadata()
    tensors = {name: file.get_tensor(name) for name in file.keys()}
index = json.loads(metadata["cases"])
for task in index:
    for number, case in enumerate(index[task]):
        case["label"] += f" {label}-{task}-{number}."
save_file(tensors, path, metadata={"cases": json.dumps(index)})
"""


@dataclass
class Canary:
    """A copy of the kit with tokens in it, and what was made from it."""

    kit: Path
    course: Course
    tokens: dict[str, str]  # place -> token

    def run(self, *command: str, folder: Path | None = None) -> Ran:
        return run(list(command), folder or self.course.root, PYTHONPATH=str(self.kit))

    def grader(self, *arguments: str) -> Ran:
        return self.run("python", "-m", "grader.cli", *arguments)

    @property
    def handed_out(self) -> Path:
        return self.course.root / "student" / LAB.name


def plant_in_notebook(path: Path, token: Any) -> None:
    notebook = json.loads(path.read_text("utf-8"))
    for task in LAB.judged:
        cell = cell_of(notebook, task.id)
        source = "".join(cell["source"])
        assert source.count("### BEGIN SOLUTION\n") == 1
        comment, string = token(f"{task.id} comment"), token(f"{task.id} string")
        cell["source"] = source.replace(
            "### BEGIN SOLUTION\n",
            f"### BEGIN SOLUTION\n        # {comment}\n        '{string}'\n",
        )
        cell["outputs"] = [
            {"output_type": "stream", "name": "stdout", "text": token(f"{task.id} output")}
        ]
    for task in LAB.tasks:
        if task.manual:
            answer = cell_of(notebook, task.id)
            answer["source"] = "".join(answer["source"]) + f"\n\n{token('model answer')}"
            question = cell_of(notebook, f"{task.id}-text")
            source = "".join(question["source"])
            scheme = token("mark scheme")
            question["source"] = source.replace("=== END MARK", f"{scheme}\n\n=== END MARK")
            assert scheme in question["source"]
    path.write_text(json.dumps(notebook), "utf-8")


def plant_in_methods(kit: Path, token: Any) -> None:
    for name in {graded.path for _, graded in GRADED}:
        path = kit / "labkit" / name
        lines = path.read_text("utf-8").splitlines()
        wanted = [graded for _, graded in GRADED if graded.path == name]
        found = graded_functions("\n".join(lines), wanted)
        assert len(found) == len(wanted)
        for item, graded in sorted(found, key=lambda pair: -pair[0].lineno):
            name = graded.name
            last = item.body[0] if ast.get_docstring(item) else None
            top = last.end_lineno if last else item.body[0].lineno - 1
            indent = " " * item.body[0].col_offset
            lines.insert(item.end_lineno, f"{indent}# {token(name + ' below')}")
            lines.insert(top, f"{indent}# {token(name + ' above')}\n{indent}{token(name)!r}")
        path.write_text("\n".join(lines) + "\n", "utf-8")


@pytest.fixture(scope="module")
def canary(confined: str, tmp_path_factory: pytest.TempPathFactory) -> Canary:
    kit = tmp_path_factory.mktemp("canary") / "kit"
    for part in ("labkit", "grader", "notebooks"):
        copytree(ROOT / part, kit / part, ignore=ignore_patterns("__pycache__"))
    copyfile(ROOT / "nbgrader_config.py", kit / "nbgrader_config.py")
    tokens: dict[str, str] = {}

    def token(place: str) -> str:
        tokens[place] = f"canary{len(tokens):03d}{hash(place) & 0xFFFFFFFF:08x}canary"
        return tokens[place]

    course = make_course(kit.parent / "course")
    plant_in_notebook(course.root / "notebooks" / LAB.name / NOTEBOOK, token)
    plant_in_methods(kit, token)
    for path in sorted((kit / "grader").rglob("instructor/*.py")):
        path.write_text(
            path.read_text("utf-8") + f"\n# {token(f'hidden {path.relative_to(kit)}')}\n", "utf-8"
        )
    made = Canary(kit, course, tokens)
    golden = kit / "grader" / "labs" / LAB.name / PLACES["hidden"]
    label = token("hidden label")
    assert made.run("python", "-c", LABEL_WRITER, str(golden), label).code == 0
    return made


@pytest.fixture(scope="module")
def released(canary: Canary) -> Canary:
    ran = canary.grader("release", LAB.name)
    assert ran.code == 0, ran.text
    return canary


@pytest.fixture(scope="module")
def graded(released: Canary) -> Canary:
    """The class handed in, was graded both ways, and got its feedback both ways."""
    course = released.course
    course.hand_in("ada", RIGHT | {"attention-4": "An answer."})
    course.hand_in("cleo", SLIP)
    course.hand_in("dan")
    course.hand_in("fay", RIGHT_WHERE_IT_SHOWS)
    for command in (
        ["nbgrader", "autograde", LAB.name],
        ["nbgrader", "generate_feedback", LAB.name],
        ["python", "-m", "grader.cli", "grade", str(course.root), "--output", "judged"],
    ):
        ran = released.run(*command)
        assert ran.code == 0, ran.text
    return released


def members(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Return every file of a folder, and every file in its wheels."""
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".whl":
            with zipfile.ZipFile(path) as wheel:
                for name in wheel.namelist():
                    yield f"{path.name}:{name}", wheel.read(name)
        elif path.is_file():
            yield str(path.relative_to(folder)), path.read_bytes()


def found_in(folder: Path, tokens: dict[str, str]) -> list[tuple[str, str]]:
    return [
        (place, name)
        for name, content in members(folder)
        for place, token in tokens.items()
        if token.encode() in content
    ]


def test_every_token_lies_where_an_answer_lies(canary: Canary) -> None:
    places = {place for place, _ in found_in(canary.kit / "labkit", canary.tokens)}
    for _, graded_method in GRADED:
        name = graded_method.name
        assert {name, f"{name} above", f"{name} below"} <= places
    places |= {place for place, _ in found_in(canary.kit / "grader", canary.tokens)}
    places |= {place for place, _ in found_in(canary.course.root / "notebooks", canary.tokens)}
    assert places == set(canary.tokens)
    assert {
        "mark scheme",
        "model answer",
        "hidden label",
        "hidden grader/labs/lab1_attention/instructor/cases.py",
    } <= places
    assert {f"{task.id} {kind}" for task in LAB.judged for kind in ("comment", "string")} <= places


def test_no_token_is_in_what_students_get(released: Canary) -> None:
    names = [name for name, _ in members(released.handed_out)]
    assert NOTEBOOK in names
    assert sum(name.endswith("labkit/tacotron2/attention.py") for name in names) == 1
    assert found_in(released.handed_out, released.tokens) == []
    assert found_in(released.course.root / "release", released.tokens) == []


def test_no_number_of_a_hidden_case_is_in_what_students_get(released: Canary) -> None:
    golden = golden_file(LAB, "hidden")
    with safe_open(golden, framework="pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    # four numbers in a row do not come twice
    parts = {
        name: tensor.flatten()[:4].contiguous().numpy().tobytes()
        for name, tensor in tensors.items()
        if tensor.is_floating_point() and tensor.numel() >= 4 and tensor.flatten()[:4].all()
    }
    assert len(parts) > 50
    everything = b"\0".join(content for _, content in members(released.handed_out))
    assert not [name for name, part in parts.items() if part in everything]
    public = golden_file(LAB, "public")
    with safe_open(public, framework="pt") as file:  # so that the search can find something
        first = file.get_tensor(next(iter(file.keys()))).flatten()[:4].numpy().tobytes()
    assert first in everything


def test_no_token_is_in_feedback(graded: Canary) -> None:
    label = graded.tokens["hidden label"]
    for folder in (graded.course.root / "feedback", graded.course.root / "judged" / "feedback"):
        pages = {path.parts[-3]: path.read_text("utf-8") for path in folder.rglob("*.html")}
        assert set(pages) == {"ada", "cleo", "dan", "fay"}
        # what is special about a hidden case is told to whom it catches, and to nobody else
        assert label in pages.pop("fay")
        assert not [
            (student, place)
            for student, page in pages.items()
            for place, token in graded.tokens.items()
            if token in page
        ]
    others = {place: token for place, token in graded.tokens.items() if token != label}
    assert found_in(graded.course.root / "feedback", others) == []
    assert found_in(graded.course.root / "judged" / "feedback", others) == []


def test_graders_see_the_mark_scheme_and_nothing_else(graded: Canary) -> None:
    places = {place for place, _ in found_in(graded.course.root / "autograded", graded.tokens)}
    assert places == {"mark scheme", "hidden label"}


# --- the student edition -------------------------------------------------------------------------


@dataclass
class Student:
    """Somebody who has installed the two wheels."""

    site: Path
    home: Path

    def run(self, *command: str) -> Ran:
        return run(list(command), self.home, PYTHONPATH=str(self.site))

    def python(self, code: str) -> Ran:
        return self.run("python", "-c", code)

    def grader(self, *arguments: str) -> Ran:
        return self.run("python", str(self.site / "bin" / "grader"), *arguments)

    def write(self, name: str, cells: dict[str, str]) -> Path:
        path = self.home / name
        notebook = json.loads((self.home / NOTEBOOK).read_text("utf-8"))
        path.write_text(json.dumps(fill_in(notebook, cells)), "utf-8")
        return path

    def execute(self, name: str, cells: dict[str, str], *, errors: bool) -> dict[str, Any]:
        notebook = nbformat.read(self.write(name, cells), as_version=4)
        client = NotebookClient(
            notebook,
            timeout=200,
            kernel_name="python3",
            allow_errors=errors,
            resources={"metadata": {"path": str(self.home)}},
        )
        client.execute(
            env={"PYTHONPATH": str(self.site), "PATH": str(Path(sys.executable).parent)}
            | {"HOME": str(self.home), "OMP_NUM_THREADS": "1"}
        )
        return notebook


@pytest.fixture(scope="module")
def student(released: Canary) -> Student:
    base = released.course.root.parent
    found = Student(base / "site", base / "home")
    found.home.mkdir()
    wheels = sorted(map(str, released.handed_out.glob("*.whl")))
    pip = ["python", "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    ran = run([*pip, "--target", str(found.site), *wheels], found.home)
    assert ran.code == 0, ran.text
    copyfile(released.handed_out / NOTEBOOK, found.home / NOTEBOOK)
    return found


def test_the_student_edition_is_what_runs(student: Student) -> None:
    ran = student.python("import grader, labkit; print(grader.__file__, labkit.__file__)")
    assert ran.out.count(str(student.site)) == 2, ran.text
    assert student.python("from grader import check; print(check.__doc__)").code == 0


@pytest.mark.parametrize("part", ["instructor", "course", "release", "nbgrader", "demo"])
def test_the_instructors_part_is_not_there(student: Student, part: str) -> None:
    assert not list((student.site / "grader").rglob(f"{part}*"))


def test_hidden_cases_cannot_be_imported_or_loaded(student: Student) -> None:
    ran = student.python(
        "from grader.judge.golden import hidden_cases\n"
        "from grader.labs import LABS\n"
        "print(any(hidden_cases(lab) for lab in LABS.values()))\n"
        "import grader.instructor"
    )
    assert ran.out.strip() == "False"
    assert "No module named 'grader.instructor'" in ran.err


def test_graded_methods_say_whose_they_are(student: Student) -> None:
    ran = student.python(
        "import torch\n"
        "from labkit.tacotron2 import LocationLayer\n"
        "LocationLayer(4, 3, 5)(torch.zeros(1, 2, 6))"
    )
    assert "NotImplementedError: attention-1: this is yours to write" in ran.err
    code = "import inspect, importlib\n" + "".join(
        f"print(inspect.getsource(importlib.import_module('labkit.{g.module}').{g.name}))\n"
        for g in graded_from(LAB.name)
    )
    said = student.python(code)
    assert said.code == 0, said.err
    assert said.out.count("this is yours to write") == len(graded_from(LAB.name))


def test_the_self_check_passes_what_is_right(student: Student) -> None:
    ran = student.grader("check", str(student.write("right.ipynb", RIGHT)))
    assert ran.code == 0, ran.text
    assert ran.out.count("✓") == len(LAB.judged)
    assert "self-check on the public cases" in ran.out


def test_the_self_check_names_what_is_wrong(student: Student) -> None:
    ran = student.grader("check", str(student.write("wrong.ipynb", SLIP)))
    assert ran.code == 1, ran.text
    assert "✗ attention-3: The mask is not used." in ran.out
    assert "Ask yourself:" in ran.out


def test_students_have_no_command_to_grade_with(student: Student) -> None:
    ran = student.grader("grade", ".")
    assert ran.code == 2
    assert "invalid choice: 'grade'" in ran.err
    assert "release" not in student.grader("--help").out


def test_a_filled_notebook_runs_from_top_to_bottom(student: Student) -> None:
    notebook = student.execute("filled.ipynb", RIGHT, errors=False)
    for task in LAB.judged:
        assert f"✓ {task.id}" in shown(notebook, f"{task.id}-check")
    for name in views(notebook):
        kinds = {kind for output in cell_of(notebook, name)["outputs"] for kind in output["data"]}
        assert "image/png" in kinds, name


def test_an_empty_notebook_says_what_is_to_do(student: Student) -> None:
    notebook = student.execute("empty.ipynb", {}, errors=True)
    for task in LAB.judged:
        said = shown(notebook, f"{task.id}-check")
        assert f"{task.id} has not passed yet: " in said
        assert "is not written yet" in said
    for name in views(notebook):
        outputs = cell_of(notebook, name)["outputs"]
        assert not [output for output in outputs if output["output_type"] == "error"], name
        assert re.search(r"attention-\d is not filled in yet", shown(notebook, name)), name
    stopped = {
        cell["id"]
        for cell in notebook["cells"]
        if any(o["output_type"] == "error" for o in cell.get("outputs", []))
    }
    assert stopped == {f"{task.id}-check" for task in LAB.judged}


def views(notebook: dict[str, Any]) -> list[str]:
    """Return the ids of the cells with an interactive view of what was written."""
    found = [
        cell["id"]
        for cell in notebook["cells"]
        if cell["cell_type"] == "code" and cell["source"].startswith(("explore_", "compare_"))
    ]
    assert len(found) >= 3
    return found
