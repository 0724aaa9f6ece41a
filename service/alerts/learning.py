"""What verdicts teach: the m-probabilities of pairs that persons confirmed."""

from __future__ import annotations

import numpy as np

from matching.bulk.scorer import RecordTable
from matching.estimation.patterns import patterns
from matching.estimation.verdicts import posterior_m
from service.alerts.repository import AlertRepository
from service.audit.schemas import AuditEvent
from service.cases.records.repository import matching_records
from service.errors import Conflict
from service.linkage import Linkage, record_tokens
from service.security.policy import Permission
from service.store.unit_of_work import UnitOfWork

LEAST_VERDICTS = 20
"""Confirmed pairs from which they teach more than chance."""


def learn_from_verdicts(
    work: UnitOfWork, linkage: Linkage
) -> tuple[int, dict[str, dict[str, float]]]:
    """Estimate m anew from all confirmed pairs; nothing is put to use.

    Returns:
        How many pairs taught, and field to level to m.

    Raises:
        Forbidden: If the actor may not read statistics.
        Conflict: If too few pairs are confirmed.
    """
    work.actor.require(Permission.STATISTICS_READ)
    pairs = AlertRepository(work.session, work.actor).confirmed_pairs()
    if len(pairs) < LEAST_VERDICTS:
        raise Conflict(f"{len(pairs)} pairs are confirmed; {LEAST_VERDICTS} are needed to learn")
    records = matching_records(work.session, {case_id for pair in pairs for case_id in pair})
    rows = {case_id: row for row, case_id in enumerate(records)}
    tokens = record_tokens(records.values())
    frequencies = linkage.open_index(work.session).frequencies(tokens)
    table = RecordTable(list(records.values()), linkage.profile, frequencies)
    left = np.array([rows[one] for one, _ in pairs], dtype=np.int64)
    right = np.array([rows[other] for _, other in pairs], dtype=np.int64)
    found = posterior_m(patterns(table, left, right), linkage.profile)
    work.audit(AuditEvent("profile:propose", detail={"pairs": len(pairs)}))
    return len(pairs), found
