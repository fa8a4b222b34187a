"""The test pane beside the editor: it works on the text as it is typed, and keeps scenarios in the draft."""

from __future__ import annotations

from typing import Any

from flask import flash

from records import DbSession, Implementation, RuleViolation
from records.changes.scripts import drafts as changes
from records.scripts import drafts
from records.scripts.drafts import ScriptDraft
from web.console.commits import by_page, commit_to
from web.console.layout.page_frame import signed_in

from .case_filling import fill, may_choose_people
from .pane_form import PaneCase, PaneForm, case_of
from .pane_result import PaneResult, run


def offer(found: Implementation, form: PaneForm, draft: ScriptDraft | None) -> None:
    """Offer the scenarios of a draft, and real people to who may see them."""
    form.offer(draft.scenarios if draft else (), people=may_choose_people(found.slug))


def begin(db: DbSession, found: Implementation, form: PaneForm) -> None:
    """Fill an empty pane with a made-up person at the next session."""
    if not form.case_input.value:
        fill(db, found, form, ())


def fill_from(db: DbSession, found: Implementation, form: PaneForm) -> None:
    """Fill the pane with what was chosen."""
    draft = drafts.find(db, found, signed_in().actor)
    fill(db, found, form, draft.scenarios if draft else ())


def run_text(found: Implementation, form: PaneForm, source: str) -> tuple[PaneCase, PaneResult] | None:
    """Run the text that was typed; None if the pane holds something that cannot be used, with the fault in the form."""
    case = case_of(form)
    return None if case is None else (case, run(found, source, case))


def keep_scenario(found: Implementation, form: Any, ran: tuple[PaneCase, PaneResult]) -> None:
    """Save the draft with what was just run as a scenario, or show in the form why that is refused."""
    case, result = ran
    if result.fault:
        return
    scenario = {
        "name": form.scenario_name.value,
        "input": case.data,
        "answers": case.answers,
        "expected": result.expected,
    }
    source, revision = form.source.value, form.revision.value
    try:
        draft = commit_to(
            found.slug,
            lambda db, owner: changes.keep_scenario(db, owner, source, scenario, by_page(), revision=revision),
        ).value
    except RuleViolation as refused:
        form.refuse(refused)
        return
    form.revision.data, form.scenario_name.data = draft.revision, ""
    flash(f"The scenario {scenario['name']} is kept in the draft, and handed in with it.")
