"""Make the pronunciation lexicon that labkit ships, from CMUdict.

    npm pack cmu-pronouncing-dictionary@3.0.0 && tar xzf cmu-pronouncing-dictionary-3.0.0.tgz
    python tools/make_lexicon.py package/index.js

reads that package's copy of CMUdict (stress marks included) and writes
``labkit/text/pronunciation/data/lexicon.zlib``; CMUdict's own ``cmudict.dict`` is read as well.
Run again on the same input, it writes the same bytes.

Each word keeps its first pronunciation; other ones matter where the meaning decides, and those are
told apart in `labkit.text.pronunciation.heteronyms`. Possessives that the reader forms by itself
are left out, and so are compounds with a hyphen and letters with a period.
``tools/lexicon_additions.txt`` adds words that CMUdict lacks.
"""

from __future__ import annotations

import argparse
import re
import sys
import zlib
from pathlib import Path

from labkit.text.pronunciation.inflections import with_s
from labkit.text.pronunciation.lexicon import DATA, encode_phones

ADDITIONS = Path(__file__).with_name("lexicon_additions.txt")
_DICTIONARY_LINE = re.compile(r"(\S+) (.+)")
_JAVASCRIPT_LINE = re.compile(r"""\s*"?([^":]+)"?: "(.+)",?""")
_WORD = re.compile(r"[a-z']+")


def read_cmudict(path: Path) -> dict[str, tuple[str, ...]]:
    """Read the first pronunciation of every word made of letters and apostrophes."""
    pattern = _JAVASCRIPT_LINE if path.suffix == ".js" else _DICTIONARY_LINE
    lexicon: dict[str, tuple[str, ...]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        match = pattern.fullmatch(line)
        if match and _WORD.fullmatch(match[1]):
            lexicon.setdefault(match[1], tuple(match[2].partition("#")[0].split()))
    return lexicon


def is_derived(word: str, lexicon: dict[str, tuple[str, ...]]) -> bool:
    """Whether the reader forms this possessive from its noun by itself: dog's, dogs'."""
    noun = word.removesuffix("'").removesuffix("'s")
    if noun == word or noun not in lexicon:
        return False
    return lexicon[word] == (lexicon[noun] if word.endswith("'") else with_s(lexicon[noun]))


def main() -> None:
    """Write the lexicon and say how large it is."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("cmudict", type=Path, help="index.js of the npm package, or cmudict.dict")
    parser.add_argument("--output", type=Path, default=DATA / "lexicon.zlib")
    arguments = parser.parse_args()

    lexicon = read_cmudict(arguments.cmudict)
    if len(lexicon) < 100_000:
        sys.exit(f"{arguments.cmudict} holds {len(lexicon)} words; this is not the whole CMUdict")
    lexicon |= read_cmudict(ADDITIONS)
    kept = [word for word in sorted(lexicon) if not is_derived(word, lexicon)]
    lines = "".join(f"{word}\t{encode_phones(lexicon[word])}\n" for word in kept)
    packed = zlib.compress(("\n" + lines).encode("latin-1"), 9)
    arguments.output.write_bytes(packed)
    print(f"{len(kept)} of {len(lexicon)} words, {len(packed) / 1e3:.0f} kB: {arguments.output}")


if __name__ == "__main__":
    main()
