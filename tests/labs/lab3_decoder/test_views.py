"""The views of the third lab: what they say of a decoder is true, and they never break a run."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
import soundfile
import torch
from torch import nn

from labkit.errors import InputError, TextError
from labkit.labs.lab3_decoder.decoding import decoder_of, encode, walk
from labkit.labs.lab3_decoder.dropout import compare_dropout
from labkit.labs.lab3_decoder.gallery import (
    CASES,
    DATA,
    FRAMES_PER_STEP,
    Case,
    diagnose,
    letter_of,
    load,
    name_failures,
    show_failures,
)
from labkit.labs.lab3_decoder.gate import explore_gate
from labkit.labs.lab3_decoder.idea import draw_decoder_idea
from labkit.labs.lab3_decoder.live import watch_decoder
from labkit.labs.lab3_decoder.speaking import say_with, show_postnet
from labkit.labs.lab3_decoder.start import show_start
from labkit.labs.lab3_decoder.stepper import step_decoder
from labkit.notebook.picture import Picture
from labkit.notebook.shipped_voice import voice
from labkit.tacotron2 import Decoder, DecoderState, Tacotron2
from labkit.text import symbols
from notebook_tools import WIDGET, data_of, refusal, run_cells, with_results, with_stub

TEXT = "No, never."
HOP = 256


@pytest.fixture(scope="module")
def reading() -> tuple[torch.Tensor, ...]:
    """What labkit's own decoder makes of the text, without dropout."""
    sentence = encode(TEXT)
    with torch.no_grad():
        return voice().tacotron2.decoder.infer(
            sentence.memory, sentence.lengths, prenet_dropout=False
        )


def without(*methods: str) -> type:
    """Make the class of the first cells: it has no later methods yet."""
    kept = {name: part for name, part in vars(Decoder).items() if name not in methods}
    kept.pop("__dict__", None)
    kept.pop("__weakref__", None)
    own = type("Decoder", (nn.Module,), kept)
    own.__init__ = lambda self, **sizes: _build(own, self, sizes)  # type: ignore[misc]
    return own


def _build(own: type, self: Any, sizes: dict[str, Any]) -> None:
    nn.Module.__init__(self)
    made = Decoder(**sizes)
    self.__dict__.update({**vars(made), "_modules": made._modules})


class TestIdea:
    def test_goes_round(self) -> None:
        picture = draw_decoder_idea()
        assert "fed back as the previous frame of the next step" in picture.text
        assert '<img alt="One step of the decoder.' in picture._repr_mimebundle_()["text/html"]


class TestStart:
    def test_lists_all_that_the_first_step_gets(self) -> None:
        picture = show_start(Decoder, TEXT)
        assert isinstance(picture, Picture) and picture.table is not None
        rows = {row[0]: row for row in picture.table.rows}
        assert list(rows)[1:] == list(DecoderState._fields)
        assert rows["go frame"][1:3] == ["(1, 160)", "zeros"]
        assert rows["processed_memory"][1:3] == [f"(1, {len(encode(TEXT).names)}, 96)", "numbers"]
        assert "8 are all zeros" in picture.text

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            (lambda state: None, "returned None, not a DecoderState"),
            (lambda state: tuple(state), "returned a tuple, not a DecoderState"),
            (
                lambda state: state._replace(attention_context=torch.zeros(1, 3)),
                "as attention_context, returned the shape (1, 3)",
            ),
        ],
    )
    def test_a_wrong_state_is_named(self, wrong: Any, said: str) -> None:
        notice = show_start(with_results(Decoder, "initialize_decoder_states", wrong), TEXT)
        assert said in refusal(notice)


