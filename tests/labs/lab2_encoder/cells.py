"""Lab 2's solution cells as a student might write them."""

from __future__ import annotations

import textwrap

CONVOLVE = '''
class Encoder(nn.Module):
    """Convolutions, then a bidirectional LSTM, over embedded symbols."""

    def __init__(
        self,
        encoder_n_convolutions,
        encoder_embedding_dim,
        encoder_kernel_size,
        mask_embeddings=False,
        p_encoder_dropout=0.5,
    ):
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

    def convolve(self, x, padding):
{body}
'''
FORWARD = """
class Encoder(Encoder):  # continued
    def forward(self, x, input_lengths):
        padding = None
        if self.mask_embeddings:
            padding = padding_mask(input_lengths.to(x.device), x.size(2)).unsqueeze(1)
{body}
"""
TEMPLATES = {"encoder-1": CONVOLVE, "encoder-2": FORWARD}

BODIES = {
    "encoder-1": """
        for convolution in self.convolutions:
            if padding is not None:
                x = x.masked_fill(padding, 0.0)
            x = F.dropout(F.relu(convolution(x)), self.p_encoder_dropout, self.training)
        return x
    """,
    "encoder-2": """
        x = self.convolve(x, padding).transpose(1, 2)
        packed = pack_padded_sequence(
            x, input_lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        packed_outputs, _ = self.lstm(packed)
        outputs, _ = pad_packed_sequence(
            packed_outputs, batch_first=True, total_length=x.size(1)
        )
        return outputs
    """,
}
STUB = "raise NotImplementedError()"


def cell(task_id: str, body: str) -> str:
    """Return a solution cell with this body of the method to fill."""
    lines = textwrap.indent(textwrap.dedent(body).strip("\n"), " " * 8)
    return TEMPLATES[task_id].format(body=lines)


def fill(**bodies: str) -> dict[str, str]:
    """Return both solution cells: correct, but for the bodies given as encoder_1=…"""
    chosen = BODIES | {name.replace("_", "-"): body for name, body in bodies.items()}
    return {task_id: cell(task_id, body) for task_id, body in chosen.items()}
