"""What commands print: one JSON object or a table on stdout, progress and errors on stderr."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table
from rich.text import Text

from service.jobs import Progress as Report

IDENTIFIERS = frozenset(
    {"case", "record", "alert", "client_id", "other case", "login", "code", "one-time password"}
)
"""Columns of which each cell stays in one piece, so that it can be copied."""
BORDER = 3
"""Characters between two columns of a table."""
_out = Console()
_err = Console(stderr=True)


def show_json(body: Any) -> None:
    """Print one JSON object."""
    _out.file.write(json.dumps(body, ensure_ascii=False, default=str) + "\n")
    # Whoever closed the pipe is met here, not when Python ends.
    _out.file.flush()


def show_line(text: str) -> None:
    """Print one line."""
    _out.print(Text(text))


def show_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table; text from records is never read as markup.

    Where not all words fit beside one another, each row is printed as a block of lines.
    """
    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    widths = _widths(columns, cells)
    if widths is None:
        _show_blocks(columns, cells)
        return
    table = Table(*(Column(name, width=widths[at]) for at, name in enumerate(columns)))
    for row in cells:
        table.add_row(*map(Text, row))
    _out.print(table)


def _widths(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> list[int] | None:
    """Widths at which no word is broken and no identifier wrapped; None where there is no room."""
    natural, least = [], []
    for at, name in enumerate(columns):
        column = [name, *(row[at] for row in cells)]
        natural.append(max(map(cell_len, column)))
        words = (
            column if name in IDENTIFIERS else [word for cell in column for word in cell.split()]
        )
        least.append(max(map(cell_len, words), default=1))
    room = _out.width - BORDER * len(columns) - 1
    if sum(least) > room:
        return None
    while sum(natural) > room:
        # The widest gives way, as long as its longest word fits.
        at = max(range(len(columns)), key=lambda at: (natural[at] > least[at], natural[at]))
        natural[at] -= 1
    return natural


def _show_blocks(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    widest = max(map(len, columns))
    for row in cells:
        for name, cell in zip(columns, row, strict=True):
            _out.print(Text(f"{name:{widest}}  {cell}"), soft_wrap=True)
        _out.print()


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
