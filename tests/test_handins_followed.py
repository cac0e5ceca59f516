"""What acts on a solution from other cells comes along, whatever kind of statement it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from grader.labs import LABS
from grader.labs.base import Lab
from grader.sandbox.session import Worker
from grader.submissions.answers import find_answer
from grader.submissions.graft import graft, is_untouched
from handin_tools import Notebook, cell_of, judged, new, place_of, solved

LAB = LABS["lab2_encoder"]
FULL = {task.id: task.points for task in LAB.judged}
E1, E2 = "encoder-1", "encoder-2"
ENCODE = """
def encode(self, x, input_lengths):
    padding = None
    if self.mask_embeddings:
        padding = padding_mask(input_lengths.to(x.device), x.size(2)).unsqueeze(1)
    x = self.convolve(x, padding).transpose(1, 2)
    packed = pack_padded_sequence(x, input_lengths.cpu(), batch_first=True, enforce_sorted=False)
    return pad_packed_sequence(self.lstm(packed)[0], batch_first=True, total_length=x.size(1))[0]
"""
STUB = """class Encoder(Encoder):
    def forward(self, x, input_lengths):
        raise NotImplementedError()
"""
PATCH = """
def patch(function):
    to = list(function.__annotations__.values())[0]
    setattr(to, "forward", function)
    return to
