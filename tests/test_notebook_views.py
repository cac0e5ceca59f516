"""The pictures and views of the notebooks: what they say is true, and they never break a run."""

from __future__ import annotations

import ast
import base64
import itertools
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from nbclient import NotebookClient
from torch import nn

import labkit.notebook
from labkit.errors import InputError
from labkit.labs.lab1_attention import toy
from labkit.notebook import (
    Notice,
    Picture,
    compare_attention,
    draw_attention_idea,
    explore_attention,
    explore_location,
    plot_alignment,
)
from labkit.notebook.alignment import jumps_back, strongest
from labkit.tacotron2.attention import Attention, LocationLayer

pytestmark = pytest.mark.lab1


def run_cells(*sources: str) -> list[nbformat.NotebookNode]:
    """Run cells in a kernel and return them with their outputs."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    return notebook.cells


def data_of(cell: nbformat.NotebookNode) -> list[dict[str, str]]:
    return [output.data for output in cell.outputs if "data" in output]


def readings(sentence: str) -> tuple[toy.Attempt, toy.Attempt]:
    attention = Attention(**toy.ATTENTION_SIZES)
    attention.load_state_dict(toy.load_weights())
    letters = toy.clean(sentence)
    return toy.read(attention, letters, False), toy.read(attention, letters, True)


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

    def test_has_no_answer_to_copy(self) -> None:
        """No statement of the attention's methods stands in what notebooks are shown with."""
        answer = ast.parse(Path(sys.modules[Attention.__module__].__file__ or "").read_text())
        wanted = {"forward", "get_alignment_energies"}
        statements = {
            ast.dump(statement)
            for function in ast.walk(answer)
            if isinstance(function, ast.FunctionDef) and function.name in wanted
            for statement in function.body[1:]
        }
        assert len(statements) >= 12
        for path in Path(labkit.notebook.__file__).parent.rglob("*.py"):
            tree = ast.parse(path.read_text("utf-8"))
            found = {ast.dump(node) for node in ast.walk(tree) if isinstance(node, ast.stmt)}
            assert not statements & found, path


class TestToy:
    @pytest.mark.parametrize(
        "sentence", ["no no never", "ha ha ha", "bye bye baby", "a rose is a rose is a rose"]
    )
    def test_repetition_trips_content_only_and_not_location(self, sentence: str) -> None:
        content, location = readings(sentence)
        assert jumps_back(location.weights) == 0
        assert location.right > 0.95
        assert jumps_back(content.weights) >= 2
        assert content.right < 0.6

    @pytest.mark.parametrize("sentence", ["quick fox", "lazy dog", "big cup"])
    def test_without_repetition_both_read_well(self, sentence: str) -> None:
        for reading in readings(sentence):
            assert reading.right > 0.95
            assert strongest(reading.weights) == reading.due

    def test_content_only_splits_between_look_alikes(self) -> None:
        """After “no” two blanks look the same, so they get the same weight."""
        view = explore_attention(Attention)
        rows = {row[0]: row for row in view.draw(centre=5, read=5).table.rows}
        assert rows["3 ␣"][4] == rows["6 ␣"][4] == "0.50"
        assert rows["3 ␣"][3] == "0.00"
        assert rows["6 ␣"][3] == "1.00"

    @pytest.mark.parametrize("sentence", ["naïve", "42", "a", "", "x" * 41])
    def test_sentences_it_cannot_read_are_refused(self, sentence: str) -> None:
        with pytest.raises(InputError):
            compare_attention(Attention, sentence)

    def test_capitals_and_blanks_do_not_matter(self) -> None:
        assert toy.clean("  No   NO never ") == "no no never"


