"""Lab 2: right answers in many hands. Whatever the style, a correct fill has full marks."""

from __future__ import annotations

import pytest

from grader.judge.verdict import Verdict
from lab_tools import Run
from labs.lab2_encoder.cells import STUB, cell, fill

pytestmark = pytest.mark.lab2


CONVOLVE_STYLES = {
    "as published, masked in place on a copy": """
        x = x.clone()
        for conv in self.convolutions:
            if padding is not None:
                x.masked_fill_(padding, 0.0)
            x = F.dropout(F.relu(conv(x)), 0.5, self.training)
        return x
    """,
    "dropout as a module": """
        for convolution in self.convolutions:
            if padding is not None:
                x = x.masked_fill(padding, 0)
            drop = nn.Dropout(self.p_encoder_dropout).train(self.training)
            x = drop(torch.relu(convolution(x)))
        return x
    """,
    "where": """
        for convolution in self.convolutions:
            if padding is not None:
                x = torch.where(padding, torch.zeros_like(x), x)
            x = convolution(x).clamp(min=0)
            x = F.dropout(x, p=0.5, training=self.training)
        return x
    """,
    "multiplied by what is kept": """
        kept = 1.0 if padding is None else (~padding).float()
        for convolution in self.convolutions:
            x = F.dropout(convolution(x * kept).relu(), self.p_encoder_dropout, self.training)
        return x
    """,
    "functional": """
        for conv, norm in self.convolutions:
            if padding is not None:
                x = x * padding.logical_not()
            weight, bias = conv.conv.weight, conv.conv.bias
            x = F.conv1d(x, weight, bias, padding=weight.size(-1) // 2)
            x = F.batch_norm(
                x, norm.running_mean, norm.running_var, norm.weight, norm.bias, self.training,
                norm.momentum, norm.eps,
            )
            x = F.dropout(F.relu(x), self.p_encoder_dropout, self.training)
        return x
    """,
    "in place on fresh tensors": """
        for i in range(len(self.convolutions)):
            x = x if padding is None else x.masked_fill(padding, 0.0)
            x = self.convolutions[i](x).relu_()
            if self.training:
                F.dropout(x, self.p_encoder_dropout, inplace=True)
        return x
    """,
    "recursion": """
        def layer(x, rest):
            if not rest:
                return x
            if padding is not None:
                x = x.masked_fill(padding, 0.0)
            x = F.relu(rest[0](x))
            return layer(F.dropout(x, training=self.training), rest[1:])

        return layer(x, list(self.convolutions))
    """,
    "a dropout of its own": """
        for convolution in self.convolutions:
            if padding is not None:
                x = x.masked_fill(padding.expand_as(x), 0.0)
            x = F.relu(convolution(x))
            if self.training:
                kept = torch.rand_like(x) >= self.p_encoder_dropout
                x = x * kept / (1 - self.p_encoder_dropout)
        return x
    """,
    "index assignment": """
        for convolution in self.convolutions:
            if padding is not None:
                x = x.clone()
                x[padding.expand_as(x)] = 0
            x = torch.dropout(torch.relu(convolution(x)), self.p_encoder_dropout, self.training)
        return x
    """,
    "the first layer apart": """
        def masked(y):
            return y if padding is None else y.masked_fill(padding, 0.0)

        first, *others = self.convolutions
        x = F.dropout(F.relu(first(masked(x))), self.p_encoder_dropout, self.training)
        for other in others:
            x = F.dropout(F.relu(other(masked(x))), self.p_encoder_dropout, self.training)
        return x
    """,
    "asks the module instead of the argument": """
        for convolution in self.convolutions:
            if self.mask_embeddings:
                x = x.masked_fill(padding, 0.0)
            x = F.dropout(F.relu(convolution(x)), self.p_encoder_dropout, self.training)
        return x
    """,
}

