"""``Tacotron2.forward`` for training: the same numbers in a fraction of the time.

With teacher forcing all frames are known beforehand. Only the attention needs one step after the
other; prenet, decoder LSTM, projections and gate see all frames at once. The parameters are those
of the model, by their usual names, so that any model with these names can be trained so.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from labkit.fast.attention_loop import AttentionLoop
from labkit.tacotron2 import Decoder, Encoder, Postnet, Prenet, Tacotron2
from labkit.tacotron2.masking import padding_mask
from labkit.training.dropout import dropout, keep_factors


def teacher_forced(
    model: Tacotron2,
    ids: Tensor,
    lengths: Tensor,
    mels: Tensor,
    mel_lengths: Tensor,
    *,
    heard: Tensor | None = None,
    prenet_dropout: bool = True,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Do what ``model(ids, lengths, mels, mel_lengths)`` does; see there.

    Dropout is as strong as in the model, but drawn in another order.

    Args:
        model: in training or eval mode.
        ids: (B, T_in) symbol ids.
        lengths: (B,) number of symbols of each sentence.
        mels: (B, n_mel_channels, T_out) log-mel targets, T_out a multiple of r.
        mel_lengths: (B,) number of frames of each target.
        heard: (B, n_mel_channels, T_out) what the decoder hears in place of the targets.
        prenet_dropout: whether the prenet drops units.

    Returns:
        ``mel`` and ``mel_postnet`` (B, n_mel_channels, T_out), ``gate`` (B, T_out / r) and
        ``alignments`` (B, T_out / r, T_in).
    """
    config = model.config
    padding = padding_mask(mel_lengths.to(mels.device), mels.size(2))  # (B, T_out)
    mel_padding = padding.unsqueeze(1)  # (B, 1, T_out)

    memory = _encode(model.encoder, model.embedding(ids).transpose(1, 2), lengths)
    heard = mels if heard is None else heard
    mel, gate, alignments = _decode(model.decoder, memory, heard, lengths, prenet_dropout)
    correction = _refine(model.postnet, mel, mel_padding if config.mask_embeddings else None)
    mel_postnet = mel + correction  # (B, n_mel_channels, T_out)

    if config.mask_padding:
        mel = mel.masked_fill(mel_padding, 0.0)
        mel_postnet = mel_postnet.masked_fill(mel_padding, 0.0)
        gate = gate.masked_fill(padding[:, :: config.n_frames_per_step], 1000.0)
    return mel, mel_postnet, gate, alignments


def _encode(encoder: Encoder, x: Tensor, lengths: Tensor) -> Tensor:
    """(B, encoder_embedding_dim, T_in) embedded symbols to (B, T_in, encoder_embedding_dim)."""
    padding = padding_mask(lengths.to(x.device), x.size(2)).unsqueeze(1)  # (B, 1, T_in)
    for convolution in encoder.convolutions:
        if encoder.mask_embeddings:
            x = x.masked_fill(padding, 0.0)
        x = _drop(encoder, F.relu(convolution(x)), encoder.p_encoder_dropout)
    packed = pack_padded_sequence(
        x.transpose(1, 2).float(), lengths.cpu(), batch_first=True, enforce_sorted=False
    )
    outputs, _ = encoder.lstm(packed)
    return pad_packed_sequence(outputs, batch_first=True, total_length=x.size(2))[0]


