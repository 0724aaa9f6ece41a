"""Signs that only show across records; each says on which evidence it rests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from service.cases.vocabulary import ClaimKind, CloseReason, Status
from service.risk.repository import CaseFacts, CloseAlert, RiskRepository, SharedKey, Stay

FULL_AGE = 18
LEAST_MINORS = 2
"""Unrelated minors that share something before it is a sign: the case itself and one other."""
MOST_HOLDERS = 40
"""A number that more cases share is an office's or a hotline's, not an exploiter's."""
MOST_CASES = 200
"""Several cases of one child share its number too; beyond this, nobody's child is meant."""
HOURS_48_IN_DAYS = 2
_DISAGREEING_IDENTITY = frozenset({"name", "date_of_birth"})

LEFT_WITHIN_48_HOURS, SHARED_PHONE, SAME_ADULT, OTHER_IDENTITY = "EW01", "EW03", "EW05", "EW14"
_KEYS = {ClaimKind.CONTACT.value: "phone:", ClaimKind.RELATIVE.value: ""}
"""Kinds of claims whose keys cases share, and how these begin."""
_SIGN_OF = {
    ClaimKind.CONTACT.value: (SHARED_PHONE, "phone.shared_by_minors"),
    ClaimKind.RELATIVE.value: (SAME_ADULT, "adult.with_several_minors"),
}
COMPUTED = (LEFT_WITHIN_48_HOURS, SHARED_PHONE, SAME_ADULT, OTHER_IDENTITY)


@dataclass(frozen=True, slots=True)
class Around:
    """What is around some cases, asked once.

    Attributes:
        things: Telephone numbers and adults that they share with others, with sign and reason.
        alerts: Links of them that signs may rest on.
    """

    things: list[tuple[str, str, SharedKey]]
    alerts: list[CloseAlert]

    @classmethod
    def of(cls, repository: RiskRepository, case_ids: Collection[int]) -> Around:
        """Ask the store."""
        shared = repository.shared_keys(case_ids, _KEYS, most=MOST_CASES)
        things = [(*_SIGN_OF[item.kind], item) for item in shared]
        return cls(things, repository.close_alerts(case_ids))

    @property
    def sharing(self) -> set[int]:
        """The cases that share something, by internal id."""
        return {case_id for _, _, shared in self.things for case_id in shared.case_ids}

    @property
    def linked(self) -> set[int]:
        """The cases on either side of the links."""
        return {case_id for alert in self.alerts for case_id in (alert.left_id, alert.right_id)}


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign on one case."""

    case_id: int
    code: str
    reason: str
    others: frozenset[int]
    params: dict[str, Any] = field(default_factory=dict)


def may_be_minor(case: CaseFacts, today: date) -> bool:
    """Whether the person may be under 18; an unknown age is presumed to be a child's."""
    born = case.birth_latest
    if born is None:
        return True
    years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return years < FULL_AGE


def compute_signs(
    repository: RiskRepository,
    case_ids: Collection[int],
    around: Around,
    cases: Mapping[int, CaseFacts],
    today: date,
) -> list[Sign]:
    """All signs around the given cases, on them and on the cases they share something with.

    A closed case carries no sign, but what it shares still speaks for the others,
    unless it was closed as a duplicate of one of them.

    Args:
        repository: What else is to be asked.
        case_ids: Internal ids of the cases.
        around: What is around them.
        cases: They, those that share something with them and those linked with them.
        today: For ages.
    """
    signs: list[Sign] = []
    minors = {case_id for case_id, case in cases.items() if _is_minors_own(case, today)}
    handled = {case_id for case_id in minors if cases[case_id].status == Status.OPEN.value}
    persons = _persons(repository, around.sharing)
    for code, reason, shared in around.things:
        found = _shared(code, reason, shared, minors, persons)
        signs.extend(sign for sign in found if sign.case_id in handled)
    signs.extend(_other_identity(repository, around.alerts, cases, today))
    signs.extend(_left_early(repository, around.alerts, case_ids, handled))
    return signs


