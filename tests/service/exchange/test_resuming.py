"""A killed import goes on where its last batch ended: nothing twice, nothing lost."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Barrier, BrokenBarrierError

import pytest
from sqlalchemy import Engine, func
from sqlmodel import Session, select

from service.alerts.repository import WaitingRepository
from service.audit.operations import verify_chain
from service.audit.repository import AuditRepository
from service.audit.schemas import AuditEvent
from service.cases.models import Case, CaseEvent, CaseRecord, Claim
from service.cases.records.repository import digests_of_open, matching_records, stale_records
from service.errors import Conflict
from service.exchange.formats.mapping import ColumnMap
from service.exchange.importing import BATCH, DIGEST_SHOWN, ImportJob, ImportReport, run_import
from service.exchange.models import ImportRun
from service.exchange.repository import ImportRepository
from service.index.sql import SqlIndex
from service.jobs import JobContext
from service.security.policy import operator
from tests.conftest import World, clock

EMPD = Path(sys.executable).parent / "empd"
ROWS = 4 * BATCH
"""Several batches follow the first, so that a kill that comes late meets one of them."""
BAD = range(100, ROWS, 500)
"""Rows of the file that are rejected."""
PATIENCE_SECONDS = 120
HELD_SECONDS = 0.5


def write_cases(path: Path, rows: int = ROWS) -> None:
    with path.open("w", encoding="utf-8") as file:
        for number in range(rows):
            born = "2009-02-30" if number in BAD else f"20{number % 15:02}-03-{number % 28 + 1:02}"
            name = f"{chr(65 + number % 26)}elam {chr(65 + number // 26 % 26)}esfay{number}"
            row = {"record_id": f"R-{number}", "kind": "missing", "full_name": name}
            file.write(json.dumps({**row, "date_of_birth": born, "nationality": "ER"}) + "\n")


def counts(engine: Engine) -> dict[str, int]:
    with Session(engine) as session:
        tables = (Case, Claim, CaseEvent, CaseRecord)
        return {
            table.__tablename__: session.exec(select(func.count()).select_from(table)).one()
            for table in tables
        }


def context_of(world: World, told: list[str] | None = None) -> JobContext:
    def note(stage: str, *_: object) -> None:
        if told is not None:
            told.append(stage)

    return JobContext(world.engine, operator("test"), clock, world.linkage, note)


def year_later(world: World) -> JobContext:
    return replace(context_of(world), clock=lambda: clock() + timedelta(days=365))


def job_of(path: Path) -> ImportJob:
    rejects = path.with_name(f"{path.name}.rejects.jsonl")
    return ImportJob(path, "jsonl", "BE-POL", ColumnMap(), rejects, later=True)


@contextmanager
def importing(path: Path, url: str, *options: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [str(EMPD), "import", str(path), "--authority", "BE-POL", "--json", *options],
        env={**os.environ, "EMPD_DATABASE_URL": url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def rows_done(engine: Engine) -> int:
    with Session(engine) as session:
        return session.exec(select(ImportRun.rows)).first() or 0


def test_a_killed_import_goes_on_behind_its_last_batch(
    world: World, sqlite_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "cases.jsonl"
    write_cases(path)
    with importing(path, sqlite_url, "--later") as process:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while rows_done(world.engine) < BATCH:
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
    committed = rows_done(world.engine)
    assert BATCH <= committed < ROWS
    # What the next batch had written of the rejects when it died.
    with job_of(path).rejects.open("a") as file:
        file.write('{"row": 1, "half a li')
    with importing(path, sqlite_url, "--later") as process:
        out, _ = process.communicate(timeout=PATIENCE_SECONDS)
    report = json.loads(out)
    assert process.returncode == 0
    assert report["resumed_at"] == committed
    assert (report["read"], report["rejected"]) == (ROWS, len(BAD))
    assert report["stored"] == ROWS - len(BAD)
    found = counts(world.engine)
    assert found["cases"] == found["case_records"] == ROWS - len(BAD)
    assert found["claims"] == 3 * (ROWS - len(BAD))
    lines = job_of(path).rejects.read_text("utf-8").splitlines()
    assert [json.loads(line)["row"] for line in lines] == [number + 1 for number in BAD]
    with Session(world.engine) as session:
        ids = list(digests_of_open(session))
        assert stale_records(session, ids[:BATCH]) == []
        assert SqlIndex(session).frequencies([]).total == len(ids)
        assert WaitingRepository(session).count() == len(ids)
        assert verify_chain(AuditRepository(session)).intact


def test_no_process_is_left_behind(world: World, sqlite_url: str, tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    write_cases(path)
    with importing(path, sqlite_url, "--later") as process:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while rows_done(world.engine) < BATCH:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        while members(process.pid):
            assert time.monotonic() < deadline
            time.sleep(0.05)


def members(group: int) -> list[int]:
    """Living processes of a process group."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, _, pgrp = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
            except OSError:
                continue
            if int(pgrp) == group and state != "Z":
                found.append(int(entry.name))
    return found


