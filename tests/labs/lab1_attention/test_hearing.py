"""Lab 1 lets students hear what location features are for; the recordings say what they should."""

from __future__ import annotations

import torch
from safetensors.torch import load_file

from labkit.labs.lab1_attention.hearing import DATA, SENTENCE
from labkit.notebook import hear_attention
from labkit.notebook.alignment import jumps_back, strongest
from notebook_tools import words_heard


def test_with_location_the_reading_goes_from_the_first_symbol_to_the_last() -> None:
    weights = load_file(DATA / "hearing.safetensors")["with_location"].float()
    path = strongest(weights)
    assert path[0] == 0 and path[-1] >= weights.shape[1] - 3
    assert jumps_back(weights) == 0
    torch.testing.assert_close(weights.sum(1), torch.ones(len(weights)), atol=0.01, rtol=0)


def test_without_location_the_reading_is_lost() -> None:
    found = load_file(DATA / "hearing.safetensors")
    path = strongest(found["without_location"].float())
    assert len(set(path)) < 0.5 * len(set(strongest(found["with_location"].float())))


def test_a_recogniser_understands_the_one_and_not_the_other() -> None:
    understood = [words_heard(one.sound, SENTENCE)[0] for one in hear_attention().recordings]
    assert understood[0] >= 0.8
    assert understood[1] <= 0.4


def test_it_can_be_played_and_read() -> None:
    hearing = hear_attention()
    shown = hearing._repr_mimebundle_()
    assert shown["text/html"].count("<audio controls aria-label=") == 2
    assert shown["text/html"].count("<img alt=") == 2
    assert SENTENCE in shown["text/plain"] and "Content only" in repr(hearing)
