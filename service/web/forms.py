"""Form fields as the bodies that operations take, and complaints beside the fields.

A form's fields are named `name-0-full`, `name-1-full`: repeated rows are numbered. While
a body is put together, `Draft` remembers which field each part came from, so that a
complaint about `names.1.parts.0.text` finds the way back to its field.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import FormData

from service.errors import BadInput, Conflict, FieldError

MAX_ROWS = 20
"""Rows of one kind that a form may hold; a person's file needs far fewer."""
_WHOLE = frozenset({"", "body", "query", "add"})


def text(form: FormData, name: str) -> str:
    """One field, trimmed; empty when it was left out."""
    value = form.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def many(form: FormData, name: str) -> list[str]:
    """All values of a field that was not left empty, such as ticked boxes."""
    return [value for value in form.getlist(name) if isinstance(value, str) and value.strip()]


def rows(form: FormData, name: str) -> Iterator[str]:
    """Prefixes of the rows of a repeated field, such as `name-0` and `name-1`."""
    numbers = {
        int(number)
        for key in form
        if key.startswith(f"{name}-")
        and (number := key.removeprefix(f"{name}-").split("-")[0]).isascii()
        and number.isdigit()
    }
    return (f"{name}-{number}" for number in sorted(numbers)[:MAX_ROWS])


@dataclass
class Draft:
    """A body in the making, with the field that each of its parts came from."""

    form: FormData
    body: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    errors: list[FieldError] = field(default_factory=list)

    def put(self, path: str, value: Any, origin: str) -> None:
        """Set one part of the body, unless it was left empty.

        Args:
            path: Place in the body, such as `trafficking.basis`.
            value: What was typed.
            origin: The field it came from.
        """
        self.origins[path] = origin
        if value in ("", None, [], {}):
            return
        *outer, last = path.split(".")
        place = self.body
        for part in outer:
            place = place.setdefault(part, {})
        place[last] = value

    def add(self, name: str, value: Any, origin: str) -> str:
        """Add one element to a list of the body and give its path."""
        items = self.body.setdefault(name, [])
        items.append(value)
        path = f"{name}.{len(items) - 1}"
        self.origins[path] = origin
        return path

    def copy(self, *names: str) -> None:
        """Take fields over whose names are those of the body."""
        for name in names:
            self.put(name, text(self.form, name), name)

    def complain(self, origin: str, reason: str) -> None:
        """Note what is wrong with a field before the body is checked."""
        self.errors.append(FieldError(origin, reason))

    def field_of(self, path: str, reason: str = "") -> str:
        """The field to which a complaint about a part of the body leads.

        Args:
            path: Such as `names.1.parts.0.text`.
            reason: A complaint about the whole may name a field.
        """
        if path in _WHOLE:
            named = (name for name in self.form if len(name) > len("kind") and name in reason)
            return next(named, next(iter(self.origins.values()), ""))
        parts = path.removeprefix("add.").removeprefix("query.").split(".")
        for length in range(len(parts), 0, -1):
            found = self.origins.get(".".join(parts[:length]))
            if found:
                return found
        return parts[-1]


def date_parts(draft: Draft, prefix: str) -> str:
    """A date typed as day, month and year, each but the year may be left out.

    Returns:
        The date as `YYYY`, `YYYY-MM` or `YYYY-MM-DD`; empty when nothing was typed.
    """
    day, month, year = (text(draft.form, f"{prefix}-{part}") for part in ("day", "month", "year"))
    if not (day or month or year):
        return ""
    if not all(part.isdecimal() for part in (day, month, year) if part):
        draft.complain(f"{prefix}-day", "day, month and year are written as numbers")
    elif len(year) != len("2009"):
        draft.complain(f"{prefix}-year", "the year is needed, with four digits")
    elif day and not month:
        draft.complain(f"{prefix}-month", "a day needs its month")
    else:
        parts = [str(int(year))] + [f"{int(part):02d}" for part in (month, day) if part]
        return "-".join(parts)
    return ""


def age_range(draft: Draft, low: str, high: str) -> str:
    """An age, or the range between two, as `15` or `15..17`."""
    lowest, highest = text(draft.form, low), text(draft.form, high)
    if lowest and highest and lowest != highest:
        return f"{lowest}..{highest}"
    return lowest or highest


@dataclass(frozen=True)
class Filled:
    """A form as it was filled in, with its complaints, for showing it again."""

    form: FormData = field(default_factory=FormData)
    errors: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    defaults: Mapping[str, str | list[str]] = field(default_factory=dict)

    @property
    def sent(self) -> bool:
        """Whether somebody filled it in already."""
        return bool(self.form)

    def value(self, name: str) -> str:
        """What was typed."""
        if self.sent:
            return text(self.form, name)
        default = self.defaults.get(name, "")
        return default if isinstance(default, str) else ""

    def ticked(self, name: str, option: object) -> bool:
        """Whether an option was chosen or a box ticked."""
        if self.sent:
            return str(option) in many(self.form, name)
        default = self.defaults.get(name, "")
        return str(option) in ([default] if isinstance(default, str) else default)

    def given(self, prefix: str) -> bool:
        """Whether any field was filled in whose name begins so."""
        return any(key.startswith(prefix) and text(self.form, key) for key in self.form)

    def row_count(self, name: str, least: int) -> int:
        """How many rows to show."""
        numbers = [int(row.rsplit("-", 1)[1]) for row in rows(self.form, name)]
        return max(least, *(number + 1 for number in numbers), 0)


def complaints(draft: Draft, *errors: BadInput | Conflict) -> Filled:
    """The form with its complaints: each beside its field, in the order of the errors."""
    found: dict[str, str] = {}
    problems: list[str] = []
    for item in draft.errors:
        found.setdefault(item.field, item.reason)
    for error in errors:
        for item in error.errors:
            place = draft.field_of(item.field, item.reason)
            if place:
                found.setdefault(place, item.reason)
            else:
                problems.append(item.reason)
        if not error.errors:
            problems.append(error.detail)
    return Filled(draft.form, found, tuple(problems))
