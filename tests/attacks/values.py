"""Attacks on the comparison: answers that might be taken for right ones."""

from __future__ import annotations

# Sends a frame of its own in place of the answer.
SEND = """
import json, os, struct
def send(header, data=b""):
    body = struct.pack("<Q", len(header)) + header + data
    for descriptor in range(3, 256):
        rest = memoryview(body)
        try:
            while rest:
                rest = rest[os.write(descriptor, rest):]
        except OSError:
            pass
    os._exit(0)

def send_json(text):
    send(json.dumps({"__metadata__": {"json": text}}).encode())

def send_tensor(shape, dtype="F32", size=4, name="0/energies"):
    entry = {"dtype": dtype, "shape": shape, "data_offsets": [0, size]}
    kind = {"type": "Tensor", "dtype": "torch.float32", "device": "cpu"}
    report = {"returned": "Tensor", "outputs": {"energies": kind}}
    said = json.dumps({"calls": [report] * 20})
    send(json.dumps({"__metadata__": {"json": said}, name: entry}).encode(), bytes(size))
"""

FLOODS = {
    "ten million axes": """
send(b'{"__metadata__":{"json":"{}"},"0/energies":{"dtype":"F32","shape":[%s1],'
     b'"data_offsets":[0,4]}}' % (b"1," * 9_999_999), bytes(4))
""",
    "nine axes": "send_tensor([1] * 9)",
    "a thousand axes that hold nothing": "send_tensor([1] * 999 + [0], size=0)",
    "axes of an entry that is there twice": """
one, other = ('"0/energies":{"dtype":"F32","shape":[%s],"data_offsets":[0,4]}' % ",".join("1" * n)
              for n in (1, 100_000))
send(('{"__metadata__":{"json":"{}"},%s,%s}' % (one, other)).encode(), bytes(4))
""",
    "twenty million lists": "send_json('[' + '[],' * 21_000_000 + '[]]')",
    "a million lists": "send_json('[' + '[],' * 1_000_000 + '[]]')",
    "a million objects": "send_json('{\"calls\":[' + '{},' * 1_000_000 + '{}]}')",
    "a million texts": "send_json('[' + '\"\",' * 1_000_000 + '\"\"]')",
    "three million numbers": "send_json('{\"calls\":[' + '1,' * 3_000_000 + '1]}')",
    "lists in lists": "send_json('[' * 49_000 + ']' * 49_000)",
    "a number without end": "send_json('9' * 4_000_000)",
    "a million tensors": """
entry = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
send(json.dumps({"__metadata__": {"json": "{}"}}
                | {f"{n}/x": entry for n in range(100_000)}).encode())
""",
    "a report with lists for words": """
many = [[]] * 5_000
report = {"error": many, "message": many, "where": many, "returned": many}
send_json(json.dumps({"calls": [report], "cell": report}))
""",
    "numbers of one bit": "send_tensor([2, 8], 'BOOL', 16)",
    "numbers of sixteen bits": "send_tensor([2, 8], 'F16', 32)",
    "numbers of sixteen other bits": "send_tensor([2, 8], 'BF16', 32)",
    "numbers of eight bits": "send_tensor([2, 8], 'F8_E5M2', 16)",
    "complex numbers": "send_tensor([2, 8], 'C64', 128)",
    "unsigned numbers": "send_tensor([2, 8], 'U64', 128)",
    "one number, thrice": """
entry = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
send(json.dumps({"__metadata__": {"json": "{}"}}
                | {f"{n}/energies": entry for n in range(3)}).encode(), bytes(4))
""",
}

