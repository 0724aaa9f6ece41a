"""What commands print: one JSON object or a table on stdout, progress and errors on stderr."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table
from rich.text import Text

from service.jobs import Progress as Report

IDENTIFIERS = frozenset({"case", "alert", "client_id", "other case", "login", "code"})
"""Columns of which each cell stays in one line."""
_out = Console()
_err = Console(stderr=True)


def show_json(body: Any) -> None:
    """Print one JSON object."""
    _out.file.write(json.dumps(body, ensure_ascii=False, default=str) + "\n")


def show_line(text: str) -> None:
    """Print one line."""
    _out.print(Text(text))


def show_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table; text from records is never read as markup."""
    # An id that is cut short is none, and one in pieces cannot be copied.
    table = Table(*(Column(name, overflow="fold", no_wrap=name in IDENTIFIERS) for name in columns))
    for row in rows:
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    _out.print(table)


def show_error(text: str) -> None:
    """Print one clear line on stderr."""
    _err.print(Text(f"empd: {text}"), soft_wrap=True)


@contextmanager
def progress_bar() -> Iterator[Report]:
    """A progress bar on stderr, one row a stage; silent where stderr is no terminal."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=_err, disable=not _err.is_terminal) as bar:
        tasks: dict[str, Any] = {}

        def report(stage: str, done: int, total: int | None) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total)
            bar.update(tasks[stage], completed=done, total=total)

        yield report
