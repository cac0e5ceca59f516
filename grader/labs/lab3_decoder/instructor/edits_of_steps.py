"""Lab 3, more of the decoder's slips: each is a change of a line or two of the reference."""

from __future__ import annotations

from torch import nn

from grader.instructor.edits import Change, edited
from labkit.tacotron2 import Decoder


def _edits(table: dict[str, Change | tuple[Change, ...]]) -> dict[str, type[nn.Module]]:
    found = {}
    for slip, change in table.items():
        changes = (change,) if isinstance(change[0], str) else change
        found[slip] = edited(Decoder, *changes)
    return found


# decoder-1


def _go(new: str) -> Change:
    frame = "self.n_frames_per_step * self.n_mel_channels"
    return "get_go_frame", f"memory.new_zeros(memory.size(0), {frame})", f"memory.new_zeros({new})"


def _begun(old: str, new: str) -> Change:
    return "initialize_decoder_states", old, new


_HIDDEN_SIZES = ("(B, self.attention_rnn_dim)", "(B, self.decoder_rnn_dim)")
_WEIGHTS = "attention_weights=memory.new_zeros(B, T_in)"
_CUMULATIVE = "attention_weights_cum=memory.new_zeros(B, T_in)"
_CONTEXT = "memory.new_zeros(B, encoder_embedding_dim)"
_PROCESSED = "self.attention_layer.memory_layer(memory)"
_UNIFORM = "=memory.new_ones(B, T_in) / T_in"
_ON_FIRST = "=torch.eye(T_in).to(memory)[:1].repeat(B, 1)"

START = _edits(
    {
        "go-apart": _go("memory.size(0), self.n_frames_per_step, self.n_mel_channels"),
        "go-channels": _go("memory.size(0), self.n_mel_channels, self.n_frames_per_step"),
        "go-alone": _go("self.n_frames_per_step * self.n_mel_channels"),
        "go-as-memory": _go("memory.size(0), memory.size(2)"),
        "go-by-symbols": _go("memory.size(1), self.n_frames_per_step * self.n_mel_channels"),
        "go-each-symbol": _go("*memory.shape[:2], self.n_frames_per_step * self.n_mel_channels"),
        "go-of-one": _go("1, self.n_frames_per_step * self.n_mel_channels"),
        "go-time-axis": _go("memory.size(0), 1, self.n_frames_per_step * self.n_mel_channels"),
        "batch-second": _begun("B, T_in, enc", "T_in, B, enc"),
        "attention-size-twice": _begun("self.decoder_rnn_dim", "self.attention_rnn_dim"),
        "decoder-size-twice": _begun("self.attention_rnn_dim", "self.decoder_rnn_dim"),
        "layer-axis": tuple(_begun(size, f"(1, {size[1:]}") for size in _HIDDEN_SIZES),
        "batch-last": tuple(_begun(size, f"({size[4:-1]}, B)") for size in _HIDDEN_SIZES),
        "lstms-each-symbol": tuple(_begun(size, f"(B, T_in, {size[4:]}") for size in _HIDDEN_SIZES),
        "lstms-alone": tuple(_begun(size, f"({size[4:]}") for size in _HIDDEN_SIZES),
        "lstms-as-memory": tuple(
            _begun(size, "(B, encoder_embedding_dim)") for size in _HIDDEN_SIZES
        ),
        "lstms-ones": tuple(
            _begun(f"memory.new_zeros{size}", f"memory.new_ones{size}") for size in _HIDDEN_SIZES
        ),
        "weights-axis": _begun("memory.new_zeros(B, T_in)", "memory.new_zeros(B, 1, T_in)"),
        "both-uniform": _begun("=memory.new_zeros(B, T_in)", _UNIFORM),
        "both-on-first": _begun("=memory.new_zeros(B, T_in)", _ON_FIRST),
        "cumulative-uniform": _begun(_CUMULATIVE, f"attention_weights_cum{_UNIFORM}"),
        "cumulative-on-first": _begun(_CUMULATIVE, f"attention_weights_cum{_ON_FIRST}"),
        "context-axis": _begun(_CONTEXT, "memory.new_zeros(B, 1, encoder_embedding_dim)"),
        "context-each-symbol": _begun(_CONTEXT, "torch.zeros_like(memory)"),
        "context-as-query": _begun(_CONTEXT, "memory.new_zeros(B, self.attention_rnn_dim)"),
        "context-as-decoder": _begun(_CONTEXT, "memory.new_zeros(B, self.decoder_rnn_dim)"),
        "context-first": _begun(_CONTEXT, "memory[:, 0]"),
        "context-sum": _begun(_CONTEXT, "memory.sum(1)"),
        "context-before-weights": (
            _begun(f"attention_context={_CONTEXT}", "attention_context=memory.new_zeros(B, T_in)"),
            _begun(_WEIGHTS, f"attention_weights={_CONTEXT}"),
        ),
        "memory-transposed": _begun(_PROCESSED, f"{_PROCESSED}.transpose(1, 2)"),
        "memory-zeros": _begun(_PROCESSED, f"torch.zeros_like({_PROCESSED})"),
        "memory-mean": _begun(_PROCESSED, f"{_PROCESSED}.mean(1)"),
    }
)

