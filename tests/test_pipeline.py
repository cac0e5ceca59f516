"""What a user notices of Synthesizer.say: order, notes, retries, seeds, and what is refused."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import warnings

import pytest
import torch

from labkit.audio import MelConfig, load_audio, speech_level
from labkit.errors import AudioError, InputError, SpeechError, TextError
from labkit.pipeline import Speech, Synthesizer, VoiceSettings
from labkit.text import text_to_sequence
from pipeline_tools import FRAMES_PER_SYMBOL, Buzzer, Scripted, tiny_tacotron2

SENTENCE = "This is a sentence of some length."
PAGE = " ".join(f"Sentence number {n} of this page is just like any other." for n in range(12))


def synthesizer(script=None, **options) -> Synthesizer:
    model = Scripted() if script is None else Scripted(script)
    return Synthesizer(model, Buzzer(), **options)


def quiet_say(speaker: Synthesizer, *arguments, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return speaker.say(*arguments, **options)


# One sentence


def test_sentence_becomes_a_speech():
    speech = quiet_say(synthesizer(), "Hello, world.", seed=5)
    frames = 13 * FRAMES_PER_SYMBOL
    assert isinstance(speech, Speech)
    assert speech.audio.shape == (frames * 256,)
    assert speech.audio.dtype == torch.float32
    assert 0.1 < speech.audio.abs().max() <= 1
    assert speech.sample_rate == 22_050
    assert speech.mel.shape == (80, frames)
    assert speech.mel.max() < 0  # nothing of what lies behind the end
    assert speech.alignment.shape == (frames, 13)
    assert (speech.stop_reason, speech.seed, speech.notes) == ("gate", 5, ())
    assert speech.seconds == pytest.approx(frames * 256 / 22_050)
    (piece,) = speech.pieces
    assert (piece.text, piece.spoken) == ("Hello, world.", "hello, world.")
    assert list(piece.ids) == text_to_sequence("Hello, world.")
    assert piece.symbols[:6] == list("hello,")
    assert piece.attention.peak == pytest.approx(1)
    assert repr(speech) == "<Speech 'Hello, world.': 0.91 s, 22050 Hz>"


def test_first_attempt_is_made_under_the_seed_itself():
    speaker = synthesizer()
    speaker.say(SENTENCE, seed=5)
    assert speaker.tacotron2.calls[0]["seed"] == 5
    assert speaker.vocoder.calls == [
        {"frames": len(SENTENCE) * FRAMES_PER_SYMBOL, "sigma": None, "seed": 5}
    ]


def test_real_model_gives_what_it_gives_alone():
    model = tiny_tacotron2(gate_threshold=0.4)
    speaker = Synthesizer(model, Buzzer(), settings=VoiceSettings(max_frames=40))
    speech = speaker.say("Hello.", seed=3, on_failure="ignore")
    ids = torch.tensor([text_to_sequence("Hello.")])
    mel, mel_lengths, alignments = model.infer(ids, torch.tensor([6]), seed=3, max_decoder_steps=40)
    n = int(mel_lengths)
    torch.testing.assert_close(speech.mel, mel[0, :, :n])
    torch.testing.assert_close(speech.alignment, alignments[0, :n])


def test_gate_is_kept_where_the_model_tells_it():
    settings = VoiceSettings(max_frames=20)
    speaker = Synthesizer(tiny_tacotron2(), Buzzer(), settings=settings)
    speech = speaker.say(PAGE, seed=1, on_failure="ignore")
    assert len(speech.pieces) > 1
    assert [len(piece.gate) for piece in speech.pieces] == [len(one) for one in speech.alignments]
    assert torch.equal(speech.gate, torch.cat([piece.gate for piece in speech.pieces]))
    assert synthesizer().say(SENTENCE).gate is None


def test_options_reach_the_models():
    speaker = synthesizer(
        settings=VoiceSettings(sigma=0.6, prenet_dropout=False, frames_per_symbol=7)
    )
    speaker.say("Ten marks.")
    speaker.say("Ten marks.", sigma=0.9, prenet_dropout=True)
    assert [call["sigma"] for call in speaker.vocoder.calls] == [0.6, 0.9]
    assert [call["prenet_dropout"] for call in speaker.tacotron2.calls] == [False, True]
    assert [call["max_decoder_steps"] for call in speaker.tacotron2.calls] == [170, 170]


def test_frames_are_limited_whatever_the_length():
    speaker = synthesizer(settings=VoiceSettings(max_frames=300))
    speaker.say(SENTENCE * 2, on_failure="ignore")
    assert speaker.tacotron2.calls[0]["max_decoder_steps"] == 300


def test_denoiser_is_used_as_strongly_as_wanted():
    calls = []

    def denoiser(audio, strength):
        calls.append((tuple(audio.shape), strength))
        return audio / 2

    speaker = synthesizer(denoiser=denoiser)
    plain = speaker.say("Hello.", seed=1, denoise=0)
    assert calls == []
    half = speaker.say("Hello.", seed=1)
    speaker.say("Hello.", seed=1, denoise=0.5)
    samples = 6 * FRAMES_PER_SYMBOL * 256
    assert calls == [((1, samples), 0.01), ((1, samples), 0.5)]
    torch.testing.assert_close(half.audio, plain.audio / 2)


def test_denoiser_is_made_when_it_is_needed():
    speaker = synthesizer()
    plain = speaker.say(SENTENCE, seed=1)
    denoised = speaker.say(SENTENCE, seed=1, denoise=0.1)
    assert denoised.audio.shape == plain.audio.shape
    assert not torch.equal(denoised.audio, plain.audio)


def test_loud_audio_is_made_quieter_and_noted():
    speaker = Synthesizer(Scripted(), Buzzer(volume=10))
    speech = speaker.say("Hello.", seed=0)
    assert speech.audio.abs().max() == pytest.approx(1)
    assert speech.notes == ("made quieter, because its loudest sample was 3.68",)


def test_pieces_are_as_loud_as_the_voice_wants():
    settings = VoiceSettings(level=-24.0)
    for volume in (0.1, 1.0):
        speaker = Synthesizer(Scripted(), Buzzer(volume=volume), settings=settings)
        speech = speaker.say(SENTENCE, seed=1)
        assert speech_level(speech.audio, speech.sample_rate) == pytest.approx(-24, abs=0.1)
        streamed = torch.cat(list(speaker.stream(SENTENCE, seed=1)))
        assert speech_level(streamed, speech.sample_rate) == pytest.approx(-24, abs=0.1)


def test_saved_speech_can_be_read(tmp_path):
    speech = synthesizer().say("Hello.")
    assert speech.save(tmp_path / "hello.wav") == tmp_path / "hello.wav"
    torch.testing.assert_close(load_audio(tmp_path / "hello.wav"), speech.audio, atol=1e-4, rtol=0)


# Several texts, and long ones


def test_texts_come_back_in_order():
    texts = ["A word or two.", PAGE, SENTENCE, "Oh."]
    speeches = synthesizer(batch_size=3).say(texts, seed=1)
    assert [speech.text for speech in speeches] == texts
    for text, speech in zip(texts, speeches, strict=True):
        assert " ".join(piece.text for piece in speech.pieces) == text
        for piece in speech.pieces:
            assert piece.alignment.shape == (len(piece.ids) * FRAMES_PER_SYMBOL, len(piece.ids))
    assert synthesizer().say([]) == []


def test_pieces_are_read_in_batches_of_like_length():
    speaker = synthesizer(batch_size=4)
    speaker.say([PAGE, "Oh.", SENTENCE])
    lengths = [call["lengths"] for call in speaker.tacotron2.calls]
    assert [len(batch) for batch in lengths] == [4, 4, 4, 2]
    flat = [length for batch in lengths for length in batch]
    assert flat == sorted(flat, reverse=True)


def test_pieces_are_joined_with_pauses_that_do_not_add_up():
    speech = synthesizer().say(
        "The first of three sentences. And the second sentence.\n\nA paragraph."
    )
    first, second, third = speech.pieces
    silence = 10 * 256 / 22_050  # at both ends of every piece
    assert first.start == 0
    pauses = [
        after.start - before.start - before.seconds + 2 * silence
        for before, after in ((first, second), (second, third))
    ]
    assert pauses == pytest.approx([0.5, 0.9], abs=0.02)
    assert speech.seconds == pytest.approx(third.start + third.seconds, abs=1e-4)
    quiet = speech.audio[: round(silence * 22_050) - 500]
    assert quiet.abs().max() < 1e-3


def test_speech_of_several_pieces_has_several_alignments():
    speech = synthesizer().say(PAGE)
    assert len(speech.alignments) == len(speech.pieces) == 12
    assert speech.mel.shape == (80, sum(piece.mel.size(1) for piece in speech.pieces))
    with pytest.raises(InputError, match=r"12 pieces, each with its own .* speech.alignments"):
        _ = speech.alignment
    assert "in 12 pieces" in repr(speech)
    noted = dataclasses.replace(speech, notes=tuple(f"note {n}" for n in range(25)))
    assert repr(noted).endswith("  note 9\n  and 15 more, see speech.notes")


def test_stream_says_the_first_sentence_before_it_reads_the_second():
    speaker = synthesizer()
    stream = speaker.stream(PAGE, seed=1)
    assert speaker.tacotron2.calls == []
    first = next(stream)
    assert len(speaker.tacotron2.calls) == 1
    rest = list(stream)
    assert len(speaker.tacotron2.calls) == 12
    assert len(first) + sum(map(len, rest)) == len(speaker.say(PAGE, seed=1).audio)


def test_stream_is_never_too_loud():
    speaker = Synthesizer(Scripted(), Buzzer(volume=10))
    assert all(chunk.abs().max() <= 1 for chunk in speaker.stream(PAGE))


# What cannot be spoken


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "^the text is empty"),
        (" \n", "^the text is empty"),
        ("?!", "^the text '\\?!' is only punctuation"),
        ("🙂", "^nothing in the text '🙂' can be spoken"),
        (["Hello.", ""], "^text 1: the text is empty"),
        (["Hello.", "Oh.", "--"], "^text 2: .* only punctuation"),
        (["Hello.", 5], "^text 1: the text must be a str, got int"),
        (5, "a text or a list of texts, got int"),
        (b"Hello.", "a text or a list of texts, got bytes"),
    ],
)
def test_unspeakable_text_is_refused_before_any_work(text, message):
    speaker = synthesizer()
    with pytest.raises(TextError, match=message):
        speaker.say(text)
    assert speaker.tacotron2.calls == []


def test_what_is_left_out_is_noted():
    speech = synthesizer().say("Hello 🙂 there, {QQ AH0} and so on.\n\n* * *")
    assert speech.notes == (
        "'QQ' in braces is no ARPAbet item; items look like HH, AW1, S; dropped",
        "left out what has no reading: 🙂",
        "left out '* * *': nothing in it can be spoken",
    )


# Readings that go wrong


def always(name):
    return lambda ids, attempt: name


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("stuck", "stuck for 162 frames"),
        ("skipped", "skipped"),
        ("repeated", "went back to repeat"),
        ("unfinished", "stopped before"),
        ("flat", "attended to everything at once"),
        ("endless", "did not stop by itself within"),
        ("silent", "said nothing: the gate fired at frame 0"),
    ],
)
def test_each_failure_is_told_apart(name, message):
    speaker = synthesizer(always(name))
    with pytest.warns(UserWarning, match=f"did not read it well: .*{message}"):
        speech = speaker.say(SENTENCE, seed=1)
    assert message in speech.notes[0]
    kind = {"flat": "unfocused"}.get(name, name)
    assert kind in {failure.kind for failure in speech.failures}
    assert speech.stop_reason == ("limit" if name == "endless" else "gate")
    with pytest.raises(SpeechError, match=f"{message}.*try another seed"):
        speaker.say(SENTENCE, on_failure="raise")
    assert quiet_say(speaker, SENTENCE, on_failure="ignore").failures


def test_warning_points_at_the_caller():
    with pytest.warns(UserWarning) as caught:
        synthesizer(always("stuck")).say(SENTENCE)
    assert caught[0].filename == __file__


def test_words_are_named():
    speech = synthesizer(always("skipped")).say(SENTENCE, on_failure="ignore")
    assert speech.notes == ("skipped 'sentence of' (read 3 times)",)


def test_reading_that_fails_once_is_tried_again():
    speaker = synthesizer(lambda ids, attempt: "stuck" if attempt == 1 else "well")
    speech = quiet_say(speaker, SENTENCE, seed=5)
    seeds = [call["seed"] for call in speaker.tacotron2.calls]
    assert seeds[0] == 5 and len(set(seeds)) == 2
    assert speech.pieces[0].seed == seeds[1]
    assert speech.pieces[0].attempts == 2
    assert speech.notes == ("is well read now (read 2 times)",)
    again = synthesizer(lambda ids, attempt: "stuck" if attempt == 1 else "well")
    again.say(SENTENCE, seed=5)
    assert [call["seed"] for call in again.tacotron2.calls] == seeds


def test_only_what_failed_is_tried_again():
    bad = text_to_sequence("This one goes wrong at first, and so on.")
    speaker = synthesizer(lambda ids, attempt: "stuck" if ids == bad and attempt < 3 else "well")
    speeches = quiet_say(
        speaker, [SENTENCE, "This one goes wrong at first, and so on.", "A third one, all well."]
    )
    assert [len(call["lengths"]) for call in speaker.tacotron2.calls] == [3, 1, 1]
    assert [speech.pieces[0].attempts for speech in speeches] == [1, 3, 1]
    assert [speech.failures for speech in speeches] == [[], [], []]


def test_best_attempt_is_kept():
    order = ["silent", "stuck", "endless"]

    def script(ids, attempt):
        return order[attempt - 1]

    speech = synthesizer(script).say(SENTENCE, on_failure="ignore")
    assert [failure.kind for failure in speech.failures] == ["stuck"]
    assert speech.pieces[0].attempts == 3


@pytest.mark.parametrize(
    ("name", "options"),
    [("stuck", {"prenet_dropout": False}), ("stuck", {"max_retries": 0}), ("flat", {})],
)
def test_no_retry_where_it_would_not_help(name, options):
    speaker = synthesizer(always(name))
    speaker.say(SENTENCE, on_failure="ignore", **options)
    assert len(speaker.tacotron2.calls) == 1


def test_model_without_dropout_is_not_asked_again():
    model = tiny_tacotron2(p_prenet_dropout=0.0)
    calls = []
    speak = model.speak
    model.speak = lambda *arguments, **options: calls.append(1) or speak(*arguments, **options)
    speaker = Synthesizer(model, Buzzer(), settings=VoiceSettings(max_frames=3))
    speech = speaker.say("Oh.", on_failure="ignore")
    assert [failure.kind for failure in speech.failures] == ["silent"]
    assert calls == [1]


def test_saying_nothing_loses_nothing_of_the_others(tmp_path):
    silent = text_to_sequence("Not a single sound comes out of this.")
    speaker = synthesizer(lambda ids, attempt: "silent" if ids == silent else "well")
    with pytest.warns(UserWarning, match="^text 1: .*said nothing"):
        speeches = speaker.say([SENTENCE, "Not a single sound comes out of this."])
    assert speeches[0].seconds > 1
    assert speeches[1].seconds == 0
    assert speeches[1].mel.shape == (80, 0)
    with pytest.raises(AudioError, match="not empty"):
        speeches[1].save(tmp_path / "nothing.wav")
    assert list(tmp_path.iterdir()) == []


def test_silent_piece_leaves_no_second_pause():
    silent = text_to_sequence("Not a single sound comes out of this.")
    speaker = synthesizer(lambda ids, attempt: "silent" if ids == silent else "well")
    speech = speaker.say(
        f"{SENTENCE} Not a single sound comes out of this. {SENTENCE}", on_failure="ignore"
    )
    assert speech.seconds == pytest.approx(
        2 * speech.pieces[0].seconds + 0.5 - 2 * 10 * 256 / 22_050, abs=0.03
    )
    assert speech.notes[0].startswith("'not a single sound comes out of this.': said nothing")


def test_failure_names_the_text_and_the_piece():
    bad = text_to_sequence("This one goes wrong, sadly enough.")
    speaker = synthesizer(lambda ids, attempt: "unfinished" if ids == bad else "well")
    with pytest.warns(UserWarning, match="^text 1: .*'this one goes wrong, sadly enough.' stopped"):
        speaker.say([SENTENCE, f"{SENTENCE} This one goes wrong, sadly enough."])


# Seeds


def test_same_seed_same_speech():
    model = tiny_tacotron2()
    speaker = Synthesizer(model, Buzzer(), settings=VoiceSettings(max_frames=30))
    torch.manual_seed(1)
    first = speaker.say(PAGE, seed=4, on_failure="ignore")
    torch.manual_seed(2)
    state = torch.get_rng_state()
    second = speaker.say(PAGE, seed=4, on_failure="ignore")
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(first.audio, second.audio)
    assert not torch.equal(speaker.say(PAGE, seed=5, on_failure="ignore").mel, first.mel)


def test_drawn_seed_can_be_given_again():
    speaker = Synthesizer(tiny_tacotron2(), Buzzer(), settings=VoiceSettings(max_frames=30))
    first = speaker.say(SENTENCE, on_failure="ignore")
    other = speaker.say(SENTENCE, on_failure="ignore")
    assert first.seed != other.seed
    again = speaker.say(SENTENCE, seed=first.seed, on_failure="ignore")
    assert torch.equal(again.audio, first.audio)
    torch.manual_seed(3)
    third = speaker.say(SENTENCE, on_failure="ignore")
    torch.manual_seed(3)
    assert speaker.say(SENTENCE, on_failure="ignore").seed == third.seed


# Wrong use


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": -1}, "seed must be a whole number, 0 or above, but is -1"),
        ({"seed": 1.5}, "but is 1.5"),
        ({"max_retries": -1}, "max_retries must be 0 or above"),
        ({"denoise": -0.1}, "denoise must be 0 or above"),
        ({"on_failure": "shout"}, "on_failure='shout' is not one of warn, raise, ignore"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        synthesizer().say("Hello.", **options)


@pytest.mark.parametrize(
    ("tacotron2", "vocoder", "message"),
    [
        (object(), Buzzer(), "acoustic model must have an infer.*object does not"),
        (Buzzer(), Buzzer(), "Buzzer does not"),
        (Scripted(), torch.nn.Linear(1, 1), "must be a labkit.vocoders.Vocoder, but is a Linear"),
        (tiny_tacotron2(n_mel_channels=40), Buzzer(), "fit together: mel bands 40 and 80"),
        (tiny_tacotron2(n_symbols=40), Buzzer(), "knows 40 symbols, .* the 148"),
    ],
)
def test_parts_that_do_not_fit_are_refused(tacotron2, vocoder, message):
    with pytest.raises(SpeechError, match=message):
        Synthesizer(tacotron2, vocoder)


def test_mels_that_differ_are_refused():
    other = Buzzer(MelConfig(sample_rate=24_000, hop_length=300, win_length=1024))
    with pytest.raises(
        SpeechError, match="sample_rate 22050 and 24000, hop_length 256 and 300; use a vocoder"
    ):
        Synthesizer(Scripted(), other, settings=VoiceSettings())


def test_wrong_precision_and_batch_size_are_refused():
    with pytest.raises(InputError, match="precision='float8' is not one of float32, bfloat16"):
        synthesizer(precision="float8")
    with pytest.raises(InputError, match="batch_size must be at least 1"):
        synthesizer(batch_size=0)


@pytest.mark.parametrize(
    "outputs",
    [
        None,
        (torch.zeros(1, 80, 9), torch.tensor([9])),
        (torch.zeros(80, 9), torch.tensor([9]), torch.zeros(1, 9, 6)),
        (torch.zeros(1, 80, 9), torch.tensor([9]), torch.zeros(1, 9, 5)),
    ],
)
def test_model_that_returns_something_else(outputs):
    model = Scripted()
    model.infer = lambda *arguments, **options: outputs
    with pytest.raises(SpeechError, match=r"infer must return .* but returned"):
        Synthesizer(model, Buzzer()).say("Hello.")


def test_model_that_diverged():
    model = Scripted()
    infer = model.infer

    def diverged(*arguments, **options):
        mel, lengths, alignments = infer(*arguments, **options)
        return mel * torch.nan, lengths, alignments

    model.infer = diverged
    with pytest.raises(InputError, match="did the model diverge"):
        Synthesizer(model, Buzzer()).say("Hello.")


def test_vocoder_that_diverged():
    with pytest.raises(SpeechError, match="samples that are not finite"):
        Synthesizer(Scripted(), Buzzer(volume=torch.inf)).say("Hello.")


# Around it


def test_precision_reaches_a_model_only_if_it_is_not_the_usual_one():
    class Precise(Scripted):
        def infer(self, *arguments, precision, **options):
            self.precision = precision
            return super().infer(*arguments, **options)

    model = Precise()
    Synthesizer(model, Buzzer(), precision="int8").say("Hello.")
    assert model.precision == "int8"


def test_bar_goes_to_standard_error_and_only_where_it_is_worth_it(capsys, monkeypatch):
    speaker = synthesizer()
    speaker.say(PAGE)
    speaker.say(PAGE, progress=True)  # not into a file
    assert capsys.readouterr() == ("", "")
    monkeypatch.setenv("FORCE_COLOR", "1")  # as if it were a terminal
    speaker.say("Hello.", progress=True)
    assert capsys.readouterr() == ("", "")
    speaker.say(PAGE, progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert "speaking" in err


def test_import_is_cheap():
    code = (
        "import sys, labkit.pipeline; "
        "assert not {'torch', 'matplotlib', 'soundfile', 'rich'} & set(sys.modules); "
        "from labkit.pipeline import Synthesizer; "
        "assert not {'matplotlib', 'soundfile', 'rich.progress'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_unknown_name_is_an_attribute_error():
    import labkit.pipeline

    assert "Synthesizer" in dir(labkit.pipeline)
    with pytest.raises(AttributeError, match="no attribute 'Singer'"):
        _ = labkit.pipeline.Singer
