"""Lab 3, the instructor's side: the decoder's cases, computed by the reference in float64."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping

import torch

from grader.instructor.making import complete, draw_state
from grader.instructor.ways import compiled
from grader.judge.golden import Cases
from grader.labs.base import Case, Task, Tensors
from grader.labs.lab3_decoder.decoder_adapter import SPARE_STEPS
from grader.labs.lab3_decoder.instructor import model_cases as tacotron2
from grader.labs.lab3_decoder.instructor.fresh_shapes import FRESH
from grader.labs.lab3_decoder.instructor.shapes import HIDDEN, PUBLIC, Shape
from grader.labs.lab3_decoder.instructor.slips import WAYS
from grader.labs.lab3_decoder.tasks import LAB as DECODER
from labkit.tacotron2 import Decoder, DecoderState
from labkit.tacotron2.masking import padding_mask

GATE_MARGIN = 1e-3  # a gate nearer to its threshold might fire elsewhere in float32

_TASKS = {task.id: task for task in DECODER.judged if task.defines == "Decoder"}
_PARTS = {  # the outputs that are asked for
    "start": ("go_frame", *DecoderState._fields),
    "decode": ("mel_output", "gate_output", *DecoderState._fields),
    "steps": ("frames", "gates", "alignments"),
    "infer": ("mel_outputs", "gate_outputs", "alignments", "mel_lengths"),
    "parse": ("parsed_mel", "parsed_gates", "parsed_alignments"),
}


def _unit(dice: torch.Generator, low: float, high: float, *sizes: int) -> torch.Tensor:
    return low + (high - low) * torch.rand(*sizes, generator=dice)


def _weights(shape: Shape, steps: int, dice: torch.Generator) -> torch.Tensor:
    """Return (steps, B, T_in) attention weights."""
    lengths = torch.tensor(shape.lengths)
    mask = padding_mask(lengths, max(shape.lengths))  # (B, T_in)
    energies = 2 * torch.randn(steps, *mask.shape, generator=dice)
    return energies.masked_fill(mask, -torch.inf).softmax(-1)


def _script_steps(shape: Shape) -> int:
    """Return how many steps are written down: those of a right loop, and a few to spare."""
    limit = shape.setting("max_decoder_steps")
    if shape.arguments["early_stopping"] and all(shape.fires):
        limit = min(limit, 1 + max(min(sentence) for sentence in shape.fires))
    if shape.ask == "infer":
        return limit + SPARE_STEPS
    return 1 + max(step for sentence in shape.fires for step in sentence)


def _script(shape: Shape, dice: torch.Generator) -> Tensors:
    """Draw steps whose gates fire when they should, most of them by little."""
    sizes, batch = shape.arguments, len(shape.lengths)
    steps = _script_steps(shape)
    threshold = shape.setting("gate_threshold") or 0.5  # above zero is every probability
    distances = -_unit(dice, 0.1, 2.5, steps, batch, 1)
    for sentence, fires in enumerate(shape.fires):
        for step in fires:
            distances[step, sentence] = _unit(dice, 0.1, 0.4, 1)
            if step and step - 1 not in fires:
                distances[step - 1, sentence] = -_unit(dice, 0.1, 0.4, 1)
    for sentence, step in shape.at:
        distances[step, sentence] = 0
    frame_dim = sizes["n_frames_per_step"] * sizes["n_mel_channels"]
    return {
        "frames": torch.randn(steps, batch, frame_dim, generator=dice),
        "gates": math.log(threshold / (1 - threshold)) + distances,
        "weights": _weights(shape, steps, dice),
    }


def _start(decoder: Decoder, memory: torch.Tensor) -> Tensors:
    """Return the go frame and the first state by name."""
    with torch.no_grad():
        double = memory.double()
        go_frame, state = decoder.get_go_frame(double), decoder.initialize_decoder_states(double)
    parts = {"go_frame": go_frame, **state._asdict()}
    return {name: part.float() for name, part in parts.items()}


def _some_state(shape: Shape, dice: torch.Generator) -> Tensors:
    """Draw what a state may hold after some steps, but for the processed memory."""
    sizes, batch = shape.arguments, len(shape.lengths)
    of = {"attention": sizes["attention_rnn_dim"], "decoder": sizes["decoder_rnn_dim"]}
    state = {
        f"{lstm}_{part}": _unit(dice, -0.9, 0.9, batch, size)
        for lstm, size in of.items()
        for part in ("hidden", "cell")
    }
    weights = _weights(shape, 3, dice)
    context = torch.randn(batch, sizes["encoder_embedding_dim"], generator=dice)
    return state | {
        "attention_weights": weights[-1],
        "attention_weights_cum": weights.sum(0),
        "attention_context": context,
    }


def _inputs(shape: Shape, state: Tensors, dice: torch.Generator) -> Tensors:
    sizes, lengths = shape.arguments, torch.tensor(shape.lengths)
    memory = torch.randn(
        len(lengths), max(shape.lengths), sizes["encoder_embedding_dim"], generator=dice
    )
    if shape.ask == "parse":
        return _script(shape, dice)
    if shape.elsewhere:
        return {"memory": memory, "mark": _unit(dice, 0.5, 2.5, 1)}
    if shape.ask == "start":
        return {"memory": memory}
    inputs = {"memory": memory, "memory_lengths": lengths}
    if shape.ask == "infer" and not shape.own:
        return inputs | _script(shape, dice)

    decoder = Decoder(**sizes)
    decoder.load_state_dict(state)
    start = _start(decoder.double(), memory)
    if shape.ask == "decode":
        inputs = {
            "decoder_input": _unit(dice, 0, 2, len(lengths), sizes["prenet_dim"]),
            "memory": memory,
            "processed_memory": start["processed_memory"],
            **_some_state(shape, dice),
        }
        mask = padding_mask(lengths, memory.size(1))
        return inputs | ({"mask": mask} if shape.masked else {})
    # what the prenet drops where no generator is given: every second unit, in some order
    dropped = torch.rand(len(lengths), sizes["prenet_dim"], generator=dice).argsort(-1) % 2
    inputs["keep"] = 2.0 * dropped
    if shape.own:
        return inputs
    return inputs | start | (_script(shape, dice) if shape.fires else {})


def answer(task: Task, case: Case, *, gradients: bool, slips: bool) -> Case:
    """Compute what must come out of a case, in float64, rounded once."""
    if task.id not in _TASKS:
        return tacotron2.answer(case, slips=slips)
    wrong = compiled(task, WAYS[task.id]) if slips else None
    reached = [name for name in case.inputs if not name.startswith("cotangent.")]
    return complete(task, case, Decoder, gradients=reached if gradients else False, slips=wrong)


def make_case(task: Task, shape: Shape, seed: int, *, slips: bool = False) -> Case:
    """Draw a case and compute what must come out.

    Where a decoder runs freely, it is drawn until it ends where rounding cannot change it.
    """
    dice = torch.Generator().manual_seed(seed)
    while True:
        state = draw_state(Decoder(**shape.arguments), dice)
        if shape.ask in ("infer", "parse") and not shape.own:
            state = {}  # all that the decoder says is written down
        case = Case(
            shape.label,
            shape.arguments,
            state,
            _inputs(shape, state, dice),
            expected=dict.fromkeys(_PARTS[shape.ask], torch.empty(0)),
            options={"ask": shape.ask, **shape.options},
            alone=not shape.own,
        )
        case = answer(task, case, gradients=shape.gradients, slips=slips)
        if not (shape.own and shape.ask == "infer") or _ends_clearly(case, shape):
            return case


def _ends_clearly(case: Case, shape: Shape) -> bool:
    gates, lengths = case.expected["gate_outputs"], case.expected["mel_lengths"]
    distance = (gates.sigmoid() - shape.setting("gate_threshold")).abs().min()
    one_after_the_other = len(lengths.unique()) > 1 or len(lengths) == 1
    ended = gates.size(1) < shape.setting("max_decoder_steps")
    return bool(distance > GATE_MARGIN) and one_after_the_other and ended


def _cases(shapes: Mapping[str, tuple[Shape, ...]], seed: int, *, slips: bool) -> Cases:
    return {
        task_id: [
            make_case(_TASKS[task_id], shape, seed + number, slips=slips)
            for number, shape in enumerate(some)
        ]
        for task_id, some in shapes.items()
    }


def public_cases() -> Cases:
    """Make the cases that students may see."""
    return _cases(PUBLIC, 300, slips=True) | {"tacotron2-1": tacotron2.public_cases()}


def hidden_cases() -> Cases:
    """Make the fixed cases that students may not see."""
    return _cases(HIDDEN, 930, slips=False) | {"tacotron2-1": tacotron2.hidden_cases()}


def fresh_cases(task_id: str, seed: int) -> list[Case]:
    """Draw new cases of a task; the same seed draws the same cases.

    Whichever the seed, every slip shows in one of them.
    """
    if task_id not in _TASKS:
        return tacotron2.fresh_cases(seed)
    dice = random.Random(seed)
    return [
        make_case(_TASKS[task_id], shape, dice.getrandbits(48)) for shape in FRESH[task_id](dice)
    ]
