"""The views of the second lab: what they say is true of the class that they are given."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch.nn import functional as F

from labkit.errors import InputError, TextError
from labkit.labs.lab2_encoder.convolutions import compare_hiding, explore_convolutions
from labkit.labs.lab2_encoder.hearing import DATA, SENTENCE, hear_encoder
from labkit.labs.lab2_encoder.idea import draw_encoder_idea
from labkit.labs.lab2_encoder.memory import compare_packing, explore_halves
from labkit.labs.lab2_encoder.situation import read
from labkit.notebook import Notice, Picture
from labkit.notebook.alignment import jumps_back, strongest
from labkit.notebook.picture import Table
from labkit.notebook.recordings import Hearing
from labkit.notebook.view import View
from labkit.tacotron2 import Encoder
from notebook_tools import refusal, with_results, with_stub, words_heard

MAKERS = (explore_convolutions, compare_hiding, compare_packing, explore_halves)
ONLY_FIRST = MAKERS[:2]  # these need encoder-1 alone


def column(view: View, number: int, **values: int) -> list[float]:
    """Return the numbers of one column of a view's table."""
    picture = view.draw(**values)
    assert isinstance(picture, Picture) and isinstance(picture.table, Table)
    return [float(row[number]) for row in picture.table.rows]


def said(view: View, **values: int) -> str:
    picture = view.draw(**values)
    assert isinstance(picture, Picture)
    return picture.text


class TestConvolutions:
    @pytest.mark.parametrize("layers", [1, 2, 3])
    def test_each_layer_widens_the_view_by_two_to_each_side(self, layers: int) -> None:
        seen = column(explore_convolutions(Encoder), 1, symbol=12, layers=layers)
        changed = [position for position, value in enumerate(seen) if value > 0]
        assert changed == list(range(11 - 2 * layers, 11 + 2 * layers + 1))
        text = said(explore_convolutions(Encoder), symbol=12, layers=layers)
        assert f"changes with {4 * layers + 1} of 24 symbols" in text
        assert f"{2 * layers} to the left and {2 * layers} to the right" in text

    def test_the_first_symbol_has_nothing_on_its_left(self) -> None:
        text = said(explore_convolutions(Encoder), symbol=1, layers=3)
        assert "0 to the left and 6 to the right" in text

    def test_it_is_the_given_class_that_is_measured(self) -> None:
        class Blind(Encoder):
            def convolve(self, x: torch.Tensor, padding: torch.Tensor | None) -> torch.Tensor:
                return x

        assert "changes with 1 of 24 symbols: only IH" in said(explore_convolutions(Blind))

    def test_a_style_that_counts_the_layers_is_shown_as_well(self) -> None:
        class Unrolled(Encoder):
            def convolve(self, x: torch.Tensor, padding: torch.Tensor | None) -> torch.Tensor:
                for number in (0, 1, 2):
                    convolution, norm = self.convolutions[number]
                    x = F.relu_(norm(convolution(x)))
                return x

        plain = column(explore_convolutions(Encoder), 1, layers=2)
        assert column(explore_convolutions(Unrolled), 1, layers=2) == plain


class TestHiding:
    @pytest.mark.parametrize("layers", [1, 2, 3])
    def test_unhidden_padding_reaches_as_far_as_the_layers_see(self, layers: int) -> None:
        never, once, always = (
            column(compare_hiding(Encoder), number, padding=8, layers=layers)
            for number in (1, 2, 3)
        )
        assert [value > 0 for value in never] == [False] * (11 - 2 * layers) + [True] * 2 * layers
        assert sum(value > 0 for value in once) == 2 * (layers - 1)
        assert set(always) == {0}

    @pytest.mark.parametrize("layers", [1, 2, 3])
    def test_more_padding_than_they_see_changes_nothing_more(self, layers: int) -> None:
        view = compare_hiding(Encoder)
        assert column(view, 1, padding=2 * layers, layers=layers) == column(
            view, 1, padding=12, layers=layers
        )

    def test_a_class_that_does_not_hide_is_seen(self) -> None:
        class Careless(Encoder):
            def convolve(self, x: torch.Tensor, padding: torch.Tensor | None) -> torch.Tensor:
                return super().convolve(x, None)

        view = compare_hiding(Careless)
        assert column(view, 3) == column(view, 1)
        assert "Hidden before every layer: T (symbol 6)" in said(view)

    def test_a_class_that_writes_into_its_input_is_shown_as_well(self) -> None:
        class InPlace(Encoder):
            def convolve(self, x: torch.Tensor, padding: torch.Tensor | None) -> torch.Tensor:
                if padding is not None:
                    x.masked_fill_(padding, 0.0)
                return super().convolve(x, padding)

        assert said(compare_hiding(InPlace)) == said(compare_hiding(Encoder))


