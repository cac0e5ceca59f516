"""Two pipelines side by side: the same fresh inputs, turn about, and every result compared."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import partial

import torch

from grader.bench.inputs import Draw, Size
from grader.bench.ratio import Ratio, ratio_of
from grader.bench.side import Side, Turn, TurnError
from grader.bench.verify import difference
from grader.labs.base import Tensors
from labkit.labs.curriculum import exercises

# Which classes and functions take part in which turn.
PARTS = {
    "encode": ("Encoder",),
    "decode": ("LocationLayer", "Attention", "Decoder"),
    "read": ("LocationLayer", "Attention", "Encoder", "Decoder", "Tacotron2", "read"),
    "speak": ("speak",),
}
CALLED = {"encode": "the encoder", "decode": "the decoder", "postnet": "the postnet",
          "read": "text to mel", "speak": "mel to audio"}  # fmt: skip
DISTURBED = 0.03  # share of a turn for which others had the processor
DOUBTFUL, DOUBTFUL_SHARE = 2, 0.1  # pairs that may disagree as far as roundings go, and of all
N_MELS = 80
_ENOUGH = 60.0  # seconds for a turn of the reference
_PATIENCE, _SPARE = 25, 3.0  # a turn of the student's may take so many times as long, and seconds


class WrongError(Exception):
    """A result is not that of the reference.

    Args:
        said: which, and in what.
        is_certain: whether no rounding could have done this.
    """

    def __init__(self, said: str, is_certain: bool = True) -> None:
        super().__init__(said)
        self.is_certain = is_certain


class ReferenceLostError(Exception):
    """The reference itself gave no result: the machine's fault, and nobody's pipeline's."""


def tasks_of(name: str) -> list[str]:
    """Return the tasks in which a class, or a function of lab 4, is written."""
    return [
        exercise.id
        for _, exercise in exercises()
        if exercise.defines == name and exercise.id not in ("inference-3",)
    ]


