"""The sandbox: what it shows, what it refuses, and that it is refused where it cannot be had."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import struct
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from grader import isolation, system_calls
from grader.errors import IsolationError
from grader.isolation import BUBBLEWRAP, NONE, probe, require, sandbox_command, worker_command

LIST_ALL = """
import json, os
found = []
for folder, folders, files in os.walk({root!r}):
    found += [os.path.join(folder, name) for name in files]
print(json.dumps(found))
"""


def files_in_sandbox(edition: Path, root: Path) -> list[str]:
    command = sandbox_command(edition, ["-c", LIST_ALL.format(root=str(root))])
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return sorted(json.loads(done.stdout))


# --- what is in view -----------------------------------------------------------------------------


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A virtual environment that was made in the course's own folder."""
    course = tmp_path / "course"
    site = course / "lib" / "python3" / "site-packages"
    for file in (
        *("submitted/ada/lab1_attention/attention.ipynb", ".grader_secret", "pyvenv.cfg"),
        *("notebooks/lab1.ipynb", "bin/tool", "grader/golden/hidden/attention.safetensors"),
    ):
        (course / file).parent.mkdir(parents=True, exist_ok=True)
        (course / file).write_text("x")
    for package in ("grader", "labkit", "other"):
        (site / package).mkdir(parents=True)
        (site / package / "module.py").write_text("x")
    monkeypatch.setattr(sys, "base_prefix", str(course))
    monkeypatch.syspath_prepend(str(site))
    return course


def test_of_an_environment_only_the_interpreters_parts_are_seen(
    confined: str, edition: Path, environment: Path
) -> None:
    assert files_in_sandbox(edition, environment) == [
        str(environment / "bin" / "tool"),
        str(environment / "lib" / "python3" / "site-packages" / "other" / "module.py"),
        str(environment / "pyvenv.cfg"),
    ]


def test_an_installed_full_edition_is_hidden_under_every_name_of_its_folder(
    confined: str, edition: Path, environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alias = environment.parent / "alias"
    alias.symlink_to(environment)
    monkeypatch.setattr(sys, "base_prefix", str(alias))
    assert files_in_sandbox(edition, alias) == [
        str(alias / "bin" / "tool"),
        str(alias / "lib" / "python3" / "site-packages" / "other" / "module.py"),
        str(alias / "pyvenv.cfg"),
    ]
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(environment / "lib" / "python3"))
    monkeypatch.setattr(sys, "path", [])
    (environment / "lib" / "python3" / "grader").mkdir()
    (environment / "lib" / "python3" / "grader" / "judge.py").write_text("x")
    assert not [name for name in files_in_sandbox(edition, alias) if name.endswith("judge.py")]


def test_the_edition_is_what_python_imports_inside(confined: str, edition: Path) -> None:
    script = "import grader, labkit; print(grader.__file__, labkit.__file__)"
    command = sandbox_command(edition, ["-c", script])
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["/student/grader/__init__.py", "/student/labkit/__init__.py"]


