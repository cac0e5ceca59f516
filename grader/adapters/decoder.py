"""Calls parts of the decoder, with stand-ins for what earlier tasks make.

``options["ask"]`` says which part: ``start``, ``decode``, ``steps``, ``infer`` or ``parse``.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from itertools import count, islice
from typing import Any

import torch

from grader.adapters import NotDefined, Report
from grader.adapters.method import MethodAdapter, returning
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
    found = _begin(decoder, inputs["memory"])
    if options.get("elsewhere"):
        _check_elsewhere(decoder, inputs["memory"])
    return found


def _begin(decoder: Any, memory: torch.Tensor) -> dict[str, Any]:
    go_frame = decoder.get_go_frame(memory)
    state = decoder.initialize_decoder_states(memory)
    return {"go_frame": go_frame, **_fields(state, "initialize_decoder_states")}


def _check_elsewhere(decoder: Any, memory: torch.Tensor) -> None:
    """Ask once more with a memory of another type, on a device that every machine has.

    Raises:
        TypeError: something did not follow the memory.
    """
    there = copy.deepcopy(decoder).to("meta", torch.float16)
    memory = memory.to("meta", torch.float16)
    for name, value in _begin(there, memory).items():
        if isinstance(value, torch.Tensor) and value.dtype != memory.dtype:
            raise TypeError(f"for a memory of the type {memory.dtype}, {name} is {value.dtype}")
        if isinstance(value, torch.Tensor) and value.device != memory.device:
            raise TypeError(f"for a memory on another device, {name} lies on {value.device}")


def _decode(decoder: Any, options: Report, inputs: Tensors) -> Any:
    result = decoder.decode(
        inputs["decoder_input"], _stored_state(inputs), inputs["memory"], inputs.get("mask")
    )
    if result is None:
        return None
    mel_output, gate_output, state = _three(result, "decode must return")
    return {"mel_output": mel_output, "gate_output": gate_output, **_fields(state, "decode")}


def _steps(decoder: Any, options: Report, inputs: Tensors) -> Any:
    if "go_frame" in inputs:
        decoder.get_go_frame = returning(inputs["go_frame"])
        decoder.initialize_decoder_states = returning(_stored_state(inputs))
    else:
        name_first_state(decoder)
    steps = decoder.steps(inputs["memory"], inputs["memory_lengths"], **_passed(options))
    if not isinstance(steps, Iterable):
        raise TypeError(f"steps must yield its results one by one; it returned {_kind(steps)}")
    frames, gates, alignments = [], [], []
    for made in islice(steps, options["steps"]):
        frame, gate_output, state = _three(made, "steps must yield")
        frames.append(frame)
        gates.append(gate_output)
        alignments.append(_fields(state, "steps")["attention_weights"])
    if not frames:
        raise TypeError("steps must yield its results one by one; it ended before the first")
    made_at_once = (torch.stack(parts, dim=1) for parts in (frames, gates, alignments))
    return dict(zip(("frames", "gates", "alignments"), made_at_once, strict=True))


def _infer(decoder: Any, options: Report, inputs: Tensors) -> Any:
    if "frames" in inputs:
        Script(inputs).replace_steps_of(decoder)
    else:
        name_first_state(decoder)
        name_next_states(decoder)
        _limit_steps(decoder, options.get("max_decoder_steps", decoder.max_decoder_steps))
    result = decoder.infer(inputs["memory"], inputs["memory_lengths"], **_passed(options))
    if not isinstance(result, (tuple, list)) or len(result) != 4:
        return result
    return (*result[:3], _as_numbers(result[3]))


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
            ``weights`` (steps, B, T_in).
    """

    def __init__(self, inputs: Tensors) -> None:
        self.frames, self.gates = inputs["frames"], inputs["gates"]
        self.weights = inputs["weights"]
        self.taken = 0

    def replace_steps_of(self, decoder: Any) -> None:
        """Take the place of all that a loop could ask for."""
        decoder.get_go_frame = returning(self.frames[-1])
        decoder.initialize_decoder_states = returning(self._state(0))
        decoder.decode = self.decode
        decoder.steps = self.steps

    def decode(self, *_: Any, **__: Any) -> Step:
        """Return the next stored step.

        Raises:
            RuntimeError: there is none; every right loop has ended by then.
        """
        step = self.taken
        _check_end(step, len(self.frames))
        self.taken += 1
        return self.frames[step], self.gates[step], self._state(step)

    def steps(self, *_: Any, **__: Any) -> Iterator[Step]:
        """Yield one stored step after the other."""
        while True:
            yield self.decode()

    def _state(self, step: int) -> DecoderState:
        nothing = self.gates.new_zeros(self.gates.size(1), 1)
        parts = dict.fromkeys(DecoderState._fields, nothing)
        parts["attention_weights"] = self.weights[step]
        parts["attention_weights_cum"] = self.weights[: step + 1].sum(0)
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


def _limit_steps(decoder: Any, limit: int) -> None:
    """Let a loop that does not end stop with an error soon behind its limit."""
    decode, taken = decoder.decode, count()

    def limited(*arguments: Any, **more: Any) -> Any:
        _check_end(next(taken), limit + SPARE_STEPS)
        return decode(*arguments, **more)

    decoder.decode = limited


def _check_end(taken: int, limit: int) -> None:
    if taken == limit:
        raise RuntimeError(
            f"a step was asked for after {taken} of them, when decoding should have ended"
        )


def _drop_stored_units(prenet: Any, keep: torch.Tensor) -> None:
    """Let a prenet drop units that are stored, not drawn.

    Args:
        prenet: the decoder's.
        keep: (2, B, prenet_dim) factors of its outputs: without a generator, and with one.
    """
    hear = prenet.forward

    def forward(
        x: torch.Tensor, *, dropout: bool = True, generator: torch.Generator | None = None
    ) -> torch.Tensor:
        heard = hear(x, dropout=False)
        return heard * keep[0 if generator is None else 1] if dropout else heard

    prenet.forward = forward


def _passed(options: Report) -> dict[str, Any]:
    """Return the keyword arguments that a case passes."""
    passed = {name: options[name] for name in _OPTIONS if name in options}
    return passed | ({"generator": torch.Generator()} if options.get("generator") else {})


def _stored_state(inputs: Tensors) -> DecoderState:
    return DecoderState(*(inputs[name] for name in DecoderState._fields))


def _fields(state: Any, method: str) -> dict[str, Any]:
    """Return the parts of a state by name; a plain tuple is taken to be in order."""
    if not isinstance(state, (tuple, list)) or len(state) != len(DecoderState._fields):
        raise TypeError(
            f"the state of {method} must be a DecoderState, or its eight tensors in order, "
            f"not {_kind(state)}"
        )
    return dict(zip(DecoderState._fields, state, strict=True))


def _three(result: Any, must: str) -> Any:
    if not isinstance(result, (tuple, list)) or len(result) != 3:
        raise TypeError(f"{must} frame, gate_output and state, not {_kind(result)}")
    return result


def _kind(value: Any) -> str:
    kind = type(value).__name__
    return f"a {kind} of {len(value)}" if isinstance(value, (tuple, list)) else kind


def _as_numbers(value: Any) -> Any:
    """Return whole numbers as float32, the only type in which results travel.

    Raises:
        TypeError: a tensor holds other numbers.
    """
    if not isinstance(value, torch.Tensor):
        return value
    if value.dtype not in (torch.int32, torch.int64):
        raise TypeError(f"mel_lengths counts frames: int32 is expected, not {value.dtype}")
    return value.float()


DECODER = DecoderAdapter()
