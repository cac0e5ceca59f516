"""The sandbox: what it shows, what it refuses, and that it is refused where it cannot be had."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import json
import os
import struct
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.errors import IsolationError
from grader.sandbox import isolation, landlock, system_calls
from grader.sandbox.isolation import (
    BUBBLEWRAP,
    NONE,
    probe,
    require,
    sandbox_command,
    worker_command,
)

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
        *(
            "notebooks/lab1.ipynb",
            "bin/tool",
            "grader/labs/lab1_attention/instructor/hidden.safetensors",
        ),
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


@pytest.mark.parametrize("place", ["python3.99/dist-packages", "pypy3/site-packages"])
@pytest.mark.parametrize("package", ["grader", "labkit"])
def test_a_copy_of_the_kit_in_another_pythons_packages_is_hidden(
    confined: str, edition: Path, environment: Path, place: str, package: str
) -> None:
    folder = environment / "lib" / place / package
    folder.mkdir(parents=True)
    (folder / "answer.py").write_text("x")
    assert not [name for name in files_in_sandbox(edition, environment) if "answer" in name]


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

ALLOW, DONE = 0x7FFF0000, 0x50000
REFUSED, WRONG_ARGUMENT, UNKNOWN = (DONE | n for n in (errno.EPERM, errno.EINVAL, errno.ENOSYS))

# What a question has no use for, and what it could do with it: see tests/attacks. The numbers are
# those of the kernel's headers.
# fmt: off
NEEDLESS: dict[str, tuple[int | None, int | None]] = {
    "fork": (57, None), "vfork": (58, None), "execve": (59, 221), "execveat": (322, 281),
    "unshare": (272, 97), "setns": (308, 268), "memfd_create": (319, 279),
    "memfd_secret": (447, 447), "shmget": (29, 194), "semget": (64, 190), "msgget": (68, 186),
    "mq_open": (240, 180), "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "setpriority": (141, 140), "ioprio_set": (251, 30), "sched_setaffinity": (203, 122),
    "sched_setscheduler": (144, 119), "sched_setparam": (142, 118), "sched_setattr": (314, 274),
    "socket": (41, 198), "io_uring_setup": (425, 425), "bpf": (321, 280),
    "perf_event_open": (298, 241), "userfaultfd": (323, 282), "clone3": (435, 435),
    "inotify_init": (253, None), "inotify_init1": (294, 26), "inotify_add_watch": (254, 27),
    "fanotify_init": (300, 262), "fanotify_mark": (301, 263), "mincore": (27, 232),
    "timer_create": (222, 107), "timerfd_create": (283, 85), "signalfd4": (289, 74),
    "sync": (162, 81), "syncfs": (306, 267), "sync_file_range": (277, 84), "link": (86, None),
    "linkat": (265, 37), "mknod": (133, None), "mknodat": (259, 33), "chown": (92, None),
    "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54), "removexattr": (197, 14),
    "mlock": (149, 228), "mlock2": (325, 284), "mlockall": (151, 230),
    "remap_file_pages": (216, 234), "readahead": (187, 213), "splice": (275, 76), "tee": (276, 77),
    "vmsplice": (278, 75), "quotactl": (179, 60), "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265), "setsid": (112, 157), "setpgid": (109, 154),
    "chroot": (161, 51), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "swapon": (167, 224), "reboot": (169, 142), "sethostname": (170, 161),
    "personality": (135, 92), "seccomp": (317, 277), "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240), "kcmp": (312, 272), "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424), "process_madvise": (440, 440),
    "mbind": (237, 235), "set_mempolicy": (238, 237), "migrate_pages": (256, 238),
    "move_pages": (279, 239), "sendmsg": (46, 211), "recvmsg": (47, 212), "connect": (42, 203),
    "bind": (49, 200), "syslog": (103, 116), "acct": (163, 89), "iopl": (172, None),
    "modify_ldt": (154, None), "setuid": (105, 146), "setgid": (106, 144), "setgroups": (116, 159),
    "capset": (126, 91), "landlock_create_ruleset": (444, 444), "membarrier": (324, 283),
    "cachestat": (451, 451),
}
# fmt: on


def decide(program: bytes, number: int, *arguments: int, architecture: int) -> int:
    """Run a filter as the kernel would: the few operations of classic BPF that it uses."""
    data = struct.pack("=iIQ6Q", number, architecture, 0, *arguments, *[0] * (6 - len(arguments)))
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


@pytest.fixture(params=["x86_64", "aarch64"])
def ask_filter(request: pytest.FixtureRequest) -> Callable[..., int]:
    """Ask the filter of a machine about a call: its two numbers, then its arguments."""
    column, architecture = system_calls._MACHINES[request.param]
    program = system_calls._filter_program(request.param)

    def ask(numbers: tuple[int | None, int | None], *arguments: int) -> int:
        number = numbers[column]
        if number is None:
            return REFUSED
        return decide(program, number, *arguments, architecture=architecture)

    return ask


@pytest.mark.parametrize("name", NEEDLESS)
def test_what_no_solution_needs_is_refused(ask_filter: Callable[..., int], name: str) -> None:
    for argument in (0, 1, 10**6, 2**64 - 1):
        assert ask_filter(NEEDLESS[name], *[argument] * 6) in (REFUSED, UNKNOWN), name


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_what_is_not_listed_is_refused(machine: str) -> None:
    column, architecture = system_calls._MACHINES[machine]
    program = system_calls._filter_program(machine)
    special = {rule.numbers[column] for rule in system_calls._BY_ARGUMENT.values()}
    special.add(system_calls._CLONE[column])
    expected = {
        numbers[column]: reply
        for calls, reply in ((system_calls._ALLOWED, ALLOW), (system_calls._IGNORED, DONE))
        for numbers in calls.values()
    }
    for number in {*range(1000), 2**30 - 1} - special:
        other = UNKNOWN if number >= 424 else REFUSED
        assert decide(program, number, architecture=architecture) == expected.get(number, other)
    for number in (2**30, 2**30 | 57, 2**30 | 513, 2**31 - 1):  # x32
        assert decide(program, number, architecture=architecture) == REFUSED
    sister = {0xC000003E: 0x40000003, 0xC00000B7: 0x40000028}[architecture]  # of 32 bits
    assert decide(program, 1, architecture=sister) == 0x80000000
    assert len(program) // 8 < 4096  # the kernel takes no more steps


FCNTL, IOCTL, MADVISE, PRCTL, PRLIMIT, CLONE = (
    *((72, 25), (16, 29), (28, 233), (157, 167), (302, 261), (56, 220)),
)


@pytest.mark.parametrize(
    ("numbers", "arguments", "reply"),
    [
        (FCNTL, (5, 1024, 1), WRONG_ARGUMENT),  # a lease for writing
        (FCNTL, (5, 1024, 0), WRONG_ARGUMENT),  # for reading
        (FCNTL, (5, 2**32 + 1024, 1), WRONG_ARGUMENT),  # the kernel reads the lower half
        (FCNTL, (5, 1026, 2**31), WRONG_ARGUMENT),  # a notice for a folder
        (FCNTL, (5, 1031, 2**20), WRONG_ARGUMENT),  # a large pipe
        (FCNTL, (5, 8, 1), WRONG_ARGUMENT),  # who gets the signals
        (FCNTL, (5, 38, 0), WRONG_ARGUMENT),  # a lock of the open file
        (FCNTL, (5, 1036, 0), WRONG_ARGUMENT),  # a hint that stays with the file
        (FCNTL, (5, 6, 0), DONE),
        (FCNTL, (5, 7, 0), DONE),
        (FCNTL, (5, 1030, 3), ALLOW),
        (FCNTL, (5, 4, 2048), ALLOW),
        (IOCTL, (0, 0x5401), ALLOW),
        (IOCTL, (0, 0x5412), WRONG_ARGUMENT),  # typing for others
        (IOCTL, (0, 0x40086602), WRONG_ARGUMENT),  # a file's flags
        (IOCTL, (0, 0x40049409), WRONG_ARGUMENT),  # a clone of a file
        (MADVISE, (0, 4096, 4), ALLOW),
        (MADVISE, (0, 4096, 14), ALLOW),
        (MADVISE, (0, 4096, 9), WRONG_ARGUMENT),  # a hole in a file
        (MADVISE, (0, 4096, 12), WRONG_ARGUMENT),  # pages merged with those of others
        (MADVISE, (0, 4096, 20), WRONG_ARGUMENT),  # out of the cache
        (MADVISE, (0, 4096, 21), WRONG_ARGUMENT),
        (MADVISE, (0, 4096, 100), WRONG_ARGUMENT),  # broken memory
        (PRCTL, (15, 0), ALLOW),
        (PRCTL, (22, 2), WRONG_ARGUMENT),
        (PRCTL, (36, 1), WRONG_ARGUMENT),  # orphans
        (PRLIMIT, (0, 7), ALLOW),
        (PRLIMIT, (1, 7), WRONG_ARGUMENT),
        (CLONE, (0x3D0F00, 0), ALLOW),  # a thread
        (CLONE, (17, 0), REFUSED),
        ((53, 199), (1, 1), ALLOW),
        ((53, 199), (16, 3), WRONG_ARGUMENT),
    ],
)
def test_some_calls_are_allowed_for_some_ends(
    ask_filter: Callable[..., int], numbers: tuple[int, int], arguments: tuple[int, ...], reply: int
) -> None:
    assert ask_filter(numbers, *arguments) == reply


def test_the_numbers_are_those_of_this_machines_c_library() -> None:
    """The C library knows the numbers of its own machine; a few calls tell whether they fit."""
    column, _ = system_calls._MACHINES[system_calls.platform.machine()]
    libc = ctypes.CDLL(None, use_errno=True)

    def call(numbers: tuple[int | None, int | None], *arguments: object) -> int:
        return int(libc.syscall(numbers[column], *arguments))

    for name in ("setns", "bpf", "keyctl", "inotify_add_watch", "name_to_handle_at"):
        assert call(NEEDLESS[name], -1, -1, -1, -1, -1) == -1
        assert ctypes.get_errno() != errno.ENOSYS
    allowed = system_calls._ALLOWED
    assert call(allowed["getpid"]) == os.getpid()
    assert call(allowed["gettid"]) == threading.get_native_id()
    assert call(allowed["geteuid"]) == os.geteuid()
    assert call(allowed["getpgid"], 0) == os.getpgid(0)
    assert call(allowed["uname"], ctypes.create_string_buffer(1024)) == 0
    assert call(allowed["getcwd"], buffer := ctypes.create_string_buffer(4096), 4096) > 0
    assert os.fsdecode(buffer.value) == str(Path.cwd())
    assert call(PRLIMIT, 0, 7, None, ctypes.create_string_buffer(16)) == 0
    assert call(FCNTL, 0, 1) == fcntl.fcntl(0, fcntl.F_GETFD)
    shm = call(NEEDLESS["shmget"], 0, 4096, 0o1600)
    assert shm >= 0
    assert libc.shmctl(shm, 0, None) == 0


def in_a_child(run: str) -> str:
    """Run a script in a process that has given up the system calls; return what it printed."""
    script = f"from grader.sandbox.system_calls import forbid_system_calls\nimport os\n{run}"
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
        "try:\n    forbid_system_calls()\nexcept OSError:\n    print('once')\n"
    )
    assert printed.splitlines() == [f"refused {errno.EPERM}", "a thread runs", "once"]


def test_honest_work_runs_under_the_filter(tmp_path: Path) -> None:
    printed = in_a_child(
        "import sys, torch, asyncio, shutil, sqlite3, tempfile, signal\n"
        f"os.chdir({str(tmp_path)!r})\n"
        "forbid_system_calls()\n"
        "x = torch.ones(300, 300, requires_grad=True)\n"
        "torch.nn.functional.conv1d(x[None] @ x, torch.ones(3, 300, 3)).sum().backward()\n"
        "torch.save(x, 'x.pt'); torch.load('x.pt', weights_only=True)\n"
        "shutil.copy2('x.pt', 'y.pt'); shutil.copytree('.', 'z'); shutil.rmtree('z')\n"
        "shutil.make_archive('a', 'zip', '.')\n"
        "with sqlite3.connect('d.db') as base:\n"
        "    base.execute('create table t (x)'); base.execute('insert into t values (1)')\n"
        "with tempfile.TemporaryDirectory() as folder, open(folder + '/f', 'w') as file:\n"
        "    file.write('x'); file.flush(); os.fsync(file.fileno())\n"
        "async def later():\n    await asyncio.sleep(0); return 5\n"
        "print(asyncio.run(later()))\n"
        "signal.setitimer(signal.ITIMER_REAL, 100); signal.setitimer(signal.ITIMER_REAL, 0)\n"
        "os.unlink('d.db'); os.rename('y.pt', 'w.pt')\n"
        "print(sorted(os.listdir('.')))\n"
    )
    assert printed.splitlines() == ["5", "['a.zip', 'w.pt', 'x.pt']"]


def test_a_filter_that_the_kernel_does_not_take_is_an_error() -> None:
    printed = in_a_child(
        "import grader.sandbox.system_calls as system_calls\n"
        "system_calls._filter_program = lambda machine: b'\\xff' * 8\n"
        "try:\n    forbid_system_calls()\nexcept OSError as error:\n    print(error)\n"
    )
    assert printed.endswith("no system call filter: Invalid argument")


# --- the kernel's own files ----------------------------------------------------------------------


def test_without_landlock_the_sandbox_is_there_and_says_what_is_missing(
    confined: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(isolation, "landlock_version", lambda: 0)
    found = probe()
    assert found.available
    assert found.detail.endswith("sandbox started; without Landlock, student code can read /proc")
    monkeypatch.setattr(landlock, "landlock_version", lambda: 0)
    landlock.hide_kernel_files()
    assert Path("/proc/stat").read_text()


@pytest.mark.skipif(not landlock.landlock_version(), reason="this kernel has no Landlock")
def test_kernel_files_are_given_up_for_good_and_nothing_else_is(tmp_path: Path) -> None:
    printed = in_a_child(
        "import pathlib, sys\n"
        "from grader.sandbox.landlock import hide_kernel_files\n"
        f"os.chdir({str(tmp_path)!r})\n"
        "for _ in range(2):\n"
        "    hide_kernel_files()\n"
        "    for name in ('stat', 'self/mountinfo', '1/stat', 'self/../stat'):\n"
        "        try:\n            print(open('/proc/' + name).read())\n"
        "        except PermissionError:\n            print('refused')\n"
        "os.makedirs('a/b'); pathlib.Path('a/b/c').write_text('x'); os.rename('a/b/c', 'c')\n"
        "print(open('c').read(), len(open('/proc/self/maps').read()) > 0)\n"
    )
    assert printed.splitlines() == ["refused"] * 8 + ["x True"]


@pytest.mark.skipif(not landlock.landlock_version(), reason="this kernel has no Landlock")
def test_rules_that_the_kernel_does_not_take_are_an_error() -> None:
    printed = in_a_child(
        "import grader.sandbox.landlock as landlock\n"
        "landlock._READ_AND_WRITE = 1 << 60\n"
        "try:\n    landlock.hide_kernel_files()\nexcept OSError as error:\n    print(error)\n"
    )
    assert printed.endswith("no rules for files: Invalid argument")
