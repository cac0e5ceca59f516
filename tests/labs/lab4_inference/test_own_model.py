"""A student's fills come to speak: taken from their notebooks, tried, and lent where they fail."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import labkit
from grader.labs import GRADED
from grader.labs import LABS as LABS_BY_NAME
from handin_tools import solved
from labkit.labs.lab4_inference import fills, grafting
from labkit.labs.lab4_inference.fills import FILLS
from labkit.labs.lab4_inference.grafting import OwnModel, own_model
from labkit.labs.lab4_inference.time_limit import TooLongError, time_limit
from labkit.tacotron2.masking import pad_symbols
from notebook_tools import NOTEBOOKS, emptied

LABS = ("lab1_attention", "lab2_encoder", "lab3_decoder")
SAME = "its numbers are those of the reference"

Change = Callable[[str], str]


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The folder of lab 4, beside which the three solved notebooks lie."""
    for lab in LABS:
        shutil.copytree(NOTEBOOKS / lab, tmp_path / lab)
    (tmp_path / "lab4_inference").mkdir()
    return tmp_path / "lab4_inference"


def path_of(own: Path, task: str) -> Path:
    (place,) = [fill.place for fill in FILLS if fill.task == task]
    return own.parent / place


def edit(own: Path, task: str, change: Change) -> None:
    """Change the source of a task's cell."""
    path = path_of(own, task)
    notebook = json.loads(path.read_text("utf-8"))
    (cell,) = [cell for cell in notebook["cells"] if cell["id"] == task]
    cell["source"] = change("".join(cell["source"]))
    path.write_text(json.dumps(notebook), "utf-8")


def put(old: str, new: str) -> Change:
    def change(source: str) -> str:
        assert old in source
        return source.replace(old, new, 1)

    return change


def why(model: OwnModel) -> dict[str, str]:
    """Why each task that is lent is lent."""
    return {origin.task: origin.why for origin in model.origins if not origin.is_own}


def read(tacotron2: labkit.Tacotron2, seed: int = 1) -> tuple[torch.Tensor, ...]:
    voice = labkit.Synthesizer.from_pretrained()
    ids, lengths = pad_symbols([voice.settings.front_end.read("Good morning.").ids])
    return tacotron2.infer(ids, lengths, seed=seed)


class TestSolved:
    def test_all_is_yours_and_speaks_like_the_reference(self, own: Path) -> None:
        mine = own_model(own)
        assert [(o.task, o.is_own, o.why) for o in mine.origins] == [
            (fill.task, True, SAME) for fill in FILLS
        ]
        assert mine.text == "All 9 tasks of labs 1 to 3 run your code."
        voice = labkit.Synthesizer.from_pretrained()
        for result, expected in zip(read(mine.tacotron2), read(voice.tacotron2), strict=True):
            torch.testing.assert_close(result, expected, atol=1e-3, rtol=1e-3)
        parts = (mine.tacotron2, mine.tacotron2.encoder, mine.tacotron2.decoder)
        assert {type(part).__mro__[0].__module__ for part in parts} != {"labkit.tacotron2.model"}
        assert mine.synthesizer.say("Good morning.", seed=1).stop_reason == "gate"

    @pytest.mark.parametrize("place", ["here", "below"])
    def test_notebooks_are_found_elsewhere(self, own: Path, place: str) -> None:
        folder = own.parent
        if place == "here":
            for lab in LABS:
                (notebook,) = (own.parent / lab).glob("*.ipynb")
                shutil.copy(notebook, own)
                shutil.rmtree(own.parent / lab)
            folder = own
        assert len(own_model(folder).own) == 9

    def test_lengths_of_another_type_are_the_same_numbers(self, own: Path) -> None:
        edit(own, "decoder-3", put("dtype=torch.int32", "dtype=torch.int64"))
        assert [o.why for o in own_model(own).origins] == [SAME] * len(FILLS)

    def test_the_tasks_are_those_that_are_graded(self) -> None:
        expected: dict[tuple[str, str], set[str]] = {}
        for lab, graded in GRADED:
            if lab in LABS and (graded.cls, graded.method) not in (
                ("Decoder", "forward"),  # teacher forcing: given back in lab 5
                ("Tacotron2", "forward"),
            ):
                expected.setdefault((graded.task, graded.cls), set()).add(graded.method)
        assert {(fill.task, fill.owner): set(fill.methods) for fill in FILLS} == expected


def with_classes(own: Path) -> Path:
    """Put whole classes into the notebooks, as earlier releases had them and many write them."""
    for lab in (LABS_BY_NAME[name] for name in LABS):
        path = own.parent / lab.name / f"{lab.notebook}.ipynb"
        path.write_text(json.dumps(solved(lab, "classes")), "utf-8")
    return own


