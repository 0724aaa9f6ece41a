"""A telephone number that is given back as written is what the library would give."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.cases.values import phone_number

_CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)


def _by_library(text: str) -> str:
    try:
        parsed = phonenumbers.parse(text, "DE")
    except phonenumbers.NumberParseException:
        return "".join(character for character in text if character.isdigit())
    written: str = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return written


@given(st.sampled_from(_CODES), st.text("0123456789", min_size=1, max_size=15))
def test_international_numbers(code: int, rest: str) -> None:
    assert phone_number(f"+{code}{rest}", "DE") == _by_library(f"+{code}{rest}")


@pytest.mark.parametrize("code", _CODES)
def test_every_beginning_of_a_national_number(code: int) -> None:
    for start in range(100):
        text = f"+{code}{start:02}1234567"
        assert phone_number(text, "DE") == _by_library(text)
