"""What is committed: notebooks without outputs, and the hook that keeps it so."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from conftest import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*/*.ipynb"))


def run_hook(path: Path) -> None:
    (repository,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    hook = next(hook for hook in repository["hooks"] if hook["id"] == "strip-notebook-outputs")
    program, *arguments = shlex.split(hook["entry"])
    program = str(Path(sys.executable).parent / Path(program).name)
    subprocess.run([program, *arguments, str(path)], check=True)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_hook_leaves_a_committed_notebook_as_it_is(notebook: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copy(notebook, tmp_path))
    run_hook(copy)
    assert copy.read_bytes() == notebook.read_bytes()


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_hook_strips_outputs_and_keeps_ids(notebook: Path, tmp_path: Path) -> None:
    content = json.loads(notebook.read_text("utf-8"))
    code = next(cell for cell in content["cells"] if cell["cell_type"] == "code")
    code["execution_count"] = 7
    code["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["run"]}]
    dirty = tmp_path / notebook.name
    dirty.write_text(json.dumps(content), "utf-8")
    run_hook(dirty)
    stripped = json.loads(dirty.read_text("utf-8"))
    assert stripped == json.loads(notebook.read_text("utf-8"))


def test_no_file_is_too_large_and_all_together_are_not() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    ).stdout
    sizes = [(ROOT / name).stat().st_size for name in listed.split("\0") if name]
    assert len(sizes) > 50
    assert max(sizes) <= 12_000_000
    assert sum(sizes) <= 60_000_000
