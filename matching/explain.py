"""Evidence in words: one short sentence for every reason code, in English and French."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from matching.evidence import Evidence

LANGUAGES = ("en", "fr")
"""Languages that the sentences are written in; the first is the default."""


@dataclass(frozen=True, slots=True)
class Wording:
    """One language: titles of fields, and sentences of reason codes."""

    bits: str
    fields: dict[str, str]
    reasons: dict[str, str]


@cache
def wording(language: str) -> Wording:
    """The texts of a language.

    Raises:
        FileNotFoundError: If it is none of `LANGUAGES`.
    """
    text = resources.files("matching.reasons").joinpath(f"{language}.toml").read_text("utf-8")
    return Wording(**tomllib.loads(text))


def sentence(reason: str, language: str = LANGUAGES[0]) -> str:
    """The sentence of a reason code; an unknown code stands for itself.

    Args:
        reason: Such as `name.transliteration`.
        language: One of `LANGUAGES`.
    """
    return wording(language).reasons.get(reason, reason)


def field_title(field: str, language: str = LANGUAGES[0]) -> str:
    """A field's name as a person reads it."""
    return wording(language).fields.get(field, field.replace("_", " "))


def explain(item: Evidence, language: str = LANGUAGES[0]) -> str:
    """What one piece of evidence says, with its bits."""
    said = wording(language)
    return f"{sentence(item.reason, language)} ({item.weight:+.1f} {said.bits})"


def chosen_language(accepted: str) -> str:
    """The first language of an Accept-Language header (RFC 9110) that there is; else the default.

    Args:
        accepted: Such as `fr-BE,fr;q=0.9,en;q=0.5`.
    """
    asked = []
    for place, item in enumerate(accepted.split(",")):
        name, _, parameter = item.replace(" ", "").casefold().partition(";")
        try:
            weight = float(parameter.removeprefix("q=")) if parameter else 1.0
        except ValueError:
            weight = 0.0
        if weight > 0:
            asked.append((-weight, place, name.split("-")[0]))
    return next((name for _, _, name in sorted(asked) if name in LANGUAGES), LANGUAGES[0])
