"""Lab 1: its slips in students' words, as changes of the right solution or written anew.

Their outputs on the public cases are stored, so that a student edition can recognise a slip
without holding this text; the same text makes the mutants that the hidden cases must catch.
"""

from __future__ import annotations

from grader.instructor.ways import read_ways
from grader.labs.lab1_attention.instructor.look_ways import LOOK

WAYS = {
    "attention-1": read_ways(
        """
transpose-missing: processed_attention.transpose(1, 2) → processed_attention
transposed-late:
    x = self.location_dense(self.location_conv(attention_weights_cat))
    return x.transpose(1, 2)
transposed-early: attention_weights_cat → attention_weights_cat.transpose(1, 2)
wrong-axes: transpose(1, 2) → permute(2, 0, 1)
wrong-axes: transpose(1, 2) → transpose(0, 1)
wrong-axes: transpose(1, 2) → transpose(0, 2)
reshaped: transpose(1, 2) → reshape(-1, attention_weights_cat.size(2), processed_attention.size(1))
reshaped:
    x = self.location_conv(attention_weights_cat)
    x = self.location_dense(x.reshape(-1, x.size(1)))
    return x.view(attention_weights_cat.size(0), attention_weights_cat.size(2), -1)
dense-missing: self.location_dense(processed_attention) → processed_attention
dense-missing: return self.location_conv(attention_weights_cat)
dense-twice: (processed_attention) → (self.location_dense(processed_attention))
conv-missing: self.location_conv(attention_weights_cat) → attention_weights_cat
conv-missing: return self.location_dense(attention_weights_cat)
weight-transposed:
    x = self.location_conv(attention_weights_cat).transpose(1, 2)
    return x @ self.location_dense.linear_layer.weight
transposed-back: (processed_attention) → (processed_attention).transpose(1, 2)
channels-swapped: attention_weights_cat → attention_weights_cat.flip(1)
previous-only: attention_weights_cat → attention_weights_cat[:, [0, 0]]
previous-only: attention_weights_cat → attention_weights_cat * torch.tensor([[1.0], [0.0]])
cumulative-only: attention_weights_cat → attention_weights_cat[:, [1, 1]]
cumulative-only: attention_weights_cat → attention_weights_cat * torch.tensor([[0.0], [1.0]])
channels-mixed: attention_weights_cat → attention_weights_cat.sum(1)[:, None].expand(-1, 2, -1)
channels-mixed: attention_weights_cat → attention_weights_cat.mean(1)[:, None].expand(-1, 2, -1)
channel-taken: attention_weights_cat → attention_weights_cat[:, :1]
relu-added: transpose(1, 2) → transpose(1, 2).relu()
relu-added: (processed_attention) → (processed_attention).relu()
tanh-added: (processed_attention) → (processed_attention).tanh()
tanh-added: transpose(1, 2) → transpose(1, 2).tanh()
tanh-added:
    transpose(1, 2) → transpose(1, 2).tanh()
    (processed_attention) → (processed_attention).tanh()
sigmoid-added: (processed_attention) → (processed_attention).sigmoid()
sigmoid-added: transpose(1, 2) → transpose(1, 2).sigmoid()
softmax-added: (processed_attention) → (processed_attention).softmax(-1)
softmax-added: (processed_attention) → (processed_attention).softmax(1)
softmax-added: transpose(1, 2) → transpose(1, 2).softmax(1)
softmax-added: transpose(1, 2) → transpose(1, 2).softmax(-1)
softmax-added: attention_weights_cat → attention_weights_cat.softmax(-1)
scaled:
    x = self.location_dense(self.location_conv(attention_weights_cat).transpose(1, 2))
    return x / x.size(-1) ** 0.5
scaled: (processed_attention) → (processed_attention) / processed_attention.size(-1) ** 0.5
scaled:
    x = self.location_dense(self.location_conv(attention_weights_cat).transpose(1, 2))
    return x / x.size(-1)
weights-normalised: attention_weights_cat →
    attention_weights_cat / attention_weights_cat.sum(-1, keepdim=True)
weights-normalised: attention_weights_cat →
    attention_weights_cat / attention_weights_cat.sum(1, keepdim=True)
tap-shifted: attention_weights_cat → F.pad(attention_weights_cat, (1, 0))[..., :-1]
tap-shifted: attention_weights_cat → F.pad(attention_weights_cat, (0, 1))[..., 1:]
tap-shifted: processed_attention.transpose → F.pad(processed_attention, (1, 0))[..., :-1].transpose
tap-shifted: processed_attention.transpose → F.pad(processed_attention, (0, 1))[..., 1:].transpose
causal:
    kernel = self.location_conv.conv.weight
    x = F.conv1d(F.pad(attention_weights_cat, (kernel.size(2) - 1, 0)), kernel)
    return self.location_dense(x.transpose(1, 2))
causal:
    kernel = self.location_conv.conv.weight
    x = F.conv1d(F.pad(attention_weights_cat, (0, kernel.size(2) - 1)), kernel)
    return self.location_dense(x.transpose(1, 2))
rolled: attention_weights_cat → attention_weights_cat.roll(1, -1)
rolled: attention_weights_cat → attention_weights_cat.roll(-1, -1)
rolled: (processed_attention) → (processed_attention).roll(1, 1)
rolled: (processed_attention) → (processed_attention).roll(-1, 1)
padding-missing:
    x = F.conv1d(attention_weights_cat, self.location_conv.conv.weight)
    return self.location_dense(x.transpose(1, 2))
filter-flipped:
    kernel = self.location_conv.conv.weight.flip(-1)
    x = F.conv1d(attention_weights_cat, kernel, padding=kernel.size(2) // 2)
    return self.location_dense(x.transpose(1, 2))
reversed: (processed_attention) → (processed_attention).flip(1)
reversed: attention_weights_cat → attention_weights_cat.flip(-1)
first-sentence: attention_weights_cat → attention_weights_cat[:1]
first-sentence: (processed_attention) → (processed_attention)[0]
first-sentence: attention_weights_cat → attention_weights_cat[:1].expand_as(attention_weights_cat)
summed-up: (processed_attention) → (processed_attention).sum(1)
summed-up: (processed_attention) → (processed_attention).mean(1)
summed-up: (processed_attention) → (processed_attention).sum(-1)
summed-up: (processed_attention) → (processed_attention).mean(-1)
negated: return self → return -self
dropout-added: self.location_dense(processed_attention) →
    F.dropout(self.location_dense(processed_attention))
dropout-added: self.location_dense(processed_attention) →
    F.dropout(self.location_dense(processed_attention), 0.1)
dropout-added: processed_attention.transpose(1, 2) → F.dropout(processed_attention.transpose(1, 2))
dropout-added: processed_attention.transpose(1, 2) → F.dropout(processed_attention).transpose(1, 2)
batch-squeezed: (processed_attention) → (processed_attention).squeeze()
batch-squeezed: transpose(1, 2) → squeeze().transpose(-1, -2)
"""
    ),
    "attention-2": read_ways(
        """
tanh-missing: torch.tanh →
tanh-outside: self.v(torch.tanh( → torch.tanh(self.v(
tanh-twice: squeeze(-1) → squeeze(-1).tanh()
tanh-twice: processed_memory) → processed_memory).tanh()
tanh-each:
    torch.tanh(processed_query + processed_location + processed_memory) →
        torch.tanh(processed_query) + torch.tanh(processed_location) + torch.tanh(processed_memory)
tanh-early: processed_location + processed_memory) → processed_location) + processed_memory
tanh-early: processed_location + processed_memory) → processed_memory) + processed_location
tanh-early: torch.tanh(processed_query + → processed_query + torch.tanh(
tanh-early: torch.tanh(processed_query + → torch.tanh(processed_query) + (
tanh-early:
    torch.tanh(processed_query + processed_location + →
        processed_query + processed_location + torch.tanh(
tanh-early:
    torch.tanh(processed_query + processed_location + →
        processed_query + torch.tanh(processed_location) + (
sigmoid: torch.tanh → torch.sigmoid
relu: torch.tanh → torch.relu
query-missing: processed_query + →
memory-missing: + processed_memory →
location-missing: + processed_location →
one-term: processed_query + processed_location + →
one-term: processed_query + processed_location + processed_memory → processed_location
one-term:
    + processed_location + processed_memory →
    squeeze(-1) → squeeze(-1).expand(-1, processed_memory.size(1))
location-twice: + processed_location → + processed_location + processed_location
memory-projected-twice: processed_memory → self.memory_layer(processed_memory)
query-not-projected: self.query_layer(query.unsqueeze(1)) → query.unsqueeze(1)
layers-swapped: query_layer → memory_layer
layers-swapped: processed_memory → self.query_layer(processed_memory)
layers-swapped:
    query_layer → memory_layer
    processed_memory → self.query_layer(processed_memory)
query-along-time: query.unsqueeze(1) → query.unsqueeze(0)
query-axis-last: self.query_layer(query.unsqueeze(1)) → self.query_layer(query).unsqueeze(2)
first-query: query.unsqueeze(1) → query[:1]
first-query: self.query_layer(query.unsqueeze(1)) → self.query_layer(query).mean(0)
multiplied: + processed_location + processed_memory → * processed_memory + processed_location
multiplied: + processed_location + processed_memory → * processed_memory * processed_location
multiplied: + processed_location + processed_memory → * (processed_memory + processed_location)
multiplied: + processed_location + processed_memory → * processed_memory
dot-product: return (self.query_layer(query.unsqueeze(1)) * processed_memory).sum(-1)
dot-product:
    query = self.query_layer(query.unsqueeze(1))
    return (query * processed_memory).sum(-1) / query.size(-1) ** 0.5
dot-product:
    key = processed_memory + self.location_layer(attention_weights_cat)
    return (self.query_layer(query.unsqueeze(1)) * key).sum(-1)
dot-product:
    key = processed_memory + self.location_layer(attention_weights_cat)
    return (self.query_layer(query.unsqueeze(1)) * key).sum(-1) / key.size(-1) ** 0.5
dot-product:
    query = self.query_layer(query.unsqueeze(1))
    return torch.cosine_similarity(query, processed_memory, dim=-1)
scaled: squeeze(-1) → squeeze(-1) / processed_memory.size(-1) ** 0.5
scaled:
    processed_query + processed_location + processed_memory →
        (processed_query + processed_location + processed_memory) / processed_memory.size(-1) ** 0.5
scaled: squeeze(-1) → squeeze(-1) / processed_memory.size(-1)
averaged:
    processed_query + processed_location + processed_memory →
        (processed_query + processed_location + processed_memory) / 3
subtracted: + processed_memory → - processed_memory
subtracted: processed_query + → -processed_query +
subtracted: + processed_location → - processed_location
subtracted: processed_query + processed_location + → -processed_query - processed_location -
v-missing:
    self.v →
    squeeze(-1) → sum(-1)
v-missing:
    self.v →
    squeeze(-1) → mean(-1)
v-missing:
    self.v →
    energies.squeeze(-1) → energies
v-missing:
    self.v →
    squeeze(-1) → norm(dim=-1)
v-not-called: self.v( → self.v * (
v-not-summed:
    self.v( → self.v.linear_layer.weight * (
    energies.squeeze(-1) → energies
concatenated:
    processed_query + processed_location + processed_memory →
        torch.cat([processed_query, processed_memory, processed_location], dim=1)
axis-left: energies.squeeze(-1) → energies
axis-left: squeeze(-1) → squeeze(1)
axis-left: squeeze(-1) → transpose(1, 2)
softmax-early: squeeze(-1) → squeeze(-1).softmax(-1)
softmax-early: squeeze(-1) → squeeze(-1).log_softmax(-1)
softmax-early: squeeze(-1) → squeeze(-1).exp()
softmax-early: squeeze(-1) → squeeze(-1).sigmoid()
softmax-early: squeeze(-1) → squeeze(-1).softmax(0)
softmax-early: squeeze(-1) → softmax(-1).squeeze(-1)
summed-up: squeeze(-1) → sum(1)
summed-up: squeeze(-1) → sum(0)
summed-up: squeeze(-1) → mean(1)
summed-up:
    processed_query + processed_location + processed_memory →
        (processed_query + processed_location + processed_memory).sum(1)
    energies.squeeze(-1) → energies
summed-up:
    processed_memory) → processed_memory).sum(1)
    energies.squeeze(-1) → energies
transposed: squeeze(-1) → squeeze(-1).t()
channels-swapped: attention_weights_cat → attention_weights_cat.flip(1)
channel-missing: attention_weights_cat → attention_weights_cat[:, [0, 0]]
channel-missing: attention_weights_cat → attention_weights_cat * torch.tensor([[1.0], [0.0]])
channel-missing: attention_weights_cat → attention_weights_cat[:, [1, 1]]
channel-missing: attention_weights_cat → attention_weights_cat * torch.tensor([[0.0], [1.0]])
weights-transposed: attention_weights_cat → attention_weights_cat.transpose(1, 2)
location-untouched:
    location_layer → location_layer.location_conv
    attention_weights_cat) → attention_weights_cat).transpose(1, 2)
location-untouched: self.location_layer → self.location_layer.location_conv
location-untouched: self.location_layer(attention_weights_cat) → attention_weights_cat.mT
features-transposed: + processed_location → + processed_location.transpose(1, 2)
features-transposed: processed_memory → processed_memory.transpose(1, 2)
dropout-added:
    torch.tanh(processed_query + processed_location + processed_memory) →
        F.dropout(torch.tanh(processed_query + processed_location + processed_memory))
dropout-added:
    torch.tanh(processed_query + processed_location + processed_memory) →
        F.dropout(torch.tanh(processed_query + processed_location + processed_memory), 0.1)
dropout-added: energies.squeeze(-1) → F.dropout(energies.squeeze(-1))
batch-squeezed: squeeze(-1) → squeeze()
batch-squeezed: squeeze(-1) → squeeze(-1).squeeze(0)
"""
    ),
    "attention-3": LOOK,
}
