"""Dynamic time warping: what of two sounds belongs together, whatever the tempo of each."""

from __future__ import annotations

import numpy as np
import torch


def warp(costs: torch.Tensor, diagonal: float = 1.0) -> tuple[float, torch.Tensor]:
    """Pair the frames of two sounds in order, so that the pairs cost least together.

    Args:
        costs: (N, M) what it costs to pair a frame of one with a frame of the other.
        diagonal: how often a pair counts that takes both sounds a frame further. With 2, the
            symmetric form of Sakoe & Chiba (1978), all ways count N + M costs.

    Returns:
        What the cheapest way costs, and its (steps, 2) pairs.
    """
    cost = costs.double().numpy()
    n, m = cost.shape
    totals = np.full((n + 1, m + 1), np.inf)
    totals[0, 0] = 0.0
    for number in range(n + m - 1):  # the pairs (i, number - i) depend on the two rows before
        i = np.arange(max(0, number - m + 1), min(n, number + 1))
        j = number - i
        one_further = np.minimum(totals[i, j + 1], totals[i + 1, j]) + cost[i, j]
        totals[i + 1, j + 1] = np.minimum(one_further, totals[i, j] + diagonal * cost[i, j])
    pairs = []
    row, column = n, m
    while row and column:
        row, column = row - 1, column - 1
        pairs.append((row, column))
        here = cost[row, column]
        ways = {
            (row, column): totals[row, column] + diagonal * here,
            (row, column + 1): totals[row, column + 1] + here,
            (row + 1, column): totals[row + 1, column] + here,
        }
        row, column = min(ways, key=lambda way: ways[way])
    return float(totals[n, m]), torch.tensor(pairs[::-1])
