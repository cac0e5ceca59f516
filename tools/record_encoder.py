"""Record what lab 2 lets students hear: the kit's voice, speaking from three memories.

    python tools/record_encoder.py

Writes labkit/labs/lab2_encoder/data/hearing_encoder.safetensors and three FLAC files beside
it. A reading that does not stop by itself is stopped after three times the time of the first one.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import save_file

import labkit
from labkit.audio import at_level, save_audio
from labkit.labs.lab2_encoder.hearing import DATA, KINDS, PADDING, SENTENCE
from labkit.labs.lab2_encoder.situation import embed, read

_LONGER = 3


def main() -> None:
    """Make the recordings."""
    torch.set_num_threads(1)
    speaker = labkit.Synthesizer.from_pretrained(device="cpu")
    model, vocoder = speaker.tacotron2, speaker.vocoder
    reading = read(SENTENCE)
    ids, lengths = torch.tensor([reading.ids]), torch.tensor([len(reading)])
    with torch.no_grad():
        memory = model.encoder(embed(reading), lengths)  # (1, T_in, D)
        x = model.encoder.convolve(embed(reading.padded(PADDING)), None)
        padded = model.encoder.lstm(x.transpose(1, 2))[0][:, : len(reading)]  # (1, T_in, D)
    forward = memory.clone()
    forward[:, :, memory.size(2) // 2 :] = 0
    memories = dict(zip(KINDS, (memory, padded, forward), strict=True))
    stored, limit = {"memory": memory[0].half().contiguous()}, model.config.max_decoder_steps
    for kind, spoken in memories.items():
        model.encoder.forward = lambda *_, spoken=spoken: spoken
        mel, mel_lengths, weights = model.infer(
            ids, lengths, prenet_dropout=False, max_decoder_steps=limit
        )
        frames = int(mel_lengths[0])
        steps = frames // model.config.n_frames_per_step
        if kind == "memory_whole":
            limit = _LONGER * steps
        audio = at_level(vocoder.infer(mel[:, :, :frames])[0], vocoder.sample_rate, -21)
        path = save_audio(Path(DATA, f"{kind}.flac"), audio, vocoder.sample_rate)
        print(path, steps, "steps", path.stat().st_size, "bytes")
        stored[kind] = weights[0, :steps].half().contiguous()  # (steps, T_in)
    save_file(stored, Path(DATA, "hearing_encoder.safetensors"))


if __name__ == "__main__":
    main()
