"""The page on which an author writes a script: it is saved as a draft, checked, and handed in for review.

Nothing that was typed is lost: a refused form shows it again, a check and a submission save it first, and a page that is
older than the saved draft is told so and overwrites nothing.
"""

from __future__ import annotations

import json
from typing import Any

from flask import Response, flash, request

from records import DbSession, Implementation, RuleViolation
from records.changes.scripts import drafts as changes
from records.changes.scripts.submissions import Submitted
from records.people import actors
from records.scripts import drafts, submissions
from records.scripts.drafts import ScriptDraft
from records.scripts.submissions import SubmissionDraft
from runner.queues.trial_orders import order_first_trial
from runner.trials.implementation_facts import facts_of
from runner.trials.script_completions import completions
from runner.trials.submission import checked_script, secrets_of, submit_draft
from web.auth.services import AuthServices
from web.console.commits import by_page, commit_to
from web.console.layout.page_frame import signed_in
from web.console.scripts.draft_form import DraftForm, filled_form, is_unsaved_start
from web.console.scripts.pane import draft_pane
from web.console.scripts.pane.pane_form import FILL, KEEP, RUN
from web.console.scripts.pane.pane_result import PaneResult
from web.console.scripts.script_check import PageCheck, check
from web.console.scripts.source.source_diff import compare
from web.console.scripts.source.source_lines import DeceptivePlaces, SourceLines
from web.console.scripts.trials.drawn_messages import colours_address
from web.console.scripts.views_base import (
    SCRIPT_FORM,
    UNCHANGED,
    address,
    blueprint,
    number_in,
    page,
    reading,
    version_named,
)
from web.permissions import Permission, needs, takes
from web.redirects import see_other

#: What the buttons of the form do.
SAVE, CHECK, SUBMIT = "save", "check", "submit"
#: The name of a scenario follows.
DROP = "drop "
#: What a page is told that is older than the draft.
OVERTAKEN = "This draft was saved on another page meanwhile. Your text is below and is not saved yet."
SUBMITTED_ELSEWHERE = "This draft was submitted on another page meanwhile. Your text is below and is not saved yet."


@blueprint.get("/draft")
@needs(Permission.SUBMIT_SCRIPTS)
def edit(implementation: str) -> Response:
    """Show this author's draft; with `version`, the text of that version, to go on from it."""
    number = number_in(request.args.get("version", ""))
    with reading(implementation) as (db, found):
        version = None if number is None else version_named(db, found, number)
        draft = drafts.find(db, found, signed_in().actor)
        form = filled_form(db, found, draft, version)
        replaces = draft if version and draft and draft.source != version.source else None
        return _page(db, found, form, draft=draft, begun_from=version, replaces=replaces)


@blueprint.post("/draft")
@needs(Permission.SUBMIT_SCRIPTS)
@takes(body=SCRIPT_FORM)
def work_on(implementation: str) -> Response:
    """Save the draft; then check it or hand it in, as the button says. The buttons of the test pane save nothing but a scenario."""
    form, act = DraftForm(), request.form.get("do", SAVE)
    if act in (FILL, RUN, KEEP):
        return _work_in_pane(implementation, form, act)
    if act.startswith(DROP):
        return _drop_scenario(implementation, act.removeprefix(DROP))
    saved = _save(implementation, form)
    if saved is None:
        return _refused(implementation, form)
    if act == SAVE:
        flash("The draft is saved. No one else sees it until you submit it." if saved else UNCHANGED)
        return _after_save(implementation, form)
    with reading(implementation) as (db, found):
        checked = check(db, found, form.source.value)
        if act == CHECK or not checked.ok:
            if act == SUBMIT:
                form.form_errors.append(checked.fault or "The check found errors, so nothing was submitted.")
            return _page(db, found, form, draft=drafts.find(db, found, signed_in().actor), checked=checked)
    return _submit(implementation, form, checked)


def _after_save(implementation: str, form: DraftForm) -> Response:
    """Show the page again: with what was typed into the test pane and the note, which are not part of a draft."""
    if not form.case_input.value and not form.note.value:
        return see_other(address("edit", implementation))
    with reading(implementation) as (db, found):
        return _page(db, found, form, draft=drafts.find(db, found, signed_in().actor))


