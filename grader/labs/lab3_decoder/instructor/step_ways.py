"""Lab 3: the ways to make the slips of one decoder step, and of the steps without end."""

from __future__ import annotations

from grader.instructor.ways import read_ways

STEP = read_ways(
    """
attention-input-order: (decoder_input, state.attention_context) →
    (state.attention_context, decoder_input)
context-not-heard: (decoder_input, state.attention_context) →
    (decoder_input, torch.zeros_like(state.attention_context))
frame-not-heard: (decoder_input, state.attention_context) →
    (torch.zeros_like(decoder_input), state.attention_context)
attention-forgets: cell_input, (state.attention_hidden, state.attention_cell) → cell_input
attention-state-swapped: (state.attention_hidden, state.attention_cell) →
    (state.attention_cell, state.attention_hidden)
attention-state-of-other: (state.attention_hidden, state.attention_cell) →
    (state.decoder_hidden, state.decoder_cell)
attention-cell-first: attention_hidden, attention_cell = → attention_cell, attention_hidden =
attention-dropout-missing:
    F.dropout(attention_hidden, self.p_attention_dropout, self.training) → attention_hidden
dropout-left-on: , self.training) → )

previous-twice: (state.attention_weights, state.attention_weights_cum) →
    (state.attention_weights, state.attention_weights)
cumulative-twice: (state.attention_weights, state.attention_weights_cum) →
    (state.attention_weights_cum, state.attention_weights_cum)
channels-swapped: (state.attention_weights, state.attention_weights_cum) →
    (state.attention_weights_cum, state.attention_weights)
previous-counted-twice: (state.attention_weights, state.attention_weights_cum) →
    (state.attention_weights, state.attention_weights_cum + state.attention_weights)
previous-not-seen: (state.attention_weights, state.attention_weights_cum) →
    (torch.zeros_like(state.attention_weights), state.attention_weights_cum)
query-old: attention_hidden, memory → state.attention_hidden, memory
query-decoder: attention_hidden, memory → state.decoder_hidden, memory
query-cell: attention_hidden, memory → attention_cell, memory
query-tanh: attention_hidden, memory → torch.tanh(attention_hidden), memory
query-context: attention_hidden, memory → state.attention_context, memory
query-undropped:
    attention_hidden = F.dropout → query, attention_hidden = attention_hidden, F.dropout
    attention_hidden, memory → query, memory
query-and-decoder-undropped:
    attention_hidden = F.dropout → query, attention_hidden = attention_hidden, F.dropout
    attention_hidden, memory → query, memory
    (attention_hidden, attention_context) → (query, attention_context)
context-of-processed: attention_hidden, memory → attention_hidden, state.processed_memory
memory-unprocessed: memory, state.processed_memory → memory, memory
memories-swapped: memory, state.processed_memory → state.processed_memory, memory
mask-missing: attention_weights_cat, mask → attention_weights_cat, None
mask-inverted: attention_weights_cat, mask → attention_weights_cat, ~mask
results-swapped: attention_context, attention_weights = → attention_weights, attention_context =

decoder-input-order: (attention_hidden, attention_context) → (attention_context, attention_hidden)
context-old-for-decoder: (attention_hidden, attention_context) →
    (attention_hidden, state.attention_context)
context-not-spoken: (attention_hidden, attention_context) →
    (attention_hidden, torch.zeros_like(attention_context))
decoder-hears-frame: (attention_hidden, attention_context) → (decoder_input, attention_context)
decoder-hears-cell: (attention_hidden, attention_context) → (attention_cell, attention_context)
decoder-hears-old-query: (attention_hidden, attention_context) →
    (state.attention_hidden, attention_context)
decoder-hears-undropped:
    attention_hidden = F.dropout → query, attention_hidden = attention_hidden, F.dropout
    (attention_hidden, attention_context) → (query, attention_context)
decoder-forgets: decoder_rnn_input, (state.decoder_hidden, state.decoder_cell) → decoder_rnn_input
decoder-state-swapped: (state.decoder_hidden, state.decoder_cell) →
    (state.decoder_cell, state.decoder_hidden)
decoder-state-of-other: (state.decoder_hidden, state.decoder_cell) →
    (attention_hidden, attention_cell)
decoder-state-of-other-old: (state.decoder_hidden, state.decoder_cell) →
    (state.attention_hidden, state.attention_cell)
decoder-cell-first: decoder_hidden, decoder_cell = → decoder_cell, decoder_hidden =
decoder-dropout-missing:
    F.dropout(decoder_hidden, self.p_decoder_dropout, self.training) → decoder_hidden

projection-input-order: (decoder_hidden, attention_context) → (attention_context, decoder_hidden)
context-old-for-projection: (decoder_hidden, attention_context) →
    (decoder_hidden, state.attention_context)
context-not-projected: (decoder_hidden, attention_context) →
    (decoder_hidden, torch.zeros_like(attention_context))
projections-from-cell: (decoder_hidden, attention_context) → (decoder_cell, attention_context)
projections-from-old: (decoder_hidden, attention_context) →
    (state.decoder_hidden, attention_context)
projections-from-query: (decoder_hidden, attention_context) →
    (attention_hidden, attention_context)
projections-undropped:
    decoder_hidden = F.dropout → undropped, decoder_hidden = decoder_hidden, F.dropout
    (decoder_hidden, attention_context) → (undropped, attention_context)
projections-dropped: torch.cat((decoder_hidden, attention_context), dim=1) →
    F.dropout(torch.cat((decoder_hidden, attention_context), dim=1),
              self.p_decoder_dropout, self.training)
mel-from-query: self.linear_projection(decoder_hidden_attention_context) →
    self.linear_projection(decoder_rnn_input)
gate-from-query: self.gate_layer(decoder_hidden_attention_context) →
    self.gate_layer(decoder_rnn_input)
mel-tanh: mel_output, gate_output → mel_output.tanh(), gate_output
mel-sigmoid: mel_output, gate_output → mel_output.sigmoid(), gate_output
mel-relu: mel_output, gate_output → mel_output.relu(), gate_output
gate-probability: mel_output, gate_output → mel_output, gate_output.sigmoid()
gate-log: mel_output, gate_output → mel_output, F.logsigmoid(gate_output)
gate-negated: mel_output, gate_output → mel_output, -gate_output
gate-decided: mel_output, gate_output → mel_output, (gate_output > 0).to(gate_output)
gate-flat: mel_output, gate_output → mel_output, gate_output.squeeze(1)
gate-first: mel_output, gate_output → gate_output, mel_output

state-unchanged: DecoderState(attention_hidden, attention_cell, decoder_hidden, decoder_cell,
    attention_weights, state.attention_weights_cum + attention_weights, attention_context,
    state.processed_memory) → state
attention-hidden-stale: DecoderState(attention_hidden → DecoderState(state.attention_hidden
attention-cell-stale: attention_cell, decoder_hidden → state.attention_cell, decoder_hidden
attention-lstm-stale: DecoderState(attention_hidden, attention_cell →
    DecoderState(state.attention_hidden, state.attention_cell
attention-pair-exchanged: DecoderState(attention_hidden, attention_cell →
    DecoderState(attention_cell, attention_hidden
decoder-hidden-stale: attention_cell, decoder_hidden → attention_cell, state.decoder_hidden
decoder-cell-stale: decoder_cell, attention_weights → state.decoder_cell, attention_weights
decoder-lstm-stale: decoder_hidden, decoder_cell, → state.decoder_hidden, state.decoder_cell,
decoder-pair-exchanged: decoder_hidden, decoder_cell, → decoder_cell, decoder_hidden,
lstms-exchanged: attention_hidden, attention_cell, decoder_hidden, decoder_cell →
    decoder_hidden, decoder_cell, attention_hidden, attention_cell
weights-stale: decoder_cell, attention_weights → decoder_cell, state.attention_weights
weights-exchanged: attention_weights, state.attention_weights_cum + attention_weights →
    state.attention_weights_cum + attention_weights, attention_weights
cumulative-stale: state.attention_weights_cum + attention_weights → state.attention_weights_cum
cumulative-replaced: state.attention_weights_cum + attention_weights → attention_weights
cumulative-one-behind: state.attention_weights_cum + attention_weights →
    state.attention_weights_cum + state.attention_weights
cumulative-of-two: state.attention_weights_cum + attention_weights →
    state.attention_weights + attention_weights
cumulative-twice-added: state.attention_weights_cum + attention_weights →
    state.attention_weights_cum + 2 * attention_weights
cumulative-mean: state.attention_weights_cum + attention_weights →
    (state.attention_weights_cum + attention_weights) / 2
cumulative-max: state.attention_weights_cum + attention_weights →
    torch.maximum(state.attention_weights_cum, attention_weights)
cumulative-capped: state.attention_weights_cum + attention_weights →
    (state.attention_weights_cum + attention_weights).clamp(max=1)
cumulative-kept:
    state.attention_weights_cum + attention_weights → self.kept
    return (mel_output →
        if not hasattr(self, "kept") or self.kept.shape != attention_weights.shape:
            self.kept = state.attention_weights_cum
        self.kept = self.kept + attention_weights
        return (mel_output
context-stale: attention_context, state.processed_memory →
    state.attention_context, state.processed_memory
context-last: attention_context, state.processed_memory →
    state.processed_memory, attention_context
memory-handed-on: attention_context, state.processed_memory → attention_context, memory

prenet-dropout-off: dropout=prenet_dropout → dropout=False
prenet-dropout-on: dropout=prenet_dropout → dropout=True
prenet-dropout-inverted: dropout=prenet_dropout → dropout=not prenet_dropout
prenet-alone: frame, dropout=prenet_dropout, generator=generator → frame
prenet-skipped: self.prenet(frame, dropout=prenet_dropout, generator=generator) → frame
prenet-twice: self.prenet(frame → self.prenet(
    self.prenet(frame, dropout=prenet_dropout, generator=generator)
generator-forgotten: generator=generator → generator=None
generator-new: generator=generator →
    generator=None if generator is None else torch.Generator()
mask-not-passed: state, memory, mask → state, memory, None
steps-mask-inverted: state, memory, mask → state, memory, ~mask
go-again: frame, gate_output, state → made, gate_output, state
go-handed-out: frame, gate_output, state = → made, gate_output, state =
state-again: frame, gate_output, state → frame, gate_output, after
first-state-handed-out: frame, gate_output, state = → frame, gate_output, after =
frame-before:
    self.prenet(frame → self.prenet(before := frame
    yield frame → yield before
state-before:
    self.decode(decoder_input, state → self.decode(decoder_input, before := state
    yield frame, gate_output, state → yield frame, gate_output, before
frame-added:
    frame, gate_output, state = → made, gate_output, state =
    yield frame →
        frame = frame + made
        yield frame
frames-limited: yield frame →
    frame = frame.clamp(-1, 1)
    yield frame
heard-handed-out: yield frame → yield decoder_input
yield-order: yield frame, gate_output → yield gate_output, frame
gates-of-steps-probability: yield frame, gate_output → yield frame, torch.sigmoid(gate_output)
first-step-missing: while True: →
    decoder_input = self.prenet(frame, dropout=prenet_dropout, generator=generator)
    frame, _, state = self.decode(decoder_input, state, memory, mask)
    while True:
one-step: while True → for _ in range(1)
ends-at-limit: while True → for _ in range(self.max_decoder_steps)
ends-at-gate: yield frame, gate_output, state →
    yield frame, gate_output, state
    if (torch.sigmoid(gate_output) > self.gate_threshold).all():
        return
"""
)
