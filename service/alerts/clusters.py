"""Clusters follow the standing verdicts: connected components of confirmed links."""

from __future__ import annotations

from service.alerts.models import Cluster
from service.alerts.repository import AlertRepository, ClusterRepository
from service.store.unit_of_work import UnitOfWork


def recluster(work: UnitOfWork, case_ids: tuple[int, int]) -> None:
    """Bring the clusters around a pair in step after a verdict or its withdrawal.

    The component that holds most of a former cluster keeps its identity; a
    component of one case is no cluster.
    """
    alerts = AlertRepository(work.session, work.actor)
    clusters = ClusterRepository(work.session)
    former: dict[int, Cluster] = {}
    affected = set(case_ids)
    for case_id in case_ids:
        cluster = clusters.of_case(case_id)
        if cluster is not None:
            former[cluster.id or 0] = cluster
            affected |= set(clusters.members(cluster.id or 0))
    homes = {case_id: clusters.of_case(case_id) for case_id in affected}
    clusters.clear(affected)
    free = dict(former)
    for component in sorted(_components(alerts, affected), key=lambda c: (-len(c), min(c))):
        if len(component) == 1:
            continue
        keep = next(
            (home for case_id in sorted(component) if (home := homes[case_id]) and home.id in free),
            None,
        )
        if keep is not None:
            free.pop(keep.id or 0)
        clusters.replace(component, keep=keep, now=work.clock())
    clusters.drop_empty(list(former.values()))


def _components(alerts: AlertRepository, cases: set[int]) -> list[set[int]]:
    components: list[set[int]] = []
    waiting = set(cases)
    while waiting:
        component, frontier = set[int](), {min(waiting)}
        while frontier:
            case_id = frontier.pop()
            component.add(case_id)
            frontier |= (alerts.confirmed_partners(case_id) & cases) - component
        components.append(component)
        waiting -= component
    return components
