"""What the pages about runs are asked for: whose, which session, which runs. Support types what people say on the phone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from flask import request

from records import AgendaSession, DbSession, Implementation, RunFilter, User, sessions, users
from runner.explain import OUTCOMES
from web.moments import moment

#: Characters of the longest text that is looked for.
LONGEST = 255

#: What is offered where more than one fits.
OFFERED = 20

#: Stands for every outcome but `returned`.
FAILED = "failed"


@dataclass(frozen=True)
class AskedRuns:
    """What the address of the list asks for; what it says wrongly counts as not said, and is told."""

    texts: dict[str, str]  #: as they were typed
    wanted: RunFilter
    faults: dict[str, str]  #: field to words

    @classmethod
    def here(cls, implementation: Implementation) -> AskedRuns:
        """Read it from the address."""
        texts = {name: typed(name) for name in ("user", "session", "outcome", "since", "until", "before")}
        moments: dict[str, datetime | None] = {}
        faults = {}
        for name in ("since", "until"):
            try:
                moments[name] = (
                    moment(texts[name], implementation.time_zone, datetime.now(UTC)) if texts[name] else None
                )
            except ValueError as error:
                moments[name], faults[name] = None, str(error)
        outcome = texts["outcome"]
        wanted = RunFilter(
            user=texts["user"] or None,
            session=texts["session"] or None,
            outcome=outcome if outcome in OUTCOMES else None,
            failed=True if outcome == FAILED else None,
            since=moments["since"],
            until=moments["until"],
            before=texts["before"] or None,
        )
        return cls(texts, wanted, faults)

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


def people_named(db: DbSession, implementation: Implementation, text: str) -> list[User]:
    """Return the one person with this key, or those of whom every word stands in a name, username, badge ID or key."""
    known = users.find(db, implementation, text)
    return [known] if known else users.search(db, implementation, text, limit=OFFERED)


def sessions_named(db: DbSession, implementation: Implementation, text: str) -> list[AgendaSession]:
    """Return the one session with this ID, or those whose ID or title has the text."""
    known = sessions.find(db, implementation, text)
    if known:
        return [known]
    holds: Callable[[str], bool] = lambda value: text.casefold() in value.casefold()  # noqa: E731 - said once, used twice
    agenda = sessions.every(db, implementation)
    return [each for each in agenda if holds(each.session_id) or holds(each.title)][:OFFERED]
