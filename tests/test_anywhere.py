"""`make test-anywhere`: every setting reaches the tests, and one that fails is not overlooked."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from conftest import ROOT


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("anywhere", ROOT / "tools/test_anywhere.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "anywhere", module)  # dataclasses look there
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "BUILD", tmp_path / "build")
    return module


def a_test(tmp_path: Path, body: str) -> list[str]:
    path = tmp_path / "test_it.py"
    path.write_text(f"import os\n\ndef test_it():\n    {body}\n", "utf-8")
    return ["--", "-n", "0", "-c", "/dev/null", "--rootdir", str(tmp_path), str(path)]


def test_a_table_says_how_each_went(
    tool: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = a_test(tmp_path, "assert os.environ.get('ATEN_CPU_CAPABILITY') != 'avx2'")
    assert tool.main(["--only", "no-vectors", "--only", "avx2", *wanted]) == 1
    said = capsys.readouterr().out.splitlines()
    assert any(line.startswith("   FAILED ") and "test_it.py::test_it" in line for line in said)
    assert said[-2].split()[:2] == ["no-vectors", "passed"] and "1 passed" in said[-2]
    assert said[-1].split()[:2] == ["avx2", "FAILED"] and "1 failed" in said[-1]
    assert "AssertionError" in (tmp_path / "build/avx2.log").read_text("utf-8")


def test_what_passes_everywhere_is_0(tool: ModuleType, tmp_path: Path) -> None:
    wanted = a_test(tmp_path, "assert os.environ['MKL_CBWR'] == 'COMPATIBLE'")
    assert tool.main(["--only", "mkl-compatible", *wanted]) == 0


def test_one_core_is_one(tool: ModuleType, tmp_path: Path) -> None:
    if "one-core" not in {setting.name for setting in tool.settings()}:
        pytest.skip("needs taskset")
    wanted = a_test(tmp_path, "assert len(os.sched_getaffinity(0)) == 1")
    assert tool.main(["--only", "one-core", *wanted]) == 0


def test_loops_end_with_the_tests(tool: ModuleType) -> None:
    started = []
    popen = tool.subprocess.Popen

    def noted(*arguments: object, **more: object) -> object:
        started.append(popen(*arguments, **more))
        return started[-1]

    tool.subprocess = type("", (), {"Popen": staticmethod(noted)})
    with pytest.raises(ZeroDivisionError), tool.busy_loops(2):
        assert [loop.poll() for loop in started] == [None, None]
        raise ZeroDivisionError
    assert all(loop.poll() is not None for loop in started)


@pytest.mark.parametrize("version", ["9.99", "no such"])
def test_a_python_that_cannot_be_set_up_is_no_pass(tool: ModuleType, version: str) -> None:
    passed, line = tool.run(tool.Setting("x", "", python=version), [])
    assert not passed
    assert line.startswith("could not be set up: ")


def test_an_unknown_setting_is_refused(
    tool: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as error:
        tool.main(["--only", "sse9"])
    assert error.value.code == 2
    assert "'sse9' is not one of: as-it-is, no-vectors" in capsys.readouterr().err


def test_the_list_names_all(tool: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert tool.main(["--list"]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in ("no-vectors", "avx2", "mkl-compatible", "a-quarter"))
