"""Attacks on the machine: time, memory, processes, files, output."""

from __future__ import annotations

# How a process is made, from the plainest way to the barest.
FORKS = """
import ctypes, os, platform, subprocess, threading, multiprocessing
libc = ctypes.CDLL(None, use_errno=True)
fork, vfork, clone = {"x86_64": (57, 58, 56), "aarch64": (220, 220, 220)}[platform.machine()]
ways = {
    "os.fork": os.fork,
    "os.forkpty": lambda: os.forkpty()[0],
    "posix_spawn": lambda: os.posix_spawn("/bin/sleep", ["sleep", "60"], {}),
    "subprocess": lambda: subprocess.Popen(["/bin/sleep", "60"], start_new_session=True).pid,
    "os.system": lambda: 1 if os.system("true") == 0 else 1 // 0,
    "exec": lambda: os.execv("/bin/true", ["true"]),
    "fork": lambda: libc.fork() if libc.syscall(fork, 17, 0, 0, 0, 0) >= 0 else 1 // 0,
    "clone": lambda: libc.syscall(clone, 17, 0, 0, 0, 0) + 1 or 1 // 0,
    "clone3": lambda: libc.syscall(435, (ctypes.c_uint64 * 11)(0, 0, 0, 0, 17), 88) + 1 or 1 // 0,
    "unshare": lambda: libc.unshare(0x10000000) + 1 or 1 // 0,
}
"""

