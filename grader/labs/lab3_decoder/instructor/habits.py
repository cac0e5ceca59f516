"""Lab 3, still more of the decoder's slips: half-read sentences, and habits from other models."""

from __future__ import annotations

from typing import Any

from grader.labs.lab3_decoder.instructor.edits_of_steps import (
    _ADDED,
    _ASKED,
    _CAT,
    _CONTEXT,
    _CUMULATIVE,
    _FOUND,
    _GATE,
    _HEARD,
    _LENGTHS,
    _MEL,
    _PROCESSED,
    _begun,
    _decode,
    _edits,
    _infer,
    _parse,
    _steps,
)

START: dict[str, Any] = _edits(
    {
        "context-as-cumulative": (
            _begun(
                f"attention_context={_CONTEXT}",
                "attention_context=memory.new_zeros(B, T_in)",
            ),
            _begun(_CUMULATIVE, f"attention_weights_cum={_CONTEXT}"),
        ),
        "weights-turned": _begun("memory.new_zeros(B, T_in)", "memory.new_zeros(T_in, B)"),
        "context-ones": _begun(_CONTEXT, "memory.new_ones(B, encoder_embedding_dim)"),
        "context-max": _begun(_CONTEXT, "memory.max(dim=1).values"),
        "memory-normalised": _begun(
            _PROCESSED,
            "self.attention_layer.memory_layer(torch.nn.functional.normalize(memory, dim=2))",
        ),
        "memory-softmax": _begun(_PROCESSED, f"{_PROCESSED}.softmax(2)"),
        "memory-relu": _begun(_PROCESSED, f"{_PROCESSED}.relu()"),
        "memory-reversed": _begun(_PROCESSED, f"{_PROCESSED}.flip(1)"),
    }
)

_DROP_QUERY = (
    "    attention_hidden = F.dropout(attention_hidden, self.p_attention_dropout, self.training)"
)
_KEPT = "            state.attention_weights_cum + attention_weights,"
_BOTH = "    decoder_hidden_attention_context = torch.cat(\n        " + _FOUND + "\n    )"
_DROPPED = (
    "    decoder_hidden_attention_context = F.dropout("
    "decoder_hidden_attention_context, self.p_decoder_dropout, self.training)"
)
_YIELD = "yield frame, gate_output, state"

STEP: dict[str, Any] = _edits(
    {
        "query-undropped": (
            _decode(_DROP_QUERY, f"    query = attention_hidden\n{_DROP_QUERY}"),
            _decode(_ASKED, _ASKED.replace("attention_hidden", "query")),
        ),
        "decoder-hears-undropped": (
            _decode(_DROP_QUERY, f"    query = attention_hidden\n{_DROP_QUERY}"),
            _decode(_HEARD, _HEARD.replace("attention_hidden", "query")),
        ),
        "query-and-decoder-undropped": (
            _decode(_DROP_QUERY, f"    query = attention_hidden\n{_DROP_QUERY}"),
            _decode(_ASKED, _ASKED.replace("attention_hidden", "query")),
            _decode(_HEARD, _HEARD.replace("attention_hidden", "query")),
        ),
        "projections-undropped": (
            _decode(
                "    decoder_hidden = F.dropout(",
                "    undropped = decoder_hidden\n    decoder_hidden = F.dropout(",
            ),
            _decode(_FOUND, _FOUND.replace("decoder_hidden", "undropped")),
        ),
        "projections-dropped": _decode(
            "    mel_output = self.linear_projection(",
            f"{_DROPPED}\n    mel_output = self.linear_projection(",
        ),
        "cumulative-max": _decode(
            _ADDED, "torch.maximum(state.attention_weights_cum, attention_weights),"
        ),
        "cumulative-capped": _decode(
            _ADDED, "(state.attention_weights_cum + attention_weights).clamp(max=1),"
        ),
        "cumulative-kept": (
            _decode(
                "    return (\n",
                "    if not hasattr(self, 'kept') or self.kept.shape != attention_weights.shape:\n"
                "        self.kept = state.attention_weights_cum\n"
                "    self.kept = self.kept + attention_weights\n"
                "    return (\n",
            ),
            _decode(_KEPT, "            self.kept,"),
        ),
        "context-not-heard": _decode(
            "(decoder_input, state.attention_context)",
            "(decoder_input, torch.zeros_like(state.attention_context))",
        ),
        "frame-not-heard": _decode(
            "(decoder_input, state.attention_context)",
            "(torch.zeros_like(decoder_input), state.attention_context)",
        ),
        "context-not-spoken": _decode(
            _HEARD, _HEARD.replace("attention_context", "torch.zeros_like(attention_context)")
        ),
        "context-not-projected": _decode(
            _FOUND, _FOUND.replace("attention_context", "torch.zeros_like(attention_context)")
        ),
        "previous-not-seen": _decode(
            _CAT, "(torch.zeros_like(state.attention_weights), state.attention_weights_cum)"
        ),
        "gate-log": _decode(_GATE, f"F.logsigmoid({_GATE})"),
        "context-last": _decode(
            "            attention_context,\n            state.processed_memory,",
            "            state.processed_memory,\n            attention_context,",
        ),
        "gates-of-steps-probability": _steps(
            _YIELD, "yield frame, torch.sigmoid(gate_output), state"
        ),
        "frames-limited": _steps(_YIELD, f"frame = frame.clamp(-1, 1)\n        {_YIELD}"),
    }
)