def _decode(
    decoder: Decoder, memory: Tensor, mels: Tensor, lengths: Tensor, prenet_dropout: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """As ``Decoder.forward``, all of it but the attention at once."""
    r = decoder.n_frames_per_step
    frames = mels.permute(2, 0, 1).unflatten(0, (-1, r))  # (T_out / r, r, B, n_mel_channels)
    frames = frames.transpose(1, 2).flatten(2)  # (T_out / r, B, r · n_mel_channels)
    heard = F.pad(frames[:-1], (0, 0, 0, 0, 1, 0))  # (T_out / r, B, ...): after a go frame of zeros
    heard = _hear(decoder.prenet, heard, prenet_dropout)  # (T_out / r, B, prenet_dim)

    states, alignments = _attend(decoder, heard, memory, lengths)
    context, hidden = states.split((memory.size(2), decoder.attention_rnn_dim), dim=2)
    hidden = _remember(decoder, torch.cat((hidden, context), dim=2))  # (T_out / r, B, ...)
    hidden_context = torch.cat((hidden, context), dim=2)  # (T_out / r, B, ...)
    mel = decoder.linear_projection(hidden_context)  # (T_out / r, B, r · n_mel_channels)
    gate = decoder.gate_layer(hidden_context).squeeze(2)  # (T_out / r, B)
    mel = mel.unflatten(2, (r, -1)).permute(1, 3, 0, 2).flatten(2)  # (B, n_mel_channels, T_out)
    return mel, gate.t(), alignments.transpose(0, 1)


def _hear(prenet: Prenet, frames: Tensor, prenet_dropout: bool) -> Tensor:
    """(T, B, r · n_mel_channels) frames to (T, B, prenet_dim)."""
    for layer in prenet.layers:
        # As in the prenet itself, dropout does not ask whether the model is being trained.
        p = prenet.p_prenet_dropout if prenet_dropout else 0.0
        frames = dropout(F.relu(layer(frames)), p)
    return frames


def _attend(
    decoder: Decoder, heard: Tensor, memory: Tensor, lengths: Tensor
) -> tuple[Tensor, Tensor]:
    """Run attention LSTM and attention.

    Args:
        decoder: whose parameters to use.
        heard: (T, B, prenet_dim) the frames before, seen through the prenet.
        memory: (B, N, E) outputs of the encoder.
        lengths: (B,) number of symbols of each sentence.

    Returns:
        (T, B, E + attention_rnn_dim) context and hidden state, (T, B, N) attention weights.
    """
    attention, cell = decoder.attention_layer, decoder.attention_rnn
    prenet_dim = heard.size(2)
    inputs = F.linear(heard, cell.weight_ih[:, :prenet_dim], cell.bias_ih + cell.bias_hh)
    recurrent = torch.cat((cell.weight_ih[:, prenet_dim:], cell.weight_hh), dim=1)
    processed_memory = attention.memory_layer(memory)  # (B, N, attention_dim)
    conv = attention.location_layer.location_conv.conv.weight  # (n_filters, 2, K)
    dense = (
        attention.location_layer.location_dense.linear_layer.weight
    )  # (attention_dim, n_filters)
    keep = None
    if decoder.training and decoder.p_attention_dropout > 0:
        shape = torch.Size((*heard.shape[:2], decoder.attention_rnn_dim))
        keep = keep_factors(shape, decoder.p_attention_dropout).to(memory.device)
    device = memory.device.type
    dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else memory.dtype
    # Within the loop only the largest product gains from a lower precision; softmax needs a high.
    with torch.autocast(device, enabled=False):
        return AttentionLoop.apply(
            inputs.float(),
            recurrent,
            attention.query_layer.linear_layer.weight,
            conv,
            dense,
            attention.v.linear_layer.weight.squeeze(0),
            memory.float(),
            processed_memory.float(),
            padding_mask(lengths.to(memory.device), memory.size(1)),  # (B, N)
            keep,
            dtype,
        )


def _remember(decoder: Decoder, inputs: Tensor) -> Tensor:
    """Run the decoder LSTM over (T, B, attention_rnn_dim + E) to (T, B, decoder_rnn_dim)."""
    cell = decoder.decoder_rnn
    state = (
        inputs.new_zeros(inputs.size(1), decoder.decoder_rnn_dim),
        inputs.new_zeros(inputs.size(1), decoder.decoder_rnn_dim),
    )
    if not decoder.training or decoder.p_decoder_dropout == 0:
        hidden, cell_state = (part.unsqueeze(0) for part in state)
        weights = [cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh]
        outputs: Tensor = torch.lstm(
            inputs, (hidden, cell_state), weights, True, 1, 0.0, decoder.training, False, False
        )[0]
        return outputs
    steps = []  # dropout within the recurrence needs one step after the other
    for step in inputs:
        hidden, cell_state = cell(step, state)
        state = (dropout(hidden, decoder.p_decoder_dropout), cell_state)
        steps.append(state[0])
    return torch.stack(steps)


def _refine(postnet: Postnet, x: Tensor, padding: Tensor | None) -> Tensor:
    """As ``Postnet.forward``: (B, n_mel_channels, T) to the same."""
    last = len(postnet.convolutions) - 1
    for index, convolution in enumerate(postnet.convolutions):
        if padding is not None:
            x = x.masked_fill(padding, 0.0)
        x = convolution(x)  # (B, channels, T)
        if index < last:
            x = torch.tanh(x)
        x = _drop(postnet, x, postnet.p_postnet_dropout)
    return x


def _drop(module: nn.Module, x: Tensor, p: float) -> Tensor:
    return dropout(x, p) if module.training else x
