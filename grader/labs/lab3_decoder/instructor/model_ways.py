"""Lab 3: the ways to make the slips of ``Tacotron2.predict``."""

from __future__ import annotations

from grader.instructor.ways import read_ways

PREDICT = read_ways(
    """
ids-shifted: embedding(ids) → embedding((ids - 1).clamp(min=0))
ids-shifted: embedding(ids) → embedding(ids + 1)
ids-shifted: embedding(ids) → embedding(ids - 1)
transpose-missing: self.embedding(ids).transpose(1, 2) → self.embedding(ids)
reshaped: self.embedding(ids).transpose(1, 2) →
    self.embedding(ids).reshape(ids.size(0), -1, ids.size(1))
embedding-scaled: .transpose(1, 2) → .transpose(1, 2) * self.embedding.embedding_dim**0.5
embedding-relu: .transpose(1, 2) → .transpose(1, 2).relu()
embedding-tanh: .transpose(1, 2) → .transpose(1, 2).tanh()
embedding-normalised: self.embedding(ids).transpose(1, 2) →
    nn.functional.normalize(self.embedding(ids).transpose(1, 2), dim=1)
embedding-normalised: .transpose(1, 2) → .transpose(1, 2).softmax(1)
embedding-reversed: .transpose(1, 2) → .transpose(1, 2).flip(2)
embedding-masked: memory = →
    hidden = padding_mask(lengths, ids.size(1)).unsqueeze(1)
    embedded = embedded.masked_fill(hidden, 0.0)
    memory =
sorted: embedded = →
    lengths, order = lengths.sort(descending=True)
    ids = ids[order]
    embedded =

lengths-full: self.encoder(embedded, lengths) →
    self.encoder(embedded, torch.full_like(lengths, ids.size(1)))
encoder-lengths-short: (embedded, lengths) → (embedded, lengths - 1)
encoder-skipped: self.encoder(embedded, lengths) → embedded.transpose(1, 2)
encoder-residual: self.encoder(embedded, lengths) →
    self.encoder(embedded, lengths) + embedded.transpose(1, 2)
memory-relu: (embedded, lengths) → (embedded, lengths).relu()
memory-tanh: (embedded, lengths) → (embedded, lengths).tanh()
memory-normalised: self.encoder(embedded, lengths) →
    nn.functional.normalize(self.encoder(embedded, lengths), dim=2)
memory-reversed: (embedded, lengths) → (embedded, lengths).flip(1)
memory-transposed: (embedded, lengths) → (embedded, lengths).transpose(1, 2)

decoder-lengths-full: decode(memory, lengths) →
    decode(memory, torch.full_like(lengths, ids.size(1)))
decoder-lengths-short: (memory, lengths) → (memory, lengths - 1)
unpacked-as-returned: mel, gate, alignments, mel_lengths = → mel, mel_lengths, alignments, gate =
decode-for-each: decode(memory, lengths) → (decode(memory, lengths)[part] for part in range(4))
decode-twice: mel, gate, alignments, mel_lengths = →
    decode(memory, lengths)
    mel, gate, alignments, mel_lengths =
mel-of-second-reading: correction = →
    mel = decode(memory, lengths)[0]
    correction =
mel-hidden: correction = →
    hidden = self.hidden_frames(mel, mel_lengths)
    mel = mel if hidden is None else mel.masked_fill(hidden, 0.0)
    correction =
mel-hidden: correction = →
    mel = mel.masked_fill(padding_mask(mel_lengths, mel.size(2)).unsqueeze(1), 0.0)
    correction =

padding-missing: self.postnet(mel, self.hidden_frames(mel, mel_lengths)) → self.postnet(mel)
padding-of-text: (mel, mel_lengths) → (mel, lengths)
padding-step-short: (mel, mel_lengths) → (mel, mel_lengths - self.config.n_frames_per_step)
padding-step-long: (mel, mel_lengths) → (mel, mel_lengths + self.config.n_frames_per_step)
padding-frame-long: (mel, mel_lengths) → (mel, mel_lengths + 1)
padding-always: self.hidden_frames(mel, mel_lengths) →
    padding_mask(mel_lengths + self.config.n_frames_per_step, mel.size(2)).unsqueeze(1)
padding-always-short: self.hidden_frames(mel, mel_lengths) →
    padding_mask(mel_lengths, mel.size(2)).unsqueeze(1)
padding-inverted: self.hidden_frames(mel, mel_lengths) →
    ~self.hidden_frames(mel, mel_lengths) if self.config.mask_embeddings else None
padding-inverted: self.hidden_frames → ~self.hidden_frames
postnet-of-postnet: self.postnet(mel →
    self.postnet(self.postnet(mel, self.hidden_frames(mel, mel_lengths))
postnet-of-exponential: self.postnet(mel → self.postnet(mel.exp()

residual-missing: mel + correction → correction
residual-twice: mel + correction → mel + mel + correction
postnet-skipped: mel + correction → mel
postnet-twice: return →
    mel_postnet = mel_postnet + self.postnet(mel_postnet, self.hidden_frames(mel, mel_lengths))
    return
correction-subtracted: mel + correction → mel - correction
mel-subtracted: mel + correction → correction - mel
correction-multiplied: mel + correction → mel * correction
correction-halved: mel + correction → (mel + correction) / 2
correction-part: mel + correction → mel + 0.5 * correction
correction-twice: mel + correction → mel + 2 * correction
correction-tanh: mel + correction → mel + correction.tanh()
correction-relu: mel + correction → mel + correction.relu()
correction-joined: mel + correction → torch.cat((mel, correction), dim=1)
mel-tanh: mel + correction → torch.tanh(mel + correction)
mel-exponential: mel + correction → torch.exp(mel + correction)
mel-relu: mel + correction → (mel + correction).relu()
mel-limited: mel + correction → (mel + correction).clamp(-1, 1)
mel-limited: mel + correction → mel.clamp(-1, 1) + correction
mel-maximum: mel + correction → torch.maximum(mel, correction)
frames-silenced: return →
    ended = padding_mask(mel_lengths, mel.size(2)).unsqueeze(1)
    mel_postnet = mel_postnet.masked_fill(ended, 0.0)
    return
frames-cut: mel + correction → (mel + correction)[:, :, : int(mel_lengths.max())]

decoder-order: mel_lengths, alignments, gate → gate, alignments, mel_lengths
last-two-exchanged: alignments, gate → gate, alignments
alignments-second: mel_lengths, alignments, gate → alignments, mel_lengths, gate
both-mels: return mel_postnet, mel_lengths, alignments, gate →
    return mel, mel_postnet, gate, alignments
mel-transposed: return mel_postnet → return mel_postnet.transpose(1, 2)
lengths-of-text: return mel_postnet, mel_lengths → return mel_postnet, lengths.int()
lengths-in-steps: return mel_postnet, mel_lengths →
    return mel_postnet, mel_lengths // self.config.n_frames_per_step
lengths-times-r: return mel_postnet, mel_lengths →
    return mel_postnet, mel_lengths * self.config.n_frames_per_step
lengths-plus-one: return mel_postnet, mel_lengths → return mel_postnet, mel_lengths + 1
lengths-plus-step: return mel_postnet, mel_lengths →
    return mel_postnet, mel_lengths + self.config.n_frames_per_step
lengths-of-mel: return mel_postnet, mel_lengths →
    return mel_postnet, torch.full_like(mel_lengths, mel.size(2))
alignments-transposed: alignments, gate → alignments.transpose(1, 2), gate
alignments-decided: alignments, gate → alignments.argmax(2), gate
alignments-softmax: alignments, gate → alignments.softmax(2), gate
gate-probability: alignments, gate → alignments, gate.sigmoid()
gate-decided: alignments, gate → alignments, (gate > 0).to(gate)
gate-axis: alignments, gate → alignments, gate.unsqueeze(1)
"""
)
