"""Orders of background jobs: their kinds, the arguments of each kind, and the signature.

A job changes records in a person's name, and a name in the store cannot be trusted. So the web side signs each order
with a key of the settings, and a worker runs no order without a valid signature.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, TypeVar

from .job_arguments import (
    LONGEST_NAME,
    AgendaImportArguments,
    AttendanceReportArguments,
    BadgeImageArguments,
    FactsPreparationArguments,
    OrderRefused,
    RehearsalArguments,
    SubmissionTrialArguments,
)

#: Seconds for which an order may wait for a worker, and for which the state of an ended job is kept.
KEPT_S = 24 * 3600
#: Seconds by which the clocks of two machines may differ.
CLOCKS_S = 300

AGENDA_IMPORT = "agenda.import"
SUBMISSION_TRIAL = "submission.trial"
REHEARSAL = "version.rehearsal"
BADGE_IMAGE = "badge.image"
ATTENDANCE_REPORT = "attendance.report"
FACTS_PREPARATION = "facts.preparation"
PURPOSE = b"session-status background job 1:"
_JOB_ID = re.compile(r"[0-9a-f]{32}")

Arguments = TypeVar("Arguments")


@dataclass(frozen=True)
class JobKind:
    """One kind of job: its name on the wire, its title on pages, its arguments and its limits."""

    name: str
    title: str
    arguments: type[Any]  #: a frozen dataclass, which raises `OrderRefused` for what we never write
    wall_s: int  #: seconds after which it is stopped
    memory_mib: int  #: memory that its process may have
    free: frozenset[str] = frozenset()  #: arguments in which two orders of the same thing may differ
    shared: bool = False  #: the same thing ordered by two people is the same order

    def checked(self, arguments: Any) -> Any:
        """Check arguments and return them as a value. Raises `OrderRefused`."""
        if not isinstance(arguments, Mapping):
            raise OrderRefused("arguments must be named")
        try:
            return self.arguments(**arguments)
        except TypeError:
            raise OrderRefused(f"arguments must be those of {self.name}") from None


#: Every kind of job that a worker runs; any other is refused. `runner.background.job_child` has a function for each. It
#: makes all changes in one transaction, and does no harm if it is ordered again after its commit.
KINDS: Mapping[str, JobKind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            # Limits that only a fault reaches.
            JobKind(AGENDA_IMPORT, "Import of the agenda", AgendaImportArguments, wall_s=300, memory_mib=768),
            # The decoder is a process of its own, with its own limit.
            JobKind(BADGE_IMAGE, "Codes in an image", BadgeImageArguments, wall_s=90, memory_mib=768),
            # Bounded by its own plan; the jail limits the memory of scripts.
            JobKind(
                SUBMISSION_TRIAL,
                "Trial of a submission",
                SubmissionTrialArguments,
                wall_s=1200,
                memory_mib=768,
                free=frozenset({"runs"}),
            ),
            JobKind(REHEARSAL, "Rehearsal", RehearsalArguments, wall_s=1200, memory_mib=768),
            JobKind(ATTENDANCE_REPORT, "Report of attendance", AttendanceReportArguments, wall_s=300, memory_mib=768),
            # Longer than `prepare` itself may take. One at a time for each session, no matter who orders it.
            JobKind(
                FACTS_PREPARATION,
                "Preparation of facts",
                FactsPreparationArguments,
                wall_s=180,
                memory_mib=768,
                free=frozenset({"because"}),
                shared=True,
            ),
        )
    }
)


@dataclass(frozen=True)
class JobOrder:
    """What to do, for which implementation, and who ordered it."""

    id: str
    kind: str
    implementation: str  #: slug
    by: str  #: the person's key, as in audit entries
    ordered_at: int  #: Unix seconds
    arguments: dict[str, Any]

    def __post_init__(self) -> None:
        """Raise `OrderRefused` for what we never write."""
        if type(self.id) is not str or not _JOB_ID.fullmatch(self.id):
            raise OrderRefused("id must be 32 hexadecimal digits")
        if type(self.kind) is not str or self.kind not in KINDS:
            raise OrderRefused(f"there is no kind of job called {str(self.kind)[:64]!r}")
        for name, text in (("implementation", self.implementation), ("by", self.by)):
            if type(text) is not str or not 0 < len(text) <= LONGEST_NAME:
                raise OrderRefused(f"{name} must be 1 to {LONGEST_NAME} characters")
        if type(self.ordered_at) is not int:
            raise OrderRefused("ordered_at must be in seconds")
        KINDS[self.kind].checked(self.arguments)

    @property
    def what(self) -> JobKind:
        """The kind of this job."""
        return KINDS[self.kind]

    @property
    def same(self) -> str:
        """A digest that is the same for orders of the same thing by the same person, or of a shared one by anybody."""
        return same_orders(self.kind, self.implementation, self.by, self.arguments)

    def require_recent(self) -> None:
        """Raise `OrderRefused` for an order that is too old to be carried out."""
        if not -CLOCKS_S <= time.time() - self.ordered_at <= KEPT_S + CLOCKS_S:
            raise OrderRefused("the order is too old")


def same_orders(kind: str, implementation: str, by: str, arguments: Mapping[str, Any]) -> str:
    """Return a digest that is the same for orders of the same thing by the same person, or of a shared one by anybody."""
    free = KINDS[kind].free if kind in KINDS else frozenset()
    by = "" if kind in KINDS and KINDS[kind].shared else by
    return _digest(kind, implementation, by, {name: value for name, value in arguments.items() if name not in free})


class OrderSigner:
    """Signs orders with the first key, and accepts signatures of all keys."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = [hashlib.sha256(PURPOSE + key.encode()).digest() for key in keys]

    def sign(self, order: JobOrder) -> str:
        """Return the signature of an order."""
        return _signature(self._keys[0], order)

    def order_of(self, fields: Mapping[str, Any]) -> JobOrder:
        """Return the order in the fields of a job. Raises `OrderRefused`."""
        # 1. It has the shape of an order.
        values = dict(fields)
        signature = values.pop("signature", None)
        try:
            order = JobOrder(**values)
        except TypeError:
            raise OrderRefused("fields must be those of an order") from None
        # 2. One of our keys signed exactly this order.
        good = (_signature(key, order) for key in self._keys)
        if type(signature) is not str or not any(hmac.compare_digest(signature.encode(), one.encode()) for one in good):
            raise OrderRefused("must be signed with a key of the settings")
        # 3. It is recent, and not an old one that is replayed.
        order.require_recent()
        return order

    def fields_of(self, order: JobOrder) -> dict[str, Any]:
        """Return the fields of a job: those of its order, and the signature."""
        return {**asdict(order), "signature": self.sign(order)}


def arguments_of(order: JobOrder, expected: type[Arguments]) -> Arguments:
    """Return the arguments of an order as a value of the class that its kind has."""
    found = order.what.checked(order.arguments)
    assert isinstance(found, expected)
    return found


def _signature(key: bytes, order: JobOrder) -> str:
    return hmac.new(key, _json(asdict(order)), "sha256").hexdigest()


def _digest(*parts: Any) -> str:
    return hashlib.sha256(_json(parts)).hexdigest()


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
