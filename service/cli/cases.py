"""`empd case`: register and show."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from service.alerts.operations import alerted_pairs
from service.alerts.view import alert_views
from service.audit.schemas import AuditEvent
from service.cases.intake import register_case
from service.cases.repository import CaseRepository
from service.cases.schemas import CaseDraft
from service.cases.view import case_view
from service.cli.context import AsJson, Official, guarded, open_context
from service.cli.output import show_json, show_line, show_table
from service.errors import BadInput, FieldError
from service.security.policy import Permission

app = typer.Typer(help="Register and show cases.", no_args_is_help=True)


@app.command()
@guarded
def register(
    file: Annotated[Path, typer.Argument(help="A case as JSON, as POST /api/v1/cases takes it.")],
    authority: Annotated[str, typer.Option(help="Code of the owner; needed by the operator.")] = "",
    official: Official = "",
    as_json: AsJson = False,
) -> None:
    """Register a case and show possible duplicates and matches.

    Example: empd case register child.json --authority BE-POL
    """
    draft = CaseDraft.model_validate(_read(file))
    with open_context(official) as context, context.work() as work:
        if not authority and context.actor.reads_all:
            raise BadInput.of(FieldError("--authority", "is needed by the operator"))
        intake = register_case(
            work,
            context.linkage,
            draft,
            limit=context.settings.alert_candidate_limit,
            authority_code=authority,
        )
        repository = CaseRepository(work.session, work.actor)
        found = repository.get(intake.stored.case.public_id)
        case = case_view(repository, found, work.clock().date())
        alerts = alert_views(work, alerted_pairs(work, intake.alerts))
    if as_json:
        show_json(
            {
                "case": case.model_dump(mode="json"),
                "alerts": [alert.model_dump(mode="json") for alert in alerts],
                "compared": intake.compared,
            }
        )
        return
    links = (
        f"{len(alerts)} possible links" if intake.compared else "compared when the index is back"
    )
    show_line(f"registered as {case.case_id}; {links}")
    show_table(
        ("alert", "link", "band", "bits", "other case", "authority"),
        (
            (a.alert_id, a.link, a.band, a.match_weight, other.case_id, other.authority)
            for a in alerts
            for other in [a.right if a.left.case_id == case.case_id else a.left]
        ),
    )


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except OSError:
        raise BadInput.of(FieldError("file", "cannot be read")) from None
    except UnicodeDecodeError:
        raise BadInput.of(FieldError("file", "is not UTF-8")) from None
    except (json.JSONDecodeError, RecursionError):
        raise BadInput.of(FieldError("file", "is no JSON")) from None


@app.command()
@guarded
def show(
    case_id: str,
    purpose: Annotated[str, typer.Option(help="Purpose code.")] = "case_handling",
    reference: Annotated[str, typer.Option(help="Your case reference.")] = "command line",
    official: Official = "",
    as_json: AsJson = False,
) -> None:
    """Show a case as far as you may read it.

    Example: empd case show kq3...
    """
    with open_context(official) as context, context.work() as work:
        work.actor.require(Permission.CASE_READ)
        repository = CaseRepository(work.session, work.actor)
        found = repository.get(case_id)
        event = AuditEvent(
            "case:read", purpose=purpose, reference=reference, case_ids=(found.case.public_id,)
        )
        work.audit(event)
        case = case_view(repository, found, work.clock().date())
    body = case.model_dump(mode="json")
    if as_json:
        show_json(body)
    else:
        show_table(("field", "value"), ((k, v) for k, v in body.items() if v not in (None, "", [])))
