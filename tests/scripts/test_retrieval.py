"""The benchmark of retrieval: every contender keeps the protocol, runs and chapter are sound."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.draw import source
from fixtures.population import generate
from matching.record import PersonRecord
from matching.retrieval import IndexEntry, index_entry
from scripts import retrieval
from scripts.benchmarking.retrieval.blocks import packed_block, read_blocks
from scripts.benchmarking.retrieval.collection import BLOCK, Collection, prepare
from scripts.benchmarking.retrieval.contenders import CONTENDERS
from scripts.benchmarking.retrieval.figures import percentiles, row_of, wilson
from scripts.benchmarking.retrieval.questions import (
    KINDS,
    Question,
    known_to_searcher,
    make_questions,
)
from scripts.benchmarking.retrieval.slips import ELSEWHERE, IN_NAMES
from scripts.benchmarking.rivals.base import Person, person, plain
from scripts.benchmarking.sets import case_record
from scripts.reporting.retrieval import write_retrieval

ROOT = Path(__file__).resolve().parents[2]
SIZE = 300
NEEDS_POSTGRES = {"postgres", "postgres_mirror", "pg_trgm", "pg_trgm_names"}
NEEDS_ELASTIC = {"elastic", "elastic_multi_match", "elastic_multi_match_names"}
SERVERS = {
    **dict.fromkeys(NEEDS_POSTGRES, pytest.mark.postgres),
    **dict.fromkeys(NEEDS_ELASTIC, pytest.mark.elastic),
}


class Small:
    """300 cases of a train seed."""

    def __init__(self) -> None:
        cases = enumerate(generate(SIZE, 7), 1)
        self.held = {number: case_record(case) for number, case in cases}
        self.named = [number for number, record in self.held.items() if record.names]

    def entries(self) -> Iterator[IndexEntry]:
        return (index_entry(number, record) for number, record in self.held.items())

    def records(self) -> Iterator[tuple[int, PersonRecord]]:
        return iter(self.held.items())

    def asked(self) -> list[PersonRecord]:
        return list(self.held.values())


@pytest.fixture(scope="module")
def small() -> Small:
    return Small()


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    return prepare(tmp_path_factory.mktemp("cache"), 2 * BLOCK + 100, 7)


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=SERVERS.get(name, ())) for name in CONTENDERS],
)
def test_every_contender_keeps_the_protocol(name: str, small: Small, tmp_path: Path) -> None:
    contender = CONTENDERS[name](tmp_path)
    try:
        contender.build(small)
        assert contender.settings
        assert contender.size_bytes() >= 0
        found = 0
        for number in small.named[:100]:
            answer = list(contender.ask(small.held[number], frozenset(), 20))
            assert len(answer) == len(set(answer)) <= 20
            assert set(answer) <= set(small.held)
            found += number in answer
            others = contender.ask(small.held[number], frozenset({number}), 20)
            assert number not in others
        assert found >= 95
    finally:
        contender.close()


def test_a_collection_is_read_back_as_it_was_made(collection: Collection) -> None:
    cases = list(collection.cases())
    assert [case.case_id for case in cases] == sorted({case.case_id for case in cases})
    assert len(cases) >= collection.size - 5
    made = dict(enumerate(generate(collection.size, 7), 1))
    for case in (cases[0], cases[BLOCK], cases[-1]):
        assert case.record == case_record(made[case.case_id])
        assert collection.persons[case.case_id - 1] == case.person
    some = {case.case_id for case in collection.cases([5, BLOCK + 5])}
    assert some == {5, BLOCK + 5}
    entries = list(collection.entries())
    assert entries == [index_entry(case.case_id, case.record) for case in cases]


def test_questions_ask_for_their_target(collection: Collection) -> None:
    questions = make_questions(collection, 60)
    assert make_questions(collection, 60) == questions
    by_kind = {kind: [q for q in questions.items if q.kind == kind] for kind in KINDS}
    assert all(len(found) >= 60 for found in by_kind.values())
    assert 0 < questions.nameless < 0.2
    persons = collection.persons
    for question in (*by_kind["search"], *by_kind["registration"]):
        (asking,) = question.exclude
        assert persons[asking - 1] == persons[question.target - 1]
        assert asking != question.target
    assert all(q.record.names and q.held.names for q in by_kind["search"])
    assert all(not q.record.contacts for q in by_kind["search"])
    assert any(q.record.contacts for q in by_kind["registration"])
    assert all(q.record != q.held for q in (*by_kind["slips"], *by_kind["two_slips"]))
    assert all(len(q.corruptions) == 2 for q in by_kind["two_slips"])


@pytest.mark.parametrize("name", [*IN_NAMES, *ELSEWHERE])
def test_a_slip_changes_what_it_says_and_nothing_else(name: str, small: Small) -> None:
    slip = {**IN_NAMES, **ELSEWHERE}[name]
    cultures = [case.truth.culture for case in generate(SIZE, 7)]
    made = 0
    for number in small.named:
        asked = known_to_searcher(small.held[number])
        slipped = slip(source("test", name, number), asked, cultures[number - 1])
        if slipped is None:
            continue
        made += 1
        in_names = slipped.names != asked.names
        elsewhere = (slipped.births, slipped.sex, slipped.nationalities) != (
            asked.births, asked.sex, asked.nationalities,
        )  # fmt: skip
        assert (in_names, elsewhere) == (name in IN_NAMES, name in ELSEWHERE)
    assert made > SIZE / 10


def test_blocks(tmp_path: Path) -> None:
    path = tmp_path / "blocks"
    with path.open("wb") as file:
        for block in ([1, 2], [3], [4, 5]):
            file.write(packed_block(block))
    assert list(read_blocks(path)) == [(0, [1, 2]), (1, [3]), (2, [4, 5])]
    assert list(read_blocks(path, frozenset({2}))) == [(2, [4, 5])]


def test_what_a_rival_sees() -> None:
    assert plain("Юлія  Бойко-Іванова") == "yuliya boyko ivanova"
    assert person(3, PersonRecord("r")) == Person(3, (), "", 0, "", "")


def test_figures() -> None:
    low, high = wilson(990, 1000)
    assert (round(low, 4), round(high, 4)) == (0.9817, 0.9946)
    assert wilson(0, 0) == (0.0, 1.0)
    assert percentiles([1.0, 2.0, 3.0])["50"] == 2.0
    nobody = PersonRecord("r")
    questions = [
        Question(kind, nobody, 1, nobody, frozenset(), "somali", "Latn", ())
        for kind in ("search", "search", "slips")
    ]
    answers = [
        {"question": n, "rank": rank, "wall_ms": 1.0, "cpu_ms": 1.0}
        for n, rank in enumerate([10, None, 0])
    ]
    row = row_of({"contender": "c", "answers": answers}, questions, 50)
    assert row["kinds"]["search"]["recall_at"]["10"]["recall"] == 0
    assert row["kinds"]["search"]["recall_at"]["50"]["recall"] == 0.5
    assert row["kinds"]["slips"]["recall_at"]["10"]["recall"] == 1
    assert "200" not in row["kinds"]["slips"]["recall_at"]


def test_a_run_end_to_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--size", "600", "--seed", "7", "--queries", "30", "--seconds", "60"]
    options += ["--only", "memory,brute_jaro_winkler_names", "--cache", str(tmp_path / "cache")]
    assert retrieval.main([*options, "--out", str(tmp_path), "--json"]) == 0
    run = json.loads(capsys.readouterr().out)
    assert run == json.loads((tmp_path / "run.json").read_text("utf-8"))
    assert [row["contender"] for row in run["rows"]] == ["memory", "brute_jaro_winkler_names"]
    cases = [
        json.loads(line) for line in (tmp_path / "cases.jsonl").read_text("utf-8").splitlines()
    ]
    assert len(cases) == sum(k["questions"] for k in run["rows"][0]["kinds"].values())
    assert all(set(case["answers"]) == {"memory", "brute_jaro_winkler_names"} for case in cases)
    ours, rival = (row["kinds"]["search"]["recall_at"]["50"]["recall"] for row in run["rows"])
    assert ours >= rival


def test_wrong_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for wrong in (["--only", "nobody"], ["--queries", "0"], ["--size", "5"]):
        with pytest.raises(SystemExit) as refused:
            retrieval.main([*wrong, "--out", str(tmp_path)])
        assert refused.value.code == 2
    assert "nobody" in capsys.readouterr().err


def test_the_chapter_says_what_the_stored_runs_say(tmp_path: Path) -> None:
    stored = ROOT / "docs" / "feasibility"
    shutil.copytree(stored / "runs", tmp_path / "runs")
    written = write_retrieval(tmp_path)
    assert written.read_bytes() == (stored / "retrieval.md").read_bytes()
    pictures = sorted(path.name for path in tmp_path.glob("retrieval-*.svg"))
    assert pictures
    for name in pictures:
        assert (tmp_path / name).read_bytes() == (stored / name).read_bytes()
