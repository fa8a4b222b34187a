import pytest

from tests.runner.runs.draining.hall import Hall


@pytest.fixture
def hall(redis):
    return Hall(redis)
