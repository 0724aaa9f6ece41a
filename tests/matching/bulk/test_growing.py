from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from matching.bulk.growing import Growing, with_room


def test_room_is_made_with_zeros_behind_and_only_where_it_lacks() -> None:
    column = np.array([[1, 2], [3, 4]], dtype=np.uint8)
    assert with_room(column, 2) is column
    room = with_room(column, 3)
    assert len(room) >= 3
    assert room.dtype == column.dtype
    assert room[:2].tolist() == column.tolist()
    assert not room[2:].any()


@given(st.lists(st.tuples(st.lists(st.integers(0, 255), max_size=20), st.booleans()), max_size=12))
def test_a_column_holds_what_was_added_and_kept(shares: list[tuple[list[int], bool]]) -> None:
    column, plain = Growing(np.uint8), list[int]()
    for share, halves in shares:
        column.add(np.array(share, dtype=np.uint8))
        plain.extend(share)
        if halves:
            column.keep(np.arange(0, len(plain), 2))
            plain = plain[::2]
    assert column.end == len(plain)
    assert column.at(np.arange(len(plain))).tolist() == plain
