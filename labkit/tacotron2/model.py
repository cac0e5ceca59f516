"""Tacotron 2 (Shen et al. 2018, arXiv 1712.05884): from symbols to a mel spectrogram.

``embedding -> encoder -> decoder with attention -> + postnet``: this file only joins the parts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import nn

from labkit.errors import ConfigError
from labkit.hooks import faster
from labkit.models.acoustic import AcousticModel, Spoken
from labkit.tacotron2.checks import check_decoding, check_mels, check_text
from labkit.tacotron2.config import Tacotron2Config
from labkit.tacotron2.decoder import Decoder
from labkit.tacotron2.encoder import Encoder
from labkit.tacotron2.formats import PRECISIONS, Precision
from labkit.tacotron2.masking import padding_mask
from labkit.tacotron2.postnet import Postnet

Decode = Callable[[torch.Tensor, torch.Tensor], tuple[torch.Tensor, ...]]


class Tacotron2(AcousticModel):
    """The whole acoustic model; its state dict is that of the published checkpoints.

    Sentences of a batch may come in any order; outputs come back in the same order.

    Args:
        config: sizes and switches of the model.
    """

    reading_options = ("prenet_dropout", "gate_threshold", "precision")
    precisions = PRECISIONS

    def __init__(self, config: Tacotron2Config) -> None:
        super().__init__()
        self.config = config
        self.n_mels, self.n_symbols = config.n_mel_channels, config.n_symbols
        self.frames_per_step = config.n_frames_per_step
        self.embedding = nn.Embedding(config.n_symbols, config.symbols_embedding_dim)
        # Uniform with the standard deviation of Xavier's initialisation.
        bound = math.sqrt(3) * math.sqrt(2 / (config.n_symbols + config.symbols_embedding_dim))
        nn.init.uniform_(self.embedding.weight, -bound, bound)
        self.encoder = Encoder(**config.arguments_of(Encoder))
        self.decoder = Decoder(**config.arguments_of(Decoder))
        self.postnet = Postnet(
            config.n_mel_channels,
            config.postnet_embedding_dim,
            config.postnet_kernel_size,
            config.postnet_n_convolutions,
            config.p_postnet_dropout,
        )

    def forward(
        self,
        ids: torch.Tensor,
        lengths: torch.Tensor,
        mels: torch.Tensor,
        mel_lengths: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """Predict known spectrograms with teacher forcing, as training does.

        With ``config.mask_padding`` the outputs on padded frames are overwritten: mel by 0 and
        gate by 1000, the values at which the padded target costs nothing.

        Args:
            ids: (B, T_in) symbol ids, padded on the right.
            lengths: (B,) number of symbols of each sentence.
            mels: (B, n_mel_channels, T_out) natural-log mel targets, padded on the right to a
                multiple of r = ``config.n_frames_per_step``.
            mel_lengths: (B,) number of frames of each target.

        Returns:
            ``mel``: (B, n_mel_channels, T_out) log-mel of the decoder.
            ``mel_postnet``: (B, n_mel_channels, T_out) the same after the postnet.
            ``gate``: (B, T_out / r) logits of "this step is the last one".
            ``alignments``: (B, T_out / r, T_in) attention weights.

        Raises:
            InputError: an input has the wrong type, shape or content.
        """
        check_text(ids, lengths, self.embedding.weight)
        check_mels(mels, mel_lengths, ids, self.embedding.weight, self.config)
        padding = padding_mask(mel_lengths.to(mels.device), mels.size(2))  # (B, T_out)
        mel_padding = padding.unsqueeze(1)  # (B, 1, T_out)

        embedded = self.embedding(ids).transpose(1, 2)  # (B, symbols_embedding_dim, T_in)
        memory = self.encoder(embedded, lengths)  # (B, T_in, encoder_embedding_dim)
        mel, gate, alignments = self.decoder(memory, mels, lengths)
        mel_postnet = mel + self.postnet(mel, mel_padding if self.config.mask_embeddings else None)

        if self.config.mask_padding:
            mel = mel.masked_fill(mel_padding, 0.0)
            mel_postnet = mel_postnet.masked_fill(mel_padding, 0.0)
            gate = gate.masked_fill(padding[:, :: self.config.n_frames_per_step], 1000.0)
        return mel, mel_postnet, gate, alignments

    @torch.no_grad()
    def infer(
        self,
        ids: torch.Tensor,
        lengths: torch.Tensor,
        *,
        seed: int | None = None,
        prenet_dropout: bool = True,
        max_decoder_steps: int | None = None,
        gate_threshold: float | None = None,
        precision: Precision = "float32",
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Do what :meth:`speak` does, with the arguments and results of the published code.

        ``max_decoder_steps`` are the steps after which to give up, as configured if None. A length
        of r · ``max_decoder_steps`` means that the gate never fired.

        Returns:
            ``mel_postnet``: (B, n_mel_channels, T) natural-log mel.
            ``mel_lengths``: (B,) int32, number of frames of each sentence.
            ``alignments``: (B, T / r, T_in) attention weights; zero on padded symbols.

        Raises:
            InputError: an input has the wrong type, shape or content.
            ConfigError: the precision cannot be had with this decoder or on its device.
        """
        check_decoding(max_decoder_steps, gate_threshold)
        spoken = self.speak(
            ids,
            lengths,
            seed=seed,
            max_frames=max_decoder_steps and max_decoder_steps * self.frames_per_step,
            prenet_dropout=prenet_dropout,
            gate_threshold=gate_threshold,
            precision=precision,
        )
        return spoken[:3]

    @torch.no_grad()
    def speak(
        self,
        ids: torch.Tensor,
        lengths: torch.Tensor,
        *,
        seed: int | None = None,
        max_frames: int | None = None,
        prenet_dropout: bool = True,
        gate_threshold: float | None = None,
        precision: Precision = "float32",
    ) -> Spoken:
        """Predict spectrograms from text alone, without gradients and as in ``eval()``.

        A sentence ends when its gate fires; the frame at which it does is not counted. Frames
        behind ``mel_lengths`` mean nothing and must be cut off before they are made audible.

        The prenet's dropout makes every reading of a sentence a little different. It is drawn
        for the batch as a whole, so only with ``prenet_dropout=False`` and
        ``config.mask_embeddings`` is a sentence read the same alone and in a batch.

        Args:
            ids: (B, T_in) symbol ids, padded on the right.
            lengths: (B,) number of symbols of each sentence, in any order.
            seed: fixes the dropout, whatever the global random state, which is left alone;
                without it the dropout is drawn from the global random state.
            max_frames: frames after which to give up, rounded up to whole steps; as configured
                if None.
            prenet_dropout: whether the prenet drops units, as it did in training.
            gate_threshold: gate probability that ends a sentence; as configured if None.
            precision: of the decoder's large matrices. ``bfloat16`` and ``int8`` are faster and
                a little inexact.

        Returns:
            The mels after the postnet, with the gate.

        Raises:
            InputError: an input has the wrong type, shape or content.
            ConfigError: the precision cannot be had with this decoder or on its device.
        """
        steps = None if max_frames is None else -(-max_frames // self.frames_per_step)
        check_text(ids, lengths, self.embedding.weight)
        check_decoding(steps, gate_threshold)
        generator = None
        if seed is not None:
            generator = torch.Generator(device=ids.device).manual_seed(seed)

        decode = _free_running(
            self.decoder,
            precision,
            prenet_dropout=prenet_dropout,
            generator=generator,
            max_decoder_steps=steps,
            gate_threshold=gate_threshold,
        )
        with _evaluation(self):
            mel, mel_lengths, alignments, gate = self.predict(ids, lengths, decode)
        return Spoken(mel, mel_lengths, alignments, gate)

    @property
    def second_try(self) -> dict[str, Any] | None:
        """Options under which another seed gives another reading."""
        return {"prenet_dropout": True} if self.config.p_prenet_dropout > 0 else None

    def predict(
        self, ids: torch.Tensor, lengths: torch.Tensor, decode: Decode
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """Go the whole way from symbols to a spectrogram: what :meth:`infer` does with its inputs.

        Args:
            ids: (B, T_in) symbol ids, padded on the right.
            lengths: (B,) number of symbols of each sentence.
            decode: the decoder's ``infer``, or what stands in for it: takes the memory
                (B, T_in, encoder_embedding_dim) and ``lengths``, returns ``mel``
                (B, n_mel_channels, T), ``gate`` (B, T / r), ``alignments`` (B, T / r, T_in) and
                ``mel_lengths`` (B,).

        Returns:
            ``mel_postnet``: (B, n_mel_channels, T) log-mel, corrected by the postnet.
            ``mel_lengths``, ``alignments`` and ``gate``: as the decoder returned them.
        """
        embedded = self.embedding(ids).transpose(1, 2)  # (B, symbols_embedding_dim, T_in)
        memory = self.encoder(embedded, lengths)  # (B, T_in, encoder_embedding_dim)
        mel, gate, alignments, mel_lengths = decode(memory, lengths)
        correction = self.postnet(mel, self.hidden_frames(mel, mel_lengths))
        mel_postnet = mel + correction  # (B, n_mel_channels, T)
        return mel_postnet, mel_lengths, alignments, gate

    def hidden_frames(self, mel: torch.Tensor, mel_lengths: torch.Tensor) -> torch.Tensor | None:
        """Mark the frames that the postnet must not see.

        Args:
            mel: (B, n_mel_channels, T) log-mel of the decoder.
            mel_lengths: (B,) frames of each sentence.

        Returns:
            (B, 1, T) bool, True behind the frame at which a sentence's gate fired; None if the
            postnet sees all frames, as published.
        """
        if not self.config.mask_embeddings:
            return None
        # Alone, a sentence would end with the frame at which its gate fired.
        last = mel_lengths + self.config.n_frames_per_step
        return padding_mask(last, mel.size(2)).unsqueeze(1)  # (B, 1, T)


def _free_running(decoder: Decoder, precision: Precision, **options: Any) -> Decode:
    """Choose what decodes: the decoder itself, or what does the same sooner."""
    decode = faster("decode")
    if decode is not None:
        return partial(decode, decoder, precision=precision, **options)
    if precision != "float32":
        raise ConfigError(
            f"precision={precision!r} is not in this edition of the kit, which has the plain "
            "decoder only; use precision='float32'"
        )
    return partial(decoder.infer, **options)


@contextmanager
def _evaluation(model: nn.Module) -> Iterator[None]:
    """Put a model into eval mode, and afterwards each of its modules into its former mode."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training
