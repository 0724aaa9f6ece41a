"""A name's parts prepared for comparison: readings, folds and skeletons, without particles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, zip_longest
from typing import NamedTuple

from matching.names.folding import fold, fold_latin
from matching.names.letters.han import split_han
from matching.names.letters.hangul import split_hangul
from matching.names.nicknames import nickname_groups
from matching.names.scripts import Script, readings, script_of
from matching.names.skeletons import skeleton
from matching.names.tokens import MAX_TOKENS, tokenize
from matching.record import Name, NamePartKind

PARTICLES = frozenset({
    "al", "el", "ul", "ad", "as", "ash", "at", "an", "ar", "az", "bin", "ben", "bint", "ibn",
    "ould", "abu", "abou", "umm", "da", "de", "del", "della", "der", "den", "di", "do", "dos",
    "du", "la", "le", "les", "van", "von", "zu", "y", "e", "i", "dr", "mr", "mrs", "haji", "hajji",
    "hajj", "hadji", "sayed", "sayyid", "seyed", "syed", "sheikh", "shaikh", "mullah", "molla",
})  # fmt: skip
"""Articles, particles and titles: left out where a name has other parts, for they come and go."""
PLACEHOLDERS = frozenset({
    "unknown", "unbekannt", "inconnu", "inconnue", "onbekend", "desconocido", "sconosciuto", "fnu",
    "lnu", "unk",
})  # fmt: skip
"""Words that officers write where a name is not known ("first name unknown"): no name at all."""
_ARTICLES = ("al", "el")
_LEAST_AFTER_ARTICLE = 4
"""Letters that must follow an article written as one word: Alim and Elena have none."""
_SPLITTERS = {Script.HAN: split_han, Script.HANGUL: split_hangul}
"""Scripts that write family and given name without a blank."""
_KEPT = "mnrb"
"""Letters that no folding makes, drops or moves: both have them in this order, or their skeletons
differ."""
_LAST, _FIRST = 2, 3
"""Letters at the end and at the beginning of a skeleton that another part written next to it may
change: digraphs meet there, doubles become one, what follows decides how a letter is read, and
some readings hold at the beginning only (Abdul-, Max)."""
_VOWELLESS = frozenset({Script.ARABIC, Script.HEBREW})


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a part in Latin letters, at three depths of folding."""

    latin: str
    fold: str
    skeleton: str


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """What of a part decides how alike it is to others; many parts share one.

    Compared by identity: `sound_of` makes one for a token, and caches ask often.

    Attributes:
        readings: The likeliest first, never empty.
        groups: Names of which it is a pet or foreign form.
        vowelless: Whether its script leaves vowels out.
        script: Value of the script.
    """

    readings: tuple[Reading, ...]
    groups: frozenset[int]
    vowelless: bool
    script: str


@dataclass(frozen=True, slots=True)
class Part:
    """A part prepared for comparison.

    Attributes:
        text: As written, case-folded.
        kind: Its role where known.
        sound: How it reads.
        joined_latin: It and the next part written as one, particles between them included;
            empty for the last part.
    """

    text: str
    kind: NamePartKind
    sound: Sound
    joined_latin: str = ""

    @property
    def joined(self) -> Reading | None:
        """How it and the next part read as one; folded only when somebody asks."""
        return reading(self.joined_latin) if self.joined_latin else None

    def may_join_to(self, skeleton: str) -> bool:
        """Whether it and the next part may have this skeleton together; a no is never wrong."""
        return bool(self.joined_latin) and kept_letters(self.joined_latin) == kept_letters(skeleton)

    @property
    def latin(self) -> str:
        """The likeliest reading."""
        return self.sound.readings[0].latin

    @property
    def fold(self) -> str:
        """The fold of the likeliest reading: the key of frequencies and of the index."""
        return self.sound.readings[0].fold

    @property
    def script(self) -> str:
        """The script it is written in."""
        return self.sound.script


@lru_cache(maxsize=100_000)
def kept_letters(text: str) -> str:
    """The letters of a reading or a skeleton that folding keeps, in order, each run of one once.

    Folding makes one of doubles, and a skeleton brings together what vowels kept apart.
    """
    kept = [letter for letter in text if letter in _KEPT]
    return "".join(letter for letter, _ in groupby(kept))


def kept_together(one: str, other: str) -> str:
    """`kept_letters` of two readings written as one."""
    head, tail = kept_letters(one), kept_letters(other)
    return head + tail[head[-1:] == tail[:1] :]


