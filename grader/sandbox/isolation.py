"""Where student code may run: a bubblewrap sandbox, or, if the instructor says so, a bare process.

The sandbox has its own user, process, network, IPC and mount namespaces; a read-only root with
only the interpreter, its packages and the student edition of the kit in view; small scratch
folders in memory; and a clean environment. Inside it, a question gives up the system calls that
no solution needs. If any of this cannot be had, grading refuses.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from pathlib import Path

from grader.errors import IsolationError
from grader.sandbox.landlock import landlock_version
from grader.sandbox.system_calls import filter_available

BUBBLEWRAP = "bubblewrap"
NONE = "none"
KINDS = (BUBBLEWRAP, NONE)

SCRATCH_BYTES = 64 * 1024**2  # size of each scratch folder in memory
EDITION = "/student"  # where the sandbox sees the student edition
SCRATCH = "/scratch"  # the only folder that the sandbox can write to, beside /dev/shm

# Parts of /usr and of the interpreter's folders, never the whole: a course may lie in one of them.
_SYSTEM_FOLDERS = (
    *("/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/local/lib"),
    *("/usr/share", "/bin", "/sbin", "/lib", "/lib32", "/lib64"),
)
_SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime")
# Devices that hold nothing. They are the host's own, and bubblewrap cannot mount one read-only: the
# system call filter keeps a question from changing their time stamps, modes and owners.
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_INTERPRETER_PARTS = ("bin", "lib", "lib32", "lib64", "pyvenv.cfg")
_PACKAGES = ("labkit", "grader")  # the full edition must not be seen from inside
_START = "from grader.sandbox.worker import main; main()"


@dataclass(frozen=True)
class Isolation:
    """How this machine can confine a worker.

    Attributes:
        kind: ``bubblewrap`` or ``none``.
        detail: version and what was tried, or the reason why it is not to be had.
        available: whether a sandbox was really started.
    """

    kind: str
    detail: str
    available: bool

    @property
    def label(self) -> str:
        """What records say about it."""
        return "bubblewrap" if self.kind == BUBBLEWRAP else "unconfined"


# What holds a processor back, or lets all of a cluster's compute in one way: the worker must do as
# the judge does.
_PROCESSOR = ("ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA", "MKL_CBWR")


def _environment(edition: str, scratch: str) -> dict[str, str]:
    processor = {name: os.environ[name] for name in _PROCESSOR if name in os.environ}
    return processor | {
        "PATH": "/usr/bin:/bin",
        "HOME": scratch,
        "TMPDIR": scratch,
        "IPYTHONDIR": scratch,
        "LANG": "C.UTF-8",
        "PYTHONPATH": edition,
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "MPLBACKEND": "Agg",
    }


def _interpreter_paths() -> list[str]:
    """Return what Python needs of its own folders, under every name that leads there."""
    prefixes = {sys.prefix, sys.base_prefix, str(Path(sys.executable).resolve().parent.parent)}
    prefixes |= {str(Path(prefix).resolve()) for prefix in prefixes}
    paths = (Path(prefix, part) for prefix in sorted(prefixes) for part in _INTERPRETER_PARTS)
    return [str(path) for path in paths if path.exists() and str(path) not in _SYSTEM_FOLDERS]


def _hidden_folders(visible: list[str]) -> list[str]:
    """Return the folders in view that hold the full edition of the kit."""
    entries = {*sys.path, sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    packages = {Path(entry, package).resolve() for entry in entries for package in _PACKAGES}
    # another Python's packages may lie in view, too, and hold another copy of the kit
    for root in visible:
        for places in ("*-packages", "py*/*-packages", "lib*/py*/*-packages"):
            for found in Path(root).glob(f"{places}/"):
                packages |= {(found / package).resolve() for package in _PACKAGES}
    folders = set()
    for root in visible:
        real = Path(root).resolve()
        for package in packages:
            if package.is_dir() and package.is_relative_to(real):
                folders.add(str(Path(root, package.relative_to(real))))
    return sorted(folders)


def sandbox_command(edition: Path, arguments: list[str]) -> list[str]:
    """Return the command that runs Python with these arguments inside a new sandbox.

    Args:
        edition: folder with the student edition of ``labkit`` and ``grader``.
        arguments: for the Python interpreter.
    """
    bwrap = shutil.which("bwrap") or "bwrap"
    command = [bwrap, "--unshare-all", "--die-with-parent", "--new-session", "--as-pid-1"]
    command += ["--uid", "1000", "--gid", "1000", "--cap-drop", "ALL", "--hostname", "sandbox"]
    visible = []
    for path in [*_SYSTEM_FOLDERS, *_SYSTEM_FILES, *_interpreter_paths()]:
        if Path(path).is_symlink():
            command += ["--symlink", str(Path(path).readlink()), path]
        elif Path(path).exists():
            command += ["--ro-bind", path, path]
            visible.append(path)
    for folder in _hidden_folders(visible):
        command += ["--size", "4096", "--tmpfs", folder, "--remount-ro", folder]
    command += ["--ro-bind", str(edition), EDITION]
    command += ["--proc", "/proc", "--tmpfs", "/dev"]
    for device in _DEVICES:
        if Path(device).exists():
            command += ["--dev-bind", device, device]
    # where the judge runs as root, the sandbox's user owns the kernel's settings in /proc/sys
    command += ["--remount-ro", "/proc"]
    for scratch in (SCRATCH, "/dev/shm"):
        command += ["--size", str(SCRATCH_BYTES), "--tmpfs", scratch]
    command += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", SCRATCH, "--clearenv"]
    for name, value in _environment(EDITION, SCRATCH).items():
        command += ["--setenv", name, value]
    return [*command, "--", sys.executable, "-s", "-B", *arguments]


def worker_command(kind: str, edition: Path) -> tuple[list[str], dict[str, str] | None]:
    """Return command and environment of a worker (None: the command sets its own)."""
    if kind == BUBBLEWRAP:
        return sandbox_command(edition, ["-c", _START, "confined"]), None
    command = [sys.executable, "-s", "-B", "-c", _START, "unconfined"]
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    return command, _environment(str(edition), tempfile.gettempdir()) | kept


def probe() -> Isolation:
    """Start a sandbox for real and report whether that worked."""
    if not sys.platform.startswith("linux"):
        return Isolation(
            BUBBLEWRAP, f"bubblewrap exists on Linux only, not on {sys.platform}", False
        )
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        return Isolation(
            BUBBLEWRAP,
            "the program bwrap is not installed (Debian, Ubuntu: apt-get install bubblewrap; "
            "Fedora: dnf install bubblewrap)",
            False,
        )
    if not filter_available():
        return Isolation(
            BUBBLEWRAP,
            f"this kernel ({platform.machine()}) offers no known system call filter",
            False,
        )
    version = subprocess.run([bwrap, "--version"], capture_output=True, text=True).stdout.strip()
    script = "import os, sys; sys.exit(0 if os.getpid() == 1 else 3)"
    try:
        trial = subprocess.run(
            sandbox_command(Path(__file__).parent, ["-I", "-c", script]),
            capture_output=True,
            text=True,
            timeout=30,
            cwd="/",
        )
    except subprocess.TimeoutExpired:
        return Isolation(BUBBLEWRAP, f"{version} did not start within 30 s", False)
    if trial.returncode != 0:
        lines = trial.stderr.strip().splitlines() or [f"exit status {trial.returncode}"]
        reason = f"{version} cannot make a sandbox here: {lines[-1]}"
        if Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns").exists():
            reason += " (AppArmor may forbid it: see kernel.apparmor_restrict_unprivileged_userns)"
        return Isolation(BUBBLEWRAP, reason, False)
    hidden = "" if landlock_version() else "; without Landlock, student code can read /proc"
    return Isolation(BUBBLEWRAP, f"{version}, sandbox started{hidden}", True)


def require(kind: str) -> Isolation:
    """Return the isolation of that kind, or refuse.

    Raises:
        IsolationError: it cannot be had; the message says why and what to do.
    """
    if kind == NONE:
        return Isolation(NONE, "student code runs with your rights", True)
    if kind != BUBBLEWRAP:
        raise IsolationError(f"isolation {kind!r} is unknown; choose one of: {', '.join(KINDS)}")
    found = probe()
    if not found.available:
        raise IsolationError(
            f"grading refused: {found.detail}. If you trust every submission, "
            "--isolation none runs them as plain processes and marks each record 'unconfined'."
        )
    return found
