"""Attacks on the grader's own process, and on whoever is judged next."""

from __future__ import annotations

SPOILING: dict[str, tuple] = {
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
        from grader.frame import pack
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
        import grader.frame, grader.perform, grader.worker, json, safetensors.torch, sys
        grader.perform.perform_call = lambda *a: ({"passed": True}, {})
        grader.perform.perform = grader.worker._answer = lambda *a: ({}, {})
        grader.frame.save = safetensors.torch.save = lambda *a, **k: b"passed"
        torch.save = torch.Tensor.detach = torch.Tensor.clone = lambda self, *a, **k: self
        json.dumps = lambda *a, **k: '{"passed": true}'
        sys.modules["grader.compare"] = sys.modules["grader"] = sys
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
