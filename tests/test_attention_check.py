"""Each way in which attention fails is recognised and named, and a good reading is let pass."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.errors import InputError
from labkit.pipeline import check_attention
from labkit.pipeline.attention_check import PAUSE_FRAMES, STUCK_FRAMES

TEXT = "the quick brown fox, it jumps over a lazy dog."
LENGTH = len(TEXT)


def alignment(path, length=LENGTH, sharpness=0.8):
    """Weights that follow a path, with a little on the neighbours and everywhere."""
    steps, symbols = torch.tensor(path)[:, None], torch.arange(length)[None]
    near = (symbols - steps).abs() == 1
    weights = sharpness * (symbols == steps) + (0.95 - sharpness) / 2 * near + 0.05 / length
    return weights / weights.sum(dim=1, keepdim=True)


def walk(first, stop, frames=6):
    return [symbol for symbol in range(first, stop) for _ in range(frames)]


GOOD = walk(0, LENGTH)


def kinds(path, symbols=TEXT, **options):
    report = check_attention(alignment(path), symbols, **options)
    return [failure.kind for failure in report.failures]


def only_message(path, symbols=TEXT):
    (failure,) = check_attention(alignment(path), symbols).failures
    return failure.message


# Good readings


def test_diagonal_is_a_good_reading():
    report = check_attention(alignment(GOOD), TEXT)
    assert report.failures == ()
    assert report.diagonality == pytest.approx(1, abs=0.1)
    assert report.peak == pytest.approx(0.8, abs=0.06)
    assert report.mean_focus == pytest.approx(6, abs=0.01)
    assert report.missing_share == 0
    assert str(report).startswith("no failure (peak 0.8")


@pytest.mark.parametrize("at", [TEXT.index(","), TEXT.index(" "), LENGTH - 1])
def test_pause_on_a_mark_a_blank_or_the_end_is_good(at):
    assert kinds(walk(0, at) + [at] * (PAUSE_FRAMES - 20) + walk(at, LENGTH)) == []
    assert kinds(walk(0, at) + [at] * (PAUSE_FRAMES + 20) + walk(at, LENGTH)) == ["stuck"]


def test_slow_and_fast_readers_are_good():
    assert kinds(walk(0, LENGTH, 20)) == []
    assert kinds(walk(0, LENGTH, 2)) == []


def test_wavering_is_good():
    path = GOOD.copy()
    path[100] = 2
    path[40:44] = [path[44]] * 2 + [path[36]] * 2
    assert kinds(path) == []


def test_silent_letters_may_be_passed_over():
    text = "though the knight was through."
    silent = {text.index("ugh"), text.index("ugh") + 1, text.index("k")}
    path = [at for at in walk(0, len(text)) if at not in silent]
    assert check_attention(alignment(path, len(text)), text).failures == ()


def test_several_frames_per_step():
    assert kinds(walk(0, LENGTH, 1), frames_per_step=5) == []
    assert kinds([at for at in walk(0, LENGTH, 1) if not 4 <= at < 16], frames_per_step=5) == [
        "skipped"
    ]
    stuck = walk(0, 6, 1) + [6] * (STUCK_FRAMES // 5 + 1) + walk(6, LENGTH, 1)
    assert kinds(stuck, frames_per_step=5) == ["stuck"]
    again = walk(0, 20, 1) + walk(9, LENGTH, 1)
    assert kinds(again, frames_per_step=5) == ["repeated"]


# Each failure, in words


def test_stuck():
    at = TEXT.index("own")
    assert (
        only_message(walk(0, at) + [at] * 80 + walk(at, LENGTH)) == "stuck for 92 frames at 'brown'"
    )


def test_stuck_between_two_letters():
    at = TEXT.index("own")
    assert kinds(walk(0, at) + [at, at + 1] * 40 + walk(at, LENGTH)) == ["stuck"]


def test_stuck_after_a_word():
    at = TEXT.index(",")
    assert only_message(walk(0, at) + [at] * 200 + walk(at + 1, LENGTH)).endswith("after 'fox,'")


def test_skipped():
    first, stop = TEXT.index("brown"), TEXT.index("it")
    assert only_message(walk(0, first) + walk(stop, LENGTH)) == "skipped 'brown fox,'"


def test_short_word_is_skipped():
    first = TEXT.index("it")
    assert only_message(walk(0, first - 1) + walk(first + 3, LENGTH)) == "skipped 'it'"


def test_repeated():
    first, stop = TEXT.index("brown"), TEXT.index(",")
    assert (
        only_message(walk(0, stop + 1) + walk(first, LENGTH)) == "went back to repeat 'brown fox,'"
    )


def test_unfinished():
    stop = TEXT.index("lazy")
    assert only_message(walk(0, stop)) == "stopped before 'lazy dog.'"
    assert kinds(walk(0, LENGTH - 3)) == []


def test_unfocused():
    report = check_attention(torch.full((200, LENGTH), 1 / LENGTH), TEXT)
    assert [failure.kind for failure in report.failures] == ["unfocused"]
    assert report.failures[0].symbols is None
    assert report.peak == pytest.approx(1 / LENGTH)


def test_several_failures_at_once():
    path = walk(0, 5) + [5] * 90 + walk(16, 36)
    assert kinds(path) == ["stuck", "skipped", "unfinished"]


def test_long_stretch_is_named_by_its_ends():
    text = "a b c d e f g h i j k l m n o p q r s t"
    message = check_attention(alignment(walk(0, 3), len(text)), text).failures[0].message
    assert message == "stopped before 'c d e ... r s t'"


def test_arpabet_is_named_in_braces():
    names = [*"say ", "@HH", "@AW1", "@S", "@T", "@AH0", "@N", *" now."]
    report = check_attention(alignment(walk(0, 4) + walk(10, 15), 15), names)
    assert [str(failure) for failure in report.failures] == ["skipped '{HH AW1 S T AH0 N}'"]


def test_without_symbols_failures_are_named_by_number():
    path = walk(0, 10) + walk(20, LENGTH)
    assert only_message(path, symbols=None) == "skipped symbols 11 to 20"


def test_better_readings_have_a_higher_score():
    good, skipped, unfocused = (
        check_attention(one, TEXT).score
        for one in (
            alignment(GOOD),
            alignment(walk(0, 10) + walk(30, LENGTH)),
            torch.full((200, LENGTH), 1 / LENGTH),
        )
    )
    assert good > skipped and good > unfocused
    assert good > check_attention(alignment(walk(0, 20) + [20] * 150 + walk(20, LENGTH))).score


# Properties


@settings(max_examples=100)
@given(
    durations=st.lists(st.integers(3, 14), min_size=LENGTH, max_size=LENGTH),
    sharpness=st.floats(0.5, 0.9),
)
def test_any_steady_walk_is_good(durations, sharpness):
    path = [symbol for symbol, frames in enumerate(durations) for _ in range(frames)]
    report = check_attention(alignment(path, sharpness=sharpness), TEXT)
    assert report.failures == ()
    assert report.mean_focus == pytest.approx(len(path) / LENGTH, rel=1e-3)


@settings(max_examples=100)
@given(first=st.integers(1, LENGTH - 9), length=st.integers(7, 20))
def test_any_skip_is_found(first, length):
    stop = min(first + length, LENGTH - 1)
    found = kinds(walk(0, first) + walk(stop, LENGTH))
    assert found == ["skipped"]


@settings(max_examples=100)
@given(at=st.integers(8, LENGTH), back=st.integers(6, 20))
def test_any_return_is_found(at, back):
    assert kinds(walk(0, at) + walk(max(0, at - back), LENGTH)) == ["repeated"]


@settings(max_examples=100)
@given(
    steps=st.integers(1, 60),
    length=st.integers(1, 40),
    sharpness=st.floats(0, 30),
    seed=st.integers(0, 999),
    frames_per_step=st.integers(1, 5),
)
def test_any_alignment_gives_a_report(steps, length, sharpness, seed, frames_per_step):
    generator = torch.Generator().manual_seed(seed)
    weights = (sharpness * torch.randn(steps, length, generator=generator)).softmax(dim=1)
    names = [" .ab"[seed * symbol % 4] for symbol in range(length)]
    report = check_attention(weights, names, frames_per_step=frames_per_step)
    assert (
        torch.tensor([report.diagonality, report.peak, report.mean_focus, report.score])
        .isfinite()
        .all()
    )
    assert 0 <= report.missing_share <= 1
    for failure in report.failures:
        assert failure.message
        if failure.symbols is not None:
            assert 0 <= failure.symbols[0] < failure.symbols[1] <= length


# Wrong use


@pytest.mark.parametrize(
    ("weights", "options", "message"),
    [
        (torch.ones(3), {}, r"must be \(T, T_in\) finite weights.*shape \(3,\)"),
        (torch.ones(0, 4), {}, "not empty"),
        (torch.full((2, 2), torch.nan), {}, "finite"),
        (torch.ones(3, 2), {"symbols": "abc"}, "there are 3 symbols for 2 columns"),
        (torch.ones(3, 2), {"frames_per_step": 0}, "at least 1, but is 0"),
    ],
)
def test_wrong_use_is_refused(weights, options, message):
    with pytest.raises(InputError, match=message):
        check_attention(weights, **options)
