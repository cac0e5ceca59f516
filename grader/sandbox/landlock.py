"""What a question may not open: the kernel's own files, by Landlock, where the kernel has it.

``/proc`` tells where the sandbox's folders come from, what the machine does, and how long the
worker and all its earlier questions have computed: whoever comes later could read there what
somebody before wrote by being slow. Of all this, a question keeps what describes itself.
"""

from __future__ import annotations

import ctypes
import os
import struct
from pathlib import Path

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same on all machines
_VERSION_FLAG, _PATH_BENEATH = 1, 1
_READ_AND_WRITE = 1 << 2 | 1 << 1  # contents of files; names and folders are not asked about
_MOVE = 1 << 13  # to another folder: always refused, unless it is allowed (since version 2)
_OWN = ("cpuinfo", "self/cmdline", "self/maps", "self/statm", "self/status")


def landlock_version() -> int:
    """Return the version of what this kernel can take away from a process; 0 if it cannot."""
    libc = ctypes.CDLL(None, use_errno=True)
    return max(0, int(libc.syscall(_CREATE, None, ctypes.c_size_t(0), _VERSION_FLAG)))


def hide_kernel_files() -> None:
    """Give up, for good, to open what lies in ``/proc``, but for what describes the process itself.

    Where the kernel has no Landlock, nothing happens.

    Raises:
        OSError: the kernel has it, but did not accept the rules.
    """
    version = landlock_version()
    if not version:
        return
    libc = ctypes.CDLL(None, use_errno=True)

    def ask(number: int, *arguments: object) -> int:
        found = int(libc.syscall(number, *arguments))
        if found < 0:
            code = ctypes.get_errno()
            raise OSError(code, f"no rules for files: {os.strerror(code)}")
        return found

    all_rights = _READ_AND_WRITE | (_MOVE if version > 1 else 0)
    handled = ctypes.create_string_buffer(struct.pack("=Q", all_rights), 8)
    rules = ask(_CREATE, handled, ctypes.c_size_t(8), 0)
    kept = [path for path in Path("/").iterdir() if path.name != "proc" and not path.is_symlink()]
    for path in [*kept, *(Path("/proc", name) for name in _OWN)]:
        if not path.exists():
            continue
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
        rights = all_rights if path.is_dir() else _READ_AND_WRITE
        rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, opened), 12)
        ask(_ADD, rules, _PATH_BENEATH, rule, 0)
        os.close(opened)
    no_new_privileges = 38
    libc.prctl(no_new_privileges, 1, 0, 0, 0)
    ask(_RESTRICT, rules, 0)
    os.close(rules)
