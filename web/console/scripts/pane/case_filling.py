"""Fills the test pane: with a scenario, or with a real person and session and the answers that were kept with their newest run.

Whom a person may choose follows their permissions:

1. Sessions of the agenda, and a made-up person: whoever may see scripts.
2. A real person: who may see people.
3. Answers that were kept with runs of that person: who may see runs, too.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from records import AgendaSession, DbSession, Implementation, RunFilter, User
from records.agenda import sessions
from records.people import actors
from records.scripts import runs
from records.support import lookup
from records.trials import kept_answers
from runner.runs.script_input import moment, session_fields, user_fields
from web.console.layout.page_frame import signed_in
from web.permissions import Permission

from .pane_form import PaneForm

#: A made-up person, who stands for everybody where no real one is chosen.
MADE_UP: Final = {
    "id": "user-4711",
    "username": "ada@example.org",
    "user_type": "Attendee",
    "first_name": "Ada",
    "last_name": "Lovelace",
    "badge_id": "B-4711",
    "attributes": {},
}
#: Newest runs of a person and session that are searched for kept answers; candidates that a fault names.
MOST_RUNS, MOST_NAMED = 20, 5


def may_choose_people(implementation: str) -> bool:
    """Say whether this person may choose a real one."""
    return signed_in().may(Permission.SEE_PEOPLE, implementation)


def fill(db: DbSession, found: Implementation, form: PaneForm, scenarios: Sequence[dict[str, Any]]) -> None:
    """Fill input and answers with what was chosen. A choice that is not known is a fault at its field, and nothing is filled."""
    name = form.case_scenario.value if "case_scenario" in form else ""
    chosen = next((one for one in scenarios if one["name"] == name), None) if name else None
    if chosen is not None:
        _put(form, chosen["input"], chosen["answers"])
        return
    user, session = _person(db, found, form), _session(db, found, form)
    if form.complaints:
        return
    _put(form, _input(found, user, session), _kept(db, found, user, session))


def _person(db: DbSession, found: Implementation, form: PaneForm) -> User | None:
    text = form.case_person.value if "case_person" in form else ""
    # 2.
    if not text or not may_choose_people(found.slug):
        return None
    people = lookup.people(db, found, text)
    if len(people) != 1:
        names = [f"{actors.name_of(one)} ({one.subject})" for one in people]
        form.complain("case_person", _which(names))
        return None
    return people[0]


def _session(db: DbSession, found: Implementation, form: PaneForm) -> AgendaSession | None:
    text = form.case_session.value
    if not text:
        agenda, now = sessions.every(db, found), datetime.now(UTC)
        return next((one for one in agenda if one.starts_at >= now), agenda[-1] if agenda else None)
    agenda = lookup.agenda(db, found, text)
    if len(agenda) != 1:
        form.complain("case_session", _which([f"{one.title} ({one.session_id})" for one in agenda]))
        return None
    return agenda[0]


def _which(names: list[str]) -> str:
    if not names:
        return "is not known here"
    more = ", …" if len(names) > MOST_NAMED else ""
    return f"matches more than one: “{', '.join(names[:MOST_NAMED])}{more}”. Type the ID"


def _input(found: Implementation, user: User | None, session: AgendaSession | None) -> dict[str, Any]:
    zone = ZoneInfo(found.time_zone)
    now = session.starts_at if session else datetime.now(UTC)
    held: dict[str, Any] = {"id": "session-1843", "title": "A made-up session"}
    return {
        "user": user_fields(user, user.subject) if user else dict(MADE_UP),
        "session": session_fields(session, session.session_id, zone) if session else held,
        "now": moment(now, zone),
        "settings": dict(found.script_settings),
    }


def _kept(db: DbSession, found: Implementation, user: User | None, session: AgendaSession | None) -> list[Any]:
    """Return the answers that were kept with the newest run of this person and session that has some."""
    # 3.
    if user is None or session is None or not signed_in().may(Permission.SEE_RUNS, found.slug):
        return []
    newest = runs.recent(db, found, RunFilter(user=user.subject, session=session.session_id), limit=MOST_RUNS)
    kept = kept_answers.of_runs(db, found, [run.id for run in newest])
    return next((kept[run.id] for run in newest if run.id in kept), [])


def _put(form: PaneForm, given: Any, answers: Any) -> None:
    form.case_input.data = json.dumps(given, indent=2, ensure_ascii=False)
    form.case_answers.data = json.dumps(answers, indent=2, ensure_ascii=False)