class TestStepper:
    def test_steps_are_those_of_the_decoder(self, reading: tuple[torch.Tensor, ...]) -> None:
        mel, gate, weights, _ = reading
        view = step_decoder(Decoder, TEXT, prenet_dropout=False)
        (slider,) = view.sliders
        assert slider.maximum == gate.size(1)
        picture = view.draw(step=gate.size(1))
        assert isinstance(picture, Picture) and picture.table is not None
        for row, at, weight, logit in zip(
            picture.table.rows, weights[0].argmax(1), weights[0].amax(1), gate[0], strict=True
        ):
            assert row[1].startswith(f"{int(at) + 1} ")
            assert float(row[2]) == pytest.approx(float(weight), abs=0.006)
            assert float(row[3]) == pytest.approx(float(torch.sigmoid(logit)), abs=6e-4)
        drawn = torch.as_tensor(picture.figure.axes[0].images[0].get_array())
        torch.testing.assert_close(drawn.float(), mel[0], atol=1e-5, rtol=0)
        assert "the gate fires: this step is the last" in picture.text

    def test_only_what_has_happened_is_drawn(self) -> None:
        picture = step_decoder(Decoder, TEXT).draw(step=3)
        assert isinstance(picture, Picture) and picture.table is not None
        assert len(picture.table.rows) == 3
        assert "It hears frames 3 and 4." in picture.text
        assert "It makes frames 5 and 6." in picture.text
        assert picture.figure.axes[0].images[0].get_array().shape == (80, 6)

    def test_dropped_units_are_those_of_the_prenet(self) -> None:
        """Replay the draws of the dropout and compare them with what the view has noticed."""
        decoder = decoder_of(Decoder)
        p = decoder.prenet.p_prenet_dropout
        generator = torch.Generator().manual_seed(5)
        heard = torch.zeros(160)
        steps = walk(decoder, encode(TEXT), prenet_dropout=True, seed=5)
        dropped = 0
        for _, moment in zip(range(6), steps, strict=False):
            for layer, found in zip(decoder.prenet.layers, moment.prenet, strict=True):
                with torch.no_grad():
                    awake = layer(heard[None])[0].relu()
                keep = torch.empty(1, len(awake)).bernoulli_(1 - p, generator=generator)[0]
                heard = awake * keep / (1 - p)
                assert torch.equal(found.silent, awake == 0)
                assert torch.equal(found.dropped, (awake > 0) & (keep == 0))
                torch.testing.assert_close(found.kept, heard)
                dropped += int(found.dropped.sum())
            heard = moment.frames.flatten()
        assert dropped > 50

    def test_without_dropout_nothing_is_dropped(self) -> None:
        moments = list(walk(decoder_of(Decoder), encode(TEXT), prenet_dropout=False))
        assert not any(layer.dropped.any() for one in moments for layer in one.prenet)

    def test_listening_leaves_nothing_behind(self) -> None:
        decoder = decoder_of(Decoder)
        list(walk(decoder, encode(TEXT), prenet_dropout=False))
        watched = [decoder.prenet, *decoder.prenet.layers]
        assert not any(module._forward_hooks for module in watched)

    def test_a_gate_that_never_fires_is_given_up(self) -> None:
        endless = with_results(Decoder, "decode", lambda step: (step[0], step[1] - 100, step[2]))
        view = step_decoder(endless, TEXT)
        assert view.sliders[0].maximum == encode(TEXT).limit
        picture = view.draw(step=view.sliders[0].maximum)
        assert "it is given up: the gate has never fired" in picture.text

    def test_sentences_it_cannot_read_are_refused(self) -> None:
        with pytest.raises(InputError, match="60 symbols"):
            step_decoder(
                Decoder, "This sentence is far too long to be shown beside a picture. " * 2
            )
        with pytest.raises(TextError):
            step_decoder(Decoder, "...")


class TestLive:
    def test_pictures_grow_and_the_last_one_tells_the_end(self) -> None:
        live = watch_decoder(Decoder, TEXT, every=10)
        *growing, last = live._pictures()
        steps = [int(re.findall(r"After (\d+) steps", one.text)[0]) for one in growing]  # type: ignore[union-attr]
        assert steps == list(range(10, 10 * len(growing) + 1, 10))
        assert all("and goes on" in picture.text for picture in growing)
        assert "has ended by its gate" in last.text
        assert "has ended by its gate" in repr(live)

    def test_frames_and_seconds(self, reading: tuple[torch.Tensor, ...]) -> None:
        frames = reading[0].size(2)
        text = watch_decoder(Decoder, TEXT).last().text
        assert f"It has made {frames} frames, {frames * HOP / 22_050:.2f} s of speech" in text


class TestGate:
    def test_at_one_half_it_ends_where_the_decoder_ends(
        self, reading: tuple[torch.Tensor, ...]
    ) -> None:
        picture = explore_gate(Decoder, TEXT).draw()
        frames, steps = int(reading[3]), reading[1].size(1)
        assert f"fires in step {steps}." in picture.text
        assert f"{steps - 1} steps, {frames} frames." in picture.text
        (sound,) = picture.sounds  # type: ignore[union-attr]
        assert len(sound.audio) == frames * HOP

    def test_kept_steps_are_heard(self) -> None:
        view = explore_gate(Decoder, TEXT)
        cut, kept = (view.draw(kept=steps).sounds[0] for steps in (0, 3))  # type: ignore[union-attr]
        assert len(kept.audio) - len(cut.audio) == 3 * FRAMES_PER_STEP * HOP

    def test_too_low_says_nothing(self) -> None:
        picture = explore_gate(Decoder, TEXT).draw(threshold=-11.0)
        assert "The gate fires in step 1." in picture.text
        assert "nothing to hear" in picture._repr_mimebundle_()["text/html"]

    def test_too_high_never_ends(self) -> None:
        picture = explore_gate(Decoder, TEXT).draw(threshold=11.0)
        assert f"given up after {encode(TEXT).limit} steps" in picture.text

    def test_runs_the_infer_that_is_given(self) -> None:
        early = with_results(Decoder, "infer", lambda found: (*found[:3], found[3] - 20))
        right, late = (explore_gate(one, TEXT).draw().sounds[0] for one in (Decoder, early))  # type: ignore[union-attr]
        assert len(right.audio) - len(late.audio) == 20 * HOP


