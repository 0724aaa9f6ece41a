"""What every peer tool is given and gives back, and names as words of ASCII letters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypedDict

from anyascii import anyascii

Pair = tuple[str, str]
FULL_DATE = 10
"""Letters of YYYY-MM-DD."""
_MARKS = re.compile("['`´’ʼʻ]")
_WORD = re.compile("[a-z0-9]+")


class Record(TypedDict):
    """A case as the benchmark writes it; an empty text or list is unknown."""

    id: str
    names: list[str]
    given: str
    family: str
    births: list[str]
    sex: str
    nationalities: list[str]
    countries_of_birth: list[str]
    place_of_birth: str
    street: str
    city: str
    postcode: str
    phones: list[str]
    documents: list[str]
    mother: str
    father: str
    event_country: str


@dataclass(frozen=True, slots=True)
class Scored:
    """A tool's scores in the order of the pairs, with its version and default threshold."""

    version: str
    threshold: float
    scores: list[float]
    settings: str


def words(text: str) -> list[str]:
    """The words of a text in lower-case ASCII letters; apostrophes join."""
    return _WORD.findall(_MARKS.sub("", anyascii(text)).lower())


def plain(text: str) -> str:
    """A text as its words, one blank between."""
    return " ".join(words(text))


def parts(record: Record) -> tuple[str, str]:
    """Given and family name; a whole name's last word stands for an unknown family name."""
    if record["given"] or record["family"]:
        return plain(record["given"]), plain(record["family"])
    whole = words(record["names"][0]) if record["names"] else []
    return (" ".join(whole[:-1]), whole[-1]) if len(whole) > 1 else (" ".join(whole), "")


def full_date(record: Record) -> str:
    """The first date of birth that names a day, or an empty text."""
    return next((b for b in record["births"] if len(b) == FULL_DATE and ".." not in b), "")


def years(record: Record) -> tuple[int, int] | None:
    """First and last possible year of the first date of birth."""
    for birth in record["births"]:
        first, _, last = birth.partition("..")
        if first[:4].isdigit() and (last or first)[:4].isdigit():
            return int(first[:4]), int((last or first)[:4])
    return None
