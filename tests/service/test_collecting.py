from __future__ import annotations

import gc

import pytest

from service.collecting import YOUNG, seldom_collected


def test_the_collector_rests_within_only() -> None:
    before = gc.get_threshold()
    with seldom_collected():
        assert gc.get_threshold() == (YOUNG, *before[1:])
        assert gc.isenabled()
    assert gc.get_threshold() == before


def test_an_error_within_leaves_no_trace() -> None:
    before = gc.get_threshold()
    with pytest.raises(ValueError, match="broken"), seldom_collected():
        raise ValueError("broken")
    assert gc.get_threshold() == before
