"""Compare events: does an encounter fit the disappearance, can one person have been at both?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from matching.evidence import Evidence, Outcome, unsaid
from matching.places.gazetteer import kilometres
from matching.profile import Profile
from matching.record import Event, Person, Precision

BEFORE_DAYS = 30
"""An encounter this long before the disappearance is about somebody else, or an earlier journey."""
FAR_KM = 2_500.0
"""From the middle of country to country: the middles of neighbours lie up to 1,900 km apart, and a
border or a strait is crossed within a day."""


def compare_events(left: Person, right: Person, profile: Profile) -> Evidence:
    """Whether an encounter fits a disappearance in time, and no day names two far places."""
    if not left.events or not right.events:
        return unsaid("events")
    if two_places(left, right):
        weight = profile.weight("events", "two_places")
        return Evidence("events", Outcome.DISAGREE, weight, reason="events.two_places")
    gaps = [
        (lost.earliest - met.latest).days
        for lost_side, met_side in ((left, right), (right, left))
        for lost in (e.date for e in lost_side.events if e.kind == "disappearance" and e.date)
        for met in (e.date for e in met_side.events if e.kind == "encounter" and e.date)
    ]
    if not gaps:
        return unsaid("events")
    possible = min(gaps) <= BEFORE_DAYS
    level = "possible" if possible else "impossible"
    outcome = Outcome.AGREE if possible else Outcome.DISAGREE
    return Evidence("events", outcome, profile.weight("events", level), reason=f"events.{level}")


def two_places(left: Person, right: Person) -> bool:
    """Whether both records place the person on one day in countries far apart."""
    return any(
        day == other_day and kilometres(country, other) > FAR_KM
        for day, country in days(left.events)
        for other_day, other in days(right.events)
    )


def days(events: Iterable[Event]) -> Iterator[tuple[date, str]]:
    """Day and country of the events that have both."""
    for event in events:
        when = event.date
        if when is not None and when.precision is Precision.DAY and event.place.country:
            yield when.earliest, event.place.country
