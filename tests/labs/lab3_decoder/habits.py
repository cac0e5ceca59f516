"""More wrong fills of lab 3: slips of the hand, habits from elsewhere, and half-read sentences.

They are written as those of ``wrong.py`` and ``wrong_predict.py`` are.
"""

from __future__ import annotations

from labs.lab3_decoder import wrong as way
from labs.lab3_decoder.wrong_predict import ADD, ANSWER, CORRECT, DECODE, EMBED, ENCODE, HIDE

_go, _begin, _step, _hand, _loop, _infer, _parse = (
    way._go,
    way._begin,
    way._step,
    way._hand,
    way._loop,
    way._infer,
    way._parse,
)
_FIRST = "B, T_in, D = memory.shape"
_ROW = "self.n_frames_per_step * self.n_mel_channels"

START: list[way.Wrong] = [
    _go("memory.new_zeros(memory.size(0), self.n_mel_channels // self.n_frames_per_step)"),
    _go(f"memory.new_zeros(memory.size(0), 2 * {_ROW})"),
    _go(f"memory.new_zeros({_ROW}, memory.size(0))"),
    _go(f"memory.new_empty(memory.size(0), {_ROW}).fill_(-1)"),
    _go(f"memory.new_empty(memory.size(0), {_ROW}).normal_()"),
    _go(f"memory.mean(dim=(1, 2))[:, None].expand(-1, {_ROW})"),
    _go(f"memory.new_zeros(memory.size(0), {_ROW}).unsqueeze(1)"),
    _go(f"memory.new_zeros(memory.size(0), memory.size(1), {_ROW}).transpose(0, 1)"),
    _go("memory.new_zeros(memory.size(0), self.attention_rnn_dim)"),
    _go("memory.new_zeros(memory.size(0), self.decoder_rnn_dim)"),
    _begin("memory.new_zeros(B, D)", "memory.max(dim=1).values"),
    _begin("memory.new_zeros(B, D)", "memory.new_ones(B, D)"),
    _begin("memory.new_zeros(B, D)", "torch.rand(B, D).to(memory)"),
    _begin("memory.new_zeros(B, T_in)", "memory.new_zeros(B, T_in).softmax(1)"),
    _begin("memory.new_zeros(B, T_in)", "memory.new_zeros(T_in, B)"),
    _begin("memory.new_zeros(B, T_in)", "torch.rand(B, T_in).to(memory)"),
    _begin("memory.new_zeros(B, self.attention_rnn_dim)", "memory.new_zeros(B, D).tanh()"),
    _begin(way._M, "self.attention_layer.memory_layer(F.normalize(memory, dim=2))"),
    _begin(way._M, "self.attention_layer.memory_layer(memory) + 1"),
    _begin(way._M, "F.relu(self.attention_layer.memory_layer(memory))"),
    _begin(way._M, "F.dropout(self.attention_layer.memory_layer(memory), 0.5)"),
    _begin(way._M, "self.attention_layer.memory_layer(memory).softmax(1)"),
    _begin(way._M, "self.attention_layer.memory_layer(memory.flip(1))"),
    _begin(way._M, "self.attention_layer.memory_layer(memory).permute(1, 0, 2)"),
    _begin(
        "            self.attention_layer.memory_layer(memory),\n",
        "            memory.new_zeros(B, self.decoder_rnn_dim),\n",
    ),
    _begin(_FIRST, f"{_FIRST}\n        memory.sub_(memory.mean(1, keepdim=True))"),
]

