from __future__ import annotations

import re

from service.identifiers import new_public_id


def test_identifiers_are_base32_and_never_the_same() -> None:
    found = {new_public_id() for _ in range(2_000)}
    assert len(found) == 2_000
    assert all(re.fullmatch("[a-z2-7]{24}", public_id) for public_id in found)
    assert len(set("".join(found))) == 32
