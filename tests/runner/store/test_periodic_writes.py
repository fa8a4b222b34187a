"""Counts are written again and again, and a writer that fails stops neither the others nor the thread."""

import pytest
from redis.exceptions import ConnectionError as StoreGone
from redis.exceptions import ResponseError

from runner.store.periodic_writes import PeriodicWrites
from tests.support.eventually import eventually


@pytest.mark.parametrize("error", [StoreGone("away"), ResponseError("garbage")])
def test_a_writer_that_fails_stops_neither_the_others_nor_the_thread(error):
    tried, written = [], []

    def fail():
        tried.append(1)
        raise error

    writes = PeriodicWrites(fail, lambda: written.append(1), every_s=0.001)
    writes.start()
    assert eventually(lambda: len(tried) > 2 and len(written) > 2, seconds=10)
    writes.close()
    count = len(written)
    writes.close()
    assert len(written) == count + 1


def test_what_was_counted_last_is_written_at_the_end():
    written = []
    writes = PeriodicWrites(lambda: written.append(1), every_s=3600)
    writes.start()
    writes.close()
    assert written == [1]
