"""The labs: what the student fills, with which points, and what may go wrong there."""

from __future__ import annotations

from grader.errors import GraderError
from grader.tasks.attention import ATTENTION
from grader.tasks.base import Graded, Lab, Task
from grader.tasks.decoder import DECODER
from grader.tasks.encoder import ENCODER
from grader.tasks.inference import INFERENCE

LABS: dict[str, Lab] = {lab.name: lab for lab in (ATTENTION, ENCODER, DECODER, INFERENCE)}

# What a student edition leaves out, lab by lab: the graded methods of that lab and of all later
# ones. Labs whose notebook is still to come stand here already, so that nobody reads ahead.
GRADED: tuple[tuple[str, Graded], ...] = (
    ("lab1_attention", Graded("tacotron2.attention", "LocationLayer", "forward", "attention-1")),
    (
        "lab1_attention",
        Graded("tacotron2.attention", "Attention", "get_alignment_energies", "attention-2"),
    ),
    ("lab1_attention", Graded("tacotron2.attention", "Attention", "forward", "attention-3")),
    ("lab2_encoder", Graded("tacotron2.encoder", "Encoder", "convolve", "encoder-1")),
    ("lab2_encoder", Graded("tacotron2.encoder", "Encoder", "forward", "encoder-2")),
    ("lab3_decoder", Graded("tacotron2.decoder", "Decoder", "get_go_frame", "decoder-1")),
    (
        "lab3_decoder",
        Graded("tacotron2.decoder", "Decoder", "initialize_decoder_states", "decoder-1"),
    ),
    ("lab3_decoder", Graded("tacotron2.decoder", "Decoder", "decode", "decoder-2")),
    ("lab3_decoder", Graded("tacotron2.decoder", "Decoder", "forward", "decoder-2")),
    ("lab3_decoder", Graded("tacotron2.decoder", "Decoder", "steps", "decoder-2")),
    ("lab3_decoder", Graded("tacotron2.decoder", "Decoder", "infer", "decoder-3")),
    ("lab3_decoder", Graded("tacotron2.decoder", "Decoder", "parse_decoder_outputs", "decoder-3")),
    ("lab3_decoder", Graded("tacotron2.model", "Tacotron2", "forward", "tacotron2-1")),
    ("lab3_decoder", Graded("tacotron2.model", "Tacotron2", "predict", "tacotron2-1")),
    ("lab4_inference", Graded("pipeline.plain", "", "read", "inference-1")),
    ("lab4_inference", Graded("pipeline.plain", "", "speak", "inference-2")),
    ("lab4_inference", Graded("pipeline.plain", "", "benchmark", "inference-3")),
)


def find_lab(name: str) -> Lab:
    """Return the lab of that name.

    Raises:
        GraderError: there is none; the message lists those that exist.
    """
    if name not in LABS:
        raise GraderError(f"no lab is called {name!r}; the kit has: {', '.join(sorted(LABS))}")
    return LABS[name]


def find_task(task_id: str) -> tuple[Lab, Task]:
    """Return the task of that id, and its lab.

    Raises:
        GraderError: there is none; the message lists those that exist.
    """
    for lab in LABS.values():
        for task in lab.tasks:
            if task.id == task_id:
                return lab, task
    known = ", ".join(task.id for lab in LABS.values() for task in lab.tasks)
    raise GraderError(f"no task is called {task_id!r}; the kit has: {known}")


__all__ = ["GRADED", "LABS", "Graded", "Lab", "Task", "find_lab", "find_task"]
