"""Turn pydantic's complaints into our own: which fields are wrong and why, never their values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from service.errors import BadInput, FieldError, PurposeRequired

_PURPOSE_FIELDS = frozenset({"purpose", "reference"})
_NOT_PART_OF_NAME = frozenset({"body", "query", "path", "header"})


def bad_input_from(errors: Sequence[Any], *, row: int | None = None) -> BadInput:
    """Name the wrong fields of a pydantic validation; values stay out.

    Args:
        errors: What `ValidationError.errors()` gives.
        row: Row of a file, where there is one.
    """
    found = tuple(FieldError(_field(item), _reason(item), row) for item in errors)
    kind = PurposeRequired if any(item.field in _PURPOSE_FIELDS for item in found) else BadInput
    return kind("; ".join(str(item) for item in found), found)


def _field(item: dict[str, Any]) -> str:
    parts = [str(part) for part in item["loc"]]
    if parts and parts[0] in _NOT_PART_OF_NAME:
        parts = parts[1:]
    if item["type"] == "wrong_field":
        parts.append(item["ctx"]["field"])
    if item["type"] == "json_invalid":
        parts = []
    return ".".join(parts) or "body"


_REASONS = {
    "json_invalid": "is no JSON",
    "missing": "is missing",
    "extra_forbidden": "is no known field",
    "string_pattern_mismatch": "has another form than it must",
    "string_too_short": "needs {min_length} characters at least",
    "string_too_long": "has {max_length} characters at most",
    "too_short": "needs {min_length} at least",
    "too_long": "has {max_length} at most",
}
"""What pydantic says about its own rules, in words for officials."""


def _reason(item: dict[str, Any]) -> str:
    if item["type"] in _REASONS:
        return _REASONS[item["type"]].format(**item.get("ctx", {}))
    reason = str(item["msg"]).removeprefix("Value error, ")
    return reason if reason[:2].isupper() else reason[:1].lower() + reason[1:]
