"""Every reason has a meaning and a short sentence in each language; the glossary is in step."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import PersonRecord, TermFrequencies, assess, explain, load_profile
from matching.evidence import Evidence, Outcome
from matching.explain import LANGUAGES, chosen_language, field_title, sentence, wording
from matching.reasons.codes import Reason
from scripts.glossary import glossary, meanings
from tests.matching.bulk.test_scorer import records

ROOT = Path(__file__).resolve().parents[2]
SHORT = 75
"""Characters that an officer reads at a glance."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_a_short_sentence(language: str) -> None:
    said = wording(language).reasons
    assert set(said) == {reason.value for reason in Reason}
    assert all(text.endswith(".") and len(text) <= SHORT for text in said.values())
    assert len(set(wording(language).fields)) == 20


def test_every_code_has_a_meaning_and_the_glossary_is_in_step() -> None:
    assert set(meanings()) == {reason.value for reason in Reason}
    assert (ROOT / "docs" / "reasons.md").read_text("utf-8") == glossary()


@settings(max_examples=300, deadline=None)
@given(records, records)
def test_comparisons_give_known_codes_only(left: PersonRecord, right: PersonRecord) -> None:
    known = {reason.value for reason in Reason}
    for item in assess(left, right, load_profile(), TermFrequencies.empty()).evidence:
        assert item.reason in known
        assert item.field in wording("en").fields


def test_in_words() -> None:
    item = Evidence("name", Outcome.AGREE, 7.25, reason="name.transliteration")
    assert explain(item) == "The names agree across scripts. (+7.2 bits)"
    assert explain(item, "fr").startswith("Les noms concordent d'une écriture à l'autre.")
    assert sentence("unheard.of") == "unheard.of"
    assert field_title("date_of_birth", "fr") == "date de naissance"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("fr-BE,fr;q=0.9,en;q=0.5", "fr"),
        ("de,en;q=0.4,fr;q=0.8", "fr"),
        ("de", "en"),
        ("fr;q=zero", "en"),
        ("fr; q=0.9", "fr"),
        ("fr;q=0", "en"),
        ("FR;Q=1.0,de", "fr"),
        (";;q=,,", "en"),
    ],
)
def test_the_language_that_is_asked_for(header: str, language: str) -> None:
    assert chosen_language(header) == language


@given(st.text(max_size=60))
def test_any_header_gives_a_language(header: str) -> None:
    assert chosen_language(header) in LANGUAGES
