"""What the editor asks while somebody types: the findings of the check, and keeping the draft. Answers are JSON."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from flask import Response

from records import RuleViolation
from records.changes.scripts import drafts as changes
from records.plurals import counted
from web.auth.services import AuthServices
from web.console.commits import by_page, commit_to
from web.console.layout.page_frame import signed_in
from web.console.scripts.draft_form import DraftForm, is_unsaved_start
from web.console.scripts.script_check import check
from web.console.scripts.views_base import SCRIPT_FORM, blueprint, reading
from web.middleware.response_headers import PRIVATE
from web.permissions import Permission, needs, takes
from web.time_format import TimeFormatter

#: Checks of one person in a window of so many seconds: four a second, faster than anybody types and waits.
MOST_CHECKS, WINDOW_S = 240, 60
OVERTAKEN = (
    "This draft was saved or submitted on another page meanwhile. Your text is still here and is not saved: press Save draft "
    "to compare the two."
)


@blueprint.post("/draft/findings")
@needs(Permission.SUBMIT_SCRIPTS)
@takes(body=SCRIPT_FORM)
def findings(implementation: str) -> Response:
    """Check the text, and return each finding with its place. Nothing is saved. A person has so many checks in a minute."""
    allowed = AuthServices.here().store.attempts.hit(
        "script checks", signed_in().actor, limit=MOST_CHECKS, window_s=WINDOW_S
    )
    if not allowed.ok:
        fault = (
            f"Not checked: too many checks in a minute. Type on; the next check is in {allowed.retry_after_s} seconds."
        )
        return _json({"findings": [], "fault": fault, "summary": ""})
    source = DraftForm().source.value
    with reading(implementation) as (db, found):
        checked = check(db, found, source)
    told: list[dict[str, Any]] = [
        {"line": one.line, "column": one.column, "severity": one.severity.value, "text": _in_words(one)}
        for one in (checked.review.findings if checked.review else ())
    ]
    return _json({"findings": told, "fault": checked.fault, "summary": summary([one["severity"] for one in told])})


@blueprint.post("/draft/keep")
@needs(Permission.SUBMIT_SCRIPTS)
@takes(body=SCRIPT_FORM)
def keep(implementation: str) -> Response:
    """Save the draft; `revision` is that of the saved draft, or null with the reason in `said`."""
    form = DraftForm()
    source, revision = form.source.value, form.revision.value
    with reading(implementation) as (db, found):
        clock = TimeFormatter.of(found)
        if is_unsaved_start(db, found, signed_in().actor, source):
            return _json({"revision": None, "overtaken": False, "said": "No draft is saved yet."})
    try:
        draft = commit_to(
            implementation, lambda db, owner: changes.save(db, owner, source, by_page(), revision=revision)
        ).value
    except RuleViolation as refused:
        overtaken = refused.field == "revision"
        said = OVERTAKEN if overtaken else f"Not saved: the text {refused.reason}."
        return _json({"revision": None, "overtaken": overtaken, "said": said})
    said = f"Your draft was saved {clock.words(draft.edited_at, seconds=True)} ({clock.zone})."
    return _json({"revision": draft.revision, "overtaken": False, "said": said})


def summary(severities: list[str]) -> str:
    """Say in a few words what a check found."""
    found = Counter(severities)
    parts = [counted(found[name], name) for name in ("error", "warning", "note") if found[name]]
    return f"Checked: {', '.join(parts)}." if parts else "Checked: nothing was found."


def _in_words(finding: Any) -> str:
    lines = [finding.what, finding.why, f"→ {finding.instead}" if finding.instead else ""]
    return "\n".join(line for line in lines if line)


def _json(told: dict[str, Any]) -> Response:
    return Response(json.dumps(told, ensure_ascii=False), mimetype="application/json", headers=dict(PRIVATE))