VALUES: dict[str, tuple] = {
    **{name: ("call", SEND + text) for name, text in FLOODS.items()},
    "patched comparisons": (
        "cell",
        """
        yes = lambda *a, **k: True
        torch.allclose = torch.equal = torch.testing.assert_close = yes
        torch.isclose = lambda a, b, **k: torch.ones_like(a, dtype=torch.bool)
        torch.Tensor.__eq__ = lambda self, other: torch.ones_like(self, dtype=torch.bool)
        torch.Tensor.__ne__ = lambda self, other: torch.zeros_like(self, dtype=torch.bool)
        torch.Tensor.equal = torch.Tensor.allclose = yes
        """,
    ),
    "patched numpy and builtins": (
        "cell",
        """
        import builtins, math, numpy
        numpy.allclose = numpy.array_equal = math.isclose = lambda *a, **k: True
        builtins.all = builtins.any = builtins.isinstance = lambda *a, **k: True
        """,
    ),
    "a tensor that equals everything": (
        "instead",
        """
        class Agreeable(torch.Tensor):
            @classmethod
            def __torch_function__(cls, func, types, args=(), kwargs=None):
                return True

            def __eq__(self, other):
                return True

            def __array__(self, *args):
                return 0

        return torch.zeros(processed_memory.shape[:2]).as_subclass(Agreeable)
        """,
    ),
    "a tensor that answers every question with itself": (
        "instead",
        """
        class Mirror(torch.Tensor):
            @classmethod
            def __torch_function__(cls, func, types, args=(), kwargs=None):
                return args[0]

        return torch.zeros(processed_memory.shape[:2]).as_subclass(Mirror)
        """,
    ),
    "an object that equals everything": (
        "instead",
        """
        class Yes:
            shape = processed_memory.shape[:2]
            dtype = torch.float32
            device = torch.device("cpu")
            def __eq__(self, other): return True
            def __ne__(self, other): return False
            def __getattr__(self, name): return lambda *a, **k: self
            def __array__(self, *args): return 0
            def __bool__(self): return True
            def __repr__(self): return "passed"

        return Yes()
        """,
    ),
    "one number for every symbol": (
        "instead",
        "return self.v(processed_memory).mean(dim=1)",
    ),
    "a view that only looks large": (
        "instead",
        "return torch.zeros(1).expand(processed_memory.shape[:2])",
    ),
    "not a number": (
        "instead",
        "return torch.full(processed_memory.shape[:2], float('nan'))",
    ),
    "infinite": (
        "instead",
        "return torch.full(processed_memory.shape[:2], float('inf'))",
    ),
    "ten gigabytes that are one number": (
        "instead",
        "return torch.zeros(1, 1).expand(50_000, 50_000)",
    ),
    "sparse": ("instead", "return torch.zeros(processed_memory.shape[:2]).to_sparse()"),
    "complex": (
        "instead",
        "return torch.zeros(processed_memory.shape[:2], dtype=torch.complex64)",
    ),
    "quantised": (
        "instead",
        """
        flat = torch.zeros(processed_memory.shape[:2])
        return torch.quantize_per_tensor(flat, 0.1, 0, torch.qint8)
        """,
    ),
    "without numbers": (
        "instead",
        "return torch.empty(processed_memory.shape[:2], device='meta')",
    ),
    "a generator": ("instead", "yield self.v(processed_memory).squeeze(-1)"),
    "a class that was never called": ("instead", "return torch.Tensor"),
    "the report says what is not so": (
        "cell",
        """
        import grader.sandbox.perform as perform

        def collect(result, names, report, answers):
            kind = {"type": "Tensor", "dtype": "torch.float32", "device": "cpu"}
            report |= {"returned": "Tensor", "outputs": {name: kind for name in names}}
            report |= {"passed": True, "points": 20, "status": "ok", "verdict": "passed"}

        perform._collect = collect
        """,
    ),
    "a report of errors in odd places": (
        "call",
        """
        import os
        from grader.sandbox.frame import pack
        for document in ({"calls": [{"error": "E"}] * 20}, ):
            body = pack(document)[8:]
            for descriptor in range(3, 256):
                try:
                    os.write(descriptor, body)
                except OSError:
                    pass
        os._exit(0)
        """,
    ),
    "a report with a novel in it": (
        "call",
        """
        import os
        from grader.sandbox.frame import pack
        novel = "passed. " * 500_000
        report = {"error": novel, "message": novel, "where": novel}
        body = pack({"calls": [report], "cell": report})[8:]
        for descriptor in range(3, 256):
            try:
                os.write(descriptor, body)
            except OSError:
                pass
        os._exit(0)
        """,
    ),
    "tensors under odd names": (
        "call",
        """
        import os
        from grader.sandbox.frame import pack
        names = ("\\u00b2/energies", "1" * 5000 + "/energies", "../0/energies", "-1/energies")
        body = pack({"calls": []}, {name: torch.zeros(1) for name in names})[8:]
        for descriptor in range(3, 256):
            try:
                os.write(descriptor, body)
            except OSError:
                pass
        os._exit(0)
        """,
    ),
    "tensors of odd kinds under the right names": (
        "call",
        """
        import os
        from grader.sandbox.frame import pack
        kind = {"type": "Tensor", "dtype": "torch.float32", "device": "cpu"}
        report = {"returned": "Tensor", "outputs": {"energies": kind}}
        kinds = (torch.float8_e4m3fn, torch.complex64, torch.bool, torch.bfloat16, torch.int64)
        tensors = {
            f"{number}/energies": torch.zeros(processed_memory.shape[:2]).to(kinds[number % 5])
            for number in range(20)
        }
        tensors |= {f"{number}/after.query": torch.zeros(1).bool() for number in range(20)}
        body = pack({"calls": [report] * 20}, tensors)[8:]
        for descriptor in range(3, 256):
            try:
                os.write(descriptor, body)
            except OSError:
                pass
        os._exit(0)
        """,
    ),
    "JSON that is no report": (
        "call",
        """
        import os
        from grader.sandbox.frame import pack
        for document in ([1, 2], "passed", None, {"calls": {"0": "passed"}, "cell": [1]}):
            body = pack(document)[8:]
            break
        for descriptor in range(3, 256):
            try:
                os.write(descriptor, body)
            except OSError:
                pass
        os._exit(0)
        """,
    ),
    "modules that forget what they are told": (
        "cell",
        """
        nn.Module.load_state_dict = lambda self, state, *a, **k: None
        nn.Module.__call__ = lambda self, *a, **k: torch.zeros(2, 8)
        nn.Module.__setattr__ = object.__setattr__
        """,
    ),
    "its own answer by heart": (
        "instead",
        """
        from grader.judge.golden import public_cases
        from grader.labs import LABS
        for case in public_cases(LABS["lab1_attention"])["attention-2"]:
            if case.inputs["query"].shape == query.shape:
                if torch.equal(case.inputs["query"], query):
                    return case.expected["energies"]
        return self.v(processed_memory).squeeze(-1)
        """,
    ),
    "adapters that answer for themselves": (
        "cell",
        """
        import grader.sandbox.method as method
        method.MethodAdapter.call = lambda self, subject, call, inputs: inputs.get(
            "location", torch.zeros(2, 8))
        method.MethodAdapter.furnish = lambda self, instance, call, tensors: instance
        method._modes = lambda subject: {}
        """,
    ),
    "a given answer read out of its stand-in": (
        "instead",
        """
        layer = self.location_layer
        kept = [layer, *getattr(getattr(layer, "given", None), "__closure__", None) or ()]
        found = [getattr(cell, "cell_contents", cell) for cell in kept]
        return next(
            (value.sum(-1) for value in found if isinstance(value, torch.Tensor)),
            self.v(processed_memory).squeeze(-1),
        )
        """,
    ),
    "a stand-in that is told that all arguments are right": (
        "cell",
        """
        import grader.sandbox.method as method
        method._distance = lambda asked, want, seen: 0.0
        method.answering = lambda answer, expected: lambda *a, **k: answer
        """,
    ),
    "gradients that are handed in by hand": (
        "call",
        """
        query.retain_grad() if query.requires_grad else None
        for parameter in self.parameters():
            parameter.grad = torch.ones_like(parameter)
        """,
    ),
    "a backward pass that does nothing": (
        "cell",
        """
        torch.Tensor.backward = lambda self, *a, **k: None
        torch.autograd.backward = lambda *a, **k: None
        """,
    ),
}
