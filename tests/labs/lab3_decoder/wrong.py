"""Wrong fills of lab 3, as students write them from the notebook's text.

Each is what stands in a right cell (see ``cells.py``) and what stands there instead.
"""

from __future__ import annotations

Wrong = tuple[str, str, str]  # method, what stands there, what stands there instead

_GO = "memory.new_zeros(memory.size(0), self.n_frames_per_step * self.n_mel_channels)"
_A = "memory.new_zeros(B, self.attention_rnn_dim)"
_D = "memory.new_zeros(B, self.decoder_rnn_dim)"
_T = "memory.new_zeros(B, T_in)"
_C = "memory.new_zeros(B, D)"
_M = "self.attention_layer.memory_layer(memory)"


_ROWS = "memory.size(0), self.n_frames_per_step * self.n_mel_channels"


def _go(new: str) -> Wrong:
    return "get_go_frame", _GO, new


def _begin(old: str, new: str) -> Wrong:
    return "initialize_decoder_states", old, new


START: list[Wrong] = [
    _go("memory[:, 0]"),
    _go("memory[:, -1]"),
    _go("torch.zeros(memory.size(0), self.n_frames_per_step * self.n_mel_channels)"),
    _go("torch.zeros(memory.size(0), self.n_frames_per_step * self.n_mel_channels).double()"),
    _go("torch.zeros_like(memory)"),
    _go("torch.zeros_like(memory[:, 0])"),
    _go("memory.new_zeros(memory.size(0), self.n_mel_channels)"),
    _go("memory.new_zeros(memory.size(0), self.n_mel_channels, self.n_frames_per_step)"),
    _go("memory.new_zeros(memory.size(0), self.n_frames_per_step, self.n_mel_channels)"),
    _go("memory.new_zeros(self.n_frames_per_step * self.n_mel_channels)"),
    _go("memory.new_zeros(1, self.n_frames_per_step * self.n_mel_channels)"),
    _go("memory.new_zeros(memory.size(1), self.n_frames_per_step * self.n_mel_channels)"),
    _go("memory.new_zeros(memory.size(0), 1, self.n_frames_per_step * self.n_mel_channels)"),
    _go("memory.new_zeros(1, memory.size(0), self.n_frames_per_step * self.n_mel_channels)"),
    _go("memory.new_zeros(memory.size(0), 80)"),
    _go("memory.new_zeros(memory.size(0), self.n_frames_per_step * 80)"),
    _go("memory.new_zeros(memory.size(0), self.n_frames_per_step)"),
    _go("memory.new_ones(memory.size(0), self.n_frames_per_step * self.n_mel_channels)"),
    _go("torch.rand(memory.size(0), self.n_frames_per_step * self.n_mel_channels).to(memory)"),
    _go("torch.full((memory.size(0), self.n_frames_per_step * self.n_mel_channels), -11.5129)"),
    _go(f"self.prenet(memory.new_zeros({_ROWS}))"),
    _go(f"torch.zeros({_ROWS}, dtype=torch.long)"),
    _go(f"torch.zeros({_ROWS}, device='cpu', dtype=memory.dtype)"),
    _go(f"torch.zeros({_ROWS}, device=memory.device)"),
    _go("[0.0] * self.n_mel_channels"),
    _go("None"),
    _begin(_A, "memory.new_zeros(1, B, self.attention_rnn_dim)"),
    _begin(_A, "memory.new_zeros(B, T_in, self.attention_rnn_dim)"),
    _begin(_A, "torch.zeros(B, self.attention_rnn_dim)"),
    _begin(_A, "memory.new_ones(B, self.attention_rnn_dim)"),
    _begin(_A, _D),
    _begin(_A, "memory.new_zeros(B, D)"),
    _begin(_A, "memory.new_zeros(self.attention_rnn_dim)"),
    _begin(_A, "memory.new_zeros(B, self.attention_rnn_dim).requires_grad_().double()"),
    _begin(_D, _A),
    _begin(_D, "torch.randn(B, self.decoder_rnn_dim).to(memory)"),
    _begin(_D, "memory.new_zeros(self.decoder_rnn_dim, B)"),
    _begin(_D, "torch.zeros(B, self.decoder_rnn_dim, dtype=memory.dtype)"),
    _begin("new_zeros", "new_ones"),
    _begin("memory.new_zeros", "torch.zeros"),
    _begin("B, T_in, D = memory.shape", "T_in, B, D = memory.shape"),
    _begin("B, T_in, D = memory.shape", "B, D, T_in = memory.shape"),
    _begin(f"{_T},\n            {_T}", f"memory.new_ones(B, T_in) / T_in,\n            {_T}"),
    _begin(f"{_T},\n            {_T}", f"{_T},\n            memory.new_ones(B, T_in) / T_in"),
    _begin(f"{_T},\n            {_T}", f"{_T},\n            memory.new_ones(B, T_in)"),
    _begin(_T, "torch.eye(B, T_in).to(memory)"),
    _begin(_T, "memory.new_zeros(B, 1, T_in)"),
    _begin(_T, "memory.new_zeros(B, T_in, 1)"),
    _begin(_T, "memory.new_zeros(B, D)"),
    _begin(f"{_T},\n            {_T}", "memory.new_zeros(B, 2, T_in)"),
    _begin(_C, "memory.mean(1)"),
    _begin(_C, "memory.sum(dim=1)"),
    _begin(_C, "memory[:, -1, :]"),
    _begin(_C, "memory[:, 0]"),
    _begin(_C, "memory.new_zeros(B, 1, D)"),
    _begin(_C, _A),
    _begin(_C, _T),
    _begin(_C, "torch.zeros_like(memory)"),
    _begin(_M, "memory"),
    _begin(_M, "self.attention_layer.memory_layer(memory).transpose(1, 2)"),
    _begin(_M, "torch.tanh(self.attention_layer.memory_layer(memory))"),
    _begin(_M, "self.attention_layer.query_layer(memory)"),
    _begin(_M, "self.attention_layer.memory_layer(memory).detach()"),
    _begin(_M, "self.attention_layer.memory_layer(memory.detach())"),
    _begin(_M, "self.attention_layer.memory_layer(memory.data)"),
    _begin(_M, "self.attention_layer.memory_layer(memory.clone().detach())"),
    _begin(_M, "torch.no_grad()(self.attention_layer.memory_layer)(memory)"),
    _begin(_M, "F.linear(memory, self.attention_layer.memory_layer.linear_layer.weight.detach())"),
    _begin(_M, "torch.zeros_like(self.attention_layer.memory_layer(memory))"),
    _begin(_M, "self.attention_layer.memory_layer(memory.mul_(1.0001))"),
    _begin(_M, "self.attention_layer.memory_layer(memory.mean(1))"),
    _begin(_M, "memory.new_zeros(B, T_in, self.attention_layer.v.linear_layer.in_features)"),
    _begin(_M, "None"),
    _begin("return DecoderState(", "return torch.cat(("),
    _begin(
        "B, T_in, D = memory.shape",
        "B, T_in, D = memory.shape\n        memory = memory.detach()",
    ),
    _begin(
        "B, T_in, D = memory.shape",
        "torch.set_grad_enabled(False)\n        B, T_in, D = memory.shape",
    ),
]

