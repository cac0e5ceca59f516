"""Attacks on the grader's own process, and on whoever is judged next."""

from __future__ import annotations

# Descriptors of files that all sandboxes of a machine see, and a call of the C library that says
# whether the kernel took it.
SHARED = """
import ctypes, fcntl, glob, mmap, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
folders = ["/student/labkit/tacotron2", "/student/grader", sys.prefix + "/bin", "/usr/bin", "/dev"]
folders += [os.path.dirname(torch.__file__), os.path.dirname(os.__file__), "/etc"]
shared, done = [], []
for folder in folders:
    shared.append(os.open(folder, os.O_RDONLY))
    for path in sorted(glob.glob(folder + "/*"))[:8] + ["/dev/null"]:
        try:
            shared.append(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
        except OSError:
            pass
def attempt(name, way, *arguments):
    try:
        found = way(*arguments)
        if not isinstance(found, int) or found >= 0:
            done.append(name)
    except (OSError, ValueError, AttributeError):
        pass
"""

# What is answered as if it were done stands in no list: nothing comes of it.
LEASES = (
    SHARED
    + """
for descriptor in shared:
    for kind in (fcntl.F_RDLCK, fcntl.F_WRLCK, fcntl.F_UNLCK):
        attempt("lease", fcntl.fcntl, descriptor, 1024, kind)
        attempt("bare lease", libc.fcntl, descriptor, 1024, kind)
        attempt("long lease", libc.fcntl, descriptor, ctypes.c_long(2**32 + 1024), kind)
    attempt("who is told", fcntl.fcntl, descriptor, 8, os.getpid())
    attempt("by which signal", fcntl.fcntl, descriptor, 10, 10)
"""
)
NOTICES = (
    SHARED
    + """
for descriptor in shared:
    attempt("notice", fcntl.fcntl, descriptor, 1026, 0x8000003F)
    attempt("bare notice", libc.fcntl, descriptor, 1026, 0x8000003F)
attempt("inotify", libc.inotify_init)
attempt("inotify", libc.inotify_init1, 0)
attempt("fanotify", libc.fanotify_init, 0x200, 0)
"""
)
LOCKS = (
    SHARED
    + """
whole = struct.pack("hhqqi4x", fcntl.F_RDLCK, 0, 0, 0, 0)
for descriptor in shared:
    attempt("open file lock", fcntl.fcntl, descriptor, 37, whole)
    attempt("open file lock", fcntl.fcntl, descriptor, 38, whole)
again = os.open(f"/proc/self/fd/{shared[-1]}", os.O_RDONLY)
fcntl.flock(shared[-1], fcntl.LOCK_EX)
fcntl.flock(again, fcntl.LOCK_EX | fcntl.LOCK_NB)  # taken, if the first one were one
fcntl.lockf(again, fcntl.LOCK_SH)
"""
)
MARKS_ON_FILES = (
    SHARED
    + """
for descriptor in shared:
    attempt("hint", fcntl.fcntl, descriptor, 1036, struct.pack("Q", 2))
    attempt("hint", fcntl.fcntl, descriptor, 1038, struct.pack("Q", 2))
    attempt("flags", fcntl.ioctl, descriptor, 0x40086602, struct.pack("l", 0x80))
    attempt("owner", os.fchown, descriptor, os.getuid(), os.getgid())
    attempt("mark", os.removexattr, f"/proc/self/fd/{descriptor}", "user.bit")
"""
)
CACHE = (
    SHARED
    + """
libraries = glob.glob(os.path.dirname(torch.__file__) + "/lib/*.so*")[:3]
for path in libraries:
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as pages:
        for advice in (9, 12, 20, 21, 100, 101):
            attempt(f"advice {advice}", pages.madvise, advice)
        for start in range(0, min(len(pages), 1 << 20), 4096):
            pages[start]
        view = libc.mmap
        view.restype = ctypes.c_void_p
        address = view(None, 4096, 1, 2, file.fileno(), 0)
        seen = ctypes.create_string_buffer(1)
        attempt("what others have read", libc.mincore, ctypes.c_void_p(address), 4096, seen)
        attempt("reading ahead", libc.readahead, file.fileno(), 0, 1 << 30)
        attempt("all to disk", libc.syncfs, file.fileno())
        attempt("range to disk", libc.sync_file_range, file.fileno(), 0, 0, 7)
"""
)
KEYS_AND_QUEUES = (
    SHARED
    + """
where = ctypes.c_void_p()
attempt("key", libc.syscall, 248, b"user", b"bit", b"1", 1, -4)
attempt("queue", libc.syscall, 240, b"bit", os.O_CREAT | os.O_RDWR, 0o600, None)
attempt("timer", libc.timer_create, 1, None, ctypes.byref(where))
attempt("timer with a descriptor", libc.timerfd_create, 1, 0)
attempt("signals in a descriptor", libc.signalfd, -1, ctypes.create_string_buffer(128), 0)
attempt("large pipe", fcntl.fcntl, os.pipe()[0], 1031, 1 << 20)
attempt("locked memory", libc.mlockall, 3)
attempt("locked page", libc.mlock, ctypes.create_string_buffer(4096), 4096)
attempt("priority", os.setpriority, os.PRIO_PROCESS, 0, 5)
attempt("processors", os.sched_setaffinity, 0, {0})
attempt("order", os.sched_setscheduler, 0, os.SCHED_BATCH, os.sched_param(0))
attempt("orders of memory", libc.syscall, 238, 0, None, 0)
attempt("session", os.setsid)
attempt("terminal", os.openpty)
attempt("terminal", os.open, "/dev/tty", os.O_RDWR)
"""
)
WAITING = {
    "leases on shared files": LEASES,
    "notices of what others do": NOTICES,
    "locks on shared files": LOCKS,
    "marks on shared files": MARKS_ON_FILES,
    "the machine's cache": CACHE,
    "keys, queues, timers and priorities": KEYS_AND_QUEUES,
}

