"""Ending mails by the link in one: a page that asks, and the answer, which a mail program may also send by itself.

A link is opened by programs, too, which look at what it leads to. So opening it changes nothing; only a POST does, as
RFC 8058 asks. The token is what allows it, so neither a login nor a form token is needed, and no cookie is read:

1. The token was made by us, and says whose mails and which group.
2. The person is still the one for whom it was made.
3. The mails of this group end, and nothing else changes.
"""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, render_template

from records import DbSession, Implementation, User
from records.audit import AuditContext
from records.changes import notices as changes
from records.changes.after_commit import AfterCommit
from records.notices import audiences
from records.notices.mail_content import mark_of
from records.notices.notice_groups import GROUP_BY_NAME
from runner.mail.unsubscribe_tokens import UnsubscribeTokens, Unsubscription
from web.auth.services import AuthServices
from web.console.commits import commit
from web.permissions import Permission, needs, takes
from web.problem_details import HttpProblem

blueprint = Blueprint("unsubscribe", __name__, url_prefix="/unsubscribe")

#: Bytes of what a mail program sends.
BODY = 1024
BAD_LINK = (
    "This link does not end any mails: it was changed on its way, or the person was removed. "
    "What you get by mail is chosen in the console, under Notices."
)


@blueprint.get("/<token>")
@needs(Permission.ANYONE)
def ask(token: str) -> Response:
    """Ask whether the mails shall end."""
    wanted = _wanted(token)
    with AuthServices.here().database.reading() as db:
        _person(db, wanted)
    return _page(wanted, done=False)


@blueprint.post("/<token>")
@needs(Permission.ANYONE)
@takes(body=BODY, cross_site=True)
def end(token: str) -> Response:
    """End the mails. Ending them again changes nothing."""
    wanted = _wanted(token)

    def change(db: DbSession) -> AfterCommit[None]:
        user = _person(db, wanted)
        by = AuditContext(audiences.key_of(db, user), "by the link in a mail")
        home = db.get_one(Implementation, user.implementation_id)
        return changes.unsubscribe(db, home, user, _groups(wanted), by)  # 3.

    commit(change)
    return _page(wanted, done=True)


def _wanted(token: str) -> Unsubscription:
    """Return what a token says. Raises `HttpProblem` (404) for one that we did not make."""
    found = UnsubscribeTokens(tuple(reversed(AuthServices.here().config.secret_keys))).read(token)  # 1.
    if found is None or found.group not in ("", *GROUP_BY_NAME):
        raise HttpProblem(HTTPStatus.NOT_FOUND, BAD_LINK)
    return found


def _person(db: DbSession, wanted: Unsubscription) -> User:
    user = db.get(User, wanted.user)
    if user is None or mark_of(user) != wanted.mark:  # 2.
        raise HttpProblem(HTTPStatus.NOT_FOUND, BAD_LINK)
    return user


def _groups(wanted: Unsubscription) -> frozenset[str]:
    return frozenset({wanted.group} if wanted.group else GROUP_BY_NAME)


def _page(wanted: Unsubscription, *, done: bool) -> Response:
    label = GROUP_BY_NAME[wanted.group].label if wanted.group else ""
    response = Response(render_template("unsubscribe/page.html", label=label, done=done), mimetype="text/html")
    response.headers["Cache-Control"] = "no-store"
    return response
