"""One slip in what an investigator knows of a case: names, birth, sex, nationality.

Every function takes a seeded source, a record and its naming culture, and gives the record
with the slip, or None where it cannot happen.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache

from anyascii import anyascii

from fixtures.draw import pick
from fixtures.names import Culture, culture
from fixtures.population.slips import respell
from matching.record import BirthDate, Name, NamePart, PartialDate, PersonRecord, Precision, Sex

Slip = Callable[[random.Random, PersonRecord, str], PersonRecord | None]
Words = list[str]
LEAST_LETTERS = 4
"""Of a word that gets a slip; shorter ones would change beyond recognition."""
_VOWELS = "aeiou"
_DAYS_OFF = (-3, -2, -1, 1, 2, 3, 10, -10)
_YEARS_OFF = (-2, -1, 1, 2)
_MONTHS = 12
_NATIONS = (
    "AF",
    "SY",
    "IQ",
    "SO",
    "ER",
    "ET",
    "MA",
    "DZ",
    "GN",
    "ML",
    "NG",
    "AL",
    "UA",
    "RO",
    "VN",
)


def _on_words(change: Callable[[random.Random, Words, str], Words | None]) -> Slip:
    """A slip in the words of the first name; other names of the record are not given."""

    def slip(rng: random.Random, record: PersonRecord, code: str) -> PersonRecord | None:
        written = record.names[0]
        changed = change(rng, written.text.split(), code)
        if changed is None or changed == written.text.split():
            return None
        name = Name((NamePart(" ".join(changed)),), written.kind)
        return dataclasses.replace(record, names=(name,))

    return slip


def _on_letters(change: Callable[[random.Random, str], str]) -> Slip:
    """A slip inside one word of the first name that is long enough."""

    def slip(rng: random.Random, words: Words, _code: str) -> Words | None:
        places = [place for place, word in enumerate(words) if len(word) >= LEAST_LETTERS]
        if not places:
            return None
        place = pick(rng, places)
        return [*words[:place], change(rng, words[place]), *words[place + 1 :]]

    return _on_words(slip)


def _inside(rng: random.Random, word: str) -> int:
    """A place after the first letter."""
    return 1 + int(rng.random() * (len(word) - 1))


def _dropped(rng: random.Random, word: str) -> str:
    place = _inside(rng, word)
    return word[:place] + word[place + 1 :]


def _doubled(rng: random.Random, word: str) -> str:
    place = _inside(rng, word)
    return word[:place] + word[place] + word[place:]


def _swapped(rng: random.Random, word: str) -> str:
    place = min(_inside(rng, word), len(word) - 2)
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def _vowel(rng: random.Random, word: str) -> str:
    places = [place for place, letter in enumerate(word) if place and letter in _VOWELS]
    if not places:
        return word
    place = pick(rng, places)
    other = pick(rng, [vowel for vowel in _VOWELS if vowel != word[place]])
    return word[:place] + other + word[place + 1 :]


def _part_missing(rng: random.Random, words: Words, _code: str) -> Words | None:
    place = int(rng.random() * len(words))
    return words[:place] + words[place + 1 :] if len(words) > 1 else None


def _order_swapped(_rng: random.Random, words: Words, _code: str) -> Words | None:
    return [words[-1], *words[:-1]] if len(words) > 1 else None


def _joined(rng: random.Random, words: Words, _code: str) -> Words | None:
    if len(words) < 2:  # noqa: PLR2004 - two words make one
        return None
    place = int(rng.random() * (len(words) - 1))
    return [*words[:place], words[place] + words[place + 1].lower(), *words[place + 2 :]]


def _transliterated(rng: random.Random, words: Words, code: str) -> Words | None:
    """Another spelling of the lists or by the culture's rules; other scripts in Latin letters."""
    if not "".join(words).isascii():
        latin = anyascii(" ".join(words)).split()
        if latin != words:
            return latin
    known = _spellings(code)
    fitting = [place for place, word in enumerate(words) if word.lower() in known]
    if fitting:
        place = pick(rng, fitting)
        other = pick(rng, known[words[place].lower()])
        return [*words[:place], *other.split(), *words[place + 1 :]]
    rules = culture(code).respelling
    places = [
        place for place, word in enumerate(words) if any(old in word.lower() for old, _ in rules)
    ]
    if not places:
        return None
    place = pick(rng, places)
    return [*words[:place], respell(rng, words[place], rules), *words[place + 1 :]]


