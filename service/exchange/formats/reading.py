"""Read files of persons as streams of rows; a broken one is named, never skipped silently."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Literal, NamedTuple

from service.errors import BadInput, FieldError
from service.exchange.formats.columns import COLUMNS, SEPARATOR, check_columns
from service.exchange.formats.mapping import ColumnMap

Cells = dict[str, list[str]]
"""Column to its values; empty cells are left out."""
FileFormat = Literal["csv", "jsonl"]
MAX_CELL = 10_000
"""Characters in one cell; the limit of the field itself gives the message before."""


class RawRow(NamedTuple):
    """One row cut out of a file, its cells not looked at yet.

    Attributes:
        number: The header is row 1.
        content: The line of a JSON Lines file, the values of a CSV file, or None
            where the CSV is broken.
        sound: Whether it is UTF-8 without NUL.
        broken: The broken line as it stands.
    """

    number: int
    content: str | list[str] | None
    sound: bool = True
    broken: str = ""

    @property
    def raw(self) -> str:
        """The row as text, for the file of rejects."""
        if self.content is None:
            return self.broken
        if isinstance(self.content, str):
            return self.content
        return json.dumps(self.content, ensure_ascii=False)


@dataclass(slots=True)
class SourceRow:
    """One row as read: its number (the header is row 1), its cells, or why it cannot be read.

    Attributes:
        source: The row as it was cut out.
    """

    number: int
    cells: Cells = field(default_factory=dict)
    error: FieldError | None = None
    source: RawRow | None = None

    @property
    def raw(self) -> str:
        """The row as text, for the file of rejects; only asked for when it is needed."""
        return self.source.raw if self.source is not None else ""


def format_of(path: Path, given: str | None) -> FileFormat:
    """The format of a file, by option or by its name.

    Raises:
        BadInput: If neither tells.
    """
    name = given or {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}.get(path.suffix.lower())
    if name not in {"csv", "jsonl"}:
        raise BadInput.of(FieldError("format", "say csv or jsonl"))
    return "csv" if name == "csv" else "jsonl"


@dataclass(frozen=True, slots=True)
class RowReader:
    """From cut-out rows to cells; pure, so that other processes can do it."""

    column_map: ColumnMap
    header: tuple[str, ...] = ()

    def __call__(self, found: RawRow) -> SourceRow:
        """The cells of a row, renamed, or why it cannot be read."""
        if found.content is None:
            error = FieldError("row", "is no CSV", found.number)
            return SourceRow(found.number, error=error, source=found)
        if isinstance(found.content, str):
            row = _jsonl_row(found, self.column_map)
        else:
            row = _csv_row(found, self.header)
        if row.error is None:
            row.cells = self.column_map.apply(row.cells)
        return row


def cut_rows(
    path: Path, form: FileFormat, column_map: ColumnMap
) -> tuple[RowReader, Iterator[RawRow]]:
    """Open a file, check its header, and cut it into rows as they are asked for.

    Args:
        path: The file.
        form: Its format.
        column_map: Renames columns and values.

    Returns:
        What reads the rows, and the rows.

    Raises:
        BadInput: If the file cannot be opened or its header is wrong.
    """
    if not path.is_file():
        raise BadInput.of(FieldError("file", "does not exist or is no file"))
    if form == "jsonl":
        return RowReader(column_map), _jsonl_rows(path)
    lines = _Lines(path)
    header = _csv_header(lines, column_map)
    return RowReader(column_map, tuple(header)), _csv_rows(lines)


def read_rows(path: Path, form: FileFormat, column_map: ColumnMap) -> Iterator[SourceRow]:
    """Stream a file in this process; raises as `cut_rows` does."""
    read, rows = cut_rows(path, form, column_map)
    yield from map(read, rows)


def _lines(path: Path) -> Iterator[tuple[int, str, bool]]:
    """Lines with number and whether they are sound UTF-8 without NUL."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            data = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            try:
                text = data.decode("utf-8")
            except UnicodeDecodeError:
                yield number, data.decode("utf-8", "replace"), False
            else:
                yield number, text, "\0" not in text


