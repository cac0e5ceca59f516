"""Attacks on lab 3: wrong fills that reach for what calls them, for the toys or for PyTorch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Attack:
    """One attack.

    Attributes:
        method: the method that is filled in wrongly.
        body: how.
        text: what stands before the class.
    """

    method: str
    body: str
    text: str = ""


_BLIND = """
    return DecoderState(
        *(torch.zeros(len(memory), size) for size in (self.attention_rnn_dim,) * 2),
        *(torch.zeros(len(memory), size) for size in (self.decoder_rnn_dim,) * 2),
        *(torch.zeros(len(memory), memory.size(1)) for _ in range(2)),
        torch.zeros(len(memory), memory.size(2)),
        self.attention_layer.memory_layer(memory),
    )
"""
_DETACHED = _BLIND.replace("torch.zeros", "memory.new_zeros").replace(
    "memory_layer(memory)", "memory_layer(memory).detach()"
)
_SWAPPED = (
    _BLIND.replace("torch.zeros", "memory.new_zeros")
    .replace("return DecoderState(\n", "return (lambda s: (*s[:1], s[2], s[1], *s[3:]))((\n")
    .replace("    )\n", "    ))\n")
)
_EVERY_STEP = """
    for frame, gate, state in islice(steps, max_decoder_steps):
        mel_outputs.append(frame)
        gate_outputs.append(gate)
        alignments.append(state.attention_weights)
        mel_lengths += self.n_frames_per_step
    return (*self.parse_decoder_outputs(mel_outputs, gate_outputs, alignments), mel_lengths)
"""
_SWALLOWING = """
    try:
        for frame, gate, state in steps:
            mel_outputs.append(frame.clone())
            gate_outputs.append(gate.clone())
            alignments.append(state.attention_weights.clone())
    except Exception:
        pass
    goes_on = torch.cat(gate_outputs, 1).sigmoid() <= gate_threshold
    mel_lengths += self.n_frames_per_step * goes_on.int().cumprod(1).sum(1).int()
    n = int(mel_lengths.max()) // self.n_frames_per_step + 1
    parts = mel_outputs[:n], gate_outputs[:n], alignments[:n]
    return (*self.parse_decoder_outputs(*parts), mel_lengths)
