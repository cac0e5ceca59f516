"""The A/B player: equally loud, honest about what it plays, and useful without a front end."""

from __future__ import annotations

import base64
import io
import re

import pytest
import soundfile
import torch

from labkit.audio import speech_level
from labkit.errors import InputError
from labkit.notebook.ab_player import LONGEST, Comparison, compare_sounds

RATE = 22050


def tone(volume: float, seconds: float = 1.0, pitch: float = 220.0) -> torch.Tensor:
    time = torch.arange(round(seconds * RATE)) / RATE
    return volume * torch.sin(2 * torch.pi * pitch * time)


def played(comparison: Comparison) -> list[torch.Tensor]:
    """What a browser would play, decoded."""
    html = comparison._repr_mimebundle_()["text/html"]
    sources = re.findall(r'src="data:audio/flac;base64,([^"]+)"', html)
    files = [soundfile.read(io.BytesIO(base64.b64decode(one)), dtype="float32") for one in sources]
    assert {rate for _, rate in files} == {RATE}
    return [torch.from_numpy(samples) for samples, _ in files]


class TestLoudness:
    def test_all_are_played_as_loud_as_the_quietest(self) -> None:
        comparison = compare_sounds({"loud": tone(0.8), "quiet": tone(0.05), "medium": tone(0.3)})
        quietest = speech_level(tone(0.05), RATE)
        assert comparison.level == pytest.approx(quietest, abs=0.01)
        for sound in played(comparison):
            assert speech_level(sound, RATE) == pytest.approx(quietest, abs=0.05)

    def test_figures_are_those_before(self) -> None:
        loud, quiet = compare_sounds({"loud": tone(0.8), "quiet": tone(0.05)}).sounds
        assert loud.report.peak_dbfs == pytest.approx(-1.94, abs=0.01)
        assert quiet.report.peak_dbfs == pytest.approx(-26.02, abs=0.01)
        assert loud.level - quiet.level == pytest.approx(24.08, abs=0.01)

    def test_silence_stays_silent_and_makes_nobody_else_silent(self) -> None:
        comparison = compare_sounds({"speech": tone(0.3), "silence": torch.zeros(RATE)})
        speech, silence = played(comparison)
        assert float(speech.abs().max()) == pytest.approx(0.3, abs=0.01)
        assert not silence.any()
        assert "silent" in comparison.sounds[1].report.flags

    def test_a_sound_that_is_too_loud_is_clipped_as_a_file_would_be(self) -> None:
        comparison = compare_sounds({"good": tone(0.3), "loud": tone(3.0)})
        assert float(played(comparison)[1].abs().max()) < 0.5
        assert "clipped" in repr(comparison)


class TestBroken:
    def test_samples_that_are_not_finite_are_counted_and_not_played(self) -> None:
        broken = tone(0.3)
        broken[100:150] = float("nan")
        broken[200] = float("inf")
        comparison = compare_sounds({"good": tone(0.3), "broken": broken})
        assert comparison.sounds[1].report.nan_count == 51
        assert "51 NaN" in repr(comparison)
        assert all(sound.isfinite().all() for sound in played(comparison))

    def test_a_few_samples(self) -> None:
        assert "too short" in repr(compare_sounds({"click": torch.ones(3) * 0.1}))

    @pytest.mark.parametrize(
        ("sounds", "said"),
        [
            ({}, "1 to 6 sounds"),
            ({str(number): tone(0.1) for number in range(7)}, "not 7"),
            ({"batch": torch.zeros(2, 100)}, r"'batch' should be \(N,\) samples"),
            ({"nothing": torch.zeros(0)}, r"its shape is \(0,\)"),
        ],
    )
    def test_what_cannot_be_compared(self, sounds: dict[str, torch.Tensor], said: str) -> None:
        with pytest.raises(InputError, match=said):
            compare_sounds(sounds)


class TestDistance:
    def test_of_the_same_sound_is_zero(self) -> None:
        comparison = compare_sounds({"one": tone(0.3), "other": tone(0.3)})
        assert [sound.distance for sound in comparison.sounds] == [0, 0]
        assert "differs from that of A by 0.00" in repr(comparison)

    def test_is_the_mean_difference_of_the_log_mels(self) -> None:
        noise = 0.05 * torch.randn(RATE, generator=torch.Generator().manual_seed(0))
        _, twice = compare_sounds({"one": noise, "twice as loud": 2 * noise}).sounds
        assert twice.distance == pytest.approx(0.693, abs=0.01)


class TestShown:
    def test_players_and_buttons_are_labelled(self) -> None:
        html = compare_sounds({"theirs & <mine>": tone(0.3), "b": tone(0.2)})._repr_mimebundle_()[
            "text/html"
        ]
        assert html.count("<audio controls") == html.count("<button ") == 2
        assert 'aria-label="Play A: theirs &amp; &lt;mine&gt;"' in html
        assert "<mine>" not in html
        assert '<img alt="Sounds compared: ' in html

    def test_the_text_twin_says_it_all(self) -> None:
        text = compare_sounds({"mine": tone(0.3), "yours": tone(0.3, 0.5)})._repr_mimebundle_()[
            "text/plain"
        ]
        assert "A, mine: 1.00 s · peak -10.5 dBFS · speech -13.5 dBFS · clipped 0.00%" in text
        assert "B, yours: 0.50 s" in text
        assert "Played at equal loudness: -13.5 dBFS" in text
        assert "The log-mel of B differs from that of A by " in text

    def test_size_is_capped(self) -> None:
        noise = 0.1 * torch.randn(RATE * 90, generator=torch.Generator().manual_seed(0))
        comparison = compare_sounds({"one": noise, "two": noise})
        assert [len(sound) for sound in played(comparison)] == [round(LONGEST / 2 * RATE)] * 2
        assert len(comparison._repr_mimebundle_()["text/html"]) < 4_000_000
        assert "Only the first 30 s of each are kept here." in repr(comparison)
        assert comparison.sounds[0].report.duration == 90
