"""Which letters of a word stand for which of its phones, learned from the words themselves.

Each letter stands for no phone, one, or two in a row, in order. Expectation maximisation finds how
likely each letter is to stand for each such chunk (Jiampojamarn et al. 2007, "Applying many-to-many
alignments", with one letter at a time); the best alignment of each word follows by dynamic
programming. All words are worked on at once, padded to the longest.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

ROUNDS = 6
MOST_PHONES = 2  # that a letter stands for
RAREST_PAIR = 15  # pairs of phones expected less often than this for a letter are not believed
BLANK_LETTER = 26  # pads words; stands for no phone

Pairs = Sequence[tuple[str, Sequence[str]]]


def align(pairs: Pairs) -> list[list[int] | None]:
    """Count how many phones each letter of each word stands for.

    Args:
        pairs: words from a to z, and their phones.

    Returns:
        For each word the counts, a number from 0 to 2 for each letter; None if it has phones that
        its letters cannot account for ("FBI").
    """
    letters, chunks, lengths = _encode(pairs)
    chunk_count = 1 + max(int(chunk.max()) for chunk in chunks)
    likelihood = np.full((BLANK_LETTER + 1, chunk_count), 1e-3)
    likelihood[:, : int(chunks[1].max()) + 1] = 0.1  # pairs start out as the exception
    for turn in range(ROUNDS):
        _fix_blank(likelihood)
        expected = _expected_counts(_scores(likelihood, letters, chunks), letters, chunks, lengths)
        if turn == ROUNDS - 2:
            pairs_of_phones = expected[:, int(chunks[1].max()) + 1 :]
            pairs_of_phones[pairs_of_phones < RAREST_PAIR] = 0
        likelihood = expected / np.maximum(expected.sum(axis=1, keepdims=True), 1e-9)
    _fix_blank(likelihood)
    best = _best_counts(_scores(likelihood, letters, chunks), lengths)
    return [
        None if counts is None else counts[: len(word)]
        for (word, _), counts in zip(pairs, best, strict=True)
    ]


def _encode(pairs: Pairs) -> tuple[np.ndarray, list[np.ndarray], np.ndarray]:
    """Number letters and chunks.

    Returns:
        letters (words, letters); for each chunk length the chunk that begins at each phone
        (words, phones + 1), -1 where the word has not that many left; phones in each word.
    """
    phone_set = {phone for _, phones in pairs for phone in phones}
    numbers = {phone: index + 1 for index, phone in enumerate(sorted(phone_set))}
    base = len(numbers) + 1
    lengths = np.array([len(phones) for _, phones in pairs])
    longest_word, longest = max(len(word) for word, _ in pairs), int(lengths.max())
    letters = np.full((len(pairs), longest_word), BLANK_LETTER)
    phones_of = np.zeros((len(pairs), longest + MOST_PHONES), int)
    for row, (word, phones) in enumerate(pairs):
        letters[row, : len(word)] = [ord(letter) - ord("a") for letter in word]
        phones_of[row, : len(phones)] = [numbers[phone] for phone in phones]
    first, second = phones_of[:, : longest + 1], phones_of[:, 1 : longest + 2]
    starts = np.arange(longest + 1)
    one = np.where(starts < lengths[:, None], first, -1)
    two = np.where(starts + 1 < lengths[:, None], first * base + second, -1)
    return letters, [np.zeros_like(first), one, two], lengths


def _fix_blank(likelihood: np.ndarray) -> None:
    likelihood[BLANK_LETTER] = 0
    likelihood[BLANK_LETTER, 0] = 1


def _scores(
    likelihood: np.ndarray, letters: np.ndarray, chunks: list[np.ndarray]
) -> list[list[np.ndarray]]:
    """Score each letter for taking 0, 1, 2 phones from each phone on: [letter][count]."""
    return [
        [np.where(chunk >= 0, likelihood[letter[:, None], chunk], 0.0) for chunk in chunks]
        for letter in letters.T
    ]


def _forward(scores: list[list[np.ndarray]]) -> list[np.ndarray]:
    """Sum over the ways to get past each letter with each number of phones used up."""
    reached = [np.zeros_like(scores[0][0])]
    reached[0][:, 0] = 1
    for of_letter in scores:
        after = np.zeros_like(reached[0])
        for count, score in enumerate(of_letter):
            after[:, count:] += (reached[-1] * score)[:, : after.shape[1] - count]
        reached.append(after)
    return reached


def _expected_counts(
    scores: list[list[np.ndarray]],
    letters: np.ndarray,
    chunks: list[np.ndarray],
    lengths: np.ndarray,
) -> np.ndarray:
    """Count how often each letter stands for each chunk, over all alignments of all words."""
    reached = _forward(scores)
    width = reached[0].shape[1]
    remaining = np.zeros_like(reached[0])
    remaining[np.arange(len(lengths)), lengths] = 1
    total = reached[-1][np.arange(len(lengths)), lengths]
    weight = np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)[:, None]
    expected = np.zeros((BLANK_LETTER + 1, 1 + max(int(chunk.max()) for chunk in chunks)))
    for position in range(len(scores) - 1, -1, -1):
        before = np.zeros_like(remaining)
        for count, score in enumerate(scores[position]):
            taken = np.zeros_like(remaining)
            taken[:, : width - count] = score[:, : width - count] * remaining[:, count:]
            before += taken
            share = reached[position] * taken * weight
            believed = share > 0
            rows, _ = np.nonzero(believed)
            cells = (letters[rows, position], chunks[count][believed])
            np.add.at(expected, cells, share[believed])
        remaining = before
    return expected


def _best_counts(scores: list[list[np.ndarray]], lengths: np.ndarray) -> list[list[int] | None]:
    """Follow the best alignment of each word back from its end."""
    best = np.zeros_like(scores[0][0])
    best[:, 0] = 1
    choices = []
    for of_letter in scores:
        after, choice = np.zeros_like(best), np.zeros(best.shape, np.int8)
        for count, score in enumerate(of_letter):
            through = (best * score)[:, : best.shape[1] - count]
            better = through > after[:, count:]
            after[:, count:][better] = through[better]
            choice[:, count:][better] = count
        choices.append(choice)
        best = after
    results: list[list[int] | None] = []
    for row, length in enumerate(lengths):
        if best[row, length] <= 0:
            results.append(None)
            continue
        counts, used = [], int(length)
        for choice in reversed(choices):
            counts.append(int(choice[row, used]))
            used -= counts[-1]
        results.append(counts[::-1])
    return results
