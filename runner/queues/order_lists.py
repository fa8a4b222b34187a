"""What a claim places in the lists of orders, and what a drainer finds there (`order_scripts` has the lists themselves)."""

from __future__ import annotations

import json
from typing import Any, Final, NamedTuple

from . import run_causes
from .status_jobs import DueDrainer, JobRefused, RunOrder

#: All that a claim may find for which a run may be started.
ANY_CLAIM = "pending checking stale ahead"
#: For a run that no user has asked for.
UNASKED = "prefetch"

#: Made once, because each claim uses it.
_JSON: Final = json.JSONEncoder(separators=(",", ":"))


class OrderDraft(NamedTuple):
    """The order of a run before its claim, which adds the run and the generation. A tuple, because each claim makes one.

    `lock_ms` is how long its status stays locked once the run has begun, `most` how many drainers its implementation may have.
    `starts` is what the claim may find if it is to start a run at all: some of the words of `ANY_CLAIM`, or
    `UNASKED`.
    """

    implementation: str  #: slug
    user: str
    session: str
    version: str  #: SHA-256
    edition: str
    staff: bool  #: staff ask, not the user
    most: int
    lock_ms: int
    starts: str = ANY_CLAIM

    @property
    def as_json(self) -> str:
        """What the list holds of it as JSON."""
        because = run_causes.STATUS_GET if self.staff else ""
        told = (self.implementation, self.user, self.session, self.version, self.edition, because)
        return _JSON.encode(told)


def read_order(implementation: str, raw: bytes) -> tuple[str, RunOrder]:
    """Return the digest of the status, and the order, from a list of this implementation.

    Raises `JobRefused` for anything that we never write there, such as the order of another implementation.
    """
    try:
        generation, digest, _, token, _, _, _, what, rest = raw.decode().split(" ", 8)
        owner, user, session, version, edition, because = json.loads(rest)
        because = because or run_causes.of_claim(what, staff=False)
        order = RunOrder(owner, user, session, version, edition, token, int(generation), because)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise JobRefused("is no order") from error
    if owner != implementation:
        raise JobRefused("is of another implementation")
    return digest, order


def due_drainers(answer: Any) -> tuple[DueDrainer, ...]:
    """Return the drainers that are due, as a script names them."""
    return tuple(DueDrainer(slug.decode(), name.decode(), most, dead.decode()) for slug, name, most, dead in answer)
