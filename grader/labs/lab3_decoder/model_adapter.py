"""Calls ``Tacotron2.predict`` with a decoder: the student's own, or a toy in its place."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

import torch

from grader.labs.lab3_decoder.decoder_adapter import name_first_state, name_next_states
from grader.sandbox.adapter import Namespace, Report
from grader.sandbox.method import MethodAdapter
from labkit.tacotron2 import Decoder, Tacotron2Config

Decode = Callable[..., tuple[torch.Tensor, ...]]

LOUDEST = 3.0  # log-mels are beyond one, so that a limit shows
_RETURNED = ("mel_postnet", "mel_lengths", "alignments", "gate")  # in the docstring's order


class PredictAdapter(MethodAdapter):
    """Builds the whole model from its configuration; ``options["decoder"]`` says who decodes."""

    def build(self, call: Report, tensors: dict[str, torch.Tensor], namespace: Namespace) -> Any:
        """Build the student's model, with the student's decoder in it where that is asked for."""
        config = Tacotron2Config(**call["init"])
        model = namespace[call["construct"]](config)
        if call["options"]["decoder"] == "own":
            model.decoder = namespace["Decoder"](**config.arguments_of(Decoder))
            name_first_state(model.decoder)
            name_next_states(model.decoder)
        return self.furnish(model, call, tensors)

    def call(self, subject: Any, call: Report, inputs: dict[str, torch.Tensor]) -> Any:
        """Predict."""
        if call["options"]["decoder"] == "own":
            decode: Decode = partial(subject.decoder.infer, prenet_dropout=False)
        else:
            decode = toy_decoder(inputs, subject.config.n_frames_per_step)
            subject.decoder.infer = _own
        result = subject.predict(inputs["ids"], inputs["lengths"], decode)
        if not isinstance(result, (tuple, list)) or len(result) != len(_RETURNED):
            return result
        found = dict(zip(_RETURNED, result, strict=True))
        return tuple(found[name] for name in call["outputs"])


def _own(*_: Any, **__: Any) -> Any:
    """Stand in the place of a decoder that nobody was told to ask.

    Raises:
        RuntimeError: always.
    """
    raise RuntimeError("the model's own decoder was asked instead of `decode`")


def toy_decoder(inputs: dict[str, torch.Tensor], r: int) -> Decode:
    """Return what answers like a decoder, by one product with stored numbers.

    It never says the same twice, as a decoder with dropout does not.

    Args:
        inputs: ``toy_steps`` (T / r, encoder_embedding_dim), ``toy_frames``
            (encoder_embedding_dim, n_mel_channels, r) and ``toy_gate`` (encoder_embedding_dim,).
        r: frames per step.
    """
    readings = count(1)

    def decode(
        memory: torch.Tensor, memory_lengths: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        steps = inputs["toy_steps"]
        seen = torch.arange(memory.size(1)) < memory_lengths.unsqueeze(1)  # (B, T_in)
        looks = torch.einsum("sd,btd,bt->bst", steps, memory, seen.to(memory.dtype))
        found = next(readings) * torch.einsum("bst,btd->bsd", looks, memory)
        mel = torch.einsum("bsd,dcr->bcsr", found, inputs["toy_frames"]).flatten(2)
        mel = LOUDEST * mel.tanh()
        gate = found @ inputs["toy_gate"]  # (B, T / r)
        return mel, gate, looks, (r * (memory_lengths + 1)).int()

    decode.__qualname__ = "decode"  # as errors call it
    return decode


TACOTRON2 = PredictAdapter()
