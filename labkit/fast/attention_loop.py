"""All steps of the attention LSTM and its attention at once, with a backward pass of its own.

Of the decoder, only these two need each other step by step. Autograd would remember some twenty
operations for each step and add up each weight's gradient step by step. Here the backward pass
(backpropagation through time) keeps only what must go back step by step, and takes every weight's
gradient as one matrix product over all steps.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F


class AttentionLoop(torch.autograd.Function):
    """The steps of ``labkit.tacotron2.decoder.Decoder`` from attention LSTM to context.

    Names of sizes: T steps, B sentences, N symbols, A units of the LSTM, E and D sizes of a memory
    vector before and after the memory layer, F location filters of width K.
    """

    @staticmethod
    def forward(
        ctx: Any,
        inputs: Tensor,
        recurrent: Tensor,
        query: Tensor,
        conv: Tensor,
        dense: Tensor,
        v: Tensor,
        memory: Tensor,
        processed_memory: Tensor,
        mask: Tensor,
        keep: Tensor | None,
        dtype: torch.dtype,
    ) -> tuple[Tensor, Tensor]:
        """Run all steps.

        Args:
            ctx: what autograd hands to `backward`.
            inputs: (T, B, 4 · A) what the LSTM's gates get from the prenet and the biases.
            recurrent: (4 · A, E + A) the LSTM's weights for the last context and hidden state.
            query: (D, A) weight of the query layer.
            conv: (F, 2, K) location filters.
            dense: (D, F) weight of the location layer's dense part.
            v: (D,) weight that makes an energy.
            memory: (B, N, E) outputs of the encoder.
            processed_memory: (B, N, D) the memory as the attention sees it.
            mask: (B, N) bool, True marks padding.
            keep: (T, B, A) factors of the dropout on the hidden state; None for no dropout.
            dtype: of the products with ``recurrent``, by far the largest matrix.

        Returns:
            ``states``: (T, B, E + A) context and, after dropout, hidden state of every step.
            ``weights``: (T, B, N) attention weights of every step.
        """
        T, B, _ = inputs.shape
        N, E = memory.shape[1:]
        n_filters, _, K = conv.shape
        D, A = query.shape

        recurrent_t = recurrent.to(dtype).t()
        query_t, dense_t = query.t(), dense.t()
        conv_t = conv.flatten(1).t().contiguous()  # (2 · K, F)
        forbidden = torch.zeros_like(mask, dtype=inputs.dtype)
        forbidden.masked_fill_(mask, -float("inf"))  # (B, N)
        flat_memory = processed_memory.reshape(B * N, D)

        states = inputs.new_zeros(T + 1, B, E + A)
        cells = inputs.new_zeros(T + 1, B, A)
        gates = torch.empty_like(inputs)
        located = inputs.new_empty(T, B * N, n_filters)
        features = []  # one tensor for each step: a large one costs more to get than to fill
        weights = inputs.new_empty(T, B, N)
        past = inputs.new_zeros(B, 2, N + K - 1)  # previous and cumulative weights, zeros around
        windows = past.unfold(2, K, 1).transpose(1, 2)  # (B, N, 2, K), a view
        inner = slice((K - 1) // 2, (K - 1) // 2 + N)
        for t in range(T):
            gate = torch.add(inputs[t], states[t].to(dtype) @ recurrent_t, out=gates[t])
            gate[:, : 2 * A].sigmoid_()
            gate[:, 2 * A : 3 * A].tanh_()
            gate[:, 3 * A :].sigmoid_()
            in_gate, forget_gate, cell_gate, out_gate = gate.split(A, dim=1)
            cell = torch.mul(forget_gate, cells[t], out=cells[t + 1]).addcmul_(in_gate, cell_gate)
            hidden = cell.tanh().mul_(out_gate)  # (B, A)
            if keep is not None:
                hidden.mul_(keep[t])

            torch.mm(windows.reshape(B * N, 2 * K), conv_t, out=located[t])  # (B · N, F)
            feature = torch.addmm(flat_memory, located[t], dense_t).view(B, N, D)
            feature.add_((hidden @ query_t).unsqueeze(1))
            # tanh as torch's sigmoid, which takes a tenth of the time of its tanh.
            feature.mul_(2).sigmoid_().mul_(2).sub_(1)
            features.append(feature)
            energies = torch.mv(feature.view(B * N, D), v).view(B, N).add_(forbidden)
            weight = torch.softmax(energies, dim=1, out=weights[t])
            past[:, 0, inner] = weight
            past[:, 1, inner] += weight
            states[t + 1, :, :E] = torch.bmm(weight.unsqueeze(1), memory).squeeze(1)
            states[t + 1, :, E:] = hidden

        ctx.save_for_backward(
            recurrent,
            query,
            conv,
            dense,
            v,
            memory,
            states,
            cells,
            gates,
            located,
            weights,
            keep,
            *features,
        )
        ctx.dtype = dtype
        return states[1:], weights

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        """Go back through all steps; then take the gradients of the weights."""
        recurrent, query, conv, dense, v, memory, states, cells, *rest = ctx.saved_tensors
        gates, located, weights, keep, *features = rest
        grad_states, grad_weights = grads
        T, B, N = weights.shape
        E, K = memory.size(2), conv.size(2)
        D, A = query.shape

        recurrent_low = recurrent.to(ctx.dtype)
        memory_t = memory.transpose(1, 2)  # (B, E, N)
        conv_flat = conv.flatten(1)  # (F, 2 · K)
        d_gates = torch.empty_like(gates)
        d_located = torch.empty_like(located)
        d_dense, d_v = torch.zeros_like(dense), torch.zeros_like(v)
        d_memory_features = weights.new_zeros(B, N, D)
        d_queries = weights.new_empty(T, B, D)
        d_contexts = weights.new_empty(T, B, E)
        d_state = weights.new_zeros(B, E + A)  # from the gates of the step behind
        d_cell = weights.new_zeros(B, A)
        d_weight = weights.new_zeros(B, N)  # from the location features of the step behind
        d_cumulative = weights.new_zeros(B, N)
        spread = _Spread(memory, K)
        for t in range(T - 1, -1, -1):
            d_state = d_state + grad_states[t]  # (B, E + A)
            d_context = d_contexts[t].copy_(d_state[:, :E])  # (B, E)
            d_weight = torch.bmm(d_context.unsqueeze(1), memory_t).squeeze(1).add_(d_weight)
            d_weight.add_(d_cumulative).add_(grad_weights[t])  # (B, N)

            weight = weights[t]
            d_energies = d_weight.mul_(weight)
            d_energies.sub_(weight * d_energies.sum(dim=1, keepdim=True))  # (B, N)
            feature = features[t]  # (B, N, D)
            d_v.addmv_(feature.view(B * N, D).t(), d_energies.flatten())
            d_feature = d_energies.unsqueeze(2) * v  # (B, N, D)
            d_feature.addcmul_(d_feature, feature.square(), value=-1)  # tanh' = 1 - tanh²
            d_memory_features.add_(d_feature)
            d_dense.addmm_(d_feature.view(B * N, D).t(), located[t])
            d_query = torch.sum(d_feature, dim=1, out=d_queries[t])  # (B, D)
            torch.mm(d_feature.view(B * N, D), dense, out=d_located[t])  # (B · N, F)
            d_weight, d_past = spread(d_located[t] @ conv_flat)
            d_cumulative.add_(d_past)

            d_hidden = torch.addmm(d_state[:, E:], d_query, query)  # (B, A)
            if keep is not None:
                d_hidden.mul_(keep[t])
            in_gate, forget_gate, cell_gate, out_gate = gates[t].split(A, dim=1)
            d_in, d_forget, d_gate, d_out = d_gates[t].split(A, dim=1)
            tanh_cell = cells[t + 1].tanh()
            torch.mul(d_hidden, tanh_cell, out=d_out).mul_(out_gate).mul_(1 - out_gate)
            d_hidden.mul_(out_gate)
            d_cell.add_(d_hidden).sub_(tanh_cell.square_().mul_(d_hidden))
            torch.mul(d_cell, cell_gate, out=d_in).mul_(in_gate).mul_(1 - in_gate)
            torch.mul(d_cell, cells[t], out=d_forget).mul_(forget_gate).mul_(1 - forget_gate)
            torch.mul(d_cell, in_gate, out=d_gate).mul_(1 - cell_gate.square())
            d_cell.mul_(forget_gate)
            d_state = d_gates[t].to(ctx.dtype) @ recurrent_low  # (B, E + A)

        d_recurrent = _product(d_gates, states[:-1], ctx.dtype).to(gates.dtype)  # (4 · A, E + A)
        d_query_weight = _product(d_queries, states[1:, :, E:], gates.dtype)  # (D, A)
        d_conv = d_located.flatten(0, 1).t() @ _windows(weights, K)  # (F, 2 · K)
        d_memory = torch.einsum("tbn,tbe->bne", weights, d_contexts)
        return (
            d_gates,
            d_recurrent,
            d_query_weight,
            d_conv.view_as(conv),
            d_dense,
            d_v,
            d_memory,
            d_memory_features,
            None,
            None,
            None,
        )


class _Spread:
    """Gives the gradient of the windows back to the weights that they were cut from.

    Args:
        memory: (B, N, E), for the sizes and the device.
        width: K, width of a window.
    """

    def __init__(self, memory: Tensor, width: int) -> None:
        B, N, _ = memory.shape
        padded = N + width - 1
        # Row n holds the gradient of window n where the window lies: a band around the diagonal.
        self._rows = memory.new_zeros(B, 2, N, padded)
        strides = (2 * N * padded, N * padded, padded + 1, 1)
        self._band = self._rows.as_strided((B, 2, N, width), strides)
        self._inner = slice((width - 1) // 2, (width - 1) // 2 + N)

    def __call__(self, d_windows: Tensor) -> tuple[Tensor, Tensor]:
        """Sum ``(B · N, 2 · K)`` over all windows to two gradients (B, N)."""
        B, _, N, width = self._band.shape
        self._band.copy_(d_windows.view(B, N, 2, width).transpose(1, 2))
        d_past = self._rows.sum(dim=2)[:, :, self._inner]  # (B, 2, N)
        return d_past[:, 0], d_past[:, 1]


def _product(gradient: Tensor, x: Tensor, dtype: torch.dtype) -> Tensor:
    """Gradient of a weight, (out, in), from ``gradient: (T, B, out)`` and ``x: (T, B, in)``."""
    gradient, x = (part.flatten(0, 1).to(dtype) for part in (gradient, x))
    return gradient.t() @ x


def _windows(weights: Tensor, width: int) -> Tensor:
    """Cut the windows of all steps, (T · B · N, 2 · K), out of the weights (T, B, N)."""
    before = F.pad(weights[:-1], (0, 0, 0, 0, 1, 0))  # (T, B, N) of the step before
    past = torch.stack((before, before.cumsum(dim=0)), dim=2)  # (T, B, 2, N)
    past = F.pad(past, ((width - 1) // 2, (width - 1) // 2))  # (T, B, 2, N + K - 1)
    return past.unfold(3, width, 1).transpose(2, 3).reshape(-1, 2 * width)
