"""Did the attention read the whole sentence, once, and in order? Told from the alignment alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from labkit.errors import InputError
from labkit.pipeline.front_end import spell_words

# All thresholds in frames hold for frames of 11.6 ms. Read speech takes about 5.5 of them for a
# letter, so each threshold leaves a wide margin around anything a person would do.
STUCK_FRAMES = 60
"""0.7 s on two neighbouring letters: no sound of English is held that long in reading."""
PAUSE_FRAMES = 130
"""1.5 s on a mark, a blank, or the end of the text, where readers pause."""
SKIPPED_FRAMES = 0.7
"""A symbol that was attended for less than this in all was passed over."""
SKIPPED_PEAK = 0.1
"""So was one whose weight never came above this: a little leaks to all symbols at every step."""
SKIPPED_SYMBOLS = 4
"""Letters that are passed over in a row; fewer are often silent ("though"), or one sound."""
REPEATED_SYMBOLS = 4
"""Symbols that the attention goes back; less than this it wavers in good readings, too."""
REPEATED_FRAMES = 8
"""0.1 s, a short syllable: going back for less cannot be heard as repetition."""
UNFINISHED_SYMBOLS = 3
"""Letters missing at the end; the last one or two are often read from their neighbour."""
UNFOCUSED_PEAK = 0.3
"""Mean largest weight of a step. Trained models reach 0.6 to 0.9; flat attention has 1 / T_in."""

_SMOOTHING = 5  # steps of the median filter, which removes single steps of wavering


@dataclass(frozen=True)
class Failure:
    """One thing that went wrong in reading a piece of text.

    Args:
        kind: "stuck", "skipped", "repeated", "unfinished" or "unfocused", from the alignment;
            "endless" or "silent", from the length.
        message: the same in words, with the words of the text that it happened to.
        symbols: first symbol concerned and the one behind the last; None if it is all of them.
    """

    kind: str
    message: str
    symbols: tuple[int, int] | None = None

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True)
class AttentionReport:
    """What an alignment says about a reading.

    The figures are those that CookieTTS draws and keeps candidates by.
    """

    failures: tuple[Failure, ...]
    """What went wrong; empty for a good reading."""
    diagonality: float
    """Length of the path of the strongest symbol, by that of the diagonal: about 1 if good."""
    peak: float
    """Mean over the steps of the largest weight: 1 is perfectly sharp."""
    longest_focus: float
    """Frames that the most attended symbol got in all."""
    mean_focus: float
    """Frames for a symbol on average."""
    missing_share: float
    """Share of the symbols that got fewer than `SKIPPED_FRAMES` frames in all."""

    @property
    def score(self) -> float:
        """One number to rank readings of the same text by; higher is better."""
        return (
            self.peak
            - 0.25 * max(self.diagonality - 1.1, 0)
            - 0.005 * max(self.longest_focus - STUCK_FRAMES, 0)
            - max(3.6 - self.mean_focus, 0)
            - self.missing_share
        )

    def __str__(self) -> str:
        found = "; ".join(map(str, self.failures)) or "no failure"
        return (
            f"{found} (peak {self.peak:.2f}, diagonality {self.diagonality:.2f}, "
            f"{self.mean_focus:.1f} frames per symbol, at most {self.longest_focus:.0f}, "
            f"{100 * self.missing_share:.0f} % missing)"
        )


def check_attention(
    alignment: torch.Tensor,
    symbols: Sequence[str] | None = None,
    *,
    words: Sequence[str] | None = None,
    frames_per_step: int = 1,
) -> AttentionReport:
    """Look for the known failures of attention: stuck, skipped, repeated, unfinished, unfocused.

    Where the attention is unfocused there is no path to speak of, and nothing else is reported.

    Args:
        alignment: (T, T_in) attention weights of one text, without padding: a row for each
            decoder step, a column for each symbol.
        symbols: the T_in symbols; ARPAbet begins with ``@``. Without them every symbol could be a
            pause, and failures are named by number.
        words: what to call each stretch of symbols between two blanks; spelled if None.
        frames_per_step: mel frames that a decoder step predicts (the reduction factor).

    Raises:
        InputError: wrong shape, weights that are not finite, or another number of symbols.
    """
    weights = torch.as_tensor(alignment).detach().float().cpu()
    if weights.dim() != 2 or not weights.numel() or not weights.isfinite().all():
        raise InputError(
            "an alignment must be (T, T_in) finite weights of one text, not empty; got the shape "
            f"{tuple(weights.shape)}"
        )
    if symbols is not None and len(symbols) != weights.size(1):
        raise InputError(f"there are {len(symbols)} symbols for {weights.size(1)} columns")
    if frames_per_step < 1:
        raise InputError(f"frames_per_step must be at least 1, but is {frames_per_step}")

    steps, length = weights.shape
    path = weights.argmax(dim=1)  # (T,)
    moves = path.diff().double()  # (T - 1,)
    travelled = math.sqrt(2) + float((1 + moves.square()).sqrt().sum())
    peak = float(weights.max(dim=1).values.mean())
    focus = weights.sum(dim=0) * frames_per_step  # (T_in,)

    if peak < UNFOCUSED_PEAK:
        message = f"attended to everything at once (its mean largest weight is {peak:.2f})"
        failures = [Failure("unfocused", message)]
    else:
        passed_over = (focus < SKIPPED_FRAMES) | (weights.max(dim=0).values < SKIPPED_PEAK)
        checked = _Path(_smooth(path), passed_over, symbols, words, frames_per_step)
        failures = checked.stuck() + checked.skipped() + checked.repeated() + checked.unfinished()
    return AttentionReport(
        failures=tuple(failures),
        diagonality=travelled / math.hypot(length, steps),
        peak=peak,
        longest_focus=float(focus.max()),
        mean_focus=float(focus.mean()),
        missing_share=float((focus < SKIPPED_FRAMES).float().mean()),
    )


class _Path:
    """The strongest symbol of each step, and what can be wrong with its course."""

    def __init__(
        self,
        path: torch.Tensor,
        passed_over: torch.Tensor,
        symbols: Sequence[str] | None,
        words: Sequence[str] | None,
        frames_per_step: int,
    ) -> None:
        self.path = path  # (T,)
        self.passed_over = passed_over  # (T_in,)
        self.symbols = symbols
        self.words = spell_words(symbols or []) if words is None else words
        self.frames_per_step = frames_per_step
        length = len(passed_over)
        names = ["a"] * length if symbols is None else symbols
        sounding = [any(mark.isalnum() for mark in name) for name in names]
        self.sounding = [symbol for symbol in range(length) if sounding[symbol]]
        self.may_pause = [symbols is None or not sounds for sounds in sounding]
        self.may_pause[-1] = True
        self.reached = int(path.max())

    def stuck(self) -> list[Failure]:
        """Find the longest stay on one symbol or two neighbours, if it is too long."""
        longest: tuple[int, int] | None = None
        stays = self.path.bincount(minlength=len(self.may_pause) + 1)  # (T_in + 1,)
        in_all = (stays[:-1] + stays[1:]) * self.frames_per_step  # (T_in,) on it and the next
        for symbol in (in_all > STUCK_FRAMES).nonzero().flatten().tolist():
            here = (self.path == symbol) | (self.path == symbol + 1)  # (T,)
            for start, stop in _runs(here):
                attended = self.path[start:stop]
                pauses = any(self.may_pause[at] for at in attended.unique().tolist())
                frames = (stop - start) * self.frames_per_step
                if frames > (PAUSE_FRAMES if pauses else STUCK_FRAMES):
                    longest = max(longest or (0, 0), (frames, int(attended.mode().values)))
        if longest is None:
            return []
        frames, at = longest
        where = f"at {self._words(at, at + 1)}"
        if at > 0 and at not in self.sounding:  # on a mark or a blank
            where = f"after {self._words(at - 1, at)}"
        message = f"stuck for {frames} frames {where}"
        return [Failure("stuck", message, (at, at + 1))]

    def skipped(self) -> list[Failure]:
        """Find stretches before the furthest point, or whole words, that were never attended."""
        passed = [symbol for symbol in self.sounding if symbol <= self.reached]
        failures = []
        for first, stop in _runs(self.passed_over[passed]):
            span = passed[first], passed[stop - 1] + 1
            if stop - first >= SKIPPED_SYMBOLS or self._holds_a_word(*span):
                failures.append(Failure("skipped", f"skipped {self._words(*span)}", span))
        return failures

    def repeated(self) -> list[Failure]:
        """Find returns to symbols that had been left behind."""
        furthest = self.path.cummax(dim=0).values  # (T,)
        behind = furthest - self.path >= REPEATED_SYMBOLS  # (T,)
        failures = []
        for start, stop in _runs(behind):
            if (stop - start) * self.frames_per_step >= REPEATED_FRAMES:
                span = int(self.path[start:stop].min()), int(furthest[start]) + 1
                message = f"went back to repeat {self._words(*span)}"
                failures.append(Failure("repeated", message, span))
        return failures

    def unfinished(self) -> list[Failure]:
        """Tell whether letters are left at the end."""
        left = [symbol for symbol in self.sounding if symbol > self.reached]
        if len(left) < UNFINISHED_SYMBOLS:
            return []
        span = left[0], left[-1] + 1
        return [Failure("unfinished", f"stopped before {self._words(*span)}", span)]

    def _holds_a_word(self, start: int, stop: int) -> bool:
        """Tell whether a word of two symbols or more lies between two symbols."""
        if self.symbols is None:
            return False
        before = [-1, *(at for at in range(len(self.symbols)) if self.symbols[at] == " ")]
        return any(
            start <= first + 1 and last <= stop and last - first > 2
            for first, last in zip(before, [*before[1:], len(self.symbols)], strict=True)
        )

    def _words(self, start: int, stop: int) -> str:
        """Name the words that some symbols belong to; long stretches by their two ends."""
        if self.symbols is None:
            return f"symbols {start + 1} to {stop}" if stop - start > 1 else f"symbol {stop}"
        first, last = (sum(name == " " for name in self.symbols[:at]) for at in (start, stop))
        words = list(self.words[first : last + 1])
        words = [*words[:3], "...", *words[-3:]] if len(words) > 7 else words
        return repr(" ".join(words).strip())


def _smooth(path: torch.Tensor) -> torch.Tensor:
    """Median over five steps, (T,) to (T,)."""
    half = _SMOOTHING // 2
    padded = F.pad(path[None].float(), (half, half), mode="replicate")[0]  # (T + 4,)
    return padded.unfold(0, _SMOOTHING, 1).median(dim=1).values.long()  # (T,)


def _runs(mask: torch.Tensor) -> list[tuple[int, int]]:
    """First and one-behind-last position of each run of True in ``mask: (T,)``."""
    edges = F.pad(mask.int(), (1, 1)).diff().nonzero()  # (2 · runs, 1): starts and stops in turn
    return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]