def test_whole_classes_are_yours_as_well(own: Path) -> None:
    assert len(own_model(with_classes(own)).own) == 9


class TestMissing:
    def test_no_notebooks_at_all(self, tmp_path: Path) -> None:
        mine = own_model(tmp_path)
        assert mine.own == []
        assert mine.text == "All 9 tasks of labs 1 to 3 run the reference."
        assert why(mine)["encoder-1"] == "there is no encoder.ipynb here or in ../lab2_encoder"
        assert mine.synthesizer.say("Hello.", seed=1).seconds > 0.3

    def test_one_lab_is_enough(self, own: Path) -> None:
        for lab in ("lab1_attention", "lab3_decoder"):
            shutil.rmtree(own.parent / lab)
        assert own_model(own).own == ["encoder-1", "encoder-2"]

    def test_a_cell_that_was_deleted(self, own: Path) -> None:
        path = path_of(own, "encoder-2")
        notebook = json.loads(path.read_text("utf-8"))
        notebook["cells"] = [cell for cell in notebook["cells"] if cell["id"] != "encoder-2"]
        path.write_text(json.dumps(notebook), "utf-8")
        assert why(own_model(own)) == {"encoder-2": "its cell is missing"}

    @pytest.mark.parametrize(
        "content", ["", "{", "[]", '{"cells": 1}', '{"cells": [1]}', '{"nbformat": 4}']
    )
    def test_a_file_that_is_no_notebook(self, own: Path, content: str) -> None:
        path_of(own, "encoder-1").write_text(content, "utf-8")
        expected = "encoder.ipynb cannot be read as a notebook"
        assert why(own_model(own)) == {"encoder-1": expected, "encoder-2": expected}

    def test_a_notebook_without_code(self, own: Path) -> None:
        path_of(own, "encoder-1").write_text('{"cells": []}', "utf-8")
        assert set(why(own_model(own)).values()) == {"its cell is missing"}

    @pytest.mark.parametrize("lost", ["id", "both"])
    def test_cells_that_lost_their_names(self, own: Path, lost: str) -> None:
        for task in ("attention-1", "encoder-1", "decoder-1"):
            path = path_of(own, task)
            notebook = json.loads(path.read_text("utf-8"))
            for number, cell in enumerate(notebook["cells"]):
                cell["id"] = str(number)
                if lost == "both":
                    cell["metadata"] = {}
            path.write_text(json.dumps(notebook), "utf-8")
        assert len(own_model(own).own) == 9


class TestUnfilled:
    @pytest.mark.parametrize("fill", FILLS, ids=lambda fill: fill.task)
    def test_a_stub_is_lent_and_the_rest_is_yours(self, own: Path, fill: fills.Fill) -> None:
        edit(own, fill.task, emptied)
        mine = own_model(own)
        assert why(mine) == {fill.task: "not filled in yet"}
        assert mine.text == "8 of the 9 tasks of labs 1 to 3 run your code."

    def test_all_are_stubs(self, own: Path) -> None:
        for fill in FILLS:
            edit(own, fill.task, emptied)
        mine = own_model(own)
        assert set(why(mine).values()) == {"not filled in yet"}
        assert len(why(mine)) == 9


