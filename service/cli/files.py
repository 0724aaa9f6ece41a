"""`empd import` and `empd export`."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from matching.record import CaseKind
from service.cli.context import (
    EXIT_REFUSED,
    EXIT_WRONG_USE,
    AsJson,
    Official,
    guarded,
    open_context,
)
from service.cli.indexing import upkeep_of
from service.cli.output import progress_bar, show_error, show_json, show_line
from service.errors import BadInput, Conflict, FieldError
from service.exchange.exporting import export_cases
from service.exchange.formats.columns import COLUMNS
from service.exchange.formats.drafts import cells_of
from service.exchange.formats.mapping import load_map
from service.exchange.formats.reading import format_of
from service.exchange.importing import ImportJob, ImportReport, run_import

COMPACT_FROM = 20_000
"""Cases of an import from which its many small pieces of the index are worth joining."""


@guarded
def import_file(
    file: Annotated[Path, typer.Argument(help="CSV or JSON Lines, UTF-8.")],
    authority: Annotated[str, typer.Option(help="Code of the owner.")],
    form: Annotated[
        str | None, typer.Option("--format", help="csv or jsonl; else by name.")
    ] = None,
    column_map: Annotated[
        str | None, typer.Option("--map", help="Map file, or the name of a shipped one.")
    ] = None,
    kind: Annotated[
        CaseKind | None, typer.Option(help="Kind of all cases, over the map's own.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check only.")] = False,
    rejects: Annotated[Path | None, typer.Option(help="Where rejected rows go.")] = None,
    later: Annotated[
        bool, typer.Option("--later", help="Only store; `empd match` compares.")
    ] = False,
    official: Official = "",
    as_json: AsJson = False,
) -> None:
    """Import cases, then compare them with the collection; a killed import is taken up.

    Example: empd import cases.csv --authority BE-POL
    """
    mapping = load_map(column_map)
    if kind:
        mapping.constants["kind"] = kind.value
    with open_context(official) as context, progress_bar() as progress:
        job = ImportJob(
            path=file,
            form=format_of(file, form),
            authority=authority,
            column_map=mapping,
            rejects=rejects or file.with_name(f"{file.name}.rejects.jsonl"),
            dry_run=dry_run,
            later=later,
        )
        where = context.job(progress)
        report = run_import(where, job)
        if report.stored >= COMPACT_FROM:
            upkeep_of(context, progress).compact()
    if as_json:
        show_json(report.as_json())
    else:
        _show_report(report)
    if report.reason:
        show_error(report.reason)
        raise typer.Exit(EXIT_WRONG_USE)
    if not report.read:
        show_error("the file holds no rows")
    if not report.stored + report.unchanged:
        raise typer.Exit(EXIT_REFUSED)


def _show_report(report: ImportReport) -> None:
    if report.resumed_at:
        show_line(f"taken up behind row {report.resumed_at}, where it was stopped")
    links = "comparison stopped" if report.reason else f"{report.alerts} possible links"
    show_line(
        f"{report.read} read, {report.stored} stored, {report.unchanged} unchanged, "
        f"{report.rejected} rejected, {links}, {report.seconds:.1f} s"
    )
    if report.rejects_file:
        show_line(f"rejected rows and reasons: {report.rejects_file}")


@guarded
def export_file(
    file: Annotated[Path, typer.Argument(help="New file to write.")],
    authority: Annotated[str, typer.Option(help="Code of the owner.")],
    form: Annotated[
        str | None, typer.Option("--format", help="csv or jsonl; else by name.")
    ] = None,
    official: Official = "",
    as_json: AsJson = False,
) -> None:
    """Export the cases of an authority in the columns that import reads.

    Example: empd export cases.jsonl --authority BE-POL
    """
    chosen = format_of(file, form)
    if file.exists():
        raise Conflict("the file exists already")
    written, left_out = 0, Counter[str]()
    with open_context(official) as context, context.work() as work, progress_bar() as progress:
        part = file.with_name(f"{file.name}.part")
        try:
            with part.open("w", encoding="utf-8", newline="") as target:
                writer = csv.DictWriter(target, list(COLUMNS))
                if chosen == "csv":
                    writer.writeheader()
                for case in export_cases(work, authority):
                    if chosen == "csv":
                        writer.writerow(cells_of(case.columns))
                    else:
                        target.write(json.dumps(case.columns, ensure_ascii=False) + "\n")
                    written += 1
                    left_out += case.left_out
                    progress("exporting", written, None)
            part.rename(file)
        except OSError:
            raise BadInput.of(FieldError("file", "cannot be written")) from None
        finally:
            part.unlink(missing_ok=True)
    if as_json:
        show_json({"written": written, "file": str(file), "left_out": dict(left_out)})
        return
    show_line(f"{written} cases written to {file}")
    for kind, number in sorted(left_out.items()):
        show_line(f"left out, the columns have no room for it: {number} x {kind}")