def _is_minors_own(case: CaseFacts, today: date) -> bool:
    return case.close_reason != CloseReason.DUPLICATE.value and may_be_minor(case, today)


def _persons(repository: RiskRepository, case_ids: Collection[int]) -> dict[int, int]:
    """A number for the person behind each case: linked cases share one."""
    person = {case_id: case_id for case_id in case_ids}

    def root(case_id: int) -> int:
        while person.setdefault(case_id, case_id) != case_id:
            case_id = person[case_id]
        return case_id

    for alert in repository.close_alerts(case_ids):
        one, other = sorted((root(alert.left_id), root(alert.right_id)))
        person[other] = one
    return {case_id: root(case_id) for case_id in case_ids}


def _shared(
    code: str,
    reason: str,
    shared: SharedKey,
    minors: set[int],
    persons: dict[int, int],
) -> Iterable[Sign]:
    children = shared.case_ids & minors
    count = len({persons[case_id] for case_id in children})
    if not LEAST_MINORS <= count <= MOST_HOLDERS:
        return
    for case_id in sorted(children):
        others = frozenset(other for other in children if persons[other] != persons[case_id])
        yield Sign(case_id, code, reason, others, {"minors": count})


def _other_identity(
    repository: RiskRepository,
    alerts: Collection[CloseAlert],
    cases: Mapping[int, CaseFacts],
    today: date,
) -> Iterable[Sign]:
    """Probably one person, registered under a name or birthday that does not agree."""
    registered = [
        alert
        for alert in alerts
        if all(cases[i].kind != "missing" for i in (alert.left_id, alert.right_id))
    ]
    evidence = repository.evidence_of([alert.id for alert in registered])
    for alert in registered:
        differing = sorted(
            item["field"]
            for item in evidence[alert.id]
            if item["field"] in _DISAGREEING_IDENTITY and item["outcome"] == "disagree"
        )
        if not differing:
            continue
        pair = (alert.left_id, alert.right_id)
        for one, other in (pair, pair[::-1]):
            if cases[one].status == Status.OPEN.value and may_be_minor(cases[one], today):
                params = {"differing": differing, "alert": alert.public_id, "band": alert.band}
                yield Sign(one, OTHER_IDENTITY, "identity.changed", frozenset({other}), params)


def _left_early(
    repository: RiskRepository,
    alerts: Collection[CloseAlert],
    case_ids: Collection[int],
    handled: set[int],
) -> Iterable[Sign]:
    """Disappeared within two days of arrival, within one case or across linked ones."""
    linked: dict[int, set[int]] = defaultdict(set)
    for alert in alerts:
        linked[alert.left_id].add(alert.right_id)
        linked[alert.right_id].add(alert.left_id)
    every = set(case_ids) | {other for case_id in case_ids for other in linked[case_id]}
    stays: dict[int, list[Stay]] = defaultdict(list)
    for stay in repository.stays(every):
        stays[stay.case_id].append(stay)
    for case_id in sorted(set(case_ids) & handled):
        around = {case_id} | linked[case_id]
        found = [stay for other in sorted(around) for stay in stays[other]]
        days = _days_until_gone(found)
        if days is not None:
            others = frozenset(stay.case_id for stay in found) - {case_id}
            yield Sign(case_id, LEFT_WITHIN_48_HOURS, "stay.left_early", others, {"days": days})


def _days_until_gone(stays: list[Stay]) -> int | None:
    gaps = [
        (gone.earliest - came.latest).days
        for came in stays
        if came.kind in {"arrival", "encounter"} and came.earliest == came.latest
        for gone in stays
        if gone.kind == "disappearance" and gone.earliest == gone.latest
    ]
    early = [gap for gap in gaps if 0 <= gap <= HOURS_48_IN_DAYS]
    return min(early, default=None)
