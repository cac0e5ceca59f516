"""Makes what students get: the release notebook and two wheels, with no answer in them."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from grader.course.placing import check_target, placed, scratch_in
from grader.errors import GraderError
from grader.labs import find_lab
from grader.labs.base import Lab
from grader.release.edition import build_edition
from grader.release.generate import generate, search_path
from grader.release.leaks import find_leaks, reference_answers, solution_lines, solutions

DISTRIBUTION = "tacotron2-lab-kit"

_PROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "{name}"
version = "{version}"
description = "{description}"
license = "BSD-3-Clause"
requires-python = ">=3.10"
dependencies = {dependencies}
{scripts}
[tool.hatch.build.targets.wheel]
packages = ["{package}"]
"""

_HOW_TO = """\
{title}

1. python -m venv .venv
2. .venv/bin/pip install {torch} {wheels}     (Windows: .venv\\Scripts\\pip)
3. .venv/bin/jupyter lab {notebook}

Fill the cells marked TODO; run the check below each.
.venv/bin/grader check {notebook} checks them all.
"""


@dataclass(frozen=True)
class Release:
    """What a release made.

    Attributes:
        notebook: the release notebook in nbgrader's release folder.
        folder: the folder to hand to students.
        wheels: the two student wheels in it.
    """

    notebook: Path
    folder: Path
    wheels: tuple[Path, ...]


def run_nbgrader(course: Path, *arguments: str) -> str:
    """Run an nbgrader command in a course and return what it printed.

    Raises:
        GraderError: it failed; the message holds its last lines.
    """
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course,
        env=os.environ | {"PATH": search_path()},
        capture_output=True,
        text=True,
        errors="replace",
    )
    printed = done.stdout + done.stderr
    if done.returncode != 0:
        lines = [line for line in printed.splitlines() if "ERROR" in line or "Error" in line]
        raise GraderError(
            f"nbgrader {arguments[0]} failed in {course}: "
            + " / ".join(lines[-3:] or printed.splitlines()[-3:])
        )
    return printed


def _requirements() -> list[str]:
    """Return what the kit needs to run and to open notebooks."""
    found = []
    for requirement in importlib.metadata.requires(DISTRIBUTION) or []:
        text, _, marker = requirement.partition(";")
        if "extra" not in marker or re.search(r"extra == ['\"]lab['\"]", marker):
            found.append(text.strip())
    return [text for text in found if not text.startswith(DISTRIBUTION)]


def build_wheels(lab: Lab, target: Path) -> tuple[Path, ...]:
    """Build the two student wheels of a lab into a folder.

    Raises:
        GraderError: the build failed.
    """
    target = target.resolve()  # the builder runs in a folder of its own
    version = f"{importlib.metadata.version(DISTRIBUTION)}+{lab.name.replace('_', '.')}"
    wheels = []
    with tempfile.TemporaryDirectory(prefix="grader-") as scratch:
        edition = build_edition(lab.name, Path(scratch) / "edition")
        parts = {
            "labkit": (_requirements(), "Tacotron 2 Lab Kit: the package, student edition"),
            "grader": (
                [f"tacotron2-labkit=={version}", "torch", "safetensors"],
                "Tacotron 2 Lab Kit: the self-check",
            ),
        }
        for package, (requirements, description) in parts.items():
            stage = Path(scratch) / package
            shutil.copytree(edition / package, stage / package)
            (stage / "pyproject.toml").write_text(
                _PROJECT.format(
                    name=f"tacotron2-{package}",
                    version=version,
                    description=description,
                    dependencies=json.dumps(requirements),
                    scripts=f'[project.scripts]\n{package} = "{package}.cli:main"\n',
                    package=package,
                ),
                "utf-8",
            )
            done = subprocess.run(
                [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)],
                cwd=stage,
                capture_output=True,
                text=True,
                env=os.environ | {"SOURCE_DATE_EPOCH": "1577836800"},  # equal sources, equal wheels
            )
            if done.returncode != 0:
                said = done.stderr.strip().splitlines() or ["it printed nothing"]
                raise GraderError(
                    f"nothing was released, building the {package} wheel failed: {said[-1][-500:]}"
                )
            (wheel,) = target.glob(f"tacotron2_{package}-*.whl")
            wheels.append(wheel)
    return tuple(wheels)


def release(course: Path, lab_name: str, *, output: Path | None = None) -> Release:
    """Generate the release notebook with nbgrader and build the student wheels.

    All or nothing: everything is made and looked through aside, and only then put in its place.
    Where anything fails, the release before and the gradebook stay as they were.

    Args:
        course: folder with ``nbgrader_config.py`` and the source notebooks.
        lab_name: the lab.
        output: folder for what students get; ``student/LAB`` of the course if None. It must be
            new, empty, or an earlier release of the lab.

    Raises:
        GraderError: the course has no such lab, the folder cannot be had or holds other things,
            nbgrader refused, a build failed, or an answer would leak.
    """
    lab = find_lab(lab_name)
    if not (course / "nbgrader_config.py").exists():
        raise GraderError(f"{course} is no course: it has no nbgrader_config.py")
    source = course / "notebooks" / lab.name / f"{lab.notebook}.ipynb"
    if not source.exists():
        raise GraderError(
            f"the source notebook {source} is missing: labkit/labs/curriculum.py names it; "
            "add it, or take the lab out of the curriculum"
        )
    folder = output or course / "student" / lab.name
    try:
        check_target(folder, lab, apart_from=(course / "release" / lab.name, source.parent))
        with scratch_in(course) as aside, scratch_in(folder.resolve().parent) as beside:
            made = generate(course, lab.name, aside)
            check_target(folder, lab, apart_from=(Path(made.place),))
            students = beside / lab.name
            wheels = _fill(students, lab, Path(made.made) / source.name)
            lines = solution_lines(source, lab)
            leaks = find_leaks(students, lines, reference_answers(lab) + solutions(source, lab))
            if leaks:
                raise GraderError(
                    "nothing was released, an answer would leak: " + "; ".join(leaks[:5])
                )
            with placed([(Path(made.made), Path(made.place)), (students, folder)]):
                made.keep_gradebook()
    except OSError as error:
        what = f"{error.filename}: " if error.filename else ""
        raise GraderError(
            f"nothing was released, all is as before: {what}{error.strerror or error}"
        ) from None
    place = course / "release" / lab.name
    if place.resolve() != Path(made.place).resolve():  # nbgrader's configuration says another one
        place = Path(made.place)
    return Release(place / source.name, folder, tuple(folder / name for name in wheels))


def _fill(folder: Path, lab: Lab, notebook: Path) -> list[str]:
    """Make the folder that students get; return the names of the wheels."""
    folder.mkdir()
    shutil.copyfile(notebook, folder / notebook.name)
    wheels = [wheel.name for wheel in build_wheels(lab, folder)]
    torch = f"torch=={importlib.metadata.version('torch').split('+')[0]}"
    (folder / "README.txt").write_text(
        _HOW_TO.format(
            title=lab.title, torch=torch, wheels=" ".join(wheels), notebook=notebook.name
        ),
        "utf-8",
    )
    return wheels
