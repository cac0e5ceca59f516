"""Lab 3: right decoders in many hands. Whatever the style, a correct fill has full marks."""

from __future__ import annotations

import pytest

from grader.judge.verdict import Verdict
from lab_tools import Run
from labs.lab3_decoder.cells import BODIES, STUB, fill

pytestmark = pytest.mark.lab3


START_STYLES = {
    "as published": {
        "get_go_frame": """
            B = memory.size(0)
            decoder_input = torch.autograd.Variable(memory.data.new(
                B, self.n_mel_channels * self.n_frames_per_step).zero_())
            return decoder_input
        """,
        "initialize_decoder_states": """
            B = memory.size(0)
            MAX_TIME = memory.size(1)
            self.attention_hidden = memory.data.new(B, self.attention_rnn_dim).zero_()
            self.attention_cell = memory.data.new(B, self.attention_rnn_dim).zero_()
            self.decoder_hidden = memory.data.new(B, self.decoder_rnn_dim).zero_()
            self.decoder_cell = memory.data.new(B, self.decoder_rnn_dim).zero_()
            self.attention_weights = memory.data.new(B, MAX_TIME).zero_()
            self.attention_weights_cum = memory.data.new(B, MAX_TIME).zero_()
            self.attention_context = memory.data.new(B, memory.size(2)).zero_()
            self.processed_memory = self.attention_layer.memory_layer(memory)
            return (self.attention_hidden, self.attention_cell, self.decoder_hidden,
                    self.decoder_cell, self.attention_weights, self.attention_weights_cum,
                    self.attention_context, self.processed_memory)
        """,
    },
    "as published later": {
        "get_go_frame": """
            B = memory.size(0)
            return torch.zeros(B, self.n_mel_channels * self.n_frames_per_step,
                               dtype=memory.dtype, device=memory.device)
        """,
        "initialize_decoder_states": """
            B, MAX_TIME, dtype, device = memory.size(0), memory.size(1), memory.dtype, memory.device
            sizes = [self.attention_rnn_dim] * 2 + [self.decoder_rnn_dim] * 2
            sizes += [MAX_TIME, MAX_TIME, memory.size(2)]
            zeros = [torch.zeros(B, size, dtype=dtype, device=device) for size in sizes]
            return DecoderState(*zeros, self.attention_layer.memory_layer(memory))
        """,
    },
    "by the parts' own sizes": {
        "get_go_frame": """
            frame = memory.new_empty(len(memory), self.linear_projection.linear_layer.out_features)
            return frame.fill_(0)
        """,
        "initialize_decoder_states": """
            def zeros(size):
                return memory.new_zeros((memory.shape[0], size))
            hidden = {name: zeros(getattr(self, name.split("_")[0] + "_rnn").hidden_size)
                      for name in ("attention_hidden", "attention_cell",
                                   "decoder_hidden", "decoder_cell")}
            return DecoderState(
                processed_memory=self.attention_layer.memory_layer(memory),
                attention_weights=zeros(memory.shape[1]),
                attention_weights_cum=zeros(memory.shape[1]),
                attention_context=zeros(memory.shape[2]),
                **hidden,
            )
        """,
    },
    "like other tensors": {
        "get_go_frame": """
            frame = torch.zeros_like(memory[:, 0, :1])
            return frame.repeat(1, self.n_frames_per_step * self.n_mel_channels)
        """,
        "initialize_decoder_states": """
            context = torch.zeros_like(memory[:, 0])
            weights = torch.zeros_like(memory[..., 0])
            one = context[:, :1]
            a = one.expand(-1, self.attention_rnn_dim)
            d = one.expand(-1, self.decoder_rnn_dim)
            processed = self.attention_layer.memory_layer(memory)
            return DecoderState(a, a, d, d, weights, weights, context, processed)
        """,
    },
    "to the memory": {
        "get_go_frame": """
            return torch.zeros(memory.size(0), self.n_frames_per_step, self.n_mel_channels) \\
                .flatten(1).to(memory)
        """,
        "initialize_decoder_states": """
            n, t, d = memory.size()
            state = [torch.zeros(n, s) for s in (self.attention_rnn_dim,) * 2]
            state += [torch.zeros(n, s) for s in (self.decoder_rnn_dim,) * 2]
            state += [torch.zeros(n, t), torch.zeros(n, t), torch.zeros(n, d)]
            weight = self.attention_layer.memory_layer.linear_layer.weight
            processed = torch.einsum("btd,ad->bta", memory, weight)
            return DecoderState._make([s.to(memory) for s in state] + [processed])
        """,
    },
    "a loop over sentences": {
        "get_go_frame": """
            size = self.n_frames_per_step * self.n_mel_channels
            return torch.stack([m.new_zeros(size) for m in memory])
        """,
        "initialize_decoder_states": """
            memory_layer = self.attention_layer.memory_layer
            return DecoderState(
                attention_hidden=torch.stack([m.new_zeros(self.attention_rnn_dim) for m in memory]),
                attention_cell=torch.stack([m.new_zeros(self.attention_rnn_dim) for m in memory]),
                decoder_hidden=torch.stack([m.new_zeros(self.decoder_rnn_dim) for m in memory]),
                decoder_cell=torch.stack([m.new_zeros(self.decoder_rnn_dim) for m in memory]),
                attention_weights=torch.stack([m.new_zeros(len(m)) for m in memory]),
                attention_weights_cum=torch.stack([m.new_zeros(len(m)) for m in memory]),
                attention_context=torch.stack([m[0] * 0 for m in memory]),
                processed_memory=torch.stack([memory_layer(m) for m in memory]),
            )
        """,
    },
    "with a type, and full": {
        "get_go_frame": """
            frame_dim: int = self.n_mel_channels * self.n_frames_per_step
            return torch.full((memory.size(0), frame_dim), 0, dtype=memory.dtype,
                              device=memory.device)
        """,
        "initialize_decoder_states": """
            B, T, D = memory.size()
            make = lambda *shape: torch.zeros(shape, dtype=memory.dtype, device=memory.device)
            A, R = self.attention_rnn_dim, self.decoder_rnn_dim
            return DecoderState(make(B, A), make(B, A), make(B, R), make(B, R), make(B, T),
                                make(B, T), make(B, D), self.attention_layer.memory_layer(memory))
        """,
    },
    "numbers made on the memory's device": {
        "get_go_frame": """
            zero = torch.tensor(0.0, dtype=memory.dtype, device=memory.device)
            return zero.expand(memory.size(0), self.n_frames_per_step * self.n_mel_channels)
        """,
    },
    "as new tensors of the memory": {
        "get_go_frame": """
            row = [0.0] * (self.n_frames_per_step * self.n_mel_channels)
            return memory.new_tensor([row for _ in memory])
        """,
    },
    "with the memory's type": {
        "get_go_frame": """
            frame = torch.zeros(len(memory), self.n_frames_per_step, self.n_mel_channels)
            return frame.view(len(memory), -1).type_as(memory)
        """,
    },
    "in place on what is new": {
        "get_go_frame": """
            frame = memory.new_empty(len(memory), self.n_frames_per_step * self.n_mel_channels)
            frame[:] = 0
            frame[:, 0].mul_(2.0)
            return nn.init.zeros_(frame)
        """,
    },
    "padding": {
        "get_go_frame": """
            return F.pad(memory[:, 0, :0], (0, self.n_frames_per_step * self.n_mel_channels))
        """,
    },
    "on the device for a while": {
        "get_go_frame": """
            with torch.device(memory.device):
                size = self.n_frames_per_step * self.n_mel_channels
                return torch.zeros(len(memory), size, dtype=memory.dtype)
        """,
    },
    "a product with nothing": {
        "get_go_frame": """
            size = self.n_frames_per_step * self.n_mel_channels
            return memory[:, 0] @ memory.new_zeros(memory.size(2), size)
        """,
    },
    "from numpy": {
        "get_go_frame": """
            import numpy
            size = self.n_frames_per_step * self.n_mel_channels
            return torch.as_tensor(numpy.zeros((len(memory), size)), dtype=memory.dtype,
                                   device=memory.device)
        """,
    },
    "a list of what a helper makes": {
        "get_go_frame": """
            def nothing(size):
                return memory.new_zeros(1).expand(memory.size(0), size).clone()
            return nothing(self.n_frames_per_step * self.n_mel_channels)
        """,
        "initialize_decoder_states": """
            sizes = (self.attention_rnn_dim, self.attention_rnn_dim, self.decoder_rnn_dim,
                     self.decoder_rnn_dim, memory.size(1), memory.size(1), memory.size(2))
            state = [memory.new_zeros(()).repeat(memory.size(0), size) for size in sizes]
            return [*state, self.attention_layer.memory_layer(memory)]
        """,
    },
}
STEP_STYLES = {
    "as published": {
        "decode": """
            (attention_hidden, attention_cell, decoder_hidden, decoder_cell, attention_weights,
             attention_weights_cum, attention_context, processed_memory) = state
            cell_input = torch.cat((decoder_input, attention_context), -1)
            attention_hidden, attention_cell = self.attention_rnn(
                cell_input, (attention_hidden, attention_cell))
            attention_hidden = F.dropout(
                attention_hidden, self.p_attention_dropout, self.training)
            attention_weights_cat = torch.cat(
                (attention_weights.unsqueeze(1), attention_weights_cum.unsqueeze(1)), dim=1)
            attention_context, attention_weights = self.attention_layer(
                attention_hidden, memory, processed_memory, attention_weights_cat, mask)
            attention_weights_cum = attention_weights_cum + attention_weights
            decoder_input = torch.cat((attention_hidden, attention_context), -1)
            decoder_hidden, decoder_cell = self.decoder_rnn(
                decoder_input, (decoder_hidden, decoder_cell))
            decoder_hidden = F.dropout(decoder_hidden, self.p_decoder_dropout, self.training)
            decoder_hidden_attention_context = torch.cat(
                (decoder_hidden, attention_context), dim=1)
            decoder_output = self.linear_projection(decoder_hidden_attention_context)
            gate_prediction = self.gate_layer(decoder_hidden_attention_context)
            return decoder_output, gate_prediction, (
                attention_hidden, attention_cell, decoder_hidden, decoder_cell, attention_weights,
                attention_weights_cum, attention_context, processed_memory)
        """,
        "steps": """
            decoder_input = frame
            while True:
                decoder_input = self.prenet(
                    decoder_input, dropout=prenet_dropout, generator=generator)
                mel_output, gate_output, state = self.decode(decoder_input, state, memory, mask)
                yield mel_output, gate_output, state
                decoder_input = mel_output
        """,
    },
    "on the module, as first published": {
        "decode": """
            for name, value in zip(DecoderState._fields, state):
                setattr(self, "now_" + name, value)
            cell_input = torch.cat((decoder_input, self.now_attention_context), -1)
            self.now_attention_hidden, self.now_attention_cell = self.attention_rnn(
                cell_input, (self.now_attention_hidden, self.now_attention_cell))
            self.now_attention_hidden = F.dropout(
                self.now_attention_hidden, self.p_attention_dropout, self.training)
            past = torch.cat((self.now_attention_weights.unsqueeze(1),
                              self.now_attention_weights_cum.unsqueeze(1)), dim=1)
            self.now_attention_context, self.now_attention_weights = self.attention_layer(
                self.now_attention_hidden, memory, self.now_processed_memory, past, mask)
            self.now_attention_weights_cum = (
                self.now_attention_weights_cum + self.now_attention_weights)
            decoder_input = torch.cat(
                (self.now_attention_hidden, self.now_attention_context), -1)
            self.now_decoder_hidden, self.now_decoder_cell = self.decoder_rnn(
                decoder_input, (self.now_decoder_hidden, self.now_decoder_cell))
            self.now_decoder_hidden = F.dropout(
                self.now_decoder_hidden, self.p_decoder_dropout, self.training)
            found = torch.cat((self.now_decoder_hidden, self.now_attention_context), dim=1)
            after = [getattr(self, "now_" + name) for name in DecoderState._fields]
            return self.linear_projection(found), self.gate_layer(found), DecoderState(*after)
        """,
    },
    "replaced part by part": {
        "decode": """
            heard = torch.cat([decoder_input, state.attention_context], 1)
            h, c = self.attention_rnn(heard, state[:2])
            h = F.dropout(h, p=self.p_attention_dropout, training=self.training)
            state = state._replace(attention_hidden=h, attention_cell=c)
            context, weights = self.attention_layer(
                h, memory, state.processed_memory, torch.stack(state[4:6], 1), mask)
            h, c = self.decoder_rnn(torch.cat([h, context], 1), state[2:4])
            h = F.dropout(h, p=self.p_decoder_dropout, training=self.training)
            state = state._replace(
                decoder_hidden=h, decoder_cell=c, attention_weights=weights,
                attention_weights_cum=weights + state.attention_weights_cum,
                attention_context=context)
            found = torch.cat([h, context], 1)
            return self.linear_projection(found), self.gate_layer(found), state
        """,
    },
    "functional": {
        "decode": """
            def lstm(cell, x, h, c):
                gates = F.linear(x, cell.weight_ih, cell.bias_ih)
                gates = gates + F.linear(h, cell.weight_hh, cell.bias_hh)
                i, f, g, o = gates.chunk(4, 1)
                c = f.sigmoid() * c + i.sigmoid() * g.tanh()
                return o.sigmoid() * c.tanh(), c

            s = state
            ah, ac = lstm(self.attention_rnn, torch.cat((decoder_input, s.attention_context), 1),
                          s.attention_hidden, s.attention_cell)
            ah = F.dropout(ah, self.p_attention_dropout, self.training)
            past = torch.cat((s.attention_weights[:, None], s.attention_weights_cum[:, None]), 1)
            context, w = self.attention_layer(ah, memory, s.processed_memory, past, mask)
            dh, dc = lstm(self.decoder_rnn, torch.cat((ah, context), 1),
                          s.decoder_hidden, s.decoder_cell)
            dh = F.dropout(dh, self.p_decoder_dropout, self.training)
            found = torch.cat((dh, context), 1)
            mel = torch.einsum("bd,md->bm", found, self.linear_projection.linear_layer.weight)
            mel = mel + self.linear_projection.linear_layer.bias
            after = DecoderState(ah, ac, dh, dc, w, s.attention_weights_cum + w, context,
                                 s.processed_memory)
            return mel, self.gate_layer(found), after
        """,
    },
    "both projections at once": {
        "decode": """
            x = torch.hstack((decoder_input, state.attention_context))
            ah, ac = self.attention_rnn(x, (state.attention_hidden, state.attention_cell))
            ah = nn.Dropout(self.p_attention_dropout).train(self.training)(ah)
            past = torch.stack((state.attention_weights, state.attention_weights_cum), -2)
            context, w = self.attention_layer(
                query=ah, memory=memory, processed_memory=state.processed_memory,
                attention_weights_cat=past, mask=mask)
            dh, dc = self.decoder_rnn(
                torch.hstack((ah, context)), (state.decoder_hidden, state.decoder_cell))
            dh = nn.Dropout(self.p_decoder_dropout).train(self.training)(dh)
            layers = (self.linear_projection.linear_layer, self.gate_layer.linear_layer)
            made = F.linear(torch.hstack((dh, context)), torch.cat([l.weight for l in layers]),
                            torch.cat([l.bias for l in layers]))
            mel, gate = made.split([made.size(1) - 1, 1], 1)
            total = torch.add(state.attention_weights_cum, w)
            after = [ah, ac, dh, dc, w, total, context, state.processed_memory]
            return [mel, gate, DecoderState(*after)]
        """,
    },
    "from a helper": {
        "decode": """
            def ask(decoder_input, state):
                h, c = self.attention_rnn(
                    torch.cat((decoder_input, state.attention_context), 1),
                    (state.attention_hidden, state.attention_cell))
                return F.dropout(h, self.p_attention_dropout, self.training), c

            query, cell = ask(decoder_input, state)
            past = torch.stack((state.attention_weights, state.attention_weights_cum), 1)
            context, weights = self.attention_layer(
                query, memory, state.processed_memory, past, mask)
            hidden, decoder_cell = self.decoder_rnn(
                torch.cat((query, context), 1), (state.decoder_hidden, state.decoder_cell))
            hidden = F.dropout(hidden, self.p_decoder_dropout, self.training)
            heads = [layer(torch.cat((hidden, context), 1))
                     for layer in (self.linear_projection, self.gate_layer)]
            return (*heads, DecoderState(
                query, cell, hidden, decoder_cell, weights,
                weights + state.attention_weights_cum, context, state.processed_memory))
        """,
    },
    "with the gradient kept": {
        "decode": BODIES["decode"].replace("with torch.no_grad", "with torch.enable_grad"),
        "steps": """
            while True:
                heard = self.prenet(frame, dropout=prenet_dropout, generator=generator)
                made = self.decode(heard, state, memory, mask)
                frame, state = made[0].clone(), DecoderState(*(part.clone() for part in made[2]))
                yield made
        """,
    },
    "steps without gradients": {
        "steps": """
            while True:
                with torch.no_grad():
                    decoder_input = self.prenet(
                        frame, dropout=prenet_dropout, generator=generator)
                    frame, gate_output, state = self.decode(decoder_input, state, memory, mask)
                yield frame, gate_output, state
        """,
    },
    "steps that count for themselves": {
        "steps": """
            from itertools import count
            for self.step in count():
                heard = self.prenet(frame, dropout=prenet_dropout, generator=generator)
                frame, gate_output, state = self.decode(heard, state, memory, mask)
                yield (frame, gate_output, state)
        """,
    },
    "steps with names": {
        "steps": """
            last = (frame, None, state)
            while 1:
                last = self.decode(
                    decoder_input=self.prenet(
                        last[0], dropout=prenet_dropout, generator=generator),
                    state=last[2], memory=memory, mask=mask)
                yield last
        """,
    },
    "a sum made in place on a copy": {
        "decode": BODIES["decode"].replace(
            "state.attention_weights_cum + weights",
            "state.attention_weights_cum.clone().add_(weights)",
        ),
    },
    "the gate by hand": {
        "decode": BODIES["decode"].replace(
            "self.gate_layer(both)",
            "F.linear(both, *self.gate_layer.linear_layer.parameters())",
        ),
    },
    "steps by recursion": {
        "steps": """
            def go_on(frame, state):
                heard = self.prenet(frame, dropout=prenet_dropout, generator=generator)
                made = self.decode(heard, state, memory, mask)
                yield made
                yield from go_on(made[0], made[2])
            yield from go_on(frame, state)
        """,
    },
    "steps as an iterator of its own": {
        "steps": """
            decoder = self

            class Steps:
                def __init__(self):
                    self.frame, self.state = frame, state

                def __iter__(self):
                    return self

                def __next__(self):
                    heard = decoder.prenet.forward(
                        self.frame, dropout=prenet_dropout, generator=generator)
                    self.frame, gate, self.state = decoder.decode(heard, self.state, memory, mask)
                    return self.frame, gate, self.state

            return Steps()
        """,
    },
    "steps by functools": {
        "steps": """
            from itertools import accumulate, repeat

            def step(last, _):
                heard = self.prenet(last[0], dropout=prenet_dropout, generator=generator)
                return self.decode(heard, last[2], memory, mask)

            made = accumulate(repeat(None), step, initial=(frame, None, state))
            next(made)
            return made
        """,
    },
}
END_STYLES = {
    "as published, with a loop of its own": {
        "infer": """
            decoder_input = self.get_go_frame(memory)
            mask = padding_mask(memory_lengths, memory.size(1))
            state = self.initialize_decoder_states(memory)
            mel_lengths = torch.zeros([memory.size(0)], dtype=torch.int32, device=memory.device)
            not_finished = torch.ones([memory.size(0)], dtype=torch.int32, device=memory.device)
            while True:
                decoder_input = self.prenet(
                    decoder_input, dropout=prenet_dropout, generator=generator)
                mel_output, gate_output, state = self.decode(decoder_input, state, memory, mask)
                mel_outputs += [mel_output]
                gate_outputs += [gate_output]
                alignments += [state.attention_weights]
                dec = torch.le(torch.sigmoid(gate_output), gate_threshold).to(torch.int32)
                not_finished = not_finished * dec.squeeze(1)
                mel_lengths += not_finished * self.n_frames_per_step
                if self.early_stopping and torch.sum(not_finished) == 0:
                    break
                if len(mel_outputs) == max_decoder_steps:
                    print("Warning! Reached max decoder steps")
                    break
                decoder_input = mel_output
            mel_outputs, gate_outputs, alignments = self.parse_decoder_outputs(
                mel_outputs, gate_outputs, alignments)
            return mel_outputs, gate_outputs, alignments, mel_lengths
        """,
        "parse_decoder_outputs": """
            alignments = torch.stack(alignments).transpose(0, 1)
            gate_outputs = torch.stack(gate_outputs).squeeze(2).transpose(0, 1).contiguous()
            mel_outputs = torch.stack(mel_outputs).transpose(0, 1).contiguous()
            mel_outputs = mel_outputs.view(mel_outputs.size(0), -1, self.n_mel_channels)
            mel_outputs = mel_outputs.transpose(1, 2)
            return mel_outputs, gate_outputs, alignments
        """,
    },
    "zip, with the steps first": {
        "infer": """
            for (frame, gate, state), _ in zip(steps, range(max_decoder_steps)):
                mel_outputs.append(frame)
                gate_outputs.append(gate)
                alignments.append(state[4])
                fired = gate.sigmoid().flatten() > gate_threshold
                not_finished &= ~fired
                mel_lengths[not_finished] += self.n_frames_per_step
                if self.early_stopping and not_finished.sum() == 0:
                    break
            return *self.parse_decoder_outputs(mel_outputs, gate_outputs, alignments), mel_lengths
        """,
    },
    "enumerate, and lengths set where the gate fires": {
        "infer": """
            r = self.n_frames_per_step
            mel_lengths = mel_lengths + r * max_decoder_steps
            for step, (frame, gate, state) in enumerate(steps):
                mel_outputs.append(frame)
                gate_outputs.append(gate)
                alignments.append(state.attention_weights)
                for b in range(len(memory)):
                    if not_finished[b] and torch.sigmoid(gate[b, 0]) > gate_threshold:
                        not_finished[b] = False
                        mel_lengths[b] = r * step
                done = self.early_stopping and not bool(not_finished.any())
                if done or step + 1 == max_decoder_steps:
                    break
            parsed = self.parse_decoder_outputs(mel_outputs, gate_outputs, alignments)
            return parsed + (mel_lengths,)
        """,
    },
    "next": {
        "infer": """
            ended = torch.zeros_like(not_finished)
            while len(mel_outputs) < max_decoder_steps and not (
                self.early_stopping and ended.all()
            ):
                frame, gate, state = next(steps)
                mel_outputs.append(frame)
                gate_outputs.append(gate)
                alignments.append(state.attention_weights)
                ended = ended.logical_or(gate.sigmoid().squeeze(-1).gt(gate_threshold))
                mel_lengths += (~ended).int() * self.n_frames_per_step
            steps.close()
            return (*self.parse_decoder_outputs(mel_outputs, gate_outputs, alignments),
                    mel_lengths)
        """,
    },
    "lengths from the gates, at the end": {
        "infer": """
            fired = None
            for frame, gate, state in islice(steps, max_decoder_steps):
                mel_outputs.append(frame)
                gate_outputs.append(gate)
                alignments.append(state.attention_weights)
                now = torch.sigmoid(gate) > gate_threshold
                fired = now if fired is None else torch.cat((fired, now), 1)
                if self.early_stopping and fired.any(1).all():
                    break
            lengths = (fired.long().cumsum(1) == 0).sum(1) * self.n_frames_per_step
            mel, gates, looks = self.parse_decoder_outputs(mel_outputs, gate_outputs, alignments)
            return mel, gates, looks, lengths.int()
        """,
    },
    "lengths of the type int64": {
        "infer": """
            mel_lengths = mel_lengths.long()
            for frame, gate, state in islice(steps, max_decoder_steps):
                mel_outputs.append(frame)
                gate_outputs.append(gate)
                alignments.append(state.attention_weights)
                not_finished = not_finished * (torch.sigmoid(gate).squeeze(1) <= gate_threshold)
                mel_lengths = mel_lengths + self.n_frames_per_step * not_finished
                if self.early_stopping and not any(not_finished.tolist()):
                    break
            return (*self.parse_decoder_outputs(mel_outputs, gate_outputs, alignments),
                    mel_lengths)
        """,
    },
    "the threshold as a logit": {
        "infer": """
            limit = torch.logit(torch.tensor(gate_threshold)).item()
            for frame, gate, state in islice(steps, max_decoder_steps):
                mel_outputs.append(frame)
                gate_outputs.append(gate)
                alignments.append(state.attention_weights)
                not_finished = torch.where(gate[:, 0] > limit, False, not_finished)
                mel_lengths += self.n_frames_per_step * not_finished
                if self.early_stopping and not not_finished.any():
                    break
            return (*self.parse_decoder_outputs(mel_outputs, gate_outputs, alignments),
                    mel_lengths)
        """,
    },
    "the end seen before the next step": {
        "infer": """
            for frame, gate_output, state in islice(steps, max_decoder_steps):
                if self.early_stopping and not not_finished.any():
                    break
                mel_outputs.append(frame)
                gate_outputs.append(gate_output)
                alignments.append(state.attention_weights)
                not_finished = not_finished & (gate_output.sigmoid()[:, 0] <= gate_threshold)
                mel_lengths += self.n_frames_per_step * not_finished
            return (*self.parse_decoder_outputs(mel_outputs, gate_outputs, alignments),
                    mel_lengths)
        """,
    },
    "in numpy's words": {
        "infer": """
            import numpy
            alive = numpy.ones(len(memory), bool)
            for frame, gate_output, state in islice(steps, max_decoder_steps):
                mel_outputs.append(frame)
                gate_outputs.append(gate_output)
                alignments.append(state.attention_weights)
                probability = gate_output.detach().sigmoid().squeeze(1).numpy()
                alive &= ~(probability > gate_threshold)
                mel_lengths += self.n_frames_per_step * torch.from_numpy(alive)
                if self.early_stopping and not alive.any():
                    break
            return (*self.parse_decoder_outputs(mel_outputs, gate_outputs, alignments),
                    mel_lengths)
        """,
    },
    "copies of every step": {
        "infer": """
            for frame, gate_output, state in islice(steps, max_decoder_steps):
                mel_outputs.append(frame.clone())
                gate_outputs.append(gate_output.detach().clone())
                alignments.append(state.attention_weights.clone())
                not_finished = not_finished & (gate_output.sigmoid()[:, 0] <= gate_threshold)
                mel_lengths = mel_lengths + self.n_frames_per_step * not_finished.int()
                if self.early_stopping and not_finished.sum().item() == 0:
                    break
            return (*self.parse_decoder_outputs(mel_outputs, gate_outputs, alignments),
                    mel_lengths)
        """,
    },
    "parsed by einops' words": {
        "parse_decoder_outputs": """
            S, (B, _) = len(mel_outputs), mel_outputs[0].shape
            mel = torch.stack(mel_outputs).view(S, B, self.n_frames_per_step, -1)
            mel = mel.permute(1, 3, 0, 2).reshape(B, self.n_mel_channels, -1)
            return mel, torch.stack(gate_outputs, 1).flatten(1), torch.stack(alignments, 1)
        """,
    },
    "parsed sentence by sentence": {
        "parse_decoder_outputs": """
            B = len(mel_outputs[0])
            mel = torch.stack([
                torch.cat([m[b].view(-1, self.n_mel_channels) for m in mel_outputs]).T
                for b in range(B)
            ])
            gate = torch.stack([torch.stack([g[b, 0] for g in gate_outputs]) for b in range(B)])
            return mel, gate, torch.stack([torch.stack([a[b] for a in alignments])
                                           for b in range(B)])
        """,
    },
    "parsed frame by frame": {
        "parse_decoder_outputs": """
            B, r = mel_outputs[0].size(0), self.n_frames_per_step
            mel = torch.cat([m.view(B, r, -1).mT for m in mel_outputs], 2)
            return mel, torch.hstack(gate_outputs), torch.stack(alignments).permute(1, 0, 2)
        """,
    },
    "parsed into tensors made before": {
        "parse_decoder_outputs": """
            r, n = self.n_frames_per_step, len(mel_outputs)
            mel = mel_outputs[0].new_empty(len(mel_outputs[0]), self.n_mel_channels, n * r)
            gate = mel.new_empty(len(mel), n)
            looks = mel.new_empty(len(mel), n, alignments[0].size(1))
            for step in range(n):
                for frame in range(r):
                    low = frame * self.n_mel_channels
                    part = mel_outputs[step][:, low : low + self.n_mel_channels]
                    mel[:, :, step * r + frame] = part
                gate[:, step] = gate_outputs[step].squeeze(1)
                looks[:, step] = alignments[step]
            return mel, gate, looks
        """,
    },
    "parsed by a split of frames": {
        "parse_decoder_outputs": """
            frames = [f for m in mel_outputs for f in m.split(self.n_mel_channels, dim=1)]
            gates = torch.stack([gate.flatten() for gate in gate_outputs], -1)
            return [torch.stack(frames, -1), gates, torch.stack(alignments, 1)]
        """,
    },
}
STYLES = {
    (task, style): bodies
    for task, styles in (("1", START_STYLES), ("2", STEP_STYLES), ("3", END_STYLES))
    for style, bodies in styles.items()
}


