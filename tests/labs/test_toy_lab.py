"""A lab that is added from outside: its files, its rows in the curriculum, and no other edit."""

from __future__ import annotations

import json
from pathlib import Path
from shutil import copyfile, copytree, ignore_patterns

import pytest

from conftest import ROOT
from course_tools import Ran, fill_in, run
from labs import toy

pytestmark = pytest.mark.slow

SUITES = """
import json
from grader.judge.suite import suite_version
from grader.labs import LABS
print(json.dumps({name: suite_version(lab) for name, lab in LABS.items()}))
"""
GOLDENS = """
from grader.instructor.goldens import check_goldens, write_goldens
from grader.labs import LABS
lab = LABS["lab9_emphasis"]
write_goldens(lab)
print(check_goldens([lab]))
"""


def python(kit: Path, code: str) -> Ran:
    return run(["python", "-c", code], kit, PYTHONPATH=str(kit))


def grader(kit: Path, *arguments: str) -> Ran:
    return run(["python", "-m", "grader.cli", *arguments], kit, PYTHONPATH=str(kit))


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A copy of the kit, and the suites of its labs before the lab is added."""
    kit = tmp_path_factory.mktemp("toy") / "kit"
    for part in ("labkit", "grader"):
        copytree(ROOT / part, kit / part, ignore=ignore_patterns("__pycache__"))
    copyfile(ROOT / "nbgrader_config.py", kit / "nbgrader_config.py")
    ran = python(kit, SUITES)
    assert ran.code == 0, ran.text
    return kit, json.loads(ran.out)


@pytest.fixture(scope="module")
def kit(before: tuple[Path, dict[str, str]]) -> Path:
    toy.add(before[0])
    return before[0]


@pytest.fixture(scope="module")
def released(kit: Path) -> Path:
    """The notebook as students get it."""
    ran = python(kit, GOLDENS)
    assert ran.out == "[]\n", ran.text  # every slip fails, and is told from the others
    ran = grader(kit, "release", toy.NAME)
    assert ran.code == 0, ran.text
    return kit / "student" / toy.NAME / "emphasis.ipynb"


def test_it_is_released_without_its_answers(kit: Path, released: Path) -> None:
    text = released.read_text("utf-8")
    assert text.count("raise NotImplementedError()") == 2
    assert "hstack" not in text and "unbind" not in text
    assert len(list(released.parent.glob("*.whl"))) == 2
    ran = grader(kit, "check", str(released))
    assert (ran.code, ran.out.count("is not written yet")) == (1, 2), ran.text


def test_the_self_check_passes_its_solutions(kit: Path, released: Path) -> None:
    ran = grader(kit, "check", f"notebooks/{toy.NAME}/emphasis.ipynb")
    assert (ran.code, ran.out.count("passed. (1/1)")) == (0, 2), ran.text


def test_a_right_fill_has_full_marks_and_a_wrong_one_none(
    confined: str, kit: Path, released: Path
) -> None:
    right = toy.cells()
    wrong = {
        "emphasis-1": right["emphasis-1"].replace("- self.share", "+ self.share"),
        "emphasis-2": right["emphasis-2"].replace("self.share * before", "before"),
    }
    mixed = wrong | {"emphasis-2": right["emphasis-2"]}
    notebook = json.loads(released.read_text("utf-8"))
    for student, cells in {"ada": right, "ben": wrong, "cleo": mixed, "dan": {}}.items():
        folder = kit / "submitted" / student / toy.NAME
        folder.mkdir(parents=True)
        (folder / released.name).write_text(json.dumps(fill_in(notebook, cells)), "utf-8")
    ran = grader(kit, "grade", ".", "--json")
    assert ran.code == 0, ran.text
    records = {record["student"]: record for record in json.loads(ran.out)}
    points = {student: record["points"] for student, record in records.items()}
    assert points == {"ada": 50, "ben": 0, "cleo": 20, "dan": 0}
    assert records["ben"]["verdicts"][0]["slip"] == "added"


def test_the_marks_of_other_labs_stay_valid(
    before: tuple[Path, dict[str, str]], released: Path
) -> None:
    after = json.loads(python(before[0], SUITES).out)
    assert after.pop(toy.NAME)
    assert after == before[1]


@pytest.mark.parametrize(
    ("gone", "command", "said"),
    [
        (
            f"notebooks/{toy.NAME}",
            ["release", toy.NAME],
            "emphasis.ipynb is missing: labkit/labs/curriculum.py names it",
        ),
        (
            f"grader/labs/{toy.NAME}/instructor/slips.py",
            ["golden", "--check"],
            f"grader/labs/{toy.NAME}/instructor/slips.py is missing: ",
        ),
        (
            f"grader/labs/{toy.NAME}/public.safetensors",
            ["check", f"student/{toy.NAME}/emphasis.ipynb"],
            "public.safetensors is missing: run `grader golden --write`",
        ),
        (
            f"grader/labs/{toy.NAME}/tasks.py",
            ["release", toy.NAME],
            f"there is no grader/labs/{toy.NAME}/tasks.py: add it, or take the lab out",
        ),
    ],
)
def test_what_is_missing_is_said_in_one_line(
    kit: Path, released: Path, tmp_path: Path, gone: str, command: list[str], said: str
) -> None:
    place = kit / gone
    place.rename(tmp_path / "aside")
    try:
        ran = grader(kit, *command)
    finally:
        (tmp_path / "aside").rename(place)
    assert ran.code == 2, ran.text
    assert ran.err.count("\n") == 1 and said in ran.err, ran.err