_ENDS = "if self.early_stopping and not not_finished.any():"
_KEEP = (
    "        mel_outputs.append(frame)\n"
    "        gate_outputs.append(gate_output)\n"
    "        alignments.append(state.attention_weights)\n"
)
_LOOP = "for frame, gate_output, state in islice(steps, max_decoder_steps):"
_ANEW = (
    "for _ in range(max_decoder_steps):\n"
    "        frame, gate_output, state = next(self.steps(memory, memory_lengths, "
    "prenet_dropout=prenet_dropout, generator=generator))"
)
_COUNTED = f"        {_LENGTHS}\n"

END: dict[str, Any] = _edits(
    {
        "restarts": _infer(_LOOP, _ANEW),
        "last-dropped~2": (
            _infer(_KEEP, ""),
            _infer(
                f"        {_ENDS}\n            break\n",
                f"        {_ENDS}\n            break\n{_KEEP}",
            ),
        ),
        "last-counted": _infer(
            f"        {_ENDS}\n",
            f"        {_ENDS}\n            mel_lengths = mel_lengths + self.n_frames_per_step\n",
        ),
        "early-inverted": _infer(_ENDS, "if not self.early_stopping and not not_finished.any():"),
        "early-or": _infer(_ENDS, "if self.early_stopping or not not_finished.any():"),
        "lengths-of-last-step": _infer(_LENGTHS, _LENGTHS.replace("+=", "=")),
        "lengths-by-bands": _infer(
            _LENGTHS, _LENGTHS.replace("n_frames_per_step", "n_mel_channels")
        ),
        "gates-step-first": _parse(
            "torch.cat(gate_outputs, dim=1)",
            "torch.stack(gate_outputs).reshape(mel.size(0), -1)",
        ),
        "gates-step-first~2": _parse(
            "torch.cat(gate_outputs, dim=1)", "torch.cat(gate_outputs).reshape(mel.size(0), -1)"
        ),
        "gates-each-frame": _parse(
            "torch.cat(gate_outputs, dim=1)",
            "torch.cat(gate_outputs, dim=1).repeat_interleave(self.n_frames_per_step, dim=1)",
        ),
        "newest-first": (
            _parse("torch.stack(mel_outputs, dim=1)", "torch.stack(mel_outputs[::-1], dim=1)"),
        ),
        "newest-first~2": (
            _parse("torch.stack(mel_outputs, dim=1)", "torch.stack(mel_outputs[::-1], dim=1)"),
            _parse("torch.cat(gate_outputs, dim=1)", "torch.cat(gate_outputs[::-1], dim=1)"),
            _parse("torch.stack(alignments, dim=1)", "torch.stack(alignments[::-1], dim=1)"),
        ),
        "one-frame-of-step": _parse(_MEL, "torch.stack(mel_outputs, 2)[:, : self.n_mel_channels]"),
        "mel-step-first": _parse("torch.stack(mel_outputs, dim=1)", "torch.stack(mel_outputs)"),
        "alignments-softmax": _parse(
            "torch.stack(alignments, dim=1)", "torch.stack(alignments, dim=1).softmax(-1)"
        ),
        "alignments-summed": _parse(
            "torch.stack(alignments, dim=1)", "torch.stack(alignments, dim=1).cumsum(1)"
        ),
    }
)
