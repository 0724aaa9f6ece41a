"""Checked value types of a case: text of persons, countries, dates, ranges, phone numbers."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Annotated

import phonenumbers
import pycountry
from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

from matching.names.scripts import to_latin
from matching.record import PartialDate

NAME_LENGTH = 300
"""Characters of a whole name: patronymic chains of ten parts fit."""
TEXT_LENGTH = 500
NOTE_LENGTH = 5_000
PHONE_DIGITS = 5
"""Short service numbers are nobody's own; a local number has five digits at least."""
DOCUMENT_LENGTH = 4
EXTRA_COUNTRIES = frozenset({"XK"})
"""Kosovo has no ISO 3166-1 code; XK is the user-assigned code that the EU uses."""

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
"""Seven digits at least: shorter ones are looked at by the library; E.164 allows fifteen."""
_CODE_LENGTHS = (1, 2, 3)
"""Digits of a country code; no code begins with another."""
_BIDI = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_ALLOWED_FORMAT = frozenset("\u200c\u200d")
"""Zero-width (non-)joiners are spelling in Persian and in Indic scripts."""
_LINE_BREAKS = frozenset("\n\r\t")


def clean_text(text: str) -> str:
    """Normalise to NFC, trim, and refuse characters that no officer can see.

    Raises:
        ValueError: On control characters, text-direction marks and broken code points.
    """
    # The usual case first: printable text holds none of what is refused below.
    if text.isprintable() and "\ufffd" not in text:
        return unicodedata.normalize("NFC", text).strip()
    for character in text:
        if character in _BIDI:
            raise ValueError("contains a text-direction mark")
        if character == "\ufffd":
            raise ValueError("is not sound UTF-8")
        category = unicodedata.category(character)
        if category in {"Cc", "Cs", "Cn"} and character not in _LINE_BREAKS:
            raise ValueError("contains a control character or a broken code point")
        if category == "Cf" and character not in _ALLOWED_FORMAT:
            raise ValueError("contains an invisible character")
    return unicodedata.normalize("NFC", text).strip()


def clean_line(text: str) -> str:
    """Like `clean_text`, with white space folded to single blanks."""
    return " ".join(clean_text(text).split())


def place_key(text: str) -> str:
    """A place in lower-case Latin letters, so that part of it is found however it is typed."""
    return " ".join(to_latin(word) or word.casefold() for word in text.casefold().split())


def check_name(text: str) -> str:
    """A name holds at least one letter.

    Raises:
        ValueError: If it does not.
    """
    line = clean_line(text)
    if not any(unicodedata.category(character).startswith("L") for character in line):
        raise ValueError("a name needs at least one letter")
    return line


@lru_cache(maxsize=512)
def country_code(text: str) -> str:
    """Read an ISO 3166-1 alpha-2 or alpha-3 code as alpha-2.

    Raises:
        ValueError: If no such country is known.
    """
    code = text.strip().upper()
    if code in EXTRA_COUNTRIES:
        return code
    found = pycountry.countries.get(alpha_2=code) or pycountry.countries.get(alpha_3=code)
    if found is None:
        raise ValueError("is not an ISO 3166-1 country code")
    alpha_2: str = found.alpha_2
    return alpha_2


def partial_date(text: str) -> str:
    """Check a partial date or range and give its normal form.

    Raises:
        ValueError: If it has another form or names no real date.
    """
    return PartialDate.parse(text).text


def number_range(text: str) -> tuple[int, int]:
    """Read `A` or `A..B` as two whole numbers.

    Raises:
        ValueError: If it has another form or runs backwards.
    """
    low_text, separator, high_text = str(text).strip().partition("..")
    try:
        low = int(low_text)
        high = int(high_text) if separator else low
    except ValueError:
        raise ValueError("is a whole number or a range A..B") from None
    if low > high:
        raise ValueError("the range runs backwards")
    return low, high


@lru_cache(maxsize=4096)
def phone_number(text: str, region: str) -> str:
    """A telephone number as E.164 where it can be read, else its digits.

    Args:
        text: As written.
        region: Country of the authority, for numbers without a country code.
    """
    if _is_normal(text):
        return text
    try:
        parsed = phonenumbers.parse(text, region or None)
    except phonenumbers.NumberParseException:
        return "".join(character for character in text if character.isdigit())
    written: str = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return written


def _is_normal(text: str) -> bool:
    """Whether the library would give a number back as it is written; most numbers are so.

    It is plus sign, country code and digits, and these do not begin with what is dialled within
    the country only. The library takes twenty times as long to say the same.
    """
    if _E164.fullmatch(text) is None:
        return False
    for length in _CODE_LENGTHS:
        code = int(text[1 : 1 + length])
        if code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            prefix = _national_prefix(code)
            return prefix is None or prefix.match(text[1 + length :]) is None
    return False


@lru_cache
def _national_prefix(code: int) -> re.Pattern[str] | None:
    region = phonenumbers.region_code_for_country_code(code)
    about = phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(code, region)
    prefix = about.national_prefix_for_parsing if about is not None else None
    return re.compile(prefix) if prefix else None


def wrong_field(field: str, reason: str) -> PydanticCustomError:
    """A complaint of a whole object that names the field at fault."""
    return PydanticCustomError("wrong_field", "{reason}", {"field": field, "reason": reason})


@lru_cache(maxsize=512)
def language_code(text: str) -> str:
    """Read an ISO 639-1, 639-2 or 639-3 code as the shortest there is.

    Raises:
        ValueError: If no such language is known.
    """
    code = text.strip().lower()
    known = pycountry.languages
    kind = "alpha_2" if len(code) == len("en") else "alpha_3"
    found = known.get(**{kind: code}) or known.get(bibliographic=code)
    if found is None:
        raise ValueError("is not an ISO 639 language code")
    # One code for one language, so that equal ones are equal.
    shortest: str = getattr(found, "alpha_2", found.alpha_3)
    return shortest


def document_key(number: str) -> str:
    """A document number without separators, upper case."""
    return "".join(character for character in number.upper() if character.isalnum())


def check_range(field: str, text: str | None) -> tuple[int, int] | None:
    """A whole number or a range A..B; a wrong one is named by its field."""
    if text is None:
        return None
    try:
        return number_range(text)
    except ValueError as error:
        raise wrong_field(field, str(error)) from None


def phone_text(text: str) -> str:
    """A telephone number has digits enough to be one; an office's hint is no number."""
    line = clean_line(text)
    if sum(character.isdigit() for character in line) < PHONE_DIGITS:
        raise ValueError(f"a telephone number has {PHONE_DIGITS} digits at least")
    return line


def document_text(text: str) -> str:
    """A document number has a digit; words like "unknown" are none."""
    line = clean_line(text)
    letters = document_key(line)
    if len(letters) < DOCUMENT_LENGTH or not any(letter.isdigit() for letter in letters):
        raise ValueError(f"a document number has {DOCUMENT_LENGTH} characters and a digit at least")
    return line


NameText = Annotated[str, StringConstraints(max_length=NAME_LENGTH), AfterValidator(check_name)]
Line = Annotated[str, StringConstraints(max_length=TEXT_LENGTH), AfterValidator(clean_line)]
Note = Annotated[str, StringConstraints(max_length=NOTE_LENGTH), AfterValidator(clean_text)]
Language = Annotated[str, StringConstraints(max_length=3), AfterValidator(language_code)]
Country = Annotated[str, StringConstraints(max_length=TEXT_LENGTH), AfterValidator(country_code)]
DateText = Annotated[str, StringConstraints(max_length=30), AfterValidator(partial_date)]
