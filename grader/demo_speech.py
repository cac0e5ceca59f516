"""The demo's last step: the kit's voice speaks with the attention that a student wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from grader.errors import GraderError
from labkit.audio import audio_report, resample
from labkit.pipeline import Synthesizer
from labkit.tacotron2 import transplant

SENTENCE = "Hello. The attention that you have just written is reading this sentence aloud."

_RECOGNISER_RATE = 16_000


def speak_with(cells: dict[str, str], folder: Path) -> list[str]:
    """Put the classes of filled cells into the kit's voice and let it speak.

    The cells run in this process: only for the reference fill, which is the kit's own.

    Args:
        cells: source of the cell that imports and of each filled cell, in the notebook's order.
        folder: gets ``hello.wav`` and ``hello.png``.

    Returns:
        What there is to say about it, line by line.

    Raises:
        GraderError: the fill could not be heard.
    """
    namespace: dict[str, Any] = {}
    for source in cells.values():
        exec(source, namespace)
    speaker = Synthesizer.from_pretrained(device="cpu")
    speaker.tacotron2 = transplant(speaker.tacotron2, {"Attention": namespace["Attention"]})
    speech = speaker.say(SENTENCE, seed=0, on_failure="ignore")
    if speech.failures:
        raise GraderError(f"the reference fill did not read well: {speech.failures[0]}")
    sound, picture = speech.save(folder / "hello.wav"), speech.plot(folder / "hello.png")
    return [
        f"{sound}: {audio_report(speech.audio, speech.sample_rate)}",
        f"{picture}: waveform, mel and alignment",
        f"said:       {SENTENCE}",
        f"recognised: {recognise(speech.audio, speech.sample_rate)}",
    ]


def recognise(audio: torch.Tensor, sample_rate: int) -> str:
    """Tell which words a speech recogniser understands of samples (N,)."""
    try:
        from pocketsphinx import Decoder
    except ImportError:
        return "(nobody listened: pip install pocketsphinx)"
    decoder = Decoder(samprate=_RECOGNISER_RATE, beam=1e-60, wbeam=1e-40, lw=8, loglevel="FATAL")
    samples = resample(audio, sample_rate, _RECOGNISER_RATE).clamp(-1, 1)
    decoder.start_utt()
    decoder.process_raw((32_767 * samples).to(torch.int16).numpy().tobytes(), full_utt=True)
    decoder.end_utt()
    heard = decoder.hyp()
    return heard.hypstr if heard else "(nothing)"
