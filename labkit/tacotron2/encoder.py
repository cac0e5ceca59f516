"""The encoder (Shen et al. 2018, section 2.2): from symbols to what the attention looks at.

Three convolutions show each symbol its neighbours, as an n-gram would; a bidirectional LSTM
then lets it know the whole sentence. The result is the *memory*, one vector for each symbol.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from labkit.tacotron2.layers import ConvNorm
from labkit.tacotron2.masking import padding_mask


class Encoder(nn.Module):
    """Convolutions, then a bidirectional LSTM, over embedded symbols.

    Args:
        encoder_n_convolutions: number of convolutional layers (3 in the paper).
        encoder_embedding_dim: size of a symbol's vector, before and after (512 in the paper).
        encoder_kernel_size: width of the filters in symbols (5 in the paper; odd).
        mask_embeddings: whether padding is set to zero before every layer. Published models
            let their convolutions see the embedding of symbol 0 there, so that the last
            symbols of a sentence depend on how far it was padded.
        p_encoder_dropout: dropout after every convolution, training only (0.5 in the paper).
    """

    def __init__(
        self,
        encoder_n_convolutions: int,
        encoder_embedding_dim: int,
        encoder_kernel_size: int,
        mask_embeddings: bool = False,
        p_encoder_dropout: float = 0.5,
    ) -> None:
        super().__init__()
        self.p_encoder_dropout = p_encoder_dropout
        self.mask_embeddings = mask_embeddings
        self.convolutions = nn.ModuleList(
            nn.Sequential(
                ConvNorm(
                    encoder_embedding_dim,
                    encoder_embedding_dim,
                    kernel_size=encoder_kernel_size,
                    w_init_gain="relu",
                ),
                nn.BatchNorm1d(encoder_embedding_dim),
            )
            for _ in range(encoder_n_convolutions)
        )
        self.lstm = nn.LSTM(
            encoder_embedding_dim, encoder_embedding_dim // 2, batch_first=True, bidirectional=True
        )

    def convolve(self, x: torch.Tensor, padding: torch.Tensor | None) -> torch.Tensor:
        """Show every symbol its neighbours.

        Args:
            x: (B, encoder_embedding_dim, T_in) embedded symbols, padded on the right.
            padding: (B, 1, T_in) bool, True marks padding to be set to zero before every layer;
                None to let the layers see whatever stands there, as published.

        Returns:
            (B, encoder_embedding_dim, T_in) what each symbol is among its neighbours.
        """
        for convolution in self.convolutions:
            # Batch norm adds a bias, so what was zero before a layer is not zero after it.
            if padding is not None:
                x = x.masked_fill(padding, 0.0)
            x = F.dropout(F.relu(convolution(x)), self.p_encoder_dropout, self.training)
        return x

    def forward(self, x: torch.Tensor, input_lengths: torch.Tensor) -> torch.Tensor:
        """Turn embedded symbols into the memory of the attention.

        Args:
            x: (B, encoder_embedding_dim, T_in) embedded symbols, padded on the right.
            input_lengths: (B,) number of symbols of each sentence, in any order.

        Returns:
            (B, T_in, encoder_embedding_dim) memory; zero on padding.
        """
        padding = None
        if self.mask_embeddings:
            padding = padding_mask(input_lengths.to(x.device), x.size(2)).unsqueeze(
                1
            )  # (B, 1, T_in)
        x = self.convolve(x, padding)  # (B, encoder_embedding_dim, T_in)
        x = x.transpose(1, 2)  # (B, T_in, encoder_embedding_dim)

        # Packed, so that the backward LSTM starts at the last symbol and not in the padding.
        # The lengths of a packed sequence live on the CPU.
        packed = pack_padded_sequence(
            x, input_lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        packed_outputs, _ = self.lstm(packed)
        outputs, _ = pad_packed_sequence(
            packed_outputs, batch_first=True, total_length=x.size(1)
        )  # (B, T_in, encoder_embedding_dim)
        return outputs