# decoder-2


def _decode(old: str, new: str) -> Change:
    return "decode", old, new


def _steps(old: str, new: str) -> Change:
    return "steps", old, new


_ATTENTION_STATE = "(state.attention_hidden, state.attention_cell)"
_DECODER_STATE = "(state.decoder_hidden, state.decoder_cell)"
_ASKED = "attention_hidden, memory, state.processed_memory, attention_weights_cat, mask"
_HEARD = "(attention_hidden, attention_context), dim=1"
_FOUND = "(decoder_hidden, attention_context), dim=1"
_MADE = "        mel_output,\n        gate_output,\n"
_GATE = "self.gate_layer(decoder_hidden_attention_context)"
_ADDED = "state.attention_weights_cum + attention_weights,"
_CAT = "(state.attention_weights, state.attention_weights_cum)"


def _left(*names: str) -> tuple[Change, ...]:
    """Hand on these parts of the old state."""
    return tuple(
        _decode(f"            {name},\n", f"            state.{name},\n") for name in names
    )


def _exchanged(first: str, second: str) -> Change:
    """Hand on two neighbours in the other order."""
    line = "            {},\n            {},\n"
    return _decode(line.format(first, second), line.format(second, first))


def _shown(mel: str = "mel_output", gate: str = "gate_output") -> Change:
    return _decode(_MADE, f"        {mel},\n        {gate},\n")


