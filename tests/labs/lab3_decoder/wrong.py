"""Wrong fills of lab 3 that are no slip of the table by the same change, as students write them.

What stands in the right solution is at the margin; below it, a line each, is what stands there
instead: misread sentences, slips of the hand, and what other models do.
"""

from __future__ import annotations


def _changes(text: str) -> list[str]:
    """Read ways as a table of slips has them: ``old → new``."""
    ways, old = [], ""
    for line in filter(None, text.split("\n")):
        if line.startswith(" "):
            ways.append(f"{old} → {line.strip()}")
        else:
            old = line
    return ways


WRONG = {
    "decoder-1": _changes(
        """
memory.new_zeros(memory.size(0), self.n_frames_per_step * self.n_mel_channels)
    memory[:, 0]
    memory[:, -1]
    memory.new_zeros(memory.size(0), 80)
    memory.new_zeros(memory.size(0), self.n_frames_per_step * 80)
    memory.new_zeros(memory.size(0), self.n_frames_per_step)
    torch.zeros_like(memory)
    torch.rand(memory.size(0), self.n_frames_per_step * self.n_mel_channels).to(memory)
    torch.full((memory.size(0), self.n_frames_per_step * self.n_mel_channels), -11.5129)
    torch.zeros(memory.size(0), self.n_frames_per_step * self.n_mel_channels).to(memory.dtype)
    torch.zeros(memory.size(0), self.n_frames_per_step * self.n_mel_channels).to(memory.device)
    self.prenet(memory.new_zeros(memory.size(0), self.n_frames_per_step * self.n_mel_channels))
    [0.0] * self.n_mel_channels
    None
    memory.new_zeros(self.n_frames_per_step * self.n_mel_channels, memory.size(0))
    memory.mean(dim=(1, 2))[:, None].expand(-1, self.n_frames_per_step * self.n_mel_channels)
memory.new_zeros(B, self.attention_rnn_dim)
    memory.new_zeros(1, B, self.attention_rnn_dim)
    memory.new_zeros(B, T_in, self.attention_rnn_dim)
    memory.new_zeros(self.attention_rnn_dim)
    memory.new_zeros(B, self.attention_rnn_dim).requires_grad_().double()
    memory.new_ones(B, self.attention_rnn_dim)
    torch.zeros(B, self.attention_rnn_dim)
    memory.new_zeros(B, encoder_embedding_dim).tanh()
memory.new_zeros(B, self.decoder_rnn_dim)
    memory.new_zeros(self.decoder_rnn_dim, B)
    torch.randn(B, self.decoder_rnn_dim).to(memory)
    torch.zeros(B, self.decoder_rnn_dim, dtype=memory.dtype)
=memory.new_zeros
    =torch.zeros
memory.new_zeros(B, T_in)
    memory.new_zeros(B, T_in, 1)
    memory.new_zeros(B, encoder_embedding_dim)
    torch.eye(B, T_in).to(memory)
    torch.rand(B, T_in).to(memory)
attention_weights=memory.new_zeros(B, T_in), attention_weights_cum=memory.new_zeros(B, T_in)
    attention_weights=memory.new_zeros(B, 2, T_in)
memory.new_zeros(B, encoder_embedding_dim)
    memory.new_zeros(B, T_in)
    torch.rand(B, encoder_embedding_dim).to(memory)
self.attention_layer.memory_layer(memory)
    self.attention_layer.memory_layer(memory).detach()
    self.attention_layer.memory_layer(memory.detach())
    self.attention_layer.memory_layer(memory.data)
    torch.no_grad()(self.attention_layer.memory_layer)(memory)
    F.linear(memory, self.attention_layer.memory_layer.linear_layer.weight.detach())
    memory.new_zeros(B, T_in, self.attention_layer.v.linear_layer.in_features)
    None
    self.attention_layer.memory_layer(memory) + 1
    self.attention_layer.memory_layer(memory).softmax(1)
    self.attention_layer.memory_layer(memory).permute(1, 0, 2)
    F.dropout(self.attention_layer.memory_layer(memory), 0.5)
    memory.new_zeros(B, self.decoder_rnn_dim)
return DecoderState(
    memory = memory.detach(); return DecoderState(
    torch.set_grad_enabled(False); return DecoderState(
    memory.sub_(memory.mean(1, keepdim=True)); return DecoderState(
self.n_frames_per_step * self.n_mel_channels
    2 * self.n_frames_per_step * self.n_mel_channels
    self.n_mel_channels // self.n_frames_per_step
    self.attention_rnn_dim
    self.decoder_rnn_dim
self.n_mel_channels)
    self.n_mel_channels).fill_(-1)
    self.n_mel_channels).normal_()
"""
    ),
    "decoder-2": _changes(
        """
(state.attention_hidden, state.attention_cell)
    (state.attention_hidden, torch.zeros_like(state.attention_cell))
    (state.attention_hidden, state.attention_hidden)
(decoder_input, state.attention_context), dim=1
    (decoder_input, state.attention_context), dim=0
    (decoder_input, memory.mean(1)), dim=1
torch.cat((decoder_input, state.attention_context), dim=1)
    decoder_input
torch.stack((state.attention_weights, state.attention_weights_cum), dim=1)
    torch.stack((state.attention_weights, state.attention_weights_cum), dim=2)
    torch.cat((state.attention_weights, state.attention_weights_cum), dim=1)
attention_hidden, memory
    decoder_input, memory
attention_weights_cat, mask
    attention_weights_cat.detach(), mask
    attention_weights_cat, mask if self.training else None
    attention_weights_cat, None if mask is None else mask.logical_not()
(attention_hidden, attention_context)
    (attention_hidden, attention_context.detach())
    (attention_hidden, memory.mean(1))
    (torch.tanh(attention_hidden), attention_context)
self.linear_projection(decoder_hidden_attention_context)
    self.linear_projection(decoder_hidden_attention_context).detach()
    self.linear_projection(F.dropout(decoder_hidden_attention_context, 0.5))
    self.linear_projection(decoder_hidden_attention_context.relu())
self.gate_layer(decoder_hidden_attention_context)
    self.gate_layer(decoder_hidden_attention_context) > 0
    self.gate_layer(decoder_hidden_attention_context).data
    self.gate_layer(decoder_hidden_attention_context).clamp(0, 1)
    self.gate_layer(decoder_hidden_attention_context).unsqueeze(0)
self.p_decoder_dropout, self.training
    0.5, True
state.attention_weights_cum + attention_weights
    state.attention_weights_cum + attention_weights.detach()
    state.attention_weights_cum.add_(attention_weights)
    state.attention_weights_cum.add_(attention_weights.detach())
    F.normalize(state.attention_weights_cum + attention_weights, p=1, dim=1)
attention_context, state.processed_memory
    attention_context.detach(), state.processed_memory
    attention_context, torch.tanh(state.processed_memory)
    memory.mean(1), state.processed_memory
cell_input =
    memory += 0.001; cell_input =
    state.attention_context.zero_(); cell_input =
    state.attention_hidden.mul_(1.5); cell_input =
    state.processed_memory.tanh_(); cell_input =
    decoder_input.clamp_(0, 1); cell_input =
    self.before = state = getattr(self, "before", state); cell_input =
    self.calls = getattr(self, "calls", 0) + 1; cell_input = self.calls *
dropout=prenet_dropout
    dropout=self.training
generator=generator
    generator=torch.Generator()
    generator=None if generator is None else generator.manual_seed(0)
self.prenet(frame, dropout=prenet_dropout, generator=generator)
    self.prenet(self.prenet(frame, dropout=prenet_dropout, generator=generator))
yield frame, gate_output, state
    yield frame, gate_output
    return frame, gate_output, state
    yield frame, gate_output, state.attention_weights
(decoder_input, state.attention_context)
    (decoder_input.relu(), state.attention_context.relu())
(state.attention_weights, state.attention_weights_cum)
    (state.attention_weights, state.attention_weights_cum.softmax(1))
(decoder_hidden, attention_context)
    (decoder_hidden.tanh(), attention_context)
self.prenet(frame
    self.prenet(-frame
state = self.initialize_decoder_states(memory)
    state = self.initialize_decoder_states(memory); frame = torch.randn_like(frame)
yield frame
    state = state._replace(attention_weights_cum=state.attention_weights); yield frame
"""
    ),
    "decoder-3": _changes(
        """
torch.sigmoid(gate_output).squeeze(1)
    torch.sigmoid(gate_output)
    torch.sigmoid(torch.sigmoid(gate_output)).squeeze(1)
    torch.tanh(gate_output).squeeze(1)
not_finished & goes_on
    not_finished | goes_on
    not_finished ^ goes_on
mel_lengths += self.n_frames_per_step * not_finished
    mel_lengths += self.n_frames_per_step * self.n_mel_channels * not_finished
    mel_lengths[0] += self.n_frames_per_step * not_finished[0]
, mel_lengths)
    , mel_lengths.float())
    , mel_lengths.double())
    , mel_lengths.to(torch.int16))
    , mel_lengths.tolist())
    , mel_lengths.max())
    , mel_lengths.unsqueeze(1))
    , memory_lengths)
    , len(mel_outputs))
    , mel_lengths.clamp(min=1))
    , mel_lengths.sort().values)
return (*self.parse_decoder_outputs(mel_outputs, gate_outputs, alignments), mel_lengths)
    return mel_outputs, gate_outputs, alignments, mel_lengths
    return self.parse_decoder_outputs(mel_outputs, gate_outputs, alignments)
not not_finished.any()
    len(mel_outputs) > mel_lengths.max()
    not_finished.sum() <= 1
islice(steps, max_decoder_steps)
    islice(steps, 1000)
    islice(steps, max_decoder_steps * self.n_frames_per_step)
gate_outputs.append(gate_output)
    gate_outputs.append(torch.sigmoid(gate_output))
    gate_outputs.append(gate_output.squeeze(1))
    gate_outputs.append(gate_output > 0)
mel_outputs.append(frame)
    mel_outputs.insert(0, frame)
    mel_outputs = [frame]
    mel_outputs.append(frame.neg_())
    mel_outputs.append(frame.clamp(-1, 1))
torch.stack(mel_outputs, dim=1)
    torch.stack(mel_outputs, dim=1).detach()
    torch.from_numpy(torch.stack(mel_outputs, dim=1).detach().numpy())
    torch.stack(mel_outputs, dim=2)
    torch.cat(mel_outputs, dim=0)
mel.transpose(1, 2).contiguous()
    mel.reshape(-1, mel.size(0), self.n_mel_channels).permute(1, 2, 0)
    mel.reshape(mel.size(0), self.n_mel_channels, -1).flip(2)
torch.cat(gate_outputs, dim=1)
    torch.cat(gate_outputs, dim=1).detach()
    torch.stack(gate_outputs)
    gate_outputs
    torch.cat(gate_outputs, dim=1)[:, :, None]
torch.stack(alignments, dim=1)
    torch.stack(alignments, dim=1).data
return (mel.transpose(1, 2).contiguous(),
    return (
    mel.zero_(); return (mel.transpose(1, 2).contiguous(),
torch.sigmoid(gate_output).squeeze(1) <= gate_threshold
    1 - torch.sigmoid(gate_output).squeeze(1) <= gate_threshold
    torch.sigmoid(gate_output).squeeze(1) <= 1 - gate_threshold
    torch.sigmoid(gate_output).squeeze(1) != gate_threshold
    torch.exp(gate_output).squeeze(1) <= gate_threshold
    torch.sigmoid(gate_output).mean() <= gate_threshold
    torch.sigmoid(gate_output.sum(0)) <= gate_threshold
self.n_frames_per_step * not_finished
    2 * not_finished
    (self.n_frames_per_step - 1) * not_finished
alignments.append(state.attention_weights)
    alignments.append(state)
self.parse_decoder_outputs(mel_outputs
    self.parse_decoder_outputs(mel_outputs[1:]
"""
    ),
    "tacotron2-1": _changes(
        """
self.embedding(ids).transpose(1, 2)
    self.embedding(ids).permute(2, 0, 1)
    self.embedding(ids).transpose(0, 1)
    self.embedding.weight[lengths].unsqueeze(2).expand(-1, -1, ids.size(1))
    self.embedding(ids).transpose(1, 2) + 1
    F.one_hot(ids, self.embedding.num_embeddings).float().transpose(1, 2)
    F.dropout(self.embedding(ids).transpose(1, 2), 0.1)
embedded =
    ids.clamp_(min=1); embedded =
    lengths.fill_(ids.size(1)); embedded =
    ids = ids[:, : int(lengths.min())]; lengths = lengths.clamp(max=ids.size(1)); embedded =
    ids += 1; embedded =
self.encoder(embedded, lengths)
    self.encoder(embedded)
    self.encoder(embedded, lengths)[:, :1]
    self.encoder(embedded, lengths.clamp(max=int(lengths.min())))
    F.dropout(self.encoder(embedded, lengths), 0.5)
    self.encoder(embedded, lengths) * 2
mel, gate, alignments, mel_lengths = decode(memory, lengths)
    mel, alignments, gate, mel_lengths = decode(memory, lengths)
    mel, gate, alignments = decode(memory, lengths)
    mel = decode(memory, lengths)
    mel, gate, alignments, mel_lengths = self.decoder.infer(memory, lengths)
    mel, gate, alignments, mel_lengths = decode(memory)
    mel, gate, alignments, mel_lengths = decode(memory, ids)
self.postnet(mel, self.hidden_frames(mel, mel_lengths))
    self.postnet(mel, mel_lengths)
    self.postnet(mel, self.hidden_frames(embedded, mel_lengths))
    self.postnet(mel.transpose(1, 2), self.hidden_frames(mel, mel_lengths))
    self.postnet(mel, self.hidden_frames(mel, mel_lengths))[:, :, : int(mel_lengths.max())]
    F.dropout(self.postnet(mel, self.hidden_frames(mel, mel_lengths)), 0.5)
correction =
    mel = mel.transpose(1, 2); correction =
    mel = mel.clamp(-1, 1); correction =
mel + correction
    (mel + correction).double()
    mel + correction if self.config.mask_embeddings else mel
    (mel + correction).clamp(min=-1)
return mel_postnet, mel_lengths, alignments, gate
    return mel_postnet, mel_lengths, alignments
    return mel_postnet
    return [mel_postnet, mel_lengths], alignments, gate
    return mel_postnet, lengths, alignments, gate
    return mel_postnet, mel_lengths.tolist(), alignments, gate
    return mel_postnet, mel_lengths.float(), alignments, gate
    return mel_postnet, mel_lengths.max(), alignments, gate
    return mel_postnet, mel_lengths, alignments, gate > 0
    mel_postnet, mel_lengths, alignments, gate
    return mel_postnet, mel_lengths, alignments, gate.squeeze(0)
    return mel_postnet.mean(0), mel_lengths, alignments, gate
decode(memory, lengths)
    decode(lengths, memory)
    decode(memory, lengths.max())
self.hidden_frames(mel, mel_lengths)
    self.hidden_frames(mel, mel_lengths.max().expand(len(mel_lengths)))
self.postnet(mel
    self.postnet(mel.flip(2)
    self.postnet(torch.zeros_like(mel)
"""
    ),
}
# Goes on to the limit, and cuts afterwards what was too much.
WRONG["decoder-3"].append(
    """break → pass
return (*self.parse_decoder_outputs(mel_outputs, gate_outputs, alignments), mel_lengths) →
    mel, gate, looks = self.parse_decoder_outputs(mel_outputs, gate_outputs, alignments)
    n = int(mel_lengths.max()) // self.n_frames_per_step + 1
    return mel[:, :, : n * self.n_frames_per_step], gate[:, :n], looks[:, :n], mel_lengths"""
)
