"""Train the network that guesses how unknown words are said.

    OMP_NUM_THREADS=1 python tools/train_letter_to_sound.py

learns from the lexicon that labkit ships (`labkit.text.pronunciation.lexicon`), without the 6 % of
words that `split_of` keeps back, and writes
``labkit/text/pronunciation/data/letter_to_sound.safetensors``. ``benchmarks/letter_to_sound.py``
measures it on the words kept back. Needs nothing but PyTorch on a processor; with one thread, the
same machine and the same seed, it writes the same weights again.
"""

from __future__ import annotations

import argparse
import random
import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from letter_alignment import align
from safetensors.numpy import save_file
from torch import Tensor, nn

from labkit.text.pronunciation.letter_to_sound import LAYERS, WEIGHTS, letter_ids, split_of
from labkit.text.pronunciation.lexicon import entries

WORD = re.compile(r"[a-z]{2,20}")
RAREST_CHUNK = 10  # words with a chunk that occurs less often ("fbi") are left out

Chunk = tuple[str, ...]
Sample = tuple[str, list[int]]  # a word, and the number of the chunk of each letter


class Tagger(nn.Module):
    """Names the phones of each letter of a word."""

    def __init__(self, outputs: int, embedding: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.embedding = nn.Embedding(28, embedding)
        self.lstm = nn.LSTM(
            embedding, hidden, LAYERS, batch_first=True, bidirectional=True, dropout=dropout
        )
        self.output = nn.Linear(2 * hidden, outputs)
        self.dropout = nn.Dropout(dropout)

    def forward(self, letters: Tensor) -> Tensor:
        """(B, letters + 2) ids to (B, letters, outputs) logits."""
        hidden, _ = self.lstm(self.dropout(self.embedding(letters)))
        return self.output(self.dropout(hidden[:, 1:-1]))


def aligned_words() -> tuple[list[Sample], list[Chunk]]:
    """Cut the phones of every word of the lexicon into chunks, one for each letter."""
    words = [(word, phones) for word, phones in entries() if WORD.fullmatch(word)]
    words = [(word, phones) for word, phones in words if len(phones) <= 2 * len(word)]
    bare = [(word, [phone.rstrip("012") for phone in phones]) for word, phones in words]
    cut: list[tuple[str, list[Chunk]]] = []
    for (word, phones), counts in zip(words, align(bare), strict=True):
        if counts is not None:
            remaining = iter(phones)
            cut.append((word, [tuple(next(remaining) for _ in range(n)) for n in counts]))
    frequency = Counter(chunk for _, chunks in cut for chunk in chunks)
    kept = sorted(chunk for chunk, count in frequency.items() if count >= RAREST_CHUNK)
    number = {chunk: index for index, chunk in enumerate(kept)}
    samples = [
        (word, [number[chunk] for chunk in chunks])
        for word, chunks in cut
        if all(chunk in number for chunk in chunks)
    ]
    return samples, kept


def batches(samples: list[Sample], size: int, generator: random.Random) -> Iterator[list[Sample]]:
    """Shuffle words into batches of equal length, so that nothing needs padding."""
    by_length: dict[int, list[Sample]] = {}
    for sample in generator.sample(samples, len(samples)):
        by_length.setdefault(len(sample[0]), []).append(sample)
    cut = [
        group[start : start + size]
        for group in by_length.values()
        for start in range(0, len(group), size)
    ]
    yield from generator.sample(cut, len(cut))


def to_tensors(batch: list[Sample]) -> tuple[Tensor, Tensor]:
    """Return (B, letters + 2) ids and (B, letters) chunk numbers."""
    letters = torch.tensor([letter_ids(word) for word, _ in batch])
    return letters, torch.tensor([chunks for _, chunks in batch])


def train(model: Tagger, samples: list[Sample], arguments: argparse.Namespace) -> None:
    """Train with AdamW, warming up and then falling linearly to nothing; print each epoch."""
    training = [sample for sample in samples if split_of(sample[0]) == "training"]
    development = [sample for sample in samples if split_of(sample[0]) == "development"]
    generator = random.Random(arguments.seed)
    total = arguments.epochs * sum(1 for _ in batches(training, arguments.batch, generator))
    optimiser = torch.optim.AdamW(model.parameters(), arguments.rate, betas=(0.9, 0.98))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min((step + 1) / arguments.warm_up, 1 - step / total)
    )
    start = time.monotonic()
    for epoch in range(1, arguments.epochs + 1):
        losses = []
        for batch in batches(training, arguments.batch, generator):
            letters, chunks = to_tensors(batch)
            loss = nn.functional.cross_entropy(model(letters).flatten(0, 1), chunks.flatten())
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            losses.append(loss.item())
        print(
            f"epoch {epoch}: loss {np.mean(losses):.4f}, words wrong in development "
            f"{share_wrong(model, development):.1%}, {time.monotonic() - start:.0f} s",
            flush=True,
        )


@torch.no_grad()
def share_wrong(model: Tagger, samples: list[Sample]) -> float:
    """Count the words with any chunk wrong, stress included."""
    model.eval()
    wrong = 0
    for batch in batches(samples, 256, random.Random(0)):
        letters, chunks = to_tensors(batch)
        wrong += int((model(letters).argmax(-1) != chunks).any(1).sum())
    model.train()
    return wrong / len(samples)


def pack(model: Tagger) -> dict[str, np.ndarray]:
    """Name the weights as `LetterToSound` wants them; matrices become int8, row by row."""
    weights = {
        "embedding": model.embedding.weight,
        "output": model.output.weight,
        "output.bias": model.output.bias,
    }
    for layer in range(LAYERS):
        for direction, suffix in (("forward", ""), ("backward", "_reverse")):
            given = {
                kind: getattr(model.lstm, f"{kind}_l{layer}{suffix}")
                for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            }
            name = f"{direction}.{layer}"
            weights[f"{name}.input"] = given["weight_ih"]
            weights[f"{name}.recurrent"] = given["weight_hh"]
            weights[f"{name}.bias"] = given["bias_ih"] + given["bias_hh"]
    packed = {}
    for name, tensor in weights.items():
        array = tensor.detach().numpy().astype(np.float32)
        if array.ndim == 2:
            scale = (np.abs(array).max(axis=1, keepdims=True) / 127).astype(np.float16)
            packed[f"{name}.scale"] = scale
            packed[name] = np.round(array / scale.astype(np.float32)).clip(-127, 127)
            packed[name] = packed[name].astype(np.int8)
        else:
            packed[name] = array.astype(np.float16)
    return packed


def main() -> None:
    """Train and write the weights."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=14)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--warm-up", type=int, default=200, help="steps")
    parser.add_argument("--embedding", type=int, default=48)
    parser.add_argument("--hidden", type=int, default=128)
    parser.add_argument("--dropout", type=float, default=0.15)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=WEIGHTS)
    arguments = parser.parse_args()

    torch.manual_seed(arguments.seed)
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    start = time.monotonic()
    samples, chunks = aligned_words()
    print(
        f"{len(samples)} words aligned, {len(chunks)} chunks, {time.monotonic() - start:.0f} s",
        flush=True,
    )
    model = Tagger(len(chunks), arguments.embedding, arguments.hidden, arguments.dropout)
    train(model, samples, arguments)
    named = ",".join(" ".join(chunk) for chunk in chunks)
    save_file(pack(model), arguments.output, {"chunks": named})
    arguments.output.chmod(0o644)  # safetensors lets only the owner read
    print(f"{arguments.output}: {arguments.output.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
