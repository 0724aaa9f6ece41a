"""Matching by shares: the same links whatever the shares, the way or a kill in between."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlmodel import Session, select

from fixtures.population import TODAY, generate
from service.alerts import background
from service.alerts.background import match_status, match_waiting
from service.alerts.models import Alert, MatchRun
from service.alerts.repository import WaitingRepository
from service.cases.intake import close
from service.cases.models import Case
from service.cases.schemas import CaseClosure
from service.cases.vocabulary import CloseReason
from service.errors import BadInput, Forbidden
from service.exchange.formats.mapping import ColumnMap
from service.exchange.importing import ImportJob, run_import
from service.jobs import JobContext
from service.risk.models import RiskFlag
from service.security.policy import Permission, operator
from tests.conftest import World, clock

EMPD = Path(sys.executable).parent / "empd"
CASES = 400
ROOT = Path(__file__).parents[3]
KILLED = """
import os, signal, sys
from matching.profile import load_profile
from service.alerts import background
from service.clock import system_clock
from service.index.sql import SqlIndex
from service.jobs import JobContext
from service.linkage import Linkage
from service.security.policy import operator
from service.store.engine import make_engine

def tell(stage, done, total):
    if stage == "matching" and done >= 200:
        os.kill(os.getpid(), signal.SIGKILL)

background.SHARE = 50
linkage = Linkage(load_profile(), SqlIndex)
engine = make_engine(sys.argv[1])
where = JobContext(engine, operator("test"), system_clock, linkage, tell)
background.match_waiting(where)
"""
"""A job that dies behind its fourth share, at once and with nothing tidied up."""
Links = dict[tuple[str, str], tuple[float, str]]


class Stop(Exception):
    """The process ends here."""


def context_of(world: World, stop_at: str = "") -> JobContext:
    def tell(stage: str, *_: object) -> None:
        if stage == stop_at:
            raise Stop(stage)

    return JobContext(world.engine, operator("test"), clock, world.linkage, tell)


def store(world: World, folder: Path, cases: int = CASES) -> None:
    path = folder / "cases.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for case in generate(cases, 7, TODAY):
            file.write(json.dumps(case.row, ensure_ascii=False) + "\n")
    job = ImportJob(path, "jsonl", "BE-POL", ColumnMap(), folder / "r.jsonl", later=True)
    report = run_import(context_of(world), job)
    assert (report.stored, report.alerts) == (cases, 0)


def links(world: World) -> Links:
    with Session(world.engine) as session:
        names = dict(session.execute(select(Case.id, Case.record_id)).all())
        return {
            (names[alert.left_id], names[alert.right_id]): (
                round(alert.match_weight, 6),
                json.dumps(alert.evidence, sort_keys=True),
            )
            for alert in session.exec(select(Alert))
        }


def forget(world: World) -> None:
    """Back to where nothing was compared."""
    with world.work() as work:
        for table in (RiskFlag, Alert):
            for row in work.session.exec(select(table)):
                work.session.delete(row)
        work.session.flush()
        ids = [case_id or 0 for case_id in work.session.exec(select(Case.id))]
        WaitingRepository(work.session).add(ids)
        work._audited = True


def flags(world: World) -> set[tuple[int, str]]:
    with Session(world.engine) as session:
        return {(flag.case_id, flag.sign) for flag in session.exec(select(RiskFlag))}


def waiting(world: World) -> int:
    with Session(world.engine) as session:
        return WaitingRepository(session).count()


def test_links_do_not_depend_on_the_way(
    any_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = any_world
    store(world, tmp_path)
    assert waiting(world) == CASES
    raised = match_waiting(context_of(world))
    whole, signs = links(world), flags(world)
    assert whole
    # Each pair is met from both sides, and told once.
    assert raised == len(whole)
    forget(world)
    monkeypatch.setattr(background, "SHARE", 37)
    assert match_waiting(context_of(world)) == raised
    assert (links(world), flags(world)) == (whole, signs)
    forget(world)
    monkeypatch.setattr(background, "IN_MEMORY_AT_MOST", 0)
    assert match_waiting(context_of(world)) == raised
    assert (links(world), flags(world)) == (whole, signs)
    assert waiting(world) == 0


def test_a_stopped_job_goes_on_with_what_waits(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(world, tmp_path)
    match_waiting(context_of(world))
    whole = links(world)
    forget(world)
    monkeypatch.setattr(background, "SHARE", 100)
    with pytest.raises(Stop):
        match_waiting(context_of(world, stop_at="matching"))
    assert waiting(world) == CASES - 100
    with world.work() as work:
        status = match_status(work)
    assert (status.waiting, status.running, status.done) == (CASES - 100, True, 100)
    match_waiting(context_of(world))
    assert links(world) == whole
    with world.work() as work:
        status = match_status(work)
    assert (status.waiting, status.running, status.done) == (0, False, CASES - 100)


def test_a_killed_job_goes_on_with_what_waits(
    world: World, sqlite_url: str, tmp_path: Path
) -> None:
    store(world, tmp_path, 1_000)
    script = tmp_path / "killed.py"
    script.write_text(KILLED, "utf-8")
    killed = subprocess.run([sys.executable, str(script), sqlite_url], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    done = compared(world)
    assert 0 < done < 1_000
    assert waiting(world) == 1_000 - done
    environment = {**os.environ, "EMPD_DATABASE_URL": sqlite_url}
    command = [str(EMPD), "match", "run", "--json"]
    again = subprocess.run(command, env=environment, capture_output=True, check=True)
    assert json.loads(again.stdout)["alerts"] > 0
    assert waiting(world) == 0
    stopped = links(world)
    forget(world)
    match_waiting(context_of(world))
    assert stopped == links(world)


def compared(world: World) -> int:
    with Session(world.engine) as session:
        return sum(session.exec(select(MatchRun.cases)))


def test_only_what_may_be_matched(world: World, tmp_path: Path) -> None:
    store(world, tmp_path, 50)
    context = context_of(world)
    assert match_waiting(context, ["NL-COA"]) == 0
    assert waiting(world) == 50
    with pytest.raises(BadInput, match="authority"):
        match_waiting(context, ["XX-NONE"])
    reader = world.actor("BE-POL", Permission.CASE_READ)
    with pytest.raises(Forbidden):
        match_waiting(JobContext(world.engine, reader, clock, world.linkage, lambda *_: None))


def test_a_closed_case_waits_no_longer(world: World, tmp_path: Path) -> None:
    store(world, tmp_path, 20)
    with Session(world.engine) as session:
        public_id = session.exec(select(Case.public_id)).first()
    with world.work("BE-POL") as work:
        reason = CaseClosure(reason=CloseReason.FOUND, note="")
        close(work, world.linkage, str(public_id), reason)
    assert waiting(world) == 19
