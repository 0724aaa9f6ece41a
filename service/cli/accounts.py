"""`empd authority`, `empd account`, `empd client`."""

from __future__ import annotations

from typing import Annotated

import typer

from service.accounts.operations import (
    add_authority,
    add_client,
    add_official,
    disable_official,
    reset_password,
    revoke_client,
)
from service.accounts.repository import AccountRepository
from service.accounts.schemas import AuthorityIn, ClientIn, OfficialIn
from service.audit.schemas import AuditEvent
from service.cli.context import AsJson, guarded, open_context
from service.cli.output import show_json, show_line, show_table

authorities = typer.Typer(help="Authorities that own cases.", no_args_is_help=True)
officials = typer.Typer(help="Officials who sign in.", no_args_is_help=True)
clients = typer.Typer(help="Machine clients of partner systems.", no_args_is_help=True)

Code = Annotated[str, typer.Option("--authority", help="Code of the authority.")]


@authorities.command("add")
@guarded
def add_one_authority(
    code: Annotated[str, typer.Argument(help="Code, such as BE-POL.")],
    name: Annotated[str, typer.Option(help="Name.")],
    country: Annotated[str, typer.Option(help="ISO 3166-1 country.")],
    kind: Annotated[str, typer.Option(help="police, child_protection, border, ...")] = "police",
    email: Annotated[str, typer.Option(help="Contact shown to others.")] = "",
    phone: Annotated[str, typer.Option(help="Contact shown to others.")] = "",
    as_json: AsJson = False,
) -> None:
    """Add an authority.

    Example: empd authority add BE-POL --name "Police, fictional" --country BE
    """
    body = {
        "code": code,
        "name": name,
        "country": country,
        "kind": kind,
        "email": email,
        "phone": phone,
    }
    draft = AuthorityIn.model_validate(body)
    with open_context() as context, context.work() as work:
        add_authority(work, draft)
    if as_json:
        show_json(draft.model_dump(mode="json"))
    else:
        show_line(f"authority {code} added")


@authorities.command("list")
@guarded
def list_authorities(as_json: AsJson = False) -> None:
    """List all authorities.

    Example: empd authority list --json
    """
    with open_context() as context, context.work() as work:
        found = [
            a.model_dump(exclude={"id"}) for a in AccountRepository(work.session).authorities()
        ]
        work.audit(AuditEvent("authority:list"))
    if as_json:
        show_json({"authorities": found})
    else:
        show_table(
            ("code", "name", "country", "kind"),
            ((a["code"], a["name"], a["country"], a["kind"]) for a in found),
        )


@officials.command("add")
@guarded
def add_one_official(
    login: Annotated[str, typer.Argument(help="Login.")],
    name: Annotated[str, typer.Option(help="Name of the person.")],
    authority: Code,
    role: Annotated[list[str], typer.Option(help="Role; repeat for several.")],
    as_json: AsJson = False,
) -> None:
    """Add an official and print the one-time password.

    Example: empd account add an --name "An Example" --authority BE-POL --role investigator
    """
    draft = OfficialIn.model_validate(
        {"login": login, "name": name, "authority": authority, "roles": role}
    )
    with open_context() as context, context.work() as work:
        _, password = add_official(work, draft)
    _show_secret(as_json, "login", login, "one_time_password", password)


def _show_secret(as_json: bool, name: str, value: str, kind: str, secret: str) -> None:
    if as_json:
        show_json({name: value, kind: secret})
    else:
        show_line(f"{name} {value}, {kind.replace('_', ' ')}: {secret}")


@officials.command("list")
@guarded
def list_officials(as_json: AsJson = False) -> None:
    """List all officials.

    Example: empd account list
    """
    with open_context() as context, context.work() as work:
        accounts = AccountRepository(work.session)
        found = [
            {
                "login": o.login,
                "name": o.name,
                "authority": accounts.authority_by_id(o.authority_id).code,
                "roles": o.roles,
                "disabled": o.disabled_at is not None,
            }
            for o in accounts.officials()
        ]
        work.audit(AuditEvent("account:list"))
    if as_json:
        show_json({"accounts": found})
    else:
        show_table(
            ("login", "name", "authority", "roles"),
            ((o["login"], o["name"], o["authority"], o["roles"]) for o in found),
        )


@officials.command("disable")
@guarded
def disable(login: str, as_json: AsJson = False) -> None:
    """Disable an account; its sessions end at once.

    Example: empd account disable an
    """
    with open_context() as context, context.work() as work:
        disable_official(work, login)
    if as_json:
        show_json({"login": login, "disabled": True})
    else:
        show_line(f"{login} disabled")


@officials.command("reset-password")
@guarded
def reset(login: str, as_json: AsJson = False) -> None:
    """Give an official a new one-time password.

    Example: empd account reset-password an
    """
    with open_context() as context, context.work() as work:
        password = reset_password(work, login)
    _show_secret(as_json, "login", login, "one_time_password", password)


@clients.command("add")
@guarded
def add_one_client(
    name: Annotated[str, typer.Argument(help="Name of the partner system.")],
    authority: Code,
    scope: Annotated[list[str], typer.Option(help="Scope; repeat for several.")],
    as_json: AsJson = False,
) -> None:
    """Add a machine client and print its secret.

    Example: empd client add "National search screen" --authority BE-POL --scope search
    """
    draft = ClientIn.model_validate({"name": name, "authority": authority, "scopes": scope})
    with open_context() as context, context.work() as work:
        client, secret = add_client(work, draft)
        client_id = client.client_id
    _show_secret(as_json, "client_id", client_id, "client_secret", secret)


@clients.command("list")
@guarded
def list_clients(as_json: AsJson = False) -> None:
    """List machine clients.

    Example: empd client list
    """
    with open_context() as context, context.work() as work:
        found = [
            {
                "client_id": c.client_id,
                "name": c.name,
                "scopes": c.scopes,
                "revoked": c.revoked_at is not None,
            }
            for c in AccountRepository(work.session).clients()
        ]
        work.audit(AuditEvent("client:list"))
    if as_json:
        show_json({"clients": found})
    else:
        show_table(
            ("client_id", "name", "scopes"),
            ((c["client_id"], c["name"], c["scopes"]) for c in found),
        )


@clients.command("revoke")
@guarded
def revoke(client_id: str, as_json: AsJson = False) -> None:
    """Revoke a machine client; its tokens end at once.

    Example: empd client revoke client-abc
    """
    with open_context() as context, context.work() as work:
        revoke_client(work, client_id)
    if as_json:
        show_json({"client_id": client_id, "revoked": True})
    else:
        show_line(f"{client_id} revoked")
