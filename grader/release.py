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
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.edition import build_edition
from grader.errors import GraderError
from grader.notebook_file import identity_of, source_of
from grader.tasks import find_lab
from grader.tasks.base import Lab

DISTRIBUTION = "tacotron2-lab-kit"

_ANSWER = re.compile(r"BEGIN (?:SOLUTION|MARK SCHEME|HIDDEN TESTS)(.*?)(?:###|===) END ", re.S)
_SECRET_MARKS = ("BEGIN SOLUTION", "END SOLUTION", "BEGIN HIDDEN TESTS", "BEGIN MARK SCHEME")
_TELLING = 30  # a line of a solution shorter than this may stand elsewhere by chance

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
    # nbgrader starts alembic by its bare name, also in a course that is not configured for the kit
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course,
        env=os.environ | {"PATH": path},
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
                raise GraderError(f"building the {package} wheel failed: {done.stderr[-500:]}")
            (wheel,) = target.glob(f"tacotron2_{package}-*.whl")
            wheels.append(wheel)
    return tuple(wheels)


def solution_lines(notebook: Path, lab: Lab) -> set[str]:
    """Return the telling lines of a source notebook's solutions, model answers and mark schemes."""
    written = {task.id for task in lab.tasks if task.manual}
    regions = []
    for cell in json.loads(notebook.read_text("utf-8"))["cells"]:
        source = source_of(cell)
        regions += [match.group(1) for match in _ANSWER.finditer(source)]
        if identity_of(cell) & written:
            regions.append(source)
    lines = (line.split("  #")[0].strip() for region in regions for line in region.splitlines())
    return {line for line in lines if len(line) >= _TELLING and not line.startswith("#")}


def _texts(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".whl":
            with zipfile.ZipFile(path) as wheel:
                for name in wheel.namelist():
                    yield f"{path.name}:{name}", wheel.read(name).decode("utf-8", "replace")
        elif path.is_file():
            yield path.name, path.read_text("utf-8", "replace")


def find_leaks(folder: Path, secrets: set[str]) -> list[str]:
    """Look for solutions, hidden cases and marks of them in what students get.

    Args:
        folder: with the release notebook and the wheels.
        secrets: lines that must not appear anywhere.
    """
    leaks = []
    for name, text in _texts(folder):
        if "/hidden/" in name:
            leaks.append(f"{name}: belongs to the instructor")
        is_notebook = name.endswith(".ipynb")
        leaks += [f"{name}: {mark}" for mark in _SECRET_MARKS if is_notebook and mark in text]
        # in a notebook's JSON quotes and backslashes are escaped
        leaks += [
            f"{name}: {secret}"
            for secret in secrets
            if (json.dumps(secret)[1:-1] if is_notebook else secret) in text
        ]
    return leaks


def release(course: Path, lab_name: str, *, output: Path | None = None) -> Release:
    """Generate the release notebook with nbgrader and build the student wheels.

    Args:
        course: folder with ``nbgrader_config.py`` and the source notebooks.
        lab_name: the lab.
        output: folder for what students get; ``student/LAB`` of the course if None.

    Raises:
        GraderError: the course has no such lab, a build failed, or an answer would leak.
    """
    lab = find_lab(lab_name)
    if not (course / "nbgrader_config.py").exists():
        raise GraderError(f"{course} is no course: it has no nbgrader_config.py")
    source = course / "notebooks" / lab.name / f"{lab.notebook}.ipynb"
    if not source.exists():
        raise GraderError(f"the source notebook {source} is missing")
    run_nbgrader(course, "generate_assignment", lab.name, "--force", "--create")
    notebook = course / "release" / lab.name / f"{lab.notebook}.ipynb"
    folder = output or course / "student" / lab.name
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    shutil.copyfile(notebook, folder / notebook.name)
    wheels = build_wheels(lab, folder)
    torch = f"torch=={importlib.metadata.version('torch').split('+')[0]}"
    (folder / "README.txt").write_text(
        _HOW_TO.format(
            title=lab.title,
            torch=torch,
            wheels=" ".join(wheel.name for wheel in wheels),
            notebook=notebook.name,
        ),
        "utf-8",
    )
    leaks = find_leaks(folder, solution_lines(source, lab))
    if leaks:
        shutil.rmtree(folder)
        raise GraderError("nothing was released, an answer would leak: " + "; ".join(leaks[:5]))
    return Release(notebook, folder, wheels)