SPOILING: dict[str, tuple] = {
    **{name: ("call", text) for name, text in WAITING.items()},
    "leases that are held": ("call", LEASES + "import time\ntime.sleep(3600)\n", True),
    "time stamps of the machine": (
        "call",
        """
        import ctypes, os
        libc = ctypes.CDLL(None, use_errno=True)
        for path in ("/dev/null", "/dev/zero", "/dev/urandom", "/student", "/usr/bin"):
            for change in (
                lambda: os.utime(path, (5, 5)),
                lambda: os.utime(os.open(path, os.O_RDONLY), (5, 5)),
                lambda: libc.utimes(path.encode(), None),
                lambda: libc.utime(path.encode(), None),
                lambda: libc.utimensat(-100, path.encode(), None, 0),
                lambda: os.truncate(path, 0),
                lambda: os.close(os.open(path, os.O_WRONLY | os.O_TRUNC)),
            ):
                try:
                    change()
                except OSError:
                    pass
        """,
    ),
    "ending the process as if all were well": ("call", "import os\nos._exit(0)"),
    "ending the process while the cell runs": ("cell", "import os\nos._exit(0)"),
    "sys.exit": ("call", "import sys\nsys.exit(0)"),
    "SystemExit while the cell runs": ("cell", "raise SystemExit(0)"),
    "KeyboardInterrupt": ("call", "raise KeyboardInterrupt"),
    "GeneratorExit": ("call", "raise GeneratorExit"),
    "an exception that fights back": (
        "call",
        """
        class Fight(BaseException):
            def __str__(self):
                raise self
            __repr__ = __str__
        raise Fight
        """,
    ),
    "killing everybody": (
        "call",
        """
        import os, signal
        for number in (9, 15, 19, 2, 1, 11, 6, 10, 12):
            for target in (1, -1):
                try:
                    os.kill(target, number)
                except OSError:
                    pass
        """,
    ),
    "killing itself": ("call", "import os\nos.kill(os.getpid(), 9)"),
    "tracing the worker": (
        "call",
        """
        import ctypes, os
        libc = ctypes.CDLL(None, use_errno=True)
        for request in (16, 0x4206):  # attach, seize
            if libc.ptrace(request, 1, 0, 0) == 0:
                return torch.zeros(processed_memory.shape[:2])
        buffer = ctypes.create_string_buffer(64)
        vector = (ctypes.c_size_t * 2)(ctypes.addressof(buffer), 64)
        libc.process_vm_readv(1, vector, 1, vector, 1, 0)
        libc.process_vm_writev(1, vector, 1, vector, 1, 0)
        """,
    ),
    "limits of the worker": (
        "call",
        """
        import os, resource
        for what in range(16):
            for target in (1, os.getppid()):
                try:
                    resource.prlimit(target, what, (1, 1))
                except (OSError, ValueError):
                    pass
        for change in (
            lambda: os.setpriority(os.PRIO_PROCESS, 1, 19),
            lambda: os.sched_setaffinity(1, {0}),
            lambda: os.sched_setscheduler(1, os.SCHED_IDLE, os.sched_param(0)),
        ):
            try:
                change()
            except OSError:
                pass
        """,
    ),
    "its own limits": (
        "call",
        """
        import resource
        for what in range(16):
            for limit in ((-1, -1), (0, 0)):
                try:
                    resource.setrlimit(what, limit)
                except (OSError, ValueError):
                    pass
        """,
    ),
    "memory that outlives the process": (
        "call",
        """
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        for key in range(1, 100):
            libc.shmget(key, 50_000_000, 0o1666)
            libc.msgget(key, 0o1666)
            libc.semget(key, 100, 0o1666)
        """,
    ),
    "settings of the kernel": (
        "call",
        """
        import glob, os
        for path in glob.glob("/proc/sys/*/*") + ["/proc/sysrq-trigger", "/proc/1/oom_score_adj"]:
            try:
                os.close(os.open(path, os.O_WRONLY))
                return torch.zeros(1)
            except OSError:
                pass
        """,
    ),
    "junk for every descriptor": (
        "call",
        """
        import os
        for descriptor in range(256):
            try:
                os.write(descriptor, b"\\xff" * 100)
            except OSError:
                pass
        """,
    ),
    "forged answers for every descriptor": (
        "call",
        """
        import os
        from grader.sandbox.frame import pack
        kind = {"type": "Tensor", "dtype": "torch.float32", "device": "cpu"}
        report = {"returned": "Tensor", "outputs": {"energies": kind}, "passed": True}
        answer = pack({"calls": [report] * 13, "points": 60, "stage": "passed"})
        paths = [f"/proc/{who}/fd/{number}" for who in (1, "self") for number in range(64)]
        for nonce in range(1, 50):
            envelope = {"nonce": nonce, "status": "ok", "code": 0, "seconds": 0.1}
            envelope |= {"peak_bytes": 1, "clean": True, "size": len(answer)}
            forged = pack(envelope) + answer
            for descriptor in range(256):
                try:
                    os.write(descriptor, forged)
                except OSError:
                    pass
        for path in paths:
            try:
                with open(path, "wb", buffering=0) as file:
                    file.write(forged)
            except OSError:
                pass
        os._exit(0)
        """,
    ),
    "closing its pipe": ("call", "import os\nos.closerange(0, 256)"),
    "closing its pipe and staying": (
        "call",
        "import os, time\nos.closerange(0, 256)\ntime.sleep(3600)",
        True,
    ),
    "patched packages": (
        "cell",
        """
        import grader.sandbox.frame, grader.sandbox.perform, grader.sandbox.worker
        import json, safetensors.torch, sys
        grader.sandbox.perform.perform_call = lambda *a: ({"passed": True}, {})
        grader.sandbox.perform.perform = grader.sandbox.worker._answer = lambda *a: ({}, {})
        grader.sandbox.frame.save = safetensors.torch.save = lambda *a, **k: b"passed"
        torch.save = torch.Tensor.detach = torch.Tensor.clone = lambda self, *a, **k: self
        json.dumps = lambda *a, **k: '{"passed": true}'
        sys.modules["grader.judge.compare"] = sys.modules["grader"] = sys
        """,
    ),
    "work after the end": (
        "cell",
        """
        import atexit, os, sys, threading
        def forge(*_):
            for descriptor in range(3, 256):
                try:
                    os.write(descriptor, b"passed")
                except OSError:
                    pass
        class Late:
            def __del__(self):
                forge()
        late = sys.late = Late()
        late.itself = late
        atexit.register(forge)
        threading._register_atexit(forge)
        sys.exitfunc = sys.excepthook = sys.unraisablehook = forge
        """,
    ),
    "tracing its own interpreter": (
        "cell",
        """
        import sys, threading
        def trace(frame, event, argument):
            if "report" in frame.f_locals:
                frame.f_locals["report"]["passed"] = True
            return trace
        sys.settrace(trace)
        threading.settrace(trace)
        """,
    ),
    "settings of torch": (
        "cell",
        """
        torch.set_default_dtype(torch.float64)
        torch.set_default_device("meta")
        torch.use_deterministic_algorithms(True)
        torch.set_grad_enabled(False)
        torch.set_num_threads(8)
        torch.set_flush_denormal(True)
        torch.manual_seed(0)
        """,
    ),
    "settings of Python": (
        "cell",
        """
        import builtins, decimal, gc, locale, os, random, sys, warnings
        os.environ.clear()
        os.environ["PYTHONPATH"] = os.environ["LD_PRELOAD"] = "/scratch"
        os.umask(0o777)
        os.chdir("/")
        sys.path[:] = ["/scratch"]
        sys.setrecursionlimit(50)
        sys.setswitchinterval(100)
        warnings.simplefilter("error")
        gc.disable()
        random.seed(0)
        builtins.print = builtins.open = None
        """,
    ),
    "packages for those who come later": (
        "call",
        """
        import os
        for name in ("torch", "labkit", "grader", "sitecustomize", "usercustomize", "numpy"):
            for folder in ("/scratch", "/dev/shm"):
                os.makedirs(f"{folder}/{name}", exist_ok=True)
                for file in (f"{folder}/{name}.py", f"{folder}/{name}/__init__.py"):
                    with open(file, "w") as out:
                        out.write("raise SystemExit('spoiled')")
        """,
    ),
    "a question to the keyboard": ("call", "input('marks, please: ')"),
    "an error in every language": ("cell", "def broken(:\n    '\\x00"),
}
