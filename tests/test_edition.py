"""The student edition is whole: whatever travels can be imported where nothing else is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import labkit
from grader.release.edition import STUDENT_ROOMS, build_edition


def test_every_module_of_the_grader_finds_what_it_needs(edition: Path) -> None:
    modules = [
        ".".join(path.relative_to(edition).with_suffix("").parts).removesuffix(".__init__")
        for path in sorted((edition / "grader").rglob("*.py"))
    ]
    assert "grader.selfcheck.check" in modules
    script = "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)\n"
    done = subprocess.run(
        [sys.executable, "-c", script, *modules],
        capture_output=True,
        text=True,
        cwd=edition,
        env=os.environ | {"PYTHONPATH": str(edition)},
    )
    assert done.returncode == 0, done.stderr


def test_a_room_that_nobody_named_stays_at_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit = tmp_path / "kit" / "labkit"
    shutil.copytree(Path(labkit.__path__[0]), kit, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("solved/answers.py", "labs/lab1_attention/instructor/scheme.md", "notes.txt"):
        (kit / name).parent.mkdir(exist_ok=True)
        (kit / name).write_text("an answer", "utf-8")
    monkeypatch.setattr(labkit, "__path__", [str(kit)])
    made = build_edition("lab1_attention", tmp_path / "made")
    assert {path.name for path in (made / "labkit").iterdir()} <= {
        *STUDENT_ROOMS["labkit"],
        *("tacotron2", "vocoders"),  # as registered models
    }
    assert not [path for path in made.rglob("*") if path.name in ("instructor", "scheme.md")]
