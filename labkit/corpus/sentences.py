"""Sentences for a corpus: frames of our own, filled with words.

Sense does not matter to a voice that learns to speak. What matters is that every sound occurs in
many surroundings, that function words stand between content words and get reduced, that marks in
mid-sentence make pauses, and that utterances of one and two words occur.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator

from labkit.corpus.vocabulary import Deck, set_of_held_out_words, words_by_form
from labkit.text.number_words import cardinal, digit_by_digit, ordinal, year

# In a frame, a word in braces is dealt from the deck or closed list of that name.
_FRAMES = """
The {plain} {plain} {past} the {many}.
The {plain} {past} {prep} the {plain} {plain}.
{pron} {past} {how} {prep} {det} {plain} {plain}.
{pron} {verb} the {plain} {many} {prep} {det} {plain}.
{name} {past} {det} {plain}, {conj} {pron_small} {past} the {many}.
{name} and {name} {past} {det} {plain} {many} {prep} {place}.
There {are} {count} {many} {prep} the {plain} {plain}.
It was {adv} {plain}, {doing} and {plain}.
{opening} the {plain} {past}, the {many} were {doing} {how}.
After {doing} the {plain}, {name} {past} {prep} {det} {plain}.
{many_start} and {many} {past} the {plain} {plain} {how}.
{name} said that {det} {plain} {past} {adv} {how}.
My {plain} {plain} is {adv} {plain}; your {many} are {doing}.
The {plain} was {past}; nobody {past} the {many}.
We need {number} {many}: {plain}, {plain}, {plain}, and {plain}.
{plain_start}, {plain}, {past}, {doing}.
First the {plain}, then the {plain}, and at last the {many}.
"{plain_start} {plain}," said {name}, "is {past} {prep} the {plain}."
{name} asked, "{do} the {many} {plain} {how}?"
"{how_start}!" cried {name}. "The {plain} {past}!"
{do} {pron_object} {verb} the {plain} {prep} {place}?
{wh} {past} the {plain} {many} {prep} the {plain}?
{wh} {are} the {many} {doing} {how}?
Have you {past} {det} {plain} {plain}, or {det} {plain}?
Is {det} {plain} {adv} {plain}, {name}?
Isn't the {plain} {plain} {doing} {det} {plain}?
{plain_start}!
{plain_start}.
{past_start} {plain}.
{plain_start} {plain}?
{how_start} {past}.
{name}!
{name}, {plain}.
{number_start}.
What {det} {plain} {plain}!
How {plain} the {many} are!
Don't {verb} the {plain}, {name}!
{verb_start} the {plain} {many} {how}, please.
On {weekday} the {ordinal} of {month}, {name} {past} {det} {plain}.
{month}, {weekday}, {plain}, {plain}.
It is {hour} o'clock on {weekday}, and the {plain} {past}.
In {year}, {number} {many} {past} {prep} {place}.
The {plain} costs {number} dollars and {small} cents.
Page {number}, line {small}: the {plain} {plain}.
Call {digits}, then {digits}, and ask for {name} {surname}.
{name} {surname} {past} the {plain} {prep} the {many} of {place}.
Doctor {surname} and Missus {surname} {past} {how} {prep} {place}.
{pron} can't {verb} the {plain}, because {det} {plain} {past} {det_small} {many}.
If {pron_small} {past} the {plain}, would you {verb} {det_small} {many}?
The more {plain} the {many}, the more {plain} the {plain}.
Not {plain}, but {plain}: {doing} is {adv} {plain}.
{plain_start} {plain} {plain} {plain}.
{doing_start} {many} {past} {plain} {many} {how}.
{short_start} {adv} {plain}, and {short} {plain}.
{name} thinks {short} {plain}; {short} {adv} {past}.
{pron} {past} {object} {particle}, {conj} {pron_small} {aux} {past} {object}.
{name} {aux} been {doing} {object} {particle}; {object} {aux} not been {past}.
Whose {plain} is more {plain} than {own}, and which {are} {own}?
{much_start} of the {many}, and {much} of {object}, {aux} the {plain} {particle}.
Yes, {pron_object} {aux} {object} {prep} the {plain}; no, {pron_object} do not {verb} such {many}.
{frequency_start} {pron_small} {past} as {plain} as {det} {plain}.
The letters {letter}, {letter} and {letter} {past} the {plain}.
The {letter} {letter} {letter} {past} {det} {plain}.
{number_start} {unit} {prep} the {plain}, {number} {unit} {prep} {place}.
Some {small} point {digit} percent of the {many} {past}.
When the {plain} {past}, {name} {past} {prep} the {plain}, and the {many} were {doing}, too.
{name} {surname}, who {past} the {many}, {past} {how}; {pron_small} {past} {det} {plain}.
"""

_LISTS = {
    "prep": "in on at by with for from to under over near behind beside between through across "
    "about against into beyond without toward around inside above below before after since until "
    "along among",
    "det": "a a the this that my your his her our their some each every no another any one",
    "det_small": "the these those my your his her our their some all both many few several",
    "pron": "I You He She We They It Everyone Nobody Somebody Nothing Something",
    "pron_small": "he she we they you I it someone",
    "pron_object": "you we they I those these",
    "verb": "take make find give keep hold bring send show tell leave put want need know like see "
    "watch hear call open close help try start turn move carry build break buy sell write "
    "learn love hate forget remember follow choose cut draw drop feed fill get let lose meet "
    "miss pay pick pull push reach ride save share stop teach throw touch wear win wash",
    "are": "are were",
    "adv": "very too so quite rather almost never always often still already only even just really "
    "hardly nearly again soon now then here there",
    "conj": "and but or so yet while because although unless",
    "opening": "When While Because Although Before After Since Until Whenever If Once Unless As",
    "do": "Do Did Can Could Would Should Will Must Might",
    "wh": "Who What Where When Why How Which",
    "count": "two three four five six seven eight nine ten eleven twelve twenty many some no few "
    "several",
    "weekday": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "month": "January February March April May June July August September October November "
    "December",
    "name": "Anna Peter Maria John Susan David Laura Michael Sarah Robert Emma Thomas Julia Daniel "
    "Alice George Helen Frank Karen Paul Nancy Mark Linda Kevin Rachel Brian Diana Steven Monica "
    "Philip Teresa Victor Olivia Henry Grace Oscar Sophia Martin Irene Simon Judith Walter Carol "
    "Albert Ruth Edward Joan Arthur Rose Samuel Clara Hugo Zoe Jack Chloe Max Ivan Yvonne Ursula",
    "surname": "Smith Johnson Brown Miller Davis Wilson Taylor Anderson Thomas Jackson Harris "
    "Thompson Garcia Robinson Clark Lewis Walker Hall Young King Wright Hill Scott Green Adams "
    "Nelson Carter Mitchell Turner Phillips Campbell Parker Evans Edwards Collins Stewart "
    "Morris Rogers Reed Cook Morgan Bell Murphy Bailey Cooper Richardson Cox Howard Ward",
    "place": "London Paris Berlin Boston Chicago Texas Canada Mexico Brazil Egypt Kenya India "
    "China Japan Tokyo Sydney Rome Madrid Lisbon Vienna Prague Dublin Oslo Helsinki Moscow Cairo "
    "Denver Seattle Houston Toronto Virginia Oregon Utah Ohio Florida Alaska Europe Africa Asia "
    "America Australia Germany France Spain Italy Norway Sweden Poland Greece Turkey",
    "object": "me you him her it us them me you him her it us them himself herself itself myself "
    "yourself themselves ourselves someone anyone anything everything",
    "particle": "up down out off away back over again together apart home upon",
    "aux": "has have had does did was were can could shall should will would may might must",
    "own": "mine yours hers his ours theirs",
    "much": "all both each few many more most much some none neither either several half enough",
    "frequency": "once twice always often never seldom sometimes ever today tomorrow yesterday "
    "tonight perhaps maybe",
    "short": "it's I'm you're he's she's we're they're I've you've we've I'll you'll he'll they'll "
    "I'd she'd wasn't weren't couldn't wouldn't hasn't haven't didn't won't that's there's who's",
    "unit": "percent kilometers miles meters inches grams pounds degrees minutes hours seconds "
    "days weeks months years dollars euros cents times hundred thousand million",
    # A and I are words.
    "letter": "B C D E F G H J K L M N O P Q R S T U V W X Y Z",
    "digit": "oh one two three four five six seven eight nine",
    "hour": "one two three four five six seven eight nine ten eleven twelve",
}
_NUMBERS: dict[str, Callable[[random.Random], str]] = {
    "number": lambda chance: cardinal(str(chance.randrange(chance.choice((100, 1000, 10_000))))),
    "small": lambda chance: cardinal(str(chance.randrange(100))),
    "ordinal": lambda chance: ordinal(str(chance.randrange(1, 32))),
    "year": lambda chance: year(chance.randrange(1100, 2030)),
    "digits": lambda chance: digit_by_digit(f"{chance.randrange(1000):03}"),
}
_SLOT = re.compile(r"{(\w+)}")
_BEFORE_VOWEL = re.compile(
    r"\b([Aa]) (?=(?:(?!uni[^mn]|us[eu]|eu|one|once|ut[ei])[aeiou]|hour|hones|honor|heir))"
)


def frames() -> tuple[str, ...]:
    """All sentence frames, with their slots in braces."""
    return tuple(_FRAMES.strip().splitlines())


def sentences(seed: int, *, held_out: bool = False) -> Iterator[str]:
    """Write sentences for ever; no two are the same.

    Args:
        seed: the same seed gives the same sentences.
        held_out: fill the slots with the words that are otherwise kept out, for tests. Without
            it, none of them occurs.

    Yields:
        A sentence with punctuation and only words, no digits.
    """
    generator = random.Random(f"sentences {seed} {held_out}")
    writer = _Writer(generator, held_out)
    written: set[str] = set()
    order: list[str] = []
    while True:
        if not order:
            order = list(frames())
            generator.shuffle(order)
        sentence = writer.fill(order.pop())
        if sentence not in written:
            written.add(sentence)
            yield sentence


class _Writer:
    def __init__(self, generator: random.Random, held_out: bool) -> None:
        self._generator = generator
        self._decks = {
            form: Deck(members, generator) for form, members in words_by_form(held_out).items()
        }
        self._lists = {
            name: [word for word in members.split() if word.lower() not in set_of_held_out_words()]
            for name, members in _LISTS.items()
        }

    def fill(self, frame: str) -> str:
        """Fill every slot of a frame."""
        sentence = _SLOT.sub(lambda slot: self._word(slot[1]), frame)
        return _BEFORE_VOWEL.sub(r"\1n ", sentence)

    def _word(self, slot: str) -> str:
        if slot.endswith("_start"):
            word = self._word(slot.removesuffix("_start"))
            return word[0].upper() + word[1:]
        if slot in self._decks:
            return self._decks[slot].deal()
        if slot in _NUMBERS:
            return _NUMBERS[slot](self._generator)
        return self._generator.choice(self._lists[slot])