class _Lines:
    """Lines of a file, of which some can be given back to be read again."""

    def __init__(self, path: Path) -> None:
        self._source = ((text, sound) for _, text, sound in _lines(path))
        self._again: list[tuple[str, bool]] = []
        self.taken: list[tuple[str, bool]] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        text, sound = self._again.pop() if self._again else next(self._source)
        self.taken.append((text, sound))
        return text.replace("\0", "\ufffd")

    def give_back_all_but_first(self) -> None:
        """What an unclosed quote has swallowed is read again as lines of their own."""
        self._again.extend(reversed(self.taken[1:]))
        del self.taken[1:]

    @property
    def sound(self) -> bool:
        """Whether all lines of the record are sound UTF-8 without NUL."""
        return all(sound for _, sound in self.taken)


def _csv_header(lines: _Lines, column_map: ColumnMap) -> list[str]:
    try:
        header = [name.strip() for name in _next_record(lines) or []]
    except csv.Error:
        raise BadInput.of(FieldError("header", "is no CSV", 1)) from None
    column_map.check(header)
    check_columns([column_map.target(name) for name in header if column_map.target(name)])
    return header


def _csv_rows(lines: _Lines) -> Iterator[RawRow]:
    for number in count(2):
        try:
            values = _next_record(lines)
        except csv.Error:
            lines.give_back_all_but_first()
            yield RawRow(number, None, broken=lines.taken[0][0].rstrip("\r\n"))
            continue
        if values is None:
            return
        if any(value.strip() for value in values):
            yield RawRow(number, values, lines.sound)


def _next_record(lines: _Lines) -> list[str] | None:
    # A reader of its own for each record: none keeps half a record of the one before.
    lines.taken.clear()
    return next(csv.reader(lines, skipinitialspace=True, strict=True), None)


def _csv_row(found: RawRow, header: Sequence[str]) -> SourceRow:
    number, values = found.number, found.content or []
    if not found.sound:
        return SourceRow(number, error=_unsound(number), source=found)
    if len(values) != len(header):
        reason = f"has {len(values)} cells, the header {len(header)}"
        return SourceRow(number, error=FieldError("row", reason, number), source=found)
    cells: Cells = {}
    for name, value in zip(header, values, strict=True):
        # Most cells are empty or hold one value.
        if not value:
            continue
        if SEPARATOR not in value:
            parts = [value.strip()]
        else:
            parts = [part.strip() for part in value.split(SEPARATOR)]
        if any(parts):
            cells[name] = parts
    return SourceRow(number, cells, source=found)


def _unsound(number: int) -> FieldError:
    return FieldError("row", "is not sound UTF-8 or holds NUL", number)


def _jsonl_rows(path: Path) -> Iterator[RawRow]:
    for number, text, sound in _lines(path):
        if text.strip():
            yield RawRow(number, text.rstrip("\r\n"), sound)


def _wrong_column(names: Iterable[str], column_map: ColumnMap) -> FieldError | None:
    try:
        check_columns([target for name in names if (target := column_map.target(name))])
    except BadInput as problem:
        return problem.errors[0]
    return None


def _jsonl_row(found: RawRow, column_map: ColumnMap) -> SourceRow:
    number = found.number
    if not found.sound:
        return SourceRow(number, error=_unsound(number), source=found)
    try:
        body = json.loads(str(found.content))
    except (ValueError, RecursionError):
        return SourceRow(number, error=FieldError("row", "is no JSON", number), source=found)
    if not isinstance(body, dict):
        return SourceRow(number, error=FieldError("row", "is no JSON object", number), source=found)
    plain = column_map.is_plain and body.keys() <= COLUMNS.keys()
    wrong = None if plain else _wrong_column(body, column_map)
    if wrong is not None:
        return SourceRow(number, error=FieldError(wrong.field, wrong.reason, number), source=found)
    cells: Cells = {}
    for name, value in body.items():
        values = value if isinstance(value, list) else [value]
        if any(isinstance(item, (dict, list)) for item in values):
            error = FieldError(name, "is text or a list of texts", number)
            return SourceRow(number, error=error, source=found)
        texts = ["" if item is None else str(item).strip() for item in values]
        if any(texts):
            cells[name] = texts
    return SourceRow(number, cells, source=found)