class TestDropout:
    def test_without_dropout_all_readings_are_the_same(self) -> None:
        picture = compare_dropout(Decoder, TEXT).draw(tenths=0)
        assert "No dropout, 6 seeds" in picture.text
        assert "differs by 0.00 dB" in picture.text
        assert picture.table is not None and len({row[1] for row in picture.table.rows}) == 1  # type: ignore[union-attr]

    def test_more_dropout_spreads_more(self) -> None:
        view = compare_dropout(Decoder, TEXT)
        spreads = [
            float(re.findall(r"differs by ([\d.]+) dB", view.draw(tenths=tenths).text)[0])
            for tenths in (0, 2, 4, 9)
        ]
        assert spreads == sorted(spreads) and spreads[2] > 0.2

    def test_the_chosen_seed_is_heard(self) -> None:
        view = compare_dropout(Decoder, TEXT)
        first, other = (view.draw(seed=seed).sounds for seed in (0, 3))  # type: ignore[union-attr]
        assert first[0].title == "dropout 40 %, seed 0"
        assert not torch.equal(first[0].audio[:4000], other[0].audio[:4000])
        assert torch.equal(first[1].audio, other[1].audio)


KINDS = {
    "repeat": ["repeated"],
    "stuck": ["stuck", "unfinished"],
    "babble": ["unfocused"],
    "skip": ["skipped"],
    "endless": ["stuck"],  # on the last mark
}


class TestGallery:
    @pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)
    def test_the_attention_check_agrees(self, case: Case) -> None:
        assert [failure.kind for failure in diagnose(case).failures] == KINDS[case.kind]

    def test_endless_is_stuck_behind_the_text_and_stuck_before_it(self) -> None:
        found = {case.kind: diagnose(case).failures[0] for case in CASES}
        length = len(load()[1])
        assert found["endless"].symbols == (length - 1, length)
        assert found["stuck"].symbols == (0, 1)

    @pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)
    def test_sound_and_alignment_belong_together(self, case: Case) -> None:
        weights = load()[0][case.kind]
        audio, rate = soundfile.read(DATA / f"failure_{case.kind}.flac", dtype="float32")
        assert rate == 22_050
        assert len(audio) == len(weights) * FRAMES_PER_STEP * HOP
        assert 0.02 < abs(audio).max() < 1
        torch.testing.assert_close(weights.sum(1), torch.ones(len(weights)), atol=0.01, rtol=0)

    def test_nothing_gives_the_answers_away(self) -> None:
        shown = show_failures()._repr_mimebundle_()
        assert shown["text/html"].count("<audio controls aria-label=") == len(CASES)
        assert shown["text/html"].count("<img alt=") == len(CASES)
        plain = re.sub(r'base64,[^"]+', "", shown["text/html"]) + shown["text/plain"]
        for case in CASES:
            assert f"Reading {letter_of(case)}" in plain
            for word in (case.name, case.kind, *KINDS[case.kind]):
                assert word not in plain.lower()

    def test_answers_are_folded_away(self) -> None:
        shown = name_failures()._repr_mimebundle_()
        folded = re.findall(r"<details>(.*?)</details>", shown["text/html"], re.S)
        assert len(folded) == len(CASES)
        for case, answer in zip(CASES, folded, strict=True):
            summary, rest = answer.split("</summary>")
            assert case.name not in summary and case.name in rest
            assert case.cause.split(",")[0] in shown["text/plain"]
        assert shown["text/plain"].count("the gate never fired") == 2

    def test_the_symbols_are_those_of_the_sentence(self) -> None:
        ids = voice().settings.front_end.read("The river runs down to the sea.").ids
        assert load()[1] == [symbols[index] for index in ids]


CLASSES = {"Decoder": Decoder, "Tacotron2": Tacotron2}