def _work_in_pane(implementation: str, form: DraftForm, act: str) -> Response:
    """Fill the pane, run the text as it is typed, or keep that as a scenario; everything that was typed stays."""
    with reading(implementation) as (db, found):
        if act == FILL:
            draft_pane.fill_from(db, found, form)
    # No transaction is open while the run is waited for.
    ran = None if act == FILL else draft_pane.run_text(found, form, form.source.value)
    if act == KEEP and ran:
        draft_pane.keep_scenario(found, form, ran)
    with reading(implementation) as (db, found):
        draft = drafts.find(db, found, signed_in().actor)
        return _page(db, found, form, draft=draft, result=ran[1] if ran else None, in_pane=True)


def _drop_scenario(implementation: str, name: str) -> Response:
    after = commit_to(implementation, lambda db, owner: changes.drop_scenario(db, owner, name, by_page()))
    flash(f"The scenario {name} is removed from the draft." if after.made else UNCHANGED)
    return see_other(address("edit", implementation))


def _save(implementation: str, form: DraftForm) -> bool | None:
    """Save the draft. Returns whether it differs from what was saved before; None if it was refused, with the fault in the form."""
    source = form.source.value
    with reading(implementation) as (db, found):
        if is_unsaved_start(db, found, signed_in().actor, source):
            return False
    try:
        after = commit_to(
            implementation, lambda db, owner: changes.save(db, owner, source, by_page(), revision=form.revision.value)
        )
    except RuleViolation as refused:
        form.refuse(refused)
        return None
    form.revision.data = after.value.revision
    return after.made


def _refused(implementation: str, form: DraftForm) -> Response:
    """Show a text that was not saved, beside the one that was saved on another page, if that is why."""
    with reading(implementation) as (db, found):
        draft = drafts.find(db, found, signed_in().actor)
        present = draft.revision if draft else 0
        overtaken = None
        if present != form.revision.value:
            form.revision.data, form.revision.errors, overtaken = present, [], draft
            form.form_errors.append(OVERTAKEN if draft else SUBMITTED_ELSEWHERE)
        return _page(db, found, form, draft=draft, overtaken=overtaken)


def _submit(implementation: str, form: DraftForm, checked: PageCheck) -> Response:
    assert checked.review is not None
    script = checked_script(form.source.value, checked.review)

    def change(db: DbSession, owner: Implementation) -> Any:
        kept = drafts.find(db, owner, signed_in().actor)
        draft = SubmissionDraft(form.note.value, kept.scenarios if kept else ())
        own_secrets = secrets_of(db, AuthServices.here().box, owner)
        return submit_draft(db, owner, script, draft, by_page(), own_secrets=own_secrets)

    try:
        made: Submitted = commit_to(implementation, change).value
    except RuleViolation as refused:
        form.refuse(refused)
        with reading(implementation) as (db, found):
            return _page(db, found, form, draft=drafts.find(db, found, signed_in().actor), checked=checked)
    order_first_trial(AuthServices.here().jobs, implementation, made)
    instead = f" It replaces submission {made.superseded}." if made.superseded else ""
    flash(f"Version {made.version.number} waits for a review.{instead}")
    return see_other(address("submission", implementation, number=made.submission.number))


def _page(
    db: DbSession,
    found: Implementation,
    form: DraftForm,
    *,
    draft: ScriptDraft | None,
    checked: PageCheck | None = None,
    **more: Any,
) -> Response:
    draft_pane.offer(found, form, draft)
    draft_pane.begin(db, found, form)
    author = signed_in().actor
    others, facts = drafts.of_others(db, found, author), facts_of(db, found)
    overtaken: ScriptDraft | None = more.get("overtaken")
    result: PaneResult | None = more.get("result")
    usual = {"begun_from": None, "replaces": None, "overtaken": None, "result": None, "in_pane": False}
    return page(
        "editor.html",
        found,
        title="Write the script",
        form=form,
        draft=draft,
        checked=checked,
        colours=colours_address([result.message], found) if result else "",
        text=SourceLines.of(form.source.value) if checked else SourceLines(),
        deceptive=DeceptivePlaces.of(form.source.value),
        difference=compare(overtaken.source, form.source.value) if overtaken else None,
        others=others,
        names=actors.by_keys(db, {one.author for one in others}),
        waiting=submissions.undecided_of(db, found, author),
        facts=facts,
        words=json.dumps(completions(facts)),
        **(usual | more),
    )
