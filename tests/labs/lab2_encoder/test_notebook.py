"""What only the notebook of the encoder lab has."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from labkit.tacotron2 import Encoder
from labs.lab2_encoder.notebook import SHOWS, VIEWS
from notebook_tools import NOTEBOOKS, cells_of, execute, read_notebook, shown, with_pictures

NOTEBOOK = read_notebook(NOTEBOOKS / "lab2_encoder" / "encoder.ipynb")


@pytest.mark.slow
def test_sliders_can_be_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKIT_STATIC", "1")
    done = execute(NOTEBOOK)
    assert not any("Sliders belong here" in shown(done[name]) for name in VIEWS)
    assert tuple(with_pictures(done)) == SHOWS.pictures


def test_the_shapes_that_its_help_names() -> None:
    x, lstm = torch.rand(2, 11, 512), Encoder(3, 512, 5).lstm
    help_text = cells_of(NOTEBOOK)["encoder-2-help"].source
    for lengths, unpacked in (([7, 11], {}), ([7, 9], {"batch_first": True})):
        packed = pack_padded_sequence(
            x, torch.tensor(lengths), batch_first=True, enforce_sorted=False
        )
        wrong, _ = pad_packed_sequence(lstm(packed)[0], **unpacked)
        assert f"`{tuple(wrong.shape)}` where `(2, 11, 512)` was expected" in help_text


def test_dropout_is_on_unless_told() -> None:
    assert (F.dropout(torch.ones(1000), 0.5) == 0).any()