class TestOwnDecoder:
    def test_postnet_is_what_the_model_adds(self) -> None:
        sentence = encode(TEXT)
        picture = show_postnet(CLASSES, TEXT)
        assert isinstance(picture, Picture)
        mel, lengths, _ = voice().tacotron2.infer(
            sentence.ids, sentence.lengths, prenet_dropout=False
        )
        frames = int(lengths[0])
        raw, change, final = (
            torch.as_tensor(axes.images[0].get_array()).float() for axes in picture.figure.axes[:3]
        )
        torch.testing.assert_close(final, mel[0, :, :frames], atol=1e-4, rtol=0)
        torch.testing.assert_close(raw + change, final, atol=1e-5, rtol=0)

    def test_the_voice_speaks_with_the_classes_that_are_given(self) -> None:
        low = with_results(Decoder, "infer", lambda found: (found[0] * 0 - 11.5, *found[1:]))
        own = say_with(CLASSES, "Yes, I can.")
        other = say_with({"Decoder": low, "Tacotron2": Tacotron2}, "Yes, I can.")
        expected = voice().say("Yes, I can.", seed=0)
        torch.testing.assert_close(own.audio, expected.audio, atol=1e-3, rtol=0)  # type: ignore[union-attr]
        assert own.mel.mean() > other.mel.mean() + 2  # type: ignore[union-attr]

    def test_a_text_that_cannot_be_spoken_is_not_the_students_fault(self) -> None:
        with pytest.raises(TextError):
            say_with(CLASSES, "...")

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            (lambda results: None, "should return four things"),
            (lambda results: results[:3], "should return four things"),
            (lambda results: (results[0][:, :, :4], *results[1:]), "here it should be (1, 80,"),
        ],
    )
    def test_wrong_results_of_predict_are_named(self, wrong: Any, said: str) -> None:
        model = with_results(Tacotron2, "predict", wrong)
        notice = show_postnet({"Decoder": Decoder, "Tacotron2": model}, TEXT)
        assert said in refusal(notice)


def views(decoder: type, model: type = Tacotron2) -> dict[str, list[Callable[[], Any]]]:
    """Every view with the classes that are given, by the task that it comes after."""
    classes = {"Decoder": decoder, "Tacotron2": model}
    return {
        "decoder-1": [lambda: show_start(decoder, TEXT)],
        "decoder-2": [
            lambda: step_decoder(decoder, TEXT).draw(),
            lambda: watch_decoder(decoder, TEXT).last(),
        ],
        "decoder-3": [
            lambda: explore_gate(decoder, TEXT).draw(),
            lambda: compare_dropout(decoder, TEXT).draw(),
        ],
        "tacotron2-1": [
            lambda: show_postnet(classes, TEXT),
            lambda: say_with(classes, TEXT),
        ],
    }


def assert_all_wait_for(task: str, found: dict[str, list[Callable[[], Any]]]) -> None:
    """The views of a task and of all later ones say that it is to be done first."""
    for after, ones in found.items():
        for view in ones if after >= task else []:
            notice = view()
            assert refusal(notice) == f"{task} is not filled in yet"


