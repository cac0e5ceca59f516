"""What has Tacotron 2's ``infer`` and no ``speak``, such as a student's own model, speaks, too."""

from __future__ import annotations

from typing import Any

import torch

from labkit.errors import SpeechError
from labkit.models.acoustic import AcousticModel, Spoken
from labkit.tacotron2.formats import PRECISIONS


def as_acoustic(model: Any) -> AcousticModel:
    """Return an acoustic model as it is, and anything else with its ``infer`` as ``speak``."""
    return model if isinstance(model, AcousticModel) else Published(model)


class Published(AcousticModel):
    """An acoustic model whose ``infer`` returns the published three results.

    Args:
        model: any object with the ``infer`` of :class:`labkit.Tacotron2`, perhaps with fewer
            options; what is not asked for is not passed.
    """

    reading_options = ("prenet_dropout", "gate_threshold", "precision")
    precisions = PRECISIONS

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model
        config = getattr(model, "config", None)
        self.n_mels = getattr(config, "n_mel_channels", None)
        self.n_symbols = getattr(config, "n_symbols", None)
        self.frames_per_step = int(getattr(config, "n_frames_per_step", 1))
        self._may_drop = getattr(config, "p_prenet_dropout", 0.5) > 0

    def speak(
        self,
        ids: torch.Tensor,
        lengths: torch.Tensor,
        *,
        seed: int | None = None,
        max_frames: int | None = None,
        **options: Any,
    ) -> Spoken:
        """Read sentences; see :meth:`AcousticModel.speak`.

        Raises:
            SpeechError: ``infer`` returned something else.
        """
        if seed is not None:
            options["seed"] = seed
        if max_frames is not None:
            options["max_decoder_steps"] = -(-max_frames // self.frames_per_step)
        return _checked(self.model.infer(ids, lengths, **options), ids)

    @property
    def second_try(self) -> dict[str, Any] | None:
        """Options under which another seed gives another reading."""
        return {"prenet_dropout": True} if self._may_drop else None


def _checked(outputs: Any, ids: torch.Tensor) -> Spoken:
    expected = "(mel (B, n_mels, T), mel_lengths (B,), alignments (B, T, T_in))"
    n_items, n_symbols = ids.shape
    tensors = isinstance(outputs, (tuple, list)) and all(
        isinstance(output, torch.Tensor) for output in outputs
    )
    shapes = [tuple(output.shape) for output in outputs] if tensors else type(outputs).__name__
    fits = (
        tensors
        and len(outputs) == 3
        and outputs[0].dim() == 3
        and outputs[0].size(0) == n_items
        and shapes[1] == (n_items,)
        and outputs[2].dim() == 3
        and (outputs[2].size(0), outputs[2].size(2)) == (n_items, n_symbols)
    )
    if not fits:
        raise SpeechError(
            f"the acoustic model's infer must return {expected} with B = {n_items} and T_in = "
            f"{n_symbols}, but returned {shapes}"
        )
    return Spoken(*outputs)
