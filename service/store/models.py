"""Every table in one place, so that migrations and tests see the whole schema."""

from __future__ import annotations

from service.accounts import models as accounts
from service.alerts import models as alerts
from service.audit import models as audit
from service.cases import models as cases
from service.exchange import models as exchange
from service.exchange.europol import models as europol
from service.index import marks
from service.index import models as index
from service.risk import models as risk
from service.store.base import Base

__all__ = [
    "Base",
    "accounts",
    "alerts",
    "audit",
    "cases",
    "europol",
    "exchange",
    "index",
    "marks",
    "risk",
]
