"""`empd search`."""

from __future__ import annotations

from typing import Annotated

import typer

from service.cli.context import AsJson, Official, guarded, open_context
from service.cli.output import show_json, show_line, show_table
from service.errors import FieldError, PurposeRequired
from service.search.operations import search_cases
from service.search.schemas import SearchIn


@guarded
def search(
    name: Annotated[list[str] | None, typer.Argument(help="Name in any script and order.")] = None,
    purpose: Annotated[str, typer.Option(help="Such as child_protection (required).")] = "",
    reference: Annotated[str, typer.Option(help="Your case reference (required).")] = "",
    born: Annotated[str, typer.Option(help="2009, 2009-03, 2009-03-14 or 2008..2010")] = "",
    age: Annotated[str, typer.Option(help="15 or 15..17")] = "",
    sex: Annotated[str, typer.Option(help="F, M or X")] = "",
    nationality: Annotated[list[str] | None, typer.Option(help="ISO 3166-1; repeat.")] = None,
    phone: Annotated[list[str] | None, typer.Option(help="Telephone number; repeat.")] = None,
    kind: Annotated[list[str] | None, typer.Option(help="missing, encountered, ...")] = None,
    limit: Annotated[int, typer.Option(help="Most hits.")] = 20,
    official: Official = "",
    as_json: AsJson = False,
) -> None:
    """Find cases that may be a person; every value is evidence, only --kind excludes.

    Example: empd search Mohamad Huseini --born 2008 --sex M --purpose missing_child_search
    --reference BE/26/0042
    """
    missing = [
        FieldError(option, "is missing")
        for option, value in (("--purpose", purpose), ("--reference", reference))
        if not value
    ]
    if missing:
        raise PurposeRequired("; ".join(map(str, missing)), tuple(missing))
    query = {
        "names": [" ".join(name)] if name else [],
        "born": born or None,
        "age": age or None,
        "sex": sex or None,
        "nationalities": nationality or [],
        "phones": phone or [],
        "filters": {"kinds": kind or []},
        "limit": limit,
    }
    asked = SearchIn.model_validate({"purpose": purpose, "reference": reference, "query": query})
    with open_context(official) as context, context.work(reads=True) as work:
        answer = search_cases(work, context.linkage, asked, limit=context.settings.candidate_limit)
    if as_json:
        show_json(answer.model_dump(mode="json"))
    else:
        show_table(
            ("case", "record", "authority", "name", "age", "band", "bits", "reasons"),
            (
                (
                    hit.case_id,
                    hit.record_id,
                    hit.authority,
                    hit.display_name,
                    hit.age,
                    hit.band,
                    hit.match_weight,
                    ", ".join(e.reason for e in hit.evidence if e.weight),
                )
                for hit in answer.hits
            ),
        )
        show_line(f"{len(answer.hits)} hits of {answer.considered} considered")
        if answer.cut:
            show_line("the list of candidates was cut: add what you know")
        if answer.fallback:
            show_line(f"the index server does not answer: {answer.fallback} stood in for it")
    if not answer.hits:
        raise typer.Exit(1)