_CELL = "(state.attention_hidden, state.attention_cell)"
_DCELL = "(state.decoder_hidden, state.decoder_cell)"
_IN = "(decoder_input, state.attention_context)"
_PAST = "(state.attention_weights, state.attention_weights_cum)"
_ASK = "attention_hidden, memory, state.processed_memory, past, mask"
_SPEAK = "torch.cat((attention_hidden, context), dim=1)"
_BOTH = "torch.cat((decoder_hidden, context), dim=1)"
_HAND = (
    "attention_hidden, attention_cell, decoder_hidden, decoder_cell,\n"
    "            weights, state.attention_weights_cum + weights, context, state.processed_memory,"
)
_SUM = "state.attention_weights_cum + weights"
_HEAR = "self.prenet(frame, dropout=prenet_dropout, generator=generator)"


def _step(old: str, new: str) -> Wrong:
    return "decode", old, new


def _hand(old: str, new: str) -> Wrong:
    return "decode", _HAND, _HAND.replace(old, new)


def _loop(old: str, new: str) -> Wrong:
    return "steps", old, new


STEP: list[Wrong] = [
    _step(_CELL, "(state.attention_cell, state.attention_hidden)"),
    _step(_CELL, _DCELL),
    _step(f"cell_input, {_CELL}", "cell_input"),
    _step(f"cell_input, {_CELL}", "cell_input, None"),
    _step(_CELL, "(state.attention_hidden, torch.zeros_like(state.attention_cell))"),
    _step(_CELL, "(state.attention_hidden, state.attention_hidden)"),
    _step(_DCELL, "(state.decoder_cell, state.decoder_hidden)"),
    _step(_DCELL, _CELL),
    _step(_DCELL, "(attention_hidden, attention_cell)"),
    _step(_DCELL, "None"),
    _step(_IN, "(state.attention_context, decoder_input)"),
    _step(f"{_IN}, dim=1", f"{_IN}, dim=0"),
    _step(_IN, "(decoder_input, memory.mean(1))"),
    _step(f"torch.cat({_IN}, dim=1)", "decoder_input"),
    _step(_PAST, "(state.attention_weights_cum, state.attention_weights)"),
    _step(_PAST, "(state.attention_weights, state.attention_weights)"),
    _step(_PAST, "(state.attention_weights_cum, state.attention_weights_cum)"),
    _step(
        _PAST, "(state.attention_weights, state.attention_weights_cum + state.attention_weights)"
    ),
    _step(f"torch.stack({_PAST}, dim=1)", f"torch.stack({_PAST}, dim=2)"),
    _step(f"torch.stack({_PAST}, dim=1)", f"torch.cat({_PAST}, dim=1)"),
    _step(_ASK, "state.attention_hidden, memory, state.processed_memory, past, mask"),
    _step(_ASK, "attention_cell, memory, state.processed_memory, past, mask"),
    _step(_ASK, "state.decoder_hidden, memory, state.processed_memory, past, mask"),
    _step(_ASK, "decoder_input, memory, state.processed_memory, past, mask"),
    _step(_ASK, "state.attention_context, memory, state.processed_memory, past, mask"),
    _step(_ASK, "attention_hidden, memory, memory, past, mask"),
    _step(_ASK, "attention_hidden, state.processed_memory, memory, past, mask"),
    _step(_ASK, "attention_hidden, state.processed_memory, state.processed_memory, past, mask"),
    _step(_ASK, "attention_hidden, memory, state.processed_memory, past, None"),
    _step(_ASK, "attention_hidden, memory, state.processed_memory, past, ~mask"),
    _step("context, weights = self", "weights, context = self"),
    _step("past, mask\n", "past.detach(), mask\n"),
    _step(_SPEAK, "torch.cat((context, attention_hidden), dim=1)"),
    _step(_SPEAK, "torch.cat((attention_hidden, state.attention_context), dim=1)"),
    _step(_SPEAK, "torch.cat((attention_cell, context), dim=1)"),
    _step(_SPEAK, "torch.cat((state.attention_hidden, context), dim=1)"),
    _step(_SPEAK, "torch.cat((decoder_input, context), dim=1)"),
    _step(_SPEAK, "torch.cat((attention_hidden, context.detach()), dim=1)"),
    _step(_BOTH, "torch.cat((context, decoder_hidden), dim=1)"),
    _step(_BOTH, "torch.cat((decoder_hidden, state.attention_context), dim=1)"),
    _step(_BOTH, "torch.cat((decoder_cell, context), dim=1)"),
    _step(_BOTH, "torch.cat((state.decoder_hidden, context), dim=1)"),
    _step(_BOTH, "torch.cat((attention_hidden, context), dim=1)"),
    _step("self.linear_projection(both)", "torch.tanh(self.linear_projection(both))"),
    _step("self.linear_projection(both)", "torch.sigmoid(self.linear_projection(both))"),
    _step("self.linear_projection(both)", "F.relu(self.linear_projection(both))"),
    _step("self.linear_projection(both)", "self.linear_projection(both).detach()"),
    _step("self.gate_layer(both)", "torch.sigmoid(self.gate_layer(both))"),
    _step("self.gate_layer(both)", "self.gate_layer(both).squeeze(1)"),
    _step("self.gate_layer(both)", "self.gate_layer(both) > 0"),
    _step("self.gate_layer(both)", "-self.gate_layer(both)"),
    _step("self.gate_layer(both)", "self.gate_layer(both).data"),
    _step("self.gate_layer(both)", "self.gate_layer(both).clamp(0, 1)"),
    _step("return mel_output, gate_output,", "return gate_output, mel_output,"),
    _step(
        "F.dropout(attention_hidden, self.p_attention_dropout, self.training)", "attention_hidden"
    ),
    _step("F.dropout(decoder_hidden, self.p_decoder_dropout, self.training)", "decoder_hidden"),
    _step(", self.training)", ")"),
    _step("self.p_decoder_dropout, self.training", "0.5, True"),
    _hand(_SUM, "state.attention_weights_cum.add_(weights)"),
    _hand(_SUM, "state.attention_weights_cum.add_(weights.detach())"),
    _hand(_SUM, "state.attention_weights_cum"),
    _hand(_SUM, "weights"),
    _hand(_SUM, "state.attention_weights + weights"),
    _hand(_SUM, "state.attention_weights_cum + state.attention_weights"),
    _hand(_SUM, "(state.attention_weights_cum + weights) / 2"),
    _hand(_SUM, "state.attention_weights_cum + weights.detach()"),
    _hand("weights, state", "state.attention_weights, state"),
    _hand(f"weights, {_SUM}", f"{_SUM}, weights"),
    _hand("attention_hidden, attention_cell", "attention_cell, attention_hidden"),
    _hand("decoder_hidden, decoder_cell", "decoder_cell, decoder_hidden"),
    _hand("attention_hidden, attention_cell", "state.attention_hidden, state.attention_cell"),
    _hand("attention_hidden, attention_cell", "attention_hidden, state.attention_cell"),
    _hand("decoder_hidden, decoder_cell", "decoder_hidden, state.decoder_cell"),
    _hand("decoder_hidden, decoder_cell", "state.decoder_hidden, decoder_cell"),
    _hand("context,", "state.attention_context,"),
    _hand("context,", "context.detach(),"),
    _hand("state.processed_memory", "memory"),
    _hand("state.processed_memory", "torch.tanh(state.processed_memory)"),
    _step("cell_input = ", "memory += 0.001\n        cell_input = "),
    _step("cell_input = ", "state.attention_context.zero_()\n        cell_input = "),
    _step("cell_input = ", "state.attention_hidden.mul_(1.5)\n        cell_input = "),
    _step("cell_input = ", "decoder_input.clamp_(0, 1)\n        cell_input = "),
    _step("cell_input = ", "state.processed_memory.tanh_()\n        cell_input = "),
    _step(
        "cell_input = ",
        "self.before = state = getattr(self, 'before', state)\n        cell_input = ",
    ),
    _step(
        "        attention_hidden, attention_cell = self.att",
        "        self.calls = getattr(self, 'calls', 0) + 1\n"
        "        cell_input = cell_input * self.calls\n"
        "        attention_hidden, attention_cell = self.att",
    ),
    _loop(_HEAR, "frame"),
    _loop(_HEAR, "self.prenet(frame)"),
    _loop(_HEAR, "self.prenet(frame, dropout=False)"),
    _loop(_HEAR, "self.prenet(frame, dropout=True, generator=generator)"),
    _loop(_HEAR, "self.prenet(frame, dropout=self.training, generator=generator)"),
    _loop(_HEAR, "self.prenet(frame, dropout=not prenet_dropout, generator=generator)"),
    _loop(_HEAR, "self.prenet(frame, dropout=prenet_dropout)"),
    _loop(_HEAR, "self.prenet(frame, dropout=prenet_dropout, generator=torch.Generator())"),
    _loop(
        _HEAR,
        "self.prenet(frame, dropout=prenet_dropout, "
        "generator=None if generator is None else torch.Generator())",
    ),
    _loop(
        _HEAR,
        "self.prenet(frame, dropout=prenet_dropout, "
        "generator=None if generator is None else generator.manual_seed(0))",
    ),
    _loop(_HEAR, f"self.prenet({_HEAR})"),
    _loop("memory, mask)", "memory, None)"),
    _loop("memory, mask)", "memory, ~mask)"),
    _loop("frame, gate_output, state = self", "mel, gate_output, state = self"),
    _loop("frame, gate_output, state = self", "frame, gate_output, new = self"),
    _loop("while True", "for _ in range(self.max_decoder_steps)"),
    _loop("while True", "for _ in range(1000)"),
    _loop("while True", "if True"),
    _loop("yield frame, gate_output, state", "yield gate_output, frame, state"),
    _loop("yield frame, gate_output, state", "yield decoder_input, gate_output, state"),
    _loop("yield frame, gate_output, state", "yield frame, gate_output"),
    _loop("yield frame, gate_output, state", "return frame, gate_output, state"),
    _loop(
        "yield frame, gate_output, state",
        "yield frame, gate_output, state\n"
        "            if (torch.sigmoid(gate_output) > self.gate_threshold).all():\n"
        "                return",
    ),
]

