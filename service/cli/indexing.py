"""`empd index`: build, status, verify, compact."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated

import typer
from sqlmodel import Session

from service.cli.context import EXIT_WRONG_USE, AsJson, Context, guarded, open_context
from service.cli.output import progress_bar, show_error, show_json, show_line
from service.errors import Conflict, IndexUnavailable
from service.index.differences import Differences
from service.index.factory import outbox_of
from service.index.upkeep import Progress, Upkeep
from service.store.engine import for_reading

app = typer.Typer(help="The index of candidates, a projection of the cases.", no_args_is_help=True)


def upkeep_of(context: Context, progress: Progress) -> Upkeep:
    """Upkeep for whoever runs the command."""
    return Upkeep(
        context.engine, context.linkage.open_index, context.actor, context.clock, progress
    )


@app.command()
@guarded
def build(as_json: AsJson = False) -> None:
    """Build the index anew from the cases and let it answer; searches go on meanwhile.

    Example: empd index build
    """
    with open_context() as context, progress_bar() as progress:
        generation = upkeep_of(context, progress).rebuild()
    if as_json:
        show_json({"generation": generation.name})
    else:
        show_line(f"generation {generation.name} answers")


@app.command()
@guarded
def compact(as_json: AsJson = False) -> None:
    """Write what imports left in many small pieces in a form that is quicker to read.

    Example: empd index compact
    """
    with open_context() as context, progress_bar() as progress:
        upkeep = upkeep_of(context, progress)
        upkeep.sweep()
        terms = upkeep.compact()
    if as_json:
        show_json({"compacted": terms})
    else:
        show_line(f"{terms} terms compacted")


@app.command()
@guarded
def status(as_json: AsJson = False) -> None:
    """Show which generation answers, and how many changes Elasticsearch has not seen yet.

    Example: empd index status
    """
    with open_context() as context, Session(for_reading(context.engine)) as session:
        lag = lag_of(context)
        index = context.linkage.open_index(session)
        try:
            body = {
                "healthy": index.healthy(),
                "generation": index.generation().name,
                "cases": index.frequencies([]).total,
                **lag,
            }
        except IndexUnavailable as problem:
            if not lag:
                raise
            # What waits is told above all while the server is away.
            body = {"healthy": False, "reason": problem.detail, **lag}
    waits = f", {lag['lag']} changes wait" if lag else ""
    if as_json:
        show_json(body)
    elif body["healthy"]:
        show_line(f"{body['generation']}: {body['cases']} cases{waits}")
    else:
        show_error(f"{body['reason']}{waits}")
    if not body["healthy"]:
        raise typer.Exit(EXIT_WRONG_USE)


def _repaired(upkeep: Upkeep, found: Differences) -> Differences:
    """What is left after mending."""
    try:
        upkeep.repair(found)
    except Conflict:
        if not found.miscounted:
            raise
        # The tables hold more of a case than its entry says: only a build clears that.
        return found
    return upkeep.verify()


def lag_of(context: Context) -> dict[str, int]:
    """How many changes wait for Elasticsearch, as `lag`; nothing where the store is the index."""
    outbox = outbox_of(context.settings, context.engine, context.clock)
    if outbox is None:
        return {}
    with closing(outbox):
        return {"lag": outbox.lag().changes}


@app.command()
@guarded
def verify(
    repair: Annotated[bool, typer.Option("--repair", help="Mend what differs.")] = False,
    as_json: AsJson = False,
) -> None:
    """Compare the index with the cases; exit 1 when they differ and were not mended.

    Example: empd index verify --repair
    """
    with open_context() as context, progress_bar() as progress:
        upkeep = upkeep_of(context, progress)
        found = left = upkeep.verify()
        if repair and not found.clean:
            left = _repaired(upkeep, found)
        lag = lag_of(context)
    body = {
        "clean": left.clean,
        "missing": len(found.missing),
        "stale": len(found.stale),
        "surplus": len(found.surplus),
        "miscounted": found.miscounted,
        "needs_build": bool(left.miscounted),
        "repaired": repair and not found.clean and left.clean,
        **lag,
    }
    if as_json:
        show_json(body)
    else:
        show_line(", ".join(f"{name} {value}" for name, value in body.items() if name != "clean"))
    if left.miscounted:
        show_error("postings, terms or keys do not fit the entries: run `empd index build`")
    if not left.clean:
        raise typer.Exit(1)
