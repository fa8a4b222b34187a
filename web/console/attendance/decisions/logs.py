"""What was refused, and what was corrected: who, when and why."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Response, request

from records.agenda import sessions
from records.attendance import refused_scans
from records.attendance.ledger import erasure
from records.attendance.scan_parsing import REFUSAL_WORDS, ScanRefusal
from records.audit import AuditEntry, recent
from records.changes.attendance import questions, scans
from records.people import actors, badge_id
from records.tenants import implementations
from web.console.attendance.decisions.forms import RefusedFilterForm
from web.console.attendance.views_base import blueprint, page, reading
from web.permissions import Permission, needs

ROWS = 50
#: What each action of the audit is called here.
CORRECTIONS = {
    scans.VOIDED: "Voided a scan",
    scans.ADDED: "Added a scan",
    erasure.ERASED: "Erased the names",
    questions.LEFT: "Left as it is",
    questions.ANSWERED: "Answered a dispute",
}
#: Digits of a number that every database can store.
_DIGITS = 15


@blueprint.get("/refused")
@needs(Permission.SEE_ATTENDANCE)
def refused(implementation: str) -> Response:
    """List the scans that were refused, with the reasons, the newest first. They are kept, and count nowhere."""
    form = RefusedFilterForm.of_request()
    reason = form.reason.value if form.reason.value in set(ScanRefusal) else ""
    holding = {
        "reason": reason,
        "session": form.session.value,
        "badge_id": badge_id.acceptable(form.badge.value),
    }
    with reading(implementation) as (db, found):
        rows = refused_scans.recent(db, found, limit=ROWS + 1, before=_before(), holding=holding)
        given = {"reason": reason, "session": holding["session"], "badge": holding["badge_id"]}
        return page(
            "refused.html",
            found,
            title="Refused scans",
            filter=form,
            filtered=any(holding.values()),
            rows=rows[:ROWS],
            kept=refused_scans.count(db, found),
            older=_older(given, rows[ROWS - 1].number) if len(rows) > ROWS else "",
            words={each.value: REFUSAL_WORDS[each] for each in ScanRefusal},
            people=actors.by_keys(db, {each.actor for each in rows}),
        )


@blueprint.get("/corrections")
@needs(Permission.SEE_ATTENDANCE)
def corrections(implementation: str) -> Response:
    """List what was corrected and decided, the newest first: who, why, when."""
    with reading(implementation) as (db, found):
        rows = recent(db, implementation=found.slug, before=_before(), limit=ROWS + 1, actions=CORRECTIONS)
        mine = [each for each in rows if implementations.existed_at(found, each.at)]
        return page(
            "corrections.html",
            found,
            title="Corrections",
            entries=[(each, _sessions_of(each)) for each in actors.of_entries(db, mine[:ROWS])],
            older=_older({}, rows[ROWS - 1].number) if len(rows) > ROWS else "",
            words=CORRECTIONS,
            agenda=sessions.with_retired(db, found),
        )


def _sessions_of(named: actors.NamedEntry) -> list[str]:
    entry: AuditEntry = named.entry
    several = entry.detail.get("sessions") or [entry.detail.get("session")]
    return [str(each) for each in several if each]


def _before() -> int | None:
    text = request.args.get("before", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else None


def _older(filters: dict[str, str], number: int) -> str:
    query = {name: text for name, text in filters.items() if text} | {"before": str(number)}
    return f"{request.path}?{urlencode(query)}"
