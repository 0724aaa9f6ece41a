"""`empd demo`: load the synthetic demo once, with officials to sign in as."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from tempfile import gettempdir
from typing import Annotated, Any

import typer

from fixtures.authorities import authorities
from fixtures.demo import demo_population
from service.accounts.operations import add_authority, add_client, add_official, reset_password
from service.accounts.repository import AccountRepository
from service.accounts.schemas import AuthorityIn, ClientIn, OfficialIn
from service.alerts.background import match_waiting
from service.audit.schemas import AuditEvent
from service.cli.context import AsJson, Context, guarded, open_context
from service.cli.output import progress_bar, show_json, show_line, show_table
from service.errors import Conflict
from service.exchange.formats.mapping import ColumnMap
from service.exchange.formats.reading import RawRow, SourceRow
from service.exchange.importing import ImportJob, ImportReport, store_rows
from service.jobs import Progress
from service.security.policy import Permission, Role

_OFFICER = (Role.CHILD_PROTECTION_OFFICER,)
OFFICIALS = (
    ("officer.be", "BE-CHILD", "Child protection officer (fictional)", _OFFICER),
    ("officer.de", "DE-JUGEND", "Child protection officer (fictional)", _OFFICER),
    ("investigator.de", "DE-POL", "Investigator (fictional)", (Role.INVESTIGATOR,)),
    ("supervisor.fr", "FR-POL", "Supervisor (fictional)", (Role.SUPERVISOR,)),
    ("evaluator.be", "BE-CHILD", "Evaluator (fictional)", (Role.EVALUATOR,)),
    ("auditor.be", "BE-CHILD", "Auditor (fictional)", (Role.AUDITOR,)),
    ("admin.be", "BE-CHILD", "Administrator (fictional)", (Role.ADMINISTRATOR,)),
)
"""Login, authority, name and roles of those who may sign in to the demo."""
_NATIONAL = (
    Permission.CASE_READ,
    Permission.CASE_WRITE,
    Permission.CASE_SHARE,
    Permission.SEARCH,
    Permission.ALERT_READ,
    Permission.ALERT_DECIDE,
    Permission.RISK_READ,
    Permission.EXCHANGE_DECIDE,
)
CLIENTS = (
    ("national-system-be", "BE-CHILD", _NATIONAL),
    ("national-system-de", "DE-POL", _NATIONAL),
    ("partner-notices", "FR-POL", (Permission.EXCHANGE_NOTICES,)),
    ("partner-queries", "FR-POL", (Permission.EXCHANGE_QUERY,)),
)
"""Name, authority and scopes of the demo's partner systems."""


@guarded
def demo(
    size: Annotated[int, typer.Option(help="Cases, stories included.", min=1)] = 20_000,
    seed: Annotated[int, typer.Option(help="Seed of the population.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Load the synthetic demo, or say again who may sign in when it is loaded.

    Example: empd demo --size 20000 --seed 1
    """
    with open_context() as context:
        if _loaded(context):
            passwords = _renew_one_time_passwords(context)
            _show({"loaded": False, "officials": passwords}, as_json)
            return
        with progress_bar() as progress:
            report = _load(context, size, seed, progress)
        body = {
            "loaded": True,
            "cases": report.stored,
            "rejected": report.rejected,
            "alerts": report.alerts,
            "seconds": round(report.seconds, 1),
            "officials": _officials(context),
            "clients": _clients(context),
        }
    _show(body, as_json)


def _show(body: dict[str, Any], as_json: bool) -> None:
    if as_json:
        show_json(body)
        return
    if body["loaded"]:
        show_line(
            f"{body['cases']} synthetic cases, {body['alerts']} possible links, {body['seconds']} s"
        )
    else:
        show_line("The demo is loaded already.")
    show_table(
        ("login", "role", "authority", "one-time password"),
        (
            (o["login"], o["roles"][0], o["authority"], o["one_time_password"])
            for o in body["officials"]
        ),
    )


def _loaded(context: Context) -> bool:
    with context.work() as work:
        work.audit(AuditEvent("demo:look"))
        codes = {authority.code for authority in AccountRepository(work.session).authorities()}
    ours = {authority.code for authority in authorities()}
    if codes and not ours <= codes:
        raise Conflict("the database holds other authorities: load the demo into an empty one")
    return bool(codes)


def _load(context: Context, size: int, seed: int, progress: Progress) -> ImportReport:
    started = context.clock()
    with context.work() as work:
        for authority in authorities():
            draft = {
                name: getattr(authority, name)
                for name in ("code", "name", "country", "kind", "email", "phone")
            }
            add_authority(work, AuthorityIn.model_validate(draft))
    rows: dict[str, list[SourceRow]] = defaultdict(list)
    for number, case in enumerate(demo_population(size, seed), 1):
        cells = {name: _values(value) for name, value in case.row.items()}
        source = RawRow(number, json.dumps(case.row, ensure_ascii=False))
        rows[case.authority].append(SourceRow(number, cells, source=source))
    report = ImportReport()
    rejects = Path(gettempdir()) / "empd-demo.rejects.jsonl"
    where = context.job(progress)
    for code, found in sorted(rows.items()):
        job = ImportJob(Path(), "jsonl", code, ColumnMap(), rejects)
        store_rows(where, job, iter(found), report)
    report.alerts = match_waiting(where, sorted(rows))
    report.seconds = (context.clock() - started).total_seconds()
    return report


def _values(value: Any) -> list[str]:
    items = value if isinstance(value, (list, tuple)) else [value]
    return ["" if item is None else str(item) for item in items]


def _officials(context: Context) -> list[dict[str, Any]]:
    found = []
    with context.work() as work:
        for login, authority, name, roles in OFFICIALS:
            draft = OfficialIn(authority=authority, login=login, name=name, roles=list(roles))
            _, password = add_official(work, draft)
            found.append(
                {
                    "login": login,
                    "authority": authority,
                    "roles": [role.value for role in roles],
                    "one_time_password": password,
                }
            )
    return found


def _renew_one_time_passwords(context: Context) -> list[dict[str, Any]]:
    """New one-time passwords for those who have not chosen their own yet."""
    found = []
    with context.work() as work:
        accounts = AccountRepository(work.session)
        work.audit(AuditEvent("demo:officials"))
        for login, authority, _, roles in OFFICIALS:
            official = accounts.official(login)
            unused = official is not None and official.password_is_one_time
            password = reset_password(work, login) if unused else "(own password chosen)"
            found.append(
                {
                    "login": login,
                    "authority": authority,
                    "roles": [role.value for role in roles],
                    "one_time_password": password,
                }
            )
    return found


def _clients(context: Context) -> list[dict[str, Any]]:
    found = []
    with context.work() as work:
        for name, authority, scopes in CLIENTS:
            client, secret = add_client(
                work, ClientIn(authority=authority, name=name, scopes=list(scopes))
            )
            found.append(
                {
                    "name": name,
                    "authority": authority,
                    "client_id": client.client_id,
                    "client_secret": secret,
                    "scopes": client.scopes,
                }
            )
    return found
