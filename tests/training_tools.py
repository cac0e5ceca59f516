"""A corpus of tones: every phoneme is a tone of its own, so that a small model learns it soon."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import torch

from labkit.audio import save_audio
from labkit.text.pronunciation import pronounce

WORDS = ["see", "tea", "key", "knee", "pea", "fee"]
TONE_SECONDS = 0.14
RATE = 22050

SMALL_MODEL: dict[str, Any] = {
    "symbols_embedding_dim": 32,
    "encoder_embedding_dim": 32,
    "encoder_n_convolutions": 1,
    "attention_rnn_dim": 64,
    "attention_dim": 32,
    "attention_location_n_filters": 8,
    "attention_location_kernel_size": 15,
    "n_frames_per_step": 3,
    "decoder_rnn_dim": 64,
    "prenet_dim": 32,
    "postnet_embedding_dim": 16,
    "postnet_n_convolutions": 2,
    "mask_embeddings": True,
    "p_encoder_dropout": 0.0,
    "p_prenet_dropout": 0.2,
    "p_attention_dropout": 0.0,
    "p_decoder_dropout": 0.0,
    "p_postnet_dropout": 0.0,
}


def mixed_precision() -> str:
    """Return what reduced precision can train an LSTM here.

    oneDNN, held back by an environment variable, refuses bfloat16 where PyTorch sees a processor
    that has it; a processor that has not is asked otherwise.
    """
    lstm, x = torch.nn.LSTM(2, 2), torch.ones(1, 1, 2)
    try:
        with torch.autocast("cpu", torch.bfloat16):
            lstm(x)
    except RuntimeError:
        return "float32"
    return "bfloat16"


def make_tones(folder: Path, sentences: int = 24, labels: bool = True, seed: int = 0) -> Path:
    """Write ``wavs``, ``train.txt`` and ``val.txt`` (every sixth), and what was heard when."""
    chance = random.Random(seed)
    (folder / "wavs").mkdir(parents=True)
    lists: dict[str, list[str]] = {"train": [], "val": []}
    heard = []
    for number in range(sentences):
        text = " ".join(chance.choices(WORDS, k=chance.randrange(2, 4))) + "."
        phones = pronounce(text).strip(".").replace("{", "").replace("}", "").split()
        names = [*phones, "PAU"]
        audio = torch.cat([_tone(name) for name in names])
        ends = [round(TONE_SECONDS * (at + 1), 3) for at in range(len(names))]
        save_audio(folder / "wavs" / f"t{number}.wav", audio)
        lists["train" if number % 6 else "val"].append(f"wavs/t{number}.wav|{text}")
        heard.append({"id": f"t{number}", "phonemes": " ".join(names), "ends": ends})
    for name, lines in lists.items():
        (folder / f"{name}.txt").write_text("".join(f"{line}\n" for line in lines))
    if labels:
        (folder / "labels.jsonl").write_text("".join(f"{json.dumps(it)}\n" for it in heard))
    return folder


def _tone(phone: str) -> torch.Tensor:
    time = torch.arange(round(TONE_SECONDS * RATE)) / RATE
    if phone == "PAU":
        return torch.zeros(len(time))
    number = sum(ord(letter) * place for place, letter in enumerate(phone, start=1)) % 23
    return 0.3 * torch.sin(2 * torch.pi * 200 * 1.15**number * time)
