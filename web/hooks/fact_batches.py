"""Reads the body of a push of facts as a whole. What is wrong with one entry is not decided here: each stands alone."""

from __future__ import annotations

from typing import Final

from records.attendance.scan_parsing import read_moment
from records.facts.fact_storage import FactBatch, FactSource

from .bodies import SESSION, read_members, read_session, wrong

#: Entries of one push.
MOST_ENTRIES: Final = 1000
AT, FACTS = "at", "facts"


def read_facts(body: bytes) -> FactBatch:
    """Read the body of a push. Raises `HttpProblem` (400, 415): then nothing of it is stored.

    1. It is JSON, without a content encoding.
    2. It is an object with the three members and no other; no name occurs twice in any object, and no number is `NaN`.
    3. `session` is the id of a session, or null for the whole event.
    4. `at` is a time with its offset.
    5. `facts` is an object with at most 1,000 members.
    """
    # 1. and 2.
    sent = read_members(body, (SESSION, AT, FACTS))
    # 3.
    session = read_session(sent[SESSION])
    # 4.
    at = read_moment(sent[AT])
    if at is None:
        raise wrong(AT, f"{AT} must be a time with its offset (RFC 3339).")
    # 5.
    facts = sent[FACTS]
    if not isinstance(facts, dict) or len(facts) > MOST_ENTRIES:
        raise wrong(FACTS, f"{FACTS} must be an object with at most {MOST_ENTRIES} members, one for each user.")
    return FactBatch(session, at, FactSource.PUSHED, facts)
