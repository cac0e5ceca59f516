"""Lab 2: its slips in students' words, as changes of the right solution or written anew.

Their outputs on the public cases are stored, so that a student edition can recognise a slip
without holding this text; the same text makes the mutants that the hidden cases must catch.
"""

from __future__ import annotations

from grader.instructor.ways import read_ways

WAYS = {
    "encoder-1": read_ways(
        """
relu-missing: F.relu →
relu-before: F.relu(convolution(x)) → convolution(F.relu(x))
relu-before-norm: F.relu(convolution(x)) → convolution[1](F.relu(convolution[0](x)))
relu-at-end:
    F.relu →
    return x → return F.relu(x)
relu-not-last:
    x = F.dropout(F.relu(convolution(x)), self.p_encoder_dropout, self.training) →
        x = convolution(x)
        if convolution is not self.convolutions[-1]:
            x = F.dropout(F.relu(x), self.p_encoder_dropout, self.training)
relu-not-last:
    x = F.dropout(F.relu(convolution(x)), self.p_encoder_dropout, self.training) →
        x = convolution(x)
        if convolution is not self.convolutions[-1]:
            x = F.relu(x)
        x = F.dropout(x, self.p_encoder_dropout, self.training)
tanh: F.relu → torch.tanh
other-activation: F.relu → torch.sigmoid
other-activation: F.relu → F.leaky_relu
other-activation: F.relu → F.gelu
other-activation: F.relu → F.elu
other-activation: F.relu → F.silu
other-activation: F.relu → F.softplus
other-activation: F.relu → torch.abs
dropout-left-on: , self.training →
dropout-left-on: , self.p_encoder_dropout, self.training →
dropout-missing: x = F.dropout(F.relu(convolution(x)), self.p_encoder_dropout, self.training) →
    x = F.relu(convolution(x))
dropout-inverted: self.training → not self.training
dropout-before: F.dropout(F.relu(convolution(x)), self.p_encoder_dropout, self.training) →
    F.relu(convolution(F.dropout(x, self.p_encoder_dropout, self.training)))
dropout-between: x = F.dropout(F.relu(convolution(x)), self.p_encoder_dropout, self.training) →
    x = F.dropout(convolution[0](x), self.p_encoder_dropout, self.training)
    x = F.relu(convolution[1](x))
dropout-once:
    x = F.dropout(F.relu(convolution(x)), self.p_encoder_dropout, self.training) →
        x = F.relu(convolution(x))
    return x → return F.dropout(x, self.p_encoder_dropout, self.training)
dropout-once: x = F.dropout(F.relu(convolution(x)), self.p_encoder_dropout, self.training) →
    x = F.relu(convolution(x))
    if convolution is self.convolutions[0]:
        x = F.dropout(x, self.p_encoder_dropout, self.training)
dropout-once: x = F.dropout(F.relu(convolution(x)), self.p_encoder_dropout, self.training) →
    x = F.relu(convolution(x))
    if convolution is not self.convolutions[-1]:
        x = F.dropout(x, self.p_encoder_dropout, self.training)
dropout-kept-share: self.p_encoder_dropout → 1 - self.p_encoder_dropout
dropout-unscaled: x = F.dropout(F.relu(convolution(x)), self.p_encoder_dropout, self.training) →
    x = F.dropout(F.relu(convolution(x)), self.p_encoder_dropout, self.training)
    if self.training:
        x = x * (1 - self.p_encoder_dropout)
dropout-share: self.p_encoder_dropout → 0.1
dropout-share: F.relu(convolution(x)) →
    F.dropout(F.relu(convolution(x)), self.p_encoder_dropout, self.training)
dropout-together: x = F.dropout(F.relu(convolution(x)), self.p_encoder_dropout, self.training) →
    x = F.relu(convolution(x))
    x = x * F.dropout(torch.ones_like(x[:, :, :1]), self.p_encoder_dropout, self.training)
dropout-together: x = F.dropout(F.relu(convolution(x)), self.p_encoder_dropout, self.training) →
    x = F.relu(convolution(x))
    x = x * F.dropout(torch.ones_like(x[:, :1]), self.p_encoder_dropout, self.training)
dropout-together: x = F.dropout(F.relu(convolution(x)), self.p_encoder_dropout, self.training) →
    x = F.relu(convolution(x))
    x = x * F.dropout(torch.ones_like(x[:1]), self.p_encoder_dropout, self.training)
not-chained:
    x = F.dropout → out = F.dropout
    return x → return out
first-layer-only: x = F.dropout → return F.dropout
last-layer-skipped: in self.convolutions → in self.convolutions[:-1]
first-layer-skipped: in self.convolutions → in self.convolutions[1:]
same-layer: convolution(x) → self.convolutions[0](x)
same-layer: convolution(x) → self.convolutions[-1](x)
three-layers:
    for convolution in self.convolutions → for i in range(3)
    convolution(x) → self.convolutions[i](x)
reversed: in self.convolutions → in reversed(self.convolutions)
list-called: return F.dropout(F.relu(self.convolutions(x)), self.p_encoder_dropout, self.training)
batch-norm-skipped: convolution(x) → convolution[0](x)
norm-before: convolution(x) → convolution[0](convolution[1](x))
residual: x = F.dropout → x = x + F.dropout
residual: F.relu(convolution(x)) → F.relu(x + convolution(x))
residual:
    for convolution →
        before = x
        for convolution
    return x → return x + before
padding-inverted: masked_fill(padding → masked_fill(~padding
padding-ignored: if padding is not None: x = x.masked_fill(padding, 0.0) →
padding-once:
    if padding is not None:
        x = x.masked_fill(padding, 0.0)
    for convolution in self.convolutions:
        x = F.dropout(F.relu(convolution(x)), self.p_encoder_dropout, self.training)
    return x
padding-after:
    for convolution in self.convolutions:
        x = F.dropout(F.relu(convolution(x)), self.p_encoder_dropout, self.training)
        if padding is not None:
            x = x.masked_fill(padding, 0.0)
    return x
padding-also-after: return x →
    if padding is not None:
        x = x.masked_fill(padding, 0.0)
    return x
padding-at-end:
    for convolution in self.convolutions:
        x = F.dropout(F.relu(convolution(x)), self.p_encoder_dropout, self.training)
    if padding is not None:
        x = x.masked_fill(padding, 0.0)
    return x
padding-not-first: is not None → is not None and convolution is not self.convolutions[0]
padding-minus-infinity: 0.0 → float("-inf")
padding-filled: 0.0 → 1.0
padding-filled: 0.0 → -1.0
padding-filled: 0.0 → -1e9
padding-filled: 0.0 → -1e4
padding-none: if padding is not None: x = → x =
padding-subtracted: x.masked_fill(padding, 0.0) → x * (1 - padding)
padding-axis: masked_fill(padding → masked_fill(padding.squeeze(1)
transposed: return x → return x.transpose(1, 2)
transposed-early: for convolution →
    x = x.transpose(1, 2)
    for convolution
mode-set: for convolution →
    self.eval()
    for convolution
mode-set: for convolution →
    self.train()
    for convolution
batch-squeezed: return x → return x.squeeze()
batch-squeezed: return x → return x.squeeze(0)
"""
    ),
    "encoder-2": read_ways(
        """
transpose-missing: x = x.transpose(1, 2) →
transposed-early: padding = None →
    x = x.transpose(1, 2)
    padding = None
wrong-axes: transpose(1, 2) → transpose(0, 1)
wrong-axes: transpose(1, 2) → permute(2, 1, 0)
reshaped: x.transpose(1, 2) → x.reshape(x.size(0), x.size(2), x.size(1))
not-packed: return outputs → return self.lstm(x)[0]
not-packed: input_lengths.cpu() → torch.full_like(input_lengths, int(input_lengths.max())).cpu()
masked-not-packed: return outputs →
    outside = padding_mask(input_lengths.to(x.device), x.size(1)).unsqueeze(2)
    return self.lstm(x)[0].masked_fill(outside, 0.0)
zeroed-not-packed: return outputs →
    outside = padding_mask(input_lengths.to(x.device), x.size(1)).unsqueeze(2)
    return self.lstm(x.masked_fill(outside, 0.0))[0]
zeroed-not-packed: return outputs →
    outside = padding_mask(input_lengths.to(x.device), x.size(1)).unsqueeze(2)
    return self.lstm(x.masked_fill(outside, 0.0))[0].masked_fill(outside, 0.0)
order-enforced: , enforce_sorted=False →
order-sorted: x.transpose(1, 2) →
    x.transpose(1, 2)
    input_lengths, order = input_lengths.sort(descending=True)
    x = x[order]
order-not-inverted:
    x.transpose(1, 2) →
        x.transpose(1, 2)
        input_lengths, order = input_lengths.sort(descending=True)
        x = x[order]
    return outputs → return outputs[order]
lengths-sorted: input_lengths.cpu() → input_lengths.sort(descending=True)[0].cpu()
pack-time-first: input_lengths.cpu(), batch_first=True → input_lengths.cpu()
unpack-time-first: packed_outputs, batch_first=True → packed_outputs
time-first: , batch_first=True →
not-unpacked: return outputs → return packed_outputs.data
two-results: return outputs → return self.lstm(x)
pair-unpacked: packed_outputs, _ = → packed_outputs =
still-packed: return outputs → return packed_outputs.transpose(1, 2)
total-length-missing: , total_length=x.size(1) →
lengths-off-by-one: input_lengths.cpu() → input_lengths.cpu() - 1
lengths-off-by-one: input_lengths.cpu() → (input_lengths.cpu() - 1).clamp(min=1)
lengths-too-long: input_lengths.cpu() → input_lengths.cpu() + 1
final-state:
    packed_outputs, _ → packed_outputs, (hidden, cell)
    return outputs → return hidden
final-state:
    packed_outputs, _ → packed_outputs, (hidden, cell)
    return outputs → return cell
final-state:
    packed_outputs, _ → packed_outputs, (hidden, cell)
    return outputs → return hidden.transpose(0, 1)
final-state:
    packed_outputs, _ → packed_outputs, (hidden, cell)
    return outputs → return torch.cat([hidden[0], hidden[1]], dim=-1)
final-state:
    packed_outputs, _ → packed_outputs, (hidden, cell)
    return outputs → return torch.cat([hidden[0], hidden[1]], dim=-1).unsqueeze(1)
final-state:
    packed_outputs, _ → packed_outputs, (hidden, cell)
    return outputs → return torch.cat([hidden[0], hidden[1]], dim=-1).unsqueeze(1).expand_as(x)
last-output: return outputs → return outputs[:, -1]
last-output: return outputs → return outputs[:, -1:]
last-output: return outputs → return outputs[torch.arange(len(x)), input_lengths.cpu().long() - 1]
forward-half: return outputs → return outputs.chunk(2, dim=-1)[0]
forward-half: return outputs → return outputs.chunk(2, dim=-1)[0].repeat(1, 1, 2)
backward-half: return outputs → return outputs.chunk(2, dim=-1)[1]
backward-half: return outputs → return outputs.chunk(2, dim=-1)[1].repeat(1, 1, 2)
halves-swapped: return outputs → return outputs.roll(x.size(2) // 2, dims=-1)
halves-summed: return outputs → return outputs.unflatten(-1, (2, -1)).sum(2)
halves-summed: return outputs → return outputs.unflatten(-1, (2, -1)).mean(2)
halves-mixed: return outputs → return outputs.unflatten(-1, (2, -1)).transpose(2, 3).flatten(2)
backward-flipped: return outputs →
    forward, backward = outputs.chunk(2, dim=-1)
    return torch.cat([forward, backward.flip(1)], dim=-1)
convolve-skipped: x = self.convolve(x, padding) →
convolve-twice: convolve(x → convolve(self.convolve(x, padding)
padding-forgotten: self.convolve(x, padding) → self.convolve(x, None)
padding-always: if self.mask_embeddings: padding = → padding =
padding-inverted: padding_mask → ~padding_mask
padding-axis: .unsqueeze(1) →
padding-argument: self.convolve(x, padding) → self.convolve(x)
lengths-as-padding: self.convolve(x, padding) → self.convolve(x, input_lengths)
lstm-skipped: return outputs → return x
lstm-skipped: pad_packed_sequence(packed_outputs → pad_packed_sequence(packed
lstm-twice: return outputs →
    packed = pack_padded_sequence(
        outputs, input_lengths.cpu(), batch_first=True, enforce_sorted=False)
    return pad_packed_sequence(self.lstm(packed)[0], batch_first=True, total_length=x.size(1))[0]
residual: return outputs → return x + outputs
residual:
    padding = None →
        before = x
        padding = None
    return outputs → return before.transpose(1, 2) + outputs
residual: return outputs →
    outside = padding_mask(input_lengths.to(x.device), x.size(1)).unsqueeze(2)
    return (x + outputs).masked_fill(outside, 0.0)
activation-added: return outputs → return outputs.tanh()
activation-added: return outputs → return outputs.relu()
activation-added: return outputs → return outputs.sigmoid()
activation-added: return outputs → return outputs.softmax(-1)
activation-added: return outputs → return outputs.softmax(1)
padding-value: total_length → padding_value=1.0, total_length
padding-value: total_length → padding_value=-1.0, total_length
padding-value: total_length → padding_value=-torch.inf, total_length
reversed: return outputs → return outputs.flip(1)
reversed: x.transpose(1, 2) → x.transpose(1, 2).flip(1)
dropout-added: return outputs → return F.dropout(outputs)
dropout-added: return outputs → return F.dropout(outputs, self.p_encoder_dropout, self.training)
mode-set: padding = None →
    self.train()
    padding = None
transposed-back: return outputs → return outputs.transpose(1, 2)
batch-squeezed: return outputs → return outputs.squeeze()
batch-squeezed: return outputs → return outputs.squeeze(0)
"""
    ),
}
