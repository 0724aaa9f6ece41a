"""`empd match`: compare the cases that wait with the collection, and how far that is."""

from __future__ import annotations

import typer

from service.alerts.background import match_status, match_waiting
from service.cli.context import AsJson, Official, guarded, open_context
from service.cli.output import progress_bar, show_json, show_line

app = typer.Typer(help="Comparison of imported cases with the collection.", no_args_is_help=True)


@app.command()
@guarded
def run(official: Official = "", as_json: AsJson = False) -> None:
    """Compare all cases that wait; may be stopped and begun again at any time.

    Example: empd match run
    """
    with open_context(official) as context, progress_bar() as progress:
        where = context.job(progress)
        own = None if context.actor.reads_all else [context.actor.authority_code]
        alerts = match_waiting(where, own)
    if as_json:
        show_json({"alerts": alerts})
    else:
        show_line(f"{alerts} possible links")


@app.command()
@guarded
def status(official: Official = "", as_json: AsJson = False) -> None:
    """Show how many cases wait, how many the newest run compared, and how fast.

    Example: empd match status --json
    """
    with open_context(official) as context, context.work() as work:
        found = match_status(work)
    if as_json:
        show_json(found.as_json())
        return
    if found.unseen:
        show_line(
            f"the newest run stopped short: the index lagged or ran out of time for {found.unseen} "
            "cases; `empd match run` goes on"
        )
    rate = found.as_json()["cases_per_second"]
    show_line(f"{found.waiting} wait; {found.done} compared, {found.alerts} possible links")
    if rate:
        ended = ", not ended: if nobody runs it, `empd match run` goes on"
        show_line(f"{rate} cases a second" + (ended if found.running else ", ended"))