"""

DECODER: dict[str, Attack] = {
    "the question about another device put away": Attack(
        "initialize_decoder_states",
        _BLIND,
        """
        import grader.labs.lab3_decoder.decoder_adapter as adapter
        adapter._check_elsewhere = lambda *_: None
        adapter._begin_elsewhere = lambda decoder, memory, mark: adapter._begin(decoder, memory)
        adapter._start = lambda decoder, options, inputs: adapter._begin(decoder, inputs["memory"])
        """,
    ),
    "the other device taken for this one": Attack(
        "initialize_decoder_states",
        _BLIND,
        """
        import contextlib
        import grader.labs.lab3_decoder.decoder_adapter as adapter
        adapter.move_away = lambda module: None
        adapter.faraway = contextlib.nullcontext
        adapter.Faraway = lambda memory: memory
        adapter.bring_home = lambda tensor, mark: tensor
        """,
    ),
    "copies that stay here": Attack(
        "initialize_decoder_states",
        _BLIND,
        """
        import copy
        copy.deepcopy = copy.copy = lambda value, *_: value
        torch.Tensor.to = nn.Module.to = nn.Module.double = lambda self, *_, **__: self
        torch.Tensor.double = lambda self: self
        """,
    ),
    "tensors that claim to be elsewhere": Attack(
        "initialize_decoder_states",
        _BLIND,
        """
        torch.Tensor.device = property(lambda self: torch.device("meta"))
        torch.Tensor.dtype = property(lambda self: torch.float64)
        """,
    ),
    "zeros of every type at once": Attack(
        "initialize_decoder_states", _BLIND, "torch.set_default_dtype(torch.float64)"
    ),
    "a state with its fields renamed": Attack(
        "initialize_decoder_states",
        _SWAPPED,
        """
        names = list(DecoderState._fields)
        names[1], names[2] = names[2], names[1]
        DecoderState._fields = tuple(names)
        """,
    ),
    "gradients made up": Attack(
        "initialize_decoder_states",
        "self.attention_layer.memory_layer.linear_layer.weight.grad = torch.ones(4, 5)\n"
        "memory.grad = torch.ones_like(memory)\n" + _DETACHED.replace("\n    ", "\n"),
        """
        torch.Tensor.backward = torch.autograd.backward = lambda *_, **__: None
        torch.Tensor.requires_grad = property(lambda self: True)
        """,
    ),
    "a step of zeros, whoever asks": Attack(
        "decode",
        "return torch.zeros(2, 6), torch.zeros(2, 1), state",
        """
        import grader.labs.lab3_decoder.decoder_adapter as adapter
        adapter._decode = adapter._decode_once = lambda decoder, *_: {}
        adapter._ASK = dict.fromkeys(adapter._ASK, lambda *_: {})
        """,
    ),
    "inputs that forget what was done to them": Attack(
        "decode",
        """
        state.attention_weights_cum.add_(1.0)
        return decoder_input, decoder_input, state
        """,
        """
        torch.Tensor.clone = torch.clone = lambda self, **__: self
        torch.equal = torch.Tensor.equal = lambda *_: True
        """,
    ),
    "steps that end, and an asker who does not notice": Attack(
        "steps",
        """
        for _ in range(4):
            decoder_input = self.prenet(frame, dropout=prenet_dropout, generator=generator)
            frame, gate_output, state = self.decode(decoder_input, state, memory, mask)
            yield frame, gate_output, state
        """,
        """
        import itertools
        import grader.labs.lab3_decoder.decoder_adapter as adapter
        adapter.islice = itertools.islice = lambda made, *_: itertools.cycle(list(made))
        """,
    ),
    "steps made before anybody asks": Attack(
        "steps",
        """
        made = []
        for _ in range(1100):
            decoder_input = self.prenet(frame, dropout=prenet_dropout, generator=generator)
            frame, gate_output, state = self.decode(decoder_input, state, memory, mask)
            made.append((frame, gate_output, state))
        yield from made
        """,
    ),
    "the script read instead of played": Attack(
        "infer",
        """
        script = getattr(self.steps, "__self__", self)
        frames = list(getattr(script, "frames", [memory.new_zeros(1, 1)]))
        gates = list(getattr(script, "gates", [memory.new_zeros(1, 1)]))
        looks = list(getattr(script, "weights", [memory.new_zeros(1, 1)]))
        mel_lengths += self.n_frames_per_step * len(frames)
        return (*self.parse_decoder_outputs(frames, gates, looks), mel_lengths)
        """,
    ),
    "a loop without end that swallows the error": Attack("infer", _SWALLOWING),
    "every step counted, and a script that ends in time": Attack(
        "infer",
        _EVERY_STEP,
        """
        import grader.labs.lab3_decoder.decoder_adapter as adapter
        adapter._check_end = lambda *_: None
        adapter.Script.decode = lambda self, *_, **__: (
            self.frames[0], self.gates[0] + 100, adapter._played(self.weights, self.gates, 0)
        )
        """,
    ),
    "lengths that claim to be whole": Attack(
        "infer",
        _EVERY_STEP.replace("+= self", "= mel_lengths.float() + self"),
        """
        import grader.labs.lab3_decoder.decoder_adapter as adapter
        adapter._as_numbers = lambda value: value.int()
        torch.Tensor.is_floating_point = lambda self: False
        """,
    ),
    "a parser that sends what it was sent": Attack(
        "parse_decoder_outputs",
        "return mel_outputs[0], gate_outputs[0], alignments[0]",
        """
        import gc
        import grader.labs.lab3_decoder.decoder_adapter as adapter
        known = [o for o in gc.get_objects() if isinstance(o, torch.Tensor)]
        adapter._parse = lambda decoder, options, inputs: tuple(known[:3])
        """,
    ),
    "a toy decoder asked for its numbers": Attack(
        "predict",
        """
        made = [cell.cell_contents for cell in (decode.__closure__ or ())]
        known = next((part for part in made if isinstance(part, dict)), {})
        mel = known.get("toy_frames", torch.zeros(2, 5, 1))
        return mel, lengths.int(), mel, mel
        """,
        """
        import grader.labs.lab3_decoder.model_adapter as adapter
        adapter.as_numbers = lambda value: value
        """,
    ),
    "a toy decoder replaced": Attack(
        "predict",
        """
        mel, gate, alignments, n = decode(self.embedding(ids), lengths)
        return mel, n, alignments, gate
        """,
        """
        import grader.labs.lab3_decoder.model_adapter as adapter
        def toy_decoder(inputs, r):
            def decode(memory, lengths):
                n = len(lengths)
                return torch.zeros(n, 5, r), torch.zeros(n, 1), torch.zeros(n, 1, 5), lengths.int()
            return decode
        adapter.toy_decoder = toy_decoder
        """,
    ),
}
