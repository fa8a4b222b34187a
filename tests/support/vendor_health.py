"""Vendors in trouble, as workers would have counted it in the store."""

import time

from runner.powers import VendorConnection
from runner.powers.call_health import SLOW_MS, CallHealth
from runner.powers.vendor_limits import keys_of_name

GOOD, SLOW, BAD = (100, ""), (SLOW_MS + 500, ""), (100, "HTTP status 503")


def count_calls(redis, implementation, name, *calls):
    """Count calls of (ms, error) of a connection."""
    health = CallHealth(redis)
    for ms, error in calls:
        health.note(VendorConnection(implementation, name, "https://vendor.example"), ms, error)
    health.flush()


def open_breaker(redis, implementation, name, *, seconds=15):
    """Let a vendor not be called for a while."""
    now = time.time() + 0.001
    fields = {"failures": 5, "open_until": int((now + seconds) * 1e6), "since": int((now - 60) * 1000)}
    redis.hset(keys_of_name(implementation, name)[0], mapping=fields)
