"""Thousands of values in one statement find what an IN list finds, on both stores."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, select
from sqlmodel import Session

from service.index.models import IndexTerm
from service.store.among import among
from service.store.base import table_of

TERMS = table_of(IndexTerm)
TEXTS = ("n:ali", "n:o'neil", 'n:"quoted"', "n:back\\slash", "n:محمد", "n:%_", "n:" + "x" * 300)


@pytest.fixture
def filled(any_engine: Engine) -> Engine:
    rows = [{"generation": 1, "term": text, "cases": n} for n, text in enumerate(TEXTS, 1)]
    with any_engine.begin() as connection:
        connection.execute(TERMS.insert(), rows)
    return any_engine


def found(engine: Engine, column: str, values: list[object]) -> set[object]:
    with Session(engine) as session:
        query = select(TERMS.c[column]).where(among(session, TERMS.c[column], values))
        return set(session.connection().scalars(query))


def test_texts_of_any_kind(filled: Engine) -> None:
    assert found(filled, "term", list(TEXTS)) == set(TEXTS)
    assert found(filled, "term", ["n:ali", "n:nobody", "n:%_"]) == {"n:ali", "n:%_"}


def test_numbers_by_the_thousand(filled: Engine) -> None:
    assert found(filled, "cases", list(range(3, 40_000))) == set(range(3, len(TEXTS) + 1))


def test_no_values_find_nothing(filled: Engine) -> None:
    assert found(filled, "cases", []) == set()
    assert found(filled, "term", []) == set()