def test_the_sandbox_dies_with_the_judge(confined: str, edition: Path) -> None:
    script = "import os, sys, time; print('started', flush=True); time.sleep(60)"
    starter = (
        "import subprocess, sys, json\n"
        "subprocess.Popen(json.loads(sys.argv[1]))\n"
        "sys.stdin.read()\n"
    )
    command = sandbox_command(edition, ["-c", script])
    with subprocess.Popen(
        [sys.executable, "-c", starter, json.dumps(command)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as judge:
        assert judge.stdout is not None
        assert judge.stdout.readline() == "started\n"
        judge.kill()
        assert judge.stdout.read() == ""  # the end of the file: nobody is left who could write


# --- where it cannot be had ----------------------------------------------------------------------


def test_this_machine_really_starts_one(confined: str) -> None:
    found = probe()
    assert found.available and "sandbox started" in found.detail
    assert require(BUBBLEWRAP) == found
    assert found.label == "bubblewrap"


def test_no_bubblewrap_means_refusal_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation.shutil, "which", lambda name: None)
    assert not probe().available
    with pytest.raises(IsolationError, match=r"grading refused: .*apt-get install bubblewrap"):
        require(BUBBLEWRAP)
    with pytest.raises(IsolationError, match="--isolation none"):
        require(BUBBLEWRAP)


def test_another_system_means_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "exists on Linux only, not on darwin" in probe().detail
    with pytest.raises(IsolationError, match="grading refused"):
        require(BUBBLEWRAP)


def test_a_machine_without_a_known_filter_means_refusal(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(isolation.shutil, "which", lambda name: "/bin/bwrap")
    monkeypatch.setattr(system_calls.platform, "machine", lambda: "vax")
    assert probe().detail == "this kernel (vax) offers no known system call filter"
    monkeypatch.undo()
    monkeypatch.setattr(system_calls, "_SECCOMP", tmp_path / "absent")
    monkeypatch.setattr(isolation.shutil, "which", lambda name: "/bin/bwrap")
    assert not probe().available


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo 'bwrap: No permissions to create a namespace' >&2; exit 1", "No permissions to"),
        ("exit 3", "exit status 3"),
    ],
)
def test_a_sandbox_that_does_not_start_means_refusal(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, reason: str
) -> None:
    fake = tmp_path / "bwrap"
    fake.write_text(f"#!/bin/sh\n[ \"$1\" = --version ] && echo 'bubblewrap 9' && exit\n{script}\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    found = probe()
    assert not found.available
    assert found.detail.startswith("bubblewrap 9 cannot make a sandbox here: ")
    assert reason in found.detail


def test_a_sandbox_that_hangs_means_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        if "--version" in command:
            return subprocess.CompletedProcess(command, 0, "bubblewrap 9\n", "")
        raise subprocess.TimeoutExpired(command, 30)

    monkeypatch.setattr(isolation.shutil, "which", lambda name: "/bin/bwrap")
    monkeypatch.setattr(isolation.subprocess, "run", run)
    assert probe().detail == "bubblewrap 9 did not start within 30 s"


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(IsolationError, match="isolation 'docker' is unknown; choose one of"):
        require("docker")


def test_no_isolation_is_said_so_on_every_record() -> None:
    found = require(NONE)
    assert found.available and found.label == "unconfined"


def test_an_unconfined_worker_gets_no_secret(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GRADER_SECRET", "the course's own")
    command, environment = worker_command(NONE, tmp_path)
    assert command[0] == sys.executable and command[-1] == "unconfined"
    assert environment is not None
    assert environment["PYTHONPATH"] == str(tmp_path)
    assert environment["PATH"] == os.environ["PATH"]
    assert "the course's own" not in environment.values()
    assert set(environment) <= {
        *("PATH", "SYSTEMROOT", "HOME", "TMPDIR", "IPYTHONDIR", "LANG", "PYTHONPATH"),
        *("OMP_NUM_THREADS", "MKL_NUM_THREADS", "MPLBACKEND"),
    }


# --- the filter ----------------------------------------------------------------------------------

ALLOWED = {"x86_64": (0, 1, 9, 12, 60, 231), "aarch64": (63, 64, 93, 94, 214, 222)}


def decide(program: bytes, number: int, argument: int = 0, *, architecture: int) -> int:
    """Run a filter as the kernel would: the few operations of classic BPF that it uses."""
    data = struct.pack("=iIQ6Q", number, architecture, 0, argument, *[0] * 5)
    steps = list(struct.iter_unpack("=HBBI", program))
    value, at = 0, 0
    while True:
        operation, if_true, if_false, constant = steps[at]
        at += 1
        if operation == 0x20:
            (value,) = struct.unpack_from("=I", data, constant)
        elif operation == 0x06:
            return constant
        else:
            holds = {
                0x15: value == constant,
                0x35: value >= constant,
                0x45: bool(value & constant),
            }[operation]
            at += if_true if holds else if_false


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_refuses_what_is_listed_and_allows_the_rest(machine: str) -> None:
    column, architecture = system_calls._MACHINES[machine]
    program = system_calls._filter_program(machine)

    def answer(number: int, argument: int = 0) -> int:
        return decide(program, number, argument, architecture=architecture)

    refused, ignored, allowed = 0x50000 | errno.EPERM, 0x50000, 0x7FFF0000
    special = {
        system_calls._CLONE[column],
        system_calls._CLONE3[column],
        system_calls._PRLIMIT[column],
    }
    expected = {
        numbers[column]: reply
        for calls, reply in ((system_calls._FORBIDDEN, refused), (system_calls._IGNORED, ignored))
        for numbers in calls.values()
        if numbers[column] is not None
    }
    for number in range(600):
        if number not in special:
            assert answer(number) == expected.get(number, allowed), number
    assert all(answer(number) == allowed for number in ALLOWED[machine])
    clone, clone3, prlimit = (
        numbers[column]
        for numbers in (system_calls._CLONE, system_calls._CLONE3, system_calls._PRLIMIT)
    )
    thread, process = 0x3D0F00, 17
    assert (answer(clone, thread), answer(clone, process)) == (allowed, refused)
    assert answer(clone3) == 0x50000 | errno.ENOSYS
    assert (answer(prlimit, 0), answer(prlimit, 1)) == (allowed, refused)
    assert answer(0x40000000 | 57) == refused  # x32
    other = {0xC000003E: 0x40000003, 0xC00000B7: 0x40000028}[architecture]  # the 32-bit sister
    assert decide(program, 1, architecture=other) == 0x80000000


def test_the_numbers_are_those_of_this_machines_c_library() -> None:
    """The C library knows the numbers of its own machine; a few calls tell whether they fit."""
    column, _ = system_calls._MACHINES[system_calls.platform.machine()]
    libc = ctypes.CDLL(None, use_errno=True)
    nothing = {name: system_calls._FORBIDDEN[name][column] for name in ("setns", "bpf", "keyctl")}
    for number in nothing.values():
        assert libc.syscall(number, -1, -1, -1) == -1
        assert ctypes.get_errno() != errno.ENOSYS
    assert (
        libc.syscall(system_calls._PRLIMIT[column], 0, 7, None, ctypes.create_string_buffer(16))
        == 0
    )
    shm = libc.syscall(system_calls._FORBIDDEN["shmget"][column], 0, 4096, 0o1600)
    assert shm >= 0
    assert libc.shmctl(shm, 0, None) == 0


def in_a_child(run: str) -> str:
    """Run a script in a process that has given up the system calls; return what it printed."""
    script = f"from grader.system_calls import forbid_system_calls\nimport os\n{run}"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60
    )
    return done.stdout.strip() + done.stderr.strip()[-300:]


def test_the_filter_holds_for_good() -> None:
    printed = in_a_child(
        "forbid_system_calls()\n"
        "try:\n    os.fork()\nexcept PermissionError as error:\n    print('refused', error.errno)\n"
        "import threading\n"
        "thread = threading.Thread(target=print, args=('a thread runs',))\n"
        "thread.start(); thread.join()\n"
        "os.chmod('/dev/null', 0o666)\n"
        "forbid_system_calls()\n"
        "print('twice')\n"
    )
    assert printed.splitlines() == [f"refused {errno.EPERM}", "a thread runs", "twice"]


def test_a_filter_that_the_kernel_does_not_take_is_an_error() -> None:
    printed = in_a_child(
        "import grader.system_calls as system_calls\n"
        "system_calls._filter_program = lambda machine: b'\\xff' * 8\n"
        "try:\n    forbid_system_calls()\nexcept OSError as error:\n    print(error)\n"
    )
    assert printed.endswith("no system call filter: Invalid argument")
