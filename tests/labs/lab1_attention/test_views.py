"""The views of the first lab: what they say is true of the class that they are given."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from labkit.errors import InputError
from labkit.labs.lab1_attention import toy
from labkit.notebook import Picture, compare_attention, explore_attention, explore_location
from labkit.notebook.alignment import jumps_back, strongest
from labkit.tacotron2.attention import Attention, LocationLayer
from notebook_tools import refusal, with_results, with_stub


def readings(sentence: str) -> tuple[toy.Attempt, toy.Attempt]:
    attention = Attention(**toy.ATTENTION_SIZES)
    attention.load_state_dict(toy.load_weights())
    letters = toy.clean(sentence)
    return toy.read(attention, letters, False), toy.read(attention, letters, True)


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
        doubling = with_results(LocationLayer, "forward", lambda features: 2 * features)
        plain = explore_location(LocationLayer).draw().table.rows
        doubled = explore_location(doubling).draw().table.rows
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


class TestNotReady:
    def test_location_layer_to_write(self) -> None:
        notice = explore_location(with_stub(LocationLayer, "forward")).draw()
        assert refusal(notice) == "attention-1 is not filled in yet"

    def test_energies_to_write(self) -> None:
        notice = explore_attention(with_stub(Attention, "get_alignment_energies")).draw()
        assert refusal(notice) == "attention-2 is not filled in yet"

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
        assert refusal(notice) == "attention-3 is not filled in yet"

    def test_an_error_is_quoted_with_its_line(self) -> None:
        class Broken(LocationLayer):
            def forward(self, attention_weights_cat: torch.Tensor) -> torch.Tensor:
                return self.location_dense(self.location_conv(attention_weights_cat))

        notice = explore_location(Broken).draw()
        assert "mat1 and mat2 shapes cannot be multiplied" in refusal(notice)
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
    def test_wrong_results_are_named(self, wrong: Any, said: str) -> None:
        notice = explore_attention(with_results(Attention, "get_alignment_energies", wrong)).draw()
        assert said in refusal(notice)
        assert "get_alignment_energies" in refusal(notice)

    def test_forward_with_one_result(self) -> None:
        lonely = with_results(Attention, "forward", lambda both: both[1])
        notice = compare_attention(lonely).draw()
        assert "two things" in refusal(notice)

    def test_other_sizes_are_an_error_of_the_student(self) -> None:
        class Other(nn.Module):
            def __init__(self, **_: int) -> None:
                super().__init__()

        notice = explore_attention(Other).draw()
        assert "Error(s) in loading state_dict for Other" in refusal(notice)
