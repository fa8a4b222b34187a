"""The page of the badge format: examples, proposals, what is what, confirmation and activation."""

from __future__ import annotations

import json
from typing import Any

from flask import Response

from records import RuleViolation
from records.attendance import badge_setup
from records.attendance.badge_formats.badge_format import TEST_BADGE
from records.attendance.badge_formats.stored_format import from_json
from records.changes.attendance import badge_formats as changes
from runner.attendance.code_drawing import qr_code
from web.console.commits import by_page, commit_to
from web.console.settings.badges import job_views
from web.console.settings.badges.filled_forms import parts_form, proposal_form, with_choices
from web.console.settings.badges.format_words import format_words, shown_code
from web.console.settings.badges.forms import CodesForm, ImageForm, JsonForm, PartsForm, ProposalForm
from web.console.settings.general.views import ABOVE
from web.console.settings.views_base import blueprint, done, looking, page
from web.forms.base_form import BaseForm
from web.permissions import Permission, needs, takes

#: Bytes of a form with codes.
CODES_FORM = 128 * 1024
_FIELDS = ("badge_id", "last_name", "first_name")


@blueprint.get("/settings/badges", endpoint="badges")
@needs(Permission.SEE_SETTINGS)
def show_badges(implementation: str) -> Response:
    """Show the badge format, and how to set it up from examples."""
    return _page(implementation)


@blueprint.get("/settings/badges/test-badge")
@needs(Permission.SEE_SETTINGS)
def test_badge(implementation: str) -> Response:
    """Draw a badge to print, with which scanners are tried. It never counts."""
    text = f"{TEST_BADGE}{implementation.upper()}"
    with looking(implementation) as (_, found):
        above = (*ABOVE, ("Badges", "badges"))
        return page("test_badge.html", found, title="Test badge", above=above, drawing=qr_code(text), text=text)


@blueprint.post("/settings/badges/codes")
@needs(Permission.CHANGE_SETTINGS)
@takes(body=CODES_FORM)
def add_codes(implementation: str) -> Response:
    """Add codes that were entered as text."""
    form = CodesForm()
    codes = [(each.encode("utf-8", "surrogateescape"), "") for each in form.codes.value]
    if not codes:
        form.complain("codes", "is missing")
        return _page(implementation, form)
    try:
        added = commit_to(implementation, lambda db, found: changes.add_examples(db, found, codes, by_page())).value
    except RuleViolation as refused:
        form.refuse(refused)
        return _page(implementation, form)
    return done(job_views.added_words(added, len(codes) - added), "badges", implementation)


@blueprint.post("/settings/badges/examples/<int:number>/remove")
@needs(Permission.CHANGE_SETTINGS)
def remove_example(implementation: str, number: int) -> Response:
    """Remove an example."""
    try:
        commit_to(implementation, lambda db, found: changes.remove_example(db, found, number, by_page()))
    except RuleViolation as refused:
        return done(f"The example {refused.reason}.", "badges", implementation)
    return done("The example is removed.", "badges", implementation)


@blueprint.post("/settings/badges/examples/<int:number>/confirm/<draft>")
@needs(Permission.CHANGE_SETTINGS)
def confirm_example(implementation: str, number: int, draft: str) -> Response:
    """Note that an example is read right by the draft that the page showed."""
    try:
        commit_to(implementation, lambda db, found: changes.confirm_example(db, found, number, draft, by_page()))
    except RuleViolation as refused:
        return done(f"The {refused.field} {refused.reason}.", "badges", implementation)
    return done("Confirmed.", "badges", implementation)


@blueprint.post("/settings/badges/proposal")
@needs(Permission.CHANGE_SETTINGS)
def choose_proposal(implementation: str) -> Response:
    """Make a proposed format the draft."""
    form = ProposalForm()
    return _choose(implementation, form, _from_text(form.chosen.value))


@blueprint.post("/settings/badges/parts")
@needs(Permission.CHANGE_SETTINGS)
def choose_parts(implementation: str) -> Response:
    """Change which part is what in the draft."""
    form = PartsForm()
    with looking(implementation) as (db, found):
        setup = badge_setup.setup_of(db, found)
        draft = dict(setup.draft or {})
        if not draft or badge_setup.digest_of(setup.draft) != form.draft.data:
            return done(f"The format {changes.OVERTAKEN}.", "badges", implementation)
    for name in _FIELDS:
        before = draft.get(name) or {}
        part, take = form[name].value, form[f"{name}_take"].value
        same = before.get("part") == part
        around = {each: before.get(each, "") if same else "" for each in ("prefix", "suffix")}
        draft[name] = {"part": part, "take": take or "all", **around} if part else None
    return _choose(implementation, form, draft | {"id_characters": form.id_characters.value})


@blueprint.post("/settings/badges/json")
@needs(Permission.CHANGE_SETTINGS)
def choose_json(implementation: str) -> Response:
    """Make a format that was written as JSON the draft."""
    form = JsonForm()
    return _choose(implementation, form, _from_text(form.json.value))


@blueprint.post("/settings/badges/activate/<draft>")
@needs(Permission.CHANGE_SETTINGS)
def activate_badges(implementation: str, draft: str) -> Response:
    """Let scanners use the draft that the page showed, and delete the examples."""
    try:
        commit_to(implementation, lambda db, found: changes.activate_format(db, found, draft, by_page()))
    except RuleViolation as refused:
        return done(f"The format {refused.reason}", "badges", implementation)
    return done("Scanners use the format from now on. The examples are deleted.", "badges", implementation)


def _from_text(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _choose(implementation: str, form: BaseForm, chosen: Any) -> Response:
    try:
        after = commit_to(implementation, lambda db, found: changes.choose_format(db, found, chosen, by_page()))
    except RuleViolation as refused:
        form.refuse(refused)
        return _page(implementation, form)
    words = "Look at what is read below, and confirm it." if after.made else "Nothing was changed."
    return done(words, "badges", implementation)


def _page(implementation: str, refused: BaseForm | None = None) -> Response:
    with looking(implementation) as (db, found):
        setup = badge_setup.setup_of(db, found)
        kept = badge_setup.examples(db, found)
        read = badge_setup.read_examples(setup, kept)
        draft = from_json(setup.draft) if setup.draft else None
        forms: dict[type[BaseForm], BaseForm] = {
            ImageForm: ImageForm(formdata=None),
            CodesForm: CodesForm(formdata=None),
            ProposalForm: proposal_form([each.payload for each in kept], setup.draft),
            PartsForm: parts_form(draft, [each.payload for each in kept], badge_setup.digest_of(setup.draft)),
            JsonForm: JsonForm(formdata=None, data={"json": json.dumps(setup.draft, indent=1, ensure_ascii=False)}),
        }
        if refused is not None:
            with_choices(refused, forms[type(refused)])
            forms[type(refused)] = refused
        return page(
            "badges.html",
            found,
            title="Badges",
            has_times=True,
            above=ABOVE,
            form=refused,
            image_form=forms[ImageForm],
            codes_form=forms[CodesForm],
            proposal_form=forms[ProposalForm],
            parts_form=forms[PartsForm],
            json_form=forms[JsonForm],
            read=read,
            shown_code=shown_code,
            draft=badge_setup.digest_of(setup.draft),
            draft_words=format_words(draft) if draft else "",
            missing=badge_setup.missing(read),
            active_words=format_words(from_json(setup.active)) if setup.active else "",
            activated_at=setup.activated_at,
            job=job_views.last_job(found.slug),
        )
