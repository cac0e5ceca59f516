"""Calls parts of the decoder, with stand-ins for what earlier tasks make.

``options["ask"]`` says which part: ``start``, ``decode``, ``steps``, ``infer`` or ``parse``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count, islice
from typing import Any

import torch

from grader.sandbox.adapter import NotDefined, Report
from grader.sandbox.faraway import Faraway, bring_home, faraway, move_away
from grader.sandbox.method import MethodAdapter, returning
from labkit.tacotron2 import DecoderState

Tensors = dict[str, torch.Tensor]
Step = tuple[torch.Tensor, torch.Tensor, DecoderState]

SPARE_STEPS = 2  # behind the limit, for loops that look ahead
_NEEDED = {
    "start": ("get_go_frame", "initialize_decoder_states"),
    "decode": ("decode",),
    "steps": ("steps",),
    "infer": ("infer",),
    "parse": ("parse_decoder_outputs",),
}
_FIELDS = (  # what stands at which place of a state, whatever a class of that name says
    *("attention_hidden", "attention_cell", "decoder_hidden", "decoder_cell"),
    *("attention_weights", "attention_weights_cum", "attention_context", "processed_memory"),
)
_OPTIONS = ("prenet_dropout", "max_decoder_steps", "gate_threshold")  # passed on as they are


class DecoderAdapter(MethodAdapter):
    """Asks a decoder, which may be surrounded by stored answers."""

    def call(self, subject: Any, call: Report, inputs: Tensors) -> Any:
        """Return the outputs that the call names, or what came instead of them."""
        options = call["options"]
        for method in _NEEDED[options["ask"]]:
            if not hasattr(subject, method):
                raise NotDefined(f"{call['construct']}.{method}")
        if "keep" in inputs:
            _drop_stored_units(subject.prenet, inputs["keep"])
        found = _ASK[options["ask"]](subject, options, inputs)
        if not isinstance(found, dict):
            return found
        return tuple(found[name] for name in call["outputs"])


def _start(decoder: Any, options: Report, inputs: Tensors) -> Any:
    if "mark" in inputs:
        return _begin_elsewhere(decoder, inputs["memory"].double(), inputs["mark"].double())
    return _begin(decoder, inputs["memory"])


def _begin(decoder: Any, memory: torch.Tensor) -> dict[str, Any]:
    go_frame = decoder.get_go_frame(memory)
    state = decoder.initialize_decoder_states(memory)
    return {"go_frame": go_frame, **_fields(state, "initialize_decoder_states")}


def _begin_elsewhere(decoder: Any, memory: torch.Tensor, mark: torch.Tensor) -> dict[str, Any]:
    """Ask with a memory in double precision on a device that every machine has.

    What followed the memory there has double precision and the mark in its numbers.

    Raises:
        TypeError: something did not; the error says so in words, the numbers say it themselves.
    """
    move_away(decoder.double())
    with faraway():
        memory = Faraway(memory)
        begun = _begin(decoder, memory)
    for name, value in begun.items():
        if isinstance(value, torch.Tensor) and value.dtype != memory.dtype:
            raise TypeError(f"for a memory of the type {memory.dtype}, {name} is {value.dtype}")
        if isinstance(value, torch.Tensor) and value.device != memory.device:
            raise TypeError(f"for a memory on another device, {name} lies on {value.device}")
    return {name: bring_home(value, mark) for name, value in begun.items()}


def _decode(decoder: Any, options: Report, inputs: Tensors) -> Any:
    """Ask for a step in the middle of others: a pure function neither minds nor remembers."""
    others = {
        name: -value.detach() if value.is_floating_point() else value
        for name, value in inputs.items()
    }
    with torch.no_grad():
        _decode_once(decoder, others)
    result = _decode_once(decoder, inputs)
    if result is None:
        return None
    with torch.no_grad():
        _decode_once(decoder, others)
    mel_output, gate_output, state = _three(result, "decode must return")
    return {"mel_output": mel_output, "gate_output": gate_output, **_fields(state, "decode")}


def _decode_once(decoder: Any, inputs: Tensors) -> Any:
    state, mask = _stored_state(inputs), inputs.get("mask")
    return decoder.decode(inputs["decoder_input"], state, inputs["memory"], mask)


def _steps(decoder: Any, options: Report, inputs: Tensors) -> Any:
    if "go_frame" in inputs:
        decoder.get_go_frame = returning(inputs["go_frame"])
        decoder.initialize_decoder_states = returning(_stored_state(inputs))
    else:
        name_first_state(decoder)
    paced = Paced(inputs) if "frames" in inputs else None
    if paced:
        decoder.decode = paced.decode
        decoder.prenet.forward = returning(inputs["go_frame"])  # nobody listens, so it is quick
    steps = decoder.steps(inputs["memory"], inputs["memory_lengths"], **_passed(options))
    if not isinstance(steps, Iterable):
        raise TypeError(f"steps must yield its results one by one; it returned {_kind(steps)}")
    skipped, made = options.get("skip", 0), []
    with _deep_enough(skipped):
        for taken, step in enumerate(islice(steps, skipped + options["steps"]), start=1):
            frame, gate_output, state = _three(step, "steps must yield")
            if paced:
                paced.now = taken
            if taken > skipped:
                weights = _fields(state, "steps")["attention_weights"]
                made.append((frame, gate_output, weights))
    if not made and skipped:
        raise TypeError("steps has no end, whoever asks decides; here it ended by itself")
    if not made:
        raise TypeError("steps must yield its results one by one; it ended before the first")
    parts = (torch.stack(part, dim=1) for part in zip(*made, strict=True))
    return dict(zip(("frames", "gates", "alignments"), parts, strict=True))


@contextmanager
def _deep_enough(steps: int) -> Iterator[None]:
    """Let a generator that goes on by asking itself do so for this many steps."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(limit + 2 * steps)
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def _infer(decoder: Any, options: Report, inputs: Tensors) -> Any:
    if "frames" in inputs:
        Script(inputs).replace_steps_of(decoder)
    else:
        name_first_state(decoder)
        name_next_states(decoder)
        limit = options.get("max_decoder_steps", decoder.max_decoder_steps)
        _limit_steps(decoder, limit + SPARE_STEPS, inputs["memory"])
    return decoder.infer(inputs["memory"], inputs["memory_lengths"], **_passed(options))