STEP: list[way.Wrong] = [
    _step(way._IN, "(decoder_input.relu(), state.attention_context.relu())"),
    _step(way._IN, "(decoder_input, torch.zeros_like(state.attention_context))"),
    _step(way._IN, "(torch.zeros_like(decoder_input), state.attention_context)"),
    _step(way._PAST, "(torch.zeros_like(state.attention_weights), state.attention_weights_cum)"),
    _step(
        way._PAST,
        "(state.attention_weights, state.attention_weights_cum.softmax(1))",
    ),
    _step("past, mask\n", "past, mask if self.training else None\n"),
    _step("past, mask\n", "past, None if mask is None else mask.logical_not()\n"),
    _step(way._SPEAK, "torch.cat((attention_hidden, memory.mean(1)), dim=1)"),
    _step(way._SPEAK, "torch.cat((torch.tanh(attention_hidden), context), dim=1)"),
    _step(way._SPEAK, "torch.cat((attention_hidden, torch.zeros_like(context)), dim=1)"),
    _step(way._BOTH, "torch.cat((decoder_hidden.tanh(), context), dim=1)"),
    _step(way._BOTH, "torch.cat((decoder_hidden, torch.zeros_like(context)), dim=1)"),
    _step("self.linear_projection(both)", "self.linear_projection(F.dropout(both, 0.5))"),
    _step("self.linear_projection(both)", "self.linear_projection(both.relu())"),
    _step("self.gate_layer(both)", "F.logsigmoid(self.gate_layer(both))"),
    _step("self.gate_layer(both)", "self.gate_layer(both).unsqueeze(0)"),
    _hand(way._SUM, "torch.maximum(state.attention_weights_cum, weights)"),
    _hand(way._SUM, "(state.attention_weights_cum + weights).clamp(max=1)"),
    _hand(way._SUM, "F.normalize(state.attention_weights_cum + weights, p=1, dim=1)"),
    _hand("context, state.processed_memory", "state.processed_memory, context"),
    _hand("context,", "memory.mean(1),"),
    _loop(
        "            yield frame", "            frame = frame.clamp(-1, 1)\n            yield frame"
    ),
    _loop(way._HEAR, "self.prenet(-frame, dropout=prenet_dropout, generator=generator)"),
    _loop("yield frame, gate_output, state", "yield frame, torch.sigmoid(gate_output), state"),
    _loop("yield frame, gate_output, state", "yield (frame, gate_output, state.attention_weights)"),
    _loop(
        "        while True",
        "        frame = torch.randn_like(frame)\n        while True",
    ),
    _loop(
        "yield frame, gate_output, state",
        "state = state._replace(attention_weights_cum=state.attention_weights)\n"
        "            yield frame, gate_output, state",
    ),
]

END: list[way.Wrong] = [
    _infer(way._FIRED, "(1 - torch.sigmoid(gate_output))[:, 0] <= gate_threshold"),
    _infer(way._FIRED, "torch.sigmoid(gate_output)[:, 0] <= 1 - gate_threshold"),
    _infer(way._FIRED, "torch.sigmoid(gate_output)[:, 0] != gate_threshold"),
    _infer(way._FIRED, "torch.exp(gate_output)[:, 0] <= gate_threshold"),
    _infer(way._FIRED, "torch.sigmoid(gate_output).mean() <= gate_threshold"),
    _infer(way._FIRED, "torch.sigmoid(gate_output.sum(0)) <= gate_threshold"),
    _infer("not_finished = not_finished & (", "not_finished = not_finished ^ ("),
    _infer(way._COUNT, "mel_lengths = self.n_frames_per_step * not_finished"),
    _infer(way._COUNT, "mel_lengths += 2 * not_finished"),
    _infer(way._COUNT, "mel_lengths += self.n_mel_channels * not_finished"),
    _infer(way._COUNT, "mel_lengths += (self.n_frames_per_step - 1) * not_finished"),
    _infer(way._STOP, "if self.early_stopping and not_finished.sum() <= 1:"),
    _infer(way._STOP, "if not self.early_stopping and not not_finished.any():"),
    _infer(way._STOP, "if self.early_stopping or not not_finished.any():"),
    _infer("mel_outputs.append(frame)", "mel_outputs.append(frame.clamp(-1, 1))"),
    _infer("gate_outputs.append(gate_output)", "gate_outputs.append(gate_output > 0)"),
    _infer("alignments.append(state.attention_weights)", "alignments.append(state)"),
    _infer(
        way._END, way._END.replace("(mel_outputs, gate_outputs,", "(mel_outputs[1:], gate_outputs,")
    ),
    _infer(way._END, way._END.replace("alignments), mel_lengths)", "alignments),)")),
    _infer(way._END, way._END.replace(", mel_lengths)", ", mel_lengths.clamp(min=1))")),
    _infer(way._END, way._END.replace(", mel_lengths)", ", mel_lengths.sort().values)")),
    _parse(way._STACK, "torch.stack(mel_outputs[::-1], dim=1)"),
    _parse(way._SHAPE, "mel.transpose(1, 2).reshape(mel.size(0), self.n_mel_channels, -1)"),
    _parse(way._SHAPE, "mel[..., : self.n_mel_channels].transpose(1, 2)"),
    _parse(way._SHAPE, "mel.reshape(mel.size(0), self.n_mel_channels, -1).flip(2)"),
    _parse(way._GATES, "torch.stack(gate_outputs).view(mel.size(0), -1)"),
    _parse(way._GATES, "torch.cat(gate_outputs, dim=1)[:, :, None]"),
    _parse(way._LOOKS, "torch.stack(alignments, dim=1).softmax(2)"),
    _parse(way._LOOKS, "torch.stack(alignments, dim=2)"),
    _parse(way._LOOKS, "torch.stack(alignments, dim=1).cumsum(1)"),
]

