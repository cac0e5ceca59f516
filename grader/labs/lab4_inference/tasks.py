"""Lab 4: full inference, from symbols to a file that one can hear, and how fast."""

from __future__ import annotations

from collections.abc import Iterator

from grader.labs.base import Output, make_lab, make_task
from grader.labs.lab4_inference.benchmark_slips import BENCHMARK_SLIPS
from grader.labs.lab4_inference.speaking_slips import READ_SLIPS, SPEAK_SLIPS


def _sentences(name: str, called: str) -> Iterator[Output]:
    for index in range(3):
        yield Output(f"{name}_{index}", ("frames · hop_length",), f"{called} {index + 1}")


READ = make_task(
    "inference-1",
    classic="AUDIO",
    adapter="grader.labs.lab4_inference.adapter:INFERENCE",
    partner="grader.labs.lab4_inference.reading:ReadingPartner",
    arguments=("ids", "lengths"),
    outputs=(
        Output("mel", ("B", "n_mels", "T")),
        Output("mel_lengths", ("B",)),
        Output("alignments", ("B", "T / r", "T_in")),
        Output("places", ("mel, mel_lengths, alignments",), "where the results lie"),
    ),
    returns="3 values are expected (mel, mel_lengths, alignments)",
    slips=READ_SLIPS,
)

SPEAK = make_task(
    "inference-2",
    classic="AUDIO",
    adapter="grader.labs.lab4_inference.adapter:INFERENCE",
    partner="grader.labs.lab4_inference.speaking:SpeakingPartner",
    arguments=("mel", "mel_lengths"),
    outputs=(
        *_sentences("audio", "what came back of sentence"),
        *_sentences("file", "the file of sentence"),
        Output("sample_rates", ("B",), "the sample rates of the files"),
        Output("places", ("B",), "where the samples lie"),
        Output("count", ("sentences",), "the number of sentences"),
    ),
    returns="a list with the samples of each sentence is expected",
    seconds=30.0,
    slips=SPEAK_SLIPS,
)

BENCHMARK = make_task(
    "inference-3",
    classic="AUDIO",
    adapter="grader.labs.lab4_inference.adapter:INFERENCE",
    partner="grader.labs.lab4_inference.measuring:MeasuringPartner",
    arguments=(),
    outputs=tuple(
        Output(name, ("n_iterations",))
        for name in (
            "tacotron2_latency",
            "vocoder_latency",
            "latency",
            "tacotron2_items_per_sec",
            "vocoder_items_per_sec",
            "throughput",
        )
    ),
    returns="a dict with a list for each of six names is expected",
    slips=BENCHMARK_SLIPS,
)

ESSAY = make_task(
    "inference-4",
    title="What would mixed precision change?",
    followed_by=(
        ("end", "## What you have now"),
        ("scoring-text", "## Additive or dot product, to be heard"),
    ),
    asked=(750, "a batch of 64 sentences?"),
)

LAB = make_lab(
    "lab4_inference",
    (
        "from collections.abc import Callable, Sequence\n"
        "from pathlib import Path\n"
        "from typing import Any\n"
        "import torch\n"
        "from labkit import Synthesizer\n"
        "from labkit.audio import save_audio\n"
        "from labkit.devices import find_device\n"
        "from labkit.tacotron2.masking import pad_symbols\n"
        "from labkit.vocoders import Denoiser, GriffinLim, load_vocoder\n"
        "from labkit.vocoders.protocol import Vocoder\n"
    ),
    READ,
    SPEAK,
    BENCHMARK,
    ESSAY,
)
