"""Lab 3's decoder cells as a student might write them."""

from __future__ import annotations

import textwrap

START = """
class Decoder(nn.Module):
    def __init__(
        self, n_mel_channels, n_frames_per_step, encoder_embedding_dim, attention_dim,
        attention_location_n_filters, attention_location_kernel_size, attention_rnn_dim,
        decoder_rnn_dim, prenet_dim, max_decoder_steps, gate_threshold, p_attention_dropout,
        p_decoder_dropout, early_stopping, p_prenet_dropout=0.5,
    ):
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
            attention_rnn_dim, encoder_embedding_dim, attention_dim,
            attention_location_n_filters, attention_location_kernel_size,
        )
        self.decoder_rnn = nn.LSTMCell(attention_rnn_dim + encoder_embedding_dim, decoder_rnn_dim)
        self.linear_projection = LinearNorm(decoder_rnn_dim + encoder_embedding_dim, frame_dim)
        self.gate_layer = LinearNorm(
            decoder_rnn_dim + encoder_embedding_dim, 1, w_init_gain="sigmoid"
        )

    def get_go_frame(self, memory):
{get_go_frame}

    def initialize_decoder_states(self, memory):
{initialize_decoder_states}
"""
STEP = """
class Decoder(Decoder):
    def decode(self, decoder_input, state, memory, mask):
{decode}

    def steps(self, memory, memory_lengths, *, prenet_dropout=True, generator=None):
        mask = padding_mask(memory_lengths.to(memory.device), memory.size(1))
        frame = self.get_go_frame(memory)
        state = self.initialize_decoder_states(memory)
{steps}
"""
END = """
class Decoder(Decoder):
    def infer(
        self, memory, memory_lengths, *, prenet_dropout=True, generator=None,
        max_decoder_steps=None, gate_threshold=None,
    ):
        if max_decoder_steps is None:
            max_decoder_steps = self.max_decoder_steps
        if gate_threshold is None:
            gate_threshold = self.gate_threshold
        steps = self.steps(
            memory, memory_lengths, prenet_dropout=prenet_dropout, generator=generator
        )
        not_finished = memory.new_ones(memory.size(0), dtype=torch.bool)
        mel_lengths = memory.new_zeros(memory.size(0), dtype=torch.int32)
        mel_outputs, gate_outputs, alignments = [], [], []
{infer}

    def parse_decoder_outputs(self, mel_outputs, gate_outputs, alignments):
{parse_decoder_outputs}
"""
PREDICT = """
class Tacotron2(Tacotron2):
    def predict(self, ids, lengths, decode):
{predict}
"""
TEMPLATES = {"decoder-1": START, "decoder-2": STEP, "decoder-3": END, "tacotron2-1": PREDICT}

# one correct fill of each method, as a student might write it
BODIES = {
    "get_go_frame": """
        return memory.new_zeros(memory.size(0), self.n_frames_per_step * self.n_mel_channels)
    """,
    "initialize_decoder_states": """
        B, T_in, D = memory.shape
        return DecoderState(
            memory.new_zeros(B, self.attention_rnn_dim),
            memory.new_zeros(B, self.attention_rnn_dim),
            memory.new_zeros(B, self.decoder_rnn_dim),
            memory.new_zeros(B, self.decoder_rnn_dim),
            memory.new_zeros(B, T_in),
            memory.new_zeros(B, T_in),
            memory.new_zeros(B, D),
            self.attention_layer.memory_layer(memory),
        )
    """,
    "decode": """
        cell_input = torch.cat((decoder_input, state.attention_context), dim=1)
        attention_hidden, attention_cell = self.attention_rnn(
            cell_input, (state.attention_hidden, state.attention_cell)
        )
        attention_hidden = F.dropout(attention_hidden, self.p_attention_dropout, self.training)
        past = torch.stack((state.attention_weights, state.attention_weights_cum), dim=1)
        context, weights = self.attention_layer(
            attention_hidden, memory, state.processed_memory, past, mask
        )
        decoder_hidden, decoder_cell = self.decoder_rnn(
            torch.cat((attention_hidden, context), dim=1),
            (state.decoder_hidden, state.decoder_cell),
        )
        decoder_hidden = F.dropout(decoder_hidden, self.p_decoder_dropout, self.training)
        both = torch.cat((decoder_hidden, context), dim=1)
        mel_output, gate_output = self.linear_projection(both), self.gate_layer(both)
        return mel_output, gate_output, DecoderState(
            attention_hidden, attention_cell, decoder_hidden, decoder_cell,
            weights, state.attention_weights_cum + weights, context, state.processed_memory,
        )
    """,
    "steps": """
        while True:
            decoder_input = self.prenet(frame, dropout=prenet_dropout, generator=generator)
            frame, gate_output, state = self.decode(decoder_input, state, memory, mask)
            yield frame, gate_output, state
    """,
    "infer": """
        for frame, gate_output, state in islice(steps, max_decoder_steps):
            mel_outputs.append(frame)
            gate_outputs.append(gate_output)
            alignments.append(state.attention_weights)
            not_finished = not_finished & (torch.sigmoid(gate_output)[:, 0] <= gate_threshold)
            mel_lengths += self.n_frames_per_step * not_finished
            if self.early_stopping and not not_finished.any():
                break
        return (*self.parse_decoder_outputs(mel_outputs, gate_outputs, alignments), mel_lengths)
    """,
    "parse_decoder_outputs": """
        mel = torch.stack(mel_outputs, dim=1)
        mel = mel.reshape(mel.size(0), -1, self.n_mel_channels).transpose(1, 2)
        return mel, torch.cat(gate_outputs, dim=1), torch.stack(alignments, dim=1)
    """,
    "predict": """
        embedded = self.embedding(ids).transpose(1, 2)
        memory = self.encoder(embedded, lengths)
        mel, gate, alignments, mel_lengths = decode(memory, lengths)
        mel_postnet = mel + self.postnet(mel, self.hidden_frames(mel, mel_lengths))
        return mel_postnet, mel_lengths, alignments, gate
    """,
}
TASK_OF = {
    "get_go_frame": "decoder-1",
    "initialize_decoder_states": "decoder-1",
    "decode": "decoder-2",
    "steps": "decoder-2",
    "infer": "decoder-3",
    "parse_decoder_outputs": "decoder-3",
    "predict": "tacotron2-1",
}
STUB = "raise NotImplementedError()"


def fill(**bodies: str) -> dict[str, str]:
    """Return all solution cells: correct, but for the bodies of the methods that are given."""
    indented = {
        name: textwrap.indent(textwrap.dedent(body).strip("\n"), " " * 8)
        for name, body in (BODIES | bodies).items()
    }
    return {task_id: template.format(**indented) for task_id, template in TEMPLATES.items()}
