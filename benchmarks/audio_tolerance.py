"""How differently honest readings of a sentence sound, and how differently everything else does.

    python benchmarks/audio_tolerance.py

Says sentences with the shipped voice under several seeds, takes the distance of each reading to
each other one as the judge does, and those of what a wrong pipeline would save to the right one.
``DISTANCE`` and ``LONGEST`` in grader/judge/sound.py must lie between the two groups. With
pocketsphinx installed, prints also what a speech recogniser understands: a figure to read, never a
mark.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
from collections.abc import Callable, Iterator
from itertools import permutations

import torch
from common import edit_distance

from grader.demo_speech import recognise
from grader.judge.sound import DISTANCE, LONGEST, distance, heard
from grader.labs.lab4_inference.adapter import DENOISING, voice
from grader.labs.lab4_inference.instructor.voice_cases import SENTENCES
from labkit import Synthesizer
from labkit.audio import resample
from labkit.pipeline.voice_folder import UNALIGNED_VOICE
from labkit.tacotron2.masking import pad_symbols
from labkit.vocoders import GriffinLim

HOP = 256
RATE = 22_050
SEEDS = 5

Reading = tuple[torch.Tensor, torch.Tensor]  # (80, T) log-mel and (N,) audio


class Bench:
    """The shipped voice, and what it says."""

    def __init__(self) -> None:
        self.tacotron2, self.vocoder, self.denoiser = voice()
        self.front_end = Synthesizer.from_pretrained(device="cpu").settings.front_end

    def read(self, sentence: str, seed: int, **options: object) -> torch.Tensor:
        """Return the (80, T) log-mel of a sentence."""
        ids, lengths = pad_symbols([self.front_end.read(sentence).ids])
        mel, mel_lengths, _ = self.tacotron2.infer(ids, lengths, seed=seed, **options)
        return mel[0, :, : int(mel_lengths[0])]

    def vocode(self, mel: torch.Tensor) -> torch.Tensor:
        """Return the (N,) samples of a log-mel, denoised as in the judge's cases."""
        return self.denoiser(self.vocoder.infer(mel[None]), DENOISING)[0]

    def say(self, sentence: str, seed: int) -> Reading:
        """Return mel and samples of a sentence."""
        mel = self.read(sentence, seed)
        return mel, self.vocode(mel)


def honest(bench: Bench) -> dict[str, Callable[[str, int], torch.Tensor]]:
    """Ways of making the right audio that differ from the reference's."""

    def cut_late(sentence: str, seed: int) -> torch.Tensor:
        mel = bench.read(sentence, seed)
        padded = torch.nn.functional.pad(mel, (0, 40), value=-3.0)  # in a batch, after its end
        return bench.vocode(padded)[: mel.size(1) * HOP]

    return {
        "not denoised": lambda s, seed: bench.vocoder.infer(bench.read(s, seed)[None])[0],
        "vocoded with what lies behind, then cut": cut_late,
        "without prenet dropout": lambda s, seed: bench.vocode(
            bench.read(s, seed, prenet_dropout=False)
        ),
        "saved with 16 bits": lambda s, seed: (bench.say(s, seed)[1] * 32_768).round() / 32_768,
    }


