"""Attacks that look for the right answer: in memory, in files, in the packages, in the network."""

from __future__ import annotations

# Looks, once, for numbers of the right shape in everything that Python can see.
SCAVENGE = """
import gc, sys
FOUND = globals().setdefault("FOUND", [])
if not FOUND:
    known = {id(query), id(processed_memory), id(attention_weights_cat)}
    containers, frame = [], sys._getframe()
    while frame is not None:
        containers += [frame.f_locals, frame.f_globals, frame.f_builtins]
        frame = frame.f_back
    gc.unfreeze()
    for thing in [*containers, *gc.get_objects()]:
        members = [thing]
        if type(thing) is dict:
            members += thing.values()
            # of the answer's shape, too, but drawn to ask for gradients
            known |= {id(value) for name, value in thing.items() if "cotangent" in str(name)}
        elif type(thing) in (list, tuple, set):
            members += thing
        FOUND += [m for m in members if type(m) in (torch.Tensor, nn.Parameter)]
    FOUND = globals()["FOUND"] = [m.detach() for m in FOUND if id(m) not in known]
for tensor in FOUND:
    if tensor.shape == processed_memory.shape[:2] and tensor.dtype == torch.float32:
        return tensor.clone()
"""

# Tries every way to the reference that an installed or unpacked package offers.
IMPORT_REFERENCE = """
import importlib, importlib.metadata, pathlib, sys, types

def ways():
    yield lambda: importlib.import_module("labkit.tacotron2.attention").Attention
    yield lambda: importlib.import_module("labkit").tacotron2.Attention
    yield lambda: importlib.import_module("grader.labs.lab1_attention.instructor.cases").Attention
    yield lambda: importlib.reload(importlib.import_module("labkit.tacotron2.attention")).Attention
    roots = {*sys.path, sys.prefix, sys.base_prefix, "/", "/student", "/usr/lib", "/usr/local/lib"}
    for name in ("tacotron2-lab-kit", "tacotron2-labkit", "tacotron2-grader", "labkit"):
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        files = distribution.files or []
        roots |= {str(distribution.locate_file(file).parent.parent) for file in files}
        roots |= {str(distribution.locate_file(file).parent.parent.parent) for file in files}
        for file in files:
            if file.suffix in (".pth", ".json"):
                try:
                    text = distribution.locate_file(file).read_text()
                except OSError:
                    continue
                for part in text.replace('"', " ").replace("file://", " ").split():
                    if part.startswith("/"):
                        roots.add(part)
    for root in roots:
        for path in (
            pathlib.Path(root, "labkit/tacotron2/attention.py"),
            pathlib.Path(root, "lib/python3/site-packages/labkit/tacotron2/attention.py"),
        ):
            def from_source(path=path):
                module = types.ModuleType("found")
                exec(compile(path.read_text(), str(path), "exec"), vars(module))
                return module.Attention
            yield from_source
        def from_path(root=root):
            for name in [name for name in sys.modules if name.split(".")[0] == "labkit"]:
                del sys.modules[name]
            sys.path.insert(0, root)
            try:
                return importlib.import_module("labkit.tacotron2").Attention
            finally:
                sys.path.remove(root)
        yield from_path

while (TRIED := globals().setdefault("TRIED", list(ways()))):
    try:
        method = TRIED[0]().get_alignment_energies
        return method(self, query, processed_memory, attention_weights_cat)
    except BaseException:
        del TRIED[0]  # of no use: the next call need not try it again
"""

# Looks for a piece of text in all memory of the process; the last line says how often it is there.
SCAN_MEMORY = """
import ctypes

def scan(*pieces):
    want, found = b"".join(pieces), []
    for line in open("/proc/self/maps"):
        parts = line.split()
        if "r" not in parts[1] or (len(parts) > 5 and parts[5].startswith(("/", "[v"))):
            continue
        start, end = (int(part, 16) for part in parts[0].split("-"))
        data = ctypes.string_at(start, end - start)
        place = data.find(want)
        while place >= 0:
            found.append(data[place : place + 600])
            place = data.find(want, place + 1)
    return found
"""

READING: dict[str, tuple] = {
    "frames, the garbage collector and all modules": ("call", SCAVENGE),
    "the reference, wherever it may be": ("call", IMPORT_REFERENCE),
    "the source of the reference through inspect": (
        "call",
        """
        import inspect, sys, linecache
        for name, module in list(sys.modules.items()):
            for cls in ("Attention", "Maker"):
                found = getattr(module, cls, None)
                if inspect.isclass(found) and hasattr(found, "get_alignment_energies"):
                    try:
                        exec(inspect.getsource(found))
                        right = locals()[cls].get_alignment_energies
                        return right(self, query, processed_memory, attention_weights_cat)
                    except BaseException:
                        pass
        """,
    ),
    "the makers of hidden cases": (
        "call",
        """
        try:
            from grader.instructor.maker import maker
            from grader.judge.judge import fresh_seed
            for case in maker("lab1_attention").fresh("attention-2", 1):
                return case.expected["energies"]
        except ImportError:
            pass
        from grader.judge.golden import hidden_cases
        from grader.labs import LABS
        for case in hidden_cases(LABS["lab1_attention"]).get("attention-2", []):
            if torch.equal(case.inputs["query"], query):
                return case.expected["energies"]
        """,
    ),
    "the memory of the worker": (
        "call",
        """
        for pid in (1, 2):
            for name in ("mem", "maps", "environ", "auxv", "stack", "syscall"):
                try:
                    with open(f"/proc/{pid}/{name}", "rb") as file:
                        if file.read(100):
                            return self.get_alignment_energies
                except OSError:
                    pass
        """,
    ),
    "the pipes of the worker": (
        "call",
        """
        import os
        for descriptor in range(64):
            for path in (f"/proc/1/fd/{descriptor}", f"/proc/self/fd/{descriptor}"):
                try:
                    opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
                    os.read(opened, 1 << 16)
                except OSError:
                    pass
            try:
                os.set_blocking(descriptor, False)
                os.read(descriptor, 1 << 16)
            except OSError:
                pass
        """,
    ),
    "the text of whoever was judged before": (
        "call",
        SCAN_MEMORY
        + """
for text in scan(b"def get_alignment", b"_energies(self, query"):
    lines = text.split(b"\\x00")[0].decode(errors="ignore").splitlines()
    for end in range(len(lines), 1, -1):
        try:
            exec("\\n".join(line.removeprefix("    ") for line in lines[:end]))
            result = locals()["get_alignment_energies"](
                self, query, processed_memory, attention_weights_cat)
            if result is not None and result.shape == processed_memory.shape[:2]:
                return result
        except BaseException:
            pass
""",
    ),
    "files of other programs": (
        "call",
        """
        import glob, os
        for pattern in ("/home/*/*", "/root/*", "/tmp/*", "/var/*", "/etc/passwd", "/etc/shadow"):
            for path in glob.glob(pattern):
                if os.path.isfile(path):
                    return open(path, "rb").read()
        for name in ("GRADER_SECRET", "SSH_AUTH_SOCK", "JUPYTERHUB_API_TOKEN", "USER"):
            if name in os.environ:
                return os.environ[name]
        """,
    ),
    "a solution from the network": (
        "call",
        """
        import socket, urllib.request
        for address in (("1.1.1.1", 80), ("127.0.0.1", 80), ("::1", 80)):
            try:
                socket.create_connection(address, timeout=0.3)
                return processed_memory
            except OSError:
                pass
        try:
            urllib.request.urlopen("http://example.org", timeout=0.3)
        except OSError:
            pass
        """,
    ),
}
