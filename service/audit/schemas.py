"""What an operation says about an access before it may answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One access or decision.

    Attributes:
        action: Typed tag `noun:verb`, such as `case:read`.
        purpose: Purpose code; empty only where the action itself is the purpose.
        reference: The actor's own case or file reference.
        case_ids: Public ids of all cases whose data were used in the answer.
        detail: Facts the law asks for: the query, result count, recipients.
    """

    action: str
    purpose: str = ""
    reference: str = ""
    case_ids: tuple[str, ...] = ()
    detail: dict[str, Any] = field(default_factory=dict)