def wrong(bench: Bench) -> dict[str, Callable[[int, int], torch.Tensor]]:
    """What a wrong pipeline would save for a sentence, by the sentence's number and a seed."""
    dice = torch.Generator().manual_seed(0)
    unaligned = Synthesizer.from_pretrained(UNALIGNED_VOICE, device="cpu").tacotron2
    griffin_lim = GriffinLim()

    def right(number: int, seed: int) -> Reading:
        return bench.say(SENTENCES[number], seed)

    def another(number: int, seed: int) -> torch.Tensor:
        """Another sentence, brought to the right length by a change of tempo."""
        mel = right(number, seed)[0]
        other = bench.read(SENTENCES[(number + 1) % len(SENTENCES)], seed)
        stretched = torch.nn.functional.interpolate(other[None], mel.size(1), mode="linear")
        return bench.vocode(stretched[0])

    def lost(number: int, seed: int) -> torch.Tensor:
        mel = right(number, seed)[0]
        ids, lengths = pad_symbols([bench.front_end.read(SENTENCES[number]).ids])
        steps = -(-mel.size(1) // unaligned.config.n_frames_per_step)
        said, _, _ = unaligned.infer(ids, lengths, seed=seed, max_decoder_steps=steps)
        return bench.vocode(said[0])

    def noise(number: int, seed: int) -> torch.Tensor:
        audio = right(number, seed)[1]
        return torch.randn(audio.shape, generator=dice) * audio.std()

    def at_rate(number: int, seed: int, rate: int) -> torch.Tensor:
        return resample(right(number, seed)[1], rate, RATE)

    def patched(number: int, seed: int) -> torch.Tensor:
        """The second half is that of another reading of another sentence."""
        audio, other = right(number, seed)[1], another(number, seed)
        half = len(audio) // 2
        return torch.cat([audio[:half], other[half : len(audio)]])

    return {
        "another sentence, other length": lambda n, s: right((n + 1) % len(SENTENCES), s)[1],
        "another sentence, same length": another,
        "its second half of another sentence": patched,
        "a model that cannot read": lost,
        "Griffin-Lim in place of the vocoder": lambda n, s: griffin_lim.infer(right(n, s)[0][None])[
            0
        ],
        "noise": noise,
        "speech under noise of its own level": lambda n, s: right(n, s)[1] + noise(n, s),
        "backwards": lambda n, s: right(n, s)[1].flip(0),
        "the mel backwards": lambda n, s: bench.vocode(right(n, s)[0].flip(1)),
        "bands upside down": lambda n, s: bench.vocode(right(n, s)[0].flip(0)),
        "the first half": lambda n, s: right(n, s)[1][: len(right(n, s)[1]) // 2],
        "three quarters": lambda n, s: right(n, s)[1][: len(right(n, s)[1]) * 3 // 4],
        "as if it had 16000 Hz": lambda n, s: at_rate(n, s, 16_000),
        "as if it had 24000 Hz": lambda n, s: at_rate(n, s, 24_000),
        "twenty times too quiet": lambda n, s: right(n, s)[1] / 20,
        "twice as loud": lambda n, s: (right(n, s)[1] * 2).clamp(-1, 1),
        "silence": lambda n, s: torch.zeros_like(right(n, s)[1]) + 1e-4,
    }


def said(values: list[float]) -> str:
    ordered = sorted(values)
    return f"{ordered[0]:.3f} to {ordered[-1]:.3f}, median {ordered[len(ordered) // 2]:.3f}"


def pairs(readings: dict[int, list[Reading]]) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    for sentence in readings.values():
        for (_, one), (_, other) in permutations(sentence, 2):
            yield one, other


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=SEEDS, help="readings of each sentence")
    seeds = parser.parse_args().seeds
    bench = Bench()
    readings = {
        number: [bench.say(sentence, seed) for seed in range(seeds)]
        for number, sentence in enumerate(SENTENCES)
    }
    couples = list(pairs(readings))
    print(f"the judge's bounds: distance {DISTANCE}, length ratio {LONGEST}\n")
    print(f"other seeds, {len(couples)} pairs of {len(SENTENCES)} sentences:")
    print("  distance", said([distance(heard(one), heard(other)) for one, other in couples]))
    print("  length ratio", said([len(one) / len(other) for one, other in couples]))
    print("\nother honest ways, distance to the reference of the same seed:")
    for label, make in honest(bench).items():
        found = [distance(heard(make(SENTENCES[n], 0)), heard(readings[n][0][1])) for n in readings]
        print(f"  {label}: {said(found)}")
    print("\nwrong ones, distance and length ratio to the reference of another seed:")
    for label, spoil in wrong(bench).items():
        found, ratios = [], []
        for n in readings:
            audio, reference = spoil(n, 1), readings[n][0][1]
            found.append(distance(heard(audio.clamp(-1, 1)), heard(reference)))
            ratios.append(len(audio) / len(reference))
        print(f"  {label}: {said(found)}; length {said(ratios)}")
    advise(readings)


def advise(readings: dict[int, list[Reading]]) -> None:
    """Print what a speech recogniser understands, if there is one."""
    if importlib.util.find_spec("pocketsphinx") is None:
        print("\nno speech recogniser is installed (pocketsphinx)")
        return
    errors = words = 0
    for number, sentence in enumerate(SENTENCES):
        understood = recognise(readings[number][0][1], RATE).split()
        wanted = re.findall(r"[a-z']+", sentence.lower())
        errors += edit_distance(wanted, understood)
        words += len(wanted)
    print(f"\na speech recogniser gets {errors / words:.0%} of {words} words wrong")


if __name__ == "__main__":
    main()