def may_be_joined(one: str, other: str, skeletons: Iterable[str]) -> bool:
    """Whether two parts written as one may have one of some skeletons; a no is never wrong.

    Args:
        one: Skeleton of the first part.
        other: Skeleton of the second.
        skeletons: Asked for.
    """
    head, tail = one[:-_LAST], other[_FIRST:]
    # Where the first is a vowel or little more, the second may stand at the beginning.
    return len(one) < _LAST or any(
        text.startswith(head) and text.endswith(tail) for text in skeletons
    )


@lru_cache(maxsize=100_000)
def prepare(name: Name) -> tuple[Part, ...]:
    """The parts of a name without its particles, unless it has nothing else.

    A name in Han or Hangul without blanks is split into family and given name; a name
    of placeholders only has no part.
    """
    return parts_of(written(name))


class Piece(NamedTuple):
    """A written part of a name, before particles are left out."""

    token: str
    kind: NamePartKind
    sound: Sound
    is_particle: bool


def written(name: Name) -> list[Piece]:
    """The written parts of a name in order; none where it is a placeholder."""
    return [
        piece
        for part in name.parts
        for token in tokenize(part.text)
        for piece in _pieces(token, part.kind)
    ][:MAX_TOKENS]


def kept_pieces(pieces: Sequence[Piece]) -> list[Piece]:
    """Those that are compared: all but particles, unless there is nothing else."""
    return [piece for piece in pieces if not piece.is_particle] or list(pieces)


def parts_of(pieces: Sequence[Piece]) -> tuple[Part, ...]:
    """What is compared of the written parts of a name."""
    latins = [piece.sound.readings[0].latin for piece in pieces]
    kept = [place for place, piece in enumerate(pieces) if not piece.is_particle]
    kept = kept or list(range(len(pieces)))
    return tuple(
        Part(
            pieces[place].token,
            pieces[place].kind,
            pieces[place].sound,
            _joined(latins, place, following),
        )
        for place, following in zip_longest(kept, kept[1:])
    )


@lru_cache(maxsize=400_000)
def _pieces(token: str, kind: NamePartKind) -> tuple[Piece, ...]:
    """What one token is written of; nothing where it is a placeholder."""
    found = []
    for text, role in _split(token, kind):
        if text not in PLACEHOLDERS:
            sound = sound_of(text)
            found.append(Piece(text, role, sound, _is_particle(sound.readings[0].latin)))
    return tuple(found)


def _is_particle(latin: str) -> bool:
    return latin in PARTICLES and len(latin) > 1


def _joined(latins: Sequence[str], place: int, following: int | None) -> str:
    return "" if following is None else "".join(latins[place : following + 1])


def _split(token: str, kind: NamePartKind) -> list[tuple[str, NamePartKind]]:
    splitter = _SPLITTERS.get(script_of(token))
    found = splitter(token) if splitter is not None else (token,)
    if len(found) == 1 or kind is not NamePartKind.UNSPECIFIED:
        return [(part, kind) for part in found]
    # What is written without a blank begins with the family name.
    return list(zip(found, (NamePartKind.FAMILY, NamePartKind.GIVEN), strict=False))


@lru_cache(maxsize=400_000)
def sound_of(token: str) -> Sound:
    """How one token reads, in any script; never empty."""
    script = script_of(token)
    found = readings(token)
    if script is Script.ARABIC:
        # Arabic writes its article as part of the word; Latin splits it off or drops it.
        found = tuple(dict.fromkeys(_without_article(text) for text in found))
    elif script is Script.LATIN and found and _without_article(found[0]) != found[0]:
        found = (*found[:2], _without_article(found[0]))
    made = tuple(dict.fromkeys(reading(text) for text in found)) or (_unreadable(token),)
    groups = frozenset().union(*(nickname_groups(reading.fold) for reading in made))
    return Sound(made, groups, script in _VOWELLESS, script.value)


def _without_article(latin: str) -> str:
    if latin.startswith(_ARTICLES) and len(latin) - 2 >= _LEAST_AFTER_ARTICLE:
        rest = latin[2:]
        # The a that was filled in after the article belongs to it.
        return rest[1:] if rest.startswith("a") and len(rest) > _LEAST_AFTER_ARTICLE else rest
    return latin


def reading(latin: str) -> Reading:
    """What Latin letters are at three depths of folding."""
    folded = fold_latin(latin)
    return Reading(latin, folded, skeleton(folded))


def _unreadable(token: str) -> Reading:
    folded = fold(token)
    return Reading(token, folded, folded)
