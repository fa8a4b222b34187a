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

from records.agenda import dates
from records.attendance.report import report_terms

#: Seconds for which an order may wait for a worker, and for which the state of an ended job is kept.
KEPT_S = 24 * 3600
#: Seconds by which the clocks of two machines may differ.
CLOCKS_S = 300
#: Characters of an implementation, of a person and of all arguments together, as JSON.
LONGEST_NAME, LONGEST_ARGUMENTS = 255, 4096

AGENDA_IMPORT = "agenda.import"
SUBMISSION_TRIAL = "submission.trial"
REHEARSAL = "version.rehearsal"
BADGE_IMAGE = "badge.image"
ATTENDANCE_REPORT = "attendance.report"
FACTS_PREPARATION = "facts.preparation"
#: Why facts are prepared: the session ends soon, many people look at it, or a person asked.
BEFORE_END, MANY_LOOKS, BY_HAND = "before end", "many looks", "by hand"
#: Most earlier runs on which one order tries a version.
MOST_RUNS = 5000
#: Most runs of a rehearsal, and the longest distance from a session in minutes.
MOST_REHEARSED, MOST_MINUTES = 20_000, 24 * 60
#: The moments of a rehearsal: of each session, before it, in its middle, and after it.
MOMENTS = ("before", "during", "after")

PURPOSE = b"session-status background job 1:"
_JOB_ID = re.compile(r"[0-9a-f]{32}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LARGEST_NUMBER, _LARGEST_TIME = 2**62, 2**33

Arguments = TypeVar("Arguments")


class OrderRefused(Exception):
    """The order was not written by this service; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class AgendaImportArguments:
    """Which uploaded file is imported, and how. The file itself is in the records."""

    upload: str  #: SHA-256 of the file that the person looked at
    dates: str  #: how its dates are written
    retire: bool  #: whether sessions that are not in the file are retired
    as_of: int | None  #: number of the newest audit entry when the person's page was made; None if it does not say

    def __post_init__(self) -> None:
        """Raise `OrderRefused` for what we never write."""
        if type(self.upload) is not str or not _SHA256.fullmatch(self.upload):
            raise OrderRefused("upload must be a SHA-256 digest")
        if self.dates not in dates.CHOICES:
            raise OrderRefused(f"dates must be one of: {', '.join(dates.CHOICES)}")
        if type(self.retire) is not bool:
            raise OrderRefused("retire must be true or false")
        if self.as_of is not None and (type(self.as_of) is not int or not 0 <= self.as_of < _LARGEST_NUMBER):
            raise OrderRefused("as_of must be the number of an audit entry")


@dataclass(frozen=True, slots=True)
class SubmissionTrialArguments:
    """Which submission is explored, and on how many earlier runs it is tried."""

    submission: int  #: its number
    version: str  #: SHA-256 of the text that the person looked at
    runs: int

    def __post_init__(self) -> None:
        """Raise `OrderRefused` for what we never write."""
        if type(self.submission) is not int or not 0 < self.submission < _LARGEST_NUMBER:
            raise OrderRefused("submission must be the number of a submission")
        if type(self.version) is not str or not _SHA256.fullmatch(self.version):
            raise OrderRefused("version must be a SHA-256 digest")
        if type(self.runs) is not int or not 0 <= self.runs <= MOST_RUNS:
            raise OrderRefused(f"runs must be 0 to {MOST_RUNS}")


@dataclass(frozen=True, slots=True)
class RehearsalArguments:
    """Which version is rehearsed, at which moments, and how many runs are made at most."""

    version: str  #: SHA-256 of the text that the person looked at
    moments: Sequence[str]  #: some of MOMENTS, in their order
    minutes: int  #: before the beginning and after the end
    runs: int

    def __post_init__(self) -> None:
        """Raise `OrderRefused` for what we never write."""
        if type(self.version) is not str or not _SHA256.fullmatch(self.version):
            raise OrderRefused("version must be a SHA-256 digest")
        if (
            type(self.moments) is not list
            or not self.moments
            or self.moments != [m for m in MOMENTS if m in self.moments]
        ):
            raise OrderRefused(f"moments must be some of {', '.join(MOMENTS)}, in this order")
        if type(self.minutes) is not int or not 1 <= self.minutes <= MOST_MINUTES:
            raise OrderRefused(f"minutes must be 1 to {MOST_MINUTES}")
        if type(self.runs) is not int or not 1 <= self.runs <= MOST_REHEARSED:
            raise OrderRefused(f"runs must be 1 to {MOST_REHEARSED}")


@dataclass(frozen=True, slots=True)
class BadgeImageArguments:
    """Which image of a badge is read. The image itself is in the records."""

    image: str  #: SHA-256 of the image that the person uploaded

    def __post_init__(self) -> None:
        """Raise `OrderRefused` for what we never write."""
        if type(self.image) is not str or not _SHA256.fullmatch(self.image):
            raise OrderRefused("image must be a SHA-256 digest")


@dataclass(frozen=True, slots=True)
class AttendanceReportArguments:
    """What a report of attendance is about, as a person asks for it."""

    kind: str
    session: str
    badge: str
    columns: Sequence[str]
    as_of: int | None  #: Unix seconds; None for the moment at which it is made

    def __post_init__(self) -> None:
        """Raise `OrderRefused` for what we never write."""
        if type(self.kind) is not str or self.kind not in report_terms.KINDS:
            raise OrderRefused(f"kind must be one of: {', '.join(report_terms.KINDS)}")
        if any(type(text) is not str or len(text) > LONGEST_NAME for text in (self.session, self.badge)):
            raise OrderRefused(f"session and badge must have at most {LONGEST_NAME} characters")
        known = report_terms.KINDS[self.kind].columns
        if (
            type(self.columns) is not list
            or not self.columns
            or self.columns != [n for n in known if n in self.columns]
        ):
            raise OrderRefused(f"columns must be some of {', '.join(known)}, in this order")
        if self.as_of is not None and (type(self.as_of) is not int or not 0 <= self.as_of < _LARGEST_TIME):
            raise OrderRefused("as_of must be in seconds")


@dataclass(frozen=True, slots=True)
class FactsPreparationArguments:
    """For which session the active version's `prepare` runs, and why."""

    session: str
    because: str

    def __post_init__(self) -> None:
        """Raise `OrderRefused` for what we never write."""
        if type(self.session) is not str or not 0 < len(self.session) <= LONGEST_NAME:
            raise OrderRefused(f"session must be 1 to {LONGEST_NAME} characters")
        if self.because not in (BEFORE_END, MANY_LOOKS, BY_HAND):
            raise OrderRefused(f"because must be one of: {BEFORE_END}, {MANY_LOOKS}, {BY_HAND}")


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