FORWARD_STYLES = {
    "as published": """
        x = self.convolve(x, padding)
        x = x.transpose(1, 2)
        input_lengths = input_lengths.cpu().numpy()
        x_packed = nn.utils.rnn.pack_padded_sequence(
            x, input_lengths, batch_first=True, enforce_sorted=False)
        self.lstm.flatten_parameters()
        outputs, _ = self.lstm(x_packed)
        outputs, _ = nn.utils.rnn.pad_packed_sequence(
            outputs, batch_first=True, total_length=x.size(1))
        return outputs
    """,
    "sorted by hand, and back": """
        x = self.convolve(x, padding).permute(0, 2, 1)
        lengths, order = torch.sort(input_lengths, descending=True)
        packed = pack_padded_sequence(x[order], lengths.cpu(), batch_first=True)
        outputs, _ = pad_packed_sequence(
            self.lstm(packed)[0], batch_first=True, total_length=x.shape[1]
        )
        return outputs[order.argsort()]
    """,
    "padded at the end by hand": """
        x = self.convolve(x, padding).transpose(1, 2)
        packed = pack_padded_sequence(x, input_lengths.cpu(), True, False)
        outputs, lengths = pad_packed_sequence(self.lstm(packed)[0], True)
        return F.pad(outputs, (0, 0, 0, x.size(1) - int(lengths.max())))
    """,
    "one sentence after the other": """
        x = self.convolve(x, padding)
        memory = x.new_zeros(x.size(0), x.size(2), x.size(1))
        for b, length in enumerate(input_lengths.tolist()):
            memory[b, :length] = self.lstm(x[b, :, :length].t().unsqueeze(0))[0][0]
        return memory
    """,
    "lengths as a list": """
        x = self.convolve(x=x, padding=padding).mT
        packed = pack_padded_sequence(
            x, input_lengths.tolist(), batch_first=True, enforce_sorted=False
        )
        return pad_packed_sequence(
            self.lstm(packed)[0], batch_first=True, padding_value=0.0, total_length=x.size(1)
        )[0]
    """,
    "time first and back": """
        x = self.convolve(x, padding).permute(2, 0, 1)
        packed = pack_padded_sequence(x, input_lengths.cpu(), enforce_sorted=False)
        outputs, _ = pad_packed_sequence(self.lstm(packed)[0], total_length=x.size(0))
        return outputs.transpose(0, 1)
    """,
    "packed from a list": """
        x = self.convolve(x, padding).transpose(1, 2).contiguous()
        sentences = [row[:n] for row, n in zip(x, input_lengths)]
        packed = nn.utils.rnn.pack_sequence(sentences, enforce_sorted=False)
        output, (h_n, c_n) = self.lstm(packed)
        return pad_packed_sequence(output, batch_first=True, total_length=x.size(1))[0]
    """,
    "grouped by length": """
        x = self.convolve(x, padding).transpose(1, 2)
        memory = torch.zeros_like(x)
        for length in input_lengths.unique():
            rows = (input_lengths == length).nonzero().flatten()
            read, _ = self.lstm(x[rows, :length])
            memory = memory.index_put(
                (rows[:, None], torch.arange(int(length))[None]), read)
        return memory
    """,
    "without the first task": """
        for conv in self.convolutions:
            if padding is not None:
                x = x.masked_fill(padding, 0.0)
            x = F.dropout(F.relu(conv(x)), 0.5, self.training)
        x = x.transpose(1, 2)
        packed = pack_padded_sequence(x, input_lengths.cpu(), True, enforce_sorted=False)
        return pad_packed_sequence(self.lstm(packed)[0], True, total_length=x.size(1))[0]
    """,
    "the mask made again, and zeros set again": """
        behind = torch.arange(x.size(2), device=x.device) >= input_lengths[:, None]
        x = self.convolve(x, behind[:, None] if self.mask_embeddings else None)
        x = x.masked_fill(behind[:, None], 0.0).transpose(1, 2)
        packed = pack_padded_sequence(
            x, input_lengths.to("cpu"), batch_first=True, enforce_sorted=False
        )
        y, _ = pad_packed_sequence(self.lstm(packed)[0], True, 0.0, x.shape[1])
        return y.masked_fill(behind[..., None], 0.0)
    """,
}


