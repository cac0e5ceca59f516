"""Words that no lexicon has."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch

from labkit.text import arpabet
from labkit.text.pronunciation.inflections import inflected, with_ed, with_s
from labkit.text.pronunciation.letter_to_sound import (
    LetterToSound,
    guess,
    letter_ids,
    one_primary_stress,
    split_of,
)
from labkit.text.pronunciation.lexicon import entries


def bare(phones):
    return [phone.rstrip("012") for phone in phones]


def test_made_up_words_are_said_as_spelled():
    assert " ".join(bare(guess("zorblax"))) == "Z AO R B L AE K S"
    assert " ".join(bare(guess("blorf"))) == "B L AO R F"
    assert bare(guess("quizzle"))[:2] == ["K", "W"]
    assert bare(guess("phrenk"))[:2] == ["F", "R"]


def test_every_guess_is_arpabet_with_one_primary_stress():
    for word in ("a", "zz", "qqq", "rhythmish", "aeiou", "x" * 95, "supercalifragilistic"):
        phones = guess(word)
        assert phones
        assert set(phones) <= set(arpabet)
        vowels = [phone for phone in phones if phone[-1] in "012"]
        assert sum(vowel.endswith("1") for vowel in vowels) == bool(vowels)
    assert one_primary_stress(["AA1", "T", "IY1"]) == ("AA1", "T", "IY2")
    assert one_primary_stress(["AH0", "T"]) == ("AH1", "T")
    assert one_primary_stress(["S", "T"]) == ("S", "T")


def test_held_out_words_are_mostly_right():
    held_out = [(w, p) for w, p in entries() if w.isalpha() and split_of(w) == "test"]
    sample = held_out[::40]
    right = sum(bare(guess(word)) == bare(phones) for word, phones in sample)
    assert 0.04 < len(held_out) / sum(1 for _ in entries()) < 0.06
    assert right > 0.6 * len(sample)


def test_endings_follow_the_last_sound():
    assert [with_s(("X", last))[2:] for last in ("T", "G", "S")] == [("S",), ("Z",), ("IH0", "Z")]
    assert [with_ed(("X", last))[2:] for last in ("K", "M", "D")] == [("T",), ("D",), ("IH0", "D")]


def test_regular_endings_of_known_words():
    known = {
        "bake": ("B", "EY1", "K"), "hop": ("HH", "AA1", "P"), "pity": ("P", "IH1", "T", "IY0"),
        "box": ("B", "AA1", "K", "S"),
    }  # fmt: skip
    said = {
        word: " ".join(bare(inflected(word, known.get) or ()))
        for word in ("baked", "baking", "hopping", "hopped", "pities", "boxes", "boxless", "zaps")
    }
    assert said == {
        "baked": "B EY K T", "baking": "B EY K IH NG", "hopping": "HH AA P IH NG",
        "hopped": "HH AA P T", "pities": "P IH T IY Z", "boxes": "B AA K S IH Z",
        "boxless": "B AA K S L AH S", "zaps": "",
    }  # fmt: skip


def test_the_network_is_pytorchs_lstm():
    torch.manual_seed(0)
    lstm = torch.nn.LSTM(3, 4, 2, batch_first=True, bidirectional=True)
    embedding, output = torch.randn(28, 3), torch.randn(5, 8)
    weights = {"embedding": embedding, "output": output, "output.bias": torch.zeros(5)}
    for layer in (0, 1):
        for name, suffix in (("forward", ""), ("backward", "_reverse")):
            of = {key: getattr(lstm, f"{key}_l{layer}{suffix}") for key in _LSTM_WEIGHTS}
            weights[f"{name}.{layer}.input"] = of["weight_ih"]
            weights[f"{name}.{layer}.recurrent"] = of["weight_hh"]
            weights[f"{name}.{layer}.bias"] = of["bias_ih"] + of["bias_hh"]
    arrays = {name: tensor.detach().numpy() for name, tensor in weights.items()}
    ours = LetterToSound(arrays, [("K",)] * 5)._probabilities(letter_ids("word"))
    hidden, _ = lstm(embedding[letter_ids("word")][None])  # (1, 6, 8)
    theirs = (hidden[0, 1:-1] @ output.T).softmax(-1)  # (4, 5)
    np.testing.assert_allclose(ours, theirs.detach().numpy(), atol=1e-5)


_LSTM_WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def test_readings_that_differ_in_stress_vote_together():
    chunks = [("AH0",), ("AH1",), ("IH0",)]
    network = LetterToSound({}, chunks)
    network._probabilities = lambda letters: np.array([[0.25, 0.35, 0.4]], np.float32)
    assert network.phones("a") == ["AH1"]


def test_letters_are_aligned_with_their_phones():
    code = (
        "import json; from letter_alignment import align;"
        "words = [('cat', 'K AE T'), ('cab', 'K AE B'), ('bat', 'B AE T'), ('tax', 'T AE K S'),"
        "('abc', 'EY B IY S IY EH F')];"
        "print(json.dumps(align([(w, p.split()) for w, p in words * 50])[:4]))"
    )
    tools = Path(__file__).parents[1] / "tools"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, cwd=tools)
    assert json.loads(run.stdout) == [[1, 1, 1], [1, 1, 1], [1, 1, 1], [1, 1, 2]]
