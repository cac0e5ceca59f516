"""The free-running decoder, made fast: the same numbers as :meth:`Decoder.infer`, sooner.

`decoder.py` says what a step is; here the same step is laid out for the machine.

* **One row of numbers per sentence** holds ``prenet | attention hidden | context | decoder
  hidden``. What the plain modules concatenate is a slice of it: the attention LSTM reads the
  first three parts, the decoder LSTM the last three, the projections the last two.
* **One matrix per LSTM** (input and hidden weights side by side, all four gates), one for mel
  and gate together, one for both layers of the location features.
* **Previous and cumulative weights** lie interleaved in one padded row, so that the windows of
  the location filters are a view of it. The memory is projected once.
* **Outputs** go into buffers that double when they are full; a step allocates nothing that stays.
"""

from __future__ import annotations

from typing import NamedTuple
from weakref import WeakKeyDictionary

import torch
from torch import nn

from labkit.errors import ConfigError
from labkit.fast.matrices import prepare
from labkit.tacotron2.attention import Attention, LocationLayer
from labkit.tacotron2.decoder import Decoder
from labkit.tacotron2.formats import Precision, check_precision
from labkit.tacotron2.layers import ConvNorm, LinearNorm
from labkit.tacotron2.masking import padding_mask
from labkit.tacotron2.prenet import Prenet

# On an accelerator, to ask whether the gates have fired is to wait until it has caught up. So it
# is asked once in so many steps, and what was decoded in excess is thrown away.
_STEPS_BETWEEN_QUESTIONS = 16
_FIRST_CAPACITY = 256  # steps


