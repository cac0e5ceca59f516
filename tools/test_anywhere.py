"""Run the tests as if on other machines: with the processor held back, slowed down, other Pythons.

    python tools/test_anywhere.py                      # everything; takes hours
    python tools/test_anywhere.py --list
    python tools/test_anywhere.py --only no-vectors --only one-core
    python tools/test_anywhere.py --only avx2 -- tests/test_golden.py tests/test_vocos.py

What stands behind ``--`` is handed to pytest in place of the usual choice, which is all tests but
those with a browser. A table at the end says how each setting went, build/anywhere/ keeps what
pytest said, and the exit status is 1 if any setting failed. Other Pythons (3.10 to 3.13, on PATH
or of pyenv) get an environment in build/anywhere/ once, which takes the package index and some
gigabytes; one that cannot be set up counts as failed.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
BUILD = ROOT / "build" / "anywhere"
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
USUAL = ("-m", "not browser", "--dist", "loadfile")
PATIENCE = 1800  # seconds for one test, where the usual limit would be one on the machine
BUSY_PER_CORE = 3  # beside one test on each core: a quarter is left


@dataclass(frozen=True)
class Setting:
    """One machine to be like.

    Attributes:
        name: for ``--only`` and the table.
        about: what it stands for.
        variables: of the environment; PyTorch, oneDNN and MKL read them when they start.
        before: words that stand before the command.
        jobs: tests at a time.
        busy: loops that run beside it.
        python: version of another Python; this one if empty.
    """

    name: str
    about: str
    variables: dict[str, str] = field(default_factory=dict)
    before: tuple[str, ...] = ()
    jobs: int = 2
    busy: int = 0
    python: str = ""


def settings() -> list[Setting]:
    """Return what can be tried on this machine."""
    found = [
        Setting("as-it-is", "this machine"),
        Setting(
            "no-vectors",
            "a processor without vector instructions: sums and exponentials round otherwise",
            {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41"},
        ),
        Setting(
            "avx2",
            "a processor without AVX-512",
            {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"},
        ),
        Setting(
            "mkl-compatible",
            "MKL's one way for all processors",
            {"MKL_CBWR": "COMPATIBLE"},
        ),
        Setting(
            "a-quarter",
            "a machine four times slower: loops that keep every core busy",
            jobs=os.cpu_count() or 1,
            busy=BUSY_PER_CORE * (os.cpu_count() or 1),
        ),
    ]
    if shutil.which("taskset"):
        found.append(Setting("one-core", "a single core", before=("taskset", "-c", "0"), jobs=0))
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    for version in PYTHONS:
        if version != here and interpreter(version):
            found.append(Setting(f"python{version}", f"Python {version}", python=version))
    return found


def interpreter(version: str) -> str | None:
    """Return the path of a Python of this version, if one that runs is found."""
    of_pyenv = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}"))
    for path in [*map(str, reversed(of_pyenv)), shutil.which(f"python{version}")]:
        if path and not subprocess.run([path, "-c", ""], capture_output=True).returncode:
            return path
    return None


def environment(version: str) -> str:
    """Return the Python of an environment of that version, made as `make setup` makes its own.

    Raises:
        subprocess.CalledProcessError: it cannot be made.
    """
    if not version:
        return sys.executable
    folder = BUILD / f"venv-{version}"
    python = str(folder / "bin" / "python")
    if not (folder / ".installed").exists():
        pinned = (ROOT / "constraints.txt").read_text("utf-8")
        (torch,) = re.findall(r"^torch==\S+", pinned, re.MULTILINE)
        print(f"   setting up {folder} (once; needs the package index)", flush=True)
        subprocess.run([interpreter(version) or version, "-m", "venv", str(folder)], check=True)
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, torch], check=True)
        subprocess.run([*install, "-c", "constraints.txt", "-e", ".[all]"], check=True, cwd=ROOT)
        (folder / ".installed").touch()
    return python


@contextlib.contextmanager
def busy_loops(count: int) -> Iterator[None]:
    """Keep as many cores busy."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def run(setting: Setting, arguments: Sequence[str]) -> tuple[bool, str]:
    """Run the tests; whether all passed, and pytest's last line."""
    log = BUILD / f"{setting.name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    try:
        python = environment(setting.python)
    except (OSError, subprocess.CalledProcessError) as error:
        return False, f"could not be set up: {error}"
    command = [*setting.before, python, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += [f"--timeout={PATIENCE}", f"--numprocesses={setting.jobs}", *arguments]
    with busy_loops(setting.busy), log.open("w", encoding="utf-8") as file:
        ended = subprocess.run(
            command, cwd=ROOT, env=os.environ | setting.variables, stdout=file, stderr=file
        )
    lines = log.read_text("utf-8", errors="replace").strip().splitlines() or ["nothing was said"]
    for line in lines:
        if line.startswith(("FAILED ", "ERROR ")):
            print(f"   {line}", flush=True)
    return ended.returncode == 0, lines[-1].strip("= ")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; 1 if anything failed, 2 for wrong use."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--list", action="store_true", help="say what can be tried here, and end")
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="only this (repeatable)"
    )
    parser.add_argument("pytest", nargs="*", help="for pytest, behind --")
    parsed = parser.parse_args(arguments)
    known = {setting.name: setting for setting in settings()}
    if parsed.list:
        for setting in known.values():
            print(f"{setting.name:15} {setting.about}")
        return 0
    for name in parsed.only:
        if name not in known:
            parser.error(f"{name!r} is not one of: {', '.join(known)}")
    rows = []
    for name in parsed.only or known:
        print(f"== {name}: {known[name].about}", flush=True)
        start = time.monotonic()
        passed, line = run(known[name], parsed.pytest or USUAL)
        minutes = (time.monotonic() - start) / 60
        rows.append((name, passed, f"{minutes:6.1f} min  {line}"))
        print(f"   {line}", flush=True)
    print()
    for name, passed, line in rows:
        print(f"{name:15} {'passed' if passed else 'FAILED'} {line}")
    return 0 if all(passed for _, passed, _ in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