@lru_cache(maxsize=64)
def _spellings(code: str) -> dict[str, list[str]]:
    """Other ways to write each listed name of a culture, its own script included."""
    found: Culture = culture(code)
    ways: dict[str, list[str]] = {}
    for names in (found.male, found.female, found.family):
        for token in names.items:
            written = dict.fromkeys((*token.spellings, token.original))
            for one in written:
                others = [other for other in written if other != one]
                if others:
                    ways.setdefault(one.lower(), others)
    return ways


def _on_day(change: Callable[[random.Random, date], PartialDate | None]) -> Slip:
    """A slip in a date of birth that is known to the day."""

    def slip(rng: random.Random, record: PersonRecord, _code: str) -> PersonRecord | None:
        if not record.births or record.births[0].date.precision is not Precision.DAY:
            return None
        born = record.births[0].date
        changed = change(rng, born.earliest)
        if changed is None or changed == born:
            return None
        basis = record.births[0].basis
        return dataclasses.replace(record, births=(BirthDate(changed, basis),))

    return slip


def _exactly(day: date) -> PartialDate:
    return PartialDate(day, day, Precision.DAY)


def _wrong_day(rng: random.Random, born: date) -> PartialDate:
    return _exactly(born + timedelta(days=pick(rng, _DAYS_OFF)))


def _day_month(_rng: random.Random, born: date) -> PartialDate | None:
    return _exactly(date(born.year, born.day, born.month)) if born.day <= _MONTHS else None


def _year_off(rng: random.Random, born: date) -> PartialDate:
    day = min(born.day, 28) if born.month == 2 else born.day  # noqa: PLR2004 - February of any year
    return _exactly(date(born.year + pick(rng, _YEARS_OFF), born.month, day))


def _first_january(_rng: random.Random, born: date) -> PartialDate:
    return _exactly(date(born.year, 1, 1))


def _no_birth(_rng: random.Random, record: PersonRecord, _code: str) -> PersonRecord | None:
    return dataclasses.replace(record, births=()) if record.births else None


def _wrong_nation(rng: random.Random, record: PersonRecord, code: str) -> PersonRecord | None:
    """One that is noted by mistake for the culture's own, else any other."""
    others = [n for n in culture(code).mistaken_for or _NATIONS if n not in record.nationalities]
    if not record.nationalities or not others:
        return None
    return dataclasses.replace(record, nationalities=(pick(rng, others),))


def _wrong_sex(_rng: random.Random, record: PersonRecord, _code: str) -> PersonRecord | None:
    other = {Sex.FEMALE: Sex.MALE, Sex.MALE: Sex.FEMALE}.get(record.sex)
    return dataclasses.replace(record, sex=other) if other else None


IN_NAMES: dict[str, Slip] = {
    "letter_dropped": _on_letters(_dropped),
    "letter_doubled": _on_letters(_doubled),
    "letters_swapped": _on_letters(_swapped),
    "vowel_changed": _on_letters(_vowel),
    "part_missing": _on_words(_part_missing),
    "order_swapped": _on_words(_order_swapped),
    "parts_joined": _on_words(_joined),
    "transliterated": _on_words(_transliterated),
}
"""What may happen to a name, by name of the slip."""
ELSEWHERE: dict[str, Slip] = {
    "wrong_day": _on_day(_wrong_day),
    "day_month_swapped": _on_day(_day_month),
    "year_off": _on_day(_year_off),
    "placeholder_birthday": _on_day(_first_january),
    "birth_missing": _no_birth,
    "nationality_wrong": _wrong_nation,
    "sex_wrong": _wrong_sex,
}
"""What may happen to birth, nationality and sex."""
