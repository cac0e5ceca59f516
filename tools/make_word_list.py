"""Make labkit/corpus/words.txt: the words that generated sentences are filled with.

A word is taken if it is a common English word (Debian's `wamerican`, lower case), stands in the
CMU Pronouncing Dictionary, and flite speaks it exactly as the dictionary says, so that a sentence's
dictionary phonemes are what its recording holds. Words are ranked by how likely the language model
of pocketsphinx holds them. Needs `apt-get install flite wamerican` and `pip install pocketsphinx`.

    python tools/make_word_list.py
"""

from __future__ import annotations

import codecs
import re
import subprocess
import tempfile
from pathlib import Path

from pocketsphinx import NGramModel, get_model_path

COMMON_WORDS = Path("/usr/share/dict/american-english")
WORDS = Path(__file__).parents[1] / "labkit/corpus/words.txt"
N_WORDS = 16_000
# Their pronunciation depends on the sentence.
HETERONYMS = (
    "abstract abuse advocate affect aged alternate are articulate bass bow close combat compact "
    "complex compound conduct conflict conscript console content contest contract contrast convert "
    "convict coordinate defect delegate deliberate desert diffuse digest dove duplicate elaborate "
    "entrance escort estimate excuse exploit export extract graduate house houses impact import "
    "incline increase insert insult intern intimate invalid lead live lives minute mobile moderate "
    "mouth object overall perfect permit polish predicate present primer proceeds produce progress "
    "project protest putting read rebel record recall refund refuse reject resume row rows row "
    "sake second separate sow subject survey suspect tear tears torment transfer transplant "
    "transport upset use used uses wind winds wound wounds"
)
# Grammar's own words, and numbers: sentences have these anyway, in the places where they belong.
FUNCTION_WORDS = (
    "the and for but are was were been being has had have having does did doing done you your "
    "yours she her hers him his its they them their theirs our ours who whom whose which what when "
    "where why how that this these those with from into onto upon than then there here not nor yet "
    "can could shall should will would may might must all any both each every few many more most "
    "much some such other another own same too very just also only even still again ever never "
    "about above across after against along among around before behind below beneath beside "
    "between beyond down during inside near off out outside over past since through toward towards "
    "under until within without while because although though unless whether however "
    "yeah yes okay huh wow hey two three four five six seven eight nine ten one once twice first "
    "second third himself herself itself myself yourself themselves ourselves everyone everybody "
    "everything someone somebody something anyone anybody anything nobody nothing none eleven "
    "twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty "
    "fifty sixty seventy eighty ninety hundred thousand million"
)
# Unfit for a classroom; stems, in rot13 so that nobody has to read them.
UNFIT = re.compile(
    codecs.decode(
        r"shpx|fuvg|phag|ovgpu|avtt|snttb?g|jube|fyhgg?l?$|fyhgf$|encr|encvf|crav|intva|bet(nf|vrf|l)|cbea"
        r"|frk|encvat|cvff|nany$|nahf|obbo|gvgf?$|gvggl|gvggvr|qvpx|pbpx$|pbpxf$|avccyr|rebgvp"
        r"|ahqr|ahql|cebfgvghg|znfgheong|rwnphy|obare|ubeal|cvzc|qvyqb|pbaqbz|urebva|pbpnvar"
        r"|nff$|nffrf$|nffubyr|onfgneq|qnza|uryy$|cbbc|snegf?$|snegvat|penc|encvfg|zbyrfg|vaprfg"
        r"|arpebcu|crqbcu|ergneq|fcnfgvp|trabpvq|ubybpnhfg|anmv|fhvpvq|zheqre|gbeghe|xvyy"
        r"|fynhtug|fgenatyr|orurnq|nobegvb|yrfovna|ubzbfrk|dhrre|tnlf?$|wrjf?$|whaxvr|encvfgf"
        r"|cflpub|fpuvmb|vqvbg|zbeba|vzorpvyr|onfgneqf|qlxr|genaal|fpebgh|grfgvpy|pyvgbe|betnfz"
        r"|nebhf|yhfg|frqhp|xvaxl|srgvfu|fgevccre|ubbxre|unerz|chffl|chffvrf|jnax|gheq|whttf"
        r"|obzo$|obzof$|greebe|jrrq$|zneivwhnan|zrgu$|bcvhz"
        r"|sntf?$|snttb|anxrq|oernfg|fcrez|frzra|travgny|cnag(l|vrf)|tbqqnz|enpvf|nffnhyg|srghf"
        r"|fyhef?$|rerpg|ubzbcub|znffnp|pbecfr|fubbgre|fubbgvat|fubbgbhg|fgno(orq|ovat|f)?$"
        r"|fynir|nohf|gubat|oenf?$|ovxvav|rkrphg(vba|rq|r|rf|vat|vbaf)$|ivpgvz|qeht|cravf|nefr"
        r"|fghcvq|qhzo|borf|ybfre|sngfb|hty|sernx|ubbxr|ivetva|chovp|erpg(ny|hz)|nahf|heva|ibzvg"
        r"|chx|crr[qf]?$|cvff|fgnyxre|cebfgv|oebgury|ovfrk|genaffrk|genaftr|genafi|tnla|nfrkhny"
        r"|urgreb|guerrfbzr|zrafge|intva|hgre|frzvg|vfynzbcu|krabcu|ovtbg|fhcerznp|ylapu|orurnq"
        r"|qrpnc|pehpvs|tber$|tbel|encv(fg|at)|fbqbz|urebva|pbpnva|anepbg|bireqbf|whaxvr|fgbarq"
        r"|alzcub|fzhg|fyrnm|crei|zbyrfg|cerqngbe|crqb|pnaano|uhzc(vat|rq|f)?$|fperj(rq|vat)?$"
        r"|fhpx|oybbql|pebgpu|tebva|obfbz|haqerff|fgevc(crq|cvat|cref)?$|yvatrevr|vagrepbhef"
        r"|betv",
        "rot13",
    )
)