def _parse(decoder: Any, options: Report, inputs: Tensors) -> Any:
    parts = (list(inputs[name].unbind()) for name in ("frames", "gates", "weights"))
    return decoder.parse_decoder_outputs(*parts)


_ASK = {
    "start": _start,
    "decode": _decode,
    "steps": _steps,
    "infer": _infer,
    "parse": _parse,
}


class Script:
    """Plays stored steps, whoever asks: a loop over ``steps`` or one around ``decode``.

    Args:
        inputs: ``frames`` (steps, B, r · n_mel_channels), ``gates`` (steps, B, 1) and
            ``weights`` (steps, B, T_in); ``memory`` and ``memory_lengths``, which whoever asks
            should hand over: to others, other frames are played.
    """

    def __init__(self, inputs: Tensors) -> None:
        self.frames, self.gates = inputs["frames"], inputs["gates"]
        self.weights = inputs["weights"]
        self.memory, self.lengths = inputs["memory"], inputs["memory_lengths"]
        self.taken = 0

    def replace_steps_of(self, decoder: Any) -> None:
        """Take the place of all that a loop could ask for."""
        decoder.get_go_frame = returning(self.frames[-1])
        decoder.initialize_decoder_states = returning(_played(self.weights, self.gates, 0))
        decoder.decode = self.decode
        decoder.steps = self.steps

    def decode(self, decoder_input: Any, state: Any, memory: Any, mask: Any = None) -> Step:
        """Return the next stored step.

        Raises:
            RuntimeError: there is none; every right loop has ended by then.
        """
        return self._play(self.taken, _same(memory, self.memory))

    def steps(self, memory: Any, memory_lengths: Any, **_: Any) -> Iterator[Step]:
        """Yield one stored step after the other, from the first one on."""
        asked = _same(memory, self.memory) and _same(memory_lengths, self.lengths)
        for step in count():
            yield self._play(step, asked)

    def _play(self, step: int, asked: bool) -> Step:
        _check_end(self.taken, len(self.frames), self.frames)
        self.taken += 1
        frame = self.frames[step] if asked else self.frames[step] + 1.0
        return frame, self.gates[step], _played(self.weights, self.gates, step)


def _same(got: Any, want: torch.Tensor) -> bool:
    """Whether two tensors hold the same numbers, of whatever type."""
    return (
        isinstance(got, torch.Tensor)
        and got.shape == want.shape
        and bool((got.double() == want.double()).all())
    )