STEP = _edits(
    {
        "attention-state-swapped": _decode(
            _ATTENTION_STATE, "(state.attention_cell, state.attention_hidden)"
        ),
        "decoder-state-swapped": _decode(
            _DECODER_STATE, "(state.decoder_cell, state.decoder_hidden)"
        ),
        "attention-state-of-other": _decode(_ATTENTION_STATE, _DECODER_STATE),
        "decoder-state-of-other": _decode(_DECODER_STATE, "(attention_hidden, attention_cell)"),
        "decoder-state-of-other-old": _decode(_DECODER_STATE, _ATTENTION_STATE),
        "query-cell": _decode(_ASKED, _ASKED.replace("attention_hidden", "attention_cell")),
        "query-tanh": _decode(_ASKED, f"torch.tanh(attention_hidden){_ASKED[16:]}"),
        "query-context": _decode(_ASKED, f"state.attention_context{_ASKED[16:]}"),
        "context-of-processed": _decode(
            _ASKED, _ASKED.replace(" memory", " state.processed_memory")
        ),
        "memories-swapped": _decode(
            "memory, state.processed_memory, att", "state.processed_memory, memory, att"
        ),
        "mask-inverted": _decode("_cat, mask\n", "_cat, ~mask\n"),
        "results-swapped": _decode(
            "attention_context, attention_weights = self",
            "attention_weights, attention_context = self",
        ),
        "previous-counted-twice": _decode(
            _CAT,
            "(state.attention_weights, state.attention_weights_cum + state.attention_weights)",
        ),
        "decoder-hears-cell": _decode(_HEARD, "(attention_cell, attention_context), dim=1"),
        "decoder-hears-old-query": _decode(
            _HEARD, "(state.attention_hidden, attention_context), dim=1"
        ),
        "projections-from-cell": _decode(_FOUND, "(decoder_cell, attention_context), dim=1"),
        "projections-from-old": _decode(_FOUND, "(state.decoder_hidden, attention_context), dim=1"),
        "projections-from-query": _decode(_FOUND, _HEARD),
        "gate-from-query": _decode(
            _GATE, "self.gate_layer(torch.cat((attention_hidden, attention_context), dim=1))"
        ),
        "mel-tanh": _shown(mel="mel_output.tanh()"),
        "mel-sigmoid": _shown(mel="mel_output.sigmoid()"),
        "mel-relu": _shown(mel="mel_output.relu()"),
        "gate-negated": _shown(gate="-gate_output"),
        "gate-decided": _shown(gate="(gate_output > 0).to(gate_output)"),
        "gate-flat": _shown(gate="gate_output.squeeze(1)"),
        "gate-first": _shown("gate_output", "mel_output"),
        "cumulative-one-behind": _decode(
            _ADDED, "state.attention_weights_cum + state.attention_weights,"
        ),
        "cumulative-of-two": _decode(_ADDED, "state.attention_weights + attention_weights,"),
        "cumulative-twice-added": _decode(
            _ADDED, "state.attention_weights_cum + 2 * attention_weights,"
        ),
        "cumulative-mean": _decode(
            _ADDED, "(state.attention_weights_cum + attention_weights) / 2,"
        ),
        "weights-exchanged": _decode(
            f"attention_weights,\n            {_ADDED}",
            f"{_ADDED}\n            attention_weights,",
        ),
        "attention-pair-exchanged": _exchanged("attention_hidden", "attention_cell"),
        "decoder-pair-exchanged": _exchanged("decoder_hidden", "decoder_cell"),
        "lstms-exchanged": (
            _decode("            attention_hidden,\n            attention_cell,\n", "%A"),
            _decode(
                "            decoder_hidden,\n            decoder_cell,\n",
                "            attention_hidden,\n            attention_cell,\n",
            ),
            _decode("%A", "            decoder_hidden,\n            decoder_cell,\n"),
        ),
        "attention-hidden-stale": _left("attention_hidden"),
        "attention-cell-stale": _left("attention_cell"),
        "decoder-hidden-stale": _left("decoder_hidden"),
        "decoder-cell-stale": _left("decoder_cell"),
        "attention-lstm-stale": _left("attention_hidden", "attention_cell"),
        "decoder-lstm-stale": _left("decoder_hidden", "decoder_cell"),
        "memory-handed-on": _decode(
            "            state.processed_memory,\n        )",
            "            memory,\n        )",
        ),
        "attention-dropout-missing": _decode(
            "F.dropout(attention_hidden, self.p_attention_dropout, self.training)",
            "attention_hidden",
        ),
        "decoder-dropout-missing": _decode(
            "F.dropout(decoder_hidden, self.p_decoder_dropout, self.training)", "decoder_hidden"
        ),
        "prenet-dropout-inverted": _steps("dropout=prenet_dropout", "dropout=not prenet_dropout"),
        "yield-order": _steps("yield frame, gate_output", "yield gate_output, frame"),
        "heard-handed-out": _steps("yield frame", "yield decoder_input"),
        "ends-at-limit": _steps("while True:", "for _ in range(self.max_decoder_steps):"),
        "ends-at-gate": _steps(
            "yield frame, gate_output, state",
            "yield frame, gate_output, state\n"
            "        if bool((torch.sigmoid(gate_output) > self.gate_threshold).all()):\n"
            "            return",
        ),
        "frame-added": _steps(
            "frame, gate_output, state = self.decode(decoder_input, state, memory, mask)",
            "made, gate_output, state = self.decode(decoder_input, state, memory, mask)\n"
            "        frame = frame + made",
        ),
        "go-handed-out": _steps(
            "frame, gate_output, state = self", "made, gate_output, state = self"
        ),
        "first-state-handed-out": _steps(
            "frame, gate_output, state = self", "frame, gate_output, after = self"
        ),
        "prenet-alone": _steps("frame, dropout=prenet_dropout, generator=generator", "frame"),
        "generator-new": _steps(
            "generator=generator",
            "generator=None if generator is None else torch.Generator()",
        ),
        "first-step-missing": _steps(
            "    while True:",
            "    decoder_input = self.prenet("
            "frame, dropout=prenet_dropout, generator=generator)\n"
            "    frame, _, state = self.decode(decoder_input, state, memory, mask)\n"
            "    while True:",
        ),
        "steps-mask-inverted": _steps("state, memory, mask)", "state, memory, ~mask)"),
    }
)

# decoder-3


def _infer(old: str, new: str) -> Change:
    return "infer", old, new


def _parse(old: str, new: str) -> Change:
    return "parse_decoder_outputs", old, new


_LENGTHS = "mel_lengths += self.n_frames_per_step * not_finished"
_GOES_ON = "torch.sigmoid(gate_output).squeeze(1) <= gate_threshold"
_RETURN = "return (*self.parse_decoder_outputs(mel_outputs, gate_outputs, alignments), mel_lengths)"
_PARSED = (
    "mel, gate, look = self.parse_decoder_outputs(mel_outputs, gate_outputs, alignments)\n    "
)
_MEL = "mel.transpose(1, 2).contiguous()"

