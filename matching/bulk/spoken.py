"""Names one after the other, as flat columns of the parts that are compared."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from matching.bulk.lexicon import Lexicon
from matching.bulk.sounds import IntArray
from matching.names.parts import Part, Piece, kept_pieces, parts_of, sound_of, written
from matching.record import Name, NamePartKind

BoolArray = NDArray[np.bool_]
CodeArray = NDArray[np.uint8]
_KINDS = tuple(NamePartKind)
_PLACES = {kind: place for place, kind in enumerate(_KINDS)}
_PARTICLE, _FIRST, _EMPTY = 8, 16, 32
"""Added to the kind of a part: a particle that is left out, the first of its name, no part."""
_ZERO = ord("0")
"""A kind with what is added to it is written as the character so many places behind this one."""
_ADDED = range(0, 2 * _EMPTY, _PARTICLE)
_CHARACTERS = frozenset(chr(_ZERO + kind + more) for kind in _PLACES.values() for more in _ADDED)
_NOTHING = "-"
"""Stands for the parts of a name that has none."""


class Spoken:
    """Names taken apart.

    Attributes:
        lexicon: Says how parts sound.
        counts: Parts of each name, shape (names,).
        numbers: Number of each part in the lexicon, of all names in order.
        kinds: Place of the kind of each part in `NamePartKind`.
        left_out: Whether particles of a name are left out.
    """

    def __init__(self, lexicon: Lexicon, written: IntArray, codes: CodeArray) -> None:
        """Lay out names.

        Args:
            lexicon: Of their written parts.
            written: Numbers of all written parts, name after name.
            codes: What each is, as `shape_codes` reads it.
        """
        self.lexicon = lexicon
        self._written, self._codes = written, codes
        self.first: IntArray = np.flatnonzero(codes & _FIRST)
        self._end = np.append(self.first[1:], len(codes))
        kept = (codes & (_PARTICLE | _EMPTY)) == 0
        self.counts = self._count(kept)
        self.left_out: BoolArray = self._count((codes & _PARTICLE) > 0) > 0
        self.kinds: IntArray = (codes[kept] & (_PARTICLE - 1)).astype(np.int64)
        self.numbers: IntArray = written[kept]

    @classmethod
    def of(cls, names: Iterable[Name]) -> Spoken:
        """Take names apart and lay them out."""
        tokens: list[str] = []
        shapes = []
        for name in names:
            more, shape = take_apart(name)
            tokens.extend(more)
            shapes.append(shape)
        lexicon = Lexicon()
        return cls(lexicon, lexicon.numbers(tokens), shape_codes("".join(shapes)))

    def __len__(self) -> int:
        return len(self.counts)

    def parts(self, place: int) -> tuple[Part, ...]:
        """One name as `prepare` gives it."""
        pieces = []
        for at in range(int(self.first[place]), int(self._end[place])):
            code = int(self._codes[at])
            if not code & _EMPTY:
                token = self.lexicon.tokens[self._written[at]]
                kind = _KINDS[code & (_PARTICLE - 1)]
                pieces.append(Piece(token, kind, sound_of(token), bool(code & _PARTICLE)))
        return parts_of(pieces)

    def joined(self, place: int, part: int) -> str:
        """Latin letters of a kept part of a name and the next kept one, with what is between."""
        latins: list[str] = []
        for at in range(int(self.first[place]), int(self._end[place])):
            is_particle = bool(self._codes[at] & _PARTICLE)
            part -= not is_particle
            if part < 0:
                token = self.lexicon.tokens[self._written[at]]
                latins.append(sound_of(token).readings[0].latin)
                if part < -1:
                    break
        return "".join(latins)

    def _count(self, which: BoolArray) -> IntArray:
        """How many of a name's written parts are so."""
        so_far = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(which)])
        found: IntArray = so_far[self._end] - so_far[self.first]
        return found


def can_be_laid_out(shape: str) -> bool:
    """Whether each character stands for a part, and the first of them for that of a name."""
    return _CHARACTERS.issuperset(shape) and (not shape or bool((ord(shape[0]) - _ZERO) & _FIRST))


def shape_codes(shape: str) -> CodeArray:
    """What each written part is, from the characters that `take_apart` gives."""
    return np.frombuffer(shape.encode("ascii"), dtype=np.uint8) - _ZERO


def take_apart(name: Name) -> tuple[list[str], str]:
    """The written parts of a name, and what each is, a character each; never empty."""
    pieces = written(name)
    if not pieces:
        return [_NOTHING], chr(_ZERO + _FIRST + _EMPTY)
    left_out = len(kept_pieces(pieces)) < len(pieces)
    codes = [_PLACES[piece.kind] + _PARTICLE * (left_out and piece.is_particle) for piece in pieces]
    codes[0] += _FIRST
    return [piece.token for piece in pieces], "".join([chr(_ZERO + code) for code in codes])
