"""The limits of a connection, in one table: what each may hold, and how forms name it.

The rules of `connections` and the fields of the console's form are made from these rows.
"""

from __future__ import annotations

from dataclasses import dataclass

from records import fields

from .run_budgets import KIB, MIB


@dataclass(frozen=True)
class ConnectionLimit:
    """A limit: `name` is its column, `unit` and `factor` are those in which people think of it."""

    name: str
    check: fields.Check
    label: str
    unit: str
    help: str = ""
    factor: int = 1
    whole: bool = True


LIMITS = (
    ConnectionLimit("timeout_s", fields.number(0.1, 30), "Longest wait for an answer", "seconds", whole=False),
    ConnectionLimit(
        "cache_s", fields.whole(0, 3600), "Keep answers for", "seconds", help="0: call the vendor each time."
    ),
    ConnectionLimit(
        "rate_per_s", fields.optional(fields.number(0.01, 1000)), "Calls a second, at most", "calls",
        help="Empty: no limit.", whole=False,
    ),
    ConnectionLimit(
        "concurrency", fields.optional(fields.whole(1, 1000)), "Calls at the same time, at most", "calls",
        help="Empty: no limit.",
    ),
    ConnectionLimit("max_body_bytes", fields.whole(1, 16 * MIB), "Largest answer", "KiB", factor=KIB),
)  # fmt: skip
