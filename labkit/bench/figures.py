"""The figures of the original report, and the lines that it printed.

The report is that of the published latency script (NVIDIA DeepLearningExamples, Tacotron 2,
``test_infer.py``) as the course's original lab ran it. Given the same figures, the lines here
are the same to the last digit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields

import numpy as np

PERCENTILES = (0.50, 0.90, 0.95, 0.99, 1.0)


@dataclass(frozen=True)
class Step:
    """What is logged of one iteration, in this order; times in seconds."""

    pre_processing: float
    """Text to padded ids on the device."""
    tacotron2_latency: float
    """Ids to mel."""
    waveglow_latency: float
    """Mel to audio: the vocoder, whichever it is, and the denoiser."""
    latency: float
    """Both, timed around them."""
    type_conversion: float
    """Audio to float32."""
    data_transfer: float
    """Audio from the device to the host."""
    storage: float
    """Writing the WAV files."""
    tacotron2_items_per_sec: float
    """Mel frames of the whole batch, padding included, per second of ``tacotron2_latency``."""
    waveglow_items_per_sec: float
    """Samples of the whole batch, padding included, per second of ``waveglow_latency``."""
    num_mels_per_audio: int
    """Mel frames of each audio of the batch."""
    throughput: float
    """Samples of the whole batch, padding included, per second of ``latency``."""

    @classmethod
    def of(cls, seconds: Mapping[str, float], batch_size: int, frames: int, samples: int) -> Step:
        """Derive the rates from the times.

        Args:
            seconds: the first seven figures by name; others are ignored.
            batch_size: sentences in the batch.
            frames: mel frames of the longest of them.
            samples: audio samples of the longest of them.
        """
        timed = {field.name: seconds[field.name] for field in fields(cls)[:7]}
        return cls(
            **timed,
            tacotron2_items_per_sec=batch_size * frames / timed["tacotron2_latency"],
            waveglow_items_per_sec=batch_size * samples / timed["waveglow_latency"],
            num_mels_per_audio=frames,
            throughput=batch_size * samples / timed["latency"],
        )

    def as_dict(self) -> dict[str, float]:
        """Give the figures by name, in order."""
        return asdict(self)

    @property
    def post_processing(self) -> float:
        """Everything after the latency, in seconds."""
        return self.type_conversion + self.storage + self.data_transfer


@dataclass(frozen=True)
class Summary:
    """Averages over iterations; times in seconds, throughput in samples per second."""

    throughput: float
    pre_processing: float
    post_processing: float
    num_mels_per_audio: float
    latency: float
    latency_std: float
    """Population standard deviation."""
    latency_percentiles: dict[int, float]
    """Latency that this many percent of the iterations did not exceed."""

    @classmethod
    def of(cls, steps: Sequence[Step]) -> Summary:
        """Summarise iterations.

        Args:
            steps: at least one.
        """
        latencies = sorted(step.latency for step in steps)
        return cls(
            throughput=_mean(step.throughput for step in steps),
            pre_processing=_mean(step.pre_processing for step in steps),
            post_processing=_mean(step.post_processing for step in steps),
            num_mels_per_audio=_mean(step.num_mels_per_audio for step in steps),
            latency=_mean(latencies),
            latency_std=float(np.std(latencies)),
            latency_percentiles={
                round(100 * share): percentile(latencies, share) for share in PERCENTILES
            },
        )

    def lines(self) -> list[str]:
        """Give the lines of the original report ("c1" is how it reads there)."""
        return [
            f"Throughput average (samples/sec) = {self.throughput:.4f}",
            f"Preprocessing average (seconds) = {self.pre_processing:.4f}",
            f"Postprocessing average (seconds) = {self.post_processing:.4f}",
            f"Number of mels per audio average = {self.num_mels_per_audio}",
            f"Latency average (seconds) = {self.latency:.4f}",
            f"Latency std (seconds) = {self.latency_std:.4f}",
            *(
                f"Latency c1 {percent} (seconds) = {latency:.4f}"
                for percent, latency in self.latency_percentiles.items()
            ),
        ]


def percentile(ordered: Sequence[float], share: float) -> float:
    """Give the largest of the first ``int(n · share)`` values, without interpolation.

    Where that is none of them (half of one iteration), it is the smallest value; the original
    script stops with an error there.

    Args:
        ordered: n values in ascending order, at least one.
        share: from 0 to 1.
    """
    return ordered[max(1, int(len(ordered) * share)) - 1]


def unlabelled_line(steps: Sequence[Step]) -> str:
    """Give the line of five bare numbers that the original report prints before its summary.

    They are the means of latency, throughput, pre-processing, post-processing and mel frames
    over all iterations but the first; where there is no other, over that one.

    Args:
        steps: at least one.
    """
    later = steps[1:] or steps
    # The parts of the post-processing are averaged one by one, as in the original: the sum of
    # means may differ from the mean of sums in its last digit.
    post_processing = (
        _mean(step.type_conversion for step in later)
        + _mean(step.storage for step in later)
        + _mean(step.data_transfer for step in later)
    )
    return " ".join(
        str(figure)
        for figure in (
            _mean(step.latency for step in later),
            _mean(step.throughput for step in later),
            _mean(step.pre_processing for step in later),
            post_processing,
            _mean(step.num_mels_per_audio for step in later),
        )
    )


def _mean(values: Iterable[float]) -> float:
    # NumPy adds in pairs: an exact sum would differ in the last digit.
    return float(np.mean(list(values)))
