"""Lab 4: wrong functions are caught and named, and one wrong task costs only itself."""

from __future__ import annotations

import re

import pytest

from grader.instructor.ways import cell
from grader.labs.lab4_inference.tasks import LAB as INFERENCE
from lab_tools import Run
from labs.lab4_inference.cells import POINTS, STUB, fill

pytestmark = pytest.mark.lab4

TASKS = {task.id: task for task in INFERENCE.judged}


@pytest.mark.parametrize("wrong", [STUB, "return None", "return undefined", "return ((("])
@pytest.mark.parametrize("task", TASKS)
def test_a_wrong_task_costs_only_its_own_points(judge_cells: Run, task: str, wrong: str) -> None:
    cells = fill(**{task.replace("-", "_"): wrong})
    verdicts = judge_cells(cells, public_only=wrong != STUB)
    expected = dict(zip(TASKS, POINTS, strict=True)) | {task: 0}
    assert {v.task: v.points for v in verdicts.values()} == expected


WRONG = {
    "no mel at all": ("inference-1", "type", "return None", "returns None"),
    "the mel alone": ("inference-1", "type", "seed=seed) → seed=seed)[0]",
        r"3 values are expected \(mel, mel_lengths, alignments\), not Tensor"),
    "whole numbers": ("inference-2", "dtype", "append(samples) → append((samples * 32767).short())",
        r"what came back of sentence 1 is torch\.int16; expected torch\.float32"),
    "an array": ("inference-2", "type", "append(samples) → append(samples.numpy())",
        "what came back of sentence 1 must be a torch.Tensor, not ndarray"),
    "no file": ("inference-2", "size", "save_audio(path, samples, vocoder.sample_rate) →",
        "No file stands at the paths.*no file at the path of sentence 1 and 2"),
    "a channel too many": ("inference-2", "rank", "append(samples) → append(samples[None])",
        r"what came back of sentence 1 has 1 axis too many: its shape is \(1, 12\)"),
    "a list of steps": ("inference-3", "type",
        "return {name: [step[name] for step in kept] for name in kept[0]} → return steps",
        "a dict with a list for each of six names is expected, not list"),
    "a name too few": ("inference-3", "error",
        'step["latency"] → (end - start)\n"latency": end - start, →',
        "the key 'latency' is missing in what is returned; it has 'tacotron2_latency', 'vocoder"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_a_message_says_what_is_wrong(judge_here: Run, wrong: str) -> None:
    task, stage, way, message = WRONG[wrong]
    verdict = judge_here(fill() | {task: cell(TASKS[task], way)}, public_only=True)[task]
    assert (verdict.points, verdict.stage) == (0, stage), verdict.message
    assert re.search(message, verdict.message), verdict.message
    assert "\n" not in verdict.message


def test_what_was_taken_from_the_device_is_said(judge_here: Run) -> None:
    way = """
return tacotron2.infer(ids.to(device), lengths.to(device), seed=seed) →
    mel, n, alignments = tacotron2.infer(ids.to(device), lengths.to(device), seed=seed)
    return mel, torch.tensor(n.tolist()), alignments
""".strip()
    verdict = judge_here(fill() | {"inference-1": cell(TASKS["inference-1"], way)})["inference-1"]
    assert (verdict.points, verdict.stage) == (0, "value")
    assert "the lengths came back on the CPU, and not on `device`" in verdict.message


def test_a_wrong_reading_fails_the_whole_pipeline_and_the_rest_is_judged_alone(
    judge_cells: Run,
) -> None:
    wrong = cell(TASKS["inference-1"], "lengths.to(device) → lengths.to(device) // 2")
    verdicts = judge_cells(fill() | {"inference-1": wrong})
    assert [v.points for v in verdicts.values()] == [0, 30, 15]
    assert verdicts["inference-2"].note.startswith("judged on its own")