class TestPacking:
    def test_padding_spoils_the_backward_half_most_at_the_end_and_only_unpacked(self) -> None:
        view = compare_packing(Encoder)
        unpacked = column(view, 2, padding=10)
        assert all(set(column(view, number, padding=10)) == {0} for number in (1, 3, 4))
        assert unpacked[-1] == max(unpacked) > 0.3
        assert min(unpacked) > 0.01

    def test_it_grows_with_the_padding(self) -> None:
        view = compare_packing(Encoder)
        last = [column(view, 2, padding=n)[-1] for n in (0, 1, 3, 10, 30)]
        assert last[0] == 0
        assert all(after > before for before, after in itertools.pairwise(last))

    def test_a_class_that_does_not_pack_is_seen(self) -> None:
        class Unpacked(Encoder):
            def forward(self, x: torch.Tensor, input_lengths: torch.Tensor) -> torch.Tensor:
                padding = (torch.arange(x.size(2)) >= input_lengths[:, None]).unsqueeze(1)
                return self.lstm(self.convolve(x, padding).transpose(1, 2))[0]

        view = compare_packing(Unpacked)
        assert column(view, 1) == column(view, 2)
        assert "\nPacked: the backward half changes at 11 symbols" in said(view)


class TestHalves:
    @pytest.mark.parametrize("symbol", [1, 12, 24])
    def test_without_convolutions_forward_changes_behind_and_backward_before(
        self, symbol: int
    ) -> None:
        view = explore_halves(Encoder)
        forward, backward = (column(view, n, symbol=symbol, layers=0) for n in (1, 2))
        assert set(forward[: symbol - 1]) <= {0}
        assert set(backward[symbol:]) <= {0}
        assert forward[symbol - 1] > 0.1 and backward[symbol - 1] > 0.1

    def test_convolutions_carry_it_six_symbols_to_the_other_side(self) -> None:
        text = said(explore_halves(Encoder), symbol=12, layers=3)
        assert "The forward half changes at 19 symbols: T (symbol 6) to . (symbol 24)." in text
        assert "The backward half changes at 18 symbols: DH (symbol 1) to G (symbol 18)." in text


class TestReading:
    def test_names_are_those_of_the_voice(self) -> None:
        assert " ".join(read("The white rose.").names) == "DH AH ␣ W AY T ␣ R OW Z ."

    def test_a_changed_symbol_is_always_another_one(self) -> None:
        boy = read("A boy.")
        for position, name in enumerate(boy.names):
            other, new = boy.changed(position)
            assert other.names[position] == new != name
            assert other.ids[position] != boy.ids[position]

    @pytest.mark.parametrize("maker", MAKERS)
    def test_sentences_that_no_picture_holds_are_refused(self, maker: Any) -> None:
        with pytest.raises(InputError, match="a picture has room for 3 to 50"):
            maker(Encoder, "This sentence is much too long, " * 3)
        with pytest.raises(TextError):
            maker(Encoder, "")


