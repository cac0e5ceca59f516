"""The whole report: the original's figures, and what they leave out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from labkit.bench.figures import Summary, unlabelled_line
from labkit.bench.measure import Iteration


@dataclass(frozen=True)
class Report:
    """What was measured, and on what.

    Args:
        parameters: the parameters of the original report, in its order.
        setting: device, threads, precision, models and the like, by name.
        iterations: those that were kept, at least one.
    """

    parameters: Mapping[str, Any]
    setting: Mapping[str, Any]
    iterations: Sequence[Iteration]

    @property
    def speech(self) -> float:
        """Mean seconds of speech of an iteration, over its whole batch."""
        return self._mean([iteration.speech for iteration in self.iterations])

    @property
    def processors(self) -> float:
        """How many processors this process had during the latency, on average.

        Less than one, where everything is done by the processor, means that other programs were
        in the way, and that the latency would have been shorter without them.
        """
        return self._mean([one.processor for one in self.iterations]) / self.summary.latency

    @property
    def real_time_factor(self) -> float:
        """Seconds of latency per second of speech; smaller is faster."""
        return self.summary.latency / self.speech

    @property
    def summary(self) -> Summary:
        """The averages of the original report."""
        return Summary.of([iteration.step for iteration in self.iterations])

    @property
    def split(self) -> dict[str, float]:
        """Mean seconds of an iteration in each module."""
        return {
            name: self._mean([iteration.split[name] for iteration in self.iterations])
            for name in self.iterations[0].split
        }

    def original_lines(self) -> list[str]:
        """Give the unlabelled line and the summary, as the original report ends."""
        return [
            unlabelled_line([iteration.step for iteration in self.iterations]),
            *self.summary.lines(),
        ]

    def further_lines(self) -> list[str]:
        """Give what the original report leaves out."""
        factor, total = self.real_time_factor, sum(self.split.values())
        facts = {
            **self.setting,
            "speech": f"{self.speech:.3f} s per iteration",
            "processors": f"{self.processors:.2f} busy with this, on average",
            "real-time factor": f"{factor:.4f} (latency / speech), {1 / factor:.2f} x real time",
        }
        return [
            "Beyond the original report",
            *(f"  {name:16} {value}" for name, value in facts.items()),
            "  mean time of an iteration by module",
            *(
                f"    {name:14} {seconds:10.6f} s {100 * seconds / total:6.2f} %"
                for name, seconds in self.split.items()
            ),
        ]

    def as_dict(self) -> dict[str, Any]:
        """Give everything as plain values for JSON; times in seconds."""
        return {
            "parameters": dict(self.parameters),
            "steps": [asdict(iteration.step) for iteration in self.iterations],
            "unlabelled_line": self.original_lines()[0],
            "summary": asdict(self.summary),
            "setting": dict(self.setting),
            "speech": self.speech,
            "processors": self.processors,
            "real_time_factor": self.real_time_factor,
            "times_real_time": 1 / self.real_time_factor,
            "split": self.split,
            "split_steps": [dict(iteration.split) for iteration in self.iterations],
        }

    @staticmethod
    def _mean(values: Sequence[float]) -> float:
        return sum(values) / len(values)