def full_marks(verdicts: dict[str, Verdict]) -> bool:
    return [v.points for v in verdicts.values()] == [30, 30]


@pytest.mark.parametrize("style", CONVOLVE_STYLES)
def test_convolve_in_every_style(judge_cells: Run, style: str) -> None:
    verdicts = judge_cells(fill(encoder_1=CONVOLVE_STYLES[style]))
    assert full_marks(verdicts), [v.message for v in verdicts.values()]


@pytest.mark.parametrize("style", FORWARD_STYLES)
def test_forward_in_every_style(judge_cells: Run, style: str) -> None:
    verdicts = judge_cells(fill(encoder_2=FORWARD_STYLES[style]))
    assert full_marks(verdicts), [v.message for v in verdicts.values()]


OWN_ENCODER = '''
from typing import Optional


def with_zeros(x: torch.Tensor, padding: Optional[torch.Tensor]) -> torch.Tensor:
    return x if padding is None else x.masked_fill(padding, 0.0)


class Encoder(nn.Module):
    """Eigene Schreibweise: 编码器."""

    def __init__(self, encoder_n_convolutions: int, encoder_embedding_dim: int,
                 encoder_kernel_size: int, mask_embeddings: bool = False,
                 p_encoder_dropout: float = 0.5):
        super().__init__()
        d, k = encoder_embedding_dim, encoder_kernel_size
        self.mask_embeddings = mask_embeddings
        self.activate = nn.Sequential(nn.ReLU(), nn.Dropout(p_encoder_dropout))
        self.convolutions = nn.ModuleList()
        for _ in range(encoder_n_convolutions):
            self.convolutions.append(nn.Sequential(ConvNorm(d, d, k), nn.BatchNorm1d(d)))
        self.lstm = nn.LSTM(d, d // 2, 1, batch_first=True, bidirectional=True)

    def convolve(self, x, padding):
        for свёртка in self.convolutions:
            x = self.activate(свёртка(with_zeros(x, padding)))
        return x

    def read(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        return pad_packed_sequence(self.lstm(packed)[0], True, total_length=x.size(1))[0]

    def forward(self, x, input_lengths):
        mask = padding_mask(input_lengths, x.size(-1))[:, None] if self.mask_embeddings else None
        return self.read(self.convolve(x, mask).transpose(1, 2), input_lengths.cpu())
'''


def test_the_whole_class_in_the_first_cell_with_the_second_left_as_stub(judge_cells: Run) -> None:
    assert full_marks(judge_cells(fill(encoder_2=STUB) | {"encoder-1": OWN_ENCODER}))


def test_the_whole_class_once_more_in_the_second_cell(judge_cells: Run) -> None:
    assert full_marks(judge_cells(fill() | {"encoder-2": OWN_ENCODER}))


def test_warnings_and_output_cost_nothing(judge_cells: Run) -> None:
    noisy = 'import warnings\nprint("x" * 100_000)\nwarnings.warn("a deprecation")\n'
    cells = {task: noisy + source + "\nEncoder\n" for task, source in fill().items()}
    assert full_marks(judge_cells(cells))


def test_an_own_experiment_below_the_class_costs_nothing(judge_cells: Run) -> None:
    experiment = """
x = torch.rand(2, 4, 6)
assert Encoder(1, 4, 3)(x, torch.tensor([4, 6])).shape == (2, 6, 4)
"""
    cells = fill()
    cells["encoder-2"] += experiment + 'raise RuntimeError("left over from debugging")\n'
    assert full_marks(judge_cells(cells))


def test_a_wrong_first_task_costs_only_itself_in_every_style_of_the_second(
    judge_cells: Run,
) -> None:
    wrong = cell("encoder-1", "return x[:, :, :1]")
    for style, body in FORWARD_STYLES.items():
        verdicts = judge_cells({"encoder-1": wrong, "encoder-2": cell("encoder-2", body)})
        assert [v.points for v in verdicts.values()] == [0, 30], style
