"""`empd profile`: which numbers score, and what verdicts would change in them."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from matching.estimation.proposal import with_levels
from matching.estimation.verdicts import changed
from service.alerts.learning import learn_from_verdicts
from service.cli.context import AsJson, Official, guarded, open_context
from service.cli.output import show_json, show_line, show_table
from service.errors import BadInput, Conflict, FieldError

app = typer.Typer(help="Profiles: the numbers of a score.", no_args_is_help=True)
SHOWN = 15


@app.command()
@guarded
def show(as_json: AsJson = False) -> None:
    """Show the profile that scores: id, bands, bits of every level.

    Example: empd profile show
    """
    with open_context() as context:
        profile = context.linkage.profile
    bands = {band.value: lowest for band, lowest in profile.bands.items()}
    if as_json:
        show_json({"id": profile.id, "bands": bands, "weights": dict(profile.weights)})
        return
    show_line(f"{profile.id}, prior {profile.prior} bits")
    show_table(("band", "from bits"), bands.items())
    show_table(("level", "bits"), ((n, round(w, 2)) for n, w in profile.weights.items()))


@app.command()
@guarded
def propose(
    file: Annotated[Path, typer.Argument(help="New file for the proposed profile.")],
    official: Official = "",
    as_json: AsJson = False,
) -> None:
    """Propose a profile whose m-probabilities follow the confirmed pairs; nothing is put to use.

    Example: empd profile propose proposed.toml, then EMPD_PROFILE=proposed.toml after a benchmark
    """
    if file.exists():
        raise Conflict("the file exists already")
    with open_context(official) as context:
        with context.work() as work:
            pairs, found = learn_from_verdicts(work, context.linkage)
        profile, given = context.linkage.profile, context.settings.profile
    shipped = resources.files("matching.profiles").joinpath("default.toml")
    text = Path(given).read_text("utf-8") if given else shipped.read_text("utf-8")
    levels = {
        field: {level: {"m": m} for level, m in of_field.items()}
        for field, of_field in found.items()
    }
    provenance = f"m of {profile.id} after {pairs} confirmed pairs"
    try:
        file.write_text(with_levels(text, levels, name="proposed", provenance=provenance), "utf-8")
    except OSError:
        raise BadInput.of(FieldError("file", "cannot be written")) from None
    rows = changed(found, profile)
    if as_json:
        body = [{"level": name, "before": old, "after": round(new, 5)} for name, old, new in rows]
        show_json({"file": str(file), "pairs": pairs, "changes": body})
        return
    show_line(f"{pairs} confirmed pairs; written {file}; benchmark it before you set EMPD_PROFILE")
    show_table(
        ("level", "m before", "m after"),
        ((name, round(old, 3), round(new, 3)) for name, old, new in rows[:SHOWN]),
    )
