"""Waiting for what another process or thread does."""

import time

#: The pause between two looks: this share of the time waited until then, and never more than so many seconds.
SHARE, LONGEST_S = 0.05, 0.1


def eventually(look, seconds=10.0, *, every=0.02):
    """Return the first true answer of `look`, or its last one. What takes long is looked at less often, because looking costs, too."""
    began = time.monotonic()
    while True:
        found = look()
        waited = time.monotonic() - began
        if found or waited > seconds:
            return found
        time.sleep(max(every, min(waited * SHARE, LONGEST_S)))