_TAKE = "islice(steps, max_decoder_steps)"
_FIRED = "torch.sigmoid(gate_output)[:, 0] <= gate_threshold"
_COUNT = "mel_lengths += self.n_frames_per_step * not_finished"
_STOP = "if self.early_stopping and not not_finished.any():"
_END = "return (*self.parse_decoder_outputs(mel_outputs, gate_outputs, alignments), mel_lengths)"
_STACK = "torch.stack(mel_outputs, dim=1)"
_SHAPE = "mel.reshape(mel.size(0), -1, self.n_mel_channels).transpose(1, 2)"
_GATES = "torch.cat(gate_outputs, dim=1)"
_LOOKS = "torch.stack(alignments, dim=1)"
_PARSED = "mel, gate, looks = self.parse_decoder_outputs(mel_outputs, gate_outputs, alignments)"


def _infer(old: str, new: str) -> Wrong:
    return "infer", old, new


def _parse(old: str, new: str) -> Wrong:
    return "parse_decoder_outputs", old, new


END: list[Wrong] = [
    _infer(_FIRED, "gate_output[:, 0] <= gate_threshold"),
    _infer(_FIRED, "torch.sigmoid(gate_output)[:, 0] < gate_threshold"),
    _infer(_FIRED, "torch.sigmoid(gate_output)[:, 0] > gate_threshold"),
    _infer(_FIRED, "torch.sigmoid(gate_output)[:, 0] <= 0.5"),
    _infer(_FIRED, "torch.sigmoid(gate_output)[:, 0] <= self.gate_threshold"),
    _infer(_FIRED, "gate_output[:, 0] <= 0"),
    _infer(_FIRED, "torch.softmax(gate_output, dim=1)[:, 0] <= gate_threshold"),
    _infer(_FIRED, "torch.tanh(gate_output)[:, 0] <= gate_threshold"),
    _infer(_FIRED, "torch.sigmoid(torch.sigmoid(gate_output))[:, 0] <= gate_threshold"),
    _infer(_FIRED, "torch.sigmoid(gate_output) <= gate_threshold"),
    _infer(_FIRED, "(torch.sigmoid(gate_output)[:, 0] <= gate_threshold).all()"),
    _infer(_FIRED, "torch.sigmoid(gate_output)[0, 0] <= gate_threshold"),
    _infer(_FIRED, "torch.sigmoid(gate_output).round()[:, 0] == 0"),
    _infer("not_finished & (", "("),
    _infer("not_finished & (", "not_finished | ("),
    _infer(_COUNT, "mel_lengths += not_finished"),
    _infer(_COUNT, "mel_lengths += self.n_frames_per_step"),
    _infer(_COUNT, "mel_lengths += self.n_frames_per_step * ~not_finished"),
    _infer(_COUNT, "mel_lengths += self.n_frames_per_step * not_finished.any()"),
    _infer(_COUNT, "mel_lengths += self.n_frames_per_step * not_finished.all()"),
    _infer(_COUNT, "mel_lengths += self.n_frames_per_step * self.n_mel_channels * not_finished"),
    _infer(_COUNT, "mel_lengths[0] += self.n_frames_per_step * not_finished[0]"),
    _infer(_COUNT, "pass"),
    _infer(_END, _END.replace(", mel_lengths)", ", mel_lengths + 1)")),
    _infer(_END, _END.replace(", mel_lengths)", ", mel_lengths - 1)")),
    _infer(_END, _END.replace(", mel_lengths)", ", mel_lengths + self.n_frames_per_step)")),
    _infer(_END, _END.replace(", mel_lengths)", ", mel_lengths.float())")),
    _infer(_END, _END.replace(", mel_lengths)", ", mel_lengths.double())")),
    _infer(_END, _END.replace(", mel_lengths)", ", mel_lengths.to(torch.int16))")),
    _infer(_END, _END.replace(", mel_lengths)", ", mel_lengths.tolist())")),
    _infer(_END, _END.replace(", mel_lengths)", ", mel_lengths.max())")),
    _infer(_END, _END.replace(", mel_lengths)", ", mel_lengths.unsqueeze(1))")),
    _infer(_END, _END.replace(", mel_lengths)", ", memory_lengths)")),
    _infer(_END, _END.replace(", mel_lengths)", ", len(mel_outputs))")),
    _infer(_END, "return self.parse_decoder_outputs(mel_outputs, gate_outputs, alignments)"),
    _infer(_END, "return mel_outputs, gate_outputs, alignments, mel_lengths"),
    _infer(_END, f"{_PARSED}\n        return mel, looks, gate, mel_lengths"),
    _infer(_END, f"{_PARSED}\n        return mel, mel_lengths, looks, gate"),
    _infer(
        _END, f"{_PARSED}\n        return mel[:, :, : mel_lengths.max()], gate, looks, mel_lengths"
    ),
    _infer(_END, f"{_PARSED}\n        return mel, gate.sigmoid(), looks, mel_lengths"),
    _infer(
        _END,
        f"{_PARSED}\n        hidden = padding_mask(mel_lengths, mel.size(2))\n"
        "        return mel.masked_fill(hidden[:, None], 0), gate, looks, mel_lengths",
    ),
    _infer(_STOP, "if self.early_stopping and not not_finished.all():"),
    _infer(_STOP, "if self.early_stopping and not not_finished[0]:"),
    _infer(_STOP, "if self.early_stopping and not not_finished[-1]:"),
    _infer(_STOP, "if not not_finished.any():"),
    _infer(_STOP, "if not self.early_stopping and not not_finished.any():"),
    _infer(_STOP, "if self.early_stopping and not_finished.any():"),
    _infer(_STOP, "if False:"),
    _infer(_STOP, "if self.early_stopping and len(mel_outputs) > mel_lengths.max():"),
    _infer(_TAKE, "islice(steps, max_decoder_steps - 1)"),
    _infer(_TAKE, "islice(steps, max_decoder_steps + 1)"),
    _infer(_TAKE, "islice(steps, self.max_decoder_steps)"),
    _infer(_TAKE, "islice(steps, 1000)"),
    _infer(_TAKE, "islice(steps, max_decoder_steps * self.n_frames_per_step)"),
    _infer(_TAKE, "islice(steps, max_decoder_steps // self.n_frames_per_step)"),
    _infer(_TAKE, "islice(steps, 1, max_decoder_steps)"),
    _infer(_TAKE, "steps"),
    _infer("attention_weights", "attention_weights_cum"),
    _infer("state.attention_weights", "state.attention_context"),
    _infer("gate_outputs.append(gate_output)", "gate_outputs.append(torch.sigmoid(gate_output))"),
    _infer("gate_outputs.append(gate_output)", "gate_outputs.append(gate_output.squeeze(1))"),
    _infer("mel_outputs.append(frame)", "mel_outputs.append(frame * not_finished.unsqueeze(1))"),
    _infer("mel_outputs.append(frame)", "mel_outputs.insert(0, frame)"),
    _infer("mel_outputs.append(frame)", "mel_outputs = [frame]"),
    _infer(
        "mel_outputs.append(frame)", "frame.mul_(1)\n            mel_outputs.append(frame.neg_())"
    ),
    _infer("alignments.append(state.attention_weights)", "alignments.append(state)"),
    (
        "infer",
        f"            {_STOP}\n                break\n",
        "",
    ),
    (
        "infer",
        f"            {_STOP}\n                break\n        {_END}",
        f"        {_PARSED}\n        n = int(mel_lengths.max()) // self.n_frames_per_step + 1\n"
        "        return (mel[:, :, : n * self.n_frames_per_step], gate[:, :n], looks[:, :n], "
        "mel_lengths)",
    ),
    _parse(_STACK, "torch.stack(mel_outputs)"),
    _parse(_STACK, "torch.stack(mel_outputs, dim=2)"),
    _parse(_STACK, "torch.stack(mel_outputs[::-1], dim=1)"),
    _parse(_STACK, "torch.stack(mel_outputs, dim=1).detach()"),
    _parse(_STACK, "torch.from_numpy(torch.stack(mel_outputs, dim=1).detach().numpy())"),
    _parse(_STACK, "torch.cat(mel_outputs, dim=0)"),
    _parse(_SHAPE, "mel.transpose(1, 2)"),
    _parse(_SHAPE, "mel"),
    _parse(_SHAPE, "mel.reshape(mel.size(0), -1, self.n_mel_channels)"),
    _parse(_SHAPE, "mel.reshape(mel.size(0), self.n_mel_channels, -1)"),
    _parse(_SHAPE, "mel.transpose(1, 2).reshape(mel.size(0), self.n_mel_channels, -1)"),
    _parse(
        _SHAPE,
        "mel.unflatten(2, (self.n_mel_channels, -1)).transpose(2, 3).flatten(1, 2).transpose(1, 2)",
    ),
    _parse(_SHAPE, "mel.reshape(-1, mel.size(0), self.n_mel_channels).permute(1, 2, 0)"),
    _parse(_SHAPE, "mel[:, :, : self.n_mel_channels].transpose(1, 2)"),
    _parse(_GATES, "torch.stack(gate_outputs, dim=1)"),
    _parse(_GATES, "torch.stack(gate_outputs)"),
    _parse(_GATES, "torch.cat(gate_outputs)"),
    _parse(_GATES, "torch.cat(gate_outputs, dim=1).t()"),
    _parse(_GATES, "torch.stack(gate_outputs, dim=2)"),
    _parse(_GATES, "torch.cat(gate_outputs, dim=1).sigmoid()"),
    _parse(_GATES, "torch.cat(gate_outputs, dim=1).detach()"),
    _parse(_GATES, "gate_outputs"),
    _parse(_LOOKS, "torch.stack(alignments)"),
    _parse(_LOOKS, "torch.stack(alignments, dim=2)"),
    _parse(_LOOKS, "torch.cat(alignments, dim=1)"),
    _parse(_LOOKS, "torch.stack(alignments, dim=1).cumsum(1)"),
    _parse(_LOOKS, "torch.stack(alignments, dim=1).data"),
    _parse(f"{_GATES}, {_LOOKS}", f"{_LOOKS}, {_GATES}"),
    _parse("return mel, ", "return "),
    _parse("return mel, ", "mel.zero_()\n        return mel, "),
]

WRONG: dict[str, list[Wrong]] = {"decoder-1": START, "decoder-2": STEP, "decoder-3": END}
