from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser


def test_sign_in(visitor):
    visitor.begin("officer.be")
    assert visitor.page.url.endswith("/"), visitor.page.content()
