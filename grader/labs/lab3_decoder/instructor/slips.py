"""Lab 3: its slips in students' words, as changes of the right solution.

Their outputs on the public cases are stored, so that a student edition can recognise a slip
without holding this text; the same text makes the mutants that the hidden cases must catch.
"""

from __future__ import annotations

from grader.instructor.ways import read_ways
from grader.labs.lab3_decoder.instructor.end_ways import END
from grader.labs.lab3_decoder.instructor.model_ways import PREDICT
from grader.labs.lab3_decoder.instructor.step_ways import STEP

START = read_ways(
    """
go-ones: return memory.new_zeros → return memory.new_ones
go-random: memory.new_zeros(memory.size(0), self.n_frames_per_step * self.n_mel_channels) →
    torch.randn(memory.size(0), self.n_frames_per_step * self.n_mel_channels).to(memory)
go-one-frame: self.n_frames_per_step * self.n_mel_channels → self.n_mel_channels
go-axis: memory.size(0) → 1, memory.size(0)
go-prenet: self.n_frames_per_step * self.n_mel_channels →
    self.prenet.layers[-1].linear_layer.out_features
go-apart: self.n_frames_per_step * self.n_mel_channels →
    self.n_frames_per_step, self.n_mel_channels
go-channels: self.n_frames_per_step * self.n_mel_channels →
    self.n_mel_channels, self.n_frames_per_step
go-alone: memory.size(0), self.n_frames_per_step → self.n_frames_per_step
go-as-memory: self.n_frames_per_step * self.n_mel_channels → memory.size(2)
go-by-symbols: memory.size(0) → memory.size(1)
go-each-symbol: memory.size(0) → *memory.shape[:2]
go-of-one: memory.size(0) → 1
go-time-axis: memory.size(0) → memory.size(0), 1
place-ignored: return memory.new_zeros → return torch.zeros

batch-of-one: memory.new_zeros(B → memory.new_zeros(1
batch-second: B, T_in, encoder_embedding_dim = → T_in, B, encoder_embedding_dim =
batch-last:
    (B, self.attention_rnn_dim) → (self.attention_rnn_dim, B)
    (B, self.decoder_rnn_dim) → (self.decoder_rnn_dim, B)
ones: =memory.new_zeros → =memory.new_ones
order:
    attention_cell=memory.new_zeros(B, self.attention_rnn_dim) →
        attention_cell=memory.new_zeros(B, self.decoder_rnn_dim)
    decoder_hidden=memory.new_zeros(B, self.decoder_rnn_dim) →
        decoder_hidden=memory.new_zeros(B, self.attention_rnn_dim)
sizes-swapped:
    self.attention_rnn_dim → size_of_attention
    self.decoder_rnn_dim → self.attention_rnn_dim
    size_of_attention → self.decoder_rnn_dim
attention-size-twice: self.decoder_rnn_dim → self.attention_rnn_dim
decoder-size-twice: self.attention_rnn_dim → self.decoder_rnn_dim
layer-axis: (B, self. → (1, B, self.
lstms-each-symbol: (B, self. → (B, T_in, self.
lstms-alone: (B, self. → (self.
lstms-as-memory:
    self.attention_rnn_dim → encoder_embedding_dim
    self.decoder_rnn_dim → encoder_embedding_dim
lstms-ones: memory.new_zeros(B, self. → memory.new_ones(B, self.

weights-axis: memory.new_zeros(B, T_in) → memory.new_zeros(B, 1, T_in)
weights-turned: memory.new_zeros(B, T_in) → memory.new_zeros(T_in, B)
weights-as-context: B, T_in, encoder_embedding_dim = → B, encoder_embedding_dim, T_in =
weights-uniform: attention_weights=memory.new_zeros(B, T_in) →
    attention_weights=memory.new_ones(B, T_in) / T_in
weights-on-first: attention_weights=memory.new_zeros(B, T_in) →
    attention_weights=torch.eye(T_in).to(memory)[:1].repeat(B, 1)
both-uniform: memory.new_zeros(B, T_in) → memory.new_ones(B, T_in) / T_in
both-on-first: memory.new_zeros(B, T_in) → torch.eye(T_in).to(memory)[:1].repeat(B, 1)
cumulative-ones: attention_weights_cum=memory.new_zeros → attention_weights_cum=memory.new_ones
cumulative-uniform: attention_weights_cum=memory.new_zeros(B, T_in) →
    attention_weights_cum=memory.new_ones(B, T_in) / T_in
cumulative-on-first: attention_weights_cum=memory.new_zeros(B, T_in) →
    attention_weights_cum=torch.eye(T_in).to(memory)[:1].repeat(B, 1)

context-axis: memory.new_zeros(B, encoder_embedding_dim) →
    memory.new_zeros(B, 1, encoder_embedding_dim)
context-each-symbol: memory.new_zeros(B, encoder_embedding_dim) → torch.zeros_like(memory)
context-as-query: memory.new_zeros(B, encoder_embedding_dim) →
    memory.new_zeros(B, self.attention_rnn_dim)
context-as-decoder: memory.new_zeros(B, encoder_embedding_dim) →
    memory.new_zeros(B, self.decoder_rnn_dim)
context-before-weights:
    attention_context=memory.new_zeros(B, encoder_embedding_dim) →
        attention_context=memory.new_zeros(B, T_in)
    attention_weights=memory.new_zeros(B, T_in) →
        attention_weights=memory.new_zeros(B, encoder_embedding_dim)
context-as-cumulative:
    attention_context=memory.new_zeros(B, encoder_embedding_dim) →
        attention_context=memory.new_zeros(B, T_in)
    attention_weights_cum=memory.new_zeros(B, T_in) →
        attention_weights_cum=memory.new_zeros(B, encoder_embedding_dim)
context-first: memory.new_zeros(B, encoder_embedding_dim) → memory[:, 0]
context-last: memory.new_zeros(B, encoder_embedding_dim) → memory[:, -1]
context-sum: memory.new_zeros(B, encoder_embedding_dim) → memory.sum(1)
context-mean: memory.new_zeros(B, encoder_embedding_dim) → memory.mean(1)
context-max: memory.new_zeros(B, encoder_embedding_dim) → memory.max(dim=1).values
context-ones: memory.new_zeros(B, encoder_embedding_dim) →
    memory.new_ones(B, encoder_embedding_dim)

memory-unprocessed: self.attention_layer.memory_layer(memory) → memory
memory-processed-twice: memory_layer(memory) →
    memory_layer(self.attention_layer.memory_layer(memory))
query-layer: memory_layer → query_layer
memory-tanh: memory_layer(memory) → memory_layer(memory).tanh()
memory-relu: memory_layer(memory) → memory_layer(memory).relu()
memory-softmax: memory_layer(memory) → memory_layer(memory).softmax(2)
memory-normalised: memory_layer(memory) →
    memory_layer(torch.nn.functional.normalize(memory, dim=2))
memory-transposed: memory_layer(memory) → memory_layer(memory).transpose(1, 2)
memory-reversed: memory_layer(memory) → memory_layer(memory).flip(1)
memory-mean: memory_layer(memory) → memory_layer(memory).mean(1)
memory-zeros: self.attention_layer.memory_layer(memory) →
    torch.zeros_like(self.attention_layer.memory_layer(memory))
"""
)

WAYS = {"decoder-1": START, "decoder-2": STEP, "decoder-3": END, "tacotron2-1": PREDICT}