class TestBroken:
    @pytest.fixture
    def own(self, own: Path) -> Path:
        return with_classes(own)

    @pytest.mark.parametrize(
        ("task", "change", "said"),
        [
            ("attention-1", lambda s: s + "\n)", "SyntaxError in line"),
            ("attention-2", put("    def __init__", "    helper\n    def __init__"), "NameError: "),
            ("attention-3", put("    def forward", "    exit()\n    def forward"), "SystemExit"),
            ("encoder-1", lambda s: "x = 1", "its cell defines no Encoder.convolve"),
            ("encoder-2", put("x.transpose(1, 2)", "x"), "RuntimeError: "),
            ("decoder-1", put("attention_hidden=", "hidden="), "TypeError: "),
            ("decoder-3", lambda s: s.replace("def infer", "def inf"), "its cell defines no"),
            ("tacotron2-1", lambda s: s.replace("self.encoder(", "self.encode("), "AttributeError"),
        ],
    )
    def test_what_raises_is_lent(self, own: Path, task: str, change: Change, said: str) -> None:
        edit(own, task, change)
        mine = own_model(own)
        assert set(why(mine)) == {task}
        assert why(mine)[task].startswith(said)
        assert "\n" not in why(mine)[task]

    def test_a_cell_that_never_ends(self, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(fills, "SECONDS_PER_CELL", 0.3)
        edit(own, "encoder-1", lambda source: source + "\nwhile True: pass")
        (reason,) = why(own_model(own)).values()
        assert reason.endswith("it was stopped after 0.3 seconds: does its loop end?")

    def test_a_decoder_that_never_ends(self, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(grafting, "SECONDS", 1.0)
        edit(own, "decoder-3", put("islice(steps, max_decoder_steps)", "steps"))
        edit(own, "decoder-3", put("if self.early_stopping and", "if False and"))
        (reason,) = why(own_model(own)).values()
        assert "does its loop end?" in reason

    def test_a_renamed_layer_does_not_fit_the_weights(self, own: Path) -> None:
        edit(own, "encoder-1", lambda source: source.replace("self.lstm", "self.rnn"))
        edit(own, "encoder-2", lambda source: source.replace("self.lstm", "self.rnn"))
        reasons = why(own_model(own))
        assert set(reasons) == {"encoder-1", "encoder-2"}
        assert all("the weights do not fit" in reason for reason in reasons.values())

    @pytest.mark.parametrize(
        ("result", "said"),
        [
            ("return None", "TypeError"),
            ("return mel, mel_lengths, alignments, gate", "the mel has the shape"),
            ("return mel_postnet * float('nan'), mel_lengths, alignments, gate", "not finite"),
            ("return mel_postnet, mel_lengths + 1000, alignments, gate", "a sentence of"),
            ("return mel_postnet, mel_lengths[:1], alignments, gate", "the lengths have"),
            ("return mel_postnet, mel_lengths, gate, gate", "the alignments have"),
        ],
    )
    def test_results_that_cannot_be_heard(self, own: Path, result: str, said: str) -> None:
        good = "return mel_postnet, mel_lengths, alignments, gate"
        edit(own, "tacotron2-1", put(good, result))
        if "mel, mel" in result:
            edit(own, "tacotron2-1", put("return mel,", "mel = mel.mT\n        return mel,"))
        (reason,) = why(own_model(own)).values()
        assert said in reason

    def test_nothing_is_printed(self, own: Path, capsys: pytest.CaptureFixture[str]) -> None:
        edit(own, "encoder-2", lambda source: "print('Encoder module PASS!')\n" + source)
        edit(
            own, "encoder-2", put("x = self.convolve", "print(x.shape)\n        x = self.convolve")
        )
        assert len(own_model(own).own) == 9
        assert capsys.readouterr() == ("", "")

    def test_magics_and_helpers_in_the_cell(self, own: Path) -> None:
        helped = "%timeit 1\n!ls\nimport math\ndef flip(x): return x.transpose(1, 2)\n"
        edit(
            own, "encoder-2", lambda source: helped + source.replace("x.transpose(1, 2)", "flip(x)")
        )
        assert len(own_model(own).own) == 9


class TestWorkedIn:
    """What people do to their cells, and the notebook's kernel does not mind."""

    def test_lines_that_fail_below_the_class_cost_nothing(self, own: Path) -> None:
        for task, below in (
            ("attention-1", "print(helper)"),
            ("attention-2", "exit()"),
            ("encoder-1", "assert False"),
            ("encoder-2", "check('encoder-2', Encoder)"),
            ("decoder-3", "raise MemoryError"),
        ):
            edit(own, task, lambda source, below=below: f"{source}\n{below}")  # type: ignore[misc]
        assert len(own_model(own).own) == 9

    def test_ipythons_lines_cost_nothing(self, own: Path) -> None:
        for task, above in (
            ("attention-1", "%%time"),
            ("attention-3", "%%capture out\n%%time"),
            ("encoder-1", "x = !ls"),
            ("decoder-1", "LinearNorm?"),
            ("decoder-2", "!pip install torch \\\n  numpy"),
            ("tacotron2-1", "import asyncio\nawait asyncio.sleep(0)"),
        ):
            edit(own, task, lambda source, above=above: f"{above}\n{source}")  # type: ignore[misc]
        assert len(own_model(own).own) == 9

    @pytest.mark.parametrize("what", ["emptied", "split", "a copy that is broken", "an import"])
    def test_cells_that_were_moved_about(self, own: Path, what: str) -> None:
        path = path_of(own, "encoder-2")
        notebook = json.loads(path.read_text("utf-8"))
        place = next(i for i, c in enumerate(notebook["cells"]) if c["id"] == "encoder-2")
        cell = notebook["cells"][place]
        source = "".join(cell["source"])
        more = {"cell_type": "code", "id": "new", "metadata": {}}
        if what == "emptied":
            cell["source"] = ""
            notebook["cells"].insert(place + 1, more | {"source": source})
        elif what == "split":
            notebook["cells"].insert(place + 1, cell | {"source": "print(Encoder(1, 2)"})
        elif what == "a copy that is broken":
            notebook["cells"].insert(place, cell | {"source": source + "\n  )"})
        else:
            cell["source"] = source.replace("x.transpose(1, 2)", "tt.transpose(x, 1, 2)")
            notebook["cells"].insert(1, more | {"source": "import os, torch as tt"})
        path.write_text(json.dumps(notebook), "utf-8")
        assert len(own_model(own).own) == 9


class TestWrong:
    @pytest.fixture
    def own(self, own: Path) -> Path:
        return with_classes(own)

    def test_wrong_numbers_are_kept_and_said(self, own: Path) -> None:
        edit(own, "attention-3", put("softmax(energies", "softmax(0.3 * energies"))
        mine = own_model(own)
        reasons = {origin.task: origin.why for origin in mine.origins}
        assert mine.own == [fill.task for fill in FILLS]
        assert "not those of the reference" in reasons.pop("attention-3")
        assert set(reasons.values()) == {SAME}
        voice = labkit.Synthesizer.from_pretrained()
        sharp, blurred = (read(one.tacotron2)[2].max(dim=2).values.mean() for one in (voice, mine))
        assert blurred < sharp - 0.1

    def test_who_keeps_the_voice_from_speaking_is_blamed(self, own: Path) -> None:
        """It runs with two sentences, as it is tried, and not with one."""
        edit(
            own, "encoder-1", put("        for conv", "        assert len(x) > 1\n        for conv")
        )
        assert why(own_model(own)) == {
            "encoder-1": "the voice did not speak with it: AssertionError"
        }

    def test_two_who_do(self, own: Path) -> None:
        for task, place in (("encoder-1", "        for conv"), ("encoder-2", "        x = self")):
            edit(own, task, put(place, f"        assert len(x) > 1\n{place}"))
        assert {"encoder-1", "encoder-2"} <= set(why(own_model(own)))

    def test_a_gate_that_fires_at_once(self, own: Path) -> None:
        edit(
            own,
            "decoder-3",
            put("<= gate_threshold", "> 2 if len(memory) == 1 else gate_output[:, 0] < 9"),
        )
        (reason,) = why(own_model(own)).values()
        assert reason == "the voice did not speak with it: its first frame is its last"


class TestShown:
    @pytest.fixture
    def own(self, own: Path) -> Path:
        return with_classes(own)

    def test_as_text_and_as_html(self, own: Path) -> None:
        raising = "    raise ValueError('<b>no</b>')\n    def __init__"
        edit(own, "encoder-1", put("    def __init__", raising))
        mine = own_model(own)
        assert "encoder-1    the reference  ValueError: <b>no</b>" in repr(mine)
        bundle = mine._repr_mimebundle_()
        assert bundle["text/plain"] == repr(mine)
        assert bundle["text/html"].count("<tr>") == 10
        assert "<b>no</b>" not in bundle["text/html"]


class TestTimeLimit:
    def test_what_is_quick_is_left_alone(self) -> None:
        before = threading.active_count()
        with time_limit(60):
            assert threading.active_count() == before + 1
        for thread in threading.enumerate():
            if isinstance(thread, threading.Timer):
                thread.join()  # it was called off
        assert threading.active_count() == before

    def test_a_loop_is_stopped(self) -> None:
        with pytest.raises(TooLongError, match=r"after 0\.1 seconds"), time_limit(0.1):
            while True:
                pass

    def test_errors_pass_through(self) -> None:
        with pytest.raises(ValueError, match="mine"), time_limit(5):
            raise ValueError("mine")

    def test_a_debugger_may_be_looking(self) -> None:
        """A tracer, as debuggers and coverage have one, once made the end of a limit spin."""
        looked_at = """
import sys
from labkit.labs.lab4_inference.time_limit import time_limit

def work():
    with time_limit(60):
        return 1 + 1

sys.settrace(lambda *_: None)
print(work())
"""
        done = subprocess.run(
            [sys.executable, "-c", looked_at], capture_output=True, text=True, timeout=60
        )
        assert done.stdout.strip() == "2", done.stderr

    def test_code_that_swallows_the_end_is_not_hit_later(self) -> None:
        with time_limit(0.05), contextlib.suppress(TooLongError):
            while True:
                pass
        time.sleep(0.1)
