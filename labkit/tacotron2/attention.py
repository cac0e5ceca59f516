"""Location-sensitive attention (Chorowski et al. 2015, used by Tacotron 2, section 2.2).

At every decoder step the attention asks: which input symbol should sound now? It scores
each symbol by three things: what the decoder wants (the query), what the symbol is (the
memory), and where the attention has been so far (the location features).
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from labkit.tacotron2.layers import ConvNorm, LinearNorm


class LocationLayer(nn.Module):
    """Where has the attention been? Features of the previous and cumulative weights.

    Args:
        attention_n_filters: number of location filters (32 in the paper).
        attention_kernel_size: width of the filters in symbols (31 in the paper; odd).
        attention_dim: size of the space in which energies are computed (128 in the paper).
    """

    def __init__(
        self, attention_n_filters: int, attention_kernel_size: int, attention_dim: int
    ) -> None:
        super().__init__()
        padding = (attention_kernel_size - 1) // 2
        self.location_conv = ConvNorm(
            2,
            attention_n_filters,
            kernel_size=attention_kernel_size,
            padding=padding,
            bias=False,
        )
        self.location_dense = LinearNorm(
            attention_n_filters, attention_dim, bias=False, w_init_gain="tanh"
        )

    def forward(self, attention_weights_cat: torch.Tensor) -> torch.Tensor:
        """Turn past attention weights into location features.

        Args:
            attention_weights_cat: (B, 2, T_in) previous weights (channel 0) and the sum of
                all weights so far (channel 1).

        Returns:
            (B, T_in, attention_dim) location features, one vector for each input symbol.
        """
        processed_attention = self.location_conv(attention_weights_cat)  # (B, n_filters, T_in)
        processed_attention = processed_attention.transpose(1, 2)  # (B, T_in, n_filters)
        return self.location_dense(processed_attention)  # (B, T_in, attention_dim)


class Attention(nn.Module):
    """Additive attention over the encoder's outputs that also looks at its own past.

    No layer has a bias.

    Args:
        attention_rnn_dim: size of the query (1024 in the paper).
        embedding_dim: size of a memory vector (512 in the paper).
        attention_dim: size of the space in which energies are computed (128 in the paper).
        attention_location_n_filters: number of location filters (32 in the paper).
        attention_location_kernel_size: width of the location filters (31 in the paper).
    """

    def __init__(
        self,
        attention_rnn_dim: int,
        embedding_dim: int,
        attention_dim: int,
        attention_location_n_filters: int,
        attention_location_kernel_size: int,
    ) -> None:
        super().__init__()
        self.query_layer = LinearNorm(
            attention_rnn_dim, attention_dim, bias=False, w_init_gain="tanh"
        )
        self.memory_layer = LinearNorm(embedding_dim, attention_dim, bias=False, w_init_gain="tanh")
        self.v = LinearNorm(attention_dim, 1, bias=False)
        self.location_layer = LocationLayer(
            attention_location_n_filters, attention_location_kernel_size, attention_dim
        )
        self.score_mask_value = -float("inf")

    def get_alignment_energies(
        self,
        query: torch.Tensor,
        processed_memory: torch.Tensor,
        attention_weights_cat: torch.Tensor,
    ) -> torch.Tensor:
        """Score every input symbol: ``e = v · tanh(W query + V memory + U location)``.

        Args:
            query: (B, attention_rnn_dim) hidden state of the attention LSTM.
            processed_memory: (B, T_in, attention_dim) ``V memory``, computed once per sentence.
            attention_weights_cat: (B, 2, T_in) previous and cumulative attention weights.

        Returns:
            (B, T_in) energies; any real number, larger means more wanted.
        """
        processed_query = self.query_layer(query.unsqueeze(1))  # (B, 1, attention_dim)
        processed_location = self.location_layer(attention_weights_cat)  # (B, T_in, attention_dim)
        energies = self.v(
            torch.tanh(processed_query + processed_location + processed_memory)
        )  # (B, T_in, 1)
        return energies.squeeze(-1)  # (B, T_in)

    def forward(
        self,
        query: torch.Tensor,
        memory: torch.Tensor,
        processed_memory: torch.Tensor,
        attention_weights_cat: torch.Tensor,
        mask: torch.Tensor | None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Choose where to look and fetch what is there.

        Args:
            query: (B, attention_rnn_dim) hidden state of the attention LSTM.
            memory: (B, T_in, embedding_dim) outputs of the encoder.
            processed_memory: (B, T_in, attention_dim) ``V memory``.
            attention_weights_cat: (B, 2, T_in) previous and cumulative attention weights.
            mask: (B, T_in) bool, True marks padding; None if there is no padding.

        Returns:
            ``attention_context``: (B, embedding_dim), the weighted mean of the memory.
            ``attention_weights``: (B, T_in), non-negative, sum to one, zero on padding.
        """
        energies = self.get_alignment_energies(query, processed_memory, attention_weights_cat)
        if mask is not None:
            energies = energies.masked_fill(mask, self.score_mask_value)
        attention_weights = F.softmax(energies, dim=1)  # (B, T_in)
        attention_context = torch.bmm(attention_weights.unsqueeze(1), memory)  # (B, 1, embedding)
        return attention_context.squeeze(1), attention_weights  # (B, embedding), (B, T_in)