class TestExploreLocation:
    def test_table_holds_what_the_layer_returns(self) -> None:
        layer = LocationLayer(**toy.LOCATION_SIZES)
        layer.load_state_dict(toy.load_weights("location_layer"))
        past = torch.zeros(1, 2, 11)
        past[0, 0, 2] = 1
        past[0, 1, :4] = torch.tensor([1.0, 2.0, 1.0, 1.0])
        with torch.no_grad():
            expected = layer(past)[0].norm(dim=1)
        rows = explore_location(LocationLayer).draw(centre=3, width=0.2, read=4).table.rows
        assert [float(row[3]) for row in rows] == pytest.approx(expected.tolist(), abs=0.006)
        assert [row[2] for row in rows[:5]] == ["1.00", "2.00", "1.00", "1.00", "0.00"]

    def test_features_far_from_any_weight_are_zero(self) -> None:
        rows = explore_location(LocationLayer).draw(centre=1, width=0.2, read=0).table.rows
        silent = [position for position, row in enumerate(rows) if float(row[3]) == 0]
        assert silent == [4, 5, 6, 7, 8, 9, 10]  # the filters reach three letters far

    def test_width_spreads_the_last_step(self) -> None:
        view = explore_location(LocationLayer)
        sharp = [float(row[1]) for row in view.draw(width=0.2).table.rows]
        wide = [float(row[1]) for row in view.draw(width=3.0).table.rows]
        assert max(sharp) == 1
        assert max(wide) < 0.2
        assert sum(wide) == pytest.approx(1, abs=0.05)

    def test_runs_the_class_that_is_given(self) -> None:
        class Doubled(LocationLayer):
            def forward(self, attention_weights_cat: torch.Tensor) -> torch.Tensor:
                return 2 * super().forward(attention_weights_cat)

        plain = explore_location(LocationLayer).draw().table.rows
        doubled = explore_location(Doubled).draw().table.rows
        assert float(doubled[1][3]) == pytest.approx(2 * float(plain[1][3]), abs=0.02)


class TestCompare:
    def test_says_what_each_reads(self) -> None:
        text = compare_attention(Attention, "no no never").draw().text
        assert "location-sensitive reads “noo noo neeveer”" in text
        assert "jumps back 0 times" in text
        assert "content only reads “noo noo neeveer”" not in text

    def test_step_decides_what_is_due(self) -> None:
        view = compare_attention(Attention, "no no never")
        assert "Step 1 of 15: n (letter 1) is due." in view.draw(step=1).text
        assert "Step 15 of 15: r (letter 11) is due." in view.draw(step=15).text

    def test_a_class_that_ignores_its_past_gains_nothing(self) -> None:
        class Forgetful(Attention):
            def get_alignment_energies(
                self, query: torch.Tensor, processed_memory: torch.Tensor, past: torch.Tensor
            ) -> torch.Tensor:
                return super().get_alignment_energies(query, processed_memory, past * 0)

        lines = compare_attention(Forgetful).draw().text.split("\n")
        content, location = (line.split("reads")[1] for line in lines[-2:])
        assert content == location


def with_stub(base: type, method: str) -> type:
    """Derive a class of the same name whose ``method`` is still as the student edition has it."""
    scope: dict[str, Any] = {}
    exec(f"def {method}(self, *_):\n    raise NotImplementedError()", scope)
    return type(base.__name__, (base,), {method: scope[method]})


