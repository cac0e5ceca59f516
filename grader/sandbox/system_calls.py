"""The system calls that a question may make: a seccomp filter, set before student code runs.

A solution computes with tensors and perhaps writes a file. What it needs for that is listed here;
all else is refused, since what is not needed cannot be turned against the worker, the machine, or
whoever is judged next to it or after it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from pathlib import Path
from typing import NamedTuple

_SECCOMP = Path("/proc/sys/kernel/seccomp/actions_avail")

# Numbers of the calls on x86_64 and on aarch64.
_Numbers = tuple[int | None, int | None]

# fmt: off
_ALLOWED: dict[str, _Numbers] = {
    # bytes, and files in the scratch folders
    "read": (0, 63), "write": (1, 64), "readv": (19, 65), "writev": (20, 66), "pread64": (17, 67),
    "pwrite64": (18, 68), "preadv": (295, 69), "pwritev": (296, 70), "lseek": (8, 62),
    "open": (2, None), "openat": (257, 56), "creat": (85, None), "close": (3, 57),
    "close_range": (436, 436), "dup": (32, 23), "dup2": (33, None), "dup3": (292, 24),
    "pipe": (22, None), "pipe2": (293, 59), "sendfile": (40, 71), "copy_file_range": (326, 285),
    "stat": (4, None), "lstat": (6, None), "fstat": (5, 80), "newfstatat": (262, 79),
    "statx": (332, 291), "access": (21, None), "faccessat": (269, 48), "faccessat2": (439, 439),
    "readlink": (89, None), "readlinkat": (267, 78), "getdents": (78, None),
    "getdents64": (217, 61), "getcwd": (79, 17), "chdir": (80, 49), "fchdir": (81, 50),
    "statfs": (137, 43), "fstatfs": (138, 44), "getxattr": (191, 8), "lgetxattr": (192, 9),
    "fgetxattr": (193, 10), "listxattr": (194, 11), "llistxattr": (195, 12),
    "flistxattr": (196, 13), "umask": (95, 166), "mkdir": (83, None), "mkdirat": (258, 34),
    "rmdir": (84, None), "unlink": (87, None), "unlinkat": (263, 35), "rename": (82, None),
    "renameat": (264, 38), "renameat2": (316, 276), "symlink": (88, None), "symlinkat": (266, 36),
    "truncate": (76, 45), "ftruncate": (77, 46), "fallocate": (285, 47),
    # waiting; IPython's loop has a pair of sockets to wake itself
    "select": (23, None), "pselect6": (270, 72), "poll": (7, None), "ppoll": (271, 73),
    "epoll_create": (213, None), "epoll_create1": (291, 20), "epoll_ctl": (233, 21),
    "epoll_wait": (232, None), "epoll_pwait": (281, 22), "eventfd2": (290, 19),
    "sendto": (44, 206), "recvfrom": (45, 207), "shutdown": (48, 210), "getsockopt": (55, 209),
    "getsockname": (51, 204), "getpeername": (52, 205),
    # memory
    "mmap": (9, 222), "munmap": (11, 215), "mremap": (25, 216), "mprotect": (10, 226),
    "brk": (12, 214), "get_mempolicy": (239, 236),
    # threads, and signals to itself
    "futex": (202, 98), "set_robust_list": (273, 99), "get_robust_list": (274, 100),
    "set_tid_address": (218, 96), "rseq": (334, 293), "exit": (60, 93), "exit_group": (231, 94),
    "arch_prctl": (158, None), "sched_yield": (24, 124), "sched_getaffinity": (204, 123),
    "sched_getparam": (143, 121), "sched_getscheduler": (145, 120),
    "sched_get_priority_max": (146, 125), "sched_get_priority_min": (147, 126),
    "getcpu": (309, 168), "getpid": (39, 172), "gettid": (186, 178), "getppid": (110, 173),
    "kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131), "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139), "rt_sigpending": (127, 136),
    "rt_sigtimedwait": (128, 137), "rt_sigsuspend": (130, 133), "sigaltstack": (131, 132),
    "pause": (34, None), "restart_syscall": (219, 128), "wait4": (61, 260), "waitid": (247, 95),
    # time
    "clock_gettime": (228, 113), "clock_getres": (229, 114), "clock_nanosleep": (230, 115),
    "nanosleep": (35, 101), "gettimeofday": (96, 169), "time": (201, None), "times": (100, 153),
    "getrusage": (98, 165), "alarm": (37, None), "setitimer": (38, 103), "getitimer": (36, 102),
    # who and where it is
    "getuid": (102, 174), "geteuid": (107, 175), "getgid": (104, 176), "getegid": (108, 177),
    "getresuid": (118, 148), "getresgid": (120, 150), "getgroups": (115, 158),
    "getpgid": (121, 155), "getpgrp": (111, None), "getsid": (124, 156), "getpriority": (140, 141),
    "capget": (125, 90), "uname": (63, 160), "sysinfo": (99, 179), "getrlimit": (97, 163),
    "setrlimit": (160, 164), "getrandom": (318, 278),
}
# Answered as if done. Files in view are the machine's own, and root, or whoever installed them,
# would own them: a mode, a time stamp, a lock or a page that was sent back to disk reaches others.
# Programs that copy a file together with its times, or lock one of their own, run on.
_IGNORED: dict[str, _Numbers] = {
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7), "setxattrat": (463, 463),
    "utime": (132, None), "utimes": (235, None), "futimesat": (261, None), "utimensat": (280, 88),
    "flock": (73, 32), "fsync": (74, 82), "fdatasync": (75, 83), "msync": (26, 227),
    "fadvise64": (221, 223),
}
# fmt: on


class _Argument(NamedTuple):
    """A call that is allowed, or answered as if done, for some values of one argument only."""

    numbers: _Numbers
    place: int
    allowed: tuple[int, ...]
    ignored: tuple[int, ...] = ()


_BY_ARGUMENT: dict[str, _Argument] = {
    # descriptors and their flags; no lease, no notice, no hint for a file, no size for a pipe.
    # Locks are answered as if given: a question is one process, it is alone.
    "fcntl": _Argument((72, 25), 1, (0, 1, 2, 3, 4, 5, 1030, 1032), ignored=(6, 7)),
    # whether it is a terminal and how wide, bytes that wait, blocking, closed by exec
    "ioctl": _Argument((16, 29), 1, (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)),
    # advice on its own pages; none that empties the machine's cache of a file that others read
    "madvise": _Argument((28, 233), 2, (0, 1, 2, 3, 4, 8, 10, 11, 14, 15, 16, 17, 102, 103)),
    # the name of a thread; whether the process may be dumped (read); the name of a memory area
    "prctl": _Argument((157, 167), 0, (3, 15, 16, 0x53564D41)),
    "prlimit64": _Argument((302, 261), 0, (0,)),  # of itself
    "socketpair": _Argument((53, 199), 0, (1,)),  # of the plainest kind
}
_CLONE = (56, 220)
_CLONE_THREAD = 0x10000
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column, the kernel's name

# From here on, numbers are the same on all machines, and the C library knows an older way.
_NEW = 424

_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data
_ALLOW, _KILL, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000  # _REFUSE | errno
_DONE = _REFUSE  # with the value 0


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
    for calls, reply in ((_ALLOWED, _ALLOW), (_IGNORED, _DONE)):
        for numbers in calls.values():
            if (number := numbers[column]) is not None:
                steps += [unless_equal(number, 1), answer(reply)]
    for rule in _BY_ARGUMENT.values():
        number = rule.numbers[column]
        assert number is not None
        inner = [load(_ARGUMENTS + 8 * rule.place)]  # its lower half, all that the kernel reads
        for values, reply in ((rule.allowed, _ALLOW), (rule.ignored, _DONE)):
            for value in values:
                inner += [unless_equal(value, 1), answer(reply)]
        steps += [unless_equal(number, len(inner) + 1), *inner, answer(_REFUSE | errno.EINVAL)]
    # a thread is no other process
    steps += [unless_equal(_CLONE[column], 4), load(_ARGUMENTS)]
    steps += [(0x45, 0, 1, _CLONE_THREAD), answer(_ALLOW), no]
    steps += [(0x35, 0, 1, _NEW), answer(_REFUSE | errno.ENOSYS), no]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


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
