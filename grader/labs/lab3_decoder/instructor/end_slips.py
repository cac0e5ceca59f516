"""Lab 3, decoder-3's named slips as code: the loop until all gates have fired, and its outputs."""

from __future__ import annotations

from itertools import islice
from typing import Any

import torch

from labkit.tacotron2 import Decoder


def slip(**methods: Any) -> type[Decoder]:
    """Return the reference with some of its methods replaced."""
    return type("DecoderSlip", (Decoder,), methods)


def _fires(gate: Any, threshold: float) -> Any:
    return gate.sigmoid().squeeze(1) > threshold


def _loop(
    fires: Any = _fires,
    ended: Any = lambda before, fired: before | fired,
    stop: Any = lambda ended: ended.all(),
    early: Any = lambda s: s.early_stopping,
    lengths: Any = lambda s, alive: s.n_frames_per_step * alive.sum(1),
    limit: Any = lambda steps: steps,
    look: Any = lambda state: state.attention_weights,
    late: bool = False,
    drop_last: bool = False,
) -> type[Decoder]:
    """A loop with a mistake.

    Args:
        fires: which gates do.
        ended: which sentences have, from those before and those whose gate fires.
        stop: whether the sentences that have ended are reason enough to stop.
        early: whether to stop early.
        lengths: of the sentences, from (B, steps) whether each had not ended after a step.
        limit: number of steps; None for no limit.
        look: what a state says about the alignment.
        late: whether it is only seen before the next step that the end has come.
        drop_last: whether the step at which the end comes is thrown away.
    """

    def infer(
        s: Any,
        memory: Any,
        memory_lengths: Any,
        *,
        max_decoder_steps: int | None = None,
        gate_threshold: float | None = None,
        **passed: Any,
    ) -> Any:
        steps = s.max_decoder_steps if max_decoder_steps is None else max_decoder_steps
        threshold = s.gate_threshold if gate_threshold is None else gate_threshold
        done = torch.zeros(memory.size(0), dtype=torch.bool)
        made: list[tuple[Any, Any, Any]] = []
        alive = []
        for frame, gate, state in islice(s.steps(memory, memory_lengths, **passed), limit(steps)):
            stopping = early(s) and bool(stop(done))
            done = ended(done, fires(gate, threshold))
            if drop_last and early(s) and bool(stop(done)) and made:
                break
            made.append((frame, gate, look(state)))
            alive.append(~done)
            if stopping if late else early(s) and bool(stop(done)):
                break
        parts = s.parse_decoder_outputs(*map(list, zip(*made, strict=True)))
        return (*parts, lengths(s, torch.stack(alive, 1)).int())

    return slip(infer=infer)


def _tidied(mel: Any = None, gate: Any = None, alignment: Any = None) -> type[Decoder]:
    """Outputs put together wrongly, from the stacked steps: mel (B, steps, r · mels) and so on."""

    def parse_decoder_outputs(s: Any, mels: Any, gates: Any, alignments: Any) -> Any:
        right = Decoder.parse_decoder_outputs(s, mels, gates, alignments)
        return (
            mel(s, torch.stack(mels, 1)) if mel else right[0],
            gate(torch.stack(gates, 1)) if gate else right[1],
            alignment(torch.stack(alignments, 1)) if alignment else right[2],
        )

    return slip(parse_decoder_outputs=parse_decoder_outputs)


class _StepsFirst(Decoder):
    def parse_decoder_outputs(self, *lists: Any) -> Any:
        mel, gate, alignments = Decoder.parse_decoder_outputs(self, *lists)
        frames = mel.permute(2, 0, 1).contiguous()
        return frames, gate.t().contiguous(), alignments.transpose(0, 1).contiguous()


END = {
    "logit-as-probability": _loop(lambda gate, threshold: gate.squeeze(1) > threshold),
    "at-threshold": _loop(lambda gate, threshold: gate.sigmoid().squeeze(1) >= threshold),
    "inverted": _loop(lambda gate, threshold: gate.sigmoid().squeeze(1) < threshold),
    "threshold-ignored": _loop(lambda gate, threshold: _fires(gate, 0.5)),
    "firing-counted": _loop(
        lengths=lambda s, alive: s.n_frames_per_step * (alive.sum(1) + 1).clamp(max=alive.size(1))
    ),
    "all-counted": _loop(
        lengths=lambda s, alive: s.n_frames_per_step * torch.ones_like(alive).sum(1)
    ),
    "revives": _loop(ended=lambda before, fired: fired),
    "one-ends-all": _loop(stop=lambda ended: ended.any()),
    "first-decides": _loop(stop=lambda ended: ended[0]),
    "lengths-in-steps": _loop(lengths=lambda s, alive: alive.sum(1)),
    "never-stops": _loop(early=lambda s: False),
    "stops-always": _loop(early=lambda s: True),
    "stops-late": _loop(late=True),
    "last-dropped": _loop(drop_last=True),
    "limit-one-short": _loop(limit=lambda steps: steps - 1),
    "limit-one-long": _loop(limit=lambda steps: steps + 1),
    "limit-ignored": _loop(limit=lambda steps: None),
    "mel-not-transposed": _tidied(
        lambda s, x: x.unflatten(2, (-1, s.n_mel_channels)).flatten(1, 2)
    ),
    "mel-reshaped": _tidied(lambda s, x: x.reshape(x.size(0), s.n_mel_channels, -1)),
    "frames-interleaved": _tidied(
        lambda s, x: (
            x.unflatten(2, (s.n_mel_channels, -1)).transpose(2, 3).flatten(1, 2).transpose(1, 2)
        )
    ),
    "frames-by-step": _tidied(
        lambda s, x: (
            x.unflatten(2, (-1, s.n_mel_channels)).transpose(1, 2).flatten(1, 2).transpose(1, 2)
        )
    ),
    "steps-first": _StepsFirst,
    "alignments-transposed": _tidied(alignment=lambda a: a.transpose(1, 2)),
    "alignments-cumulative": _loop(look=lambda state: state.attention_weights_cum),
    "gate-axis": _tidied(gate=lambda g: g),
    "gate-probability": _tidied(gate=lambda g: g.squeeze(2).sigmoid()),
}
