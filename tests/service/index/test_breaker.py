"""What fails several times in a row is left alone for a while, then probed by one."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from service.index.breaker import FAILURES_TO_OPEN, PAUSE, Breaker
from tests.conftest import NOW


class Watch:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def opened(watch: Watch) -> Breaker:
    breaker = Breaker(watch)
    for _ in range(FAILURES_TO_OPEN):
        breaker.failed()
    return breaker


def test_failures_in_a_row_open_it(watch: Watch) -> None:
    breaker = Breaker(watch)
    for _ in range(FAILURES_TO_OPEN - 1):
        breaker.failed()
        assert breaker.allows()
    breaker.failed()
    assert not breaker.allows()


def test_a_success_between_starts_the_count_anew(watch: Watch) -> None:
    breaker = Breaker(watch)
    for _ in range(2 * FAILURES_TO_OPEN):
        breaker.failed()
        breaker.succeeded()
    assert breaker.allows()


def test_after_the_pause_one_probes_for_all(opened: Breaker, watch: Watch) -> None:
    watch.now += PAUSE - timedelta(milliseconds=1)
    assert not opened.allows()
    watch.now += timedelta(milliseconds=1)
    assert [opened.allows() for _ in range(3)] == [True, False, False]


def test_a_probe_that_succeeds_closes_it(opened: Breaker, watch: Watch) -> None:
    watch.now += PAUSE
    assert opened.allows()
    opened.succeeded()
    assert all(opened.allows() for _ in range(3))


def test_a_probe_that_fails_opens_it_for_another_pause(opened: Breaker, watch: Watch) -> None:
    watch.now += PAUSE
    assert opened.allows()
    opened.failed()
    watch.now += PAUSE - timedelta(milliseconds=1)
    assert not opened.allows()
    watch.now += timedelta(milliseconds=1)
    assert opened.allows()


def test_a_probe_that_never_comes_back_is_followed_by_another(
    opened: Breaker, watch: Watch
) -> None:
    for _ in range(3):
        watch.now += PAUSE
        assert opened.allows()
        assert not opened.allows()