END = _edits(
    {
        "lengths-plus-one": _infer(", mel_lengths)", ", mel_lengths + 1)"),
        "lengths-minus-one": _infer(", mel_lengths)", ", mel_lengths - 1)"),
        "lengths-step-short": _infer(", mel_lengths)", ", mel_lengths - self.n_frames_per_step)"),
        "lengths-step-long": _infer(", mel_lengths)", ", mel_lengths + self.n_frames_per_step)"),
        "lengths-of-longest": _infer(_LENGTHS, f"{_LENGTHS}.any()"),
        "lengths-of-shortest": _infer(_LENGTHS, f"{_LENGTHS}.all()"),
        "lengths-of-text": _infer(", mel_lengths)", ", memory_lengths.int())"),
        "finished-counted": _infer(_LENGTHS, _LENGTHS.replace("not_", "~not_")),
        "ends-only-if-early": _infer(
            "not_finished & goes_on", "not_finished & (goes_on | (not self.early_stopping))"
        ),
        "one-gate-for-all": _infer(_GOES_ON, f"({_GOES_ON}).all()"),
        "last-gate-for-all": _infer(_GOES_ON, f"({_GOES_ON}).any()"),
        "first-gate-for-all": _infer(_GOES_ON, f"({_GOES_ON})[0]"),
        "last-decides": _infer("not_finished.any()", "not_finished[-1]"),
        "stops-at-once": _infer("not not_finished.any()", "not_finished.any()"),
        "nothing-counted": _infer(_LENGTHS, "pass"),
        "first-step-skipped": _infer("(steps, max", "(steps, 1, max"),
        "last-step-only": (
            _infer("mel_outputs.append(frame)", "mel_outputs = [frame]"),
            _infer("gate_outputs.append(gate_output)", "gate_outputs = [gate_output]"),
            _infer(
                "alignments.append(state.attention_weights)",
                "alignments = [state.attention_weights]",
            ),
        ),
        "steps-reversed": (
            _infer("mel_outputs.append(", "mel_outputs.insert(0, "),
            _infer("gate_outputs.append(", "gate_outputs.insert(0, "),
            _infer("alignments.append(", "alignments.insert(0, "),
        ),
        "ended-silenced": _infer(
            "mel_outputs.append(frame)", "mel_outputs.append(frame * not_finished.unsqueeze(1))"
        ),
        "threshold-of-decoder": _infer(_GOES_ON, _GOES_ON.replace("gate_th", "self.gate_th")),
        "limit-of-decoder": _infer("(steps, max", "(steps, self.max"),
        "limit-in-frames": _infer(
            "(steps, max_decoder_steps)", "(steps, max_decoder_steps // self.n_frames_per_step)"
        ),
        "softmax": _infer("torch.sigmoid(gate_output)", "torch.softmax(gate_output, 1)"),
        "alignments-context": _infer("(state.attention_weights)", "(state.attention_context)"),
        "frames-silenced": _infer(
            _RETURN,
            f"{_PARSED}hidden = padding_mask(mel_lengths, mel.size(2)).unsqueeze(1)\n"
            "    return mel.masked_fill(hidden, 0.0), gate, look, mel_lengths",
        ),
        "frames-cut": _infer(
            _RETURN,
            f"{_PARSED}return mel[:, :, : int(mel_lengths.max())], gate, look, mel_lengths",
        ),
        "order-gate-last": _infer(_RETURN, f"{_PARSED}return mel, look, gate, mel_lengths"),
        "order-of-predict": _infer(_RETURN, f"{_PARSED}return mel, mel_lengths, look, gate"),
        "frames-not-split": _parse(_MEL, "torch.stack(mel_outputs, dim=2)"),
        "mel-as-stacked": _parse(_MEL, "torch.stack(mel_outputs, dim=1)"),
        "mel-flat": _parse(_MEL, "torch.cat(mel_outputs, dim=1)"),
        "mel-below": _parse(_MEL, "torch.cat(mel_outputs)"),
        "mel-steps-first": _parse(_MEL, "torch.stack(mel_outputs)"),
        "mel-split-steps-last": _parse(
            _MEL, "torch.stack(mel_outputs, 2).reshape(mel.size(0), self.n_mel_channels, -1)"
        ),
        "gate-steps-first": _parse(
            "torch.cat(gate_outputs, dim=1)", "torch.cat(gate_outputs, dim=1).t()"
        ),
        "gate-axis-middle": _parse(
            "torch.cat(gate_outputs, dim=1)", "torch.stack(gate_outputs, 2)"
        ),
        "gate-below": _parse("torch.cat(gate_outputs, dim=1)", "torch.cat(gate_outputs)"),
        "alignments-steps-first": _parse(
            "torch.stack(alignments, dim=1)", "torch.stack(alignments, dim=0)"
        ),
        "alignments-flat": _parse("torch.stack(alignments, dim=1)", "torch.cat(alignments, dim=1)"),
        "parse-order": (
            _parse("torch.cat(gate_outputs, dim=1)", "%"),
            _parse("torch.stack(alignments, dim=1)", "torch.cat(gate_outputs, dim=1)"),
            _parse("%", "torch.stack(alignments, dim=1)"),
        ),
    }
)
