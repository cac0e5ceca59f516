"""Record what lab 1 lets students hear: the kit's voice, with and without its location features.

    python tools/record_attention.py

Writes labkit/labs/lab1_attention/data/hearing.safetensors and two FLAC files beside it. Without its
location features the same model reads with ``W query + V memory`` alone; it is stopped after twice
the time.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import save_file

import labkit
from labkit.audio import at_level, save_audio
from labkit.labs.lab1_attention.hearing import DATA, KINDS, SENTENCE
from labkit.text import text_to_sequence
from labkit.text.pronunciation import read_aloud

_LONGER = 2


def main() -> None:
    """Make the recordings."""
    torch.set_num_threads(1)
    speaker = labkit.Synthesizer.from_pretrained(device="cpu")
    model, vocoder = speaker.tacotron2, speaker.vocoder
    ids = torch.tensor([text_to_sequence(read_aloud(SENTENCE).symbols)])
    lengths = torch.tensor([ids.size(1)])
    dense = model.decoder.attention_layer.location_layer.location_dense.linear_layer
    alignments, limit = {}, model.config.max_decoder_steps
    for kind in KINDS:
        if kind == "without_location":
            dense.weight.data.zero_()
        mel, mel_lengths, weights = model.infer(
            ids, lengths, prenet_dropout=False, max_decoder_steps=limit
        )
        frames = int(mel_lengths[0])
        steps = frames // model.config.n_frames_per_step
        limit = _LONGER * steps
        audio = at_level(vocoder.infer(mel[:, :, :frames])[0], vocoder.sample_rate, -21)
        print(save_audio(Path(DATA, f"{kind}.flac"), audio, vocoder.sample_rate), steps, "steps")
        alignments[kind] = weights[0, :steps].half().contiguous()  # (steps, T_in)
    save_file(alignments, Path(DATA, "hearing.safetensors"))


if __name__ == "__main__":
    main()
