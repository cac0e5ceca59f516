"""Train the small attention that the first lab looks at, and say how well it reads.

    python benchmarks/make_attention_toy.py

It trains ``labkit.tacotron2.Attention`` at toy size on made-up sentences, in about a minute and
a half on one CPU thread. Half of the sentences are read with the past attention weights, half
with zeros in their place, so that the same weights can be looked at with and without location.
In training the query holds what should have been read (as a teacher-forced decoder hears the
true frames), while the past weights are the attention's own. The weights go to
``labkit/labs/lab1_attention/data/attention_toy.safetensors``; the readings that are printed are
free-running, on English sentences.
"""

from __future__ import annotations

import argparse
import random

import torch
from safetensors.torch import save_file
from torch import nn

from labkit.labs.lab1_attention import toy
from labkit.notebook.alignment import jumps_back, strongest
from labkit.tacotron2.attention import Attention

SEED = 0
BATCH = 32
LEARNING_RATE = 3e-3
EXAMPLES = (
    "no no never",
    "ha ha ha",
    "bye bye baby",
    "row row row",
    "a rose is a rose is a rose",
    "quick fox",
    "lazy dog",
)


def made_up_sentence(chance: random.Random) -> str:
    """Repeat one to three made-up words until there are 6 to 18 letters."""

    def word() -> str:
        return "".join(
            chance.choice("aeiou" if chance.random() < 0.4 else "bcdfghjklmnpqrstvwxyz")
            for _ in range(chance.randint(1, 5))
        )

    words = [word() for _ in range(chance.randint(1, 3))]
    wanted = chance.randint(6, 18)
    sentence = ""
    while len(sentence) < wanted:
        sentence = f"{sentence} {chance.choice(words)}".strip()
    return sentence[:18].strip()


def batch_loss(attention: Attention, sentences: list[str], use_location: bool) -> torch.Tensor:
    """Mean negative log weight of the letter that is due, over the steps of all sentences."""
    rows = len(sentences)
    due = [toy.positions_due(letters) for letters in sentences]
    length, steps = max(map(len, sentences)), max(map(len, due))
    memory = torch.zeros(rows, length, toy.EMBEDDING_DIM)
    mask = torch.ones(rows, length, dtype=torch.bool)
    targets = torch.zeros(rows, steps, dtype=torch.long)
    counted = torch.zeros(rows, steps)
    for row, letters in enumerate(sentences):
        memory[row, : len(letters)] = toy.memory_of(letters)
        mask[row, : len(letters)] = False
        targets[row, : len(due[row])] = torch.tensor(due[row])
        counted[row, : len(due[row])] = 1

    processed_memory = attention.memory_layer(memory)
    previous = cumulative = torch.zeros(rows, length)
    last = before_last = toy.start_vector().expand(rows, -1)
    total = torch.zeros(())
    for step in range(steps):
        past = torch.stack([previous, cumulative], dim=1)
        query = torch.cat([last, before_last], dim=1)
        _, weights = attention(
            query, memory, processed_memory, past if use_location else past * 0, mask
        )
        chosen = weights.gather(1, targets[:, step : step + 1]).squeeze(1)  # (B,)
        total = total - (chosen.clamp_min(1e-6).log() * counted[:, step]).sum()
        previous, cumulative = weights, cumulative + weights
        last, before_last = memory[torch.arange(rows), targets[:, step]], last
    return total / counted.sum()


def train(iterations: int) -> Attention:
    torch.manual_seed(SEED)
    chance = random.Random(SEED)
    attention = Attention(**toy.ATTENTION_SIZES)
    optimizer = torch.optim.Adam(attention.parameters(), lr=LEARNING_RATE)
    for iteration in range(1, iterations + 1):
        sentences = [made_up_sentence(chance) for _ in range(BATCH)]
        with_past = batch_loss(attention, sentences[::2], use_location=True)
        without = batch_loss(attention, sentences[1::2], use_location=False)
        optimizer.zero_grad()
        (with_past + without).backward()
        nn.utils.clip_grad_norm_(attention.parameters(), 1.0)
        optimizer.step()
        if iteration % 500 == 0:
            print(f"{iteration:5d}  loss {with_past:.4f} with past, {without:.4f} without")
    return attention.eval()


def report(attention: Attention, use_location: bool) -> None:
    for sentence in EXAMPLES:
        reading = toy.read(attention, toy.clean(sentence), use_location)
        spelled = "".join(sentence[position] for position in strongest(reading.weights))
        print(
            f"  {sentence:28s} {reading.right:4.0%} right, {jumps_back(reading.weights):2d} back: "
            f"{spelled}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--iterations", type=int, default=3000)
    arguments = parser.parse_args()
    torch.set_num_threads(1)  # the sums, and so the file, then do not depend on the core count
    attention = train(arguments.iterations)
    for use_location in (False, True):
        print("with its past" if use_location else "without its past")
        report(attention, use_location)
    toy.WEIGHTS.parent.mkdir(exist_ok=True)
    made_by = {"made_by": f"benchmarks/make_attention_toy.py --iterations {arguments.iterations}"}
    save_file(attention.state_dict(), toy.WEIGHTS, metadata=made_by)
    print(f"wrote {toy.WEIGHTS} ({toy.WEIGHTS.stat().st_size} bytes)")


if __name__ == "__main__":
    main()
