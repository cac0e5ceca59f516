"""The system calls that a question gives up before student code runs: a seccomp filter.

A solution computes with tensors. It needs no other process, no network, no namespace and no memory
that outlives it; what is not needed cannot be turned against the worker or the next student.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from pathlib import Path

_SECCOMP = Path("/proc/sys/kernel/seccomp/actions_avail")

# What a question may not ask of the kernel: it is one process, and it leaves nothing behind.
# Numbers of the calls on x86_64 and on aarch64.
_FORBIDDEN: dict[str, tuple[int, int | None]] = {
    # another program or process (threads are made by clone, see below)
    "fork": (57, None),
    "vfork": (58, None),
    "execve": (59, 221),
    "execveat": (322, 281),
    # namespaces of its own, in which it would have rights
    "unshare": (272, 97),
    "setns": (308, 268),
    # memory that no limit counts, or that outlives it
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    # the worker, from which the next question is forked
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "setpriority": (141, 140),
    "ioprio_set": (251, 30),
    "sched_setaffinity": (203, 122),
    "sched_setscheduler": (144, 119),
    "sched_setparam": (142, 118),
    "sched_setattr": (314, 274),
    # the network, and what reaches past a network namespace
    "socket": (41, 198),
    # large doors into the kernel
    "io_uring_setup": (425, 425),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
}
# Answered as if done: the devices in view are the machine's own, and root would own them. Programs
# that copy a file together with its mode run on.
_IGNORED: dict[str, tuple[int, int | None]] = {
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "setxattrat": (463, 463),
}
_CLONE, _CLONE3, _PRLIMIT = (56, 220), (435, 435), (302, 261)
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column, the kernel's name
_CLONE_THREAD = 0x10000

_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data
_ALLOW, _KILL, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000  # _REFUSE | errno


def _filter_program(machine: str) -> bytes:
    """Return the filter as classic BPF: (code, jump if true, jump if false, constant) each."""
    column, architecture = _MACHINES[machine]

    def load(offset: int) -> tuple[int, int, int, int]:
        return (0x20, 0, 0, offset)

    def answer(value: int) -> tuple[int, int, int, int]:
        return (0x06, 0, 0, value)

    def unless_equal(value: int, skip: int) -> tuple[int, int, int, int]:
        return (0x15, 0, skip, value)

    no = answer(_REFUSE | errno.EPERM)
    steps = [load(_ARCHITECTURE), (0x15, 1, 0, architecture), answer(_KILL), load(_NUMBER)]
    steps += [(0x35, 0, 1, 0x40000000), no]  # x32: other numbers for the same calls
    for calls, reply in ((_FORBIDDEN, no), (_IGNORED, answer(_REFUSE))):
        for numbers in calls.values():
            if (number := numbers[column]) is not None:
                steps += [unless_equal(number, 1), reply]
    # its arguments cannot be looked at; without it, the C library takes clone
    steps += [unless_equal(_CLONE3[column], 1), answer(_REFUSE | errno.ENOSYS)]
    steps += [unless_equal(_CLONE[column], 4), load(_FIRST_ARGUMENT)]
    steps += [(0x45, 0, 1, _CLONE_THREAD), answer(_ALLOW), no]
    steps += [unless_equal(_PRLIMIT[column], 4), load(_FIRST_ARGUMENT)]
    steps += [unless_equal(0, 1), answer(_ALLOW), no]  # 0: of itself
    return b"".join(struct.pack("=HBBI", *step) for step in [*steps, answer(_ALLOW)])


def filter_available() -> bool:
    """Whether this kernel filters system calls, and their numbers are known for its machine."""
    return platform.machine() in _MACHINES and _SECCOMP.exists()


def forbid_system_calls() -> None:
    """Give up, for good, the system calls that no solution needs.

    Raises:
        OSError: the kernel did not accept the filter.
    """
    program = _filter_program(platform.machine())
    buffer = ctypes.create_string_buffer(program, len(program))
    description = struct.pack("@HP", len(program) // 8, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    no_new_privileges, seccomp, by_filter = 38, 22, 2
    if libc.prctl(no_new_privileges, 1, 0, 0, 0) or libc.prctl(
        seccomp, by_filter, description, 0, 0
    ):
        code = ctypes.get_errno()
        raise OSError(code, f"no system call filter: {os.strerror(code)}")