class DecodingEngine:
    """A snapshot of a decoder's weights, laid out for free-running decoding.

    Args:
        decoder: where the weights come from; later changes of them are not seen.
        precision: how the two LSTMs' matrices are kept, 97 % of the weights that a step reads.
            Everything else is float32.

    Raises:
        ConfigError: there is no such precision, or not on this device.
    """

    def __init__(self, decoder: Decoder, precision: Precision = "float32") -> None:
        check_precision(precision)
        weights = {name: tensor.detach() for name, tensor in decoder.state_dict().items()}
        self.prenet = [
            prepare(weights[f"prenet.layers.{index}.linear_layer.weight"])
            for index in range(len(decoder.prenet.layers))
        ]
        self.prenet_dim = weights["prenet.layers.0.linear_layer.weight"].size(0)
        self.attention_rnn_dim = decoder.attention_rnn_dim
        self.decoder_rnn_dim = decoder.decoder_rnn_dim
        self.n_mel_channels = decoder.n_mel_channels
        self.n_frames_per_step = decoder.n_frames_per_step
        on_cpu = weights["gate_layer.linear_layer.bias"].device.type == "cpu"
        self.steps_between_questions = 1 if on_cpu else _STEPS_BETWEEN_QUESTIONS

        # The columns of each matrix are put in the order of the row.
        matrix, bias = _lstm(weights, "attention_rnn")
        prenet, context, hidden = matrix.tensor_split(
            (self.prenet_dim, matrix.size(1) - self.attention_rnn_dim), dim=1
        )
        self.attention_rnn = prepare(torch.cat((prenet, hidden, context), dim=1), bias, precision)
        self.decoder_rnn = prepare(*_lstm(weights, "decoder_rnn"), precision)
        mel, gate = "linear_projection.linear_layer", "gate_layer.linear_layer"
        projection = torch.cat((weights[f"{mel}.weight"], weights[f"{gate}.weight"]))
        hidden, context = projection.tensor_split((self.decoder_rnn_dim,), dim=1)
        self.projection = prepare(
            torch.cat((context, hidden), dim=1),
            torch.cat((weights[f"{mel}.bias"], weights[f"{gate}.bias"])),
        )

        attention = "attention_layer"
        self.query = prepare(weights[f"{attention}.query_layer.linear_layer.weight"])
        self.memory = weights[f"{attention}.memory_layer.linear_layer.weight"].clone()
        self.v = weights[f"{attention}.v.linear_layer.weight"][0].clone()  # (attention_dim,)
        convolution = weights[f"{attention}.location_layer.location_conv.conv.weight"]
        dense = weights[f"{attention}.location_layer.location_dense.linear_layer.weight"]
        self.location_kernel_size = convolution.size(2)
        # (attention_dim, filters) by (filters, 2, kernel): a window holds both weights of a
        # symbol, then both of the next.
        self.location = torch.einsum("af,fck->kca", dense, convolution).flatten(0, 1)
        # (2 · kernel, attention_dim)

    @torch.no_grad()
    def infer(
        self,
        memory: torch.Tensor,
        memory_lengths: torch.Tensor,
        *,
        p_prenet_dropout: float,
        generator: torch.Generator | None,
        max_decoder_steps: int,
        gate_threshold: float,
        early_stopping: bool,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """Decode free running; what goes in and comes out is that of :meth:`Decoder.infer`.

        Args:
            memory: (B, T_in, encoder_embedding_dim) outputs of the encoder.
            memory_lengths: (B,) number of symbols of each sentence.
            p_prenet_dropout: dropout of the prenet; 0 for none.
            generator: where that dropout is drawn from; the global generator if None.
            max_decoder_steps: steps after which to give up.
            gate_threshold: probability that ends a sentence.
            early_stopping: whether to stop as soon as every sentence has ended.

        Returns:
            ``mel_outputs`` (B, n_mel_channels, T), ``gate_outputs`` (B, T / r), ``alignments``
            (B, T / r, T_in), ``mel_lengths`` (B,) int32.
        """
        B, T_in, _ = memory.shape
        step_once = _Step(self, memory, memory_lengths, p_prenet_dropout, generator)
        frame_dim = self.n_frames_per_step * self.n_mel_channels
        frames = _Outputs(memory, max_decoder_steps, B, frame_dim)
        gates = _Outputs(memory, max_decoder_steps, B)
        alignments = _Outputs(memory, max_decoder_steps, B, T_in)
        frame = memory.new_zeros(B, frame_dim)  # the go frame
        finished = torch.zeros(B, dtype=torch.bool, device=memory.device)  # (B,)
        n_steps = 0
        while n_steps < max_decoder_steps:
            frame, gate, weights = step_once(frame)
            frames.append(frame)
            gates.append(gate)
            alignments.append(weights)
            n_steps += 1
            if early_stopping:
                finished |= ~(torch.sigmoid(gate) <= gate_threshold)
                if n_steps % self.steps_between_questions == 0 and finished.all():
                    break

        gate_outputs = gates.so_far()  # (n_steps, B)
        goes_on = (torch.sigmoid(gate_outputs) <= gate_threshold).cumprod(dim=0)  # (n_steps, B)
        lengths = goes_on.sum(dim=0, dtype=torch.int32)  # (B,) in steps
        # The step at which the last gate fired is kept, what comes behind it is excess.
        if early_stopping:
            n_steps = min(int(lengths.max()) + 1, n_steps)
        mel = frames.so_far()[:n_steps].unflatten(2, (-1, self.n_mel_channels))  # (T / r, B, r, ..)
        return (
            mel.permute(1, 3, 0, 2).flatten(2).contiguous(),  # (B, n_mel_channels, T)
            gate_outputs[:n_steps].T.contiguous(),  # (B, T / r)
            alignments.so_far()[:n_steps].transpose(0, 1).contiguous(),  # (B, T / r, T_in)
            lengths * self.n_frames_per_step,
        )


def decode(
    decoder: Decoder,
    memory: torch.Tensor,
    memory_lengths: torch.Tensor,
    *,
    precision: Precision,
    prenet_dropout: bool,
    generator: torch.Generator | None,
    max_decoder_steps: int | None,
    gate_threshold: float | None,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Run :meth:`Decoder.infer`, by the engine where there is one for this decoder.

    Arguments and outputs are those of :meth:`Decoder.infer`; ``precision`` is that of
    :class:`DecodingEngine`.
    """
    engine = engine_for(decoder, precision)
    if engine is None:
        return decoder.infer(
            memory,
            memory_lengths,
            prenet_dropout=prenet_dropout,
            generator=generator,
            max_decoder_steps=max_decoder_steps,
            gate_threshold=gate_threshold,
        )
    if max_decoder_steps is None:
        max_decoder_steps = decoder.max_decoder_steps
    if gate_threshold is None:
        gate_threshold = decoder.gate_threshold
    return engine.infer(
        memory,
        memory_lengths,
        p_prenet_dropout=decoder.prenet.p_prenet_dropout if prenet_dropout else 0.0,
        generator=generator,
        max_decoder_steps=max_decoder_steps,
        gate_threshold=gate_threshold,
        early_stopping=decoder.early_stopping,
    )


def engine_for(decoder: nn.Module, precision: Precision = "float32") -> DecodingEngine | None:
    """Give the engine that does what this decoder does, if there is one.

    An engine is kept as long as its decoder lives and its weights stay as they are.

    Args:
        decoder: the decoder; perhaps not the kit's, or one with changed parts.
        precision: of the LSTMs' matrices.

    Returns:
        The engine; None if float32 was asked for and the decoder must run as it is written: a
        part of it was replaced, patched or watched by hooks, or it is not in float32.

    Raises:
        ConfigError: another precision was asked for and cannot be had.
    """
    check_precision(precision)
    if not isinstance(decoder, Decoder) or not _is_as_written(decoder):
        if precision == "float32":
            return None
        raise ConfigError(
            f"precision={precision!r} needs the kit's own decoder, unchanged and in float32; "
            "with other parts, use precision='float32'"
        )
    engines = _ENGINES.setdefault(decoder, {})
    state = _state_of(decoder)
    if precision not in engines or engines[precision].state != state:
        engines[precision] = _Kept(state, DecodingEngine(decoder, precision))
    return engines[precision].engine


class _Kept(NamedTuple):
    state: tuple[object, ...]
    engine: DecodingEngine


_ENGINES: WeakKeyDictionary[nn.Module, dict[Precision, _Kept]] = WeakKeyDictionary()

_OWN = (Decoder, Prenet, LinearNorm, Attention, LocationLayer, ConvNorm)
_PARTS = {*_OWN, nn.LSTMCell, nn.Linear, nn.Conv1d, nn.ModuleList}


def _is_as_written(decoder: Decoder) -> bool:
    """Whether running the modules would compute what their source says, in float32."""
    return (
        all(
            type(module) in _PARTS
            and not module._forward_hooks
            and not module._forward_pre_hooks
            and not any(callable(value) for value in vars(module).values())
            for module in decoder.modules()
        )
        and all(
            member.__module__ == part.__module__
            for part in _OWN
            for member in vars(part).values()
            if callable(member)
        )
        and all(parameter.dtype is torch.float32 for parameter in decoder.parameters())
        and not torch.is_autocast_enabled(next(decoder.parameters()).device.type)
    )


def _state_of(decoder: Decoder) -> tuple[object, ...]:
    """What changes when weights do: their places and versions, and some of their values."""
    parameters = list(decoder.parameters())
    some = [
        parameter.detach().flatten()[:: parameter.numel() // 16 + 1] for parameter in parameters
    ]
    return (
        *((parameter.data_ptr(), parameter._version) for parameter in parameters),
        *torch.cat(some).tolist(),
    )


class _Step:
    """One decoder step after the other for one batch; holds the state between them."""

    def __init__(
        self,
        engine: DecodingEngine,
        memory: torch.Tensor,
        memory_lengths: torch.Tensor,
        p_prenet_dropout: float,
        generator: torch.Generator | None,
    ) -> None:
        B, T_in, encoder_embedding_dim = memory.shape
        P, A, D = engine.prenet_dim, engine.attention_rnn_dim, engine.decoder_rnn_dim
        self.engine = engine
        self.memory = memory
        self.p_prenet_dropout = p_prenet_dropout
        self.generator = generator
        mask = padding_mask(memory_lengths.to(memory.device), T_in)  # (B, T_in)
        self.mask = mask if mask.any() else None

        row = memory.new_zeros(B, P + A + encoder_embedding_dim + D)
        self.prenet_output, self.attention_hidden, self.context, self.decoder_hidden = row.split(
            (P, A, encoder_embedding_dim, D), dim=1
        )
        self.attention_rnn_input = row[:, : P + A + encoder_embedding_dim]
        self.decoder_rnn_input = row[:, P:]
        self.projection_input = row[:, P + A :]
        self.attention_cell = memory.new_zeros(B, A)
        self.decoder_cell = memory.new_zeros(B, D)
        self.keep = memory.new_empty(B, P)

        # Addition to the features of the location filters starts from the projected memory.
        self.processed_memory = memory.flatten(0, 1) @ engine.memory.T  # (B · T_in, attention_dim)
        self.features = torch.empty_like(self.processed_memory)  # (B · T_in, attention_dim)
        reach = engine.location_kernel_size - 1
        past = memory.new_zeros(B, T_in + reach, 2)
        self.weights = past[:, reach // 2 : reach // 2 + T_in, 0]  # (B, T_in)
        self.weights_cum = past[:, reach // 2 : reach // 2 + T_in, 1]  # (B, T_in)
        self.windows = past.as_strided(
            (B, T_in, 2 * engine.location_kernel_size), (past.stride(0), 2, 1)
        )

    def __call__(self, frame: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """From the frame before, (B, r · n_mel_channels): the next, its gate (B,) and weights."""
        engine = self.engine
        self.prenet_output.copy_(self._prenet(frame))
        _lstm_cell(
            engine.attention_rnn(self.attention_rnn_input),
            self.attention_cell,
            self.attention_hidden,
        )
        weights = self._attention()
        _lstm_cell(
            engine.decoder_rnn(self.decoder_rnn_input), self.decoder_cell, self.decoder_hidden
        )
        projected = engine.projection(self.projection_input)  # (B, r · n_mel_channels + 1)
        return projected[:, :-1], projected[:, -1], weights

    def _prenet(self, x: torch.Tensor) -> torch.Tensor:
        for layer in self.engine.prenet:
            x = layer(x).relu_()  # (B, prenet_dim)
            if self.p_prenet_dropout:
                keep = 1 - self.p_prenet_dropout
                x.mul_(self.keep.bernoulli_(keep, generator=self.generator)).div_(keep)
        return x

    def _attention(self) -> torch.Tensor:
        """Move the attention on; leaves the context in its place and returns the weights."""
        engine = self.engine
        B, T_in, _ = self.memory.shape
        windows = self.windows.reshape(B * T_in, -1)  # (B · T_in, 2 · kernel)
        torch.addmm(self.processed_memory, windows, engine.location, out=self.features)
        query = engine.query(self.attention_hidden)  # (B, attention_dim)
        self.features.view(B, T_in, -1).add_(query.unsqueeze(1)).tanh_()
        energies = torch.mv(self.features, engine.v).view(B, T_in)
        if self.mask is not None:
            energies.masked_fill_(self.mask, -float("inf"))
        weights = torch.softmax(energies, dim=1)  # (B, T_in)
        self.context.copy_(torch.bmm(weights.unsqueeze(1), self.memory).squeeze(1))
        self.weights.copy_(weights)
        self.weights_cum.add_(weights)
        return weights


class _Outputs:
    """What the steps leave behind, in one buffer that doubles when it is full."""

    def __init__(self, like: torch.Tensor, limit: int, *shape: int) -> None:
        self.limit = limit
        self.n_steps = 0
        self.buffer = like.new_empty(min(_FIRST_CAPACITY, limit), *shape)

    def append(self, output: torch.Tensor) -> None:
        if self.n_steps == len(self.buffer):
            larger = self.buffer.new_empty(
                min(2 * self.n_steps, self.limit), *self.buffer.shape[1:]
            )
            larger[: self.n_steps] = self.buffer
            self.buffer = larger
        self.buffer[self.n_steps].copy_(output)
        self.n_steps += 1

    def so_far(self) -> torch.Tensor:
        return self.buffer[: self.n_steps]


def _lstm_cell(gates: torch.Tensor, cell: torch.Tensor, hidden: torch.Tensor) -> None:
    """Apply the gates (B, 4 · dim), in PyTorch's order, to cell and hidden (B, dim) in place."""
    dim = cell.size(1)
    input_and_forget = gates[:, : 2 * dim].sigmoid_()
    candidate = gates[:, 2 * dim : 3 * dim].tanh_()
    output = gates[:, 3 * dim :].sigmoid_()
    cell.mul_(input_and_forget[:, dim:]).addcmul_(input_and_forget[:, :dim], candidate)
    torch.mul(torch.tanh(cell), output, out=hidden)


def _lstm(weights: dict[str, torch.Tensor], name: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Input and hidden weights side by side (4 · dim, in + dim), and the sum of the biases."""
    return (
        torch.cat((weights[f"{name}.weight_ih"], weights[f"{name}.weight_hh"]), dim=1),
        weights[f"{name}.bias_ih"] + weights[f"{name}.bias_hh"],
    )