"""


# what stands above in cells of its own, and an expression that is 0.0 only after all of it ran
SETTINGS = {
    "update": ("CONF = {'a': 1}\n---\nCONF.update(zero=0.0)", "CONF['zero']"),
    "setdefault": ("CONF = {}\nCONF.setdefault('zero', 0.0)", "CONF['zero']"),
    "append": ("L = []\n---\nL.append(0.0)", "L[0]"),
    "extend in a loop": ("L = []\n---\nfor x in [1, 0.0]:\n    L.extend([x])", "L[1]"),
    "setattr": ("class C: pass\ncfg = C()\n---\nsetattr(cfg, 'zero', 0.0)", "cfg.zero"),
    "another name": ("class C: pass\ncfg = C()\n---\nd = cfg\nd.zero = 0.0", "cfg.zero"),
    "argparse": (
        "import argparse\np = argparse.ArgumentParser()\n---\n"
        "p.add_argument('--zero', type=float, default=0.0)\n---\nargs = p.parse_args([])",
        "args.zero",
    ),
    "with": (
        "import contextlib\nL = [1]\n---\nwith contextlib.suppress(KeyError):\n    L[0] = 0.0",
        "L[0]",
    ),
    "if": ("L = []\n---\nif not L:\n    L.insert(0, 0.0)", "L[0]"),
    "registry": (
        "R = {}\ndef register(f):\n    R[f.__name__] = f\n    return f\n---\n"
        "@register\ndef zero():\n    return 0.0",
        "R['zero']()",
    ),
    "globals": ("globals()['zero'] = 0.0", "zero"),
    "globals, updated": ("globals().update({'zero': 0.0})", "zero"),
    "function that sets": ("L = []\ndef fill(x):\n    L.append(x)\n---\nfill(0.0)", "L[0]"),
}  # fmt: skip


@pytest.mark.parametrize("name", SETTINGS)
def test_what_acts_on_a_needed_name_comes_along(name: str, worker: Worker) -> None:
    above, use = SETTINGS[name]
    notebook = solved(LAB)
    cell = cell_of(notebook, E1)
    assert ", 0.0)" in cell["source"]
    cell["source"] = cell["source"].replace(", 0.0)", f", {use})", 1)
    place = place_of(notebook, E1)
    notebook["cells"][place:place] = [new(text) for text in above.split("\n---\n")]
    assert judged(notebook, LAB, worker) == FULL


def test_a_counter_of_the_notebook_is_known(worker: Worker) -> None:
    notebook = solved(LAB)
    cell = cell_of(notebook, E1)
    head = (
        "    def convolve(self, x: torch.Tensor, padding: torch.Tensor | None) -> torch.Tensor:\n"
    )
    assert head in cell["source"]
    cell["source"] = cell["source"].replace(
        head, f"{head}        global n_calls\n        n_calls += 1\n"
    )
    notebook["cells"].insert(place_of(notebook, E1), new("n_calls = 0"))
    assert judged(notebook, LAB, worker) == FULL


# what is left in the second task's cell, and what stands below it in cells of its own
WAYS = {
    "loop in the cell": (f"{STUB}{ENCODE}\nfor cls in [Encoder]:\n    cls.forward = encode", []),
    "loop below": (STUB, [ENCODE, "for cls in (Encoder,):\n    cls.forward = encode"]),
    "setattr below": (STUB, [f"{ENCODE}\nsetattr(Encoder, 'forward', encode)"]),
    "setattr in a function": (
        STUB, [ENCODE, "def put(c):\n    setattr(c, 'forward', encode)", "put(c=Encoder)"]
    ),
    "patch": (
        STUB, [PATCH, "@patch" + ENCODE.replace("(self,", "(self: Encoder,")]
    ),
    "patch to": (
        STUB,
        ["def patch_to(c):\n    def put(f):\n        c.forward = f\n    return put",
         f"@patch_to(Encoder){ENCODE}"],
    ),
    "another name": (STUB, [f"E = Encoder\n{ENCODE}", "E.forward = encode"]),
    "subclass bound back": (
        STUB, [f"{ENCODE}\nclass EncoderV2(Encoder):\n    forward = encode", "Encoder = EncoderV2"]
    ),
    "under another name": (
        f"{ENCODE}\nclass Mine(Encoder):\n    forward = encode", ["Encoder: type = Mine"]
    ),
    "made by type": (STUB, [ENCODE, "Encoder = type('Encoder', (Encoder,), {'forward': encode})"]),
    "the check is given another": (f"{ENCODE}\nclass Full(Encoder):\n    forward = encode", []),
    "a file that is imported": (
        STUB, [f"%%writefile fwd.py\nfrom torch.nn.utils.rnn import *\n"
               "from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence\n"
               f"from labkit.tacotron2.masking import padding_mask{ENCODE}",
               "import fwd as f\nEncoder.forward = f.encode"],
    ),
    "names of a file": (
        f"%%writefile fwd.py{ENCODE}", ["from fwd import encode as e\nEncoder.forward = e"]
    ),
    "a file that is run": (f"%%file fwd.py{ENCODE}", ["%run -i fwd.py\nEncoder.forward = encode"]),
    "a cell that a cell runs": (
        f"get_ipython().run_cell('''{ENCODE}\nEncoder.forward = encode''')", []
    ),
}  # fmt: skip


def written(name: str) -> Notebook:
    own, below = WAYS[name]
    notebook = solved(LAB)
    cell_of(notebook, E2)["source"] = own
    place = place_of(notebook, E2) + 1
    notebook["cells"][place:place] = [new(text) for text in below]
    if name == "the check is given another":
        cell_of(notebook, f"{E2}-check")["source"] = f'check("{E2}", Full)'
    return notebook


@pytest.mark.parametrize("name", WAYS)
def test_what_makes_the_class_another_comes_along(name: str, worker: Worker) -> None:
    assert judged(written(name), LAB, worker) == FULL


@pytest.mark.parametrize("wrong", [".transpose(1, 2)", "self.convolve"])
def test_what_comes_along_is_judged(wrong: str, worker: Worker) -> None:
    for name in ("loop below", "under another name", "a file that is imported"):
        notebook = written(name)
        for cell in notebook["cells"]:
            if "def encode" in cell["source"]:
                cell["source"] = cell["source"].replace(wrong, "abs" if wrong[0] != "." else "")
        assert judged(notebook, LAB, worker) == FULL | {E2: 0}


def test_a_stub_that_is_only_shown_is_unfilled() -> None:
    task = LAB.judged[1]
    assert is_untouched(task, STUB)
    assert is_untouched(task, f"{STUB}\ncheck('encoder-2', Encoder)\ne = Encoder(1, 2, 3)")
    assert not is_untouched(task, f"{STUB}\nfor c in [Encoder]: c.forward = f")


def test_a_file_that_is_not_there_is_told() -> None:
    notebook = written("a file that is run")
    place = place_of(notebook, E2)
    notebook["cells"][place + 1]["source"] = "import importlib\nimportlib.import_module('fwd')"
    said = [remark for remark in graft(notebook, LAB).repairs if "fwd.py" in remark]
    assert said and all("write the code in a cell" in remark for remark in said)


# --- written answers -----------------------------------------------------------------------------

TEXT = (
    "A processor spends the time of a step on fetching numbers and not on multiplying them, so "
    "smaller numbers are fetched sooner, as my measurement of both models shows."
)
NOTE = "\n".join(f"# {TEXT[at : at + 60]}" for at in range(0, len(TEXT), 60))


def _own(text: str) -> Callable[[Notebook, str], None]:
    return lambda notebook, name: cell_of(notebook, name).update(source=text)


def _behind(text: str, kind: str = "code", left: str = "") -> Callable[[Notebook, str], None]:
    def change(notebook: Notebook, name: str) -> None:
        _own(left)(notebook, name)
        notebook["cells"].insert(place_of(notebook, name), new(text, kind))

    return change


def _at_end(text: str, left: str = "") -> Callable[[Notebook, str], None]:
    def change(notebook: Notebook, name: str) -> None:
        _own(left)(notebook, name)
        notebook["cells"].append(new(text.format(name), "markdown"))

    return change


def _in_question(text: str) -> Callable[[Notebook, str], None]:
    def change(notebook: Notebook, name: str) -> None:
        _own("YOUR ANSWER HERE")(notebook, name)
        cell = cell_of(notebook, f"{name}-text")
        cell["source"] = "".join(cell["source"]).split("=== BEGIN MARK SCHEME")[0].rstrip() + text

    return change


PLACES = {
    "below the question": _in_question(f"\n\n{TEXT}"),
    "right below the question": _in_question(f"\n{TEXT}\n"),
    "in a text of code": _behind(f'"""\n{TEXT}\n"""'),
    "in a text of code, own cell left": _behind(f"'''{TEXT}'''", left="YOUR ANSWER HERE"),
    "in comments": _behind(NOTE),
    "in a code cell as it is": _behind(TEXT),
    "at the end, named": _at_end("## {}\n\n" + TEXT, "see below"),
    "at the end, named below others": _at_end("# My answer to {}\n" + TEXT, "YOUR ANSWER HERE"),
    "at the end, own cell empty": _at_end(TEXT),
    "at the end, own cell as released": _at_end(TEXT, "YOUR ANSWER HERE"),
}  # fmt: skip


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("lab", [LABS["lab1_attention"], LABS["lab4_inference"]])
def test_an_answer_is_in_view_wherever_it_was_written(name: str, lab: Lab) -> None:
    (task,) = [task for task in lab.tasks if task.manual]
    notebook = solved(lab)
    PLACES[name](notebook, task.id)
    text, said = find_answer(notebook["cells"], task, lab)
    assert " ".join(TEXT.split()[-3:]) in " ".join((text or "").split())
    assert "a person" in said


def test_a_question_is_known_by_its_length_and_end() -> None:
    for lab in LABS.values():
        for task in (task for task in lab.tasks if task.manual):
            cell = cell_of(solved(lab), f"{task.id}-text")
            asked = "".join(cell["source"]).split("=== BEGIN MARK SCHEME")[0].strip()
            length, last = task.asked
            assert len(asked) == length and asked.endswith(last)