class TestNotReady:
    def test_location_layer_to_write(self) -> None:
        notice = explore_location(with_stub(LocationLayer, "forward")).draw()
        assert isinstance(notice, Notice)
        assert notice.title == "attention-1 is not filled in yet"

    def test_energies_to_write(self) -> None:
        notice = explore_attention(with_stub(Attention, "get_alignment_energies")).draw()
        assert isinstance(notice, Notice)
        assert notice.title == "attention-2 is not filled in yet"

    @pytest.mark.parametrize(
        "half_done",
        [
            with_stub(Attention, "forward"),
            type("Attention", (Attention,), {"forward": nn.Module.forward}),
        ],
    )
    def test_energies_are_shown_before_there_is_a_forward(self, half_done: type) -> None:
        picture = explore_attention(half_done).draw()
        assert isinstance(picture, Picture)
        assert "once attention-3 is done" in picture.text
        assert "attention weight" not in picture.table.head
        notice = compare_attention(half_done).draw()
        assert isinstance(notice, Notice)
        assert notice.title == "attention-3 is not filled in yet"

    def test_an_error_is_quoted_with_its_line(self) -> None:
        class Broken(LocationLayer):
            def forward(self, attention_weights_cat: torch.Tensor) -> torch.Tensor:
                return self.location_dense(self.location_conv(attention_weights_cat))

        notice = explore_location(Broken).draw()
        assert isinstance(notice, Notice)
        assert "mat1 and mat2 shapes cannot be multiplied" in notice.title
        assert (
            "return self.location_dense(self.location_conv(attention_weights_cat))" in notice.text
        )

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            (lambda weights: None, "returned None"),
            (lambda weights: weights.unsqueeze(-1), "(1, 11, 1)"),
            (lambda weights: weights * float("nan"), "not finite"),
            (lambda weights: weights.tolist(), "a list, not a tensor"),
        ],
    )
    def test_wrong_results_are_named(self, wrong: object, said: str) -> None:
        class Wrong(Attention):
            def get_alignment_energies(self, *arguments: torch.Tensor) -> torch.Tensor:
                return wrong(super().get_alignment_energies(*arguments))

        notice = explore_attention(Wrong).draw()
        assert isinstance(notice, Notice)
        assert said in notice.title
        assert "get_alignment_energies" in notice.title

    def test_forward_with_one_result(self) -> None:
        class Lonely(Attention):
            def forward(self, *arguments: torch.Tensor) -> torch.Tensor:
                return super().forward(*arguments)[1]

        notice = compare_attention(Lonely).draw()
        assert isinstance(notice, Notice)
        assert "two things" in notice.title

    def test_other_sizes_are_an_error_of_the_student(self) -> None:
        class Other(nn.Module):
            def __init__(self, **_: int) -> None:
                super().__init__()

        notice = explore_attention(Other).draw()
        assert isinstance(notice, Notice)
        assert "Error(s) in loading state_dict for Other" in notice.title


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
WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.mark.slow
class TestInAKernel:
    def test_moving_a_slider_redraws_the_picture(self) -> None:
        move = (
            "from ipywidgets import IntSlider, Widget\n"
            "from ipywidgets.widgets.widget import _instances\n"
            "sliders = [w for w in _instances.values() if isinstance(w, IntSlider)]\n"
            "next(w for w in sliders if 'looked at letter' in w.description).value = 2"
        )
        shown, moved = run_cells(SHOW + "explore_location(LocationLayer)", move)
        controls, picture = data_of(shown)
        assert WIDGET in controls
        assert "Sliders" in controls["text/plain"]
        assert picture["text/html"].count("<img") == 1
        assert "The last step looked at o (letter 2)" in picture["text/html"]
        assert not moved.outputs

    @pytest.mark.parametrize(
        "reason",
        [
            "import sys; sys.modules['ipywidgets'] = None",
            "import os; os.environ['LABKIT_STATIC'] = '1'",
        ],
    )
    def test_without_sliders_the_picture_stands_alone(self, reason: str) -> None:
        _, shown = run_cells(reason, SHOW + "explore_location(LocationLayer)")
        (picture,) = data_of(shown)
        assert WIDGET not in picture
        assert "The last step looked at o (letter 5)" in picture["text/html"]
        assert "length of its features" in picture["text/plain"]

    def test_an_unfilled_class_shows_a_message_and_stops_nothing(self) -> None:
        stub = (
            "class LocationLayer(LocationLayer):\n"
            "    def forward(self, attention_weights_cat):\n"
            "        raise NotImplementedError()\n"
            "explore_location(LocationLayer)"
        )
        (shown,) = run_cells(SHOW + stub)
        (message,) = data_of(shown)
        assert "attention-1 is not filled in yet" in message["text/html"]
