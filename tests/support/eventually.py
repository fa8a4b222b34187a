"""Waiting for what another process or thread does."""

import time


def eventually(look, seconds=10.0, *, every=0.02):
    """Return the first true answer of `look`, or its last one."""
    end = time.monotonic() + seconds
    while True:
        found = look()
        if found or time.monotonic() > end:
            return found
        time.sleep(every)
