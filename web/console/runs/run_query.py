"""What the pages about runs are asked for: whose, which session, which runs. Support types what people say on the phone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from flask import request

from records import DbSession, Implementation, RunFilter
from records.support import lookup
from runner.explanations.status_explanation import OUTCOMES
from web.time_format import moment

#: Characters of the longest text that is looked for.
LONGEST = 255

#: Stands for every outcome but `returned`.
FAILED = "failed"


@dataclass(frozen=True)
class RunQuery:
    """What the address of the list asks for; what it says wrongly counts as not said, and is told."""

    texts: dict[str, str]  #: as they were typed
    wanted: RunFilter
    faults: dict[str, str]  #: field to words
    candidates: dict[str, tuple[tuple[str, str], ...]]  #: field to keys with names, where more than one fits

    @classmethod
    def here(cls, db: DbSession, implementation: Implementation) -> RunQuery:
        """Read it from the address."""
        texts = {name: typed(name) for name in ("user", "session", "outcome", "since", "until", "before")}
        moments: dict[str, datetime | None] = {}
        faults = {}
        keys, candidates = {}, {}
        for name, find in (("user", lookup.user_of_runs), ("session", lookup.session_of_runs)):
            match = find(db, implementation, texts[name]) if texts[name] else lookup.LookupMatch()
            keys[name], candidates[name] = match.key or None, match.candidates
            if texts[name] and not match.key:
                faults[name] = "fits more than one" if match.candidates else "is not known here"
        for name in ("since", "until"):
            try:
                moments[name] = (
                    moment(texts[name], implementation.time_zone, datetime.now(UTC)) if texts[name] else None
                )
            except ValueError as error:
                moments[name], faults[name] = None, str(error)
        outcome = texts["outcome"]
        wanted = RunFilter(
            user=keys["user"],
            session=keys["session"],
            outcome=outcome if outcome in OUTCOMES else None,
            failed=True if outcome == FAILED else None,
            since=moments["since"],
            until=moments["until"],
            before=texts["before"] or None,
        )
        return cls(texts, wanted, faults, candidates)

    @property
    def is_about_nobody(self) -> bool:
        """Whether a user or session is asked for that is not known, or not the only one: then no run is meant."""
        return bool({"user", "session"} & set(self.faults))

    @property
    def filtered(self) -> bool:
        """Whether anything is asked for but the newest."""
        return any(text for name, text in self.texts.items() if name != "before")

    def address(self, **changes: Any) -> str:
        """Return the address of this list with some of it changed."""
        given = {name: text for name, text in (self.texts | changes).items() if text}
        return f"{request.path}?{urlencode(given)}" if given else request.path


def typed(name: str) -> str:
    """A text of the address. The gate lets no NUL through."""
    return request.args.get(name, "").strip()[:LONGEST]
