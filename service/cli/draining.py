"""`empd index drain`: carry changes to Elasticsearch from the command line."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.context import AsJson, guarded, open_context
from service.cli.output import progress_bar, show_error, show_json, show_line
from service.errors import BadInput, FieldError, Unavailable
from service.index.factory import outbox_of

if TYPE_CHECKING:
    from service.index.outbox import Outbox

FOLLOW_SECONDS = 0.5
REST_SECONDS = 5.0
"""Pause after Elasticsearch did not answer."""


@guarded
def drain(
    follow: Annotated[bool, typer.Option(help="Go on until Ctrl-C.")] = False,
    as_json: AsJson = False,
) -> None:
    """Carry what waits in the store to Elasticsearch; `empd serve` does so by itself.

    Example: empd index drain --follow
    """
    with open_context() as context, progress_bar() as progress:
        outbox = outbox_of(context.settings, context.engine, context.clock)
        if outbox is None:
            raise BadInput.of(FieldError("EMPD_INDEX", "is not elastic: there is nothing to carry"))

        def report(done: int, total: int) -> None:
            progress("changes", done, total)

        with closing(outbox):
            carried = _drain(outbox, report, follow=follow)
            lag = outbox.lag()
    if as_json:
        show_json({"carried": carried, "lag": lag.changes})
    else:
        show_line(f"{carried} changes carried, {lag.changes} wait")


def _drain(outbox: Outbox, report: Callable[[int, int], None], *, follow: bool) -> int:
    carried = 0
    while True:
        pause = FOLLOW_SECONDS
        try:
            carried += outbox.drain(report)
        except Unavailable as error:
            if not follow:
                raise
            show_error(error.detail)
            pause = REST_SECONDS
        if not follow:
            return carried
        time.sleep(pause)