def full_marks(verdicts: dict[str, Verdict]) -> bool:
    decoder = [verdicts[task] for task in ("decoder-1", "decoder-2", "decoder-3")]
    assert all(v.passed for v in decoder), [v.message for v in decoder]
    assert not any(v.note for v in decoder)
    return sum(v.points for v in decoder) == 60


@pytest.mark.parametrize(("task", "style"), STYLES)
def test_a_right_style_has_full_marks(judge_here: Run, task: str, style: str) -> None:
    assert full_marks(judge_here(fill(**STYLES[task, style])))


def test_there_are_fifteen_styles_of_each_task() -> None:
    assert min(map(len, (START_STYLES, STEP_STYLES, END_STYLES))) >= 15


def test_the_whole_class_in_one_cell_with_the_others_left_as_stubs(judge_here: Run) -> None:
    cells = fill(decode=STUB, steps=STUB, infer=STUB, parse_decoder_outputs=STUB)
    parts = fill()
    whole = parts["decoder-1"] + "".join(
        parts[task].split("class Decoder(Decoder):\n")[1] for task in ("decoder-2", "decoder-3")
    )
    assert full_marks(judge_here(cells | {"decoder-1": whole}))


def test_warnings_and_output_cost_nothing(judge_here: Run) -> None:
    noisy = """
        import warnings
        warnings.warn("as libraries do", FutureWarning)
        print("Warning! Reached max decoder steps")
    """
    assert full_marks(judge_here(fill(**{name: noisy + BODIES[name] for name in BODIES})))
