"""Refuse wrong inputs where they enter, before they become a puzzling error deep inside."""

from __future__ import annotations

import torch

from labkit.errors import InputError
from labkit.tacotron2.config import Tacotron2Config

_INTEGERS = (torch.int32, torch.int64)


def check_text(ids: torch.Tensor, lengths: torch.Tensor, embedding: torch.Tensor) -> None:
    """Check a batch of symbol ids.

    Args:
        ids: should be (B, T_in) int64 or int32, each below n_symbols.
        lengths: should be (B,) integers from 1 to T_in.
        embedding: (n_symbols, symbols_embedding_dim) the symbol table of the model.

    Raises:
        InputError: something is not as it should be.
    """
    _check_tensor("ids", ids)
    if ids.dtype not in _INTEGERS:
        raise InputError(f"ids must be whole numbers (int64), but are {ids.dtype}; use ids.long()")
    if ids.dim() != 2:
        raise InputError(
            f"ids must have the shape (B, T_in), but have {tuple(ids.shape)}"
            + ("; use ids.unsqueeze(0) for a single sentence" if ids.dim() == 1 else "")
        )
    if ids.numel() == 0:
        raise InputError(f"ids are empty: their shape is {tuple(ids.shape)}")
    if ids.device != embedding.device:
        raise InputError(
            f"ids are on {ids.device}, the model is on {embedding.device}; "
            f"use ids.to({str(embedding.device)!r})"
        )
    _check_lengths("lengths", lengths, ids.size(0), ids.size(1), "ids")
    outside = (ids < 0) | (ids >= embedding.size(0))
    if outside.any():
        item, position = outside.nonzero()[0].tolist()
        raise InputError(
            f"ids[{item}, {position}] is {ids[item, position].item()}, but the model knows "
            f"{embedding.size(0)} symbols (ids 0 to {embedding.size(0) - 1}); "
            "was the text encoded with another symbol table?"
        )


def check_mels(
    mels: torch.Tensor,
    mel_lengths: torch.Tensor,
    ids: torch.Tensor,
    embedding: torch.Tensor,
    config: Tacotron2Config,
) -> None:
    """Check a batch of target spectrograms.

    Args:
        mels: should be (B, n_mel_channels, T_out), finite, of the model's type and device.
        mel_lengths: should be (B,) integers from 1 to T_out.
        ids: (B, T_in) the batch of text that the spectrograms belong to.
        embedding: the symbol table of the model, for its type and device.
        config: of the model, for its mel bands and frames per step.

    Raises:
        InputError: something is not as it should be.
    """
    n_mel_channels, n_frames_per_step = config.n_mel_channels, config.n_frames_per_step
    _check_tensor("mels", mels)
    if mels.dim() != 3 or mels.size(1) != n_mel_channels:
        swapped = mels.dim() == 3 and mels.size(2) == n_mel_channels
        raise InputError(
            f"mels must have the shape (B, {n_mel_channels}, T_out), but have "
            f"{tuple(mels.shape)}" + ("; use mels.transpose(1, 2)" if swapped else "")
        )
    if mels.size(0) != ids.size(0):
        raise InputError(f"mels hold {mels.size(0)} sentences, but ids hold {ids.size(0)}")
    if mels.size(2) == 0:
        raise InputError("mels are empty: they have no frame")
    if mels.size(2) % n_frames_per_step != 0:
        raise InputError(
            f"mels are {mels.size(2)} frames long, but this model predicts {n_frames_per_step} "
            "frames in one step; pad them to a multiple of that"
        )
    if mels.dtype != embedding.dtype:
        raise InputError(
            f"mels are {mels.dtype}, the model is {embedding.dtype}; use mels.to({embedding.dtype})"
        )
    if mels.device != embedding.device:
        raise InputError(
            f"mels are on {mels.device}, the model is on {embedding.device}; "
            f"use mels.to({str(embedding.device)!r})"
        )
    _check_lengths("mel_lengths", mel_lengths, mels.size(0), mels.size(2), "mels")
    if not mels.isfinite().all():
        item, band, frame = (~mels.isfinite()).nonzero()[0].tolist()
        raise InputError(
            f"mels[{item}, {band}, {frame}] is {mels[item, band, frame].item()}; "
            "a log-mel spectrogram is finite: was the logarithm taken of zero?"
        )


def check_decoding(max_decoder_steps: int | None, gate_threshold: float | None) -> None:
    """Check what may be set for one call of ``infer``; None means: as configured.

    Args:
        max_decoder_steps: should be at least 1.
        gate_threshold: should lie between 0 and 1.

    Raises:
        InputError: a value is out of range.
    """
    if max_decoder_steps is not None and max_decoder_steps < 1:
        raise InputError(f"max_decoder_steps must be at least 1, but is {max_decoder_steps}")
    if gate_threshold is not None and not 0 < gate_threshold < 1:
        raise InputError(f"gate_threshold must lie between 0 and 1, but is {gate_threshold}")


def _check_tensor(name: str, value: object) -> None:
    if not isinstance(value, torch.Tensor):
        raise InputError(f"{name} must be a torch tensor, but is {type(value).__name__}")


def _check_lengths(
    name: str, lengths: torch.Tensor, batch_size: int, longest: int, of: str
) -> None:
    _check_tensor(name, lengths)
    if lengths.dtype not in _INTEGERS:
        raise InputError(f"{name} must be whole numbers (int64), but are {lengths.dtype}")
    if lengths.shape != (batch_size,):
        raise InputError(
            f"{name} must have the shape ({batch_size},), one for each of the {of}, "
            f"but have {tuple(lengths.shape)}"
        )
    for item, length in enumerate(lengths.tolist()):
        if not 1 <= length <= longest:
            raise InputError(
                f"{name}[{item}] is {length}, but {of} are {longest} long: "
                f"it must lie between 1 and {longest}"
            )
