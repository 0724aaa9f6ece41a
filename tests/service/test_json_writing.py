from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from service.json_writing import canonical_json, compact_json

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
)

_TEXTS_AND_LISTS = st.none() | st.integers() | st.text() | st.lists(st.lists(st.text()))


@given(_VALUES | st.dictionaries(st.text(), st.text()))
def test_json_is_that_of_the_general_encoder(value: Any) -> None:
    assert compact_json(value) == json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@given(st.dictionaries(st.text(), _TEXTS_AND_LISTS))
def test_canonical_json_is_that_of_the_general_encoder(value: Any) -> None:
    assert canonical_json(value) == json.dumps(value, ensure_ascii=False, sort_keys=True)
