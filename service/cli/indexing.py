"""`empd index`: build, status, verify."""

from __future__ import annotations

from collections.abc import Iterator

import typer
from sqlmodel import Session

from matching.retrieval import IndexEntry, index_entry
from service.audit.schemas import AuditEvent
from service.cases.repository import CaseRepository, chunks, matching_records
from service.cli.context import AsJson, guarded, open_context
from service.cli.output import progress_bar, show_json, show_line
from service.exchange.importing import Progress
from service.index.sql import SqlIndex
from service.store.unit_of_work import UnitOfWork

app = typer.Typer(help="The index of candidates, a projection of the cases.", no_args_is_help=True)


def entries_of(work: UnitOfWork, progress: Progress) -> Iterator[IndexEntry]:
    """Index entries of all open cases, from the store."""
    ids = CaseRepository(work.session, work.actor).open_digests()
    done = 0
    for chunk in chunks(ids):
        for case_id, record in matching_records(work.session, chunk).items():
            yield index_entry(case_id, record)
        done += len(chunk)
        progress("reading cases", done, len(ids))


@app.command()
@guarded
def build(as_json: AsJson = False) -> None:
    """Build the index anew from the cases and let it answer.

    Example: empd index build
    """
    with open_context() as context, context.work() as work, progress_bar() as progress:
        index = SqlIndex(work.session)
        generation = index.build(entries_of(work, progress))
        index.activate(generation)
        work.audit(AuditEvent("index:build", detail={"generation": generation.name}))
    if as_json:
        show_json({"generation": generation.name})
    else:
        show_line(f"generation {generation.name} answers")


@app.command()
@guarded
def status(as_json: AsJson = False) -> None:
    """Show which generation answers.

    Example: empd index status
    """
    with open_context() as context, Session(context.engine) as session:
        index = context.linkage.open_index(session)
        body = {"healthy": index.healthy(), "generation": index.generation().name}
        cases = index.frequencies([]).total
    if as_json:
        show_json({**body, "cases": cases})
    else:
        show_line(f"{body['generation']}: {cases} cases")


@app.command()
@guarded
def verify(as_json: AsJson = False) -> None:
    """Compare the index with the cases; exit 1 when they differ.

    Example: empd index verify
    """
    with open_context() as context, context.work() as work, progress_bar() as progress:
        missing, stale, surplus = SqlIndex(work.session).verify(entries_of(work, progress))
        work.audit(AuditEvent("index:verify"))
    clean = not (missing or stale or surplus)
    body = {"clean": clean, "missing": missing, "stale": stale, "surplus": surplus}
    if as_json:
        show_json(body)
    else:
        show_line(f"missing {missing}, stale {stale}, surplus {surplus}")
    if not clean:
        raise typer.Exit(1)