class Stop(Exception):
    """The process ends here."""


def test_an_import_that_failed_says_where_it_goes_on(any_world: World, tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    write_cases(path, BATCH + 10)
    told: list[str] = []

    def stop(stage: str, *_: object) -> None:
        raise Stop(stage)

    world = any_world
    context = JobContext(world.engine, operator("test"), clock, world.linkage, stop)
    with pytest.raises(Stop):
        run_import(context, job_of(path))
    report = run_import(context_of(world, told), job_of(path))
    assert report.resumed_at == BATCH
    assert report.read == BATCH + 10
    assert told[-1] == f"storing, resumed behind row {BATCH}"
    # Finished: the same file is read anew, and stores nothing.
    again = run_import(context_of(world), job_of(path))
    assert (again.resumed_at, again.stored, again.unchanged) == (0, 0, report.stored)


def taken_up_without_rejects(world: World, path: Path) -> ImportReport:
    """Stop an import behind its first batch, lose its rejects, and take it up."""

    def stop(stage: str, *_: object) -> None:
        raise Stop(stage)

    context = JobContext(world.engine, operator("test"), clock, world.linkage, stop)
    with pytest.raises(Stop):
        run_import(context, job_of(path))
    job_of(path).rejects.unlink()
    return run_import(context_of(world), job_of(path))


def test_lost_rejects_are_written_again(world: World, tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    write_cases(path, BATCH + 10)
    report = taken_up_without_rejects(world, path)
    rejected = sum(number < BATCH for number in BAD)
    assert (report.resumed_at, report.rejected) == (0, rejected)
    assert len(job_of(path).rejects.read_text("utf-8").splitlines()) == rejected


def write_nameless(path: Path, rows: int, name: str = "Selam") -> None:
    """Rows that have no reference of their own, one of them wrong, and an age that grows."""
    with path.open("w", encoding="utf-8") as file:
        for number in range(rows):
            age = "many" if number == 1 else "15"
            row = {"kind": "missing", "full_name": f"{name} T{number}", "age": age}
            file.write(json.dumps(row) + "\n")


def test_rows_without_a_reference_are_stored_once(any_world: World, tmp_path: Path) -> None:
    world, path = any_world, tmp_path / "cases.jsonl"
    write_nameless(path, 12)
    first = run_import(context_of(world), job_of(path))
    assert (first.stored, first.rejected) == (11, 1)
    job_of(path).rejects.unlink()
    dry = run_import(year_later(world), replace(job_of(path), dry_run=True))
    assert (dry.stored, dry.unchanged, dry.rejected) == (0, 11, 1)
    job_of(path).rejects.unlink()
    again = run_import(year_later(world), job_of(path))
    assert (again.stored, again.unchanged, again.rejected) == (0, 11, 1)
    assert len(job_of(path).rejects.read_text("utf-8").splitlines()) == 1
    dry = run_import(context_of(world), replace(job_of(path), dry_run=True))
    assert (dry.stored, dry.unchanged) == (0, 11)
    write_nameless(path, 12, "Linh")
    other = run_import(context_of(world), job_of(path))
    assert (other.stored, other.unchanged) == (11, 0)


def test_what_lay_in_the_future_is_taken_when_it_came(world: World, tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    soon = (clock() + timedelta(days=30)).date().isoformat()
    row = {"kind": "missing", "full_name": "Selam Tesfay", "event_kind": "arrival"}
    path.write_text(json.dumps({**row, "event_date": soon}) + "\n")
    first = run_import(context_of(world), job_of(path))
    assert (first.stored, first.rejected) == (0, 1)
    dry = run_import(year_later(world), replace(job_of(path), dry_run=True))
    assert (dry.stored, dry.rejected) == (1, 0)
    again = run_import(year_later(world), job_of(path))
    assert (again.stored, again.rejected) == (1, 0)


def test_a_reference_is_made_of_the_file_and_of_what_was_told_how_to_read_it(
    world: World, tmp_path: Path
) -> None:
    path = tmp_path / "cases.jsonl"
    write_nameless(path, 1)
    run_import(context_of(world), job_of(path))
    # It stays what it is in later versions, or their imports store these rows once more.
    digest = hashlib.blake2b(b"jsonl {}" + path.read_bytes(), digest_size=16).hexdigest()
    with Session(world.engine) as session:
        assert session.exec(select(Case.record_id)).all() == [f"{digest[:DIGEST_SHOWN]}-1"]


def test_lost_rejects_of_rows_without_a_reference_store_nothing_twice(
    world: World, tmp_path: Path
) -> None:
    path = tmp_path / "cases.jsonl"
    write_nameless(path, BATCH + 10)
    report = taken_up_without_rejects(world, path)
    assert (report.stored, report.unchanged, report.rejected) == (10, BATCH - 1, 1)
    assert counts(world.engine)["cases"] == BATCH + 9


def test_of_two_imports_of_one_file_one_goes_on(any_world: World, tmp_path: Path) -> None:
    world, path = any_world, tmp_path / "cases.jsonl"
    write_cases(path)
    others: list[int] = []

    def meanwhile(*_: object) -> None:
        if not others:
            others.append(run_import(context_of(world), job_of(path)).stored)

    context = JobContext(world.engine, operator("test"), clock, world.linkage, meanwhile)
    with pytest.raises(Conflict, match="another process imports this file"):
        run_import(context, job_of(path))
    assert others == [ROWS - len(BAD)]
    assert counts(world.engine)["cases"] == ROWS - len(BAD)
    lines = job_of(path).rejects.read_text("utf-8").splitlines()
    assert [json.loads(line)["row"] for line in lines] == [number + 1 for number in BAD]


def test_rows_are_claimed_by_one_of_two_at_once(any_world: World) -> None:
    world, both = any_world, Barrier(2)
    with world.work() as work:
        run_id = ImportRepository(work.session).begin(world.ids["BE-POL"], "d", clock()).id or 0
        work.audit(AuditEvent("import:begin"))

    def claim() -> bool:
        """Whether this one got the rows; it holds them for a while before it commits."""
        both.wait()
        try:
            with world.work() as work:
                ImportRepository(work.session).advance(run_id, 0, 10)
                work.audit(AuditEvent("import:store"))
                with suppress(BrokenBarrierError):
                    # Broken as the other does not come so far: it waits for the commit.
                    both.wait(HELD_SECONDS)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        got = sorted(future.result() for future in [pool.submit(claim) for _ in range(2)])
    assert got == [False, True]
    assert rows_done(world.engine) == 10


def test_another_file_of_the_same_name_is_another_import(world: World, tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    write_cases(path, 10)
    run_import(context_of(world), job_of(path))
    write_cases(path, 12)
    report = run_import(context_of(world), job_of(path))
    assert (report.resumed_at, report.stored, report.unchanged) == (0, 2, 10)


def test_what_an_import_stores_is_what_registration_stores(
    any_world: World, tmp_path: Path
) -> None:
    path = tmp_path / "cases.jsonl"
    write_cases(path, 20)
    run_import(context_of(any_world), job_of(path))
    with Session(any_world.engine) as session:
        ids = list(digests_of_open(session))
        assert len(ids) == 20
        assert stale_records(session, ids) == []
        records = matching_records(session, ids)
        assert [record.names[0].text for record in records.values()][3] == "Delam Aesfay3"
