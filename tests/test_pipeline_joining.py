"""Pauses between pieces: as long as the punctuation says, whatever silence the pieces bring."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.pipeline.boundaries import Boundary
from labkit.pipeline.joining import PAUSES, join, silence_at_ends

RATE = 1000  # so that a sample is a millisecond


def tone(leading, loud, trailing):
    audio = torch.zeros(leading + loud + trailing)
    audio[leading : leading + loud] = 0.5
    return audio


def together(*pieces):
    chunks = list(join(pieces, RATE))
    return torch.cat([part for parts, _ in chunks for part in parts]), [
        offset for _, offset in chunks
    ]


def test_silence_is_counted_in_stretches_of_ten_milliseconds():
    assert silence_at_ends(tone(50, 100, 30), RATE) == (50, 30)
    assert silence_at_ends(tone(55, 100, 33), RATE) == (50, 28)
    assert silence_at_ends(tone(0, 100, 0), RATE) == (0, 0)


def test_what_is_soft_is_no_silence():
    audio = torch.cat((torch.full((50,), 0.01), tone(0, 100, 0), torch.full((50,), 0.001)))
    assert silence_at_ends(audio, RATE) == (0, 50)


@pytest.mark.parametrize("audio", [torch.zeros(0), torch.zeros(500)])
def test_silence_all_through_has_no_ends(audio):
    assert silence_at_ends(audio, RATE) == (0, 0)


@pytest.mark.parametrize("boundary", list(Boundary))
@pytest.mark.parametrize("silence", [(0, 0), (50, 30), (400, 700), (2000, 0), (0, 2000)])
def test_pause_is_as_long_as_the_punctuation_says(boundary, silence):
    trailing, leading = silence
    audio, offsets = together(
        (tone(20, 100, trailing), boundary), (tone(leading, 100, 40), Boundary.PARAGRAPH)
    )
    loud = audio.nonzero().flatten()
    pause = int(loud.diff().max()) - 1
    assert pause == round(PAUSES[boundary] * RATE)
    assert int(loud[0]) == 20  # the first silence stays,
    assert len(audio) - 1 - int(loud[-1]) == 40  # and so does the last
    # Where the second piece begins, or would if nothing of its silence had been cut away.
    assert 120 + offsets[1] == int(loud[100]) - leading


def test_pauses_grow_with_what_ends():
    assert sorted(PAUSES.values(), reverse=True) == [PAUSES[boundary] for boundary in Boundary]


def test_what_is_next_to_the_speech_is_kept():
    first = torch.cat((tone(0, 100, 0), torch.linspace(1e-3, 0, 1000)))
    audio, _ = together((first, Boundary.SENTENCE), (tone(0, 100, 0), Boundary.PARAGRAPH))
    assert len(audio) == 700
    torch.testing.assert_close(audio[:600], first[:600])


def test_nothing_is_joined_to_nothing():
    assert list(join([], RATE)) == []


def test_pieces_are_asked_for_one_at_a_time():
    asked = []

    def pieces():
        for number in range(3):
            asked.append(number)
            yield tone(0, 100, 50), Boundary.SENTENCE

    chunks = join(pieces(), RATE)
    next(chunks)
    assert asked == [0]


@settings(max_examples=100)
@given(
    pieces=st.lists(
        st.tuples(
            st.integers(0, 300),
            st.integers(1, 50),
            st.integers(0, 300),
            st.sampled_from(list(Boundary)),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_every_loud_sample_stays_in_order(pieces):
    audio, offsets = together(
        *(
            (tone(leading, loud * 10, trailing) * (number + 1), boundary)
            for number, (leading, loud, trailing, boundary) in enumerate(pieces)
        )
    )
    expected = torch.cat(
        [torch.full((loud * 10,), (n + 1) / 2) for n, (_, loud, _, _) in enumerate(pieces)]
    )
    torch.testing.assert_close(audio[audio != 0], expected)
    assert len(offsets) == len(pieces) + 1