PREDICT: list[tuple[str, str]] = [
    (EMBED, f"{EMBED}.softmax(1)"),
    (EMBED, f"{EMBED}.contiguous() + 1"),
    (EMBED, "x = F.normalize(self.embedding(ids), dim=2).transpose(1, 2)"),
    (EMBED, "x = self.embedding(ids).transpose(1, 2).flip(2)"),
    (EMBED, "x = F.one_hot(ids, self.embedding.num_embeddings).float().transpose(1, 2)"),
    (EMBED, "x = F.dropout(self.embedding(ids).transpose(1, 2), 0.1)"),
    (EMBED, "x = self.embedding(ids + 1).transpose(1, 2)"),
    (EMBED, "ids += 1\nx = self.embedding(ids).transpose(1, 2)"),
    (ENCODE, "memory = self.encoder(x, lengths - 1)"),
    (ENCODE, "memory = self.encoder(x, lengths).relu()"),
    (ENCODE, "memory = self.encoder(x, lengths)\nmemory = F.normalize(memory, dim=2)"),
    (ENCODE, "memory = F.dropout(self.encoder(x, lengths), 0.5)"),
    (ENCODE, "memory = self.encoder(x, lengths) * 2"),
    (DECODE, "mel, gate, alignments, n = decode(lengths, memory)"),
    (DECODE, "mel, gate, alignments, n = decode(memory, lengths - 1)"),
    (DECODE, "mel, gate, alignments, n = decode(memory, lengths.max())"),
    (DECODE, f"{DECODE}\nmel = mel.clamp(-1, 1)"),
    (
        DECODE,
        f"{DECODE}\nmel = mel.masked_fill((torch.arange(mel.size(2)) >= n[:, None])[:, None], 0)",
    ),
    (HIDE, "hidden = self.hidden_frames(mel, n.max().expand(len(n)))"),
    (CORRECT, "correction = F.relu(self.postnet(mel, hidden))"),
    (CORRECT, "correction = F.dropout(self.postnet(mel, hidden), 0.5)"),
    (CORRECT, "correction = self.postnet(mel.flip(2), hidden)"),
    (CORRECT, "correction = self.postnet(torch.zeros_like(mel), hidden)"),
    (ADD, "post = torch.maximum(mel, correction)"),
    (ADD, "post = mel + 0.5 * correction"),
    (ADD, "post = (mel + correction).relu()"),
    (ADD, "post = (mel + correction).clamp(min=-1)"),
    (ANSWER, "return post, n, alignments, gate.squeeze(0)"),
    (ANSWER, "return post, n, alignments.softmax(2), gate"),
    (ANSWER, "return post.mean(0), n, alignments, gate"),
]

MORE = {"decoder-1": START, "decoder-2": STEP, "decoder-3": END}
