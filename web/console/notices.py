"""The notices of the person who is signed in: the list, the way to what a notice is about, and what they want by mail."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, flash, request, url_for

from records import DbSession, Implementation, RuleViolation, User
from records.changes import notices as changes
from records.changes.after_commit import AfterCommit
from records.notices import mail_choices, notice_list
from records.notices.notice_groups import GROUPS, MailTiming, NoticeGroup
from records.notices.notice_kinds import BY_NAME, groups_for
from records.notices.notice_list import ListedNotice, NoticeFilter
from records.people.mail_address import address_of
from records.tenants import implementations
from web.auth.services import AuthServices
from web.console.commits import by_page, commit
from web.console.layout.page_frame import Link, page, signed_in
from web.forms.base_form import BaseForm
from web.forms.fields import ChoiceField, DropdownField
from web.forms.filter_form import FilterForm
from web.permissions import Permission, needs
from web.problem_details import HttpProblem
from web.redirects import see_other

blueprint = Blueprint("console_notices", __name__, url_prefix="/console/notices")

#: Notices on a page.
ROWS = 50
#: Digits of a number that every database can store.
_DIGITS = 15
NO_NOTICE = (
    "There is no such notice for you. It may have been too old to be kept, or be about what you may not see any more."
)
TIMINGS = ((MailTiming.ONCE, "At once"), (MailTiming.DAILY, "In a daily summary"), (MailTiming.NONE, "Not by mail"))
#: Where a notice leads: the view, the permission that it needs, and the name of its number. Without it: to the overview.
PLACES: Mapping[str, tuple[str, Permission, str]] = {
    "submission": ("console_scripts.submission", Permission.SEE_SCRIPTS, "submission"),
    "version": ("console_scripts.one", Permission.SEE_SCRIPTS, "version"),
    "scripts": ("console_scripts.every", Permission.SEE_SCRIPTS, ""),
    "tokens": ("console_scripts.tokens", Permission.MAKE_TOKENS, ""),
    "provider": ("console_settings.provider", Permission.SEE_SETTINGS, ""),
    "attendance": ("console_attendance.to_decide", Permission.SEE_ATTENDANCE, ""),
    "connections": ("console_settings.connections", Permission.SEE_SETTINGS, ""),
    "webhook": ("console_settings.webhook", Permission.SEE_SETTINGS, ""),
}


class NoticeFilterForm(FilterForm):
    """What to list."""

    show = DropdownField("Show", choices=[("", "All"), ("unread", "Unread")])
    about = DropdownField("About")
    conference = DropdownField("Conference")


class MailChoiceForm(BaseForm):
    """When a person wants mail, for each group; the fields are added below, one for each group."""


for _group in GROUPS:
    _choices = [(timing.value, words) for timing, words in TIMINGS]
    setattr(MailChoiceForm, _group.name, ChoiceField(_group.label, description=_group.help, choices=_choices))


@blueprint.get("")
@needs(Permission.SEE_CONSOLE)
def every() -> Response:
    """List the notices of this person, the newest first."""
    reader, form = signed_in().reader, NoticeFilterForm.of_request()
    wanted = NoticeFilter(form.show.value == "unread", form.about.value, form.conference.value)
    before = _number(request.args.get("before", ""))
    with AuthServices.here().database.reading() as db:
        found = notice_list.listed(db, reader, wanted, limit=ROWS + 1, before=before)
        named = notice_list.implementations_in(db, reader)
    form.about.choices = [("", "Everything"), *((group.name, group.label) for group in groups_for(reader.audiences))]
    form.conference.choices = [("", "All"), *((one.slug, one.name) for one in named)]
    filters = {field.name: field.value for field in form if field.value}
    return page(
        "console/notices/list.html",
        title="Notices",
        rows=found[:ROWS],
        form=form,
        filtered=bool(filters),
        newest=_address(filters) if before else "",
        older=_address(filters | {"before": found[ROWS - 1].notice.id}) if len(found) > ROWS else "",
    )


@blueprint.get("/<int:number>")
@needs(Permission.SEE_CONSOLE)
def follow(number: int) -> Response:
    """Lead to what a notice is about, and mark it as read: whoever arrives there has seen it."""
    person = signed_in()
    with AuthServices.here().database.reading() as db:
        found = notice_list.find(db, person.reader, number) if number < 10**_DIGITS else None
    if found is None:
        raise HttpProblem(HTTPStatus.NOT_FOUND, NO_NOTICE)
    if found.notice.read_at is None:
        commit(lambda db: changes.read(db, person.user, number=number))
    return see_other(_place_of(found))


@blueprint.post("/read")
@needs(Permission.SEE_CONSOLE)
def read_all() -> Response:
    """Mark the notices as read that were there when the page was made."""
    person, up_to = signed_in(), _number(request.form.get("up_to", ""))
    count = commit(lambda db: changes.read(db, person.user, up_to=up_to)).value
    flash("All notices are read." if count else "Nothing was changed: no notice was unread.")
    return see_other(url_for(".every"))


@blueprint.get("/settings")
@needs(Permission.SEE_CONSOLE)
def choices() -> Response:
    """Show what this person gets by mail."""
    with AuthServices.here().database.reading() as db:
        chosen = mail_choices.chosen(db, signed_in().user)
    return _choices_page(_form(formdata=None, data={name: timing.value for name, timing in chosen.items()}))


@blueprint.post("/settings")
@needs(Permission.SEE_CONSOLE)
def choose() -> Response:
    """Store what this person wants by mail."""
    form = _form()
    wanted = form.values(*(group.name for group in _my_groups()))

    def change(db: DbSession) -> AfterCommit[None]:
        return changes.choose(db, _home(db), signed_in().user, wanted, by_page())

    try:
        after = commit(change)
    except RuleViolation as refused:
        form.refuse(refused)
        return _choices_page(form, status=422)
    flash("Saved." if after.made else "Nothing was changed.")
    return see_other(url_for(".choices"))


def _my_groups() -> tuple[NoticeGroup, ...]:
    return groups_for(signed_in().reader.audiences)


def _form(**given: Any) -> MailChoiceForm:
    """Make the form with the groups that can concern this person."""
    form = MailChoiceForm(**given)
    for group in set(GROUPS) - set(_my_groups()):
        del form[group.name]
    return form


def _choices_page(form: MailChoiceForm, *, status: int = 200) -> Response:
    user: User = signed_in().user
    return page(
        "console/notices/settings.html",
        title="Notices by mail",
        crumbs=(Link("Notices", url_for(".every")),),
        form=form,
        fields=[form[group.name] for group in _my_groups()],
        address=address_of(user),
        mailing=AuthServices.here().config.mailing,
        status=status,
    )


def _home(db: DbSession) -> Implementation:
    found = implementations.find(db, signed_in().visitor.implementation)
    assert found is not None  # otherwise nobody of it is signed in
    return found


def _place_of(found: ListedNotice) -> str:
    """Return the address of what a notice is about, or of the overview for a person who may not see more."""
    slug = found.implementation.slug
    endpoint, permission, number = PLACES[BY_NAME[found.notice.kind].place]
    if not signed_in().may(permission, slug):
        return url_for("console.overview", implementation=slug)
    more: dict[str, Any] = {"number": found.notice.values[number]} if number else {}
    return url_for(endpoint, implementation=slug, **more)


def _address(query: Mapping[str, Any]) -> str:
    return f"{request.path}?{urlencode(query)}" if query else request.path


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else None
