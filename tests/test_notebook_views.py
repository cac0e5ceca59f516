"""The grammar of what notebooks show: pictures with their text, sliders, and none in a pinch."""

from __future__ import annotations

import base64
import itertools
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import labkit.notebook
from labkit.errors import InputError
from labkit.notebook import draw_attention_idea, explore_location, plot_alignment
from labkit.notebook.alignment import jumps_back, strongest
from labkit.tacotron2.attention import LocationLayer
from notebook_tools import WIDGET, data_of, run_cells


class TestImport:
    @pytest.mark.parametrize(
        "statement",
        [
            "import labkit.notebook",
            "from labkit.notebook import compare_attention, explore_location, plot_alignment",
        ],
    )
    def test_loads_nothing_heavy(self, statement: str) -> None:
        heavy = ["matplotlib", "ipywidgets", "PIL", "labkit.tacotron2.attention"]
        program = f"{statement}\nimport sys\nprint([m for m in {heavy} if m in sys.modules])"
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == "[]"

    def test_every_public_name_exists(self) -> None:
        assert {name for name in dir(labkit.notebook) if getattr(labkit.notebook, name)} == set(
            labkit.notebook.__all__
        )


class TestPlotAlignment:
    def test_says_what_is_seen(self) -> None:
        weights = torch.eye(4)[[0, 1, 0, 1, 2, 3]]
        picture = plot_alignment(weights, "abcd")
        assert "6 decoder steps over 4 input symbols" in picture.text
        assert "begins at 1, ends at 4 and moves back 1 time." in picture.text

    def test_one_sentence_of_a_batch_is_taken_as_it_is(self) -> None:
        weights = torch.softmax(torch.randn(1, 5, 3), dim=2)
        assert plot_alignment(weights).text == plot_alignment(weights[0]).text

    @given(st.lists(st.integers(0, 8), min_size=1, max_size=20))
    def test_jumps_back_counts_descents_of_a_sharp_path(self, path: list[int]) -> None:
        weights = torch.eye(9)[path]
        assert strongest(weights) == path
        descents = [after for before, after in itertools.pairwise(path) if after < before]
        assert jumps_back(weights) == len(descents)

    @pytest.mark.parametrize("shape", [(4,), (2, 3, 4), (0, 4)])
    def test_other_shapes_are_refused(self, shape: tuple[int, ...]) -> None:
        with pytest.raises(InputError, match="one row of weights for each decoder step"):
            plot_alignment(torch.zeros(shape))

    def test_symbols_must_fit(self) -> None:
        with pytest.raises(InputError, match="3 symbols for 4 columns"):
            plot_alignment(torch.eye(4), "abc")


class TestPicture:
    def test_html_carries_the_text_twin(self) -> None:
        bundle = draw_attention_idea()._repr_mimebundle_()
        text = draw_attention_idea().text
        assert f'alt="The question that attention answers. {text}' in bundle["text/html"]
        assert text in bundle["text/plain"]
        assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG")
        assert len(bundle["image/png"]) < 100_000

    def test_what_students_write_is_not_run_as_html(self) -> None:
        class Broken(LocationLayer):
            def forward(self, attention_weights_cat: torch.Tensor) -> torch.Tensor:
                raise ValueError("<script>alert(1)</script>")

        bundle = explore_location(Broken).draw()._repr_mimebundle_()
        assert "<script>" not in bundle["text/html"]
        assert "&lt;script&gt;" in bundle["text/html"]

    @pytest.mark.parametrize(("suffix", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml")])
    def test_saves_in_the_format_of_the_suffix(
        self, tmp_path: Path, suffix: str, start: bytes
    ) -> None:
        path = tmp_path / f"alignment.{suffix}"
        plot_alignment(torch.eye(3)).save(path)
        assert path.read_bytes().startswith(start)


class TestView:
    def test_unknown_slider(self) -> None:
        with pytest.raises(InputError, match=r"no slider 'center'.*centre, width, read"):
            explore_location(LocationLayer).draw(center=3)

    def test_out_of_range(self) -> None:
        with pytest.raises(InputError, match="centre = 12 is outside 1 to 11"):
            explore_location(LocationLayer).draw(centre=12)

    def test_without_a_kernel_it_reads_as_text(self) -> None:
        text = repr(explore_location(LocationLayer))
        assert text.startswith("From past weights to location features")
        assert "length of its features" in text


SHOW = (
    "from labkit.notebook import explore_location\n"
    "from labkit.tacotron2.attention import LocationLayer\n"
)
MOVE = (
    "from ipywidgets import IntSlider, Widget\n"
    "from ipywidgets.widgets.widget import _instances\n"
    "sliders = [w for w in _instances.values() if isinstance(w, IntSlider)]\n"
    "next(w for w in sliders if 'looked at letter' in w.description).value = 2"
)
STUB = (
    "def forward(self, attention_weights_cat):\n"
    "    raise NotImplementedError()\n"
    "explore_location(type('LocationLayer', (LocationLayer,), {'forward': forward}))"
)


@pytest.mark.slow
def test_in_a_kernel() -> None:
    """Sliders redraw the picture; without them it stands alone; an unfilled class stops nothing."""
    show = "explore_location(LocationLayer)"
    shown, moved, unfilled, _, static, _, without = run_cells(
        SHOW + show,
        MOVE,
        STUB,
        "import os; os.environ['LABKIT_STATIC'] = '1'",
        show,
        "import sys; del os.environ['LABKIT_STATIC']; sys.modules['ipywidgets'] = None",
        show,
    )
    controls, picture = data_of(shown)
    assert WIDGET in controls
    assert "Sliders" in controls["text/plain"]
    assert picture["text/html"].count("<img") == 1
    assert "The last step looked at o (letter 2)" in picture["text/html"]
    assert not moved.outputs
    (message,) = data_of(unfilled)
    assert "attention-1 is not filled in yet" in message["text/html"]
    for alone in (static, without):
        (picture,) = data_of(alone)
        assert WIDGET not in picture
        assert "The last step looked at o (letter 5)" in picture["text/html"]
        assert "length of its features" in picture["text/plain"]
