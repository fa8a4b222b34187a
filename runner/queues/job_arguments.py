"""The arguments of each kind of background job, which refuse what this service never writes.

They come out of the store, where they cannot be trusted before the signature of their order is checked (`job_orders`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from records.agenda import dates
from records.attendance.report import report_terms

#: Characters of an implementation, of a person and of all arguments together, as JSON.
LONGEST_NAME, LONGEST_ARGUMENTS = 255, 4096
#: Why facts are prepared: the session ends soon, many people look at it, or a person asked.
BEFORE_END, MANY_LOOKS, BY_HAND = "before end", "many looks", "by hand"
#: Most earlier runs on which one order tries a version.
MOST_RUNS = 5000
#: Most runs of a rehearsal, and the longest distance from a session in minutes.
MOST_REHEARSED, MOST_MINUTES = 20_000, 24 * 60
#: The moments of a rehearsal: of each session, before it, in its middle, and after it.
MOMENTS = ("before", "during", "after")

_SHA256 = re.compile(r"[0-9a-f]{64}")
_LARGEST_NUMBER, _LARGEST_TIME = 2**62, 2**33


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