RESOURCES: dict[str, tuple] = {
    "an endless loop": ("call", "while True:\n    pass", True),
    "an endless loop that swallows every interruption": (
        "call",
        """
        import signal
        for number in range(1, 65):
            try:
                signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError):
                pass
        while True:
            try:
                while True:
                    pass
            except BaseException:
                pass
        """,
        True,
    ),
    "a time bomb in the class body": (
        "cell",
        """
        import time
        class Bomb:
            time.sleep(3600)
        """,
        True,
    ),
    "stopping itself": ("call", "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", True),
    "a regular expression without end": (
        "call",
        "import re\nre.match(r'(a+)+$', 'a' * 60 + 'b')",
        True,
    ),
    "a hundred gigabytes": ("call", "torch.ones(25_000_000_000)"),
    "a hundred gigabytes of addresses": (
        "call",
        "import mmap\nmmap.mmap(-1, 100 * 2**30)",
    ),
    "memory that grows": (
        "call",
        """
        hoard = []
        while True:
            hoard.append(bytearray(50_000_000))
        """,
        True,
    ),
    "addresses that grow": (
        "call",
        """
        hoard = []
        while True:
            hoard.append(torch.empty(12_500_000))
        """,
    ),
    "memory that no limit counts": (
        "call",
        """
        import os
        hoard = []
        for number in range(200):
            descriptor = os.memfd_create("hoard")
            os.ftruncate(descriptor, 30_000_000)
            hoard.append(descriptor)
        """,
    ),
    "deep recursion": (
        "call",
        """
        import sys
        sys.setrecursionlimit(2**30)
        def down(n):
            return max([down(n + 1)], key=lambda x: x)
        down(0)
        """,
        True,
    ),
    "a fork bomb": (
        "call",
        FORKS
        + """
for number in range(300):
    for way in ("os.fork", "fork", "clone", "clone3", "subprocess"):
        try:
            ways[way]()
        except BaseException:
            pass
""",
    ),
    "a thread bomb": (
        "call",
        """
        import threading, time
        threading.stack_size(65536)
        for number in range(5000):
            threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        """,
    ),
    "a detached child": (
        "call",
        FORKS
        + """
for way in ways.values():
    try:
        if way() == 0:
            os.setsid()
            while True:
                pass
    except BaseException:
        pass
""",
    ),
    "threads in the background": (
        "call",
        """
        import sys, threading
        sys.setswitchinterval(1e-4)
        stopped = threading.Event()
        def spin():
            while not stopped.is_set():
                pass
        for number in range(3):
            threading.Thread(target=spin, daemon=number % 2 == 0).start()
        """,
        True,
    ),
    "a gigabyte of output": (
        "call",
        """
        import os, sys
        for number in range(1000):
            print("x" * 1_000_000)
            sys.stderr.write("y" * 1000)
        os.write(1, b"z" * 10_000_000)
        """,
    ),
    "an answer without end": (
        "call",
        """
        import os
        junk = b"x" * 1_000_000
        for number in range(300):
            for descriptor in range(3, 64):
                try:
                    os.write(descriptor, junk)
                except OSError:
                    pass
        """,
    ),
    "a huge file": (
        "call",
        """
        with open("/scratch/huge", "wb", buffering=0) as file:
            while True:
                file.write(b"x" * 2**20)
        """,
    ),
    "full scratch folders": (
        "call",
        """
        import os
        for folder in ("/scratch", "/dev/shm", "/tmp", "/", "/student", "/dev"):
            try:
                for number in range(100):
                    with open(f"{folder}/{number}", "wb") as file:
                        file.write(b"x" * 8_000_000)
            except OSError:
                pass
        """,
    ),
    "folders that nobody may enter": (
        "call",
        """
        import os
        for folder in ("/scratch", "/dev/shm"):
            os.makedirs(folder + "/a/b/c")
            open(folder + "/a/b/c/file", "w").close()
            os.mkdir(folder + "/locked", 0)
            os.chmod(folder + "/a/b", 0)
            os.chmod(folder, 0)
        """,
    ),
    "folders without end": (
        "call",
        """
        import os
        os.chdir("/scratch")
        for number in range(3000):
            os.mkdir("d")
            os.chdir("d")
        """,
    ),
    "small files without end": (
        "call",
        """
        number = 0
        while True:
            open(f"/scratch/{number}", "w").close()
            number += 1
        """,
    ),
    "hard links without end": (
        "call",
        """
        import ctypes, os
        open("/dev/shm/file", "w").close()
        libc = ctypes.CDLL(None, use_errno=True)
        for number in range(100_000):
            new = f"/dev/shm/{number}"
            try:
                os.link("/dev/shm/file", new)
            except OSError:
                if libc.linkat(-100, b"/dev/shm/file", -100, new.encode(), 0):
                    break
        """,
    ),
    "symbolic links without end": (
        "call",
        """
        import os
        number = 0
        while True:
            os.symlink("x" * 4000, f"/scratch/{number}")
            number += 1
        """,
    ),
    "small folders without end": (
        "call",
        """
        import os
        number = 0
        while True:
            os.makedirs(f"/dev/shm/{number}/" + "/".join("abcdefghi"), mode=0o700)
            number += 1
        """,
    ),
    "pipes and files without names": (
        "call",
        """
        import os
        number = 0
        while True:
            os.close(os.open("/scratch", os.O_TMPFILE | os.O_RDWR))
            with open(f"/scratch/{number}", "w") as file:
                file.write("x" * 5000)
            os.mknod(f"/scratch/{number}-pipe") if number % 2 else None
            number += 1
        """,
    ),
    "as many files as are let through": (
        "call",
        """
        import os
        for number in range(150):
            os.makedirs(f"/scratch/{number}/" + "n" * 200 + "/b/c/d", exist_ok=True)
            os.symlink("..", f"/scratch/{number}/link")
            with open(f"/dev/shm/{number}", "w") as file:
                file.write("x" * 100_000)
        """,
    ),
    "folders deeper than a path can say": (
        "call",
        """
        import os
        for start in ("/scratch", "/dev/shm"):
            os.chdir(start)
            for number in range(40):
                os.mkdir("d" * 250)
                os.chdir("d" * 250)
        """,
    ),
    "links to everywhere": (
        "call",
        """
        import os
        for number, target in enumerate(("/", "/student", "/proc/1", "/dev/null", "nowhere", ".")):
            os.symlink(target, f"/scratch/{number}")
            os.symlink(target, f"/dev/shm/{number}")
        """,
    ),
}
