"""Record what labs 1 and 2 let students hear: the kit's voice, whole and with something missing.

    python tools/record_hearing.py

Writes a FLAC file for each reading into the data folder of its lab, and its alignment into a
safetensors file beside it. Lab 1 hears the voice with its location features, and reading with
``W query + V memory`` alone; lab 2 hears it speak from three memories. A reading that does not
stop by itself is stopped after twice (lab 1) or three times (lab 2) the time of the first one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file

import labkit
from labkit.audio import at_level, save_audio
from labkit.labs.lab1_attention import hearing as lab1
from labkit.labs.lab2_encoder import hearing as lab2
from labkit.labs.lab2_encoder.situation import embed, read
from labkit.pipeline import Synthesizer
from labkit.text import text_to_sequence
from labkit.text.pronunciation import read_aloud


def record(
    speaker: Synthesizer,
    ids: list[int],
    folder: Path,
    ways: Mapping[str, Callable[[], object]],
    longer: int,
) -> dict[str, torch.Tensor]:
    """Read a sentence in some ways, each of which changes the model; return the alignments."""
    model, vocoder = speaker.tacotron2, speaker.vocoder
    alignments: dict[str, torch.Tensor] = {}
    limit = model.config.max_decoder_steps
    for kind, change in ways.items():
        change()
        mel, mel_lengths, weights = model.infer(
            torch.tensor([ids]), torch.tensor([len(ids)]),
            prenet_dropout=False, max_decoder_steps=limit,
        )  # fmt: skip
        frames = int(mel_lengths[0])
        steps = frames // model.config.n_frames_per_step
        if not alignments:
            limit = longer * steps
        audio = at_level(vocoder.infer(mel[:, :, :frames])[0], vocoder.sample_rate, -21)
        print(save_audio(folder / f"{kind}.flac", audio, vocoder.sample_rate), steps, "steps")
        alignments[kind] = weights[0, :steps].half().contiguous()  # (steps, T_in)
    return alignments


def of_lab_1() -> None:
    """Read with and without location features."""
    speaker = labkit.Synthesizer.from_pretrained(device="cpu")
    location = speaker.tacotron2.decoder.attention_layer.location_layer
    weight = location.location_dense.linear_layer.weight.data
    ways = dict(zip(lab1.KINDS, (lambda: None, weight.zero_), strict=True))
    ids = text_to_sequence(read_aloud(lab1.SENTENCE).symbols)
    save_file(record(speaker, ids, lab1.DATA, ways, 2), lab1.DATA / "hearing.safetensors")


def of_lab_2() -> None:
    """Read from the memory itself, from one with padding in it, and from one half."""
    speaker = labkit.Synthesizer.from_pretrained(device="cpu")
    encoder, reading = speaker.tacotron2.encoder, read(lab2.SENTENCE)
    with torch.no_grad():
        memory = encoder(embed(reading), torch.tensor([len(reading)]))  # (1, T_in, D)
        x = encoder.convolve(embed(reading.padded(lab2.PADDING)), None)
        padded = encoder.lstm(x.transpose(1, 2))[0][:, : len(reading)]  # (1, T_in, D)
    forward = memory.clone()
    forward[:, :, memory.size(2) // 2 :] = 0

    def speak_from(memory: torch.Tensor) -> Callable[[], object]:
        return lambda: setattr(encoder, "forward", lambda *_: memory)

    ways = dict(zip(lab2.KINDS, map(speak_from, (memory, padded, forward)), strict=True))
    stored = {"memory": memory[0].half().contiguous()}
    stored |= record(speaker, reading.ids, lab2.DATA, ways, 3)
    save_file(stored, lab2.DATA / "hearing_encoder.safetensors")


if __name__ == "__main__":
    torch.set_num_threads(1)
    of_lab_1()
    of_lab_2()
