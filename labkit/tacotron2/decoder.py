"""The decoder (Shen et al. 2018, section 2.2): one mel frame after the other.

Each step hears the previous frame through the *prenet*, asks the attention where in the
sentence it is, and predicts the next frame and, by the *gate*, whether that was the last one.
The step itself is a pure function: it is given a :class:`DecoderState` and returns the next.

A small model may predict r > 1 frames in one step (``n_frames_per_step``). They are then one long
frame of r · n_mel_channels numbers to everything here, and are taken apart at the very end.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from labkit.tacotron2.attention import Attention
from labkit.tacotron2.layers import LinearNorm
from labkit.tacotron2.masking import padding_mask
from labkit.tacotron2.prenet import Prenet


class DecoderState(NamedTuple):
    """All that one decoder step hands to the next."""

    attention_hidden: torch.Tensor  # (B, attention_rnn_dim)
    attention_cell: torch.Tensor  # (B, attention_rnn_dim)
    decoder_hidden: torch.Tensor  # (B, decoder_rnn_dim)
    decoder_cell: torch.Tensor  # (B, decoder_rnn_dim)
    attention_weights: torch.Tensor  # (B, T_in) of the previous step
    attention_weights_cum: torch.Tensor  # (B, T_in) sum over all steps so far
    attention_context: torch.Tensor  # (B, encoder_embedding_dim)
    processed_memory: torch.Tensor  # (B, T_in, attention_dim) the same in every step


class Decoder(nn.Module):
    """Attention LSTM, attention, decoder LSTM, and the projections to mel and gate.

    Args:
        n_mel_channels: mel bands of a frame (80 in the paper).
        n_frames_per_step: r, frames heard and predicted by one step (1 in the paper).
        encoder_embedding_dim: size of a memory vector (512 in the paper).
        attention_dim: size of the space in which energies are computed (128 in the paper).
        attention_location_n_filters: number of location filters (32 in the paper).
        attention_location_kernel_size: width of the location filters (31 in the paper).
        attention_rnn_dim: size of the attention LSTM (1024 in the paper).
        decoder_rnn_dim: size of the decoder LSTM (1024 in the paper).
        prenet_dim: size of both prenet layers (256 in the paper).
        max_decoder_steps: steps after which ``infer`` gives up waiting for the gate.
        gate_threshold: probability above which the gate ends a sentence.
        p_attention_dropout: dropout on the attention LSTM's output, training only.
        p_decoder_dropout: dropout on the decoder LSTM's output, training only.
        early_stopping: whether ``infer`` stops as soon as every sentence has ended.
        p_prenet_dropout: dropout of the prenet, in training and inference.
    """

    def __init__(
        self,
        n_mel_channels: int,
        n_frames_per_step: int,
        encoder_embedding_dim: int,
        attention_dim: int,
        attention_location_n_filters: int,
        attention_location_kernel_size: int,
        attention_rnn_dim: int,
        decoder_rnn_dim: int,
        prenet_dim: int,
        max_decoder_steps: int,
        gate_threshold: float,
        p_attention_dropout: float,
        p_decoder_dropout: float,
        early_stopping: bool,
        p_prenet_dropout: float = 0.5,
    ) -> None:
        super().__init__()
        self.n_mel_channels = n_mel_channels
        self.n_frames_per_step = n_frames_per_step
        self.attention_rnn_dim = attention_rnn_dim
        self.decoder_rnn_dim = decoder_rnn_dim
        self.max_decoder_steps = max_decoder_steps
        self.gate_threshold = gate_threshold
        self.p_attention_dropout = p_attention_dropout
        self.p_decoder_dropout = p_decoder_dropout
        self.early_stopping = early_stopping

        frame_dim = n_frames_per_step * n_mel_channels
        self.prenet = Prenet(frame_dim, [prenet_dim, prenet_dim], p_prenet_dropout)
        self.attention_rnn = nn.LSTMCell(prenet_dim + encoder_embedding_dim, attention_rnn_dim)
        self.attention_layer = Attention(
            attention_rnn_dim,
            encoder_embedding_dim,
            attention_dim,
            attention_location_n_filters,
            attention_location_kernel_size,
        )
        self.decoder_rnn = nn.LSTMCell(attention_rnn_dim + encoder_embedding_dim, decoder_rnn_dim)
        self.linear_projection = LinearNorm(decoder_rnn_dim + encoder_embedding_dim, frame_dim)
        self.gate_layer = LinearNorm(
            decoder_rnn_dim + encoder_embedding_dim, 1, w_init_gain="sigmoid"
        )

    def get_go_frame(self, memory: torch.Tensor) -> torch.Tensor:
        """Give the frame before the first one: all zeros.

        Args:
            memory: (B, T_in, encoder_embedding_dim) outputs of the encoder.

        Returns:
            (B, r · n_mel_channels) zeros, of the memory's type and on its device.
        """
        return memory.new_zeros(memory.size(0), self.n_frames_per_step * self.n_mel_channels)

    def initialize_decoder_states(self, memory: torch.Tensor) -> DecoderState:
        """Give the state before the first step: zeros, and the memory as the attention sees it.

        Args:
            memory: (B, T_in, encoder_embedding_dim) outputs of the encoder.

        Returns:
            The state for the first call of :meth:`decode`.
        """
        B, T_in, encoder_embedding_dim = memory.shape
        return DecoderState(
            attention_hidden=memory.new_zeros(B, self.attention_rnn_dim),
            attention_cell=memory.new_zeros(B, self.attention_rnn_dim),
            decoder_hidden=memory.new_zeros(B, self.decoder_rnn_dim),
            decoder_cell=memory.new_zeros(B, self.decoder_rnn_dim),
            attention_weights=memory.new_zeros(B, T_in),
            attention_weights_cum=memory.new_zeros(B, T_in),
            attention_context=memory.new_zeros(B, encoder_embedding_dim),
            processed_memory=self.attention_layer.memory_layer(memory),  # (B, T_in, attention_dim)
        )

    def decode(
        self,
        decoder_input: torch.Tensor,
        state: DecoderState,
        memory: torch.Tensor,
        mask: torch.Tensor | None,
    ) -> tuple[torch.Tensor, torch.Tensor, DecoderState]:
        """Take one step: from the previous frame to the next one.

        Args:
            decoder_input: (B, prenet_dim) the previous frame, seen through the prenet.
            state: what the previous step left.
            memory: (B, T_in, encoder_embedding_dim) outputs of the encoder.
            mask: (B, T_in) bool, True marks padding; None if there is no padding.

        Returns:
            ``mel_output``: (B, r · n_mel_channels) the next log-mel frame.
            ``gate_output``: (B, 1) logit of "this frame is the last one".
            ``state``: for the next step.
        """
        cell_input = torch.cat(
            (decoder_input, state.attention_context), dim=1
        )  # (B, prenet_dim + encoder_embedding_dim)
        attention_hidden, attention_cell = self.attention_rnn(
            cell_input, (state.attention_hidden, state.attention_cell)
        )  # both (B, attention_rnn_dim)
        attention_hidden = F.dropout(attention_hidden, self.p_attention_dropout, self.training)

        attention_weights_cat = torch.stack(
            (state.attention_weights, state.attention_weights_cum), dim=1
        )  # (B, 2, T_in)
        attention_context, attention_weights = self.attention_layer(
            attention_hidden, memory, state.processed_memory, attention_weights_cat, mask
        )  # (B, encoder_embedding_dim), (B, T_in)

        decoder_rnn_input = torch.cat(
            (attention_hidden, attention_context), dim=1
        )  # (B, attention_rnn_dim + encoder_embedding_dim)
        decoder_hidden, decoder_cell = self.decoder_rnn(
            decoder_rnn_input, (state.decoder_hidden, state.decoder_cell)
        )  # both (B, decoder_rnn_dim)
        decoder_hidden = F.dropout(decoder_hidden, self.p_decoder_dropout, self.training)

        decoder_hidden_attention_context = torch.cat(
            (decoder_hidden, attention_context), dim=1
        )  # (B, decoder_rnn_dim + encoder_embedding_dim)
        mel_output = self.linear_projection(
            decoder_hidden_attention_context
        )  # (B, r · n_mel_channels)
        gate_output = self.gate_layer(decoder_hidden_attention_context)  # (B, 1)
        return (
            mel_output,
            gate_output,
            DecoderState(
                attention_hidden,
                attention_cell,
                decoder_hidden,
                decoder_cell,
                attention_weights,
                state.attention_weights_cum + attention_weights,
                attention_context,
                state.processed_memory,
            ),
        )

    def forward(
        self, memory: torch.Tensor, decoder_inputs: torch.Tensor, memory_lengths: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Decode with *teacher forcing*: each step hears the true previous frame.

        Args:
            memory: (B, T_in, encoder_embedding_dim) outputs of the encoder.
            decoder_inputs: (B, n_mel_channels, T_out) the log-mel frames to be predicted; T_out is
                a multiple of r.
            memory_lengths: (B,) number of symbols of each sentence.

        Returns:
            ``mel_outputs``: (B, n_mel_channels, T_out) predicted log-mel frames.
            ``gate_outputs``: (B, T_out / r) logits of "this frame is the last one".
            ``alignments``: (B, T_out / r, T_in) attention weights of every step.
        """
        go_frame = self.get_go_frame(memory).unsqueeze(0)  # (1, B, r · n_mel_channels)
        frames = decoder_inputs.permute(2, 0, 1)  # (T_out, B, n_mel_channels)
        frames = frames.unflatten(0, (-1, self.n_frames_per_step))  # (T_out / r, r, B, ...)
        frames = frames.transpose(1, 2).flatten(2)  # (T_out / r, B, r · n_mel_channels)
        # Step t hears frame t - 1, so the last frame is predicted and never heard.
        previous_frames = torch.cat((go_frame, frames[:-1]))  # (T_out / r, B, ...)
        prenet_outputs = self.prenet(previous_frames)  # (T_out / r, B, prenet_dim)

        mask = padding_mask(memory_lengths.to(memory.device), memory.size(1))  # (B, T_in)
        state = self.initialize_decoder_states(memory)
        mel_outputs, gate_outputs, alignments = [], [], []
        for decoder_input in prenet_outputs:
            mel_output, gate_output, state = self.decode(decoder_input, state, memory, mask)
            mel_outputs.append(mel_output)
            gate_outputs.append(gate_output)
            alignments.append(state.attention_weights)
        return self.parse_decoder_outputs(mel_outputs, gate_outputs, alignments)

    def steps(
        self,
        memory: torch.Tensor,
        memory_lengths: torch.Tensor,
        *,
        prenet_dropout: bool = True,
        generator: torch.Generator | None = None,
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor, DecoderState]]:
        """Decode *free running*, one step after the other and without end.

        Each step hears the frame that the step before predicted.

        Args:
            memory: (B, T_in, encoder_embedding_dim) outputs of the encoder.
            memory_lengths: (B,) number of symbols of each sentence.
            prenet_dropout: whether the prenet drops units.
            generator: where that dropout is drawn from; the global generator if None.

        Yields:
            ``frame`` (B, r · n_mel_channels), ``gate_output`` (B, 1) and ``state`` of each step,
            as :meth:`decode` returns them.
        """
        mask = padding_mask(memory_lengths.to(memory.device), memory.size(1))  # (B, T_in)
        frame = self.get_go_frame(memory)  # (B, r · n_mel_channels)
        state = self.initialize_decoder_states(memory)
        while True:
            decoder_input = self.prenet(frame, dropout=prenet_dropout, generator=generator)
            frame, gate_output, state = self.decode(decoder_input, state, memory, mask)
            yield frame, gate_output, state

    def infer(
        self,
        memory: torch.Tensor,
        memory_lengths: torch.Tensor,
        *,
        prenet_dropout: bool = True,
        generator: torch.Generator | None = None,
        max_decoder_steps: int | None = None,
        gate_threshold: float | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """Decode *free running*: each step hears the frame that the step before predicted.

        The frame at which the gate fires is produced but not counted, and a sentence that has
        ended stays ended. The others go on, so that frames behind a sentence's length mean
        nothing; a sentence whose gate never fires gets ``r · max_decoder_steps`` as its length.

        Args:
            memory: (B, T_in, encoder_embedding_dim) outputs of the encoder.
            memory_lengths: (B,) number of symbols of each sentence.
            prenet_dropout: whether the prenet drops units.
            generator: where that dropout is drawn from; the global generator if None.
            max_decoder_steps: steps after which to give up; as configured if None.
            gate_threshold: probability that ends a sentence; as configured if None.

        Returns:
            ``mel_outputs``: (B, n_mel_channels, T) predicted log-mel frames.
            ``gate_outputs``: (B, T / r) logits of "this frame is the last one".
            ``alignments``: (B, T / r, T_in) attention weights of every step.
            ``mel_lengths``: (B,) whole numbers, the frames of each sentence.
        """
        if max_decoder_steps is None:
            max_decoder_steps = self.max_decoder_steps
        if gate_threshold is None:
            gate_threshold = self.gate_threshold
        steps = self.steps(
            memory, memory_lengths, prenet_dropout=prenet_dropout, generator=generator
        )

        not_finished = memory.new_ones(memory.size(0), dtype=torch.bool)  # (B,)
        mel_lengths = memory.new_zeros(memory.size(0), dtype=torch.int32)  # (B,)
        mel_outputs, gate_outputs, alignments = [], [], []
        for frame, gate_output, state in islice(steps, max_decoder_steps):
            mel_outputs.append(frame)
            gate_outputs.append(gate_output)
            alignments.append(state.attention_weights)

            goes_on = torch.sigmoid(gate_output).squeeze(1) <= gate_threshold  # (B,)
            not_finished = not_finished & goes_on
            mel_lengths += self.n_frames_per_step * not_finished
            if self.early_stopping and not not_finished.any():
                break
        return (*self.parse_decoder_outputs(mel_outputs, gate_outputs, alignments), mel_lengths)

    def parse_decoder_outputs(
        self,
        mel_outputs: list[torch.Tensor],
        gate_outputs: list[torch.Tensor],
        alignments: list[torch.Tensor],
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Put the outputs of single steps together.

        Args:
            mel_outputs: T / r frames (B, r · n_mel_channels).
            gate_outputs: T / r logits (B, 1).
            alignments: T / r attention weights (B, T_in).

        Returns:
            (B, n_mel_channels, T) mel, (B, T / r) gate logits, (B, T / r, T_in) alignments.
        """
        mel = torch.stack(mel_outputs, dim=1)  # (B, T / r, r · n_mel_channels)
        mel = mel.unflatten(2, (-1, self.n_mel_channels)).flatten(1, 2)  # (B, T, n_mel_channels)
        return (
            mel.transpose(1, 2).contiguous(),  # (B, n_mel_channels, T)
            torch.cat(gate_outputs, dim=1),  # (B, T / r)
            torch.stack(alignments, dim=1),  # (B, T / r, T_in)
        )
