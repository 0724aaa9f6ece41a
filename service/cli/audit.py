"""`empd audit`: verify and export the trail."""

from __future__ import annotations

import typer

from service.audit.operations import export_entries, verify_chain
from service.audit.repository import AuditRepository
from service.audit.schemas import AuditEvent
from service.cli.context import AsJson, guarded, open_context
from service.cli.output import show_json, show_line
from service.security.policy import Permission

app = typer.Typer(help="The trail of every access.", no_args_is_help=True)


@app.command()
@guarded
def verify(as_json: AsJson = False) -> None:
    """Recompute the hash chain from the first row on.

    Example: empd audit verify
    """
    with open_context() as context, context.work() as work:
        work.actor.require(Permission.AUDIT_READ)
        report = verify_chain(AuditRepository(work.session))
        work.audit(AuditEvent("audit:verify", detail={"intact": report.intact}))
    body = {
        "rows": report.rows,
        "intact": report.intact,
        "broken_at": report.broken_at,
        "head": report.head,
    }
    if as_json:
        show_json(body)
    elif report.intact:
        show_line(f"{report.rows} rows, chain intact")
    else:
        show_line(f"chain broken at row {report.broken_at}")
    if not report.intact:
        raise typer.Exit(1)


@app.command()
@guarded
def export(as_json: AsJson = False) -> None:
    """Write all rows to stdout, one JSON object a line, or one object with --json.

    Example: empd audit export > trail.jsonl
    """
    with open_context() as context, context.work() as work:
        work.actor.require(Permission.AUDIT_READ)
        rows = export_entries(AuditRepository(work.session))
        if as_json:
            show_json({"entries": list(rows)})
        else:
            for row in rows:
                show_json(row)
        work.audit(AuditEvent("audit:export"))