class Contest:
    """Asks both sides for the same, one after the other.

    Args:
        student: with the student's code.
        reference: with none.
        own: the tasks whose code is the student's.
        draw: where fresh inputs come from.
    """

    def __init__(self, student: Side, reference: Side, own: Sequence[str], draw: Draw) -> None:
        self.student, self.reference, self.own, self.draw = student, reference, own, draw
        self.times: dict[tuple[str, Size], list[tuple[float, float]]] = defaultdict(list)
        self.waited = self.taken = 0.0
        self.processor = self.student_taken = 0.0
        self.pairs = self.doubtful = 0
        self.spare = 0.0  # seconds that may go into pairs that are taken anew
        self._known: dict[tuple[str, Size], float] = {}
        self._echo: dict[tuple[str, Size], float] = {}
        self._dice = random.Random(draw.dice.random())

    def pair(
        self,
        do: str,
        size: Size,
        given: Tensors,
        own: Sequence[str] | None = None,
        *,
        checked: bool = True,
    ) -> tuple[Turn, Turn]:
        """Take a turn of each, in an order that nobody can foresee.

        Args:
            do: what is done, see :class:`grader.bench.beside.Pipelines`.
            size: of the inputs.
            given: the inputs.
            own: the tasks whose code is the student's; all of them if None.
            checked: whether the results must be the same.

        Returns:
            The student's turn and the reference's; the second one's results are given on.

        Raises:
            TurnError: the student's side gave no result.
            WrongError: it gave another one than the reference.
        """
        known = self._known.get((do, size))
        if known is None:  # how long a turn may take is not known before the reference's first
            reference = self._reference(do, size, given)
            student = self._student(do, size, given, own)
        elif self._dice.random() < 0.5:
            student = self._student(do, size, given, own)
            reference = self._reference(do, size, given)
        else:
            reference = self._reference(do, size, given)
            student = self._student(do, size, given, own)
        found = difference(student.tensors, reference.tensors) if checked else None
        if found is not None:
            raise WrongError(f"{CALLED[do]}, {size}: {found.said}", found.is_certain)
        return student, reference

    def prepare(self, own: Sequence[str]) -> None:
        """Let the student's side build a pipeline, outside of all turns."""
        self.student.turn("prepare", limit=_ENOUGH, own=list(own), steps=1)

    def note(self, do: str, size: Size, pair: tuple[Turn, Turn]) -> None:
        """Keep the times of a pair, without what it took to send the numbers."""
        student, reference = pair
        passing = self.passing(do, size, reference)
        own, beside = student.seconds - passing, reference.seconds - passing
        self.times[do, size].append((max(own, 1e-6), max(beside, 1e-6)))
        self.waited += reference.used.waited
        self.taken += reference.seconds
        self.processor += student.used.processor
        self.student_taken += student.seconds

    def ratio_of_whole(self, size: Size) -> Ratio:
        """Compare the times from ids to audio."""
        both = zip(self.times["read", size], self.times["speak", size], strict=True)
        pairs = [(a[0] + b[0], a[1] + b[1]) for a, b in both]
        return ratio_of(*zip(*pairs, strict=True))

    def ratio(self, do: str, size: Size) -> Ratio:
        """Compare the times of a kind of turn."""
        own, reference = zip(*self.times[do, size], strict=True)
        return ratio_of(own, reference)

    def whole(self, size: Size, *, keep: bool = True) -> None:
        """Go once the whole way from ids to audio: to the mel, and from the reference's mel on."""
        read = self._undisturbed("read", size, lambda: self.draw.sentences(size))
        mel = read[1].tensors
        speak = self._undisturbed("speak", size, lambda: mel | {"mel": self.draw.like(mel["mel"])})
        if keep:
            self.note("read", size, read)
            self.note("speak", size, speak)

    def parts(self, size: Size, *, keep: bool = True) -> None:
        """Go once through the parts of the acoustic model."""
        for do in ("encode", "decode", "postnet"):
            pair = self._undisturbed(do, size, partial(self._input, do, size))
            if keep:
                self.note(do, size, pair)

    def _undisturbed(self, do: str, size: Size, draw: Callable[[], Tensors]) -> tuple[Turn, Turn]:
        """Take a pair of turns; anew, with new inputs, if others had the processor meanwhile."""
        while True:
            pair = self._right(do, size, draw)
            took = sum(turn.seconds for turn in pair)
            if took > self.spare or all(
                turn.used.waited <= DISTURBED * turn.seconds for turn in pair
            ):
                return pair
            self.spare -= took

    def _right(
        self,
        do: str,
        size: Size,
        draw: Callable[[], Tensors],
        own: Sequence[str] | None = None,
    ) -> tuple[Turn, Turn]:
        """Take pairs until the results agree; a sentence that makes much of a rounding is rare.

        Raises:
            WrongError: it is not rare.
        """
        while True:
            self.pairs += 1
            try:
                return self.pair(do, size, draw(), own)
            except WrongError as error:
                self.doubtful += 1
                if error.is_certain or self.doubtful > DOUBTFUL + DOUBTFUL_SHARE * self.pairs:
                    raise

    def part(
        self, do: str, size: Size, own: Sequence[str] | None = None, *, checked: bool = True
    ) -> tuple[float, float]:
        """Go once through a part, and return the times of both; what lies before it is given."""
        if checked:
            student, reference = self._right(do, size, partial(self._input, do, size), own)
        else:
            given = self._input(do, size)
            student, reference = self.pair(do, size, given, own, checked=False)
        return student.seconds, reference.seconds

    def mel(self, size: Size) -> Tensors:
        """Return the reference's mel of new sentences, and its lengths."""
        return self._reference("read", size, self.draw.sentences(size)).tensors

    def guilty(self, do: str, size: Size) -> list[str]:
        """Find the tasks that alone make the results of a part wrong.

        Each is put into the reference by itself, and asked three times: what is said again is right
        once, and a rounding may be made much of once.
        """
        return [task for task in self._tasks(PARTS[do]) if self._is_wrong(do, size, task)]

    def _is_wrong(self, do: str, size: Size, task: str) -> bool:
        wrong = 0
        for _ in range(3 * self.is_alive):
            try:
                self.prepare([task])
                self.pair(do, size, self._input(do, size), [task])
            except WrongError as error:
                wrong += 3 if error.is_certain else 1
            except TurnError:
                return True
        return wrong > 1

    def _input(self, do: str, size: Size) -> Tensors:
        """Return new inputs of a part; what lies before it is the reference's."""
        if do == "speak":
            return self.mel(size)
        given = self.draw.sentences(size)
        if do == "decode":
            lengths = {"lengths": given["lengths"]}
            return self._reference("encode", size, given).tensors | lengths
        if do == "postnet":
            frames = size.steps * self.draw.frames_per_step
            return {"mel": self.draw.like(torch.zeros(size.batch, N_MELS, frames))}
        return given

    @property
    def is_alive(self) -> bool:
        """Whether the student's side can still be asked."""
        return self.student.is_alive

    def _tasks(self, names: Iterable[str]) -> list[str]:
        return [task for name in names for task in tasks_of(name) if task in self.own]

    def _student(self, do: str, size: Size, given: Tensors, own: Sequence[str] | None) -> Turn:
        limit = _PATIENCE * self._known[do, size] + _SPARE
        tasks = self.own if own is None else own
        try:
            return self._ask(self.student, do, size, given, tasks, limit)
        except TurnError as error:
            raise TurnError(f"{CALLED[do]}, {size}: {error}") from None

    def _reference(self, do: str, size: Size, given: Tensors) -> Turn:
        try:
            turn = self._ask(self.reference, do, size, given, (), _ENOUGH)
        except TurnError as error:
            raise ReferenceLostError(f"{CALLED[do]}, {size}: {error}") from None
        self._known[do, size] = turn.seconds
        return turn

    def _ask(
        self, side: Side, do: str, size: Size, given: Tensors, own: Sequence[str], limit: float
    ) -> Turn:
        return side.turn(do, given, limit=limit, own=list(own), steps=size.steps)

    def passing(self, do: str, size: Size, turn: Turn | None = None) -> float:
        """Return what it takes to send the numbers of a turn there and back.

        The reference is asked, on behalf of both: a student's side could be slow at it on purpose.
        """
        if (do, size) not in self._echo and turn is not None:
            numbers = sum(tensor.numel() for tensor in turn.tensors.values())
            echoes = [
                self.reference.turn("echo", limit=_ENOUGH, numbers=numbers).seconds
                for _ in range(3)
            ]
            self._echo[do, size] = sorted(echoes)[1]
        return self._echo[do, size]


def names_of(own: Sequence[str]) -> list[str]:
    """Return the classes and functions of which at least one task is the student's."""
    every = dict.fromkeys(name for names in PARTS.values() for name in names)
    return [name for name in every if any(task in own for task in tasks_of(name))]
