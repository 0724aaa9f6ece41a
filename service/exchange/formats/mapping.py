"""Map files: rename columns and values of someone else's file, say what is constant or left out."""

from __future__ import annotations

import tomllib
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from service.errors import BadInput, FieldError

_MAPS = "service.exchange.formats"


class ColumnMap(BaseModel):
    """A map from someone else's columns to ours.

    Attributes:
        columns: Our column to theirs; a list is joined with blanks.
        values: Our column to a table from their value to ours.
        constants: Our column to a value for every row.
        ignore: Their columns that are left out on purpose.
        date_format: `strptime` form of their dates, where it is not ISO 8601.
        keep_unreadable: Our columns whose unreadable values go into the
            circumstances as written instead of rejecting the row.
    """

    model_config = ConfigDict(extra="forbid")

    columns: dict[str, str | list[str]] = Field(default_factory=dict)
    values: dict[str, dict[str, str]] = Field(default_factory=dict)
    constants: dict[str, str] = Field(default_factory=dict)
    ignore: list[str] = Field(default_factory=list)
    date_format: str = ""
    keep_unreadable: list[str] = Field(default_factory=list)

    @property
    def is_plain(self) -> bool:
        """Whether the columns and values are ours already."""
        told = (self.columns, self.values, self.constants, self.ignore, self.date_format)
        return not any(told)

    def check(self, header: list[str]) -> None:
        """Refuse a file that lacks a column that the map names.

        Raises:
            BadInput: Naming the column.
        """
        missing = [name for name in self._sources() if name not in header]
        if missing:
            raise BadInput.of(
                *(FieldError(name, "the map names it, the file lacks it", 1) for name in missing)
            )

    def _sources(self) -> list[str]:
        found: list[str] = []
        for source in self.columns.values():
            found.extend([source] if isinstance(source, str) else source)
        return found

    def target(self, name: str) -> str:
        """Our name of their column; empty for a column left out."""
        if name in self.ignore:
            return ""
        for ours, source in self.columns.items():
            if name == source:
                return ours
            if isinstance(source, list) and name in source:
                return ours if name == source[0] else ""
        return name

    def apply(self, cells: dict[str, list[str]]) -> dict[str, list[str]]:
        """Rename columns and values of one row."""
        if self.is_plain:
            return cells
        mapped = self._renamed(cells)
        for ours, table in self.values.items():
            if ours in mapped:
                mapped[ours] = [table.get(value, value) for value in mapped[ours]]
        for ours, value in self.constants.items():
            mapped.setdefault(ours, [value])
        for ours in ("date_of_birth", "event_date") if self.date_format else ():
            if ours in mapped:
                mapped[ours] = [self._date(value) for value in mapped[ours]]
        return mapped

    def _renamed(self, cells: dict[str, list[str]]) -> dict[str, list[str]]:
        joins = {ours: names for ours, names in self.columns.items() if isinstance(names, list)}
        inside = {name for names in joins.values() for name in names}
        mapped = {
            self.target(name): values
            for name, values in cells.items()
            if name not in self.ignore and name not in inside
        }
        for ours, names in joins.items():
            text = " ".join(" ".join(cells[name]) for name in names if name in cells)
            if text:
                mapped[ours] = [text]
        return mapped

    def _date(self, text: str) -> str:
        try:
            # Only the day is kept, so the zone does not matter.
            return datetime.strptime(text, self.date_format).date().isoformat()  # noqa: DTZ007
        except ValueError:
            return text


def load_map(name: str | None) -> ColumnMap:
    """Load a map file by path, or one that ships with EMPD by name (such as `febrl4`).

    Raises:
        BadInput: If there is none or it is not a map.
    """
    if name is None:
        return ColumnMap()
    path = Path(name)
    shipped = resources.files(_MAPS) / "maps" / f"{path.name.removesuffix('.toml')}.toml"
    if path.is_file():
        text = path.read_bytes()
    elif path.parent == Path() and shipped.is_file():
        text = shipped.read_bytes()
    else:
        raise BadInput.of(
            FieldError("map", "there is no such file and no shipped map of this name")
        )
    return _parse(text)


def _parse(data: bytes) -> ColumnMap:
    try:
        body: dict[str, Any] = tomllib.loads(data.decode("utf-8"))
        return ColumnMap.model_validate(body)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise BadInput.of(FieldError("map", "is no TOML")) from None
    except ValidationError as error:
        names = ", ".join(".".join(str(part) for part in item["loc"]) for item in error.errors())
        raise BadInput.of(FieldError("map", f"has wrong entries: {names}")) from None
