"""What only the notebook of the decoder lab has: figures of the shipped voice in its prose."""

from __future__ import annotations

import re

from labkit.notebook.shipped_voice import voice
from labkit.tacotron2 import DecoderState
from notebook_tools import NOTEBOOKS, cells_of, read_notebook

CELLS = cells_of(read_notebook(NOTEBOOKS / "lab3_decoder" / "decoder.ipynb"))


def test_figures_in_the_prose_are_those_of_the_voice() -> None:
    config, mel = voice().tacotron2.config, voice().settings.mel
    r = config.n_frames_per_step
    milliseconds = 1000 * r * mel.hop_length / mel.sample_rate
    terms = re.sub(r"\s+", " ", CELLS["idea-terms"].source)
    assert f"*r* = {r}" in terms and f"{r * config.n_mel_channels} for our" in terms
    assert f"{milliseconds:.0f} milliseconds" in terms
    prenet = CELLS["why-prenet"].source
    assert f"{config.p_prenet_dropout:.0%}".replace("%", " %") in prenet
    assert voice().settings.prenet_dropout is False


def test_the_table_of_the_state_names_every_field() -> None:
    rows = [line for line in CELLS["idea-terms"].source.split("\n") if line.startswith("| `")]
    named = re.findall(r"`(\w+)`", "\n".join(row.split("|")[1] for row in rows))
    assert named == list(DecoderState._fields)
