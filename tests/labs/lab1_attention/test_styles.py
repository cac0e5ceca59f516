"""Right answers in many hands: whatever the style, a correct fill has full marks."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conftest import STUB, cell, fill
from grader.judge.verdict import Verdict

Run = Callable[[dict[str, str]], dict[str, Verdict]]
pytestmark = pytest.mark.lab1

LOCATION_STYLES = {
    "einsum": """
        features = self.location_conv(attention_weights_cat)
        return torch.einsum("bft,df->btd", features, self.location_dense.linear_layer.weight)
    """,
    "functional": """
        kernel = self.location_conv.conv.weight
        features = F.conv1d(attention_weights_cat, kernel, padding=kernel.shape[-1] // 2)
        return F.linear(features.permute(0, 2, 1), self.location_dense.linear_layer.weight)
    """,
    "contiguous": """
        x = self.location_conv(attention_weights_cat).permute(0, 2, 1).contiguous()
        batch, length, filters = x.shape
        x = self.location_dense(x.view(batch * length, filters))
        return x.view(batch, length, -1)
    """,
    "batch loop": """
        rows = []
        for sentence in attention_weights_cat:
            features = self.location_conv(sentence.unsqueeze(0))[0]
            rows.append(self.location_dense(features.t()))
        return torch.stack(rows)
    """,
    "matmul on the left": """
        features = self.location_conv(attention_weights_cat)
        return (self.location_dense.linear_layer.weight @ features).mT
    """,
    "unfold": """
        kernel = self.location_conv.conv.weight
        width = kernel.shape[-1]
        padded = F.pad(attention_weights_cat, (width // 2, width // 2))
        windows = padded.unfold(2, width, 1)
        features = torch.einsum("bctk,fck->btf", windows, kernel)
        return self.location_dense(features)
    """,
    "both layers as one filter": """
        kernel = self.location_conv.conv.weight
        mixed = torch.einsum("df,fck->dck", self.location_dense.linear_layer.weight, kernel)
        return F.conv1d(attention_weights_cat, mixed, padding=kernel.size(2) // 2).mT
    """,
    "a helper inside": """
        def mix(features):
            return self.location_dense(features.moveaxis(1, -1))

        return mix(self.location_conv.forward(attention_weights_cat))
    """,
}

ENERGY_STYLES = {
    "einsum": """
        q = torch.einsum("bq,aq->ba", query, self.query_layer.linear_layer.weight)
        s = (q[:, None, :] + processed_memory + self.location_layer(attention_weights_cat)).tanh()
        return torch.einsum("bta,a->bt", s, self.v.linear_layer.weight[0])
    """,
    "other order": """
        location = self.location_layer(attention_weights_cat)
        inner = processed_memory + (location + self.query_layer(query).unsqueeze(1))
        return self.v(inner.tanh())[..., 0]
    """,
    "in place on fresh tensors": """
        total = self.location_layer(attention_weights_cat)
        total += processed_memory
        total += self.query_layer(query)[:, None]
        return self.v(total.tanh_()).squeeze(2)
    """,
    "expanded": """
        q = self.query_layer(query).unsqueeze(1).expand_as(processed_memory)
        stack = torch.stack([q, processed_memory, self.location_layer(attention_weights_cat)])
        return torch.matmul(torch.tanh(stack.sum(0)), self.v.linear_layer.weight.t()).flatten(1)
    """,
    "batch loop": """
        location = self.location_layer(attention_weights_cat)
        rows = []
        for b in range(query.size(0)):
            inner = self.query_layer(query[b]) + processed_memory[b] + location[b]
            rows.append(self.v(torch.tanh(inner)).reshape(-1))
        return torch.stack(rows, dim=0)
    """,
    "tanh by exp": """
        x = self.query_layer(query).unsqueeze(1) + processed_memory
        x = x + self.location_layer(attention_weights_cat)
        return self.v(2 * torch.sigmoid(2 * x) - 1).squeeze(-1)
    """,
    "as published": """
        processed_query = self.query_layer(query.unsqueeze(1))
        processed_attention_weights = self.location_layer(attention_weights_cat)
        energies = self.v(
            torch.tanh(processed_query + processed_attention_weights + processed_memory)
        )
        energies = energies.squeeze(2)
        return energies
    """,
    "one symbol after the other": """
        q, location = self.query_layer(query), self.location_layer(attention_weights_cat)
        columns = [
            self.v(torch.tanh(q + location[:, t] + processed_memory[:, t]))
            for t in range(processed_memory.size(1))
        ]
        return torch.cat(columns, dim=1)
    """,
}

_ENERGIES = "energies = self.get_alignment_energies(query, processed_memory, attention_weights_cat)"
FORWARD_STYLES = {
    "as published": f"""
        {_ENERGIES}
        if mask is not None:
            energies.data.masked_fill_(mask, self.score_mask_value)
        attention_weights = F.softmax(energies, dim=1)
        attention_context = torch.bmm(attention_weights.unsqueeze(1), memory)
        attention_context = attention_context.squeeze(1)
        return attention_context, attention_weights
    """,
    "where": f"""
        {_ENERGIES}
        if mask is not None:
            energies = torch.where(mask, torch.full_like(energies, -torch.inf), energies)
        weights = torch.softmax(energies, -1)
        return (weights.unsqueeze(-1) * memory).sum(1), weights
    """,
    "own softmax": f"""
        {_ENERGIES}
        energies = energies - energies.max(dim=1, keepdim=True).values
        weights = energies.exp()
        if mask is not None:
            weights = weights * (~mask)
        weights = weights / weights.sum(dim=1, keepdim=True)
        return torch.einsum("bt,btd->bd", weights, memory), weights
    """,
    "masked after, then renormalised": f"""
        {_ENERGIES}
        weights = energies.softmax(1)
        if mask is not None:
            weights = weights.masked_fill(mask, 0.0)
            weights = weights / weights.sum(1, keepdim=True)
        return (weights[:, None] @ memory)[:, 0], weights
    """,
    "a large negative number": f"""
        {_ENERGIES}
        if mask is not None:
            energies = energies.masked_fill(mask, -1e9)
        weights = F.softmax(energies, dim=-1)
        return torch.matmul(weights.unsqueeze(1), memory).squeeze(1), weights
    """,
    "index assignment": f"""
        {_ENERGIES}
        if mask is not None:
            energies = energies.clone()
            energies[mask] = float("-inf")
        weights = energies.softmax(dim=1)
        return torch.baddbmm(memory.new_zeros(1), weights[:, None], memory)[:, 0], weights
    """,
    "log space": f"""
        {_ENERGIES}
        if mask is not None:
            energies = energies + torch.zeros_like(energies).masked_fill(mask, -torch.inf)
        weights = (energies - energies.logsumexp(1, keepdim=True)).exp()
        return (weights.unsqueeze(2) * memory).sum(dim=1), weights
    """,
    "batch loop": f"""
        {_ENERGIES}
        contexts, rows = [], []
        for b in range(energies.size(0)):
            length = energies.size(1) if mask is None else int((~mask[b]).sum())
            w = F.softmax(energies[b, :length], dim=0)
            rows.append(F.pad(w, (0, energies.size(1) - length)))
            contexts.append(w @ memory[b, :length])
        return torch.stack(contexts), torch.stack(rows)
    """,
    "a list instead of a tuple": f"""
        {_ENERGIES}
        if mask is not None:
            energies = energies.masked_fill(mask, self.score_mask_value)
        weights = energies.softmax(1)
        return [torch.bmm(weights.unsqueeze(1), memory).squeeze(1), weights]
    """,
    "a named tuple": f"""
        from typing import NamedTuple

        class Looked(NamedTuple):
            context: torch.Tensor
            weights: torch.Tensor

        {_ENERGIES}
        if mask is not None:
            energies = energies.masked_fill(mask, self.score_mask_value)
        weights = energies.softmax(1)
        return Looked(torch.bmm(weights.unsqueeze(1), memory).squeeze(1), weights)
    """,
}


def full_marks(verdicts: dict[str, Verdict]) -> bool:
    return [v.points for v in verdicts.values()] == [20, 20, 20]


@pytest.mark.parametrize("style", LOCATION_STYLES)
def test_location_in_every_style(judge_cells: Run, style: str) -> None:
    verdicts = judge_cells(fill(attention_1=LOCATION_STYLES[style]))
    assert full_marks(verdicts), [v.message for v in verdicts.values()]


@pytest.mark.parametrize("style", ENERGY_STYLES)
def test_energies_in_every_style(judge_cells: Run, style: str) -> None:
    verdicts = judge_cells(fill(attention_2=ENERGY_STYLES[style]))
    assert full_marks(verdicts), [v.message for v in verdicts.values()]


@pytest.mark.parametrize("style", FORWARD_STYLES)
def test_forward_in_every_style(judge_cells: Run, style: str) -> None:
    verdicts = judge_cells(fill(attention_3=FORWARD_STYLES[style]))
    assert full_marks(verdicts), [v.message for v in verdicts.values()]


OWN_ATTENTION = '''
from typing import Optional, Tuple
import math


class ScoreNet(nn.Module):
    """The additive score as a module of its own."""

    def __init__(self, owner):
        super().__init__()
        self.owner = [owner]  # in a list, so that it is no submodule

    def forward(self, q, p, w):
        owner = self.owner[0]
        return owner.v(torch.tanh(q.unsqueeze(1) + p + owner.location_layer(w)))


class Attention(nn.Module):
    """Eigene Schreibweise: 注意力 · where to look."""

    def __init__(self, attention_rnn_dim: int, embedding_dim: int, attention_dim: int,
                 attention_location_n_filters: int, attention_location_kernel_size: int):
        super().__init__()
        self.query_layer = nn.Module()
        self.query_layer.linear_layer = nn.Linear(attention_rnn_dim, attention_dim, bias=False)
        self.memory_layer = LinearNorm(embedding_dim, attention_dim, bias=False)
        self.v = LinearNorm(attention_dim, 1, bias=False)
        self.location_layer = LocationLayer(
            attention_location_n_filters, attention_location_kernel_size, attention_dim)
        self.score = ScoreNet(self)

    def get_alignment_energies(self, query, processed_memory, attention_weights_cat):
        запрос = self.query_layer.linear_layer(query)
        return self.score(запрос, processed_memory, attention_weights_cat).squeeze(-1)

    @staticmethod
    def _normalise(energies: torch.Tensor, mask: Optional[torch.Tensor]) -> torch.Tensor:
        if mask is not None:
            energies = energies.masked_fill(mask, -math.inf)
        return energies.softmax(-1)

    def forward(self, query, memory, processed_memory, attention_weights_cat, mask
                ) -> Tuple[torch.Tensor, torch.Tensor]:
        α = self._normalise(
            self.get_alignment_energies(query, processed_memory, attention_weights_cat), mask)
        return torch.einsum("bt,bte->be", α, memory), α
'''


def test_the_whole_class_in_one_cell_with_the_next_left_as_stub(judge_cells: Run) -> None:
    cells = fill(attention_3=STUB) | {"attention-2": OWN_ATTENTION}
    assert full_marks(judge_cells(cells))


def test_the_whole_class_once_more_in_the_second_cell(judge_cells: Run) -> None:
    assert full_marks(judge_cells(fill() | {"attention-3": OWN_ATTENTION}))


NOISE = """
import sys, warnings, logging
print("x" * 1_000_000)
sys.stderr.write("this looks like an error\\n" * 1000)
warnings.warn("a deprecation, as libraries have them")
logging.getLogger().error("an error, as libraries log them")
"""


def test_warnings_and_output_cost_nothing(judge_cells: Run) -> None:
    noisy = """
        print("called")
        warnings.warn("again", FutureWarning)
    """
    cells = {
        "attention-1": NOISE + cell("attention-1", noisy + LOCATION_STYLES["einsum"]),
        "attention-2": NOISE + fill()["attention-2"],
        "attention-3": NOISE + fill()["attention-3"] + "\nprint(Attention)\nAttention\n",
    }
    assert full_marks(judge_cells(cells))


def test_magics_and_shell_lines_cost_nothing(judge_cells: Run) -> None:
    magics = "%matplotlib inline\n!ls -l\n%load_ext autoreload\n"
    cells = {task: magics + source + "\n!pip list\n" for task, source in fill().items()}
    cells["attention-3"] = "%%time\n" + cells["attention-3"]
    assert full_marks(judge_cells(cells))


def test_types_docstrings_and_names_of_any_language(judge_cells: Run) -> None:
    body = '''
        """Energien: e = v · tanh(W q + V m + U f)."""
        частота: torch.Tensor = self.query_layer(query.unsqueeze(1))  # (B, 1, D)
        位置: torch.Tensor = self.location_layer(attention_weights_cat)
        énergies = self.v(torch.tanh(частота + 位置 + processed_memory))
        return énergies.squeeze(-1)
    '''
    assert full_marks(judge_cells(fill(attention_2=body)))


def test_an_own_experiment_below_the_class_costs_nothing(judge_cells: Run) -> None:
    experiment = """
layer = LocationLayer(4, 3, 5)
x = torch.rand(1, 2, 6)
assert layer(x).shape == (1, 6, 5)
raise RuntimeError("left over from debugging")
"""
    assert full_marks(judge_cells(fill() | {"attention-1": fill()["attention-1"] + experiment}))


def test_answers_from_the_keyboard_are_not_needed(judge_cells: Run) -> None:
    asks = 'try:\n    input("go on? ")\nexcept EOFError:\n    pass\n'
    assert full_marks(judge_cells(fill() | {"attention-1": asks + fill()["attention-1"]}))
