"""The peer tool that needs nothing of .venv-peers learns its weights without labels."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest

from scripts.benchmarking.peers import run
from scripts.benchmarking.peers.inputs import Record, parts, words, years
from scripts.benchmarking.peers.rapidfuzz_levels import (
    UNKNOWN,
    birth_level,
    expect_maximise,
    name_level,
    prepare,
    score,
)

GIVEN = "Amina Bilal Chiara Daryna Elena Farid Gjon Hawa Ioana Jonas Karim Lina".split()
FAMILY = "Abdi Bernard Camara Dimitrov Esposito Faye Ghebre Hoxha Ivanov Jansen".split()


def record(number: str, name: str, *births: str, sex: str = "U", mother: str = "") -> Record:
    return {
        "id": number, "names": [name] if name else [], "given": "", "family": "",
        "births": list(births), "sex": sex, "nationalities": [], "countries_of_birth": [],
        "place_of_birth": "", "street": "", "city": "", "postcode": "", "phones": [],
        "documents": [], "mother": mother, "father": "", "event_country": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("Omar Haddad", "Haddad Omar", 0),
        ("Юлія Бойко", "Yuliya Boyko", 0),
        ("Giovanni Esposito", "Giovani Esposito", 1),
        ("Mohamed Ali Haddad", "Haddad Ali", 2),
        ("Omar Haddad", "Mei Ling", 6),
        ("", "Omar", UNKNOWN),
    ],
)
def test_names(left: str, right: str, level: int) -> None:
    assert name_level(prepare(record("a", left)), prepare(record("b", right))) == level


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("2010-03-04", "2010-03-04", 0),
        ("2010-01-01", "2010-01-01", 1),
        ("2010-03-04", "2010-04-03", 2),
        ("2010-03-04", "2010-03-14", 3),
        ("2010-03-04", "2009..2011", 4),
        ("2010-03-04", "2010-03-29", 5),
        ("2010-03-04", "2011-12-24", 6),
        ("2010-03-04", "1999", 7),
    ],
)
def test_births(left: str, right: str, level: int) -> None:
    assert birth_level(prepare(record("a", "", left)), prepare(record("b", "", right))) == level


def test_inputs() -> None:
    assert words("M'mah Ould-Ahmed") == ["mmah", "ould", "ahmed"]
    assert parts(record("a", "Anna Maria Rossi")) == ("anna maria", "rossi")
    assert parts(record("a", "Anna")) == ("anna", "")
    assert years(record("a", "", "2009-05..2011")) == (2009, 2011)
    assert years(record("a", "")) is None


def test_em_finds_the_shares_it_was_given() -> None:
    chance = np.random.default_rng(7)
    match = chance.random(20_000) < 0.1
    agree = np.where(match, 0.9, 0.05)[:, None]
    levels = (chance.random((20_000, 4)) >= agree).astype(np.int64)
    found = expect_maximise(levels, [2] * 4)
    assert found.share == pytest.approx(0.1, abs=0.01)
    assert [m[0] for m in found.m] == pytest.approx([0.9] * 4, abs=0.03)
    assert [u[0] for u in found.u] == pytest.approx([0.05] * 4, abs=0.01)


def population() -> tuple[list[Record], list[tuple[str, str]], list[bool]]:
    chance = random.Random(7)
    records = []
    for number in range(300):
        name = f"{chance.choice(GIVEN)} {chance.choice(FAMILY)}{chance.choice('aeiou')}"
        born = f"{chance.randint(2004, 2016)}-{chance.randint(1, 12):02}-{chance.randint(2, 28):02}"
        mother, sex = chance.choice(GIVEN), chance.choice("FM")
        records.append(record(f"a{number}", name, born, sex=sex, mother=mother))
        other = name if chance.randint(0, 3) else name.replace("i", "y")
        day = born if chance.randint(0, 3) else born[:4] + "-01-01"
        records.append(record(f"b{number}", other, day, sex=sex, mother=mother))
    pairs = [(f"a{i}", f"b{j}") for i in range(300) for j in {i, *chance.sample(range(300), 20)}]
    return records, pairs, [left[1:] == right[1:] for left, right in pairs]


def test_matches_weigh_more_than_others() -> None:
    records, pairs, truth = population()
    found = score(records, pairs, 7)
    linked = [weight >= found.threshold for weight in found.scores]
    right = sum(a and b for a, b in zip(linked, truth, strict=True))
    assert right / sum(truth) > 0.8
    assert right / sum(linked) > 0.9


def test_files_in_and_out(tmp_path: Path) -> None:
    names, out = tmp_path / "names.csv", tmp_path / "scores.json"
    names.write_text("left,right\nعمر,Omar\nOmar,Omar\n", "utf-8")
    for tool in ("wratio", "jarowinkler"):
        assert run.main([tool, "--names", str(names), "--out", str(out)]) == 0
        result = json.loads(out.read_text("utf-8"))
        assert result["tool"] == tool
        assert result["scores"][1] == max(result["scores"])
    with pytest.raises(SystemExit):
        run.main(["splink_stock", "--names", str(names), "--out", str(out)])
    with pytest.raises(SystemExit):
        run.main(["wratio", "--out", str(out)])