class Paced:
    """Plays stored steps at the pace of whoever asks for them, again and again.

    Which step is played depends on how many have been handed out, so steps that are made before
    anybody asked are others.

    Args:
        inputs: as for :class:`Script`.
    """

    def __init__(self, inputs: Tensors) -> None:
        weights, gates = inputs["weights"], inputs["gates"]
        states = (_played(weights, gates, step) for step in range(len(gates)))
        self.made = list(zip(inputs["frames"], gates, states, strict=True))
        self.now = 0

    def decode(self, *_: Any, **__: Any) -> Step:
        """Return the step that is due."""
        return self.made[self.now % len(self.made)]


def _played(weights: torch.Tensor, gates: torch.Tensor, step: int) -> DecoderState:
    parts = dict.fromkeys(DecoderState._fields, gates.new_zeros(gates.size(1), 1))
    parts["attention_weights"] = weights[step]
    parts["attention_weights_cum"] = weights[: step + 1].sum(0)
    return DecoderState(**parts)


def name_first_state(decoder: Any) -> None:
    """Let a first state that is a plain tuple have names, as a later task may expect it."""
    begin = decoder.initialize_decoder_states
    decoder.initialize_decoder_states = lambda memory: _named(begin(memory))


def name_next_states(decoder: Any) -> None:
    """Let the states that ``decode`` returns have names."""
    decode = decoder.decode

    def named(*arguments: Any, **more: Any) -> Any:
        result = decode(*arguments, **more)
        if not isinstance(result, (tuple, list)) or len(result) != 3:
            return result
        return (*result[:2], _named(result[2]))

    decoder.decode = named


def _named(state: Any) -> Any:
    if isinstance(state, (tuple, list)) and len(state) == len(DecoderState._fields):
        return DecoderState(*state)
    return state


def _limit_steps(decoder: Any, limit: int, sign: torch.Tensor) -> None:
    """Let a loop that does not end stop with an error soon behind its limit."""
    decode, taken = decoder.decode, count()

    def limited(*arguments: Any, **more: Any) -> Any:
        _check_end(next(taken), limit, sign)
        return decode(*arguments, **more)

    decoder.decode = limited


def _check_end(taken: int, limit: int, sign: torch.Tensor) -> None:
    """Stop whoever asks for too many steps.

    Args:
        taken: steps so far.
        limit: how many there are.
        sign: an input that is ruined then, which shows even if the error is caught.

    Raises:
        RuntimeError: the limit is reached.
    """
    if taken >= limit:
        sign.data.fill_(torch.nan)
        raise RuntimeError(
            f"a step was asked for after {taken} of them, when decoding should have ended"
        )


def _drop_stored_units(prenet: Any, keep: torch.Tensor) -> None:
    """Let a prenet drop half of its units: stored ones, or those that a generator chooses.

    Args:
        prenet: the decoder's.
        keep: (B, prenet_dim) factors of its outputs where no generator is given.
    """
    hear = prenet.forward

    def forward(
        x: torch.Tensor, *, dropout: bool = True, generator: torch.Generator | None = None
    ) -> torch.Tensor:
        heard = hear(x, dropout=False)
        if not dropout:
            return heard
        if generator is None:
            return heard * keep
        drawn = torch.rand(heard.shape, generator=generator)
        return heard * (2.0 * (drawn.argsort(-1) % 2))

    prenet.forward = forward


def _passed(options: Report) -> dict[str, Any]:
    """Return the keyword arguments that a case passes."""
    passed = {name: options[name] for name in _OPTIONS if name in options}
    if "generator" in options:
        passed["generator"] = torch.Generator().manual_seed(options["generator"])
    return passed


def _stored_state(inputs: Tensors) -> DecoderState:
    return DecoderState(*(inputs[name] for name in _FIELDS))


def _fields(state: Any, method: str) -> dict[str, Any]:
    """Return the parts of a state by name; a plain tuple is taken to be in order."""
    if not isinstance(state, (tuple, list)) or len(state) != len(_FIELDS):
        raise TypeError(
            f"the state of {method} must be a DecoderState, or its eight tensors in order, "
            f"not {_kind(state)}"
        )
    return dict(zip(_FIELDS, state, strict=True))


def _three(result: Any, must: str) -> Any:
    if not isinstance(result, (tuple, list)) or len(result) != 3:
        raise TypeError(f"{must} frame, gate_output and state, not {_kind(result)}")
    return result


def _kind(value: Any) -> str:
    kind = type(value).__name__
    return f"a {kind} of {len(value)}" if isinstance(value, (tuple, list)) else kind


DECODER = DecoderAdapter()
