"""Batches for the acoustic model: which recordings go together, and how they are padded."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from labkit.audio.config import DEFAULT
from labkit.corpus.features import UNKNOWN, Features

SILENCE = math.log(DEFAULT.log_floor)
_SYMBOLS, _FRAMES = 8, 24
"""Lengths are rounded up to multiples of these, so that few shapes occur: the CPU's kernels are
built anew for every shape that they have not seen lately."""
_POOL = 25  # batches, at most, that are sorted by length together


class Batch(NamedTuple):
    """Sentences to be learned from, padded on the right."""

    ids: Tensor  # (B, N) symbol ids
    lengths: Tensor  # (B,) number of symbols
    mels: Tensor  # (B, n_mels, T) log-mel targets, 0 on padding
    mel_lengths: Tensor  # (B,) number of frames, with the silence that was put behind
    spoken_lengths: Tensor  # (B,) number of frames without it
    path: Tensor  # (B, T / r) which symbol sounds in each step, as a real number
    path_known: Tensor  # (B,) bool, whether the path was heard; else it is the diagonal


class Batches:
    """Draws batches of similar lengths; which one comes when depends on seed and step alone.

    Args:
        frames: length of each recording.
        batch_size: recordings in a batch.
        longest: recordings of more frames are left out.
        seed: of the order.
    """

    def __init__(self, frames: Sequence[int], batch_size: int, longest: int, seed: int) -> None:
        self._frames = np.array(frames)
        self._usable = np.flatnonzero(self._frames <= longest)
        self._batch_size = min(batch_size, len(self._usable))
        self._seed = seed
        self._epoch, self._order = -1, np.empty((0, 0), int)

    def __len__(self) -> int:
        return len(self._usable) // self._batch_size if self._batch_size else 0

    def indices(self, step: int) -> list[int]:
        """Give the recordings of a step."""
        epoch, number = divmod(step, len(self))
        if epoch != self._epoch:
            self._epoch, self._order = epoch, self._shuffled(epoch)
        return [int(index) for index in self._order[number]]

    def _shuffled(self, epoch: int) -> np.ndarray:
        """Order all recordings: at random, but of similar length within a batch."""
        generator = np.random.default_rng((self._seed, epoch))
        order = generator.permutation(self._usable)[: len(self) * self._batch_size]
        batches = order.reshape(len(self), self._batch_size)
        pools = np.array_split(batches, math.ceil(len(self) / _POOL))
        ordered = [pool.flat[np.argsort(self._frames[pool.ravel()])] for pool in pools]
        batches = np.concatenate(ordered).reshape(len(self), self._batch_size)
        return generator.permutation(batches)  # (batches, batch_size)


def collate(
    features: Features, indices: Sequence[int], frames_per_step: int, silent_steps: int
) -> Batch:
    """Put recordings together.

    Args:
        features: of the corpus.
        indices: which recordings.
        frames_per_step: r, frames that a decoder step predicts.
        silent_steps: steps of silence put behind every recording, so that the model knows what
            comes after the end, should its gate miss it.
    """
    r = frames_per_step
    B = len(indices)
    spoken = [features.frames[index] for index in indices]
    totals = [(math.ceil(frames / r) + silent_steps) * r for frames in spoken]
    N = _round_up(max(features.symbols[index] for index in indices), _SYMBOLS)
    T = _round_up(max(totals), math.lcm(_FRAMES, r))
    ids = torch.zeros(B, N, dtype=torch.int64)
    mels = torch.zeros(B, len(features.mean), T)
    path = torch.zeros(B, T // r)
    known = torch.zeros(B, dtype=torch.bool)
    for row, index in enumerate(indices):
        symbols = features.ids(index)
        ids[row, : len(symbols)] = symbols
        mels[row, :, spoken[row] : totals[row]] = SILENCE
        mels[row, :, : spoken[row]] = features.mel(index)
        ends = features.ends(index)
        known[row] = bool(ends[0] != UNKNOWN)
        times = (torch.arange(T // r) + 0.5) * r  # (T / r,) in frames
        path[row] = _path(ends, times) if known[row] else times / spoken[row] * len(symbols) - 0.5
        path[row].clamp_(max=len(symbols) - 1)
    return Batch(
        ids,
        torch.tensor([features.symbols[index] for index in indices]),
        mels,
        torch.tensor(totals),
        torch.tensor(spoken),
        path,
        known,
    )


def _path(ends: Tensor, times: Tensor) -> Tensor:
    """Tell which symbol sounds at some times.

    Args:
        ends: (N,) end of each symbol in seconds.
        times: (T,) in frames.

    Returns:
        (T,) real numbers: n in the middle of symbol n, halfway between two where one ends.
    """
    ends = ends * (DEFAULT.sample_rate / DEFAULT.hop_length)  # (N,) in frames
    symbol = torch.searchsorted(ends, times.contiguous(), right=True).clamp(max=len(ends) - 1)
    starts = torch.cat((ends.new_zeros(1), ends[:-1]))  # (N,)
    share = (times - starts[symbol]) / (ends - starts)[symbol].clamp(min=1e-3)
    return symbol + share.clamp(0, 1) - 0.5


def _round_up(length: int, multiple: int) -> int:
    return math.ceil(length / multiple) * multiple
