"""Fixtures that several test files share."""

from __future__ import annotations

import gc
import os
import textwrap
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import torch

from grader.labs import LABS
from grader.labs.base import Lab
from grader.release.edition import build_edition
from grader.sandbox.isolation import BUBBLEWRAP, NONE, probe
from grader.sandbox.session import Worker
from lab_tools import Run, judging
from labkit.labs.curriculum import LESSONS

ROOT = Path(__file__).parent.parent

# How long an example takes says something about the machine, and nothing about the kit.
hypothesis.settings.register_profile(
    "anywhere", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("anywhere")

# Here, and in the processes that tests start: with more threads than idle cores, OpenMP's threads
# wait for each other far longer than they compute.
os.environ.setdefault("OMP_NUM_THREADS", "1")
torch.set_num_threads(1)

# The files that take longest, longest first. Workers take whole files in this order, and all others
# after them, so that none is still busy with one of these when there is nothing else left to do.
LONGEST = (
    *("test_jupyterlab", "test_whole_course", "test_attacks", "test_nbgrader_flow"),
    "labs/test_contract_notebook",
    *("labs/test_contract", "labs/lab3_decoder/test_slips", "test_release", "test_golden"),
    *("test_handins", "labs/test_toy_lab", "test_leaks", "labs/lab4_inference/test_styles"),
    *("labs/lab1_attention/test_styles", "test_demo"),
    *("labs/lab1_attention/test_slips", "test_formgrader", "test_cli", "test_worker"),
    *("test_fills", "test_release_whole_or_not"),
)


def pytest_configure(config: pytest.Config) -> None:
    for number, lesson in enumerate(LESSONS, start=1):
        config.addinivalue_line("markers", f"lab{number}: {lesson.title}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is asked of one lab as that lab's, and put the files that take longest first."""
    for number, lesson in enumerate(LESSONS, start=1):
        names = (f"/{lesson.name}/", f"[{lesson.name}", *(f"[{e.id}" for e in lesson.exercises))
        for item in items:
            if any(name in item.nodeid for name in names):
                item.add_marker(f"lab{number}")
    places = {ROOT / f"tests/{name}.py": place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path, len(places)))


def pytest_collection_finish() -> None:
    """Spare the garbage collector what is there for good: PyTorch, and six thousand tests."""
    gc.collect()
    gc.freeze()


LOCATION = """
class LocationLayer(nn.Module):
    def __init__(self, attention_n_filters, attention_kernel_size, attention_dim):
        super().__init__()
        padding = (attention_kernel_size - 1) // 2
        self.location_conv = ConvNorm(
            2, attention_n_filters, kernel_size=attention_kernel_size, padding=padding, bias=False
        )
        self.location_dense = LinearNorm(
            attention_n_filters, attention_dim, bias=False, w_init_gain="tanh"
        )

    def forward(self, attention_weights_cat):
{body}
"""
ENERGIES = """
class Attention(nn.Module):
    def __init__(
        self, attention_rnn_dim, embedding_dim, attention_dim,
        attention_location_n_filters, attention_location_kernel_size,
    ):
        super().__init__()
        self.query_layer = LinearNorm(attention_rnn_dim, attention_dim, bias=False)
        self.memory_layer = LinearNorm(embedding_dim, attention_dim, bias=False)
        self.v = LinearNorm(attention_dim, 1, bias=False)
        self.location_layer = LocationLayer(
            attention_location_n_filters, attention_location_kernel_size, attention_dim
        )
        self.score_mask_value = -float("inf")

    def get_alignment_energies(self, query, processed_memory, attention_weights_cat):
{body}
"""
FORWARD = """
class Attention(Attention):
    def forward(self, query, memory, processed_memory, attention_weights_cat, mask):
{body}
"""
TEMPLATES = {"attention-1": LOCATION, "attention-2": ENERGIES, "attention-3": FORWARD}

# one correct fill of each task, as a student might write it
BODIES = {
    "attention-1": """
        features = self.location_conv(attention_weights_cat)
        return self.location_dense(features.transpose(1, 2))
    """,
    "attention-2": """
        query = self.query_layer(query.unsqueeze(1))
        location = self.location_layer(attention_weights_cat)
        return self.v(torch.tanh(query + location + processed_memory)).squeeze(-1)
    """,
    "attention-3": """
        energies = self.get_alignment_energies(query, processed_memory, attention_weights_cat)
        if mask is not None:
            energies = energies.masked_fill(mask, self.score_mask_value)
        weights = F.softmax(energies, dim=1)
        return torch.bmm(weights.unsqueeze(1), memory).squeeze(1), weights
    """,
}
STUB = "raise NotImplementedError()"


def cell(task_id: str, body: str) -> str:
    """Return a solution cell with this body of the method to fill."""
    lines = textwrap.indent(textwrap.dedent(body).strip("\n"), " " * 8)
    return TEMPLATES[task_id].format(body=lines)


def fill(**bodies: str) -> dict[str, str]:
    """Return all three solution cells: correct, but for the bodies given as attention_1=…"""
    chosen = BODIES | {name.replace("_", "-"): body for name, body in bodies.items()}
    return {task_id: cell(task_id, body) for task_id, body in chosen.items()}


# what the judge names a slip, and what only a hidden case shows
MASK_AFTER_SOFTMAX = fill(
    attention_3="""
        energies = self.get_alignment_energies(query, processed_memory, attention_weights_cat)
        weights = F.softmax(energies, dim=1)
        if mask is not None:
            weights = weights * ~mask
        return torch.bmm(weights.unsqueeze(1), memory).squeeze(1), weights
    """
)
# right on every public case; the paper's sizes are among the hidden ones
RIGHT_WHERE_IT_SHOWS = fill(
    attention_3="""
        energies = self.get_alignment_energies(query, processed_memory, attention_weights_cat)
        if query.size(1) > 100:
            energies = energies * 1.5
        if mask is not None:
            energies = energies.masked_fill(mask, self.score_mask_value)
        weights = F.softmax(energies, dim=1)
        return torch.bmm(weights.unsqueeze(1), memory).squeeze(1), weights
    """
)


@pytest.fixture(scope="session")
def lab() -> Lab:
    return LABS["lab1_attention"]


@pytest.fixture(scope="session")
def edition(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The student edition of lab 1."""
    return build_edition("lab1_attention", tmp_path_factory.mktemp("edition"))


@pytest.fixture(scope="session")
def confined() -> str:
    """The isolation that grading needs; the test skips, with the reason, where it is missing."""
    found = probe()
    if not found.available:
        pytest.skip(f"needs bubblewrap: {found.detail}")
    return BUBBLEWRAP


@pytest.fixture(scope="session")
def worker(confined: str, edition: Path) -> Iterator[Worker]:
    with Worker(confined, edition) as worker:
        yield worker


@pytest.fixture(scope="session")
def bare_worker(edition: Path) -> Iterator[Worker]:
    with Worker(NONE, edition) as worker:
        yield worker


@pytest.fixture
def judge_cells(worker: Worker, lab: Lab) -> Run:
    """Judge solution cells as `grader grade` would; verdicts by task."""
    return judging(lab, worker)
