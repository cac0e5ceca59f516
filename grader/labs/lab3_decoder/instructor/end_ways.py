"""Lab 3: the ways to make the slips of the loop until all gates have fired, and its outputs."""

from __future__ import annotations

from grader.instructor.ways import read_ways

END = read_ways(
    """
logit-as-probability: torch.sigmoid(gate_output) → gate_output
softmax: torch.sigmoid(gate_output) → torch.softmax(gate_output, 1)
at-threshold: <= gate_threshold → < gate_threshold
inverted: <= gate_threshold → >= gate_threshold
threshold-ignored: <= gate_threshold → <= 0.5
threshold-of-decoder: <= gate_threshold → <= self.gate_threshold
revives: not_finished & goes_on → goes_on
ends-only-if-early: not_finished & goes_on →
    not_finished & (goes_on | (not self.early_stopping))
one-gate-for-all: not_finished & goes_on → not_finished & goes_on.all()
last-gate-for-all: not_finished & goes_on → not_finished & goes_on.any()
first-gate-for-all: not_finished & goes_on → not_finished & goes_on[0]

firing-counted: not_finished = not_finished & goes_on
    mel_lengths += self.n_frames_per_step * not_finished →
    mel_lengths += self.n_frames_per_step * not_finished
    not_finished = not_finished & goes_on
all-counted: self.n_frames_per_step * not_finished → self.n_frames_per_step
nothing-counted: mel_lengths += self.n_frames_per_step * not_finished →
finished-counted: * not_finished → * ~not_finished
last-counted: break →
    mel_lengths = mel_lengths + self.n_frames_per_step
    break
lengths-in-steps: self.n_frames_per_step * not_finished → not_finished
lengths-by-bands: self.n_frames_per_step * not_finished → self.n_mel_channels * not_finished
lengths-of-last-step: mel_lengths += → mel_lengths =
lengths-of-longest: * not_finished → * not_finished.any()
lengths-of-shortest: * not_finished → * not_finished.all()
lengths-of-text: mel_lengths) → memory_lengths.int())
lengths-plus-one: mel_lengths) → mel_lengths + 1)
lengths-minus-one: mel_lengths) → mel_lengths - 1)
lengths-step-short: mel_lengths) → mel_lengths - self.n_frames_per_step)
lengths-step-long: mel_lengths) → mel_lengths + self.n_frames_per_step)

one-ends-all: not not_finished.any() → not not_finished.all()
first-decides: not not_finished.any() → not not_finished[0]
last-decides: not not_finished.any() → not not_finished[-1]
stops-at-once: not not_finished.any() → not_finished.any()
stops-always: self.early_stopping and not → not
never-stops: break → pass
early-inverted: if self.early_stopping → if not self.early_stopping
early-or: self.early_stopping and not → self.early_stopping or not
stops-late:
    not_finished = not_finished → before, not_finished = not_finished, not_finished
    not not_finished.any() → not before.any()
last-dropped: break →
    for made in (mel_outputs, gate_outputs, alignments):
        made[1:] = made[1:-1]
    break
last-dropped:
    mel_outputs.append(frame) →
    gate_outputs.append(gate_output) →
    alignments.append(state.attention_weights) →
    if self.early_stopping and not not_finished.any(): break →
        if self.early_stopping and not not_finished.any():
            break
        mel_outputs.append(frame)
        gate_outputs.append(gate_output)
        alignments.append(state.attention_weights)
limit-one-short: islice(steps, max_decoder_steps) → islice(steps, max_decoder_steps - 1)
limit-one-long: islice(steps, max_decoder_steps) → islice(steps, max_decoder_steps + 1)
limit-ignored: islice(steps, max_decoder_steps) → steps
limit-of-decoder: islice(steps, max_decoder_steps) → islice(steps, self.max_decoder_steps)
limit-in-frames: islice(steps, max_decoder_steps) →
    islice(steps, max_decoder_steps // self.n_frames_per_step)
first-step-skipped: islice(steps, max_decoder_steps) → islice(steps, 1, max_decoder_steps)
last-step-only:
    mel_outputs.append(frame) → mel_outputs = [frame]
    gate_outputs.append(gate_output) → gate_outputs = [gate_output]
    alignments.append(state.attention_weights) → alignments = [state.attention_weights]
steps-reversed: .append( → .insert(0,
restarts: for frame, gate_output, state in islice(steps, max_decoder_steps): →
    for _ in range(max_decoder_steps):
        again = self.steps(memory, memory_lengths, prenet_dropout=prenet_dropout,
                           generator=generator)
        frame, gate_output, state = next(again)
ended-silenced: append(frame) → append(frame * not_finished.unsqueeze(1))
frames-silenced:
    return (*self.parse_decoder_outputs(mel_outputs, gate_outputs, alignments), mel_lengths) →
        mel, gate, look = self.parse_decoder_outputs(mel_outputs, gate_outputs, alignments)
        hidden = padding_mask(mel_lengths, mel.size(2)).unsqueeze(1)
        return mel.masked_fill(hidden, 0.0), gate, look, mel_lengths
frames-cut:
    return (*self.parse_decoder_outputs(mel_outputs, gate_outputs, alignments), mel_lengths) →
        mel, gate, look = self.parse_decoder_outputs(mel_outputs, gate_outputs, alignments)
        return mel[:, :, : int(mel_lengths.max())], gate, look, mel_lengths
order-gate-last:
    return (*self.parse_decoder_outputs(mel_outputs, gate_outputs, alignments), mel_lengths) →
        mel, gate, look = self.parse_decoder_outputs(mel_outputs, gate_outputs, alignments)
        return mel, look, gate, mel_lengths
order-of-predict:
    return (*self.parse_decoder_outputs(mel_outputs, gate_outputs, alignments), mel_lengths) →
        mel, gate, look = self.parse_decoder_outputs(mel_outputs, gate_outputs, alignments)
        return mel, mel_lengths, look, gate

mel-not-transposed: mel.transpose(1, 2).contiguous() → mel
mel-reshaped: mel.transpose(1, 2).contiguous() →
    mel.reshape(mel.size(0), self.n_mel_channels, -1)
frames-interleaved: (-1, self.n_mel_channels)) → (self.n_mel_channels, -1)).transpose(2, 3)
frames-by-step: (-1, self.n_mel_channels)) → (-1, self.n_mel_channels)).transpose(1, 2)
frames-not-split: mel.transpose(1, 2).contiguous() → torch.stack(mel_outputs, dim=2)
one-frame-of-step: mel.transpose(1, 2).contiguous() →
    torch.stack(mel_outputs, 2)[:, : self.n_mel_channels]
mel-as-stacked: mel.transpose(1, 2).contiguous() → torch.stack(mel_outputs, dim=1)
mel-flat: mel.transpose(1, 2).contiguous() → torch.cat(mel_outputs, dim=1)
mel-below: mel.transpose(1, 2).contiguous() → torch.cat(mel_outputs)
mel-steps-first: mel.transpose(1, 2).contiguous() → torch.stack(mel_outputs)
mel-step-first: torch.stack(mel_outputs, dim=1) → torch.stack(mel_outputs)
mel-split-steps-last: mel.transpose(1, 2).contiguous() →
    torch.stack(mel_outputs, 2).reshape(mel.size(0), self.n_mel_channels, -1)
newest-first: mel_outputs, dim=1 → mel_outputs[::-1], dim=1
newest-first:
    mel_outputs, dim=1 → mel_outputs[::-1], dim=1
    gate_outputs, dim=1 → gate_outputs[::-1], dim=1
    alignments, dim=1 → alignments[::-1], dim=1
steps-first:
    mel.transpose(1, 2) → mel.transpose(0, 1)
    torch.cat(gate_outputs, dim=1) → torch.cat(gate_outputs, dim=1).t().contiguous()
    torch.stack(alignments, dim=1) → torch.stack(alignments)
gate-axis: torch.cat(gate_outputs → torch.stack(gate_outputs
gate-axis-middle: torch.cat(gate_outputs, dim=1) → torch.stack(gate_outputs, 2)
gate-steps-first: torch.cat(gate_outputs, dim=1) → torch.cat(gate_outputs, dim=1).t()
gate-below: torch.cat(gate_outputs, dim=1) → torch.cat(gate_outputs)
gate-probability: torch.cat(gate_outputs, dim=1) → torch.cat(gate_outputs, dim=1).sigmoid()
gates-step-first: torch.cat(gate_outputs, dim=1) →
    torch.stack(gate_outputs).reshape(mel.size(0), -1)
gates-step-first: torch.cat(gate_outputs, dim=1) →
    torch.cat(gate_outputs).reshape(mel.size(0), -1)
gates-each-frame: torch.cat(gate_outputs, dim=1) →
    torch.cat(gate_outputs, dim=1).repeat_interleave(self.n_frames_per_step, dim=1)
alignments-transposed: torch.stack(alignments, dim=1) → torch.stack(alignments, dim=2)
alignments-steps-first: torch.stack(alignments, dim=1) → torch.stack(alignments)
alignments-flat: torch.stack(alignments, dim=1) → torch.cat(alignments, dim=1)
alignments-softmax: torch.stack(alignments, dim=1) → torch.stack(alignments, dim=1).softmax(-1)
alignments-summed: torch.stack(alignments, dim=1) → torch.stack(alignments, dim=1).cumsum(1)
alignments-cumulative: state.attention_weights → state.attention_weights_cum
alignments-context: state.attention_weights → state.attention_context
parse-order: torch.cat(gate_outputs, dim=1), torch.stack(alignments, dim=1) →
    torch.stack(alignments, dim=1), torch.cat(gate_outputs, dim=1)
"""
)
