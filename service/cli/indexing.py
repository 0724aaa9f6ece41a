"""`empd index`: build, status, verify, compact."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated

import typer
from sqlmodel import Session

from service.cli.context import AsJson, Context, guarded, open_context
from service.cli.output import progress_bar, show_error, show_json, show_line
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
        index = context.linkage.open_index(session)
        body: dict[str, bool | str | int] = {
            "healthy": index.healthy(),
            "generation": index.generation().name,
            "cases": index.frequencies([]).total,
        }
        outbox = outbox_of(context.settings, context.engine, context.clock)
        if outbox is not None:
            with closing(outbox):
                body["lag"] = outbox.lag().changes
    if as_json:
        show_json(body)
        return
    waits = f", {body['lag']} changes wait" if "lag" in body else ""
    show_line(f"{body['generation']}: {body['cases']} cases{waits}")


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
        found = upkeep.verify()
        if repair and not found.clean:
            upkeep.repair(found)
            left = upkeep.verify()
        else:
            left = found
    body = {
        "clean": left.clean,
        "missing": len(found.missing),
        "stale": len(found.stale),
        "surplus": len(found.surplus),
        "miscounted": found.miscounted,
        "repaired": repair and not found.clean and left.clean,
    }
    if as_json:
        show_json(body)
    else:
        show_line(", ".join(f"{name} {value}" for name, value in body.items() if name != "clean"))
    if left.miscounted:
        show_error("postings, terms or keys do not fit the entries: run `empd index build`")
    if not left.clean:
        raise typer.Exit(1)
