"""Put the commands together."""

from __future__ import annotations

import socket
import sys
from typing import Annotated

import typer

from service.cli import (
    accounts,
    alerts,
    audit,
    cases,
    database,
    demonstration,
    draining,
    files,
    indexing,
    matching,
    profiles,
    searching,
)
from service.cli.context import EXIT_REFUSED, EXIT_WRONG_USE, AsJson, WrongUse, guarded
from service.cli.output import show_error, show_json, show_line, show_table
from service.config import Settings
from service.errors import BadInput, FieldError
from service.observability import configure_logging

app = typer.Typer(
    help="European Missing Persons Database, prototype on synthetic data.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(database.app, name="db")
app.add_typer(accounts.authorities, name="authority")
app.add_typer(accounts.officials, name="account")
app.add_typer(accounts.clients, name="client")
app.add_typer(cases.app, name="case")
app.add_typer(alerts.app, name="alert")
indexing.app.command("drain")(draining.drain)
app.add_typer(indexing.app, name="index")
app.add_typer(matching.app, name="match")
app.add_typer(profiles.app, name="profile")
app.add_typer(audit.app, name="audit")
app.command("import")(files.import_file)
app.command("export")(files.export_file)
app.command("search")(searching.search)
app.command("demo")(demonstration.demo)


@app.command()
@guarded
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 8000,
    workers: Annotated[int, typer.Option(help="Processes.", min=1, max=64)] = 1,
) -> None:
    """Serve HTTP and pages.

    Example: empd serve --port 8080
    """
    import uvicorn  # noqa: PLC0415 - all other commands start without it

    settings = Settings()
    configure_logging(settings.log_format)
    _check_free(host, port)
    show_line(f"EMPD listens on http://{host}:{port} (Ctrl-C ends it)")
    uvicorn.run(
        "service.app:create_app",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        access_log=False,
        server_header=False,
        log_level="warning",
    )


@app.command()
@guarded
def settings(as_json: AsJson = False) -> None:
    """Show every setting with meaning, default and current value; secrets are masked.

    Example: empd settings --json
    """
    current = Settings()
    rows = [
        {
            "name": f"EMPD_{name.upper()}",
            "value": str(getattr(current, name)),
            "default": str(field.default),
            "meaning": field.description,
        }
        for name, field in Settings.model_fields.items()
    ]
    if as_json:
        show_json({"settings": rows})
    else:
        show_table(
            ("name", "value", "meaning"), ((r["name"], r["value"], r["meaning"]) for r in rows)
        )


def _check_free(host: str, port: int) -> None:
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError:
        raise BadInput.of(FieldError("--port", f"{host}:{port} cannot be listened on")) from None


def main() -> None:
    """Entry point of the command `empd`; wrong use is one line and exit code 2."""
    try:
        code = app(standalone_mode=False)
    except WrongUse as error:
        told = " ".join(str(error.format_message()).split())
        if told and "Usage:" not in told:
            show_error(told)
        code = EXIT_WRONG_USE
    except typer.Abort:
        code = EXIT_REFUSED
    sys.exit(code or 0)
