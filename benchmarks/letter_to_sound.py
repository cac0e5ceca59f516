"""How well unknown words are said: the letter-to-sound network on words kept from its training.

    python benchmarks/letter_to_sound.py
    python benchmarks/letter_to_sound.py --cmudict package/index.js --flite cmudict-0.4.out

Prints phone and word error rates without stress on 5 % of the lexicon, dealt by a hash of the
letters, beside spelling rules of one phone a letter. "No relative" leaves out words that differ
from a training word by a regular ending. With ``--cmudict`` (see tools/make_lexicon.py) any
pronunciation that CMUdict lists counts as right, as in published figures, not the first alone.

With ``--flite`` the flite program is measured, too, on the words that its own dictionary lacks, for
there it must use its letter-to-sound rules. The file is the dictionary that flite's is made from,
in Debian's package festlex-cmu.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from common import edit_distance

from labkit.text.pronunciation.inflections import inflected
from labkit.text.pronunciation.letter_to_sound import guess, split_of
from labkit.text.pronunciation.lexicon import entries

Phones = tuple[str, ...]
Guesses = dict[str, Phones]

WORD = re.compile(r"[a-z]{2,20}")
ENDINGS = ("s", "es", "d", "ed", "ing", "er", "ers", "ly", "ness", "y")
ALTERNATIVE = re.compile(r"""\s*"?([^":( ]+)\(\d\)"?:? "?([A-Z0-9 ]+)""")
FLITE_ENTRY = re.compile(r'\("([^"]+)"')
FLITE_NAMES = {"AX": "AH", "AXR": "ER", "IX": "IH", "HV": "HH", "EL": "L", "EM": "M", "EN": "N"}
LETTERS_AND_PHONES = (
    "a:AE b:B c:K d:D e:EH f:F g:G h:HH i:IH j:JH k:K l:L m:M n:N o:AA p:P q:K r:R s:S t:T u:AH "
    "v:V w:W x:K_S y:IY z:Z"
)
LETTER_PHONES = dict(pair.split(":") for pair in LETTERS_AND_PHONES.split())


def bare(phones: Iterable[str]) -> Phones:
    return tuple(phone.rstrip("012") for phone in phones)


def by_letters(word: str) -> Phones:
    """One phone for each letter, doubled letters once, no sound for a last e."""
    once = re.sub(r"(.)\1", r"\1", word)
    once = once[:-1] if len(once) > 2 and once.endswith("e") else once
    return tuple(phone for letter in once for phone in LETTER_PHONES[letter].split("_"))


def flite(words: list[str]) -> Guesses:
    """Ask flite for the phones of each word, one sentence a word."""
    said = {}
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        for word in words:
            file.seek(0)
            file.truncate()
            file.write(word)
            file.flush()
            output = subprocess.run(
                ["flite", "-voice", "kal", "-ps", "-o", "none", file.name],
                capture_output=True, text=True, check=True,
            ).stdout  # fmt: skip
            phones = [phone.upper() for phone in output.split() if phone != "pau"]
            said[word] = tuple(FLITE_NAMES.get(phone, phone) for phone in phones)
    return said


def report(name: str, guesses: Guesses, right: dict[str, list[Phones]]) -> None:
    """Print one row. The phone error is taken to the nearest of the right pronunciations."""
    errors = phones = wrong = 0
    for word, said in guesses.items():
        distance, length = min((edit_distance(said, want), len(want)) for want in right[word])
        errors, phones, wrong = errors + distance, phones + length, wrong + (distance > 0)
    rates = f"{errors / phones:6.1%} | {wrong / len(guesses):6.1%}"
    print(f"| {name:66} | {len(guesses):5} | {rates} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cmudict", type=Path, help="counts every pronunciation listed there")
    parser.add_argument("--flite", type=Path, help="the dictionary of flite, to look for others")
    arguments = parser.parse_args()

    lexicon = {word: bare(phones) for word, phones in entries() if WORD.fullmatch(word)}
    known = {word: phones for word, phones in lexicon.items() if split_of(word) == "training"}
    held_out = [word for word in lexicon if split_of(word) == "test"]
    right = {word: [lexicon[word]] for word in held_out}
    if arguments.cmudict:
        for line in arguments.cmudict.read_text(encoding="utf-8").splitlines():
            match = ALTERNATIVE.match(line)
            if match and match[1] in right:
                right[match[1]].append(bare(match[2].split()))

    stems = {word[: -len(end)] for word in known for end in ENDINGS if word.endswith(end)}
    relatives = known.keys() | stems | {word + end for word in known for end in ENDINGS}
    alone = [word for word in held_out if word not in relatives]

    start = time.perf_counter()
    guessed = {word: bare(guess(word)) for word in held_out}
    speed = len(held_out) / (time.perf_counter() - start)

    def as_read(word: str) -> Phones:
        return bare(inflected(word, known.get) or guessed[word])

    ways: dict[str, Callable[[str], Phones]] = {
        "one phone a letter": by_letters,
        "network": guessed.__getitem__,
        "as read: regular ending of a known word, or network": as_read,
    }
    print(f"| {'':66} | words | phones | words  |\n|{'-' * 68}|------:|-------:|-------:|")
    for name, say in ways.items():
        report(name, {word: say(word) for word in held_out}, right)
        report(f"{name}, no relative", {word: say(word) for word in alone}, right)
    if arguments.flite:
        has = set(FLITE_ENTRY.findall(arguments.flite.read_text(encoding="latin-1")))
        new = [word for word in held_out if word not in has]
        report("flite, words it does not know", flite(new), right)
        report("network, the same words", {word: guessed[word] for word in new}, right)
    print(f"\n{speed:.0f} words a second, one at a time")


if __name__ == "__main__":
    main()
