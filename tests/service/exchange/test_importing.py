"""Imports: streamed, idempotent, nothing lost; a bad row is named and the rest is stored."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import func
from sqlmodel import Session, select

from service.alerts.models import Alert
from service.audit.models import AuditEntry
from service.cases.intake import register_case
from service.cases.models import Case, Claim
from service.cases.schemas import CaseDraft
from service.errors import BadInput, Forbidden
from service.exchange.exporting import export_cases
from service.exchange.formats.mapping import ColumnMap, load_map
from service.exchange.formats.reading import format_of, read_rows
from service.exchange.importing import (
    ImportJob,
    ImportReport,
    run_import,
    store_rows,
)
from service.index.sql import SqlIndex
from service.jobs import JobContext
from service.security.policy import Permission, operator
from tests.conftest import World, clock

HEADER = "record_id,kind,full_name,date_of_birth,sex,nationality\n"


class Importer:
    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.folder = folder

    def run(self, content: str | bytes, name: str = "cases.csv", **options: object) -> ImportReport:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        column_map = options.get("column_map")
        job = ImportJob(
            path,
            format_of(path, None),
            str(options.get("authority", "BE-POL")),
            column_map if isinstance(column_map, ColumnMap) else ColumnMap(),
            self.folder / "rejects.jsonl",
            dry_run=bool(options.get("dry_run")),
        )
        actor = operator("test")
        context = JobContext(self.world.engine, actor, clock, self.world.linkage, lambda *_: None)
        return run_import(context, job)

    def rejects(self) -> list[dict[str, object]]:
        lines = (self.folder / "rejects.jsonl").read_text("utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def count(self, table: type = Case) -> int:
        with Session(self.world.engine) as session:
            return session.exec(select(func.count()).select_from(table)).one()


@pytest.fixture
def importer(any_world: World, tmp_path: Path) -> Importer:
    return Importer(any_world, tmp_path)


def test_the_same_file_again_stores_nothing(importer: Importer) -> None:
    content = HEADER + "A-1,missing,Arben Hoxha,2009-03-14,M,AL\nA-2,missing,Selam,2010,F,ER\n"
    first, second = importer.run(content), importer.run(content)
    assert (first.read, first.stored, first.rejected) == (2, 2, 0)
    assert (second.stored, second.unchanged, second.rejected) == (0, 2, 0)
    assert importer.count() == 2


def test_a_known_row_with_other_content_is_rejected(importer: Importer) -> None:
    importer.run(HEADER + "A-1,missing,Arben Hoxha,2009-03-14,M,AL\n")
    report = importer.run(HEADER + "A-1,missing,Arben Hoxha,2008-03-14,M,AL\n")
    assert report.rejected == 1
    assert importer.rejects()[0]["errors"][0]["field"] == "record_id"  # type: ignore[index]  # JSON


def test_links_are_raised_between_authorities(importer: Importer) -> None:
    importer.run(HEADER + "A-1,missing,محمد حسینی,2009-03-14,M,AF\n")
    report = importer.run(
        HEADER + "B-1,encountered,Mohammad Hosseini,2009-03-14,M,AF\n", authority="NL-COA"
    )
    assert report.alerts == 1


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("A-9,missing,Ali Reza,2009-02-30,M,AF", "date_of_birth"),
        ("A-9,missing,Ali Reza,2031,M,AF", "date_of_birth"),
        ("A-9,missing,Ali Reza,1805,M,AF", "date_of_birth"),
        ("A-9,missing,Ali Reza,2009,M,ZZ", "nationality"),
        ("A-9,missing,?!,2009,M,AF", "full_name"),
        ("A-9,vanished,Ali Reza,2009,M,AF", "kind"),
        ("A-9,missing,Ali Reza,2009,W,AF", "sex"),
        ("A-9,missing,Ali\u202eReza,2009,M,AF", "full_name"),
        ("A-9,missing,Ali\x07Reza,2009,M,AF", "full_name"),
        (f"A-9,missing,{'x' * 10_001},2009,M,AF", "full_name"),
        ("A-9,missing,,,,", "row"),
        ("A-9,missing,Ali Reza,2009,M", "row"),
    ],
)
def test_a_bad_row_is_named_and_the_rest_is_stored(
    importer: Importer, row: str, field: str
) -> None:
    report = importer.run(f"{HEADER}{row}\nA-2,missing,Selam Tesfay,2010,F,ER\n")
    assert (report.stored, report.rejected) == (1, 1)
    (reject,) = importer.rejects()
    assert reject["row"] == 2
    errors = reject["errors"]
    assert isinstance(errors, list)
    assert field in {error["field"] for error in errors}
    assert all(error["row"] == 2 for error in errors)
    assert importer.count() == 1


def test_broken_utf8_and_nul_cost_only_their_rows(importer: Importer) -> None:
    content = HEADER.encode() + b"A-1,missing,\xff\xfe,2009,M,AF\nA-2,missing,A\0li,2009,M,AF\n"
    report = importer.run(content + "A-3,missing,Łukasz Żak,2009,M,PL\n".encode())
    assert (report.stored, report.rejected) == (1, 2)


def test_an_unclosed_quote_costs_only_its_row(importer: Importer) -> None:
    rows = [
        "A-1,missing,Ali Reza,2009,M,AF",
        'A-2,missing,"Offen,2009,M,AF',
        "A-3,missing,Selam Tesfay,2010,F,ER",
        'A-4,missing,"Zwei\nZeilen",2010,F,ER',
        "A-5,missing,Łukasz Żak,2009,M,PL",
    ]
    report = importer.run(HEADER + "\n".join(rows) + "\n")
    assert (report.read, report.stored, report.rejected) == (5, 4, 1)
    (reject,) = importer.rejects()
    assert (reject["row"], reject["source"]) == (3, rows[1])


def test_a_huge_cell_and_a_huge_number_are_rejects_with_their_source(importer: Importer) -> None:
    report = importer.run(HEADER + f"A-1,missing,{'x' * 200_000},2009,M,AF\nA-2,missing,Ali,,,\n")
    assert (report.stored, report.rejected) == (1, 1)
    assert len(str(importer.rejects()[0]["source"])) > 200_000
    lines = ['{"record_id":"J-1","kind":"missing","full_name":"B","age":' + "9" * 5_000 + "}"]
    lines.append('{"record_id":"J-2","kind":"missing","full_name":"B"}')
    report = importer.run("\n".join(lines), name="huge.jsonl")
    assert (report.stored, report.rejected) == (1, 1)


def test_a_telephone_without_its_adult_is_not_lost(importer: Importer) -> None:
    header = "record_id,kind,full_name,accompanying_adult,accompanying_adult_phone\n"
    report = importer.run(
        header
        + "A-1,encountered,Kind A,,+32470112233\n"
        + "A-2,encountered,Kind B,Onkel X,+32470112233|+32470445566\n"
        + "A-3,encountered,Kind C,Onkel X,+32470112233\n"
    )
    assert (report.stored, report.rejected) == (1, 2)
    errors = importer.rejects()[0]["errors"]
    assert errors[0]["field"] == "accompanying_adult_phone"  # type: ignore[index]  # JSON


def test_another_kind_is_other_content(importer: Importer) -> None:
    importer.run(HEADER + "A-1,missing,Ali Reza,2009,M,AF\n")
    report = importer.run(HEADER + "A-1,encountered,Ali Reza,2009,M,AF\n")
    assert (report.unchanged, report.rejected) == (0, 1)


def test_an_age_comes_back_as_the_dates_that_it_stands_for(importer: Importer) -> None:
    row = {"record_id": "J-1", "kind": "encountered", "full_name": "Selam", "age": "15..17"}
    importer.run(json.dumps(row) + "\n", name="one.jsonl")
    with importer.world.work() as work:
        (exported,) = export_cases(work, "BE-POL")
    assert importer.run(json.dumps(exported.columns) + "\n", name="two.jsonl").unchanged == 1


def test_a_record_id_twice_in_one_file(importer: Importer) -> None:
    report = importer.run(
        HEADER + "A-1,missing,Ali Reza,2009,M,AF\nA-1,missing,Omar Said,2007,M,SY\n"
    )
    assert (report.stored, report.rejected) == (1, 1)


def test_json_lines_with_lists_and_a_broken_line(importer: Importer) -> None:
    good = {
        "record_id": "J-1",
        "kind": "missing",
        "full_name": ["Ali Reza", "علی رضا"],
        "age": "15..17",
    }
    content = json.dumps(good, ensure_ascii=False) + "\n{broken\n[1]\n" + '{"nam": "x"}\n'
    report = importer.run(content, name="cases.jsonl")
    assert (report.read, report.stored, report.rejected) == (4, 1, 3)
    assert "did you mean" in str(importer.rejects()[2]["errors"])


def test_a_dry_run_stores_nothing(importer: Importer) -> None:
    report = importer.run(HEADER + "A-1,missing,Ali Reza,2009,M,AF\n", dry_run=True)
    assert report.stored == 1
    assert importer.count() == 0


def test_an_unknown_authority_or_header_stores_nothing(importer: Importer) -> None:
    with pytest.raises(BadInput, match="authority"):
        importer.run(HEADER + "A-1,missing,Ali Reza,2009,M,AF\n", authority="XX-NONE")
    with pytest.raises(BadInput, match="firstname"):
        importer.run("record_id,kind,firstname\n1,missing,Ali\n")
    assert importer.count() == 0


def test_an_official_imports_for_the_own_authority_only(importer: Importer, tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text(HEADER + "A-1,missing,Ali Reza,2009,M,AF\n", "utf-8")
    world = importer.world
    context = JobContext(
        world.engine,
        world.actor("BE-POL", Permission.CASE_WRITE),
        clock,
        world.linkage,
        lambda *_: None,
    )
    job = ImportJob(path, "csv", "NL-COA", ColumnMap(), tmp_path / "r.jsonl")
    with pytest.raises(Forbidden):
        run_import(context, job)
    assert importer.count() == 0


def test_the_febrl_map_keeps_what_it_cannot_read(importer: Importer) -> None:
    header = (
        "rec_id, given_name, surname, street_number, address_1, address_2, suburb, postcode, "
        "state, date_of_birth, soc_sec_id\n"
    )
    row = (
        "rec-1-org, michaela, neumann, 8, stanley street, miami, winston hills, 4223, nsw, "
        "19151311, 5304218\n"
    )
    report = importer.run(header + row, column_map=load_map("febrl4"))
    assert report.stored == 1
    with Session(importer.world.engine) as session:
        case = session.exec(select(Case)).one()
        kinds = set(session.exec(select(Claim.kind)))
        values = json.dumps([claim.value for claim in session.exec(select(Claim))])
    assert "19151311" in case.circumstances
    assert {"name", "address"} <= kinds
    assert "8 stanley street miami" in values
    assert "5304218" not in values


def test_what_is_exported_can_be_imported_elsewhere(importer: Importer) -> None:
    row = {
        "record_id": "J-1", "kind": "encountered", "given_name": "Selam", "family_name": "Tesfay",
        "father_name": "Dawit", "aliases": ["ሰላም"], "sex": "F", "nationality": ["ER"],
        "date_of_birth": ["2009-03", "2010"], "phone": ["+32460000000"],
        "document": "passport:K1234567", "event_kind": ["arrival", "disappearance"],
        "event_date": ["2026-03-01", "2026-03-02"], "event_country": ["BE", "BE"],
        "accompanying_adult": ["Yonas Haile"], "height_cm": "150..160", "release": ["europol"],
    }  # fmt: skip
    importer.run(json.dumps(row, ensure_ascii=False) + "\n", name="one.jsonl")
    with importer.world.work() as work:
        (exported,) = export_cases(work, "BE-POL")
        assert exported.left_out == {}
    report = importer.run(
        json.dumps(exported.columns, ensure_ascii=False) + "\n",
        name="two.jsonl",
        authority="NL-COA",
    )
    assert (report.stored, report.alerts) == (1, 1)
    with Session(importer.world.engine) as session:
        one, other = session.exec(select(Case.content_digest)).all()
    assert one == other


def test_the_index_holds_what_was_imported(importer: Importer) -> None:
    importer.run(HEADER + "A-1,missing,Ali Reza,2009,M,AF\nA-2,missing,Selam,2010,F,ER\n")
    with Session(importer.world.engine) as session:
        assert SqlIndex(session).frequencies([]).total == 2


def test_an_import_that_stopped_before_comparing_is_taken_up(importer: Importer) -> None:
    importer.run(HEADER + "A-1,missing,محمد حسینی,2009-03-14,M,AF\n")
    content = HEADER + "B-1,encountered,Mohammad Hosseini,2009-03-14,M,AF\n"
    path = importer.folder / "stopped.csv"
    path.write_text(content, "utf-8")
    job = ImportJob(path, "csv", "NL-COA", ColumnMap(), importer.folder / "r.jsonl")
    context = JobContext(
        importer.world.engine, operator("test"), clock, importer.world.linkage, lambda *_: None
    )
    store_rows(context, job, read_rows(path, "csv", ColumnMap()), ImportReport())
    again = importer.run(content, authority="NL-COA")
    assert (again.stored, again.unchanged, again.alerts) == (0, 1, 1)
    assert importer.run(content, authority="NL-COA").alerts == 0


def test_others_register_while_an_import_is_compared(importer: Importer) -> None:
    importer.run(HEADER + "A-1,missing,محمد حسینی,2009-03-14,M,AF\n")
    draft = {
        "kind": "encountered",
        "names": ["Mohammad Hosseini"],
        "births": [{"date": "2009-03-14"}],
    }
    world = importer.world
    meanwhile: list[Alert] = []

    def register(stage: str, *_: object) -> None:
        if stage == "matching" and not meanwhile:
            with world.work("DE-JA") as work:
                body = CaseDraft.model_validate(draft)
                meanwhile.extend(register_case(work, world.linkage, body, limit=10).alerts)

    path = importer.folder / "b.csv"
    path.write_text(HEADER + "B-1,encountered,Mohamad Hoseini,2009-03-14,M,AF\n", "utf-8")
    job = ImportJob(path, "csv", "NL-COA", ColumnMap(), importer.folder / "r.jsonl")
    context = JobContext(world.engine, operator("test"), clock, world.linkage, register)
    assert run_import(context, job).alerts == 1
    # The newcomer met both cases that stood in the store by then.
    assert len(meanwhile) == 2


def test_what_has_no_column_is_counted(importer: Importer) -> None:
    body = CaseDraft.model_validate(
        {
            "kind": "missing",
            "names": [
                {
                    "parts": [
                        {"text": "Ana", "kind": "given"},
                        {"text": "Maria", "kind": "given"},
                        {"text": "Exemplescu", "kind": "family"},
                    ]
                }
            ],
            "addresses": [{"city": "Cluj"}, {"city": "Gent"}],
            "relatives": [{"relation": "sibling", "name": "Ion"}],
            "photographs": [{"caption": "at school"}],
        }
    )
    with importer.world.work("BE-POL") as work:
        register_case(work, importer.world.linkage, body, limit=10)
    with importer.world.work() as work:
        (exported,) = export_cases(work, "BE-POL")
    assert exported.columns["given_name"] == "Ana Maria"
    assert exported.columns["city"] == "Cluj"
    assert exported.left_out == {"address": 1, "relative": 1, "photograph": 1}
    with Session(importer.world.engine) as session:
        row = session.exec(select(AuditEntry).where(AuditEntry.action == "case:export")).one()
        assert row.case_ids == list(session.exec(select(Case.public_id)))
