"""Author tokens: with one, an author's command line submits scripts and reads what became of them, without a shell on the server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from flask import Response, flash

from records import DbSession, Implementation, RuleViolation
from records.changes.scripts import author_tokens as changes
from records.changes.scripts.author_tokens import MadeToken
from records.people import actors
from records.roles import Permission as Role
from records.scripts import author_tokens
from records.scripts.author_tokens import LONGEST, AuthorToken, AuthorTokenDraft
from web.auth.services import AuthServices
from web.console.commits import by_page, commit_to
from web.console.layout.page_frame import Link
from web.console.scripts.version_states import VersionState
from web.console.scripts.views_base import UNCHANGED, address, blueprint, page, reading
from web.forms.base_form import BaseForm
from web.forms.fields import CheckboxesField, LineField, WholeNumberField
from web.permissions import Permission, needs
from web.redirects import see_other

#: What a token can be allowed, in the order of the page, with the words of the page.
ALLOWED = (
    (Role.SUBMIT_SCRIPTS, "Submit scripts for review"),
    (Role.SEE_SCRIPTS, "See versions and submissions"),
    (Role.SEE_RUNS, "See runs, with people's data"),
)
USUAL_DAYS = 90


class TokenForm(BaseForm):
    """A token as a person asks for it."""

    fields_of = {"ends_at": "days"}  # noqa: RUF012 - read only, as the base class says

    name = LineField(
        "Name",
        description="Where it is used, such as laptop or ci. Audit entries name it; no other token here can have it later.",
        longest=64,
    )
    permissions = CheckboxesField("It may", choices=[(one.name, words) for one, words in ALLOWED])
    days = WholeNumberField("Ends after", unit="days", description=f"At most {LONGEST.days}.")


@blueprint.get("/tokens")
@needs(Permission.MAKE_TOKENS, fresh=True)
def tokens(implementation: str) -> Response:
    """List the author tokens of an implementation, and offer to make one."""
    with reading(implementation) as (db, found):
        return _page(db, found, _empty_form())


@blueprint.post("/tokens")
@needs(Permission.MAKE_TOKENS, fresh=True)
def make_token(implementation: str) -> Response:
    """Make a token for the person who is signed in, and show it, this once."""
    form, by = TokenForm(), by_page()
    days = form.days.value
    ends = datetime.now(UTC) + timedelta(days=days if isinstance(days, int) and 0 < days <= LONGEST.days else 0)
    wanted = frozenset(one for one, _ in ALLOWED if one.name in form.permissions.value)
    draft = AuthorTokenDraft(form.name.value, wanted, ends)
    try:
        made = commit_to(implementation, lambda db, owner: changes.make(db, owner, draft, by, person=by.actor)).value
    except RuleViolation as refused:
        form.refuse(refused)
        with reading(implementation) as (db, found):
            return _page(db, found, form)
    with reading(implementation) as (db, found):
        return _page(db, found, _empty_form(), made=made)


@blueprint.post("/tokens/<name>/revoke")
@needs(Permission.MAKE_TOKENS, fresh=True)
def revoke_token(implementation: str, name: str) -> Response:
    """Revoke a token, for ever."""
    try:
        after = commit_to(implementation, lambda db, owner: changes.revoke(db, owner, name, by_page()))
    except RuleViolation as refused:
        flash(f"Nothing was revoked: {refused.reason}.", "note")
    else:
        flash(f"The token {name} is revoked: it is refused from the next request on." if after.made else UNCHANGED)
    return see_other(address("tokens", implementation))


def _empty_form() -> TokenForm:
    form = TokenForm(formdata=None)
    form.permissions.data = [Role.SUBMIT_SCRIPTS.name, Role.SEE_SCRIPTS.name]
    form.days.data = str(USUAL_DAYS)
    return form


def _page(db: DbSession, found: Implementation, form: TokenForm, *, made: MadeToken | None = None) -> Response:
    rows = author_tokens.every(db, found)
    now = datetime.now(UTC)
    return page(
        "tokens.html",
        found,
        title="Author tokens",
        above=(Link("Write the script", address("edit", found.slug)),),
        form=form,
        status=HTTPStatus.UNPROCESSABLE_ENTITY if form.complaints else HTTPStatus.OK,
        made=made,
        rows=rows,
        states={one.id: _state(db, found, one, now) for one in rows},
        allows={one.id: _allows(one) for one in rows},
        names=actors.by_keys(db, {key for one in rows for key in (one.made_by, one.revoked_by)}),
        public_url=AuthServices.here().config.public_url,
    )


def _state(db: DbSession, owner: Implementation, token: AuthorToken, now: datetime) -> VersionState:
    """Say whether a token counts now, or why not."""
    if token.revoked_at is not None:
        return VersionState("revoked", "bad")
    if now >= token.ends_at:
        return VersionState("ended", "bad")
    if token.given & author_tokens.held_by(db, owner, token.made_by):
        return VersionState("in use", "good")
    return VersionState("its person may not", "bad")


def _allows(token: AuthorToken) -> str:
    return ", ".join(words for one, words in ALLOWED if one in token.given)