class TestNotReady:
    @pytest.mark.parametrize(
        ("method", "task"),
        [
            ("get_go_frame", "decoder-1"),
            ("initialize_decoder_states", "decoder-1"),
            ("decode", "decoder-2"),
            ("steps", "decoder-2"),
            ("infer", "decoder-3"),
            ("parse_decoder_outputs", "decoder-3"),
        ],
    )
    def test_the_first_empty_task_is_named(self, method: str, task: str) -> None:
        assert_all_wait_for(task, views(with_stub(Decoder, method)))

    def test_predict_to_write(self) -> None:
        assert_all_wait_for("tacotron2-1", views(Decoder, with_stub(Tacotron2, "predict")))

    @pytest.mark.parametrize(
        ("missing", "task"),
        [
            (("decode", "steps", "infer", "parse_decoder_outputs"), "decoder-2"),
            (("infer", "parse_decoder_outputs"), "decoder-3"),
        ],
    )
    def test_methods_of_cells_that_were_not_run(self, missing: tuple[str, ...], task: str) -> None:
        assert_all_wait_for(task, views(without(*missing)))

    def test_steps_can_be_watched_before_they_can_be_ended(self) -> None:
        half_done = views(without("infer", "parse_decoder_outputs"))
        for view in half_done["decoder-1"] + half_done["decoder-2"]:
            assert isinstance(view(), Picture)

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            (lambda frame, gate, state: (frame, gate), "not enough values to unpack"),
            (lambda frame, gate, state: (frame[:, :80], gate, state), "the shape (1, 80)"),
            (lambda frame, gate, state: (frame * float("nan"), gate, state), "not finite"),
            (lambda frame, gate, state: (frame, gate[0], state), "the shape (1,)"),
            (lambda frame, gate, state: (frame, gate, None), "'attention_weights'"),
        ],
    )
    def test_wrong_steps_are_named(self, wrong: Any, said: str) -> None:
        class Wrong(Decoder):
            def steps(self, *arguments: Any, **options: Any) -> Any:
                for one in super().steps(*arguments, **options):
                    yield wrong(*one)

        for notice in (step_decoder(Wrong, TEXT).draw(), watch_decoder(Wrong, TEXT).last()):
            assert said in refusal(notice)

    def test_steps_that_end_are_named(self) -> None:
        class Short(Decoder):
            def steps(self, *arguments: Any, **options: Any) -> Any:
                yield next(super().steps(*arguments, **options))

        notice = step_decoder(Short, TEXT).draw()
        assert refusal(notice) == "Decoder.steps ended after 1 step; it should go on without end"

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            (lambda mel, gate, weights, lengths: None, "should return four things"),
            (lambda mel, gate, weights, lengths: (mel, gate, weights), "four things"),
            (lambda mel, *rest: (mel.transpose(1, 2), *rest), "as the mel,"),
            (lambda *results: (*results[:3], results[3] * 9), "counts"),
        ],
    )
    def test_wrong_results_of_infer_are_named(self, wrong: Any, said: str) -> None:
        decoder = with_results(Decoder, "infer", lambda results: wrong(*results))
        for view in (explore_gate, compare_dropout):
            notice = view(decoder, TEXT).draw()
            assert said in refusal(notice)

    def test_other_parts_are_an_error_of_the_student(self) -> None:
        class Other(Decoder):
            def __init__(self, **sizes: Any) -> None:
                super().__init__(**sizes)
                self.gate_layer = nn.Linear(3, 1)

        notice = step_decoder(Other, TEXT).draw()
        assert "the weights do not fit the classes Decoder" in refusal(notice)


def test_sounds_are_what_they_were_made_of() -> None:
    picture = explore_gate(Decoder, TEXT).draw()
    (sound,) = picture.sounds  # type: ignore[union-attr]
    html = picture._repr_mimebundle_()["text/html"]
    flac = base64.b64decode(re.findall(r'audio/flac;base64,([^"]+)"', html)[0])
    audio, rate = soundfile.read(io.BytesIO(flac), dtype="float32")
    assert rate == sound.sample_rate
    torch.testing.assert_close(torch.from_numpy(audio), sound.audio, atol=1e-4, rtol=0)
    assert sound.audio.abs().max() > 0.05


SHOW = (
    "from labkit.labs.lab3_decoder.stepper import step_decoder\n"
    "from labkit.labs.lab3_decoder.live import watch_decoder\n"
    "from labkit.tacotron2 import Decoder\n"
)
PRESS = (
    "from ipywidgets import Button, IntSlider\n"
    "from ipywidgets.widgets.widget import _instances\n"
    "button = {w.description: w for w in _instances.values() if isinstance(w, Button)}\n"
    "(slider,) = [w for w in _instances.values() if isinstance(w, IntSlider)]\n"
    "button['One step'].click(); button['One step'].click(); print(slider.value)\n"
    "button['Back to the start'].click(); print(slider.value)\n"
    "button['To the end'].click(); button['One step'].click(); print(slider.value == slider.max)"
)


@pytest.mark.slow
def test_in_a_kernel() -> None:
    """Buttons redraw, live pictures replace each other, and without widgets one picture is left."""
    stepper, pressed, live, _, plain_stepper, plain_live = run_cells(
        SHOW + f"step_decoder(Decoder, {TEXT!r}, step=7)",
        PRESS,
        f"watch_decoder(Decoder, {TEXT!r}, every=10)",
        "import os; os.environ['LABKIT_STATIC'] = '1'",
        f"step_decoder(Decoder, {TEXT!r}, step=7)",
        f"watch_decoder(Decoder, {TEXT!r})",
    )
    controls, picture = data_of(stepper)
    assert WIDGET in controls
    printed = "".join(output.get("text", "") for output in pressed.outputs)
    assert printed.split() == ["9", "1", "True"]
    assert "this step is the last" in picture["text/plain"]
    assert picture["text/html"].count("<img") == 1
    for cell, said in (
        (live, "has ended by its gate"),
        (plain_stepper, "Step 7 of"),
        (plain_live, "has ended by its gate"),
    ):
        (picture,) = data_of(cell)
        assert WIDGET not in picture
        assert said in picture["text/plain"]
        assert picture["text/html"].count("<img") == 1
