"""`empd alert`: the review queue."""

from __future__ import annotations

from typing import Annotated

import typer

from matching.evidence import Band
from service.alerts.operations import decide as decide_alert
from service.alerts.reading import read_alert, read_queue
from service.alerts.schemas import AlertStatus, VerdictCode, VerdictIn
from service.alerts.view import verdict_view
from service.cli.context import AsJson, InLanguage, Language, Official, guarded, open_context
from service.cli.output import show_json, show_line, show_table

app = typer.Typer(help="Possible links and verdicts on them.", no_args_is_help=True)


@app.command("list")
@guarded
def list_alerts(
    status: Annotated[list[AlertStatus] | None, typer.Option(help="Only these; repeat.")] = None,
    band: Annotated[list[Band] | None, typer.Option(help="Only these bands; repeat.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000)] = 50,
    after: Annotated[str, typer.Option(help="Cursor of the next page.")] = "",
    official: Official = "",
    as_json: AsJson = False,
) -> None:
    """List alerts by falling match weight.

    Example: empd alert list --band strong --json
    """
    with open_context(official) as context, context.work() as work:
        page = read_queue(
            work,
            statuses=[item.value for item in status or []],
            bands=[item.value for item in band or []],
            after=after,
            limit=limit,
        )
    if as_json:
        show_json(page.model_dump(mode="json"))
        return
    show_table(
        ("alert", "band", "bits", "left", "right", "status"),
        (
            (
                a.alert_id,
                a.band,
                a.match_weight,
                a.left.record_id or a.left.authority,
                a.right.record_id or a.right.authority,
                a.status,
            )
            for a in page.alerts
        ),
    )
    if page.next:
        show_line(f"more with --after {page.next}")


@app.command()
@guarded
def show(
    alert_id: str,
    language: InLanguage = Language.ENGLISH,
    official: Official = "",
    as_json: AsJson = False,
) -> None:
    """Show an alert with its evidence.

    Example: empd alert show kq3... --language fr
    """
    with open_context(official, language.value) as context, context.work() as work:
        detail = read_alert(work, alert_id)
    if as_json:
        show_json(detail.model_dump(mode="json"))
        return
    show_line(f"{detail.band}, {detail.match_weight} bits, {detail.status}; a person decides")
    show_table(
        ("field", "outcome", "bits", "left", "right", "reason"),
        ((e.title, e.outcome, e.weight, e.left, e.right, e.text) for e in detail.evidence),
    )


@app.command()
@guarded
def decide(
    alert_id: str,
    verdict: Annotated[VerdictCode, typer.Option(help="same, different or unsure.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    official: Official = "",
    as_json: AsJson = False,
) -> None:
    """Decide on an alert.

    Example: empd alert decide kq3... --verdict same --reason "scar and mother's name agree"
    """
    draft = VerdictIn(verdict=verdict, reason=reason)
    with open_context(official) as context, context.work() as work:
        settled = verdict_view(decide_alert(work, alert_id, draft))
    if as_json:
        show_json(settled.model_dump(mode="json"))
    else:
        show_line(f"decided: {settled.verdict}")
