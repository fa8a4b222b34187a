"""The mails of the whole service, for operators: what waits, what failed and why, trying again, and dropping."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import urlencode

from flask import Blueprint, Response, flash, request, url_for

from records import DbSession, RuleViolation
from records.audit import AuditContext
from records.changes import notices as changes
from records.changes.after_commit import AfterCommit
from records.notices import outbox
from records.notices.notice_tables import STATES, Mail
from records.people import actors
from web.auth.services import AuthServices
from web.console.commits import by_page, commit
from web.console.layout.page_frame import Link, page
from web.forms.fields import DropdownField
from web.forms.filter_form import FilterForm
from web.permissions import Permission, needs
from web.problem_details import HttpProblem
from web.redirects import see_other

blueprint = Blueprint("console_mails", __name__, url_prefix="/console/mails")

#: Mails on a page.
ROWS = 50
_DIGITS = 15
ACTS: dict[str, tuple[Callable[[DbSession, int, AuditContext], AfterCommit[Mail]], str]] = {
    "retry": (changes.retry, "The mail is sent at the next opportunity."),
    "drop": (changes.drop, "The mail is dropped."),
}


class MailFilterForm(FilterForm):
    """Which mails to list."""

    state = DropdownField("State", choices=[("", "All"), *((state, state.capitalize()) for state in STATES)])


@blueprint.get("")
@needs(Permission.MANAGE_MAILS)
def every() -> Response:
    """List the mails of all people, the newest first."""
    form, before = MailFilterForm.of_request(), request.args.get("before", "")
    earlier = int(before) if before.isascii() and before.isdigit() and len(before) <= _DIGITS else None
    state = form.state.value if form.state.value in STATES else ""
    services = AuthServices.here()
    with services.database.reading() as db:
        rows = outbox.listed(db, state=state, limit=ROWS + 1, before=earlier)
        counts = outbox.counts(db, datetime.now(UTC))
        names = {user.id: actors.name_of(user) or user.subject for _, user in rows}
    query = {"state": state} if state else {}
    return page(
        "console/notices/mails.html",
        title="Mails",
        crumbs=(Link("Notices", url_for("console_notices.every")),),
        rows=[mail for mail, _ in rows[:ROWS]],
        names=names,
        counts=counts,
        form=form,
        filtered=bool(state),
        mailing=services.config.mailing,
        newest=_address(query) if earlier else "",
        older=_address(query | {"before": str(rows[ROWS - 1][0].id)}) if len(rows) > ROWS else "",
    )


@blueprint.post("/<int:number>/<act>")
@needs(Permission.MANAGE_MAILS)
def do(number: int, act: str) -> Response:
    """Send a mail again, or drop it."""
    if act not in ACTS or number >= 10**_DIGITS:
        raise HttpProblem(HTTPStatus.NOT_FOUND, "There is no such mail.")
    change, said = ACTS[act]
    try:
        after = commit(lambda db: change(db, number, by_page()))
    except RuleViolation as refused:
        flash(f"Nothing was changed: the {refused.field} {refused.reason}.", "note")
    else:
        flash(said if after.made else f"Nothing was changed: the mail is {after.value.state}.")
    return see_other(url_for(".every"))


def _address(query: Mapping[str, str]) -> str:
    return f"{request.path}?{urlencode(query)}" if query else request.path
