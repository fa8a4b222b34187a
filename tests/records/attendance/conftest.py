"""What the tests of attendance share beside the implementation `demo`."""

from __future__ import annotations

import pytest

from records.tenants import implementations


@pytest.fixture
def other(db):
    """Give another implementation."""
    return implementations.create(db, "other", "Other Congress")
