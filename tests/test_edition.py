"""The student edition is whole: whatever travels can be imported where nothing else is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


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
