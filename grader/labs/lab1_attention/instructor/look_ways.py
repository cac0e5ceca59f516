"""Lab 1: the ways to make the slips of ``Attention.forward``."""

from __future__ import annotations

from grader.instructor.ways import read_ways

LOOK = read_ways(
    """
mask-missing: if mask is not None: energies = energies.masked_fill(mask, self.score_mask_value) →
mask-inverted: mask, self.score_mask_value → ~mask, self.score_mask_value
mask-inverted: mask, self.score_mask_value → ~mask, -1e9
mask-inverted: energies.masked_fill(mask, self.score_mask_value) → energies * mask
mask-inverted:
    energies = self.get_alignment_energies(query, processed_memory, attention_weights_cat)
    weights = F.softmax(energies, dim=1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)
    return torch.bmm(weights.unsqueeze(1), memory).squeeze(1), weights
mask-after-softmax:
    energies = self.get_alignment_energies(query, processed_memory, attention_weights_cat)
    weights = F.softmax(energies, dim=1)
    if mask is not None:
        weights = weights.masked_fill(mask, 0.0)
    return torch.bmm(weights.unsqueeze(1), memory).squeeze(1), weights
mask-after-softmax:
    energies = self.get_alignment_energies(query, processed_memory, attention_weights_cat)
    weights = F.softmax(energies, dim=1)
    if mask is not None:
        weights = weights.masked_fill(mask, self.score_mask_value)
    return torch.bmm(weights.unsqueeze(1), memory).squeeze(1), weights
mask-after-softmax:
    energies = self.get_alignment_energies(query, processed_memory, attention_weights_cat)
    weights = F.softmax(energies, dim=1)
    context = torch.bmm(weights.unsqueeze(1), memory).squeeze(1)
    if mask is not None:
        weights = weights.masked_fill(mask, 0.0)
    return context, weights
mask-after-softmax:
    energies = self.get_alignment_energies(query, processed_memory, attention_weights_cat)
    weights = F.softmax(energies, dim=1)
    seen = weights if mask is None else weights.masked_fill(mask, 0.0)
    return torch.bmm(seen.unsqueeze(1), memory).squeeze(1), weights
mask-with-zero: self.score_mask_value → 0.0
mask-weak: self.score_mask_value → -1.0
mask-weak: self.score_mask_value → -2.0
mask-weak: self.score_mask_value → -5.0
mask-weak: energies.masked_fill(mask, self.score_mask_value) → energies - mask.float()
mask-weak: self.score_mask_value → energies.min()
mask-added: energies.masked_fill(mask, self.score_mask_value) → energies + mask
mask-plus-infinity: self.score_mask_value → float("inf")
mask-large: self.score_mask_value → 1e9
mask-large: self.score_mask_value → 1e4
mask-times-infinity: energies.masked_fill(mask, → energies + (mask *
mask-none: if mask is not None: energies = → energies =
mask-none:
    if mask is not None: energies = →
        if mask is None:
            mask = torch.ones_like(energies, dtype=torch.bool)
        energies =
softmax-over-batch: dim=1 → dim=0
softmax-of-one: F.softmax(energies, dim=1) → F.softmax(energies.unsqueeze(1), dim=1).squeeze(1)
softmax-over-all: F.softmax(energies, dim=1) → energies.flatten().softmax(0).view_as(energies)
softmax-missing: F.softmax(energies, dim=1) → energies
softmax-missing:
    energies = self.get_alignment_energies(query, processed_memory, attention_weights_cat)
    return torch.bmm(energies.unsqueeze(1), memory).squeeze(1), energies
exp-only: F.softmax(energies, dim=1) → torch.exp(energies)
normalised-only:
    energies = self.get_alignment_energies(query, processed_memory, attention_weights_cat)
    weights = energies / energies.sum(dim=1, keepdim=True)
    return torch.bmm(weights.unsqueeze(1), memory).squeeze(1), weights
normalised-only:
    self.score_mask_value → 0.0
    F.softmax(energies, dim=1) → energies / energies.sum(dim=1, keepdim=True)
normalised-only:
    self.score_mask_value → 0.0
    F.softmax(energies, dim=1) → energies.abs() / energies.abs().sum(dim=1, keepdim=True)
normalised-only:
    self.score_mask_value → 0.0
    F.softmax(energies, dim=1) → energies.relu() / energies.relu().sum(dim=1, keepdim=True)
softmax-twice: F.softmax(energies, dim=1) → F.softmax(F.softmax(energies, dim=1), dim=1)
softmax-twice: attention_weights_cat) → attention_weights_cat).softmax(1)
softmin: = self.get_alignment_energies → = -self.get_alignment_energies
hardmax: F.softmax(energies, dim=1) → F.one_hot(energies.argmax(1), memory.size(1)).type_as(memory)
hardmax: bmm(attention_weights →
    bmm(F.one_hot(energies.argmax(1), memory.size(1)).type_as(memory)
log-softmax: F.softmax → F.log_softmax
sigmoid: F.softmax(energies, dim=1) → torch.sigmoid(energies)
scaled: attention_weights_cat) → attention_weights_cat) / processed_memory.size(-1) ** 0.5
scaled: attention_weights_cat) → attention_weights_cat) / query.size(-1) ** 0.5
scaled: attention_weights_cat) → attention_weights_cat) / memory.size(-1) ** 0.5
processed-memory: unsqueeze(1), memory → unsqueeze(1), processed_memory
energies-from-memory: query, processed_memory → query, memory
energies-from-memory: query, processed_memory → query, self.memory_layer(memory)
past-changed: attention_weights_cat → attention_weights_cat.flip(1)
past-changed: attention_weights_cat → torch.zeros_like(attention_weights_cat)
past-changed: attention_weights_cat → attention_weights_cat[:, [0, 0]]
past-changed: attention_weights_cat → attention_weights_cat[:, [1, 1]]
context-unweighted: attention_context.squeeze(1) → memory.mean(1)
context-unweighted: attention_context.squeeze(1) → memory.sum(1)
context-averaged: attention_context.squeeze(1) → (attention_weights[..., None] * memory).mean(1)
context-not-summed: attention_context.squeeze(1) → attention_weights[..., None] * memory
context-wrong-sum: attention_context.squeeze(1) → (attention_weights[..., None] * memory).sum(-1)
context-wrong-sum: attention_context.squeeze(1) → (attention_weights[..., None] * memory).sum(0)
context-crossed: attention_context.squeeze(1) → attention_weights @ memory
context-from-energies:
    energies = self.get_alignment_energies(query, processed_memory, attention_weights_cat)
    context = torch.bmm(energies.unsqueeze(1), memory).squeeze(1)
    if mask is not None:
        energies = energies.masked_fill(mask, self.score_mask_value)
    return context, F.softmax(energies, dim=1)
context-from-energies: bmm(attention_weights → bmm(energies
context-from-past: bmm(attention_weights.unsqueeze(1) → bmm(attention_weights_cat[:, :1]
context-from-past: bmm(attention_weights.unsqueeze(1) → bmm(attention_weights_cat[:, 1:]
context-unmasked:
    energies = self.get_alignment_energies(query, processed_memory, attention_weights_cat)
    context = torch.bmm(F.softmax(energies, dim=1).unsqueeze(1), memory).squeeze(1)
    if mask is not None:
        energies = energies.masked_fill(mask, self.score_mask_value)
    return context, F.softmax(energies, dim=1)
weights-unmasked:
    energies = self.get_alignment_energies(query, processed_memory, attention_weights_cat)
    weights = F.softmax(energies, dim=1)
    if mask is not None:
        energies = energies.masked_fill(mask, self.score_mask_value)
    return torch.bmm(F.softmax(energies, dim=1).unsqueeze(1), memory).squeeze(1), weights
weights-added-up: squeeze(1), attention_weights →
    squeeze(1), attention_weights + attention_weights_cat[:, 1]
weights-added-up: F.softmax(energies, dim=1) →
    F.softmax(energies, dim=1) + attention_weights_cat[:, 1]
energies-returned:
    energies = self.get_alignment_energies(query, processed_memory, attention_weights_cat)
    masked = energies if mask is None else energies.masked_fill(mask, self.score_mask_value)
    weights = F.softmax(masked, dim=1)
    return torch.bmm(weights.unsqueeze(1), memory).squeeze(1), energies
energies-returned: squeeze(1), attention_weights → squeeze(1), energies
context-axis-left: attention_context.squeeze(1) → attention_context
context-axis-left: attention_context.squeeze(1) → attention_context.transpose(1, 2)
weights-axis-left: squeeze(1), attention_weights → squeeze(1), attention_weights.unsqueeze(1)
weights-axis-left: squeeze(1), attention_weights → squeeze(1), attention_weights.unsqueeze(-1)
weights-without-row: attention_weights.unsqueeze(1) → attention_weights
weights-as-column: attention_weights.unsqueeze(1) → attention_weights.unsqueeze(2)
weights-not-spread: attention_context.squeeze(1) → (attention_weights * memory).sum(1)
memory-first:
    attention_weights.unsqueeze(1), memory → memory, attention_weights.unsqueeze(2)
    attention_context.squeeze(1) → attention_context.squeeze(2)
memory-first: attention_weights.unsqueeze(1), memory → memory, attention_weights.unsqueeze(1)
swapped: attention_context.squeeze(1), attention_weights →
    attention_weights, attention_context.squeeze(1)
one-result: attention_context.squeeze(1), attention_weights → attention_context.squeeze(1)
dropout-added: F.softmax(energies, dim=1) → F.dropout(F.softmax(energies, dim=1))
dropout-added: F.softmax(energies, dim=1) → F.dropout(F.softmax(energies, dim=1), 0.1)
dropout-added: attention_context.squeeze(1) → F.dropout(attention_context.squeeze(1))
batch-squeezed:
    attention_context.squeeze(1), attention_weights →
        attention_context.squeeze(), attention_weights.squeeze()
batch-squeezed: attention_context.squeeze(1) → attention_context.squeeze()
batch-squeezed: squeeze(1), attention_weights → squeeze(1), attention_weights.squeeze()
"""
)
