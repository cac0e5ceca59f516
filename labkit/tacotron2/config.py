"""The sizes and switches of a Tacotron 2, under the names that published checkpoints use."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from numbers import Real
from typing import Any

from labkit.errors import ConfigError, check_sizes, refuse_unknown

# What a part calls otherwise than the published configuration.
_CALLED_OTHERWISE = {
    "embedding_dim": "encoder_embedding_dim",
    "attention_n_filters": "attention_location_n_filters",
    "attention_kernel_size": "attention_location_kernel_size",
}
_ODD = ("encoder_kernel_size", "attention_location_kernel_size", "postnet_kernel_size")


@dataclass(frozen=True, kw_only=True)
class Tacotron2Config:
    """Everything needed to build a :class:`~labkit.tacotron2.Tacotron2`.

    The defaults are the full-size model of the paper and of the published English
    checkpoints (28 193 153 parameters). All fields but the last four are the published
    keys, so the ``config`` of a published checkpoint can be passed as it is:
    ``Tacotron2Config(**config)``.

    Args:
        mask_padding: whether ``forward`` overwrites its outputs on padded frames (mel 0,
            gate logit 1000), so that the padding costs nothing in the loss. The two
            published training scripts disagree; this default trains on no made-up frame.
        n_mel_channels: mel bands of a frame.
        n_symbols: size of the symbol table.
        symbols_embedding_dim: size of a symbol's vector; equal to ``encoder_embedding_dim``.
        encoder_kernel_size: width of the encoder's filters in symbols; odd.
        encoder_n_convolutions: number of convolutional layers of the encoder.
        encoder_embedding_dim: size of a memory vector; even, half for each LSTM direction.
        attention_rnn_dim: size of the attention LSTM.
        attention_dim: size of the space in which attention energies are computed.
        attention_location_n_filters: number of location filters.
        attention_location_kernel_size: width of the location filters in symbols; odd.
        n_frames_per_step: frames predicted by one decoder step, which hears as many; 1 in the
            published checkpoints. With 2 or 3 a small model learns and speaks faster.
        decoder_rnn_dim: size of the decoder LSTM.
        prenet_dim: size of both prenet layers.
        max_decoder_steps: steps after which ``infer`` gives up waiting for the gate.
        gate_threshold: probability above which the gate ends a sentence; between 0 and 1.
        p_attention_dropout: dropout on the attention LSTM's output, training only.
        p_decoder_dropout: dropout on the decoder LSTM's output, training only.
        postnet_embedding_dim: channels inside the postnet.
        postnet_kernel_size: width of the postnet's filters in frames; odd.
        postnet_n_convolutions: number of convolutional layers of the postnet.
        decoder_no_early_stopping: whether ``infer`` goes on to ``max_decoder_steps`` even
            when every sentence of the batch has ended.
        p_prenet_dropout: dropout of the prenet, in training *and* in inference.
        mask_embeddings: whether padding is hidden from the encoder's convolutions and from
            the postnet, so that a sentence sounds the same alone and in any batch. The
            published models were trained without it.
        p_encoder_dropout: dropout after the encoder's convolutions, training only.
        p_postnet_dropout: dropout after the postnet's convolutions, training only. Half is for
            the full size and weeks of training; a small model that trains for an hour learns
            far less with it.

    Raises:
        ConfigError: unknown key, wrong type, or values that do not fit together.
    """

    mask_padding: bool = True
    n_mel_channels: int = 80
    n_symbols: int = 148
    symbols_embedding_dim: int = 512
    encoder_kernel_size: int = 5
    encoder_n_convolutions: int = 3
    encoder_embedding_dim: int = 512
    attention_rnn_dim: int = 1024
    attention_dim: int = 128
    attention_location_n_filters: int = 32
    attention_location_kernel_size: int = 31
    n_frames_per_step: int = 1
    decoder_rnn_dim: int = 1024
    prenet_dim: int = 256
    max_decoder_steps: int = 1000
    gate_threshold: float = 0.5
    p_attention_dropout: float = 0.1
    p_decoder_dropout: float = 0.1
    postnet_embedding_dim: int = 512
    postnet_kernel_size: int = 5
    postnet_n_convolutions: int = 5
    decoder_no_early_stopping: bool = False
    p_prenet_dropout: float = 0.5
    mask_embeddings: bool = False
    p_encoder_dropout: float = 0.5
    p_postnet_dropout: float = 0.5

    def __new__(cls, **config: object) -> Tacotron2Config:
        """Refuse unknown keys before the dataclass does, and say which key was meant."""
        refuse_unknown(config, [field.name for field in fields(cls)], "Tacotron2Config")
        return super().__new__(cls)

    def __post_init__(self) -> None:
        """Check every value by the type of its default, then what must fit together."""
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(field.default, bool):
                self._check_switch(field.name, value)
            elif isinstance(field.default, int):
                check_sizes(self, field.name)
            else:
                self._check_probability(field.name, value)
        if not 0 < self.gate_threshold < 1:
            raise ConfigError(
                f"gate_threshold must lie between 0 and 1, but is {self.gate_threshold}: "
                "at 0 every sentence ends at once, at 1 none ever does"
            )
        for name in _ODD:
            if getattr(self, name) % 2 == 0:
                raise ConfigError(
                    f"{name} must be odd, but is {getattr(self, name)}: "
                    "an even filter cannot keep the length of its input"
                )
        if self.encoder_embedding_dim % 2 != 0:
            raise ConfigError(
                f"encoder_embedding_dim must be even, but is {self.encoder_embedding_dim}: "
                "each direction of the encoder's LSTM yields one half of it"
            )
        if self.symbols_embedding_dim != self.encoder_embedding_dim:
            raise ConfigError(
                f"symbols_embedding_dim ({self.symbols_embedding_dim}) must equal "
                f"encoder_embedding_dim ({self.encoder_embedding_dim}): "
                "the encoder's first convolution reads the symbol vectors"
            )

    @property
    def early_stopping(self) -> bool:
        """Whether ``infer`` ends when every sentence of the batch has ended."""
        return not self.decoder_no_early_stopping

    def arguments_of(self, part: Callable[..., Any]) -> dict[str, Any]:
        """Give the arguments that a part of the model, such as its Encoder, is built from."""
        names = inspect.signature(part).parameters
        return {name: getattr(self, _CALLED_OTHERWISE.get(name, name)) for name in names}

    def _check_switch(self, name: str, value: object) -> None:
        # The string "False" would count as true, so only real booleans pass.
        if not isinstance(value, bool):
            raise ConfigError(f"{name} must be True or False, but is {value!r}")

    def _check_probability(self, name: str, value: object) -> None:
        if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= float(value) < 1:
            raise ConfigError(f"{name} must be a number from 0 to below 1, but is {value!r}")
        object.__setattr__(self, name, float(value))
