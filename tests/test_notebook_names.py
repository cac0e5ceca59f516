"""What a notebook calls a function's arguments is what they are called."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from conftest import ROOT
from grader.labs.lab4_inference.adapter import ToyDenoiser, ToyModel, ToyVocoder
from labkit.audio import save_audio
from labkit.tacotron2 import Tacotron2
from labkit.vocoders import Denoiser
from labkit.vocoders.protocol import Vocoder

NOTEBOOKS = sorted(ROOT.glob("notebooks/*/*.ipynb"))
QUOTED = re.compile(r"`([A-Za-z_][\w.]*)\(([^`()]*)\)`")

# what the notebooks document for students to call; the stand-ins of the checks are called alike
DOCUMENTED: dict[str, tuple[Callable[..., Any], ...]] = {
    "save_audio": (save_audio,),
    "denoiser": (Denoiser.forward, ToyDenoiser.forward),
    "vocoder.infer": (Vocoder.infer, ToyVocoder.infer),
    "tacotron2.infer": (Tacotron2.infer, ToyModel.infer),
    "self.hidden_frames": (Tacotron2.hidden_frames,),
}


def quoted() -> Iterator[tuple[str, str, list[str]]]:
    """Yield notebook, function and arguments of every call that a text quotes."""
    for path in NOTEBOOKS:
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            if cell["cell_type"] == "markdown":
                for name, arguments in QUOTED.findall("".join(cell["source"])):
                    names = [a.split("=")[0].strip() for a in arguments.split(",")]
                    yield path.stem, name, [n for n in names if n.isidentifier()]


@pytest.mark.parametrize("name", DOCUMENTED)
def test_a_documented_call_can_be_made_with_the_names_that_stand_there(name: str) -> None:
    calls = [names for _, found, names in quoted() if found == name]
    assert calls
    for function in DOCUMENTED[name]:
        known = [parameter for parameter in inspect.signature(function).parameters]
        for names in calls:
            assert [n for n in known if n in names] == names, (function, known)


def test_whoever_says_samples_saves_them(tmp_path: Any) -> None:
    import torch

    path = save_audio(path=tmp_path / "x.wav", samples=torch.zeros(9), sample_rate=8000)
    assert path.is_file()


@pytest.mark.parametrize(
    ("real", "toy"),
    [
        (Tacotron2.infer, ToyModel.infer),
        (Vocoder.infer, ToyVocoder.infer),
        (Denoiser.forward, ToyDenoiser.forward),
        (Tacotron2.forward, ToyModel.forward),
    ],
)
def test_a_stand_in_takes_what_the_real_one_takes_under_its_names(real: Any, toy: Any) -> None:
    wanted, offered = inspect.signature(real).parameters, inspect.signature(toy).parameters
    assert list(offered) == [name for name in wanted if name in offered]
    for name, parameter in offered.items():
        assert (parameter.kind, parameter.default) == (wanted[name].kind, wanted[name].default)