def main() -> None:
    """Choose the words and write the list."""
    unwanted = {*HETERONYMS.split(), *FUNCTION_WORDS.split()}
    model = Path(get_model_path("en-us"))
    dictionary = read_dictionary(model / "cmudict-en-us.dict")
    likelihood = NGramModel.readfile(str(model / "en-us.lm.bin"))
    common = set(COMMON_WORDS.read_text("utf-8").split())
    candidates = [
        word
        for word in dictionary
        if word in common and len(word) > 2 and word not in unwanted and not UNFIT.match(word)
    ]
    spoken = dict(zip(candidates, speak(candidates), strict=True))
    chosen = [word for word in candidates if spoken[word] == dictionary[word]]
    print(f"flite agrees with the dictionary on {len(chosen)} of {len(candidates)} words")
    chosen.sort(key=lambda word: (-likelihood.prob([word]), word))
    WORDS.write_text("\n".join(chosen[:N_WORDS]) + "\n", "utf-8")


def read_dictionary(path: Path) -> dict[str, str]:
    """Phonemes without stress of every word that is only letters; the first entry counts."""
    entries = (line.split() for line in path.read_text("utf-8").splitlines())
    return {word: " ".join(phonemes) for word, *phonemes in entries if word.isalpha()}


def speak(words: list[str]) -> list[str]:
    """Phonemes that flite speaks for each word alone, in the dictionary's alphabet."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("".join(f"{word}.\n\n" for word in words))
        file.flush()
        command = ["flite", "-voice", "kal", "-ps", "-f", file.name, "none"]
        lines = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    phonemes = [line.replace("pau", "").upper().split() for line in lines.splitlines()]
    return [" ".join("AH" if item == "AX" else item for item in items) for items in phonemes]


if __name__ == "__main__":
    main()