class TestNotReady:
    @pytest.mark.parametrize("maker", MAKERS)
    def test_convolve_to_write(self, maker: Any) -> None:
        notice = maker(with_stub(Encoder, "convolve")).draw()
        assert refusal(notice) == "encoder-1 is not filled in yet"

    @pytest.mark.parametrize("maker", MAKERS)
    def test_forward_to_write(self, maker: Any) -> None:
        shown = maker(with_stub(Encoder, "forward")).draw()
        if maker in ONLY_FIRST:
            assert isinstance(shown, Picture)
        else:
            assert refusal(shown) == "encoder-2 is not filled in yet"

    @pytest.mark.parametrize("maker", MAKERS)
    def test_a_class_made_anew_without_forward(self, maker: Any) -> None:
        new = type("Encoder", (Encoder,), {"forward": torch.nn.Module.forward})
        shown = maker(new).draw()
        assert isinstance(shown, Picture if maker in ONLY_FIRST else Notice)

    @pytest.mark.parametrize("maker", MAKERS)
    @pytest.mark.parametrize(
        ("result", "complaint"),
        [
            (lambda x: None, "returned None: is a return missing?"),
            (lambda x: (x, x), "returned a tuple, not a tensor"),
            (lambda x: x[:, :, :1], "returned the shape"),
            (lambda x: x / 0, "returned numbers that are not finite"),
            (lambda x: x.no_such_method(), "stopped with AttributeError"),
        ],
    )
    def test_wrong_results_are_named(self, maker: Any, result: Any, complaint: str) -> None:
        wrong = type(
            "Encoder",
            (Encoder,),
            {
                "convolve": lambda self, x, padding: result(x),
                "forward": lambda self, x, lengths: result(x.transpose(1, 2)),
            },
        )
        notice = maker(wrong).draw()
        assert complaint in refusal(notice)

    @pytest.mark.parametrize("maker", MAKERS)
    def test_a_class_that_takes_no_weights(self, maker: Any) -> None:
        notice = maker(torch.nn.Identity).draw()
        assert "stopped with RuntimeError" in refusal(notice)


class TestTextTwin:
    @pytest.mark.parametrize("maker", MAKERS)
    def test_every_view_can_be_read(self, maker: Any) -> None:
        picture = maker(Encoder).draw()
        shown = picture._repr_mimebundle_()
        assert f'<img alt="{picture.title}. ' in shown["text/html"]
        assert "<details><summary>The same in numbers</summary>" in shown["text/html"]
        assert picture.text in shown["text/plain"]

    def test_the_idea(self) -> None:
        picture = draw_encoder_idea()
        assert "six in the end" in picture.text
        assert len(picture.png()) < 150_000


class TestHearing:
    def test_the_first_memory_is_the_one_that_the_encoder_makes(self) -> None:
        hearing = hear_encoder(Encoder)
        assert isinstance(hearing, Hearing)
        shown = hearing._repr_mimebundle_()
        assert shown["text/html"].count("<audio controls aria-label=") == 3
        assert shown["text/html"].count("<img alt=") == 3
        assert SENTENCE in shown["text/plain"]

    def test_another_memory_is_not_called_the_students(self) -> None:
        notice = hear_encoder(with_results(Encoder, "forward", lambda memory: 1.1 * memory))
        assert isinstance(notice, Notice) and "differs by 10%" in notice.text

    def test_the_alignments_say_what_is_heard(self) -> None:
        stored = load_file(DATA / "hearing_encoder.safetensors")
        whole, padded, forward = (
            stored[f"memory_{name}"].float() for name in ("whole", "padded", "forward")
        )
        assert len(padded) == 3 * len(whole)
        assert set(strongest(padded)[len(whole) :]) == {whole.shape[1] - 1}
        for weights in (whole, padded, forward):
            assert strongest(weights)[0] == 0 and jumps_back(weights) == 0
        assert abs(len(forward) - len(whole)) <= 3

    def test_files_are_small(self) -> None:
        for name in ("whole", "padded", "forward"):
            assert (DATA / f"memory_{name}.flac").stat().st_size < 120_000

    def test_a_recogniser_hears_the_difference(self) -> None:
        hearing = hear_encoder(Encoder)
        assert isinstance(hearing, Hearing)
        heard = [words_heard(recording.sound, SENTENCE) for recording in hearing.recordings]
        understood = [share for share, _ in heard]
        after = [float(samples[2 * 16_000 :].square().mean().sqrt()) for _, samples in heard]
        assert understood[0] == 1
        assert understood[2] <= 0.4
        assert after[1] > 0.02  # it drones on long after the words are said
